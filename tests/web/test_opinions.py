"""What is thought of the songs of a queue: noted, said, gone by, and taken back."""

from __future__ import annotations

import pytest

from segue.config import CHOICE
from segue.errors import LibraryError
from segue.values import Track
from segue.web.booth import Booth
from segue.web.commands import steer
from segue.web.growing import Desk
from tests.web.test_commands import do


def noted(desk: Desk) -> list[tuple[str, str]]:
    """What was noted: what happened, and to which song."""
    said = desk.services.listening._library.events.all().events  # type: ignore[attr-defined]
    return [(event.kind, desk.services.track(event.track_id).info.title) for event in said]


def test_a_like_is_taken_back_by_another_and_says_what_it_did(desk: Desk, shelf: tuple[Track, ...]) -> None:
    booth = do(desk, Booth(), "play", track=shelf[0].id)
    liked = steer(desk, booth, {"kind": "like", "track": shelf[0].id})
    assert (liked.said, liked.undo) == ("Liked: “Morning Ferry”", {"act": "rate", "track": shelf[0].id, "rating": ""})
    assert desk.services.listening.ratings() == {shelf[0].id: "liked"}
    again = steer(desk, liked.booth, {"kind": "like", "track": shelf[0].id})
    assert (again.said, again.undo) == ("Taken back: “Morning Ferry”", None)
    assert desk.services.listening.ratings() == {}
    assert noted(desk) == [("liked", "Morning Ferry"), ("unrated", "Morning Ferry")]


def test_likes_and_dislikes_of_this_queue_move_what_is_chosen(desk: Desk, shelf: tuple[Track, ...]) -> None:
    """The songs lie on an arc: song 6 plays, 5 and 7 are as near as each other."""
    booth = do(desk, do(desk, Booth(), "play", track=shelf[2].id), "play", track=shelf[6].id)
    booth = do(desk, booth, "add", track=shelf[9].id)
    liked = do(desk, booth, "like", track=shelf[9].id)
    assert liked.queue.upcoming[1].why.startswith("Closest to the last 2 songs and what you liked")
    elsewhere = do(desk, booth, "like", track=shelf[2].id)  # liked before the start: it pulls nothing back
    assert [e.track_id for e in elsewhere.queue.upcoming] == [e.track_id for e in liked.queue.upcoming]


def test_a_disliked_song_is_not_chosen_and_comes_back_with_its_undo(desk: Desk, shelf: tuple[Track, ...]) -> None:
    booth = do(desk, Booth(), "play", track=shelf[0].id)
    gone = booth.queue.upcoming[0].track_id
    disliked = do(desk, booth, "dislike", track=gone)
    assert gone not in disliked.queue.track_ids
    assert len(disliked.queue.upcoming) == CHOICE.queue_ahead
    assert do(desk, disliked, "dislike", track=gone).queue.upcoming[0].track_id == gone
    cleared = do(desk, booth, "clear")
    assert do(desk, cleared, "like", track=shelf[0].id).queue == cleared.queue  # who wants it short keeps it short


def test_never_again_skips_what_plays_and_drops_what_is_to_come(desk: Desk, shelf: tuple[Track, ...]) -> None:
    booth = do(desk, Booth(), "play", track=shelf[0].id)
    following = booth.queue.upcoming[0]
    there = steer(desk, booth, {"kind": "never", "track": shelf[0].id})
    assert there.booth.queue.current == following
    assert (there.said, there.undo) == ("Never again: “Morning Ferry”", {"act": "allow", "track": shelf[0].id})
    coming = there.booth.queue.upcoming[1].track_id
    dropped = do(desk, there.booth, "never", track=coming)
    assert coming not in dropped.queue.track_ids
    assert dropped.queue.current == following
    assert len(dropped.queue.upcoming) == CHOICE.queue_ahead
    assert desk.services.listening.bans() == {shelf[0].id, coming}
    assert do(desk, do(desk, Booth(), "play", track=shelf[5].id), "refresh").queue.track_ids.count(coming) == 0
    do(desk, dropped, "allow", track=coming)
    assert desk.services.listening.bans() == {shelf[0].id}


def test_queue_edits_are_noted_and_undone(desk: Desk, shelf: tuple[Track, ...]) -> None:
    booth = do(desk, Booth(), "play", track=shelf[0].id)
    gone = booth.queue.upcoming[1]
    before = booth.queue.upcoming[0].track_id
    title = desk.services.track(gone.track_id).info.title
    removed = do(desk, booth, "remove", entry=gone.id)
    do(desk, removed, "undo")
    assert noted(desk) == [("removed", title), ("queued", title)]
    events = desk.services.listening._library.events.all().events  # type: ignore[attr-defined]
    assert {(event.before_id, event.origin) for event in events} == {(before, "chosen"), (before, "picked")}
    do(desk, booth, "add", track=shelf[11].id)
    assert noted(desk)[2:] == [("queued", "Late Return")]


def test_what_cannot_be_noted_does_not_stop_the_music(
    desk: Desk, shelf: tuple[Track, ...], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    booth = do(desk, Booth(), "play", track=shelf[0].id)

    def full(*_: object, **__: object) -> None:
        raise LibraryError("the disk is full", remedy="Free some space")

    monkeypatch.setattr(type(desk.services.listening), "note", full)
    removed = do(desk, booth, "remove", entry=booth.queue.upcoming[0].id)
    assert len(removed.queue.upcoming) == CHOICE.queue_ahead
    assert "the disk is full" in caplog.text
    with pytest.raises(LibraryError):
        do(desk, booth, "like", track=shelf[0].id)  # that was all that was wanted


def test_forgetting_says_how_much_that_was(desk: Desk, shelf: tuple[Track, ...]) -> None:
    do(desk, Booth(), "like", track=shelf[0].id)
    do(desk, Booth(), "never", track=shelf[1].id)
    assert steer(desk, Booth(), {"kind": "forget"}).said == "2 plays, skips and ratings are forgotten"
    assert desk.services.listening.ratings() == {}
    assert desk.services.listening.bans() == {shelf[1].id}
