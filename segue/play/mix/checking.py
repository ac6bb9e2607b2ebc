"""Decode what was encoded and find where it is above the ceiling: codecs that lose something raise peaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segue.config import MIX
from segue.listen.stereo import StereoReader
from segue.listen.true_peak import FARTHEST, crests
from segue.play.mix.limiter import PEAK_MARGIN_SAMPLES, PEAK_TAPS
from segue.values import Floats

_SAFE_DB = 0.12  # other meters interpolate otherwise, at other rates


@dataclass(frozen=True, slots=True, eq=False)
class Overshoots:
    """Samples ``(k,)`` beside which a file is above a ceiling, and by how many dB ``(k,)``."""

    at: NDArray[np.intp]
    by_db: Floats


def overshoots(path: Path, ceiling_dbtp: float, *, on_second: Callable[[int], None]) -> Overshoots:
    """Find the places of a mix, as it decodes, whose true peak is not safely below a ceiling."""
    limit = 10.0 ** ((ceiling_dbtp - _SAFE_DB) / 20.0)
    places: list[NDArray[np.intp]] = [np.zeros(0, np.intp)]
    excess: list[Floats] = [np.zeros(0, np.float32)]
    before: Floats = np.zeros((2, PEAK_MARGIN_SAMPLES), np.float32)
    with StereoReader(path, rate_hz=MIX.sample_rate_hz) as reader:
        number = 0
        while (block := reader.read(MIX.sample_rate_hz)).shape[1]:
            buffer = np.concatenate([before, block], axis=1)
            sizes = np.abs(buffer)
            if float(sizes.max()) * FARTHEST > limit:
                found = crests(buffer, sizes, above=limit / FARTHEST, taps=PEAK_TAPS)
                loud = found.peaks > limit
                places.append(found.at[loud] + number * MIX.sample_rate_hz - PEAK_MARGIN_SAMPLES)
                excess.append(20.0 * np.log10(found.peaks[loud] / limit))
            before = buffer[:, -PEAK_MARGIN_SAMPLES:]
            number += 1
            on_second(number)
    return Overshoots(np.concatenate(places), np.concatenate(excess))
