"""Songs by words, as short as a page needs them that lets a listener pick one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, request

from segue.web.present import artist_of

if TYPE_CHECKING:
    from segue.services import Services

_MOST = 500
_LONGEST_WORDS = 200


def song_routes(services: Services) -> Blueprint:
    """``GET /api/songs?words=...&limit=...``: id, title and artist of the songs that hold the words, best first."""
    routes = Blueprint("songs", __name__)

    @routes.get("/api/songs")
    def songs() -> Response:
        words = request.args.get("words", "")[:_LONGEST_WORDS]
        limit = max(1, min(request.args.get("limit", default=8, type=int), _MOST))
        found = services.search(words, limit=limit)
        return jsonify([{"id": t.id, "title": t.info.title, "artist": artist_of(t)} for t in found])

    return routes
