"""Playlists for apps: the saved lists, which apps may make and change, and the radios, which choose anew each time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from segue.errors import ParameterError
from segue.lists import SavedList
from segue.values import TrackId
from segue.web.subsonic.answers import MISSING, NOT_ALLOWED, NOT_FOUND, RefusedError
from segue.web.subsonic.asking import Asked, checked
from segue.web.subsonic.entries import Entry, House, Page

_LIST, _RADIO = "list-", "pl-"


def playlists(house: House, _asked: Asked) -> Entry:
    """The saved lists and the radios."""
    page = Page.of(house)
    listed = [_told(page, held) for held in house.services.lists.all()]
    listed += [
        page.playlist(playlist_id=_radio_id(name), name=name, count=profile.spec.count)
        for name, profile in house.services.profiles.all().profiles.items()
    ]
    return {"playlists": {"playlist": listed}}


def playlist(house: House, asked: Asked) -> Entry:
    """The songs of a saved list, or what a radio plays now."""
    wanted = asked.text("id")
    if wanted.startswith(_LIST):
        return _answer(house, _held(house, wanted))
    name = next((name for name in house.services.profiles.all().profiles if _radio_id(name) == wanted), None)
    if name is None:
        raise RefusedError(f"no playlist has the id '{wanted[:40]}'", remedy="List them again", code=NOT_FOUND)
    played = house.services.profiles.play(name, count=None, rng=np.random.default_rng())
    page = Page.of(house)
    songs = page.songs([pick.track_id for pick in played.chosen.picks])
    listed = page.playlist(playlist_id=wanted, name=name, count=len(songs), songs=songs)
    return {"playlist": {**listed, "entry": songs}}


def create(house: House, asked: Asked) -> Entry:
    """Make a list of songs, or let the one of an id hold these songs and no others."""
    songs = _songs(house, asked.many("songId"))
    if "playlistId" in asked.values:
        held = _held(house, asked.text("playlistId"))
        return _answer(house, house.services.lists.change(held.id, tracks=lambda _: songs))
    if "name" not in asked.values:
        raise RefusedError("the parameter 'name' is missing", remedy="Say it, or 'playlistId'", code=MISSING)
    return _answer(house, house.services.lists.create(asked.text("name"), songs))


def update(house: House, asked: Asked) -> Entry:
    """Call a list otherwise, take songs out of it by their places, and put others behind it: all of it or nothing."""
    held = _held(house, asked.text("playlistId"))
    out, added = set(asked.many("songIndexToRemove")), _songs(house, asked.many("songIdToAdd"))

    def changed(tracks: Sequence[TrackId]) -> list[TrackId]:
        here = {track.id for track in house.services.tracks_of(tracks)}
        places = [place for place, track_id in enumerate(tracks) if track_id in here]  # apps count what they see
        gone = {place for at, place in enumerate(places) if str(at) in out}
        return [*(track_id for place, track_id in enumerate(tracks) if place not in gone), *added]

    house.services.lists.change(held.id, tracks=changed, name=asked.values.get("name"))
    return {}


def delete(house: House, asked: Asked) -> Entry:
    """Delete a list."""
    house.services.lists.delete(_held(house, asked.text("id")).id)
    return {}


def _held(house: House, wanted: str) -> SavedList:
    """The list of an id; raises RefusedError for a radio, which is changed in the booth, and for what is none."""
    if wanted.startswith(_RADIO):
        raise RefusedError("a radio chooses its songs itself", remedy="Change it in the booth", code=NOT_ALLOWED)
    try:
        return house.services.lists.get(wanted.removeprefix(_LIST))
    except ParameterError as error:
        raise RefusedError(error.what, remedy="List them again", code=NOT_FOUND) from error


def _answer(house: House, held: SavedList) -> Entry:
    page = Page.of(house)
    return {"playlist": {**_told(page, held), "entry": page.songs(held.tracks)}}


def _told(page: Page, held: SavedList) -> Entry:
    """A list without its songs; those that have left the library are not counted."""
    songs = page.services.tracks_of(held.tracks)
    told = page.playlist(playlist_id=f"{_LIST}{held.id}", name=held.name, count=len(songs), made_s=held.made_s)
    return {**told, "duration": round(sum(track.info.duration_s for track in songs))}


def _songs(house: House, named: Sequence[str]) -> list[TrackId]:
    return [house.services.track(checked(text)).id for text in named]


def _radio_id(name: str) -> str:
    return f"{_RADIO}{hashlib.blake2b(name.encode('utf-8', 'surrogatepass'), digest_size=8).hexdigest()}"
