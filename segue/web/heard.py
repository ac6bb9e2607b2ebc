"""What the player reports: how much was heard of a song that is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, request

from segue.errors import ParameterError, UnknownTrackError
from segue.listening import ending
from segue.play.playqueue import is_track_id
from segue.values import TrackId
from segue.web.checks import is_number
from segue.words import say

if TYPE_CHECKING:
    from segue.services import Services


def heard_routes(services: Services) -> Blueprint:
    """``POST /api/heard``: a song, the one before it, the seconds heard, whether it ended, and who had chosen it."""
    routes = Blueprint("heard", __name__)

    @routes.post("/api/heard")
    def heard() -> tuple[str, int]:
        said = request.get_json()
        if not isinstance(said, dict):
            raise _unknown(say("it is no report"))
        track_id, heard_s = _track(said.get("track")), _seconds(said.get("heard_s"))
        before = said.get("before")
        try:
            length_s = services.track(track_id).info.duration_s
        except UnknownTrackError:  # it left the library while it played: there is nothing to learn of it
            return "", 204
        kind, share = ending(heard_s, length_s, ended=said.get("ended") is True)
        services.listening.note(
            kind,
            track_id,
            before_id=None if before is None else _track(before),
            heard_share=share,
            origin="chosen" if said.get("origin") == "chosen" else "picked",
        )
        return "", 204

    return routes


def _track(value: Any) -> TrackId:
    if not is_track_id(value):
        raise _unknown(say("it names no song"))
    return TrackId(value)


def _seconds(value: Any) -> float:
    if not is_number(value) or value < 0:
        raise _unknown(say("it says no time"))
    return float(value)


def _unknown(what: str) -> ParameterError:
    return ParameterError(
        say("this page reported a song in a way Segue does not know: {what}", what=what), remedy=say("Reload the page")
    )
