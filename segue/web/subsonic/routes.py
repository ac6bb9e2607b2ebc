"""The Subsonic protocol at /rest, with what OpenSubsonic adds, so that the apps of a phone can play Segue's choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from segue.door import Patience
from segue.errors import SegueError
from segue.web.covers import Covers
from segue.web.subsonic import browsing, playing, playlists
from segue.web.subsonic.access import admit
from segue.web.subsonic.answers import OTHER, RefusedError, answer, failure
from segue.web.subsonic.asking import Asked
from segue.web.subsonic.entries import Entry, House

if TYPE_CHECKING:
    from segue.services import Services

Method = Callable[[House, Asked], Entry | Response]

_EXTENSIONS = ("apiKeyAuthentication", "formPost", "sonicSimilarity")
_MAY = ("scrobblingEnabled", "downloadRole", "coverArtRole", "streamRole", "playlistRole")
_MAY_NOT = (
    "adminRole", "settingsRole", "uploadRole", "commentRole", "podcastRole", "jukeboxRole", "shareRole",
    "videoConversionRole",
)  # fmt: skip
_OPEN_TO_ALL = "getOpenSubsonicExtensions"


def subsonic_routes(services: Services, covers: Covers) -> Blueprint:
    """The addresses that apps ask, each with and without ".view", by GET and by POST."""
    routes = Blueprint("subsonic", __name__)
    house = House(services, covers)
    patience = Patience(together=False)  # a forgotten phone tries for ever

    @routes.route("/rest/<path:name>", methods=["GET", "POST"])
    def rest(name: str) -> Response:
        asked = Asked(request.values)
        try:
            method = _method(name.removesuffix(".view"))
            if asked.values.get("f", "xml") not in ("xml", "json"):
                raise RefusedError("answers come as XML or JSON", remedy="Say f=json or f=xml", code=OTHER)
            if method is not METHODS[_OPEN_TO_ALL]:
                admit(asked, request, phones=services.phones, patience=patience)
            given = method(house, asked)
        except SegueError as error:
            return failure(error, as_json=asked.as_json)
        return given if isinstance(given, Response) else answer(given, as_json=asked.as_json)

    return routes


def _method(name: str) -> Method:
    if name not in METHODS:
        raise RefusedError(f"Segue does not answer '{name[:40]}'", remedy="Do without it", code=OTHER)
    return METHODS[name]


def _nothing(_house: House, _asked: Asked) -> Entry:
    return {}


def _license(_house: House, _asked: Asked) -> Entry:
    return {"license": {"valid": True}}


def _extensions(_house: House, _asked: Asked) -> Entry:
    return {"openSubsonicExtensions": [{"name": name, "versions": [1]} for name in _EXTENSIONS]}


def _token_info(_house: House, _asked: Asked) -> Entry:
    return {"tokenInfo": {"username": "segue"}}


def _user(_house: House, asked: Asked) -> Entry:
    name = asked.text("username", asked.text("u", "segue"))
    roles = {**dict.fromkeys(_MAY, True), **dict.fromkeys(_MAY_NOT, False)}
    return {"user": {"username": name, **roles, "folder": [0]}}


def _scan_status(house: House, _asked: Asked) -> Entry:
    return {"scanStatus": {"scanning": house.services.scan_status().running, "count": house.services.counts().tracks}}


METHODS: Mapping[str, Method] = {
    "ping": _nothing,
    "getLicense": _license,
    _OPEN_TO_ALL: _extensions,
    "tokenInfo": _token_info,
    "getUser": _user,
    "getScanStatus": _scan_status,
    "getMusicFolders": browsing.folders,
    "getIndexes": browsing.indexes,
    "getMusicDirectory": browsing.directory,
    "getArtists": browsing.artists,
    "getArtist": browsing.artist,
    "getAlbum": browsing.album,
    "getSong": browsing.song,
    "getGenres": browsing.genres,
    "getAlbumList": browsing.album_list,
    "getAlbumList2": browsing.album_list_2,
    "getRandomSongs": browsing.random_songs,
    "getSongsByGenre": browsing.songs_of_genre,
    "getStarred": browsing.starred,
    "getStarred2": browsing.starred_2,
    "search2": browsing.search_2,
    "search3": browsing.search_3,
    "getSimilarSongs": playing.similar,
    "getSimilarSongs2": playing.similar_2,
    "getSonicSimilarTracks": playing.sonic_similar,
    "findSonicPath": playing.sonic_path,
    "getPlaylists": playlists.playlists,
    "getPlaylist": playlists.playlist,
    "createPlaylist": playlists.create,
    "updatePlaylist": playlists.update,
    "deletePlaylist": playlists.delete,
    "scrobble": playing.scrobble,
    "star": playing.star,
    "unstar": playing.unstar,
    "stream": playing.stream,
    "download": playing.stream,
    "getCoverArt": playing.cover,
}
"""What apps may ask, by name."""
