from __future__ import annotations

import numpy as np
import pytest

from segue.config import SPECCY_MEL
from segue.listen.sounding import level_of
from segue.listen.stream import SoundStream
from segue.train.rooms import Room, through_room
from tests.songs import RATE_HZ, tone_song
from tests.voices import voice

RNG = np.random.default_rng(4)


def kinds(samples: np.ndarray) -> list[str]:
    stream = SoundStream(SPECCY_MEL)
    return [w.kind for w in stream.take(samples.astype(np.float32), RATE_HZ) + stream.end()]


def test_a_level_is_in_decibels_below_full_scale() -> None:
    wave = np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    level = level_of(wave * np.float32(0.5))
    assert level.rms_dbfs == pytest.approx(-9.03, abs=0.01)
    assert level.peak_dbfs == pytest.approx(-6.02, abs=0.01)
    assert not level.clipped
    assert level_of(np.clip(3 * wave, -1, 1)).clipped
    assert level_of(np.zeros(10, np.float32)) == (-120.0, -120.0, False)


def test_nothing_and_next_to_nothing_are_silence() -> None:
    assert kinds(np.zeros(12 * RATE_HZ)) == ["silence"] * 2
    assert kinds(1e-4 * RNG.standard_normal(12 * RATE_HZ)) == ["silence"] * 2
    assert kinds(3e-3 * RNG.standard_normal(12 * RATE_HZ)) == ["silence"] * 2  # a quiet room, at -50 dBFS


def test_a_loud_fan_is_noise() -> None:
    assert kinds(0.1 * RNG.standard_normal(12 * RATE_HZ)) == ["noise"] * 2


@pytest.mark.parametrize("pitch_hz", [110.0, 210.0])
def test_somebody_speaks(pitch_hz: float) -> None:
    """A window alone is not believed yet: the first may be called music."""
    dry = voice(7, seconds=26.0, pitch_hz=pitch_hz)
    for heard in (dry, through_room(dry, Room(gain_db=0.0), rng=RNG)):
        assert kinds(heard)[1:] == ["speech"] * 4


@pytest.mark.parametrize("bright", [False, True])
def test_music_is_no_speech_even_in_a_room(bright: bool) -> None:
    song = tone_song(5, seconds=16.0, bright=bright)
    assert kinds(song) == ["music"] * 3
    assert kinds(through_room(song, Room(), rng=RNG)) == ["music"] * 3


def test_speech_over_music_counts_as_music() -> None:
    song = tone_song(5, seconds=26.0)
    assert "speech" not in kinds(song + 0.3 * voice(2, seconds=26.0))
