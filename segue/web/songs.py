"""Songs by words, as short as a page needs them that lets a listener pick one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, jsonify, request

from segue.play.playqueue import is_track_id
from segue.values import Track, TrackId
from segue.web.present import artist_of, clock, results_line

if TYPE_CHECKING:
    from segue.services import Services

_MOST = 500
_LONGEST_WORDS = 200


def song_routes(services: Services) -> Blueprint:
    """``GET /api/songs?words=...&limit=...``: the songs that hold the words, best first, whether there are more, and a
    line about them; and ``GET /api/songs/ID`` of one."""
    routes = Blueprint("songs", __name__)

    @routes.get("/api/songs")
    def songs() -> Response:
        words = request.args.get("words", "")[:_LONGEST_WORDS]
        limit = max(1, min(request.args.get("limit", default=8, type=int), _MOST))
        found = services.search(words, limit=limit + 1)
        more, found = len(found) > limit, found[:limit]
        line = results_line(words, shown=len(found), more=more, counts=services.counts())
        return jsonify({"songs": [_named(track) for track in found], "more": more, "line": line})

    @routes.get("/api/songs/<track_id>")
    def one(track_id: str) -> Response:
        if not is_track_id(track_id):
            abort(404)
        return jsonify(_named(services.track(TrackId(track_id))))

    return routes


def _named(track: Track) -> dict[str, str]:
    info = track.info
    names = {"title": info.title, "artist": artist_of(track), "album": info.album}
    return {"id": track.id, **names, "length": clock(info.duration_s)}
