"""Listening to one file from end to end: the same function for the scan, a dropped seed and any later worker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from segue.embed.encoder import Encoder
from segue.errors import SilentError, TooShortError
from segue.files import track_id_of
from segue.listen.audio import iter_samples
from segue.listen.mel import iter_slices, iter_spread_slices
from segue.listen.tags import read_tags
from segue.values import Floats, Hearing


def hear(path: Path, encoder: Encoder) -> Hearing:
    """Decode, slice and encode one file, as much of it as the ear hears, in memory that does not grow with its length.

    Raises
    ------
    FileAccessError, AudioError
        See `segue.listen.audio.iter_samples`; also TooShortError for less than one whole slice, and SilentError where
        every slice is silent.
    """
    ear = encoder.ear
    count = _Count()
    samples = count.through(iter_samples(path, sample_rate_hz=ear.mel.sample_rate_hz))
    most = ear.most_slices
    vectors = encoder.encode_stream(
        iter_slices(samples, ear.mel) if most is None else iter_spread_slices(samples, ear.mel, most=most)
    )
    duration_s = count.samples / ear.mel.sample_rate_hz
    if count.samples < ear.mel.slice_samples:
        raise TooShortError(
            f"it lasts {duration_s:.2f} s, and a slice takes {ear.mel.slice_s:.2f} s", remedy="Leave it out", path=path
        )
    if len(vectors) == 0:
        raise SilentError("it is silent from beginning to end", remedy="Leave it out, or export it anew", path=path)
    return Hearing(track_id_of(path), read_tags(path, duration_s=duration_s), vectors, ear.fingerprint)


class _Count:
    """Counts samples on their way."""

    def __init__(self) -> None:
        self.samples = 0

    def through(self, blocks: Iterable[Floats]) -> Iterator[Floats]:
        for block in blocks:
            self.samples += len(block)
            yield block
