from __future__ import annotations

import re
import subprocess
import tracemalloc
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
import scipy.signal

from segue.listen.loudness import LevelMeter, Levels, integrated_lufs, k_filters, k_weighting
from segue.listen.true_peak import TruePeak
from segue.values import Floats
from tests.listen.conftest import write_wav
from tests.listen.known_sounds import sine


def measured(planes: Floats, rate_hz: int = 48_000, *, block: int = 30_000) -> tuple[Levels, float]:
    meter = LevelMeter(rate_hz, len(planes), on_spectra=lambda _spectra, _bin_hz: None)
    for at in range(0, planes.shape[1], block):
        meter.take(planes[:, at : at + block])
    return meter.finish(), meter.true_peak


def lufs(planes: Floats, rate_hz: int = 48_000) -> float | None:
    return integrated_lufs(measured(planes, rate_hz)[0].weighted)


def by_the_standard(planes: Floats, rate_hz: int) -> float | None:
    """The two recursive filters in float64, then the mean square of each 100 ms."""
    weighted = planes.astype(np.float64)
    for b, a in k_filters(rate_hz):
        weighted = scipy.signal.lfilter(b, a, weighted, axis=1)
    hop = rate_hz // 10
    whole = weighted[:, : weighted.shape[1] // hop * hop].reshape(len(planes), -1, hop)
    return integrated_lufs(np.sum(np.mean(whole**2, axis=2), axis=0))


def levels(*parts: tuple[float, float]) -> Floats:
    """A stereo sine of 1 kHz through (seconds, dBFS)."""
    return np.concatenate([sine(1000, seconds=s, dbfs=db, rate_hz=48_000) for s, db in parts], axis=1)


def test_the_filters_are_those_of_the_standard() -> None:
    """Tables 1 and 2 of BS.1770-4, for 48 kHz."""
    (shelf, high_pass) = k_filters(48_000)
    np.testing.assert_allclose(shelf[0], (1.53512485958697, -2.69169618940638, 1.19839281085285), atol=1e-8)
    np.testing.assert_allclose(shelf[1][1:], (-1.69065929318241, 0.73248077421585), atol=1e-8)
    np.testing.assert_allclose(high_pass[1][1:], (-1.99004745483398, 0.99007225036621), atol=1e-8)
    assert k_weighting(np.array([997.0]), 48_000)[0] == pytest.approx(10**0.0691, rel=1e-3)


# The cases of EBU Tech 3341, table 1: what lies outside the loud part must be gated away.
@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (((20, -23.0),), -23.0),
        (((20, -33.0),), -33.0),
        (((10, -36.0), (60, -23.0), (10, -36.0)), -23.0),
        (((10, -72.0), (10, -36.0), (60, -23.0), (10, -36.0), (10, -72.0)), -23.0),
        (((20, -26.0), (20.1, -20.0), (20, -26.0)), -23.0),
    ],
)
def test_ebu_signals(parts: tuple[tuple[float, float], ...], expected: float) -> None:
    assert lufs(levels(*parts)) == pytest.approx(expected, abs=0.1)  # the tolerance of the EBU


def test_surround_channels_count_more_and_the_low_one_nothing() -> None:
    """EBU Tech 3341, case 6: -28, -28, -24, (LFE), -30, -30 dBFS are -23 LUFS."""
    each = [sine(1000, seconds=20, dbfs=db, rate_hz=48_000, channels=1) for db in (-28, -28, -24, -3, -30, -30)]
    assert lufs(np.concatenate(each)) == pytest.approx(-23.0, abs=0.1)


def test_mono_is_one_channel() -> None:
    assert lufs(sine(1000, seconds=5, channels=1, rate_hz=48_000)) == pytest.approx(-26.0, abs=0.05)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000])
def test_every_rate_is_weighted_by_the_standard(rate_hz: int) -> None:
    rng = np.random.default_rng(0)
    noise = 0.1 * rng.standard_normal((2, 2 * rate_hz)).astype(np.float32)
    assert lufs(noise, rate_hz) == pytest.approx(by_the_standard(noise, rate_hz), abs=0.02)
    for hz in (40.0, 400.0, 2500.0):  # what is off is how so short a tone begins
        tone = sine(hz, seconds=2, rate_hz=rate_hz, channels=1)
        assert lufs(tone, rate_hz) == pytest.approx(by_the_standard(tone, rate_hz), abs=0.07)


@pytest.mark.parametrize(("bpm", "first_s"), [(60.0, 0.0), (60.0, 0.1), (66.667, 0.0), (120.0, 0.0)])
def test_beats_that_fall_in_step_with_whole_seconds(bpm: float, first_s: float) -> None:
    """Kicks that always came at the edge of what was measured used not to count: 9 LU too much."""
    rate_hz, t = 48_000, np.arange(4_320) / 48_000
    kick = 0.8 * np.sin(2 * np.pi * 45 * t) * np.exp(-t / 0.03)
    hat = 0.03 * np.diff(np.random.default_rng(0).standard_normal(len(t) + 1)) * np.exp(-t / 0.02)
    planes = np.zeros((1, 31 * rate_hz), np.float32)
    for beat_s in np.arange(first_s, 30.0 - 60.0 / bpm, 60.0 / bpm):
        for sound, at_s in ((kick, beat_s), (hat, beat_s + 30.0 / bpm)):
            at = round(at_s * rate_hz)
            planes[0, at : at + len(sound)] += sound
    assert lufs(planes, rate_hz) == pytest.approx(by_the_standard(planes, rate_hz), abs=0.1)


def test_a_low_rumble_and_an_offset_count_little() -> None:
    quiet = sine(1000, seconds=10, dbfs=-30, rate_hz=48_000)
    assert lufs(quiet + 0.05) == pytest.approx(-30.0, abs=0.05)
    assert lufs(quiet + sine(10, seconds=10, dbfs=-20, rate_hz=48_000)) == pytest.approx(-29.7, abs=0.3)


@pytest.mark.parametrize("planes", [np.zeros((2, 0)), np.zeros((2, 1)), np.zeros((2, 480_000)), np.ones((1, 1))])
def test_nothing_to_measure_is_unknown(planes: Floats) -> None:
    assert lufs(planes.astype(np.float32)) is None


@pytest.mark.parametrize("rate_hz", [1_000, 4_000])
def test_telephone_rates_have_levels_but_no_loudness(rate_hz: int) -> None:
    found, peak = measured(sine(100, seconds=3, dbfs=-6, rate_hz=rate_hz), rate_hz)
    assert integrated_lufs(found.weighted) is None
    assert peak == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("rate_hz", [1_000, 8_000, 44_100])
def test_blocks_do_not_matter(rate_hz: int) -> None:
    """Of all lengths about a row and the margin before it; 17 s, which are settled twice."""
    rng = np.random.default_rng(3)
    planes = rng.standard_normal((2, 17 * rate_hz + 1)).astype(np.float32) * 0.2
    one, one_peak = measured(planes, rate_hz, block=planes.shape[1])
    for lengths in ([997], [1, 15, 16, 17], [439, 440, 441, 3], [424, 456, 44_100]):
        meter = LevelMeter(rate_hz, 2, on_spectra=lambda _spectra, _bin_hz: None)
        at, turn = 0, cycle(lengths)
        while at < planes.shape[1]:
            block = planes[:, at : at + next(turn)]
            meter.take(block)
            at += block.shape[1]
        many = meter.finish()
        np.testing.assert_allclose(one.weighted, many.weighted, rtol=1e-6)
        np.testing.assert_array_equal(one.rows, many.rows)
        assert one_peak == meter.true_peak


def every_phase(planes: Floats) -> float:
    """The true peak the long way: all of the signal at four times the rate, by a much longer filter."""
    taps = 4 * scipy.signal.firwin(1537, 0.245, window=("kaiser", 12.0))
    return float(np.abs(scipy.signal.upfirdn(taps, planes.astype(np.float64), up=4, axis=1)).max())


@pytest.mark.parametrize("phase", [0.0, 0.25, 0.5, 0.7])
def test_the_true_peak_lies_between_the_samples(phase: float) -> None:
    """A sine at a quarter of the rate may miss its crest by 3 dB (EBU Tech 3341, cases 15 to 19: +0.2, -0.4 dB)."""
    t = np.arange(48_000)
    planes = (0.5 * np.sin(np.pi / 2 * t + np.pi * phase) * np.hanning(48_000)).astype(np.float32)[None]
    peak_db = 20 * np.log10(measured(planes)[1] / 0.5)
    assert -0.4 < peak_db < 0.2


def test_the_true_peak_is_found_wherever_it_is() -> None:
    rng = np.random.default_rng(4)
    for at in (5, 4_403, 43_990, 44_000, 47_990):
        noise = 0.05 * rng.standard_normal((2, 48_000)).astype(np.float32)
        noise[1, at - 2 : at + 3] += np.array([0.1, 0.6, 0.61, 0.1, 0.0], np.float32)
        assert measured(noise)[1] == pytest.approx(every_phase(noise), rel=0.02)  # short against long filter


def test_a_plateau_takes_little_memory() -> None:
    """All its samples are crests: at 768 kHz and eight channels 1.5 GB of them."""
    meter, planes = TruePeak(8, row_samples=2_000), np.ones((8, 200_000), np.float32)
    tracemalloc.start()
    meter.take(planes, np.ones((8, 100), np.float32))
    assert 1.0 < meter.value < 1.2  # the sound beside the step at its beginning
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6


def test_a_crest_between_the_last_samples_counts() -> None:
    planes = np.zeros((1, 44_000), np.float32)
    planes[0, -2:] = 0.5
    assert measured(planes, 44_100)[1] > 0.6


@pytest.mark.parametrize("layout", ["stereo", "mono", "5.1"])
def test_ffmpeg_agrees(layout: str, tmp_path: Path, write: Callable[[Path, Floats], Path]) -> None:
    channels = {"mono": 1, "stereo": 2, "5.1": 6}[layout]
    rng = np.random.default_rng(5)
    t = np.arange(8 * 44_100) / 44_100
    swell = 0.05 + 0.2 * np.abs(np.sin(2 * np.pi * 0.2 * t))
    planes = (swell * scipy.signal.lfilter([0.3], [1, -0.7], rng.standard_normal((channels, len(t))))).astype(
        np.float32
    )
    path = write(tmp_path / "x.wav", planes.T)
    command = ["ffmpeg", "-hide_banner", "-nostdin", "-channel_layout", layout, "-i", str(path)]
    told = subprocess.run(
        [*command, "-af", "ebur128=peak=true", "-f", "null", "-"], capture_output=True, text=True, check=True
    ).stderr
    theirs = float(re.findall(r"I:\s+(-?[\d.]+) LUFS", told)[-1])
    found, peak = measured(planes, 44_100)
    assert integrated_lufs(found.weighted) == pytest.approx(theirs, abs=0.1)
    their_peak = float(re.findall(r"Peak:\s+(-?[\d.]+) dBFS", told)[-1])
    assert 20 * np.log10(peak) == pytest.approx(their_peak, abs=0.2)


@pytest.fixture
def write() -> Callable[[Path, Floats], Path]:
    return lambda path, samples: write_wav(path, samples)
