"""Covers by track id, at the sizes in which they are shown."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from flask import Response, request

from segue.errors import FileAccessError
from segue.play.covers import Picture, drawn, scaled
from segue.values import TrackId

if TYPE_CHECKING:
    from segue.services import Services

_KEPT_S = 24 * 3600
_COVERS_KEPT = 1024  # a few kilobytes each; the large ones 50 at most


class Covers:
    """The covers of one library; those that were shown last are kept in memory. Safe from several threads."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._cover_of = lru_cache(maxsize=_COVERS_KEPT)(self._make)

    def answer(self, track_id: TrackId, size: int) -> Response:
        """A song's cover, or a drawn one; raises UnknownTrackError."""
        try:
            picture, kept_s = self._cover_of(track_id, size), _KEPT_S
        except FileAccessError:
            picture, kept_s = drawn(self._services.track(track_id)), 0  # the file may come back
        response = Response(picture.data, mimetype=picture.mime)
        response.set_etag(picture.etag)
        response.cache_control.private = True
        response.cache_control.max_age = kept_s
        response.make_conditional(request)
        return response

    def _make(self, track_id: TrackId, size: int) -> Picture:
        artwork = self._services.artwork(track_id)
        return (artwork and scaled(artwork, size)) or drawn(self._services.track(track_id))
