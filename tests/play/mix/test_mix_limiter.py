"""The limiter: nothing above the ceiling, smooth, and the same wherever it begins."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import resample_poly

from segue.play.mix.limiter import BLOCK_SAMPLES, WARM_UP_BLOCKS, Ducks, Limiter
from segue.values import Floats
from tests.listen.known_sounds import sine
from tests.play.mix.sounds import hats, song

CEILING = 10.0 ** (-1.0 / 20.0)


def limited(samples: Floats, *, first: int = 0) -> Floats:
    """Whole seconds through a limiter that begins at one of them."""
    limiter = Limiter(-1.0)
    blocks = [samples[:, at : at + BLOCK_SAMPLES] for at in range(0, samples.shape[1], BLOCK_SAMPLES)][first:]
    out = [limiter.take(block) for block in [*blocks, np.zeros((2, BLOCK_SAMPLES), np.float32)]]
    return np.concatenate(out[1:], axis=1)


def true_peak(samples: Floats) -> float:
    """By an interpolation of another length and shape than the limiter's own."""
    return float(np.abs(resample_poly(samples.astype(np.float64), 16, 1, axis=1, window=("kaiser", 7.0))).max())


@pytest.mark.parametrize("louder_db", [3.0, 12.0, 20.0])
def test_nothing_passes_the_ceiling(louder_db: float) -> None:
    loud = song(120.0)[:, : 6 * BLOCK_SAMPLES] * np.float32(10.0 ** (louder_db / 20.0))
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal((2, 2 * BLOCK_SAMPLES)))
    spectrum[:, 2 * 20_000 :] = 0.0  # what lies between the samples of noise up to 22 kHz is anybody's guess
    noise = np.fft.irfft(spectrum).astype(np.float32)
    hiss = hats(4, up_to_hz=20_000.0) * np.float32(10.0 ** ((louder_db - 3.0) / 20.0))
    for sound in (
        loud,
        noise,
        hiss,
        sine(997.0, seconds=2.0, dbfs=louder_db),
        sine(11_025.5, seconds=2.0, dbfs=louder_db),
    ):
        assert true_peak(limited(sound)) < CEILING


def test_what_is_below_stays_as_it_is() -> None:
    sound = song(120.0)[:, : 4 * BLOCK_SAMPLES]
    quiet = sound * np.float32(0.8 / true_peak(sound))
    np.testing.assert_array_equal(limited(quiet), quiet)


def test_the_gain_is_smooth_and_comes_back() -> None:
    """One loud click: down 10 ms ahead of it, back within 0.2 s, by small steps."""
    even = np.full((2, 3 * BLOCK_SAMPLES), 0.25, np.float32)
    clicked = even.copy()
    clicked[:, 66_000] = 2.0
    gain = np.delete(limited(clicked)[0], 66_000) / 0.25
    assert gain.min() < 0.5
    assert np.abs(np.diff(gain)).max() < 0.004
    changed = np.flatnonzero(gain < 1.0)
    assert 66_000 - 1500 < changed[0] < 66_000 - 300
    assert changed[-1] < 66_000 + 0.2 * BLOCK_SAMPLES


@pytest.mark.parametrize("first", [1, 3, 4])
def test_it_is_the_same_wherever_it_begins(first: int) -> None:
    loud = song(120.0)[:, : 8 * BLOCK_SAMPLES] * np.float32(4.0)
    there = (first + WARM_UP_BLOCKS) * BLOCK_SAMPLES
    np.testing.assert_array_equal(
        limited(loud, first=first)[:, WARM_UP_BLOCKS * BLOCK_SAMPLES :], limited(loud)[:, there:]
    )


def test_ducks_lower_what_they_are_asked_to_and_only_that() -> None:
    ducks = Ducks()
    ducks.add(np.array([100, 3 * BLOCK_SAMPLES + 20_000]), np.array([1.0, 0.5], np.float32))
    ducks.add(np.array([3 * BLOCK_SAMPLES + 20_010]), np.array([0.25], np.float32))
    assert ducks.gains(1) is None
    first, fourth = ducks.gains(0), ducks.gains(3)
    assert first is not None
    assert fourth is not None
    assert 20.0 * np.log10(first[100]) == pytest.approx(-1.0, abs=0.01)
    assert 20.0 * np.log10(fourth[20_005]) == pytest.approx(-0.75, abs=0.01)
    assert fourth[10_000] == 1.0
