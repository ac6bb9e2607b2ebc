"""How a queue grows: what the listener picked stands first, and songs that Segue chooses follow it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from segue.choose.playlist import Continuation, ContinueSpec
from segue.config import CHOICE
from segue.errors import EmptyLibraryError, ParameterError, UnknownTrackError
from segue.play import playqueue
from segue.play.playqueue import Entry, Queue, Song
from segue.values import EntryId, TrackId
from segue.web.booth import ASKED, RADIO, Booth
from segue.words import later

if TYPE_CHECKING:
    from segue.services import Services

log = logging.getLogger(__name__)

_ANEW = later("The songs before it have left the library: Segue begins anew with one that is here")
_NONE_LEFT = later("These songs have left the library, and by your rules none that is here may come")


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command works with."""

    services: Services
    rng: np.random.Generator


@dataclass(frozen=True, slots=True)
class Outcome:
    """The booth after a command; ``ended`` says why fewer songs follow than there should.

    ``said`` tells the listener what was done, and ``undo`` is what takes it back: the act of a button, and its data.
    """

    booth: Booth
    ended: str | None = None
    said: str = ""
    undo: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Songs to follow; ``ended`` says why there are fewer than were asked for."""

    songs: tuple[Song, ...] = ()
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """What a queue began from beside its own songs: ids, or the token of a dropped file; and how it goes on."""

    seeds: tuple[str, ...]
    spec: ContinueSpec


def restarted(desk: Desk, booth: Booth, songs: Sequence[Song]) -> Outcome:
    """Play the first of these songs now, the others and what follows them after it: one step to undo."""
    queue = booth.queue
    outcome = _with_songs(desk, booth, songs, ahead=CHOICE.queue_ahead + 1)
    return replace(
        outcome, booth=replace(outcome.booth, queue=playqueue.jump(outcome.booth.queue, EntryId(queue.next_id)))
    )


def with_picks(desk: Desk, booth: Booth, picks: Sequence[Song]) -> Outcome:
    """Let these be the picked songs to come, and choose what follows them; the same songs again change nothing."""
    outcome = _with_songs(desk, booth, picks, ahead=CHOICE.queue_ahead)
    before, after = (
        [(entry.track_id, entry.origin, entry.why) for entry in queue.upcoming]
        for queue in (booth.queue, outcome.booth.queue)
    )
    return replace(outcome, booth=booth) if before == after else outcome


def _with_songs(desk: Desk, booth: Booth, songs: Sequence[Song], *, ahead: int) -> Outcome:
    """Let these songs be what is to come, and choose others behind them until there are ``ahead``."""
    trial = playqueue.replace_upcoming(booth.queue, songs)
    chosen = choose(desk, booth, trial.entries, ahead - len(songs))
    queue = playqueue.replace_upcoming(booth.queue, (*songs, *chosen.songs))
    return Outcome(booth.going_on(queue), chosen.ended)


def choose(desk: Desk, booth: Booth, entries: Sequence[Entry], count: int) -> Chosen:
    """Choose songs to follow these entries, one by one, so that songs from before the start do not pull them back."""
    booth = replace(booth, start=booth.start_among(entries))
    began = begun(desk, booth)
    seeds, since_start = _seeds(booth, entries, began)
    liked, disliked = _rated(desk, seeds[-since_start:])
    songs: list[Song] = []
    while seeds and len(songs) < count:
        spec = replace(
            began.spec,
            count=1,
            lookback=min(booth.lookback, since_start),
            liked=began.spec.liked | liked,
            disliked=began.spec.disliked | disliked,
            never=began.spec.never | booth.never,
        )
        home = seeds[len(seeds) - since_start :][: max(1, len(began.seeds))]  # where the direction was last set
        chosen = _one_more(desk, seeds, spec, home=home)
        if not chosen.songs:
            return Chosen(tuple(songs), chosen.ended)
        songs += chosen.songs
        seeds = [*seeds, *(song.track_id for song in chosen.songs)]
        since_start += len(chosen.songs)
    return Chosen(tuple(songs))


def _one_more(desk: Desk, seeds: Sequence[str], spec: ContinueSpec, *, home: Sequence[str]) -> Chosen:
    """The song that follows the seeds; where all of those have left the library, one that is here begins anew."""
    try:
        found = desk.services.choosing.continue_queue(seeds, spec, rng=desk.rng, home=home)
    except EmptyLibraryError as error:
        log.info("nothing was chosen: %s", error)
        return Chosen()
    except UnknownTrackError as error:
        log.info("nothing follows these songs: %s", error)
        if desk.services.tracks_of([TrackId(seed) for seed in seeds]):
            return Chosen()  # the first songs of a scan are still on their way
        track_id = desk.services.choosing.anew(spec, rng=desk.rng)
        return Chosen(ended=_NONE_LEFT) if track_id is None else Chosen((Song(track_id, "chosen", _ANEW),))
    return Chosen(tuple(songs_of(found)), found.ended)


def begun(desk: Desk, booth: Booth) -> Begun:
    """What a booth began from, where that is no song of its queue, and its way to go on: a radio's, and the dials'.

    A radio has rules of its own; all else goes by the house's.
    """
    start, seeds = booth.start, tuple[str, ...]()
    spec = ContinueSpec(wishes=desk.services.choosing.rules.wishes())
    if start is not None and start.token == RADIO:
        try:
            radio = desk.services.profiles.begins(start.name)
        except (ParameterError, UnknownTrackError) as error:
            log.info("the queue goes on without its radio: %s", error)
        else:
            seeds, spec = tuple(track.id for track in radio.seeds), radio.spec
    elif start is not None and start.token:
        seeds = (start.token,)
    spec = replace(
        spec,
        lookback=booth.lookback,
        noise=booth.noise,
        more_like=spec.more_like | frozenset(booth.pulls),
        disliked=spec.disliked | frozenset(booth.pushes),
    )
    return Begun(seeds, spec)


def _seeds(booth: Booth, entries: Sequence[Entry], began: Begun) -> tuple[list[str], int]:
    """Everything heard or queued, what it began from before what grew from it, and how many come since the start."""
    start = None if booth.start is None else booth.start.entry_id
    first = 0 if start is None else next((at for at, entry in enumerate(entries) if entry.id == start), len(entries))
    heard = [entry.track_id for entry in entries]
    return [*heard[:first], *began.seeds, *heard[first:]], len(began.seeds) + len(heard) - first


def _rated(desk: Desk, seeds: Sequence[str]) -> tuple[frozenset[TrackId], frozenset[TrackId]]:
    """Which of these songs are liked, and which disliked: those of other days say nothing of this queue."""
    ratings = desk.services.listening.ratings()
    tracks = [TrackId(seed) for seed in seeds if ratings.get(TrackId(seed))]
    liked = frozenset(track_id for track_id in tracks if ratings[track_id] == "liked")
    return liked, frozenset(tracks) - liked


def picked_songs(queue: Queue) -> list[Song]:
    """The songs to come that the listener picked, and others asked for."""
    return [
        Song(entry.track_id, why=ASKED if entry.why == ASKED else "")
        for entry in queue.upcoming
        if entry.origin == "picked"
    ]


def songs_of(found: Continuation) -> list[Song]:
    """What was chosen, as songs of the queue."""
    return [Song(pick.track_id, "chosen", pick.why) for pick in found.picks]
