"""What the library holds, as apps browse and search it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from segue.discography import ARTICLE, Album, Artist, Discs, sort_key
from segue.values import TrackId
from segue.web.subsonic.answers import NOT_FOUND, OTHER, RefusedError
from segue.web.subsonic.asking import Asked, checked
from segue.web.subsonic.entries import (
    Entry,
    House,
    Page,
    album_entry,
    artist_entry,
    artists_by_letter,
    folder_entry,
)

_FOLDER = 0  # all music is in one
_PAGE = 20
_DEEPEST = 5_000  # songs of one search, best first

Thing = TypeVar("Thing")


def folders(_house: House, _asked: Asked) -> Entry:
    """The one folder of all music."""
    return {"musicFolders": {"musicFolder": [{"id": _FOLDER, "name": "Music"}]}}


def artists(house: House, _asked: Asked) -> Entry:
    """All artists under their letters."""
    return {"artists": {"ignoredArticles": ARTICLE, "index": _index(house)}}


def indexes(house: House, _asked: Asked) -> Entry:
    """All artists under their letters, for apps that browse folders."""
    changed_ms = 1000 * round(
        max((album.added_s for album in house.services.discography.now().albums.values()), default=0)
    )
    return {"indexes": {"ignoredArticles": ARTICLE, "lastModified": changed_ms, "index": _index(house)}}


def artist(house: House, asked: Asked) -> Entry:
    """One artist and the albums."""
    found = _artist(house.services.discography.now(), asked.text("id"))
    return {"artist": {**artist_entry(found), "album": [album_entry(album) for album in found.albums]}}


def album(house: House, asked: Asked) -> Entry:
    """One album and its songs."""
    page = Page.of(house)
    found = _album(page.discs, asked.text("id"))
    return {"album": {**album_entry(found), "song": page.songs(found.tracks)}}


def directory(house: House, asked: Asked) -> Entry:
    """An artist as a folder of albums, or an album as a folder of songs."""
    page, wanted = Page.of(house), asked.text("id")
    if wanted in page.discs.albums:
        disc = page.discs.albums[wanted]
        inside = {"id": wanted, "parent": disc.artist_id, "name": disc.name, "child": page.songs(disc.tracks)}
    else:
        found = _artist(page.discs, wanted)
        inside = {"id": wanted, "name": found.name, "child": [folder_entry(album) for album in found.albums]}
    return {"directory": inside}


def song(house: House, asked: Asked) -> Entry:
    """One song."""
    return {"song": Page.of(house).song(house.services.track(asked.track_id()))}


def genres(house: House, _asked: Asked) -> Entry:
    """The genres of the albums."""
    songs: Counter[str] = Counter()
    albums: Counter[str] = Counter()
    for disc in house.services.discography.now().albums.values():
        if disc.genre:
            albums[disc.genre] += 1
            songs[disc.genre] += len(disc.tracks)
    return {
        "genres": {
            "genre": [{"value": name, "songCount": songs[name], "albumCount": albums[name]} for name in sorted(albums)]
        }
    }


def album_list(house: House, asked: Asked) -> Entry:
    """A page of albums in some order, as folders."""
    return {"albumList": {"album": [folder_entry(album) for album in _albums(house, asked)]}}


def album_list_2(house: House, asked: Asked) -> Entry:
    """A page of albums in some order."""
    return {"albumList2": {"album": [album_entry(album) for album in _albums(house, asked)]}}


def songs_of_genre(house: House, asked: Asked) -> Entry:
    """A page of the songs of a genre's albums."""
    page, genre = Page.of(house), asked.text("genre").casefold()
    ids = (i for disc in page.discs.albums.values() if disc.genre.casefold() == genre for i in disc.tracks)
    return {"songsByGenre": {"song": page.songs(_part(ids, asked.offset(), asked.number("count", 10)))}}


def random_songs(house: House, asked: Asked) -> Entry:
    """Songs by lot, of a genre and of some years where that is asked for."""
    page, size = Page.of(house), asked.number("size", 10)
    genre = asked.text("genre", "").casefold()
    first, last = asked.number("fromYear", 0, most=9999), asked.number("toYear", 9999, most=9999)
    ids: Sequence[TrackId] = page.discs.songs
    if genre or (first, last) != (0, 9999):
        discs = (disc for disc in page.discs.albums.values() if not genre or disc.genre.casefold() == genre)
        ids = [i for disc in discs if first <= (disc.year or 0) <= last for i in disc.tracks]
    return {"randomSongs": {"song": page.songs(random.SystemRandom().sample(ids, min(size, len(ids))))}}


def starred(house: House, _asked: Asked) -> Entry:
    """What is liked: songs, the last one first."""
    return {"starred": {"song": _liked(house)}}


def starred_2(house: House, _asked: Asked) -> Entry:
    """What is liked: songs, the last one first."""
    return {"starred2": {"song": _liked(house)}}


def search_2(house: House, asked: Asked) -> Entry:
    """Artists, albums and songs that hold all the words, as folders and files."""
    artists, albums, songs = _search(house, asked)
    return {"searchResult2": {"artist": artists, "album": [folder_entry(album) for album in albums], "song": songs}}


def search_3(house: House, asked: Asked) -> Entry:
    """Artists, albums and songs that hold all the words; no words give everything, a page at a time."""
    artists, albums, songs = _search(house, asked)
    return {"searchResult3": {"artist": artists, "album": [album_entry(album) for album in albums], "song": songs}}


def cover_of(discs: Discs, wanted: str) -> TrackId:
    """The song whose cover stands for a song, an album or an artist."""
    if wanted in discs.albums:
        return discs.albums[wanted].cover
    if wanted in discs.artists:
        return discs.artists[wanted].albums[0].cover
    return checked(wanted)


def songs_of(discs: Discs, wanted: str) -> Sequence[TrackId]:
    """The songs of an album or an artist, or the one song that an id names."""
    if wanted in discs.albums:
        return discs.albums[wanted].tracks
    if wanted in discs.artists:
        return [track_id for disc in discs.artists[wanted].albums for track_id in disc.tracks]
    return [checked(wanted)]


# ----------------------------------------------------------------------------------------------------------------------


def _search(house: House, asked: Asked) -> tuple[list[Entry], Sequence[Album], list[Entry]]:
    page, words = Page.of(house), asked.text("query", "").strip().strip('"')
    found_artists: Iterable[Artist] = page.discs.artists.values()
    found_albums: Iterable[Album] = page.discs.albums.values()
    if words:
        found_artists, found_albums = page.discs.find_artists(words), page.discs.find_albums(words)
    return (
        [artist_entry(artist) for artist in _page(asked, "artist", found_artists)],
        _page(asked, "album", found_albums),
        _found_songs(page, words, asked),
    )


def _found_songs(page: Page, words: str, asked: Asked) -> list[Entry]:
    offset, count = asked.offset("songOffset"), asked.number("songCount", _PAGE)
    if not words:
        return page.songs(page.discs.songs[offset : offset + count])
    if count == 0 or offset >= _DEEPEST:
        return []
    return [page.song(track) for track in page.services.search(words, limit=offset + count)[offset:]]


def _page(asked: Asked, kind: str, things: Iterable[Thing]) -> list[Thing]:
    return _part(things, asked.offset(f"{kind}Offset"), asked.number(f"{kind}Count", _PAGE))


def _part(things: Iterable[Thing], offset: int, count: int) -> list[Thing]:
    return list(islice(things, offset, offset + count))


def _index(house: House) -> list[Entry]:
    found = house.services.discography.now().artists.values()
    return artists_by_letter(found, {artist.id: _letter(artist.name) for artist in found})


def _letter(name: str) -> str:
    letter = sort_key(name)[:1].upper()
    return letter if letter.isalpha() else "#"


def _artist(discs: Discs, wanted: str) -> Artist:
    if wanted not in discs.artists:
        raise RefusedError(f"no artist has the id '{wanted[:40]}'", remedy="Look for it again", code=NOT_FOUND)
    return discs.artists[wanted]


def _album(discs: Discs, wanted: str) -> Album:
    if wanted not in discs.albums:
        raise RefusedError(f"no album has the id '{wanted[:40]}'", remedy="Look for it again", code=NOT_FOUND)
    return discs.albums[wanted]


def _liked(house: House) -> list[Entry]:
    page = Page.of(house)
    return page.songs(sorted(page.liked_s, key=lambda track_id: -page.liked_s[track_id]))


def _albums(house: House, asked: Asked) -> Sequence[Album]:
    wanted = asked.text("type")
    if wanted not in _ORDERS:
        raise RefusedError(
            f"there is no list of albums of the type '{wanted[:40]}'",
            remedy=f"Choose among {', '.join(_ORDERS)}",
            code=OTHER,
        )
    ordered = _ORDERS[wanted](house, list(house.services.discography.now().albums.values()), asked)
    return _part(ordered, asked.offset(), asked.number("size", 10))


def _of_years(_house: House, albums: list[Album], asked: Asked) -> list[Album]:
    first, last = (asked.number(name, 0, most=9999) for name in ("fromYear", "toYear"))
    low, high = sorted((first, last))
    found = [disc for disc in albums if low <= (disc.year or 0) <= high]
    return sorted(found, key=lambda disc: disc.year or 0, reverse=first > last)


def _heard_last(house: House, albums: list[Album], _asked: Asked) -> list[Album]:
    heard_s = house.services.listening.last_heard()
    last_s = {disc.id: max(heard_s.get(track_id, 0.0) for track_id in disc.tracks) for disc in albums}
    return sorted((disc for disc in albums if last_s[disc.id]), key=lambda disc: -last_s[disc.id])


def _with_liked(house: House, albums: list[Album], _asked: Asked) -> list[Album]:
    liked_s = house.services.listening.liked_at()
    return [disc for disc in albums if not liked_s.keys().isdisjoint(disc.tracks)]


_ORDERS: Mapping[str, Callable[[House, list[Album], Asked], Sequence[Album]]] = {
    "random": lambda _house, albums, _asked: random.SystemRandom().sample(albums, len(albums)),
    "newest": lambda _house, albums, _asked: sorted(albums, key=lambda disc: -disc.added_s),
    "recent": _heard_last,
    "frequent": _heard_last,  # plays are not counted
    "highest": _with_liked,  # songs are liked, not given stars
    "starred": _with_liked,
    "alphabeticalByName": lambda _house, albums, _asked: sorted(albums, key=lambda disc: sort_key(disc.name)),
    "alphabeticalByArtist": lambda _house, albums, _asked: albums,
    "byYear": _of_years,
    "byGenre": lambda _house, albums, asked: [
        disc for disc in albums if disc.genre.casefold() == asked.text("genre").casefold()
    ],
}
