"""The outline of a song for the eye: how loud it is along its length, in a few hundred numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segue.config import PLAYER
from segue.errors import TooLongError
from segue.listen.audio import iter_mono
from segue.listen.decoding import Tally
from segue.listen.whole import iter_frames
from segue.values import Floats
from segue.words import later

_ROWS_A_SECOND = 20


def outline_of(path: Path) -> NDArray[np.uint8]:
    """Decode a file once, as a stream, and tell how loud each part of it is.

    Returns
    -------
    (``PLAYER.outline_columns``,) uint8
        Root mean squares over 50 ms, the loudest of each column, 255 for the loudest of all; silence is 0.

    Raises
    ------
    FileAccessError, AudioError
        See `segue.listen.audio.iter_samples`; TooLongError beyond ``PLAYER.longest_outline_s``.
    """
    rows: list[Floats] = []
    held, held_hz, seconds = np.zeros(0, np.float32), 0, 0.0
    tally = Tally()
    for rate_hz, samples in iter_mono(iter_frames(path, tally), tally):
        seconds += len(samples) / rate_hz
        if seconds > PLAYER.longest_outline_s:
            raise TooLongError(later("it is too long to be drawn"), remedy=later("Nothing need be done"), path=path)
        held = np.concatenate([held, samples]) if held_hz == rate_hz else samples
        held_hz = rate_hz
        length = max(1, rate_hz // _ROWS_A_SECOND)
        whole = len(held) // length
        if whole:
            pieces = held[: whole * length].reshape(whole, length)  # (w, length)
            rows.append(np.sqrt(np.vecdot(pieces, pieces) / length))
        held = held[whole * length :]
    return _columns(np.concatenate(rows) if rows else np.zeros(1, np.float32))


def _columns(rows: Floats) -> NDArray[np.uint8]:
    """The loudest row of each column; a short song gives several columns the same row."""
    count = PLAYER.outline_columns
    loudest = np.maximum.reduceat(rows, np.arange(count) * len(rows) // count)
    columns: NDArray[np.uint8] = np.rint(loudest * (255.0 / max(float(loudest.max()), 1e-6))).astype(np.uint8)
    return columns
