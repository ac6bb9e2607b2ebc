"""How well tempos and keys go with the last half minute of a stream: a room blurs them far less than it does timbre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.listen.key import PitchMeter, key_fits
from segue.listen.loudness import LevelMeter
from segue.listen.tempo import OnsetMeter, Pulse, bands_of, onsets, pulse_of, repetition
from segue.values import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """What a window leaves of its beat and its pitches: ``levels_db`` (k, 32) as in `Bands`, ``pitches`` (2, 120)."""

    levels_db: NDArray[np.float16]
    pitches: NDArray[np.float64]


def trace_of(samples: Floats, rate_hz: int, power: Floats) -> Trace:
    """Trace a window of mono samples ``(n,)``, of which ``power`` (k, 1025) are the frames that `OnsetMeter` takes."""
    beat, pitches = OnsetMeter(), PitchMeter()
    beat.take(power)
    meter = LevelMeter(rate_hz, 1, on_spectra=pitches.take)
    meter.take(samples[None])
    meter.finish()
    return Trace(beat.bands().levels_db, pitches.counts)


class Accord:
    """What windows that follow one another tell of tempo and key together."""

    def __init__(self, traces: Sequence[Trace]) -> None:
        found = onsets(bands_of([trace.levels_db for trace in traces])) if traces else None
        self._pulse: Pulse | None = pulse_of(found) if found is not None else None
        self.keys: Mapping[str, float] = key_fits(sum((trace.pitches for trace in traces), np.zeros((2, 120))))
        """How well each key fits, by its place on the Camelot wheel: a correlation; empty where nothing has pitch."""

    def tempos(self, bpm: Floats) -> NDArray[np.float64]:
        """How strongly the sound repeats at the beat of tempos ``(k,)``: about 1 at best; NaN where that is unknown."""
        if self._pulse is None:
            return np.full(len(bpm), np.nan)
        return repetition(self._pulse, np.asarray(bpm, np.float64))
