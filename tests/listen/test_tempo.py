from __future__ import annotations

import numpy as np
import pytest

from segue.listen.beats import Fine, track_beats
from segue.listen.tempo import OnsetMeter, estimate, onsets
from segue.values import Floats
from tests.listen.known_sounds import RATE_HZ, analyse, drums

FOUR = {"click": (0.0, 1.0, 2.0, 3.0)}
HOUSE = {"kick": (0, 1, 2, 3), "snare": (1, 3), "hat": (0.5, 1.5, 2.5, 3.5)}
ROCK = {"kick": (0, 2), "snare": (1, 3), "hat": (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5)}
BREAK = {"kick": (0, 2.5), "snare": (1, 3), "hat": (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5)}
HIP_HOP = {"kick": (0, 1.75, 2.5), "snare": (1, 3), "hat": (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5)}
SWING = {"kick": (0, 2), "snare": (1, 3), "hat": (0, 0.66, 1, 1.66, 2, 2.66, 3, 3.66)}
WALTZ = {"kick": (0,), "snare": (1, 2), "hat": (0, 1, 2)}


def off_beat_ms(beats_s: Floats, *, bpm: float, first_s: float = 0.5) -> Floats:
    """How far each beat is from the nearest true one."""
    beat_s = 60.0 / bpm
    found: Floats = (((beats_s - first_s + beat_s / 2) % beat_s - beat_s / 2) * 1000).astype(np.float32)
    return found


@pytest.mark.parametrize("bpm", [40.5, 47.0, 60.0, 73.123, 90.0, 107.77, 128.5, 155.0, 174.0, 199.9, 234.0])
def test_clicks_are_counted_to_a_hundredth_and_placed_to_a_few_milliseconds(bpm: float) -> None:
    found = analyse(drums(FOUR, bpm=bpm))
    assert found.tempo_bpm == pytest.approx(bpm, abs=0.03)
    assert found.tempo_confidence > 0.3
    assert len(found.beats_s) == pytest.approx(39.5 * bpm / 60, abs=1.5)
    assert np.abs(off_beat_ms(found.beats_s, bpm=bpm)).max() < 5.0
    assert np.all(np.diff(found.beats_s) > 0)


@pytest.mark.parametrize(
    ("pattern", "bpm", "beats_a_bar"),
    [(HOUSE, 124.37, 4), (ROCK, 112.0, 4), (BREAK, 174.2, 4), (HIP_HOP, 91.5, 4), (SWING, 132.0, 4), (WALTZ, 138.0, 3)],
    ids=["house", "rock", "drum and bass", "hip-hop", "swing", "waltz"],
)
def test_patterns_have_their_own_octave(pattern: dict[str, tuple[float, ...]], bpm: float, beats_a_bar: int) -> None:
    found = analyse(drums(pattern, bpm=bpm, beats_a_bar=beats_a_bar))
    assert found.tempo_bpm == pytest.approx(bpm, rel=0.002)
    assert np.median(np.abs(off_beat_ms(found.beats_s, bpm=bpm))) < 15.0


def test_other_readings_of_the_beat_are_offered() -> None:
    found = analyse(drums(HOUSE, bpm=126.0))
    assert any(other == pytest.approx(63.0, rel=0.01) for other in found.tempo_alternatives)
    assert found.tempo_bpm not in found.tempo_alternatives


@pytest.mark.parametrize(("bpm", "readings"), [(90.0, (45.0, 180.0, 135.0, 60.0)), (199.0, (99.5, 132.67))])
def test_every_other_reading_is_offered_and_told_exactly(bpm: float, readings: tuple[float, ...]) -> None:
    found = analyse(drums(HOUSE, bpm=bpm))
    assert sorted(found.tempo_alternatives) == pytest.approx(sorted(readings), rel=0.001)


def test_a_tempo_that_drifts_is_followed() -> None:
    """A click that goes from 118 to 122 BPM within a minute has no one straight line."""
    t, times = 0.5, []
    while t < 59.0:
        times.append(t)
        t += 60.0 / (118.0 + 4.0 * t / 60.0)
    samples = np.zeros(60 * RATE_HZ, np.float32)
    click = drums({"click": (0.0,)}, bpm=60, seconds=0.2, lead_s=0.0)[0]
    for time in times:
        at = round(time * RATE_HZ)
        samples[at : at + len(click)] += click[: len(samples) - at]
    found = analyse(np.tile(samples, (2, 1)))
    assert found.tempo_bpm == pytest.approx(120.0, abs=1.5)
    nearest = np.abs(found.beats_s[:, None] - np.array(times)[None, :]).min(axis=1)
    assert np.percentile(nearest, 90) < 0.015


@pytest.mark.parametrize("kind", ["noise", "silence", "tone", "swells"])
def test_what_has_no_beat_has_no_tempo(kind: str) -> None:
    t = np.arange(40 * RATE_HZ) / RATE_HZ
    rng = np.random.default_rng(2)
    planes = {
        "noise": 0.1 * rng.standard_normal(len(t)),
        "silence": np.zeros(len(t)),
        "tone": 0.3 * np.sin(2 * np.pi * 220 * t),
        "swells": 0.1 * np.sin(2 * np.pi * 220 * t) * (1 + np.sin(2 * np.pi * 0.043 * t)),
    }[kind]
    found = analyse(planes[None].astype(np.float32))
    assert found.tempo_bpm is None
    assert found.tempo_confidence == 0.0
    assert found.tempo_alternatives == ()
    assert len(found.beats_s) == 0


def test_too_short_a_piece_has_no_tempo() -> None:
    assert estimate_of(np.full((100, 1025), 1.0, np.float32)) is None
    assert onsets(OnsetMeter().bands()) is None


def estimate_of(power: Floats) -> object:
    meter = OnsetMeter()
    meter.take(power)
    found = onsets(meter.bands())
    return estimate(found) if found is not None else None


def test_a_grid_needs_a_few_beats() -> None:
    meter = OnsetMeter()
    power = np.full((60, 1025), 1e-3, np.float32)
    power[20:22] = 10.0
    meter.take(power)
    found = onsets(meter.bands())
    assert found is not None
    assert track_beats(found, 60.0, fine=Fine(np.zeros(0, np.float32), 0.01), sound_s=(0.0, 1.3)) is None
