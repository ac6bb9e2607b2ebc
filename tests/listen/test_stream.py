from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.config import MUSICNN_MEL, SPECCY_MEL
from segue.errors import ParameterError
from segue.listen.mel import slices
from segue.listen.stream import SoundStream, SoundWindow
from tests.songs import RATE_HZ, tone_song

SONG = tone_song(3, seconds=21.0)


def windows(samples: np.ndarray, cuts: list[int], *, rate_hz: int = RATE_HZ) -> list[SoundWindow]:
    stream = SoundStream(SPECCY_MEL)
    found = [w for piece in np.split(samples, sorted(cuts), axis=-1) for w in stream.take(piece, rate_hz)]
    return found + stream.end()


def stacked(found: list[SoundWindow]) -> np.ndarray:
    assert all(w.slice_ is not None for w in found)
    return np.stack([w.slice_ for w in found if w.slice_ is not None])


def test_windows_are_the_slices_of_a_scan() -> None:
    np.testing.assert_array_equal(stacked(windows(SONG, [])), slices(SONG, SPECCY_MEL))


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, len(SONG)), max_size=30), st.sampled_from([RATE_HZ, 8000, 44_100, 48_000]))
def test_any_pieces_give_the_same_windows(cuts: list[int], rate_hz: int) -> None:
    whole, cut = windows(SONG, [], rate_hz=rate_hz), windows(SONG, cuts, rate_hz=rate_hz)
    np.testing.assert_array_equal(stacked(cut), stacked(whole))
    assert [(w.end_s, w.level, w.kind) for w in cut] == [(w.end_s, w.level, w.kind) for w in whole]


def test_an_offset_of_a_cheap_microphone_is_not_heard() -> None:
    found = stacked(windows(0.1 * SONG + np.float32(0.3), []))
    # The mean of a window is not quite that of the sound: seen 0.02 in the lowest band.
    np.testing.assert_allclose(found[:, 3:], stacked(windows(0.1 * SONG, []))[:, 3:], atol=0.01)


def test_channels_are_averaged_and_what_is_no_number_is_silence() -> None:
    broken = np.stack([SONG, SONG])
    broken[0, 50_000] = np.nan
    broken[1, 60_000] = np.inf
    found = windows(broken, [])
    assert [w.kind for w in found] == ["music"] * len(found)
    assert all(w.slice_ is not None and np.isfinite(w.slice_).all() for w in found)
    whole = (np.stack([SONG, SONG]) * 32767).astype(np.int16)
    np.testing.assert_allclose(stacked(windows(whole, [])), stacked(windows(SONG, [])), atol=0.05)  # 16 bits


def test_the_rate_may_change_on_the_way() -> None:
    stream = SoundStream(SPECCY_MEL)
    found = stream.take(SONG[:150_000], RATE_HZ) + stream.take(np.repeat(SONG[150_000:], 2), 2 * RATE_HZ) + stream.end()
    assert len(found) == len(windows(SONG, []))


def test_an_ear_of_another_rate_has_its_own_slices_and_the_same_verdicts() -> None:
    stream = SoundStream(MUSICNN_MEL)
    found = stream.take(SONG, RATE_HZ) + stream.end()
    assert {w.slice_.shape for w in found if w.slice_ is not None} == {(96, 313)}
    assert [w.kind for w in found] == ["music"] * 4


@pytest.mark.parametrize(("shape", "rate_hz"), [((2, 2, 2), 44_100), ((10,), 100), ((10,), 10**7)])
def test_what_is_no_sound_is_refused(shape: tuple[int, ...], rate_hz: int) -> None:
    with pytest.raises(ParameterError, match="Hz"):
        SoundStream(SPECCY_MEL).take(np.zeros(shape, np.float32), rate_hz)
