"""Which joins are planned, where, for how long, and what is said of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.flac import FLAC

from segue.config import MIX
from segue.errors import ParameterError
from segue.listen.cues import Course
from segue.listen.grids import BeatGrid
from segue.play.mix.beatmatch import Match, match_beats
from segue.play.mix.facts import TrackFacts, facts_of
from segue.play.mix.planning import MixSettings, plan_mix, quiet_notes
from segue.play.mix.timeline import iter_mix
from segue.play.mix.transitions import Wishes, transition
from tests.play.mix.known_facts import dance_track, facts, grid, rhythm
from tests.play.mix.sounds import RATE_HZ, song, write_song

AUTO = Wishes()


def test_close_and_introduction_of_sixteen_bars_are_laid_on_each_other() -> None:
    a, b = dance_track("A", 124.0), dance_track("B", 125.5, camelot="9A")
    found = transition(a, b, AUTO)
    bar_s = 240.0 / 124.0
    assert found.join.style == "beat"
    assert found.join.overlap_s == pytest.approx(16 * bar_s, abs=0.01)
    assert found.a_ends_s == pytest.approx(a.duration_s, abs=0.01)
    assert found.b_begins_s == pytest.approx(0.0, abs=0.005)
    assert found.join.speed == pytest.approx(124.0 / 125.5, abs=1e-4)
    assert len(found.join.beats) == 16
    for k, pair in enumerate(found.join.beats, start=1):
        assert pair.a_s == pytest.approx((112 + k) * bar_s, abs=0.003)
        assert pair.b_s == pytest.approx(k * 240.0 / 125.5, abs=0.003)
    assert found.join.why == (
        "beat over 16 bars: 124.0 to 125.5 BPM, 1.2 % apart, both grids sure and steady there; keys 8A and 9A agree"
    )


@pytest.mark.parametrize(("a_bpm", "b_bpm", "pairs"), [(172.0, 86.0, 8), (86.0, 172.0, 16), (170.0, 87.5, 8)])
def test_half_and_double_tempo_go_together(a_bpm: float, b_bpm: float, pairs: int) -> None:
    """Two bars of the faster one go with one of the slower one."""
    found = transition(dance_track("A", a_bpm), dance_track("B", b_bpm), AUTO)
    assert found.join.style == "beat"
    assert "one counted double" in found.join.why
    assert len(found.join.beats) <= pairs
    first, last = found.join.beats[0], found.join.beats[-1]
    a_beats = (last.a_s - first.a_s) * a_bpm / 60.0
    b_beats = (last.b_s - first.b_s) * b_bpm / 60.0
    assert a_beats / b_beats == pytest.approx(2.0 if a_bpm > b_bpm else 0.5, abs=0.001)


def test_keys_that_clash_are_not_heard_together_for_long() -> None:
    found = transition(dance_track("A", 124.0, camelot="8A"), dance_track("B", 124.0, camelot="2B"), AUTO)
    assert found.join.overlap_s == pytest.approx(4 * 240.0 / 124.0, abs=0.01)
    assert found.join.why.endswith("keys 8A and 2B clash")
    slow = transition(
        facts("A", heard=rhythm(bpm=None, camelot="8A")), facts("B", heard=rhythm(bpm=None, camelot="2B")), AUTO
    )
    assert slow.join.overlap_s <= 4.0


def test_what_is_unknown_is_taken_to_be_short() -> None:
    def bars(a: int | None, b: int | None) -> float:
        found = transition(dance_track("A", 120.0, outro_bars=a), dance_track("B", 120.0, intro_bars=b), AUTO)
        assert found.join.style == "beat"
        return found.join.overlap_s / 2.0

    assert bars(None, None) == pytest.approx(4, abs=0.01)
    assert bars(16, None) == pytest.approx(8, abs=0.01)
    assert bars(12, 16) == pytest.approx(8, abs=0.01)
    assert bars(16, 5) == pytest.approx(4, abs=0.01)
    assert bars(1, 16) == pytest.approx(2, abs=0.01)


def test_a_long_close_begins_with_the_phrase_and_little_is_left_out() -> None:
    """24 bars of close at 120 BPM: 16 are heard with B, and the last 8 of A's are left out."""
    a = dance_track("A", 120.0, outro_bars=24, bars=160)
    found = transition(a, dance_track("B", 120.0), AUTO)
    assert found.a_ends_s == pytest.approx(a.duration_s - 8 * 2.0, abs=0.01)
    far = dance_track("A", 120.0, outro_bars=60, bars=160)
    assert far.duration_s - transition(far, dance_track("B", 120.0), AUTO).a_ends_s <= MIX.most_left_out_s


def _unsure(change: str) -> tuple[TrackFacts, str]:
    good = dance_track("Odd", 124.0)
    assert good.grid is not None
    weak = np.where(good.grid.beats_s > 200.0, 0.05, 1.0).astype(np.float32)
    late = np.where(good.grid.beats_s > 200.0, 0.03, 0.0).astype(np.float32) * (-1.0) ** np.arange(len(weak))
    made: dict[str, tuple[TrackFacts, str]] = {
        "tempo": (replace(good, rhythm=replace(good.rhythm, tempo_confidence=0.3)), "the beat of 'Odd' is not sure"),
        "half": (replace(good, grid=replace(good.grid, lead=0.2)), "which half of the beat of 'Odd'"),
        "weak": (replace(good, grid=replace(good.grid, strength=weak)), "the beat of 'Odd' is not steady"),
        "stray": (replace(good, grid=replace(good.grid, stray_s=late.astype(np.float32))), "of 'Odd' is not steady"),
        "none": (replace(good, grid=None), "the beat of 'Odd' is not sure"),
    }
    return made[change]


@pytest.mark.parametrize("change", ["tempo", "half", "weak", "stray", "none"])
@pytest.mark.parametrize("wish", ["auto", "beat"])
def test_beats_that_are_not_sure_are_never_laid_on_others(change: str, wish: str) -> None:
    """The grid of the last two goes straight on where nobody plays, or where the drummer does not keep to it."""
    odd, said = _unsure(change)
    found = transition(odd, dance_track("B", 124.0), Wishes(style=wish))  # type: ignore[arg-type]
    assert found.join.style == "eq"
    assert said in found.join.why


def test_tempi_too_far_apart_hand_over_the_low_end() -> None:
    found = transition(dance_track("A", 124.0), dance_track("B", 98.0), AUTO)
    assert found.join.style == "eq"
    assert "124.0 and 98.0 BPM are 26.5 % apart, more than 6 %" in found.join.why
    found = transition(facts("A"), facts("B", heard=rhythm(bpm=None)), AUTO)
    assert found.join.style == "fade"


@pytest.mark.parametrize(
    ("outro_s", "intro_s", "loud", "wanted_s"),
    [
        (None, None, (0.0, 240.0), 5.0),
        (230.0, 20.0, (0.0, 240.0), 10.0),
        (239.5, None, (0.0, 240.0), 2.0),
        (200.0, 60.0, (0.0, 240.0), 12.0),
        (239.0, None, (0.0, 233.0), 7.0),
        (None, None, (0.0, 200.0), 12.0),
    ],
)
def test_fades_are_as_long_as_both_bear(
    outro_s: float | None, intro_s: float | None, loud: tuple[float, float], wanted_s: float
) -> None:
    """As long as close and introduction; at least until A has died away, or there would be a hole."""
    a = facts("A", heard=rhythm(bpm=None, outro_s=outro_s), course=Course(*loud, 0.0, -50.0))
    b = facts("B", heard=rhythm(bpm=None, intro_s=intro_s))
    assert transition(a, b, AUTO).join.overlap_s == pytest.approx(wanted_s, abs=0.1)


def test_silence_at_the_ends_is_left_out() -> None:
    a = facts("A", heard=rhythm(bpm=None, silence_s=(0.0, 3.0)))
    b = facts("B", heard=rhythm(bpm=None, silence_s=(2.0, 0.0)))
    found = transition(a, b, AUTO)
    assert found.a_ends_s == pytest.approx(237.0, abs=0.05)
    assert found.b_begins_s == pytest.approx(2.0, abs=0.05)


def test_styles_as_they_are_wished_for() -> None:
    a, b = dance_track("A", 124.0), dance_track("B", 124.0)
    assert transition(a, b, Wishes("cut")).join.style == "cut"
    assert transition(a, b, Wishes("eq")).join.style == "eq"
    fade = transition(a, b, Wishes("fade", fade_s=9.0)).join
    assert (fade.style, fade.overlap_s) == ("fade", 9.0)
    assert transition(a, b, Wishes("beat", fade_s=9.0)).join.overlap_s == pytest.approx(4 * 240 / 124.0, abs=0.01)
    with pytest.raises(ParameterError, match="cannot sound together for 0 s"):
        Wishes(fade_s=0.0)


def _live(title: str, number: int, **known: object) -> TrackFacts:
    heard = rhythm(bpm=None, **known)  # type: ignore[arg-type]
    return facts(title, heard=heard, album="Live", number=number, course=Course(0.0, 240.0, -8.0, -6.0))


def test_albums_that_run_on_stay_as_they_are_and_keep_their_balance() -> None:
    tracks = [_live("One", 1, lufs=-12.0), _live("Two", 2, lufs=-18.0), _live("Five", 5, lufs=-12.0)]
    plan = plan_mix(tracks, MixSettings())
    assert [join.gapless for join in plan.joins] == [True, False]
    assert plan.joins[0].why == "cut: 'One' and 'Two' follow each other on 'Live' without a gap; left as they are"
    assert (plan.parts[0].end_s, plan.parts[1].begin_s) == (240.0, 0.0)
    assert plan.parts[0].gain_db == plan.parts[1].gain_db == pytest.approx(-14.0 + 14.04, abs=0.02)
    assert plan.parts[2].gain_db == -2.0


@pytest.mark.parametrize(
    "other",
    [
        replace(_live("Two", 2), place=None),
        _live("Two", 3),
        replace(_live("Two", 2), course=Course(0.0, 240.0, -50.0, -6.0)),
        replace(_live("Two", 2), course=Course(0.0, 240.0, -25.0, -6.0)),
        replace(_live("Two", 2), info=replace(_live("Two", 2).info, album="Other")),
    ],
)
def test_what_does_not_run_on_is_joined_as_ever(other: TrackFacts) -> None:
    assert not transition(_live("One", 1), other, AUTO).join.gapless


def test_gains_and_what_is_said_of_them() -> None:
    tracks = [
        facts("Loud", heard=rhythm(lufs=-8.0)),
        facts("Soft", heard=rhythm(lufs=-30.0, peak_dbtp=-8.0)),
        facts("Odd", heard=rhythm(lufs=None, peak_dbtp=None)),
        facts("Peaky", heard=rhythm(lufs=-30.0, peak_dbtp=-1.0)),
    ]
    plan = plan_mix(tracks, MixSettings())
    assert [part.gain_db for part in plan.parts] == [-6.0, 16.0, 0.0, 10.0]
    assert list(quiet_notes(plan)) == [
        "'Odd': its loudness is not known, and it is left as it is",
        "'Peaky' is raised by 10.0 dB and stays 6.0 dB below the others: more would crush its peaks",
    ]


_BPM = st.one_of(st.none(), st.floats(60.0, 200.0))
_SHARE = st.floats(0.02, 0.98)


@st.composite
def tracks(draw: st.DrawFn) -> TrackFacts:
    """Any track: beats or none, cues anywhere, loud anywhere, long or short."""
    bpm = draw(_BPM)
    length_s = draw(st.floats(6.0, 400.0))
    silence = draw(st.floats(0.0, 0.2)) * length_s / 2, draw(st.floats(0.0, 0.2)) * length_s / 2
    cues = [draw(st.one_of(st.none(), _SHARE)) for _ in range(2)]
    intro_s, outro_s = (None if share is None else share * length_s for share in cues)
    beats: BeatGrid | None = None
    if bpm is not None:
        beats = grid(bpm, length_s=length_s, first_s=draw(st.floats(0.0, 1.0)), lead=draw(st.sampled_from([0.1, 3.0])))
        beats = replace(beats, first_bar=draw(st.integers(0, 3)))
    heard = rhythm(
        bpm=bpm,
        beats_s=None if beats is None else beats.beats_s,
        sure=draw(st.sampled_from([0.2, 0.9])),
        camelot=draw(st.sampled_from([None, "8A", "2B", "9A"])),
        silence_s=silence,
        intro_s=intro_s,
        outro_s=outro_s,
    )
    loud = sorted((draw(_SHARE) * length_s, draw(_SHARE) * length_s))
    return facts(
        draw(st.text("abc", min_size=1, max_size=4)),
        length_s=length_s,
        heard=heard,
        beats=beats,
        course=Course(*loud, -20.0, -20.0),
    )


@settings(max_examples=150, deadline=None)
@given(
    st.lists(tracks(), min_size=1, max_size=5),
    st.sampled_from(["auto", "cut", "fade", "eq", "beat"]),
    st.one_of(st.none(), st.floats(0.1, 80.0)),
)
def test_any_tracks_make_a_plan_that_can_be_rendered(found: list[TrackFacts], style: str, fade_s: float | None) -> None:
    """`MixPlan` itself refuses what cannot be: no room, bends too large, beats that do not rise."""
    plan = plan_mix(found, MixSettings(wishes=Wishes(style, fade_s)))  # type: ignore[arg-type]
    for part, one in zip(plan.parts, found, strict=True):
        assert 0.0 <= part.begin_s < part.end_s <= one.duration_s + MIX.short_s
    for join, a, b in zip(plan.joins, found, found[1:], strict=False):
        assert join.why
        if join.style == "beat":
            assert min(a.rhythm.tempo_confidence, b.rhythm.tempo_confidence) >= MIX.least_tempo
            assert abs(join.speed - 1.0) <= MIX.most_bend + 1e-6


def test_a_match_keeps_to_the_sound_where_the_grid_is_a_little_off() -> None:
    """The line is fitted to what is heard: where all onsets come 6 ms late, so do the beats of the join."""
    a, b = dance_track("A", 120.0), dance_track("B", 120.0)
    assert b.grid is not None
    late = replace(b, grid=replace(b.grid, stray_s=np.full(len(b.grid.beats_s), 0.006, np.float32)))
    found = match_beats(a, late)
    assert isinstance(found, Match)
    assert found.join.beats[0].b_s == pytest.approx(2.006, abs=0.001)


def test_a_concert_cut_into_tracks_sounds_as_if_it_had_not_been(tmp_path: Path) -> None:
    """Cut anywhere, at full level: sample for sample the same, where a join's rounded edges would leave a hole."""
    whole = song(120.0)
    cut = round(11.3 * RATE_HZ)
    found = []
    for number, samples in enumerate((whole[:, :cut], whole[:, cut:]), start=1):
        path = write_song(tmp_path / f"{number:02d} Part.flac", samples)
        tags = FLAC(path)
        tags.update({"album": "Concert", "tracknumber": str(number)})
        tags.save()
        found.append(facts_of(path))
    plan = plan_mix(found, MixSettings())
    assert plan.joins[0].gapless
    sound = np.concatenate(list(iter_mix(plan)), axis=1) / np.float32(10.0 ** (plan.parts[0].gain_db / 20.0))
    begin = round(plan.parts[0].begin_s * RATE_HZ)
    around = slice(cut - begin - RATE_HZ, cut - begin + RATE_HZ)
    np.testing.assert_allclose(sound[:, around], whole[:, begin:][:, around], atol=2e-4)  # 16 bits in the files
