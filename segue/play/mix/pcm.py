"""The finished sound of a mix as 16-bit samples, and the folder in which it waits until the whole of it is encoded.

An encoder cannot be stopped and started again without a difference, but sound can. So what is kept of a broken
rendering is the sound, a minute a file, each named by its own checksum; encoding begins anew, from the same samples,
and makes the same bytes.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segue.config import MIX
from segue.values import Floats

log = logging.getLogger(__name__)

Samples16 = NDArray[np.int16]
"""Interleaved samples ``(n, 2)``."""

BYTES_A_SECOND = 4 * MIX.sample_rate_hz
_NOISE_BLOCKS = 5


def to_16_bits(block: Floats, *, number: int) -> Samples16:
    """Round a block to 16 bits with triangular dither.

    Parameters
    ----------
    block : (2, n) float32
        Samples of the mix's second ``number``, n <= 44100; what lies beyond full scale is cut off.
    number : int
        The same second gets the same noise.

    Returns
    -------
    (n, 2) int16
    """
    scaled = block * np.float32(32_767.0)
    scaled += _noise()[number % _NOISE_BLOCKS, :, : block.shape[1]]
    np.rint(scaled, out=scaled)
    np.clip(scaled, -32_768, 32_767, out=scaled)
    rounded = np.empty((block.shape[1], 2), np.int16)
    rounded.T[:] = scaled
    return rounded


@lru_cache(maxsize=1)
def _noise() -> Floats:
    """Five seconds of triangular noise, one step wide on either side: nobody hears that it comes again."""
    rng = np.random.default_rng(0)
    shape = (_NOISE_BLOCKS, 2, MIX.sample_rate_hz)
    noise: Floats = rng.random(shape, np.float32) - rng.random(shape, np.float32)
    return noise


class Workshop:
    """A folder of finished segments of one mix; those that a broken rendering left are used again."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._done: list[Path] = []
        self._hash = hashlib.blake2b(digest_size=16)
        self._blocks = 0
        for number in range(len(list(folder.glob("*.pcm")))):
            whole = next((path for path in folder.glob(f"{number:06d}-*.pcm") if _is_whole(path)), None)
            if whole is None:
                break
            self._done.append(whole)
        if self._done:
            log.info("%s: goes on after %d s", folder, self.seconds)

    @property
    def seconds(self) -> int:
        """How many whole seconds are kept; nothing of what comes after them."""
        return len(self._done) * MIX.segment_s

    def add(self, block: Samples16) -> None:
        """Keep the next second, which counts when its segment is full."""
        data = block.tobytes()
        with self._unfinished.open("wb" if self._blocks == 0 else "ab") as file:
            file.write(data)
        self._hash.update(data)
        self._blocks += 1
        if self._blocks == MIX.segment_s:
            name = f"{len(self._done):06d}-{self._hash.hexdigest()}.pcm"
            self._done.append(self._unfinished.replace(self._folder / name))
            self._hash, self._blocks = hashlib.blake2b(digest_size=16), 0

    def iter_blocks(self) -> Iterator[Samples16]:
        """The kept seconds, ``(n, 2)`` each, those of the segment that is not full yet at the end."""
        for path in [*self._done, *([self._unfinished] if self._blocks else [])]:
            with path.open("rb") as file:
                while data := file.read(BYTES_A_SECOND):
                    yield np.frombuffer(data, np.int16).reshape(-1, 2)  # (n, 2)

    def remove(self) -> None:
        """Delete it all."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def path(self, name: str) -> Path:
        """Where something else of the mix is made that lies on the same disk."""
        return self._folder / name

    @property
    def _unfinished(self) -> Path:
        return self._folder / "unfinished"


def _is_whole(path: Path) -> bool:
    """Whether a segment is what its name says."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16))
    return path.stem.split("-")[1] == digest.hexdigest()
