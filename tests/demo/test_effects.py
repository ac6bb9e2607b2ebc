"""Loudness, limiting, ducking and rooms, on signals whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from segue.demo.effects import CEILING, duck, echo, filtered, mastered, reverb
from tests.demo.listening import loudness_lufs

RATE_HZ = 44_100


def tone(hz: float, *, seconds: float = 6.0, peak: float = 1.0) -> np.ndarray:
    wave = peak * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)
    return np.stack([wave, wave]).astype(np.float32)


def test_the_meter_on_the_reference_tone():
    """BS.1770: a 997 Hz sine at 0 dBFS in one channel is -3.01 LUFS, so in both it is 0 LUFS."""
    assert loudness_lufs(tone(997.0)) == pytest.approx(0.0, abs=0.1)
    assert loudness_lufs(tone(997.0, peak=0.1)) == pytest.approx(-20.0, abs=0.1)


def test_mastered_reaches_the_target_and_holds_the_peaks():
    rng = np.random.default_rng(1)
    mix = 0.02 * rng.standard_normal((2, 8 * RATE_HZ)).astype(np.float32)
    mix[:, :: RATE_HZ // 2] = 3.0  # clicks 40 dB above the rest
    out = mastered(mix)
    assert np.abs(out).max() <= CEILING * 1.0001  # float32 rounding
    assert loudness_lufs(out) == pytest.approx(-14.0, abs=0.5)


def test_filtered_keeps_the_band_and_leaves_silence_silent():
    high = filtered(tone(5000.0), high_hz=500.0)
    low = filtered(tone(100.0), high_hz=500.0)
    assert np.abs(high[:, RATE_HZ:]).max() < 0.02
    assert np.abs(low[:, RATE_HZ:]).max() > 0.95
    assert np.abs(filtered(np.zeros((2, RATE_HZ), np.float32), low_hz=100.0)).max() < 1e-8


def test_duck_pulls_down_at_the_kick_and_lets_go():
    level = duck(np.ones((2, RATE_HZ), np.float32), [0.5], depth=0.7, back_s=0.2)
    assert level[0, RATE_HZ // 2 - 10] == 1.0
    assert level[0, RATE_HZ // 2 + 200] < 0.35
    assert level[0, int(0.71 * RATE_HZ)] == 1.0


def test_echo_crosses_over():
    impulse = np.zeros((2, RATE_HZ), np.float32)
    impulse[0, 0] = 1.0
    repeats = echo(impulse, 0.1, feedback=0.5, taps=3)
    assert repeats[1, 4410] == pytest.approx(0.5)
    assert repeats[0, 8820] == pytest.approx(0.25)
    assert repeats[0, 0] == 0.0


def test_reverb_decays_and_differs_from_side_to_side():
    impulse = np.zeros((2, 3 * RATE_HZ), np.float32)
    impulse[:, 0] = 1.0
    room = reverb(impulse, 1.5)
    early, late = (room[:, a : a + RATE_HZ // 4] for a in (RATE_HZ // 10, 5 * RATE_HZ // 4))
    assert 10 * np.log10((early**2).mean() / (late**2).mean()) > 30
    assert abs(np.corrcoef(room)[0, 1]) < 0.2
