"""The files of finished mixes, by the mix's id and a name in its own folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request, send_file

if TYPE_CHECKING:
    from segue.services import Services

_KINDS = {".cue": "text/plain", ".opus": "audio/ogg", ".m4a": "audio/mp4"}  # what browsers know them by


def mix_routes(services: Services) -> Blueprint:
    """``GET /mixes/<id>/<name>``, to be heard, or with ``?save`` to be saved."""
    routes = Blueprint("mixes", __name__)

    @routes.get("/mixes/<mix_id>/<name>")
    def file(mix_id: str, name: str) -> Response:
        path = services.mixes.file(mix_id, name)
        saves = "save" in request.args
        return send_file(
            path.absolute(),
            mimetype=_KINDS.get(path.suffix),
            as_attachment=saves,
            download_name=path.name,
            conditional=True,
        )

    return routes
