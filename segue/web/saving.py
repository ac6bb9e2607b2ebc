"""What the listener saves of a queue, and plays again: playlists of its songs, and radios that go on as it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from segue.errors import ParameterError
from segue.lists import SavedList
from segue.play.playqueue import Queue, Song
from segue.profiles import Beginning, Profile
from segue.values import EntryId, TrackId
from segue.web import present
from segue.web.booth import RADIO, Booth, start_at
from segue.web.growing import Desk, Outcome, begun, choose, picked_songs, restarted, with_picks
from segue.words import say

_RADIO_SONGS = 10  # that a radio chooses where it is asked for a list, as by `segue profile play` and by apps
_SEEDS_CHOSEN = 10  # songs that a radio begins from where the listener picked none


def _save_list(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Keep the songs of the queue under a name: from the one that plays on, or with what has played."""
    lists, name = desk.services.lists, _text(command, "name")
    before = lists.named(name)
    played, ahead = _played(booth.queue), [entry.track_id for entry in booth.queue.upcoming]
    tracks = list(dict.fromkeys([*(played if command.get("played") == "yes" else played[-1:]), *ahead]))
    saved = lists.save(name, tracks)
    way = (lambda: lists.delete(saved.id)) if before is None else (lambda: lists.put(before))
    return _done(desk, booth, say("Saved as “{name}”: {songs}", name=saved.name, songs=present.songs(len(tracks))), way)


def _rename_list(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    lists, held = desk.services.lists, _list(desk, command)
    renamed = lists.change(held.id, name=_text(command, "name"))
    said = say("“{name}” is called “{new}”", name=held.name, new=renamed.name)
    undo = {"act": "rename_list", "list": held.id, "name": held.name}
    return Outcome(booth, said=said, undo=undo)


def _delete_list(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    lists, held = desk.services.lists, _list(desk, command)
    lists.delete(held.id)
    return _done(desk, booth, say("“{name}” is deleted", name=held.name), lambda: lists.put(held))


def _play_saved(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Play a saved list from its first song on; what follows goes with it."""
    songs = _songs(desk, _list(desk, command))
    return restarted(desk, replace(booth, start=start_at(EntryId(booth.queue.next_id))), songs)


def _add_saved(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Put the songs of a saved list after those already picked."""
    held = _list(desk, command)
    outcome = with_picks(desk, booth, [*picked_songs(booth.queue), *_songs(desk, held)])
    return replace(outcome, said=say("“{name}” is in the queue", name=held.name), undo={"act": "undo"})


def _save_radio(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Keep what the queue began from, and how it goes on, under a name."""
    profiles, name = desk.services.profiles, _text(command, "name")
    before = profiles.all().profiles
    booth = replace(booth, start=booth.start_among(booth.queue.entries))
    spec = replace(begun(desk, booth).spec, count=_RADIO_SONGS)
    saved = profiles.save(name, Profile(_beginnings(desk, booth), spec))
    held = next((other for other in before if other.casefold() == saved.casefold()), None)
    words = say("Radio “{name}” is saved", name=saved)
    if held is None:
        return _done(desk, booth, words, lambda: profiles.remove(saved))
    return _done(desk, booth, words, lambda: profiles.save(held, before[held]))


def _rename_radio(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Call a radio otherwise; a queue that goes by it still does."""
    profiles, held = desk.services.profiles, desk.services.profiles.find(_text(command, "radio"))[0]
    name = profiles.rename(held, _text(command, "name"))
    if booth.start is not None and booth.start.token == RADIO and booth.start.name == held:
        booth = replace(booth, start=replace(booth.start, name=name))
    undo = {"act": "rename_radio", "radio": name, "name": held}
    return Outcome(booth, said=say("“{name}” is called “{new}”", name=held, new=name), undo=undo)


def _delete_radio(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    profiles, (held, profile) = desk.services.profiles, desk.services.profiles.find(_text(command, "radio"))
    profiles.remove(held)
    return _done(desk, booth, say("Radio “{name}” is deleted", name=held), lambda: profiles.save(held, profile))


def _play_radio(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Play songs that a radio chooses, and go on by its rules until the listener sets another direction."""
    radio = desk.services.profiles.begins(_text(command, "radio"))
    start = start_at(EntryId(booth.queue.next_id), token=RADIO, name=radio.name)
    lookback, noise = radio.spec.lookback, radio.spec.noise
    tuned = replace(booth, start=start, lookback=lookback, noise=noise, pulls=(), pushes=())
    heard = booth.queue.entries[: len(booth.queue.entries) - len(booth.queue.upcoming)]
    chosen = choose(desk, tuned, heard, 1)
    if not chosen.songs:
        return Outcome(booth, chosen.ended)
    return restarted(desk, tuned, chosen.songs)


def _take_back(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Take back what was done to what is saved; the same word does so once."""
    desk.services.backs.take(_text(command, "word"))
    return Outcome(booth, said=say("Taken back"))


SAVING: Mapping[str, Callable[[Desk, Booth, Mapping[str, Any]], Outcome]] = {
    "save_list": _save_list,
    "rename_list": _rename_list,
    "delete_list": _delete_list,
    "play_saved": _play_saved,
    "add_saved": _add_saved,
    "save_radio": _save_radio,
    "rename_radio": _rename_radio,
    "delete_radio": _delete_radio,
    "play_radio": _play_radio,
    "take_back": _take_back,
}
"""The commands of what is saved, by their kinds."""


def _done(desk: Desk, booth: Booth, said: str, way: Callable[[], object]) -> Outcome:
    return Outcome(booth, said=said, undo={"act": "take_back", "word": desk.services.backs.note(way)})


def _list(desk: Desk, command: Mapping[str, Any]) -> SavedList:
    return desk.services.lists.get(_text(command, "list"))


def _songs(desk: Desk, held: SavedList) -> list[Song]:
    """The songs of a list that the library still holds; raises ParameterError if it holds none."""
    songs = [Song(track.id) for track in desk.services.tracks_of(held.tracks)]
    if not songs:
        what = say("the library holds no song of “{name}”", name=held.name)
        raise ParameterError(what, remedy=say("Scan their folder again"))
    return songs


def _beginnings(desk: Desk, booth: Booth) -> tuple[Beginning, ...]:
    """What the queue began from, as far as the library holds it, and what was picked since; else what played last."""
    entries, start = booth.queue.entries, booth.start
    since = entries if start is None else tuple(entry for entry in entries if entry.id >= start.entry_id)
    seeds = [TrackId(seed) for seed in begun(desk, booth).seeds]
    seeds += [entry.track_id for entry in since if entry.origin == "picked"]
    tracks = desk.services.tracks_of(list(dict.fromkeys(seeds)))
    if not tracks:
        tracks = desk.services.tracks_of(_played(booth.queue)[-_SEEDS_CHOSEN:])
    return tuple(Beginning(track.id, f"{present.artist_of(track)} - {track.info.title}") for track in tracks)


def _played(queue: Queue) -> list[TrackId]:
    """What has played, and what plays."""
    return [entry.track_id for entry in (*queue.played, *filter(None, [queue.current]))]


def _text(command: Mapping[str, Any], name: str) -> str:
    text = command.get(name)
    if not isinstance(text, str) or not text.strip():
        raise ParameterError(say("a name is missing"), remedy=say("Give it one"))
    return text
