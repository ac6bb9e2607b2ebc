"""What an ear has to be better than: timbre described by hand, and a network that has learned nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import tee, zip_longest
from pathlib import Path

import numpy as np

from segue.embed.encoder import Encoder
from segue.errors import SilentError
from segue.listen.audio import iter_samples
from segue.listen.mel import iter_slices
from segue.listen.mfcc import MFCC_MEL, mfcc_statistics
from segue.values import Floats


@dataclass(frozen=True, slots=True, eq=False)
class FloorVectors:
    """One file: ``mfcc`` (40,), the statistics of its slices on average, and ``untrained`` (d,), the mean vector."""

    mfcc: Floats
    untrained: Floats


def hear_floors(path: Path, untrained: Encoder) -> FloorVectors:
    """Decode a file once and describe it both ways, in memory that does not grow with its length.

    Raises
    ------
    FileAccessError, AudioError
        As `segue.embed.hearing.hear`.
    """
    ear = untrained.ear
    blocks, again = tee(iter_samples(path, sample_rate_hz=ear.mel.sample_rate_hz))
    described: list[Floats] = []

    def heard() -> Iterator[Floats]:
        for slice_, cepstral in zip_longest(iter_slices(blocks, ear.mel), iter_slices(again, MFCC_MEL)):
            if cepstral is not None:
                described.append(mfcc_statistics(cepstral))
            if slice_ is not None:
                yield slice_

    vectors = untrained.encode_stream(heard())
    if len(vectors) == 0 or not described:
        raise SilentError("there are no 5 seconds of sound in it", remedy="Leave it out", path=path)
    return FloorVectors(mfcc=np.mean(described, axis=0), untrained=vectors.mean(axis=0))
