"""Sound, covers and playlists by track id: the browser never names a path."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, request, send_file
from werkzeug.wsgi import wrap_file

from segue.config import QUEUE
from segue.errors import AudioError, FileAccessError
from segue.play.covers import SIZES
from segue.play.m3u import Kind, PlaylistEntry, format_playlist
from segue.play.playqueue import is_track_id
from segue.values import TrackId
from segue.web.covers import Covers

if TYPE_CHECKING:
    from segue.services import Services

log = logging.getLogger(__name__)

_PLAYLIST_TYPES: Mapping[Kind, str] = {
    "m3u8": "audio/x-mpegurl",
    "xspf": "application/xspf+xml",
    "jspf": "application/jspf+json",
}
_KEPT_S = 24 * 3600


def media_routes(services: Services, covers: Covers) -> Blueprint:
    """The addresses from which the page plays and shows."""
    routes = Blueprint("media", __name__)
    routes.add_url_rule("/media/<track_id>/outline", endpoint="outline", view_func=partial(_outline, services))
    routes.add_url_rule(
        "/api/playlist.<kind>", view_func=partial(_playlist, services), endpoint="playlist", methods=["POST"]
    )

    @routes.get("/media/<track_id>/audio")
    def audio(track_id: str) -> Response:
        return sound(services, _checked(track_id))

    @routes.get("/media/<track_id>/cover")
    def cover(track_id: str) -> Response:
        size = request.args.get("size", type=int, default=max(SIZES))
        if size not in SIZES:
            abort(404)
        return covers.answer(_checked(track_id), size)

    @routes.get("/media/<path:rest>")
    @routes.get("/api/<path:rest>")
    def nothing(rest: str) -> Response:  # noqa: ARG001 - Dash would answer any other address with the page
        abort(404)

    @routes.get("/api/ping")
    def ping() -> str:
        return "segue"

    return routes


def _handed_over(answer: Response, path: Path) -> Response:
    """Give a part of a file to the server as a file, so that a paused listener holds no thread while it is sent.

    The server reads as much as Content-Length says; one that takes no files gets the part as it is.
    """
    if answer.status_code == 206 and "wsgi.file_wrapper" in request.environ and answer.content_range.start is not None:
        file = path.open("rb")
        file.seek(answer.content_range.start)
        answer.response.close()  # type: ignore[union-attr]
        answer.response = wrap_file(request.environ, file)
    return answer


def sound(services: Services, track_id: TrackId) -> Response:
    """A song as browsers and phones play it, whole or in part."""
    playable = services.audio(track_id)
    answer = send_file(
        playable.path.absolute(),
        mimetype=playable.mime,
        download_name=f"{track_id}{_plain_suffix(playable.path)}",
        conditional=True,
        max_age=_KEPT_S,
    )
    if request.method == "POST":  # or a part that is asked for by a form would come whole
        asked = {**request.environ, "REQUEST_METHOD": "GET"}
        answer.make_conditional(asked, accept_ranges=True, complete_length=answer.content_length)
    return _handed_over(answer, playable.path)


def _outline(services: Services, track_id: str) -> Response:
    """A byte a column; nothing (204) for a song that cannot be drawn, and 202 while others are being drawn."""
    try:
        drawn_as = services.playing.outline(_checked(track_id))
    except (AudioError, FileAccessError) as error:
        log.info("a song is shown without its outline: %s", error)
        return Response(status=204)
    if drawn_as is None:
        return Response(status=202)
    response = Response(drawn_as, mimetype="application/octet-stream")
    response.cache_control.private = True
    response.cache_control.max_age = _KEPT_S
    return response


def _playlist(services: Services, kind: str) -> Response:
    """Songs by their ids, as a playlist file."""
    form = next((known for known in _PLAYLIST_TYPES if known == kind), None)
    wanted = request.get_json()
    if form is None:
        abort(404)
    if not isinstance(wanted, list) or len(wanted) > QUEUE.longest_entries or not all(map(is_track_id, wanted)):
        abort(400)
    text = format_playlist(
        [
            PlaylistEntry(t.paths[0].absolute(), t.info.title, t.info.artist, t.info.duration_s)
            for t in services.tracks_of([TrackId(track_id) for track_id in wanted])
        ],
        form,
        None,
        name="Segue",
    )
    return Response(text.encode("utf-8", "surrogateescape"), mimetype=_PLAYLIST_TYPES[form])


def _checked(track_id: str) -> TrackId:
    if not is_track_id(track_id):
        abort(404)
    return TrackId(track_id)


def _plain_suffix(path: Path) -> str:
    return path.suffix if path.suffix.isascii() and path.suffix[1:].isalnum() else ""
