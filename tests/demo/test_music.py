"""The music itself, measured by other means than it was made: one track of every style, before it is encoded."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from segue.demo.catalogue import STYLES
from segue.demo.track import compose
from tests.demo.conftest import plan_of
from tests.demo.listening import RATE_HZ, heard_keys, heard_tempo, longest_silence_s, loudness_lufs

ALL = [style.name for style in STYLES]
DRUMMED = ["house", "drum_and_bass", "chiptune", "funk", "rock", "hip_hop", "reggae"]


@lru_cache(maxsize=len(ALL))
def samples_of(style: str) -> np.ndarray:
    return compose(plan_of(style))


@pytest.mark.parametrize("style", ALL)
def test_a_track_is_whole(style):
    samples = samples_of(style)
    assert samples.dtype == np.float32
    assert 45 <= samples.shape[1] / RATE_HZ <= 90
    assert np.isfinite(samples).all()
    assert longest_silence_s(samples) < 1.0
    assert np.abs(samples[:, 0]).max() < 0.001, "it starts with a click"
    assert np.abs(samples[:, -32:]).max() < 0.001, "it ends with a click"


@pytest.mark.parametrize("style", ALL)
def test_loudness_and_peaks(style):
    samples = samples_of(style)
    assert loudness_lufs(samples) == pytest.approx(-14.0, abs=0.5)
    assert 20 * np.log10(np.abs(samples).max()) < -2.0


@pytest.mark.parametrize("style", ALL)
def test_stereo_is_not_mono(style):
    left, right = samples_of(style)
    side, middle = ((left - right) ** 2).mean(), ((left + right) ** 2).mean()
    assert -27 < 10 * np.log10(side / middle) < 3


@pytest.mark.parametrize("style", DRUMMED)
def test_the_stated_tempo_is_heard(style):
    """Within 1 %: the lag of two beats is counted in frames of 11.6 ms."""
    tempo, clear = heard_tempo(samples_of(style), plan_of(style).tempo_bpm)
    assert tempo == pytest.approx(plan_of(style).tempo_bpm, rel=0.015)
    assert clear > 0.05


@pytest.mark.parametrize("style", ALL)
def test_the_stated_key_is_heard(style):
    """The stated key is among the best fits of 24; its relative and its fifth hold nearly the same notes."""
    assert plan_of(style).key.name in heard_keys(samples_of(style))[:3]


def test_the_same_seed_gives_the_same_samples():
    first, again = compose(plan_of("chiptune", 1)), compose(plan_of("chiptune", 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[:, :RATE_HZ], compose(plan_of("chiptune", 2))[:, :RATE_HZ])
