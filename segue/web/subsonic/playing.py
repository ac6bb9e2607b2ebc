"""What Segue chooses and plays for apps, and what it learns from them."""

from __future__ import annotations

import numpy as np
from flask import Response

from segue.choose.itinerary import Itinerary
from segue.choose.playlist import ContinueSpec
from segue.config import CHOICE
from segue.discography import Discs
from segue.play.covers import SIZES
from segue.values import TrackId
from segue.web.media import sound
from segue.web.subsonic.answers import OTHER, RefusedError
from segue.web.subsonic.asking import Asked, checked
from segue.web.subsonic.browsing import cover_of, songs_of
from segue.web.subsonic.entries import Entry, House, Page

_MOST_CHOSEN = 200  # each takes a look at the whole library
_MOST_SEEDS = 10


def stream(house: House, asked: Asked) -> Response:
    """A song, whole or in part: its own file where phones play it, and else a copy."""
    return sound(house.services, asked.track_id())


def cover(house: House, asked: Asked) -> Response:
    """The cover of a song, an album or an artist, at the nearest size there is."""
    wanted = asked.number("size", max(SIZES), most=10_000)
    size = next((size for size in sorted(SIZES) if size >= wanted), max(SIZES))
    return house.covers.answer(cover_of(house.services.discography.now(), asked.text("id")), size)


def similar(house: House, asked: Asked) -> Entry:
    """Songs that go on from a song, an album or an artist."""
    return {"similarSongs": {"song": _chosen(house, asked)}}


def similar_2(house: House, asked: Asked) -> Entry:
    """Songs that go on from a song, an album or an artist."""
    return {"similarSongs2": {"song": _chosen(house, asked)}}


def sonic_similar(house: House, asked: Asked) -> Entry:
    """The songs that sound most like one, nearest first."""
    page, track_id = Page.of(house), house.services.track(asked.track_id()).id
    near = house.services.choosing.similar(track_id, asked.number("count", 10, most=_MOST_CHOSEN))
    return {"sonicMatch": [_match(page.song(track), similarity) for track, similarity in near]}


def sonic_path(house: House, asked: Asked) -> Entry:
    """A way from one song to another; how alike says how each is like the first."""
    page = Page.of(house)
    ends = [house.services.track(asked.track_id(name)).id for name in ("startSongId", "endSongId")]
    between = max(asked.number("count", 25, most=_MOST_CHOSEN) - 2, 0)
    choosing = house.services.choosing
    way = choosing.journey(ends, Itinerary(between=between, wishes=choosing.rules.wishes()))
    index = choosing.catalogue().index
    tracks = house.services.tracks_of([stop.track_id for stop in way.stops if stop.track_id])
    first = index.vector(ends[0])
    return {"sonicMatch": [_match(page.song(track), float(first @ index.vector(track.id))) for track in tracks]}


def scrobble(house: House, asked: Asked) -> Entry:
    """Note songs that were heard; a song that only begins is not noted."""
    ids = _tracks(house, asked)
    if asked.text("submission", "true").lower() != "false":
        for track_id in ids:
            house.services.listening.note("played", track_id)
    return {}


def star(house: House, asked: Asked) -> Entry:
    """Like songs."""
    for track_id in _tracks(house, asked):
        house.services.listening.rate(track_id, "liked")
    return {}


def unstar(house: House, asked: Asked) -> Entry:
    """Take likes back; what is disliked stays so."""
    liked = house.services.listening.liked_at()
    for track_id in _tracks(house, asked):
        if track_id in liked:
            house.services.listening.rate(track_id, None)
    return {}


def _chosen(house: House, asked: Asked) -> list[Entry]:
    page, rng = Page.of(house), np.random.default_rng()
    seeds = _seeds(page.discs, asked.text("id"), rng)
    count = asked.number("count", 50, most=_MOST_CHOSEN)
    choosing = house.services.choosing
    spec = ContinueSpec(count=count, lookback=max(len(seeds), CHOICE.lookback), wishes=choosing.rules.wishes())
    chosen = choosing.continue_queue(seeds, spec, rng=rng)
    return page.songs([pick.track_id for pick in chosen.picks])


def _seeds(discs: Discs, wanted: str, rng: np.random.Generator) -> list[TrackId]:
    """The song itself, or some of the artist's or album's by lot."""
    songs = songs_of(discs, wanted)
    return [songs[at] for at in rng.permutation(len(songs))[:_MOST_SEEDS]]


def _match(song: Entry, similarity: float) -> Entry:
    """A song and how alike it is, from 0 to 1."""
    return {"entry": song, "similarity": round(min(max(similarity, 0.0), 1.0), 4)}


def _tracks(house: House, asked: Asked) -> list[TrackId]:
    """The songs that an order is about; raises UnknownTrackError for one that is not there."""
    if asked.many("albumId") or asked.many("artistId"):
        raise RefusedError("Segue likes songs, not albums or artists", remedy="Choose the songs", code=OTHER)
    asked.text("id")
    return [house.services.track(checked(text)).id for text in asked.many("id")]
