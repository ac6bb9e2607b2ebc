"""The map for the page: where the points lie as a few bytes each, and what they are coloured by."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import numpy as np
from flask import Blueprint, Response, jsonify, request

from segue.errors import EmptyLibraryError
from segue.mapping import MIXED, OTHERS, UNKNOWN
from segue.words import say

if TYPE_CHECKING:
    from segue.mapping import Picture
    from segue.services import Services

_REST = (OTHERS, UNKNOWN)
_FINEST = 65_535


def map_routes(services: Services) -> Blueprint:
    """``GET /api/map``, ``/api/map/points`` and ``/api/map/colours?by=``; ``POST /api/map/anew`` draws it again."""
    routes = Blueprint("map", __name__)

    @routes.get("/api/map")
    def state() -> Response:
        picture = services.map.picture()
        status = services.map.status
        return jsonify(
            {
                "version": None if picture is None else str(picture.version),
                "running": status.running,
                "share": status.share,
                "error": say(status.error) if status.error else status.error,
                "regions": [] if picture is None else _regions(services, picture),
            }
        )

    @routes.get("/api/map/points")
    def points() -> Response:
        picture = services.map.picture()
        data = b"" if picture is None else packed(picture)
        return Response(data, mimetype="application/octet-stream")

    @routes.get("/api/map/colours")
    def colours() -> Response:
        picture = services.map.picture()
        if picture is None:
            raise EmptyLibraryError(say("there is no map yet"), remedy=say("Wait until it is drawn"))
        found = services.map.colours(picture, request.args.get("by", "region"))
        return jsonify(
            {
                "version": str(picture.version),
                "names": [_said(name) for name in found.names],
                "rest": [code for code, name in enumerate(found.names) if name in _REST],
                "counts": found.counts,
                "ordered": found.is_ordered,
                "codes": base64.b64encode(found.codes.tobytes()).decode("ascii"),
            }
        )

    @routes.post("/api/map/anew")
    def anew() -> tuple[str, int]:
        services.map.lay_out_anew()
        return "", 204

    return routes


def _said(name: str) -> str:
    """A name of a group as it is shown: most are data."""
    return say(name) if name in (*_REST, MIXED) else name


def packed(picture: Picture) -> bytes:
    """The points: x and y of each as little-endian uint16 on one scale, then the eight bytes of each track's id."""
    places = picture.atlas.places.astype(np.float64)
    low = places.min(axis=0)
    scale = _FINEST / max(float((places - low).max()), 1e-9)
    ids = b"".join(bytes.fromhex(track_id) for track_id in picture.atlas.ids)
    where: bytes = np.round((places - low) * scale).astype("<u2").tobytes()
    return where + ids


def _regions(services: Services, picture: Picture) -> list[dict[str, object]]:
    return [
        {"name": _said(region.name), "count": region.count, "tracks": list(region.tracks)}
        for region in services.map.regions(picture)
    ]
