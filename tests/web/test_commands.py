from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.config import CHOICE, QUEUE
from segue.errors import ParameterError, SegueError, UnknownTrackError
from segue.services import Services
from segue.values import Track, TrackId
from segue.web.booth import ASKED, Booth, booth_from_json, booth_to_json
from segue.web.commands import steer
from segue.web.growing import Desk, Outcome
from segue.web.layout.queue import queue_list
from tests.web.stand_in import StandIn, write_chord


def do(desk: Desk, booth: Booth, kind: str, **details: Any) -> Booth:
    return steer(desk, booth, {"kind": kind, **details}).booth


def titles(desk: Desk, booth: Booth) -> list[str]:
    return [track.info.title for track in desk.services.tracks_of([e.track_id for e in booth.queue.upcoming])]


def test_a_click_plays_the_song_and_fills_the_queue(desk: Desk, shelf: tuple[Track, ...]) -> None:
    booth = do(desk, Booth(), "play", track=shelf[3].id)
    assert booth.queue.current is not None
    assert (booth.queue.current.track_id, booth.queue.current.origin) == (shelf[3].id, "picked")
    assert len(booth.queue.upcoming) == CHOICE.queue_ahead
    assert all(entry.origin == "chosen" and entry.why for entry in booth.queue.upcoming)
    assert len(set(booth.queue.track_ids)) == len(booth.queue.entries)


def test_what_follows_goes_with_the_picked_song_and_not_with_those_before_it(
    desk: Desk, shelf: tuple[Track, ...]
) -> None:
    """With lookback 3 the two songs before the pick would otherwise pull what follows back to themselves."""
    booth = do(desk, do(desk, Booth(), "play", track=shelf[0].id), "play", track=shelf[11].id)
    fresh = do(desk, Booth(), "play", track=shelf[11].id)
    assert booth.queue.upcoming[0].track_id == fresh.queue.upcoming[0].track_id


def test_two_events_for_one_end_skip_once(desk: Desk, shelf: tuple[Track, ...]) -> None:
    booth = do(desk, Booth(), "play", track=shelf[0].id)
    ended, following = booth.queue.current_id, booth.queue.upcoming[0].id
    booth = do(desk, do(desk, booth, "advance", entry=ended), "advance", entry=ended)
    assert booth.queue.current_id == following
    assert len(booth.queue.upcoming) == CHOICE.queue_ahead


def test_undo_takes_back_a_click_and_leaves_nothing_of_it(desk: Desk, shelf: tuple[Track, ...]) -> None:
    before = do(desk, Booth(), "play", track=shelf[0].id)
    after = do(desk, do(desk, before, "play", track=shelf[9].id), "undo")
    assert after.queue.entries == before.queue.entries
    assert after.queue.current_id == before.queue.current_id


@pytest.mark.parametrize("kind", ["advance", "refresh", "add", "like", "settings"])
def test_a_click_that_was_taken_back_sets_no_direction(desk: Desk, shelf: tuple[Track, ...], kind: str) -> None:
    """The direction began at an entry that was gone, and every choice then failed with "lookback is 0"."""
    played = do(desk, do(desk, Booth(), "play", track=shelf[0].id), "play", track=shelf[9].id)
    undone = do(desk, played, "undo")
    details = {"entry": undone.queue.current_id, "track": shelf[5].id, "lookback": 2, "noise": 0.0}
    onward = do(desk, undone, kind, **details)
    assert len(onward.queue.upcoming) == CHOICE.queue_ahead
    assert do(desk, undone, "redo").start == played.start


def test_a_queue_goes_on_where_its_first_song_is_taken_out_or_has_left_it(
    desk: Desk, shelf: tuple[Track, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where it was taken back."""
    booth = do(desk, do(desk, Booth(), "play", track=shelf[0].id), "play", track=shelf[9].id)
    without = do(desk, booth, "remove", entry=booth.queue.current_id)
    assert len(without.queue.upcoming) == CHOICE.queue_ahead
    monkeypatch.setattr("segue.play.playqueue.QUEUE", replace(QUEUE, longest_entries=8))
    for _ in range(4):
        booth = do(desk, booth, "advance", entry=booth.queue.current_id)
    assert shelf[9].id not in booth.queue.track_ids
    assert len(do(desk, booth, "refresh").queue.upcoming) == CHOICE.queue_ahead


def test_picked_songs_stand_before_chosen_ones(desk: Desk, shelf: tuple[Track, ...]) -> None:
    booth = do(desk, Booth(), "play", track=shelf[0].id)
    booth = do(desk, booth, "add", track=shelf[10].id)
    booth = do(desk, booth, "add", track=shelf[11].id)
    booth = do(desk, booth, "play_next", track=shelf[9].id)
    assert [e.track_id for e in booth.queue.upcoming[:3]] == [shelf[9].id, shelf[10].id, shelf[11].id]
    assert [e.origin for e in booth.queue.upcoming] == ["picked"] * 3 + ["chosen"] * 2


def test_the_settings_choose_anew_what_was_chosen_only(desk: Desk, shelf: tuple[Track, ...]) -> None:
    booth = do(desk, do(desk, Booth(), "play", track=shelf[0].id), "add", track=shelf[11].id)
    drunk = do(desk, booth, "settings", lookback=1, noise=1.0)
    assert (drunk.lookback, drunk.noise) == (1, 1.0)
    assert drunk.queue.upcoming[0] == booth.queue.upcoming[0] or drunk.queue.upcoming[0].track_id == shelf[11].id
    assert [e.track_id for e in drunk.queue.upcoming[1:]] != [e.track_id for e in booth.queue.upcoming[1:]]
    assert drunk.queue.current == booth.queue.current


def test_settings_that_change_no_song_leave_no_step_to_undo(desk: Desk, shelf: tuple[Track, ...]) -> None:
    booth = do(desk, Booth(), "play", track=shelf[0].id)
    same = do(desk, booth, "settings", lookback=booth.lookback, noise=booth.noise)
    assert same.queue == booth.queue


def test_a_removed_song_is_not_chosen_again_until_it_is_put_back(desk: Desk, shelf: tuple[Track, ...]) -> None:
    booth = do(desk, Booth(), "play", track=shelf[0].id)
    gone = booth.queue.upcoming[0]
    removed = do(desk, booth, "remove", entry=gone.id)
    assert gone.track_id not in removed.queue.track_ids
    assert len(removed.queue.upcoming) == CHOICE.queue_ahead
    assert gone.track_id in removed.never
    assert gone.track_id not in do(desk, removed, "undo").never


def test_clear_leaves_the_song_that_plays_and_the_next_end_goes_on(desk: Desk, shelf: tuple[Track, ...]) -> None:
    booth = do(desk, do(desk, Booth(), "play", track=shelf[0].id), "clear")
    assert booth.queue.upcoming == ()
    onward = do(desk, booth, "advance", entry=booth.queue.current_id)
    assert onward.queue.position == 1
    assert len(onward.queue.upcoming) == CHOICE.queue_ahead


def test_jump_and_back_move_the_playhead(desk: Desk, shelf: tuple[Track, ...]) -> None:
    booth = do(desk, Booth(), "play", track=shelf[0].id)
    there = do(desk, booth, "jump", entry=booth.queue.upcoming[2].id)
    assert there.queue.position == 3
    assert do(desk, there, "back", entry=there.queue.current_id).queue.position == 2
    assert do(desk, there, "back", entry=1).queue.position == 3


def test_a_dropped_file_starts_a_queue_that_goes_with_it(desk: Desk, services: StandIn) -> None:
    seed = services.drop(write_chord(services.data.parent / "mine.wav", 333.0), name="mine.wav")
    booth = do(desk, Booth(), "seed", token=seed.token, name="mine")
    assert booth.start is not None
    assert booth.start.name == "mine"
    assert booth.queue.current is not None
    assert booth.queue.current.origin == "chosen"
    assert len(booth.queue.upcoming) == CHOICE.queue_ahead


def test_a_dropped_file_of_the_library_is_played_itself(desk: Desk, shelf: tuple[Track, ...]) -> None:
    booth = do(desk, Booth(), "seed", token=shelf[4].id, name="x")
    assert booth.queue.current is not None
    assert booth.queue.current.track_id == shelf[4].id


def test_a_queue_outlives_a_server_that_forgot_the_dropped_file(desk: Desk, services: StandIn) -> None:
    seed = services.drop(write_chord(services.data.parent / "mine.wav", 333.0), name="mine.wav")
    booth = do(desk, Booth(), "seed", token=seed.token, name="mine")
    services.dropped.clear()
    assert len(do(desk, booth, "advance", entry=booth.queue.current_id).queue.upcoming) == CHOICE.queue_ahead
    with pytest.raises(UnknownTrackError):
        do(desk, Booth(), "seed", token=seed.token, name="mine")


def test_new_songs_may_take_the_place_of_chosen_ones_and_not_of_picked_ones(desk: Desk, services: StandIn) -> None:
    """What was chosen out of the first songs of a scan used to stay, however badly it went with the song."""
    whole = services.shelf
    services.shelf = (whole[0], whole[-1], whole[-2])
    booth = do(desk, do(desk, Booth(), "play", track=whole[0].id), "add", track=whole[-1].id)
    services.shelf = whole
    better = do(desk, booth, "refresh")
    fresh = do(desk, do(desk, Booth(), "play", track=whole[0].id), "add", track=whole[-1].id)
    tracks = [entry.track_id for entry in better.queue.upcoming]
    assert tracks == [entry.track_id for entry in fresh.queue.upcoming]
    assert tracks[0] == whole[-1].id
    assert do(desk, better, "refresh") == better


def test_a_small_library_ends_with_a_reason_and_without_repeats(desk: Desk, services: StandIn) -> None:
    services.shelf = services.shelf[:3]
    outcome: Outcome = steer(desk, Booth(), {"kind": "play", "track": services.shelf[0].id})
    assert len(outcome.booth.queue.entries) == 3
    assert outcome.ended is not None
    assert outcome.ended.startswith("Nothing else is left to play")


@pytest.mark.parametrize(
    "command",
    [
        {"kind": "fly"},
        {"kind": None},
        {"kind": "play", "track": "../../etc/passwd"},
        {"kind": "play"},
        {"kind": "play", "track": "0" * 16},
        {"kind": "jump", "entry": "1"},
        {"kind": "jump", "entry": 99},
        {"kind": "remove", "entry": True},
        {"kind": "settings", "lookback": 11, "noise": 0},
        {"kind": "settings", "lookback": 3, "noise": -0.1},
        {"kind": "settings", "lookback": 3, "noise": float("nan")},
        {"kind": "seed", "token": "drop:zz"},
    ],
    ids=str,
)
def test_nonsense_is_refused_in_words(desk: Desk, command: dict[str, Any]) -> None:
    with pytest.raises(SegueError, match=r"\. "):
        steer(desk, Booth(), command)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_any_series_of_commands_leaves_a_booth_that_can_be_kept(data: st.DataObject, shelf: tuple[Track, ...]) -> None:
    with closing(StandIn(shelf[0].paths[0].parent, shelf)) as services:
        _command_at_random(data, Desk(services, np.random.default_rng(1)), shelf)  # type: ignore[arg-type]


def _command_at_random(data: st.DataObject, desk: Desk, shelf: tuple[Track, ...]) -> None:
    booth = Booth()
    for _ in range(data.draw(st.integers(1, 8))):
        kind = data.draw(
            st.sampled_from(
                ["play", "add", "play_next", "advance", "back", "remove", "undo", "redo", "clear", "refresh"]
            )
        )
        entries = [entry.id for entry in booth.queue.entries] or [1]
        entry = booth.queue.current_id if kind in ("advance", "back") else data.draw(st.sampled_from(entries))
        try:
            booth = do(desk, booth, kind, track=data.draw(st.sampled_from(shelf)).id, entry=entry)
        except ParameterError:
            continue
        assert booth_from_json(json.loads(json.dumps(booth_to_json(booth)))) == booth
        chosen = [e.track_id for e in booth.queue.upcoming if e.origin == "chosen"]
        assert not set(chosen) & set(booth.never)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("queue", {}),
        ("start", [1]),
        ("start", ["x", "", ""]),
        ("start", [1, "drop:nothing", ""]),
        ("start", [1, "", 7]),
        ("refused", ["../x"]),
        ("refused", "all"),
        ("lookback", 0),
        ("noise", "much"),
    ],
)
def test_a_damaged_booth_is_refused(part: str, value: object) -> None:
    with pytest.raises(ParameterError):
        booth_from_json({**booth_to_json(Booth()), part: value})


def test_a_booth_with_other_parts_is_refused() -> None:
    for value in ([], "x", {"queue": 1}):
        with pytest.raises(ParameterError, match="damaged"):
            booth_from_json(value)
    assert booth_from_json(None) == Booth()


def test_a_list_plays_in_its_order_and_one_undo_takes_it_back(desk: Desk, shelf: tuple[Track, ...]) -> None:
    before = do(desk, Booth(), "play", track=shelf[0].id)
    wanted = [shelf[5].id, shelf[2].id, shelf[8].id]
    after = do(desk, before, "play_list", tracks=wanted)
    current = after.queue.current
    assert current is not None
    assert [current.track_id, *(e.track_id for e in after.queue.upcoming)][:3] == wanted
    undone = do(desk, after, "undo")
    assert undone.queue.track_ids == before.queue.track_ids


def test_a_list_is_added_behind_what_was_picked(desk: Desk, shelf: tuple[Track, ...]) -> None:
    booth = do(desk, do(desk, Booth(), "play", track=shelf[0].id), "add", track=shelf[6].id)
    booth = do(desk, booth, "add_list", tracks=[shelf[9].id, shelf[3].id])
    picked = [e.track_id for e in booth.queue.upcoming if e.origin == "picked"]
    assert picked == [shelf[6].id, shelf[9].id, shelf[3].id]


@pytest.mark.parametrize("tracks", [None, "x", [1], ["0" * 16], ["0" * 16] * 3000])
def test_a_list_of_nothing_known_is_refused(desk: Desk, tracks: Any) -> None:
    with pytest.raises(ParameterError):
        do(desk, Booth(), "play_list", tracks=tracks)


def test_a_moved_song_stays_and_so_does_what_stands_before_it(desk: Desk, shelf: tuple[Track, ...]) -> None:
    booth = do(desk, Booth(), "play", track=shelf[0].id)
    before = [entry.track_id for entry in booth.queue.upcoming]
    moved = do(desk, booth, "move", entry=booth.queue.upcoming[3].id, to=1)
    after = [entry.track_id for entry in moved.queue.upcoming]
    assert after == [before[0], before[3], before[1], before[2], before[4]]
    assert [entry.origin for entry in moved.queue.upcoming[:3]] == ["picked", "picked", "chosen"]
    again = do(desk, moved, "settings", lookback=7, noise=0.9)
    assert [entry.track_id for entry in again.queue.upcoming][:2] == after[:2]
    assert [entry.track_id for entry in do(desk, moved, "undo").queue.upcoming] == before
    for to in (None, True, "1"):
        with pytest.raises(ParameterError, match="no place"):
            do(desk, booth, "move", entry=booth.queue.upcoming[0].id, to=to)
    with pytest.raises(ParameterError, match="begun already"):
        do(desk, booth, "move", entry=booth.queue.current_id, to=0)


def test_an_undo_that_is_pressed_twice_does_no_more_than_one(desk: Desk, shelf: tuple[Track, ...]) -> None:
    """It sent the like again, which the second press brought back."""
    booth = do(desk, Booth(), "play", track=shelf[0].id)
    liked = steer(desk, booth, {"kind": "like", "track": shelf[0].id})
    assert liked.undo is not None
    back = {"kind": liked.undo["act"], "track": liked.undo["track"], "rating": liked.undo["rating"] or None}
    for _ in range(2):
        booth = steer(desk, booth, back).booth
        assert desk.services.listening.ratings() == {}
    do(desk, booth, "dislike", track=shelf[0].id)
    changed = steer(desk, booth, {"kind": "like", "track": shelf[0].id})
    assert changed.undo is not None
    assert changed.undo["rating"] == "disliked"


def test_a_queue_goes_towards_a_song_and_away_from_it(desk: Desk, shelf: tuple[Track, ...]) -> None:
    booth = do(desk, do(desk, Booth(), "play", track=shelf[0].id), "settings", lookback=1, noise=0.0)
    plain = [entry.track_id for entry in booth.queue.upcoming]
    towards = do(desk, booth, "steer_by", track=shelf[9].id, way="more")
    assert (towards.pulls, towards.pushes) == ((shelf[9].id,), ())
    assert [entry.track_id for entry in towards.queue.upcoming] != plain
    assert booth_from_json(json.loads(json.dumps(booth_to_json(towards)))) == towards
    away = do(desk, towards, "steer_by", track=shelf[9].id, way="less")
    assert (away.pulls, away.pushes) == ((), (shelf[9].id,))
    none = do(desk, away, "steer_by", track=shelf[9].id, way="none")
    assert (none.pulls, none.pushes) == ((), ())
    assert [entry.track_id for entry in none.queue.upcoming] == plain


def test_a_booth_that_was_kept_before_queues_could_be_steered_is_taken(desk: Desk, shelf: tuple[Track, ...]) -> None:
    body = booth_to_json(do(desk, Booth(), "play", track=shelf[0].id))
    del body["pulls"], body["pushes"]
    assert booth_from_json(body).pulls == ()
    with pytest.raises(ParameterError, match="damaged"):
        booth_from_json(body | {"pulls": ["x"]})


def test_a_queue_of_which_all_has_left_the_library_begins_anew_and_says_so(
    house: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another folder took the place of all that played: the music stopped, with songs there to play."""
    for name in ("_REFRESH_S", "_REFRESH_SHARE"):
        monkeypatch.setattr(f"segue.choosing.{name}", 0.0)
    desk = Desk(house, np.random.default_rng(7))
    first, *others = house.library.tracks()
    booth = do(desk, do(desk, Booth(), "play", track=first.id), "clear")
    house.library.forget_paths(list(first.paths))
    onward = do(desk, booth, "advance", entry=booth.queue.current_id)
    assert onward.queue.current is not None
    assert onward.queue.current.track_id in {track.id for track in others}
    assert onward.queue.current.why.startswith("The songs before it have left the library")
    assert all("left the library" not in entry.why for entry in onward.queue.upcoming)
    for track in others:
        house.listening.ban(track.id)
    outcome = steer(desk, booth, {"kind": "refresh"})
    assert outcome.booth.queue.upcoming == ()
    assert outcome.ended == "These songs have left the library, and by your rules none that is here may come"


def test_a_song_asked_for_by_others_is_not_the_listeners_own_pick(desk: Desk, shelf: tuple[Track, ...]) -> None:
    booth = do(desk, do(desk, Booth(), "play", track=shelf[0].id), "add", track=shelf[9].id, asked=True)
    booth = do(desk, booth, "add", track=shelf[10].id)
    assert [entry.why for entry in booth.queue.upcoming[:2]] == [ASKED, ""]


def test_a_song_that_has_left_the_library_steers_no_more(desk: Desk, shelf: tuple[Track, ...]) -> None:
    """Chips read “More like No longer in the library” after the demo had made way."""
    booth = do(desk, Booth(), "play", track=shelf[0].id)
    steered = replace(booth, pulls=(shelf[9].id, TrackId("0" * 16)), pushes=(TrackId("1" * 16),))
    here = steered.steered_among({shelf[9].id})
    assert (here.pulls, here.pushes) == ((shelf[9].id,), ())
    chips = queue_list(
        steered.queue, {shelf[9].id: shelf[9]}, steered_by={shelf[9].id: "more", TrackId("1" * 16): "less"}
    )
    told = json.dumps(chips, default=lambda value: value.to_plotly_json())
    assert f"More like {shelf[9].info.title}" in told
    assert "Less like" not in told
