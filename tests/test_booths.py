"""Booths that are open to each other: who may change one, what is kept of it, and how many there may be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.booths import BOOTHS, Booths, Playing, id_of
from segue.errors import ParameterError, UnknownBoothError
from segue.store.library import Library
from segue.values import EntryId, TrackId

KEY, OTHER = "a" * 32, "b" * 32
SONG = TrackId("0123456789abcdef")
PLAYS = Playing(EntryId(3), SONG, 20.0, sounds=True)


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.s = 1_000_000.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path) as opened:
        yield opened


@pytest.fixture
def booths(library: Library, clock: Clock) -> Booths:
    return Booths(library.kept, now_s=clock)


def test_an_open_booth_is_seen_with_its_song_and_where_it_is_by_now(booths: Booths, clock: Clock) -> None:
    report = booths.hold(KEY, "  Kitchen ", PLAYS, takes=True)
    clock.s += 4
    (face,) = booths.all()
    assert (face.id, face.name, face.is_open, face.takes) == (report.id, "Kitchen", True, True)
    assert (face.playing.track_id, face.playing.at_s) == (SONG, 24.0)
    booths.hold(KEY, "Kitchen", Playing(EntryId(3), SONG, 24.0), takes=True)
    clock.s += 4
    assert booths.get(report.id).playing.at_s == 24.0  # it has paused


def test_who_sees_a_booth_cannot_change_it(booths: Booths) -> None:
    report = booths.hold(KEY, "Kitchen", PLAYS, takes=True)
    booths.keep(KEY, {"songs": [1]})
    assert KEY not in str(booths.all())
    with pytest.raises(ParameterError, match="does not know"):
        booths.keep(report.id, {"songs": []})
    booths.keep(OTHER, {"songs": []})
    booths.close(OTHER)
    assert booths.queue_of(report.id) == {"songs": [1]}
    assert booths.get(report.id).is_open


@pytest.mark.parametrize("key", ["", "a" * 31, "A" * 32, "a" * 33, "../" + "a" * 29, "a" * 32 + "\n"])
def test_what_is_no_key_opens_nothing(booths: Booths, key: str) -> None:
    with pytest.raises(ParameterError, match="does not know"):
        booths.hold(key, "Kitchen", PLAYS, takes=True)
    assert booths.all() == ()


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * (BOOTHS.longest_name + 1), "\N{RIGHT-TO-LEFT OVERRIDE}nehctiK", "a\0b"]
)
def test_a_booth_has_a_name_that_can_be_shown(booths: Booths, name: str) -> None:
    with pytest.raises(ParameterError, match="needs a name"):
        booths.hold(KEY, name, PLAYS, takes=True)


def test_what_a_booth_held_outlives_it(library: Library, booths: Booths, clock: Clock) -> None:
    booths.hold(KEY, "Kitchen", PLAYS, takes=True)
    booths.keep(KEY, {"songs": [1, 2]})
    clock.s += 10
    booths.close(KEY)
    booths.keep(KEY, {"songs": []})  # it is closed
    after = Booths(library.kept, now_s=clock)
    (face,) = after.all()
    assert (face.name, face.is_open, face.playing.at_s, face.seen_s) == ("Kitchen", False, 20.0, clock.s - 10)
    assert after.queue_of(face.id) == {"songs": [1, 2]}
    clock.s += BOOTHS.kept_s
    assert after.all() == ()


def test_a_booth_that_says_nothing_has_closed(booths: Booths, clock: Clock) -> None:
    report = booths.hold(KEY, "Kitchen", PLAYS, takes=True)
    clock.s += BOOTHS.silent_s + 1
    assert not booths.get(report.id).is_open
    with pytest.raises(ParameterError, match="has closed"):
        booths.ask(report.id, SONG)


def test_its_stamp_changes_with_its_queue_alone(booths: Booths) -> None:
    report = booths.hold(KEY, "Kitchen", PLAYS, takes=True)
    first = booths.get(report.id).stamp
    booths.hold(KEY, "Kitchen", Playing(), takes=True)
    assert booths.get(report.id).stamp == first
    booths.keep(KEY, {"songs": []})
    assert booths.get(report.id).stamp != first


def test_it_is_asked_for_songs_within_bounds_and_hears_each_once(booths: Booths) -> None:
    booth_id = booths.hold(KEY, "Kitchen", PLAYS, takes=True).id
    for _ in range(BOOTHS.most_asked):
        booths.ask(booth_id, SONG)
    with pytest.raises(ParameterError, match="too many songs"):
        booths.ask(booth_id, SONG)
    assert booths.hold(KEY, "Kitchen", PLAYS, takes=False).asked == (SONG,) * BOOTHS.most_asked
    assert booths.hold(KEY, "Kitchen", PLAYS, takes=False).asked == ()
    with pytest.raises(ParameterError, match="takes no songs"):
        booths.ask(booth_id, SONG)
    with pytest.raises(UnknownBoothError):
        booths.ask(id_of(OTHER), SONG)


def test_it_knows_how_many_follow(booths: Booths, clock: Clock) -> None:
    booth_id = booths.hold(KEY, "Kitchen", PLAYS, takes=True).id
    for number in range(3):
        booths.get(booth_id, follower=f"page {number % 2}")
    booths.get(booth_id)
    assert booths.hold(KEY, "Kitchen", PLAYS, takes=True).followers == 2
    for number in range(2 * BOOTHS.most_followers):
        booths.get(booth_id, follower=str(number))
    assert booths.hold(KEY, "Kitchen", PLAYS, takes=True).followers == BOOTHS.most_followers
    clock.s += BOOTHS.follower_silent_s
    assert booths.hold(KEY, "Kitchen", PLAYS, takes=True).followers == 0


def test_so_many_are_kept_and_the_one_that_was_silent_longest_gives_way(booths: Booths, clock: Clock) -> None:
    for number in range(BOOTHS.most_kept + 5):
        clock.s += 1
        booths.hold(f"{number:032x}", f"Booth {number}", PLAYS, takes=True)
    names = [face.name for face in booths.all()]
    assert names == [f"Booth {number}" for number in range(BOOTHS.most_kept + 4, 4, -1)]
    with pytest.raises(UnknownBoothError):
        booths.get(id_of(f"{0:032x}"))
