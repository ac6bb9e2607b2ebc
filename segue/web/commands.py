"""What the listener can do to a booth: each command is a function from one booth to the next.

What is still to come always stands in this order: the songs the listener picked, then those that Segue chose to follow.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from segue.choose.playlist import ContinueSpec
from segue.config import CHOICE, QUEUE
from segue.errors import LibraryError, ParameterError
from segue.play import playqueue
from segue.play.playqueue import Queue, Song, is_track_id
from segue.store.events import EventKind, Rating
from segue.values import EntryId, Origin, TrackId
from segue.web.booth import ASKED, Booth, lookback_from_json, noise_from_json, start_at, token_from_json
from segue.web.booths import booth_of
from segue.web.growing import Desk, Outcome, choose, picked_songs, restarted, songs_of, with_picks
from segue.web.saving import SAVING
from segue.words import number, say

log = logging.getLogger(__name__)


def steer(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Carry out one command; raises SegueError, and the booth is then as it was."""
    kind = command.get("kind")
    action = _ACTIONS.get(kind) if isinstance(kind, str) else None
    if action is None:
        raise ParameterError(say("this page sent a command that Segue does not know"), remedy=say("Reload the page"))
    return action(desk, booth, command)


# The commands ---------------------------------------------------------------------------------------------------------


def _refresh(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:  # noqa: ARG001 - one form for all
    """Choose anew what Segue chose, now that the library has changed; what was picked stays."""
    return with_picks(desk, booth, picked_songs(booth.queue)) if booth.queue.entries else Outcome(booth)


def _fill(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:  # noqa: ARG001 - one form for all
    """Choose songs until enough are ready; what the listener did last can still be undone."""
    queue = booth.queue
    chosen = choose(desk, booth, queue.entries, CHOICE.queue_ahead - len(queue.upcoming))
    return Outcome(booth.going_on(playqueue.append(queue, chosen.songs, undoable=False)), chosen.ended)


def _play(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Play a song now; what follows goes with it."""
    queue, track_id = booth.queue, _known_track(desk, command)
    current = queue.current
    if current is not None and current.track_id == track_id:
        return _fill(desk, booth, command)
    picks = [song for song in picked_songs(queue) if song.track_id != track_id]
    booth = replace(booth, start=start_at(EntryId(queue.next_id)))
    return restarted(desk, booth, [Song(track_id), *picks])


def _play_list(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Play these songs in their order, from the first one on; what follows goes with them."""
    songs = _known_list(desk, command)
    return restarted(desk, replace(booth, start=start_at(EntryId(booth.queue.next_id))), songs)


def _bring(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Go on here with what another booth holds, or was left with."""
    other = booth_of(desk.services, command.get("from")).queue
    entries = [*([other.current] if other.current else []), *other.upcoming]
    there = {track.id for track in desk.services.tracks_of([entry.track_id for entry in entries])}
    songs = [Song(entry.track_id, entry.origin, entry.why) for entry in entries if entry.track_id in there]
    if not songs:
        raise ParameterError(say("there is nothing in that queue"), remedy=say("Choose another"))
    return restarted(desk, replace(booth, start=start_at(EntryId(booth.queue.next_id))), songs)


def _add_list(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Put these songs after those already picked."""
    return with_picks(desk, booth, [*picked_songs(booth.queue), *_known_list(desk, command)])


def _seed(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Play songs that go with a dropped file; one that is in the library is played itself."""
    if is_track_id(command.get("token")):
        return _play(desk, booth, {"track": command["token"]})
    name = command.get("name")
    start = start_at(
        EntryId(booth.queue.next_id),
        token=token_from_json(command.get("token")),
        name=name if isinstance(name, str) else "",
    )
    heard = [entry.track_id for entry in booth.queue.entries if entry not in booth.queue.upcoming]
    wishes = desk.services.choosing.rules.wishes()
    spec = ContinueSpec(count=1, lookback=1, noise=booth.noise, never=booth.never, wishes=wishes)
    found = desk.services.choosing.continue_queue([*heard, start.token], spec, rng=desk.rng)
    if not found.picks:
        return Outcome(booth, found.ended)
    return restarted(desk, replace(booth, start=start), [*songs_of(found), *picked_songs(booth.queue)])


def _play_next(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Put a song right after the one that plays."""
    return _queue(desk, booth, command, first=True)


def _add(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Put a song after those already picked."""
    return _queue(desk, booth, command, first=False)


def _queue(desk: Desk, booth: Booth, command: Mapping[str, Any], *, first: bool) -> Outcome:
    """Put a song before or after those already picked."""
    song = Song(_known_track(desk, command), why=ASKED if command.get("asked") is True else "")
    picked = picked_songs(booth.queue)
    outcome = with_picks(desk, booth, [song, *picked] if first else [*picked, song])
    _note(desk, "queued", song.track_id, before_id=_before(outcome.booth.queue, song.track_id))
    return outcome


def _settings(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Change "Keep on" and "Drunk"; what was chosen is chosen anew, what was picked stays."""
    booth = replace(
        booth, lookback=lookback_from_json(command.get("lookback")), noise=noise_from_json(command.get("noise"))
    )
    return _refresh(desk, booth, command)


def _advance(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Go on from an entry; if the queue has gone on already (two events for one end), do nothing more."""
    if command.get("entry") != booth.queue.current_id:
        return _fill(desk, booth, command)
    filled = _fill(desk, booth, command)
    moved = replace(filled.booth, queue=playqueue.go_next(filled.booth.queue))
    return _fill(desk, moved, command)


def _back(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Go back from an entry to the one before it."""
    if command.get("entry") != booth.queue.current_id:
        return Outcome(booth)
    return _fill(desk, replace(booth, queue=playqueue.go_previous(booth.queue)), command)


def _jump(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Play an entry now."""
    return _fill(desk, replace(booth, queue=playqueue.jump(booth.queue, _entry_id(command))), command)


def _remove(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Take an entry out; a chosen one is not chosen again."""
    entry_id = _entry_id(command)
    gone = [e.track_id for e in booth.queue.entries if e.id == entry_id and e.origin == "chosen"]
    removed = replace(booth.going_on(playqueue.remove(booth.queue, entry_id)), refused=(*booth.refused, *gone))
    for entry in booth.queue.upcoming:
        if entry.id == entry_id:
            before_id = _before(booth.queue, entry.track_id)
            _note(desk, "removed", entry.track_id, before_id=before_id, origin=entry.origin)
    return _fill(desk, removed, command)


def _undo(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:  # noqa: ARG001 - one form for all
    """Take the last change of the queue back; a song that had been removed is then wanted after all."""
    queue = playqueue.undo(booth.queue)
    for track_id in dict.fromkeys(queue.track_ids):
        if track_id in booth.never:
            _note(desk, "queued", track_id, before_id=_before(queue, track_id))
    return Outcome(replace(booth, queue=queue))


def _redo(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:  # noqa: ARG001 - one form for all
    return Outcome(replace(booth, queue=playqueue.redo(booth.queue)))


def _clear(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:  # noqa: ARG001 - one form for all
    """Drop what is to come; the queue fills again when the song that plays has ended."""
    return Outcome(replace(booth, queue=playqueue.clear_upcoming(booth.queue)))


def _restore(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:  # noqa: ARG001 - one form for all
    """Show the queue as it was left."""
    return Outcome(booth)


def _like(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    return _toggle(desk, booth, command, "liked")


def _dislike(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    return _toggle(desk, booth, command, "disliked")


def _toggle(desk: Desk, booth: Booth, command: Mapping[str, Any], rating: Rating) -> Outcome:
    """Like or dislike a song, or take that back if it is so rated already."""
    track_id = _known_track(desk, command)
    was = desk.services.listening.ratings().get(track_id)
    outcome = _rated_as(desk, booth, track_id, None if was == rating else rating)
    if was == rating:
        return outcome
    return replace(outcome, undo={"act": "rate", "track": track_id, "rating": was or ""})


def _rate(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Rate a song so, or not at all, whatever it was: an undo that is pressed twice does no more than one."""
    wanted = command.get("rating")
    rating: Rating | None = "liked" if wanted == "liked" else "disliked" if wanted == "disliked" else None
    return _rated_as(desk, booth, _known_track(desk, command), rating)


def _rated_as(desk: Desk, booth: Booth, track_id: TrackId, rating: Rating | None) -> Outcome:
    """Keep what is thought of a song; what was chosen is chosen anew."""
    desk.services.listening.rate(track_id, rating, before_id=_before(booth.queue, track_id))
    outcome = _refresh(desk, booth, {}) if booth.queue.upcoming else Outcome(booth)
    song = _named(desk, track_id)
    if rating is None:
        return replace(outcome, said=say("Taken back: {song}", song=song))
    words = say("Liked: {song}", song=song) if rating == "liked" else say("Disliked: {song}", song=song)
    return replace(outcome, said=words)


def _steer_by(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Let this queue go towards a song ("more") or away from it ("less"), or no longer ("none")."""
    track_id, way = _known_track(desk, command), command.get("way")
    booth = booth.steered(track_id, way if way in ("more", "less") else "none")
    outcome = _refresh(desk, booth, command) if booth.queue.upcoming else Outcome(booth)
    title = _named(desk, track_id)
    if way == "more":
        return replace(outcome, said=say("More like {title}", title=title))
    if way == "less":
        return replace(outcome, said=say("Less like {title}", title=title))
    return replace(outcome, said=say("No longer by {title}", title=title))


def _move(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:  # noqa: ARG001 - one form for all
    """Move a song that is to come; it, and what stands before it then, stays."""
    to = command.get("to")
    if not isinstance(to, int) or isinstance(to, bool):
        raise ParameterError(say("this page named no place to move to"), remedy=say("Reload the page"))
    return Outcome(replace(booth, queue=playqueue.move(booth.queue, _entry_id(command), to)))


def _never(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Never choose a song again; if it plays the next one comes, and if it is to come it does not."""
    track_id = _known_track(desk, command)
    desk.services.listening.ban(track_id)
    queue, current, is_filled = booth.queue, booth.queue.current, bool(booth.queue.upcoming)
    for entry in queue.upcoming:
        queue = playqueue.remove(queue, entry.id) if entry.track_id == track_id else queue
    booth = replace(booth, queue=queue)
    if current is not None and current.track_id == track_id:
        outcome = _advance(desk, booth, {"entry": current.id})
    else:
        outcome = _fill(desk, booth, command) if is_filled else Outcome(booth)
    said = say("Never again: {song}", song=_named(desk, track_id))
    return replace(outcome, said=said, undo={"act": "allow", "track": track_id})


def _allow(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:
    """Let a song be chosen again that was not to be."""
    track_id = _known_track(desk, command)
    desk.services.listening.ban(track_id, on=False)
    said = say("May be chosen again: {song}", song=_named(desk, track_id))
    return Outcome(booth, said=said, undo={"act": "never", "track": track_id})


def _forget(desk: Desk, booth: Booth, command: Mapping[str, Any]) -> Outcome:  # noqa: ARG001 - one form for all
    """Delete what was noted of the listener, and what was learnt of it."""
    count = desk.services.listening.forget()
    return Outcome(booth, said=say("{count} plays, skips and ratings are forgotten", count=number(count)))


_ACTIONS: Mapping[str, Callable[[Desk, Booth, Mapping[str, Any]], Outcome]] = {
    "restore": _restore,
    "refresh": _refresh,
    "play": _play,
    "play_list": _play_list,
    "add_list": _add_list,
    "bring": _bring,
    "seed": _seed,
    "play_next": _play_next,
    "add": _add,
    "settings": _settings,
    "advance": _advance,
    "back": _back,
    "jump": _jump,
    "remove": _remove,
    "undo": _undo,
    "redo": _redo,
    "clear": _clear,
    "move": _move,
    "rate": _rate,
    "steer_by": _steer_by,
    "like": _like,
    "dislike": _dislike,
    "never": _never,
    "allow": _allow,
    "forget": _forget,
    **SAVING,
}


# What they share ------------------------------------------------------------------------------------------------------


def _before(queue: Queue, track_id: TrackId) -> TrackId | None:
    """The song before the last place that a track has in the queue; None for the first, and for one that has none."""
    places = [place for place, entry in enumerate(queue.entries) if entry.track_id == track_id]
    return queue.entries[places[-1] - 1].track_id if places and places[-1] else None


def _note(
    desk: Desk, kind: EventKind, track_id: TrackId, *, before_id: TrackId | None, origin: Origin = "picked"
) -> None:
    """Keep what happened, if that can be: the music goes on where the disk is full."""
    try:
        desk.services.listening.note(kind, track_id, before_id=before_id, origin=origin)
    except LibraryError as error:
        log.warning("what was done to the queue is not kept: %s", error)


def _named(desk: Desk, track_id: TrackId) -> str:
    return f"“{desk.services.track(track_id).info.title}”"


def _known_track(desk: Desk, command: Mapping[str, Any]) -> TrackId:
    """The command's track, which the library must hold."""
    track_id = command.get("track")
    if not is_track_id(track_id):
        raise ParameterError(say("this page named a song in a way Segue does not know"), remedy=say("Reload the page"))
    return desk.services.track(TrackId(str(track_id))).id


def _known_list(desk: Desk, command: Mapping[str, Any]) -> list[Song]:
    """The command's songs, as far as the library holds them; raises ParameterError if it holds none."""
    wanted = command.get("tracks")
    if not isinstance(wanted, list) or len(wanted) > QUEUE.longest_entries or not all(map(is_track_id, wanted)):
        most = say("Choose at most {most} songs", most=number(QUEUE.longest_entries))
        raise ParameterError(
            say("this page named songs in a way Segue does not know, or too many of them"), remedy=most
        )
    songs = [Song(track.id) for track in desk.services.tracks_of([TrackId(track_id) for track_id in wanted])]
    if not songs:
        raise ParameterError(say("none of these songs is in the library"), remedy=say("Choose others"))
    return songs


def _entry_id(command: Mapping[str, Any]) -> EntryId:
    entry_id = command.get("entry")
    if not isinstance(entry_id, int) or isinstance(entry_id, bool):
        raise ParameterError(say("this page named no place in the queue"), remedy=say("Reload the page"))
    return EntryId(entry_id)
