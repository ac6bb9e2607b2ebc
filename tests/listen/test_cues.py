from __future__ import annotations

import numpy as np
import pytest

from segue.listen.cues import bar_lines, cues_of, silence_of
from segue.listen.tempo import FRAME_S, bands_of
from segue.values import Floats
from tests.listen.known_sounds import RATE_HZ, analyse, drums, sine

BARS_16 = 16 * 4 * 60.0 / 120.0
THIN = {"hat": (0.5, 1.5, 2.5, 3.5)}
FULL = {"kick": (0, 1, 2, 3), "snare": (1, 3), "hat": (0.5, 1.5, 2.5, 3.5)}


def with_silence(planes: Floats, *, before_s: float, after_s: float, rate_hz: int = RATE_HZ) -> Floats:
    """Digital silence around a sound."""
    widths = ((0, 0), (round(before_s * rate_hz), round(after_s * rate_hz)))
    return np.pad(planes, widths)


@pytest.mark.parametrize(("before_s", "after_s"), [(0.0, 0.0), (1.234, 0.0), (0.0, 2.5), (3.0, 7.77)])
@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100])
def test_silence_at_the_ends_is_measured(before_s: float, after_s: float, rate_hz: int) -> None:
    planes = with_silence(
        sine(440, seconds=6, dbfs=-12, rate_hz=rate_hz), before_s=before_s, after_s=after_s, rate_hz=rate_hz
    )
    found = analyse(planes, rate_hz=rate_hz)
    assert found.leading_silence_s == pytest.approx(before_s, abs=0.011)  # a row
    assert found.trailing_silence_s == pytest.approx(after_s, abs=0.011)


def test_silence_reaches_to_the_end_of_the_file_and_not_of_the_last_slice() -> None:
    """Power frames cover whole slices only: up to five seconds at the end are heard as samples alone."""
    planes = with_silence(sine(440, seconds=13, dbfs=-12), before_s=0.0, after_s=1.7)
    assert analyse(planes).trailing_silence_s == pytest.approx(1.7, abs=0.011)


def test_hiss_far_below_the_music_is_silence_and_a_quiet_ending_is_not() -> None:
    hiss = 10 ** (-80 / 20) * np.random.default_rng(0).standard_normal((2, 20 * RATE_HZ)).astype(np.float32)
    music = with_silence(sine(440, seconds=12, dbfs=-12), before_s=4.0, after_s=4.0)
    assert analyse(music + hiss).leading_silence_s == pytest.approx(4.0, abs=0.02)
    quiet = np.concatenate([sine(440, seconds=12, dbfs=-12), sine(440, seconds=4, dbfs=-48)], axis=1)
    assert analyse(quiet).trailing_silence_s == 0.0


def test_a_silent_file_is_leading_silence_throughout() -> None:
    found = analyse(np.zeros((2, 10 * RATE_HZ), np.float32))
    assert found.leading_silence_s == pytest.approx(10.0)
    assert found.trailing_silence_s == 0.0


def test_no_rows_at_all() -> None:
    found = silence_of(np.zeros(0, np.float32), 0.01, duration_s=0.0, lufs=None)
    assert (found.leading_s, found.trailing_s) == (0.0, 0.0)


def test_an_introduction_ends_on_its_bar_line_and_a_close_begins_on_one() -> None:
    parts = [
        drums(THIN, bpm=120, seconds=BARS_16 / 2, lead_s=0.0),
        drums(FULL, bpm=120, seconds=2 * BARS_16, lead_s=0.0),
    ]
    planes = np.concatenate([*parts, parts[0]], axis=1)
    found = analyse(planes)
    assert found.intro_end_s == pytest.approx(BARS_16 / 2, abs=0.05)
    assert found.outro_start_s == pytest.approx(BARS_16 * 2.5, abs=0.05)
    assert found.intro_confidence > 0.3
    assert found.outro_confidence > 0.3


def test_a_track_that_is_the_same_throughout_has_no_cues() -> None:
    found = analyse(drums(FULL, bpm=120, seconds=60, lead_s=0.0))
    assert found.intro_end_s is None
    assert found.outro_start_s is None
    assert found.intro_confidence == found.outro_confidence == 0.0


def test_a_short_piece_has_no_cues() -> None:
    bands = bands_of([np.zeros((200, 32), np.float16)])
    silence = silence_of(np.ones(400, np.float32), 0.01, duration_s=4.0, lufs=-14.0)
    assert cues_of(bands, silence, duration_s=4.0, bars_s=np.zeros(0)) == (None, None)


def test_bars_begin_where_the_sound_changes() -> None:
    beats_s = np.arange(0.0, 40.0, 0.5, dtype=np.float32)
    bands = np.zeros((int(40.0 / FRAME_S), 32), np.float16)
    for bar in range(20):  # a new colour every four beats, from the third beat on
        first, last = round((1.0 + 2.0 * bar) / FRAME_S), round((3.0 + 2.0 * bar) / FRAME_S)
        bands[first:last, bar % 5 :: 5] = 30.0
    found = bar_lines(beats_s, bands_of([bands]), beats_a_bar=4)
    np.testing.assert_allclose(found[:4], [1.0, 3.0, 5.0, 7.0])
    covered = bands[: int(35.0 / FRAME_S)]  # power frames cover whole slices only, beats go to the end
    np.testing.assert_array_equal(bar_lines(beats_s, bands_of([covered]), beats_a_bar=4), found)


def test_too_few_beats_have_no_bars() -> None:
    bands = bands_of([np.zeros((500, 32), np.float16)])
    assert len(bar_lines(np.arange(5, dtype=np.float32), bands, beats_a_bar=4)) == 0
