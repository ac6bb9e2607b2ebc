"""A few windows of sound spread over a file, by seeking: some hundredths of a second instead of a decode of it all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segue.listen.audio import iter_mono, resampled
from segue.listen.decoding import Sought, Tally, audio_stream, is_module, iter_joined, open_audio, read_head, seek
from segue.values import Floats

_LEAD_S = 0.5  # decoders need some packets to find their feet: MP3's bit reservoir, Opus' 80 ms, HE-AAC's headers
_MARGIN_S = 0.05  # beyond it the resampler no longer sees that the window was cut out
_LONGEST_SKIP_S = 30.0  # a demuxer that lands further ahead of the window than this cannot really seek
_WORTHWHILE = 2.0  # a file of less than so many times the windows' length is decoded about as fast as it is sought in


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Samples ``(count, n)`` float32 from places spread evenly over a file, and how long the file claims to last."""

    samples: Floats
    length_s: float


def read_windows(path: Path, *, count: int, seconds: float, sample_rate_hz: int) -> Windows | None:
    """Read windows of some seconds each, the n-th of N from the middle of the n-th of N equal parts of a file.

    Returns
    -------
    Windows or None
        Mono at full scale 1.0, resampled as `iter_samples` does. None where it takes a decode of the whole file: it
        says no length or a wrong one, cannot be sought in, changes its rate, is too damaged at those places, is a
        tracker module, or is so short that seeking is no gain. Timestamps are believed where nothing contradicts them.

    Raises
    ------
    FileAccessError, NotAudioError, ProtectedAudioError, PlaylistFileError, UnsupportedAudioError
        As `iter_samples`, in opening the file.
    """
    if is_module(read_head(path)):
        return None
    with open_audio(path) as container:
        stream = audio_stream(container, path)
        length_s = (container.duration or 0) / 1e6
        if length_s < _WORTHWHILE * count * seconds:
            return None
        found = []
        tally = Tally()
        for number in range(count):
            start_s = length_s * (number + 0.5) / count - seconds / 2 - _MARGIN_S
            sought = seek(container, stream, start_s - _LEAD_S, tally=tally)
            samples = None if sought is None else _cut(sought, start_s, seconds + 2 * _MARGIN_S, tally)
            if samples is None:
                return None
            found.append(_inner(samples, seconds, sample_rate_hz))
    return None if tally.is_bad else Windows(np.stack(found), length_s)


def _cut(sought: Sought, start_s: float, seconds: float, tally: Tally) -> tuple[int, Floats] | None:
    """(sample rate, samples) of a stretch, or None if it is not wholly there."""
    early_s = start_s - sought.time_s
    if not 0 <= early_s <= _LONGEST_SKIP_S:
        return None
    held: list[Floats] = []
    got, rate_hz = 0, 0
    for block_hz, block in iter_mono(iter_joined(sought.frames), tally):
        if rate_hz not in (0, block_hz):
            return None
        rate_hz = block_hz
        held.append(block)
        got += len(block)
        if got >= (early_s + seconds) * rate_hz:
            first = round(early_s * rate_hz)
            return rate_hz, np.concatenate(held)[first : first + round(seconds * rate_hz)]
    return None


def _inner(cut: tuple[int, Floats], seconds: float, to_hz: int) -> Floats:
    """The stretch resampled, without the margin at either end."""
    samples = np.concatenate(list(resampled([cut], to_hz)))
    first = round(_MARGIN_S * to_hz)
    return samples[first : first + round(seconds * to_hz)]
