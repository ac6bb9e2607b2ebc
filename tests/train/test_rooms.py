from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from segue.train.rooms import ROOMS, Room, RoomRange, decaying_response, image_response, through_room
from tests.songs import RATE_HZ, tone_song


@pytest.mark.parametrize("respond", [decaying_response, image_response])
@pytest.mark.parametrize("rt60_s", [0.3, 0.7])
def test_sound_dies_away_in_about_the_time_that_was_asked_for(
    respond: Callable[..., np.ndarray], rt60_s: float
) -> None:
    """By the slope of what is still to come (M. Schroeder, 1965); Sabine's formula is itself off by a third."""
    found = []
    for seed in range(4):
        left = np.cumsum(respond(rt60_s, rng=np.random.default_rng(seed))[:0:-1] ** 2)[::-1]
        left_db = 10.0 * np.log10(left[int(0.01 * RATE_HZ) :] / left[int(0.01 * RATE_HZ)])
        found.append(3.0 * (np.argmax(left_db < -25.0) - np.argmax(left_db < -5.0)) / RATE_HZ)
    assert np.median(found) == pytest.approx(rt60_s, rel=0.4)


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_keeps_to_its_band_and_its_noise(name: str) -> None:
    room = ROOMS[name]
    song = np.concatenate([tone_song(3, seconds=4.0), np.zeros(2 * RATE_HZ, np.float32)])
    heard = through_room(song, room, rng=np.random.default_rng(1))
    assert (heard.dtype, heard.shape) == (np.float32, song.shape)
    assert np.array_equal(heard, through_room(song, room, rng=np.random.default_rng(1)))
    quiet = Room(room.tail, room.rt60_s, room.noise, 200.0, room.band_hz)
    power = np.abs(np.fft.rfft(through_room(song, quiet, rng=np.random.default_rng(1)))) ** 2
    hz = np.fft.rfftfreq(len(song), 1 / RATE_HZ)
    assert power[(hz < room.band_hz[0] / 3) | (hz > 1.4 * room.band_hz[1])].sum() < 1e-3 * power.sum()
    if not room.follows_level:
        below_db = 10.0 * np.log10(np.var(heard) / np.var(heard[-RATE_HZ // 2 :]))
        assert below_db == pytest.approx(10.0 * np.log10(1.0 + 10.0 ** (room.snr_db / 10.0)), abs=1.0)


def test_silence_stays_silent_and_a_gain_that_follows_brings_quiet_sound_up() -> None:
    rng = np.random.default_rng(2)
    assert not through_room(np.zeros(RATE_HZ), Room(), rng=rng).any()
    song = 0.05 * tone_song(1, seconds=6.0)
    followed = through_room(song, Room(follows_level=True), rng=rng)
    assert 0.03 < np.std(followed[3 * RATE_HZ :]) < 0.3


def test_rooms_are_drawn_within_their_limits() -> None:
    limits, rng = RoomRange(), np.random.default_rng(3)
    drawn = [limits.draw(rng) for _ in range(200)]
    assert all(0.2 <= room.rt60_s <= 0.8 and 8.0 <= room.snr_db <= 28.0 for room in drawn)
    assert all(60.0 <= room.band_hz[0] <= 300.0 and 4_000.0 <= room.band_hz[1] <= 10_500.0 for room in drawn)
    assert 0.4 < np.mean([room.tail == "image" for room in drawn]) < 0.8
    assert {room.noise for room in drawn} == {"white", "pink"}
