from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import soxr

from segue.config import SPECCY_MEL
from segue.demo import catalogue
from segue.demo.track import compose
from segue.listen.mel import iter_power
from segue.listen.rhythm import RhythmMeter
from segue.values import Floats, Rhythm
from tests.listen.known_sounds import RATE_HZ, analyse, drums, sine

HOUSE = {"kick": (0, 1, 2, 3), "snare": (1, 3), "hat": (0.5, 1.5, 2.5, 3.5)}


@pytest.mark.parametrize("style", ["house", "drum_and_bass", "waltz", "chiptune", "funk", "rock", "hip_hop", "quartet"])
def test_demo_songs_are_heard_as_they_were_written(style: str) -> None:
    plan = next(plan for plan in catalogue.plans(2026) if plan.style == style)
    found = analyse(compose(plan))
    assert found.tempo_bpm == pytest.approx(plan.tempo_bpm, rel=0.02)
    assert found.camelot is not None
    assert abs(int(found.camelot[:-1]) - int(plan.key.camelot[:-1])) % 12 in (0, 1, 11)  # itself, relative or a fifth
    assert found.loudness_lufs == pytest.approx(-14.0, abs=0.6)
    assert found.true_peak_dbtp is not None
    assert found.true_peak_dbtp < -1.0


def test_ambient_music_has_a_key_but_need_not_have_a_tempo() -> None:
    plan = next(plan for plan in catalogue.plans(2026) if plan.style == "ambient")
    found = analyse(compose(plan))
    assert found.tempo_confidence < 0.5
    assert found.key is not None


def same(one: Rhythm, other: Rhythm) -> bool:
    numbers = [
        (getattr(one, name), getattr(other, name))
        for name in Rhythm.__dataclass_fields__
        if isinstance(getattr(one, name), float) or getattr(one, name) is None
    ]
    close = all((a is None) == (b is None) and (a is None or a == pytest.approx(b, abs=1e-6)) for a, b in numbers)
    return close and one.key == other.key and np.allclose(one.beats_s, other.beats_s, atol=1e-5)


def test_blocks_do_not_matter() -> None:
    planes = drums(HOUSE, bpm=121.7, seconds=30)
    mono = soxr.resample(planes.mean(axis=0), RATE_HZ, SPECCY_MEL.sample_rate_hz).astype(np.float32)
    power = np.concatenate(list(iter_power([mono], SPECCY_MEL)))
    found = []
    for native_block, power_block in ((planes.shape[1], len(power)), (4_096, 216), (999, 7)):
        meter = RhythmMeter()
        for at in range(0, planes.shape[1], native_block):
            meter.take_native(planes[:, at : at + native_block], RATE_HZ)
        for at in range(0, len(power), power_block):
            meter.take_power(power[at : at + power_block])
        found.append(meter.result())
    assert same(found[0], found[1])
    assert same(found[0], found[2])


@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_any_number_of_channels(channels: int) -> None:
    planes = np.tile(drums(HOUSE, bpm=125.0, seconds=20)[:1], (channels, 1))
    found = analyse(planes)
    assert found.tempo_bpm == pytest.approx(125.0, rel=0.001)
    assert found.loudness_lufs is not None


def test_a_rate_and_layout_that_change_in_mid_file() -> None:
    planes = drums(HOUSE, bpm=125.0, seconds=40)
    meter = RhythmMeter()
    first, second = planes[:, : 20 * RATE_HZ], planes[:, 20 * RATE_HZ :]
    meter.take_native(first, RATE_HZ)
    halved = soxr.resample(second[:1].T, RATE_HZ, 22_050).T.astype(np.float32)
    meter.take_native(np.ascontiguousarray(halved), 22_050)
    mono = soxr.resample(planes.mean(axis=0), RATE_HZ, SPECCY_MEL.sample_rate_hz).astype(np.float32)
    for power in iter_power([mono], SPECCY_MEL):
        meter.take_power(power)
    found = meter.result()
    assert found.tempo_bpm == pytest.approx(125.0, rel=0.001)
    beat_s = 60 / 125.0
    off = (found.beats_s - 0.5 + beat_s / 2) % beat_s - beat_s / 2
    assert np.abs(off).max() < 0.012
    assert found.leading_silence_s == pytest.approx(0.5, abs=0.011)


@pytest.mark.parametrize("rate_hz", [1, 1_000, 8_000, 37_800, 192_000, 1_600_000])
def test_odd_rates_are_no_reason_to_fail(rate_hz: int) -> None:
    meter = RhythmMeter()
    meter.take_native(np.zeros((2, 50_000), np.float32) + 0.1, rate_hz)
    found = meter.result()
    assert found.true_peak_dbtp == pytest.approx(-20.0, abs=1.5)
    assert found.tempo_bpm is None
    assert found.key is None


@pytest.mark.parametrize("samples", [0, 1, 100])
def test_next_to_nothing_is_unknown_throughout(samples: int) -> None:
    found = analyse(np.full((2, samples), 0.5, np.float32))
    unknown = (found.tempo_bpm, found.key, found.camelot, found.loudness_lufs, found.intro_end_s, found.outro_start_s)
    assert unknown == (None,) * 6
    assert len(found.beats_s) == 0


def test_nothing_taken_at_all() -> None:
    found = RhythmMeter().result()
    assert found.true_peak_dbtp is None
    assert found.leading_silence_s == found.trailing_silence_s == 0.0


@pytest.mark.parametrize("level", [1.0, 1e-3])
def test_level_changes_loudness_alone(level: float) -> None:
    planes = drums(HOUSE, bpm=121.7, seconds=20)
    loud, quiet = analyse(planes), analyse(planes * np.float32(level))
    assert quiet.tempo_bpm == pytest.approx(loud.tempo_bpm, rel=1e-3)
    assert loud.true_peak_dbtp is not None
    assert quiet.true_peak_dbtp == pytest.approx(loud.true_peak_dbtp + 20 * np.log10(level), abs=0.01)


def test_a_long_mix_takes_little_memory() -> None:
    """What grows with the length is measured on ten minutes: 4 MB, so that six hours stay near 130 MB."""
    meter = RhythmMeter()
    power = np.random.default_rng(0).random((216, 1025), np.float32)
    native = sine(440, seconds=5.0, rate_hz=8_000, channels=1)
    meter.take_power(power)
    meter.take_native(native, 8_000)
    tracemalloc.start()
    for _ in range(120):
        meter.take_power(power)
        meter.take_native(native, 8_000)
    meter.result()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6


def test_planes_are_left_as_they_are() -> None:
    planes: Floats = drums(HOUSE, bpm=120, seconds=3)
    kept = planes.copy()
    analyse(planes)
    np.testing.assert_array_equal(planes, kept)
