from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segue.config import SESSIONS, SessionSpec
from segue.train.sources.playlist import SourceTrack
from segue.train.sources.sessions import Play, cut_sessions

A, B, C = (SourceTrack(artist="a", title=title) for title in "ABC")


def test_a_pause_longer_than_the_gap_begins_another_session() -> None:
    plays = [Play(0, A), Play(1800, B), Play(3601, C)]
    first, second = cut_sessions(plays)
    assert (first.tracks, second.tracks) == ((A, B), (C,))
    assert (first.id, first.name) == ("session-19700101T000000Z", "Session of 1970-01-01 00:00")
    assert second.id == "session-19700101T010001Z"


def test_the_pause_is_counted_from_the_end_of_a_long_track() -> None:
    long = SourceTrack(title="a set of two hours", duration_s=7200.0)
    assert len(list(cut_sessions([Play(0, long), Play(7200 + 1800, A)]))) == 1
    assert len(list(cut_sessions([Play(0, long), Play(7200 + 1801, A)]))) == 2


def test_nothing_played_is_no_session() -> None:
    assert list(cut_sessions([])) == []


@given(st.lists(st.tuples(st.integers(0, 100_000), st.sampled_from([A, B, C])), max_size=60), st.randoms())
def test_any_order_and_any_doubles_give_the_same_sessions(raw, random) -> None:
    plays = [Play(float(when), track) for when, track in raw]
    shuffled = [*plays, *plays[::2]]
    random.shuffle(shuffled)
    once = list(cut_sessions(sorted(dict.fromkeys(plays), key=lambda p: (p.when_s, p.track.title))))
    again = list(cut_sessions(shuffled))
    assert [p.id for p in once] == [p.id for p in again]
    assert [sorted(t.title for t in p.tracks) for p in once] == [sorted(t.title for t in p.tracks) for p in again]
    assert sum(len(p.tracks) for p in again) == len(set(plays))
    assert len({p.id for p in again}) == len(again)


def test_a_gap_of_ones_own() -> None:
    plays = [Play(k * (SESSIONS.gap_s / 2), A) for k in range(4)]
    assert len(list(cut_sessions(plays))) == 1
    assert len(list(cut_sessions(plays, spec=SessionSpec(gap_s=60.0)))) == 4
