"""Commands on what is saved: playlists, and radios that a queue goes by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from segue.choose.playlist import ContinueSpec
from segue.choose.schedule import read_slot
from segue.config import QUEUE
from segue.errors import ParameterError, UnknownTrackError
from segue.profiles import Beginning, Profile
from segue.values import Track, TrackId
from segue.web.booth import Booth, Start, booth_from_json, booth_to_json
from segue.web.commands import steer
from segue.web.growing import Desk, Outcome
from tests.web.stand_in import StandIn


@pytest.fixture
def desk(services: StandIn) -> Desk:
    return Desk(services, np.random.default_rng(7))  # type: ignore[arg-type]


def did(desk: Desk, booth: Booth, kind: str, **details: Any) -> Outcome:
    return steer(desk, booth, {"kind": kind, **details})


def do(desk: Desk, booth: Booth, kind: str, **details: Any) -> Booth:
    return did(desk, booth, kind, **details).booth


def undo(desk: Desk, outcome: Outcome) -> Booth:
    """Press the button of the message."""
    assert outcome.undo is not None
    details = dict(outcome.undo)
    return do(desk, outcome.booth, details.pop("act"), **details)


def playing(desk: Desk, track: Track) -> Booth:
    return do(desk, Booth(), "play", track=track.id)


def test_a_queue_is_saved_played_and_added(desk: Desk, services: StandIn, shelf: tuple[Track, ...]) -> None:
    booth = playing(desk, shelf[3])
    outcome = did(desk, booth, "save_list", name="Sunday")
    (saved,) = services.lists.all()
    assert (saved.name, saved.tracks) == ("Sunday", booth.queue.track_ids)
    assert outcome.said == "Saved as “Sunday”: 6 songs"
    played = do(desk, playing(desk, shelf[11]), "play_saved", list=saved.id)
    assert played.queue.current is not None
    assert played.queue.current.track_id == shelf[3].id
    assert [e.track_id for e in played.queue.upcoming[:5]] == list(saved.tracks[1:6])
    added = did(desk, playing(desk, shelf[11]), "add_saved", list=saved.id)
    assert [e.track_id for e in added.booth.queue.upcoming] == list(saved.tracks)
    assert undo(desk, added).queue.entries == playing(desk, shelf[11]).queue.entries
    undo(desk, outcome)
    assert services.lists.all() == ()


def test_what_has_played_is_saved_only_if_that_is_wished(
    desk: Desk, services: StandIn, shelf: tuple[Track, ...]
) -> None:
    """A list held what had been skipped and disliked before it was saved."""
    booth = playing(desk, shelf[3])
    booth = do(desk, booth, "advance", entry=booth.queue.current_id)
    did(desk, booth, "save_list", name="Onward", played="no")
    did(desk, booth, "save_list", name="Whole", played="yes")
    saved = {one.name: one.tracks for one in services.lists.all()}
    assert saved == {"Onward": booth.queue.track_ids[1:], "Whole": booth.queue.track_ids}


def test_what_was_saved_under_the_name_comes_back_by_undo(
    desk: Desk, services: StandIn, shelf: tuple[Track, ...]
) -> None:
    did(desk, playing(desk, shelf[0]), "save_list", name="Sunday")
    (before,) = services.lists.all()
    again = did(desk, playing(desk, shelf[9]), "save_list", name="sunday")
    undo(desk, again)
    assert services.lists.all() == (before,)


def test_a_list_is_renamed_and_deleted_and_both_are_taken_back(
    desk: Desk, services: StandIn, shelf: tuple[Track, ...]
) -> None:
    did(desk, playing(desk, shelf[0]), "save_list", name="Sunday")
    (saved,) = services.lists.all()
    renamed = did(desk, Booth(), "rename_list", list=saved.id, name="Monday")
    assert renamed.said == "“Sunday” is called “Monday”"
    undo(desk, renamed)
    assert services.lists.all() == (saved,)
    deleted = did(desk, Booth(), "delete_list", list=saved.id)
    assert services.lists.all() == ()
    undo(desk, deleted)
    assert services.lists.all() == (saved,)


def test_songs_that_have_left_are_passed_over(desk: Desk, services: StandIn, shelf: tuple[Track, ...]) -> None:
    saved = services.lists.save("Sunday", [shelf[0].id, shelf[1].id])
    services.shelf = shelf[1:]
    booth = do(desk, Booth(), "play_saved", list=saved.id)
    assert booth.queue.entries[0].track_id == shelf[1].id
    services.shelf = shelf[2:]
    with pytest.raises(ParameterError, match="the library holds no song of “Sunday”"):
        do(desk, Booth(), "play_saved", list=saved.id)


def test_a_radio_keeps_picks_dials_and_what_the_queue_goes_by(
    desk: Desk, services: StandIn, shelf: tuple[Track, ...]
) -> None:
    booth = do(desk, playing(desk, shelf[2]), "add", track=shelf[6].id)
    booth = do(desk, booth, "settings", lookback=2, noise=0.25)
    booth = do(desk, booth, "steer_by", track=shelf[8].id, way="more")
    did(desk, booth, "save_radio", name="Evening")
    radio = services.profiles.get("evening")
    assert [seed.track_id for seed in radio.seeds] == [shelf[2].id, shelf[6].id]
    assert radio.seeds[0].name == f"{shelf[2].info.artist} - {shelf[2].info.title}"
    assert (radio.spec.lookback, radio.spec.noise, radio.spec.more_like) == (2, 0.25, {shelf[8].id})
    tuned = do(desk, Booth(), "play_radio", radio="evening")
    assert (tuned.lookback, tuned.noise, tuned.pulls) == (2, 0.25, ())
    assert tuned.queue.current is not None
    assert tuned.queue.current.origin == "chosen"
    assert tuned.queue.current.why


def test_a_radio_goes_on_by_its_rules_until_another_direction_is_set(
    desk: Desk, services: StandIn, shelf: tuple[Track, ...]
) -> None:
    never = frozenset((shelf[1].id, shelf[2].id))
    spec = ContinueSpec(never=never)
    services.profiles.save("Evening", Profile((Beginning(shelf[0].id, "a song"),), spec))
    booth = booth_from_json(booth_to_json(do(desk, Booth(), "play_radio", radio="Evening")))
    for _ in range(4):
        booth = do(desk, booth, "advance", entry=booth.queue.current_id)
    assert not never & set(booth.queue.track_ids)
    elsewhere = do(desk, booth, "play", track=shelf[0].id)
    assert never <= {entry.track_id for entry in elsewhere.queue.upcoming}


@pytest.fixture
def evening(services: StandIn, shelf: tuple[Track, ...]) -> frozenset[TrackId]:
    """The songs that the radio "Evening" never plays."""
    never = frozenset((shelf[1].id, shelf[2].id))
    services.profiles.save("Evening", Profile((Beginning(shelf[0].id, "a song"),), ContinueSpec(never=never)))
    return never


def test_a_radio_that_was_taken_back_has_no_say(
    desk: Desk, services: StandIn, shelf: tuple[Track, ...], evening: frozenset[TrackId]
) -> None:
    """Its seeds and its rules went on to choose, and were kept in what was saved."""
    before = playing(desk, shelf[3])
    tuned = do(desk, before, "play_radio", radio="Evening")
    undone = do(desk, do(desk, tuned, "undo"), "clear")
    onward = do(desk, undone, "advance", entry=undone.queue.current_id)
    plain = do(desk, do(desk, before, "clear"), "advance", entry=before.queue.current_id)
    assert onward.queue.track_ids == plain.queue.track_ids
    do(desk, onward, "save_radio", name="Mine")
    assert services.profiles.get("Mine").spec.never == frozenset()
    assert [seed.track_id for seed in services.profiles.get("Mine").seeds] == [shelf[3].id]
    empty = do(desk, do(desk, Booth(), "play_radio", radio="Evening"), "undo")
    added = do(desk, do(desk, empty, "add", track=shelf[0].id), "advance", entry=None)
    assert evening <= set(added.queue.track_ids)


def test_a_radio_stays_when_its_first_song_is_taken_out_or_has_left_the_queue(
    desk: Desk, shelf: tuple[Track, ...], evening: frozenset[TrackId], monkeypatch: pytest.MonkeyPatch
) -> None:
    booth = do(desk, playing(desk, shelf[11]), "play_radio", radio="Evening")
    booth = do(desk, booth, "remove", entry=booth.queue.current_id)
    assert not evening & set(booth.queue.track_ids)
    monkeypatch.setattr("segue.play.playqueue.QUEUE", replace(QUEUE, longest_entries=7))
    for _ in range(6):
        booth = do(desk, booth, "advance", entry=booth.queue.current_id)
    assert booth.start == Start(booth.queue.entries[0].id, "radio", "Evening")
    assert not evening & set(booth.queue.track_ids)


def test_a_queue_goes_on_where_its_radio_is_gone_and_follows_it_to_another_name(
    desk: Desk, services: StandIn, shelf: tuple[Track, ...]
) -> None:
    services.profiles.save("Evening", Profile((Beginning(shelf[0].id, "a song"),), ContinueSpec()))
    booth = do(desk, Booth(), "play_radio", radio="Evening")
    renamed = did(desk, booth, "rename_radio", radio="Evening", name="Night")
    assert renamed.booth.start is not None
    assert renamed.booth.start.name == "Night"
    back = undo(desk, renamed)
    assert back.start == booth.start
    deleted = did(desk, back, "delete_radio", radio="Evening")
    onward = do(desk, deleted.booth, "advance", entry=deleted.booth.queue.current_id)
    assert len(onward.queue.upcoming) == len(booth.queue.upcoming)
    undo(desk, deleted)
    assert list(services.profiles.all().profiles) == ["Evening"]


def test_a_radio_that_is_saved_again_hands_on_its_times_and_undo_brings_the_old_one_back(
    desk: Desk, services: StandIn, shelf: tuple[Track, ...]
) -> None:
    before = Profile((Beginning(shelf[0].id, "a song"),), ContinueSpec(), (read_slot("Sun 09:00-12:00"),))
    services.profiles.save("Evening", before)
    again = did(desk, playing(desk, shelf[5]), "save_radio", name="evening")
    assert services.profiles.get("Evening").times == before.times
    undo(desk, again)
    assert services.profiles.all().profiles == {"Evening": before}


def test_a_radio_takes_no_name_of_another(desk: Desk, services: StandIn, shelf: tuple[Track, ...]) -> None:
    for name in ("Evening", "Night"):
        services.profiles.save(name, Profile((Beginning(shelf[0].id, "a song"),), ContinueSpec()))
    with pytest.raises(ParameterError, match="another profile is called 'night'"):
        do(desk, Booth(), "rename_radio", radio="Evening", name="night")


def test_a_radio_without_its_songs_says_so(desk: Desk, services: StandIn, shelf: tuple[Track, ...]) -> None:
    services.profiles.save("Evening", Profile((Beginning(shelf[0].id, "a song"),), ContinueSpec()))
    services.shelf = shelf[1:]
    with pytest.raises(UnknownTrackError, match=r"begins from has left the library \(a song\)"):
        do(desk, Booth(), "play_radio", radio="Evening")


@pytest.mark.parametrize(
    ("kind", "name"),
    [("play_saved", "list"), ("delete_list", "list"), ("play_radio", "radio"), ("delete_radio", "radio")],
)
def test_half_a_character_names_nothing_that_is_saved(desk: Desk, kind: str, name: str) -> None:
    with pytest.raises(ParameterError):
        do(desk, Booth(), kind, **{name: "\ud800"})


@pytest.mark.parametrize("kind", ["save_list", "save_radio"])
@pytest.mark.parametrize("name", [None, "", "  ", 3])
def test_without_a_name_nothing_is_saved(desk: Desk, shelf: tuple[Track, ...], kind: str, name: Any) -> None:
    with pytest.raises(ParameterError, match="a name is missing"):
        do(desk, playing(desk, shelf[0]), kind, name=name)
