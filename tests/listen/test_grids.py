"""What the sound says to a beat grid, and where bars begin."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from segue.config import SPECCY_MEL
from segue.demo import catalogue
from segue.demo.track import compose
from segue.listen.grids import BeatGrid
from segue.listen.mel import iter_power
from segue.listen.rhythm import RhythmMeter
from segue.values import Floats, Rhythm
from tests.listen.known_sounds import RATE_HZ, drums

FOUR = {"kick": (0.0, 1.0, 2.0, 3.0), "snare": (1.0, 3.0), "hat": (0.5, 1.5, 2.5, 3.5)}


def grid(planes: Floats) -> tuple[Rhythm, BeatGrid | None]:
    meter = RhythmMeter()
    meter.take_native(planes, RATE_HZ)
    mono = soxr.resample(planes.mean(axis=0), RATE_HZ, SPECCY_MEL.sample_rate_hz).astype(np.float32)
    for power in iter_power([mono], SPECCY_MEL):
        meter.take_power(power)
    rhythm = meter.result()
    return rhythm, meter.grid(rhythm)


def test_beats_that_are_played_are_borne_out_and_others_are_not() -> None:
    """The grid goes straight on where the drummer hurries, and where nobody plays: a mix must not believe it there."""
    planes = np.concatenate(
        [
            drums(FOUR, bpm=120, seconds=60, lead_s=0.0),
            0.02 * np.random.default_rng(0).standard_normal((2, 15 * RATE_HZ)).astype(np.float32),
            drums(FOUR, bpm=126, seconds=10, lead_s=0.0),
        ],
        axis=1,
    )
    rhythm, found = grid(planes)
    assert found is not None
    assert rhythm.tempo_bpm == pytest.approx(120, abs=0.1)
    played, silent, hurried = (
        (found.beats_s >= a) & (found.beats_s < b) for a, b in ((2.0, 58.0), (62.0, 73.0), (76.0, 84.0))
    )
    assert np.abs(found.stray_s[played]).max() < 0.005
    assert np.median(found.strength[played]) > 0.8
    assert np.median(found.strength[silent]) < 0.3
    assert np.abs(found.stray_s[hurried]).max() > 0.02 or np.median(found.strength[hurried]) < 0.3


@pytest.mark.parametrize("style", ["funk", "rock"])
def test_bars_begin_where_they_were_written(style: str) -> None:
    """Both were put on other beats when the loudest change from beat to beat told the bar: on a snare, a pickup."""
    plan = [plan for plan in catalogue.plans(2026) if plan.style == style][3]
    _, found = grid(compose(plan))
    assert found is not None
    bar_s = 4 * 60.0 / plan.tempo_bpm
    bars = found.beats_s[found.first_bar] / bar_s
    assert bars == pytest.approx(round(float(bars)), abs=0.05)


def test_too_few_beats_are_no_grid() -> None:
    assert grid(drums(FOUR, bpm=100, seconds=2.5))[1] is None
