from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.config import MIX
from segue.listen.tags import AlbumPlace
from segue.play.fades import Fade, Side, fade_between, sound_of, sounding
from segue.values import Rhythm, TrackInfo
from tests.play.mix.known_facts import rhythm


def side(
    heard: Rhythm | None, *, length_s: float = 200.0, number: int | None = None, only_s: float | None = None
) -> Side:
    info = TrackInfo(f"Track {number}", "Somebody", "One record" if number else "", duration_s=length_s)
    return Side(Path(f"/music/{number}.flac"), info, heard, AlbumPlace(1, number) if number else None, only_s)


def test_a_fade_lasts_as_long_as_close_and_introduction_bear() -> None:
    a = side(rhythm(outro_s=189.0, silence_s=(0.0, 2.0)))
    b = side(rhythm(intro_s=20.5, silence_s=(1.5, 0.0)))
    fade = fade_between(a, b)
    assert fade == Fade(pytest.approx(198.03), pytest.approx(1.47), pytest.approx(198.03 - 189.0))
    assert fade_between(side(rhythm(outro_s=100.0)), b).fade_s == MIX.longest_fade_s
    assert fade_between(a, side(rhythm(intro_s=3.0))).fade_s == pytest.approx(3.0)


def test_where_cue_points_are_not_known_some_seconds_are_taken() -> None:
    assert fade_between(side(rhythm()), side(rhythm())) == Fade(200.0, 0.0, MIX.unknown_end_s)
    assert fade_between(side(None), side(None)) == Fade(None, 0.0, MIX.unknown_end_s)


def test_keys_that_clash_are_not_heard_together_for_long() -> None:
    a, b = side(rhythm(outro_s=180.0, camelot="8A")), side(rhythm(intro_s=20.0, camelot="2B"))
    assert fade_between(a, b).fade_s == 4.0
    assert fade_between(a, side(rhythm(intro_s=20.0, camelot="8A"))).fade_s == MIX.longest_fade_s


def test_short_songs_are_not_all_fade() -> None:
    assert fade_between(side(rhythm(), length_s=4.0), side(rhythm())).fade_s == pytest.approx(4.0 * MIX.most_share)


def test_an_album_runs_on_where_nothing_is_silent_between() -> None:
    heard = rhythm(outro_s=190.0, intro_s=10.0)
    assert fade_between(side(heard, number=3), side(heard, number=4)) == Fade(None, 0.0, 0.0, gapless=True)
    assert not fade_between(side(heard, number=3), side(heard, number=5)).gapless
    rests = side(replace(heard, trailing_silence_s=1.0), number=3)
    assert not fade_between(rests, side(heard, number=4)).gapless
    assert not fade_between(side(None, number=3), side(None, number=4)).gapless


def test_what_is_broken_off_fades_before_that() -> None:
    heard = rhythm(outro_s=190.0, silence_s=(2.0, 0.0))
    a, b = side(heard, only_s=5.0), side(heard, only_s=5.0)
    assert fade_between(a, b) == Fade(pytest.approx(6.97), pytest.approx(1.97), pytest.approx(5.0 * MIX.most_share))
    assert sound_of(a).ends_s == pytest.approx(6.97)
    assert sound_of(side(None, only_s=5.0)).ends_s == 5.0


def test_songs_come_at_one_loudness_as_far_as_their_peaks_bear_it() -> None:
    assert sound_of(side(rhythm(lufs=-8.0, peak_dbtp=0.3))).gain_db == pytest.approx(-6.0)
    assert sound_of(side(rhythm(lufs=-20.0, peak_dbtp=-12.0))).gain_db == pytest.approx(6.0)
    assert sound_of(side(rhythm(lufs=-20.0, peak_dbtp=-3.0))).gain_db == pytest.approx(2.0)  # not above -1 dBTP
    assert sound_of(side(rhythm(lufs=-60.0, peak_dbtp=-50.0))).gain_db == MIX.most_gain_db
    assert sound_of(side(rhythm(lufs=-20.0, peak_dbtp=None))).gain_db == 0.0
    assert sound_of(side(rhythm(lufs=None))).gain_db == 0.0
    assert sound_of(side(None)).gain_db == 0.0


def test_a_silent_song_is_played_from_end_to_end() -> None:
    span = sounding(rhythm(silence_s=(200.0, 0.0)), 200.0)
    assert (span.begin_s, span.end_s) == (0.0, 200.0)


seconds = st.floats(0.0, 400.0)
known = st.builds(
    lambda lead, trail, intro, outro: rhythm(silence_s=(lead, trail), intro_s=intro or None, outro_s=outro or None),
    st.floats(0.0, 20.0), st.floats(0.0, 20.0), seconds, seconds,
)  # fmt: skip
sides = st.builds(side, st.none() | known, length_s=st.floats(0.0, 400.0), only_s=st.none() | st.floats(1.0, 60.0))


@given(sides, sides)
def test_whatever_is_known_a_fade_lies_within_both_songs(a: Side, b: Side) -> None:
    fade = fade_between(a, b)
    end_s = a.info.duration_s if fade.end_s is None else fade.end_s
    assert 0.0 <= fade.fade_s <= MIX.longest_fade_s
    assert 0.0 <= end_s - fade.fade_s <= end_s <= a.info.duration_s
    assert 0.0 <= fade.start_s <= fade.start_s + fade.fade_s <= max(b.info.duration_s, 0.0)
