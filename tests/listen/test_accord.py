"""What a stream tells of tempo and key, from sounds of known ones, dry and through a room."""

from __future__ import annotations

import numpy as np
import pytest

from segue.config import MUSICNN_MEL, SPECCY_MEL, MelSpec
from segue.listen.accord import Accord
from segue.listen.stream import SoundStream
from segue.train.rooms import Room, through_room
from tests.listen.known_sounds import RATE_HZ, drums
from tests.listen.test_key import cadence
from tests.listen.test_tempo import HOUSE
from tests.songs import RATE_HZ as EAR_HZ


def accord(samples: np.ndarray, rate_hz: int, *, mel: MelSpec = SPECCY_MEL) -> Accord:
    return Accord([w.trace for w in SoundStream(mel).take(samples, rate_hz) if w.trace is not None])


@pytest.mark.parametrize("mel", [SPECCY_MEL, MUSICNN_MEL], ids=["speccy", "musicnn"])
@pytest.mark.parametrize("bpm", [87.0, 124.0, 171.0])
def test_the_beat_is_told_from_others(bpm: float, mel: MelSpec) -> None:
    heard = accord(drums(HOUSE, bpm=bpm), RATE_HZ, mel=mel)
    own, *others = heard.tempos(np.array([bpm, bpm * 1.11, bpm * 1.2, bpm * 0.9], np.float32))
    assert own > 0.4
    assert own > 2.0 * max(others)


@pytest.mark.parametrize(("tonic", "mode", "camelot"), [(0, "major", "8B"), (9, "minor", "8A"), (6, "minor", "11A")])
def test_the_key_fits_best(tonic: int, mode: str, camelot: str) -> None:
    keys = accord(cadence(tonic, mode), RATE_HZ).keys
    assert len(keys) == 24
    assert max(keys, key=lambda key: keys[key]) == camelot


def test_a_room_leaves_both() -> None:
    dry = np.interp(np.arange(30 * EAR_HZ) / EAR_HZ, np.arange(30 * RATE_HZ) / RATE_HZ, band()[: 30 * RATE_HZ])
    heard = accord(through_room(dry, Room(), rng=np.random.default_rng(3)), EAR_HZ)
    assert max(heard.keys, key=lambda key: heard.keys[key]) == "8A"
    own, *others = heard.tempos(np.array([120.0, 133.0, 105.0], np.float32))
    assert own > 2.0 * max(others)


def band() -> np.ndarray:
    """Chords in A minor over a beat of 120 BPM."""
    chords, beat = np.tile(cadence(9, "minor")[0], 3), drums(HOUSE, bpm=120.0)[0]
    length = min(len(chords), len(beat))
    return np.asarray(chords[:length] + 0.5 * beat[:length])


def test_nothing_is_told_of_nothing() -> None:
    silent = Accord([])
    assert silent.keys == {}
    assert np.isnan(silent.tempos(np.array([120.0], np.float32))).all()
    assert accord(np.zeros(10 * RATE_HZ, np.float32), RATE_HZ).keys == {}
    known = accord(drums(HOUSE, bpm=120.0), RATE_HZ).tempos(np.array([np.nan, 120.0], np.float32))
    assert np.isnan(known).tolist() == [True, False]
