"""Booths that are open to each other: they say what they play, are followed, and are asked for songs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify, request

from segue.booths import Face, Playing
from segue.errors import LibraryError, ParameterError
from segue.play.playqueue import is_track_id
from segue.values import EntryId, TrackId
from segue.web.booth import Booth, booth_from_json, booth_to_json
from segue.web.checks import is_number
from segue.words import say

if TYPE_CHECKING:
    from segue.services import Services

log = logging.getLogger(__name__)
_LONGEST_FOLLOWER = 40


def booth_routes(services: Services) -> Blueprint:
    """``POST /api/booths`` opens one's own, or says that it still is, and what it plays; ``POST /api/booths/closed``.

    ``GET /api/booths/ID?by=WHO`` tells who follows it what it plays; ``POST /api/booths/ID/songs`` asks it for one.
    """
    routes = Blueprint("booths", __name__)

    @routes.post("/api/booths")
    def hold() -> Response:
        said = _said()
        name, takes = str(said.get("name", "")), said.get("takes") is True
        report = services.booths.hold(str(said.get("key")), name, _playing(said), takes=takes)
        titles = [{"track": track.id, "title": track.info.title} for track in services.tracks_of(report.asked)]
        return jsonify(id=report.id, asked=titles, followers=report.followers)

    @routes.post("/api/booths/closed")
    def close() -> tuple[str, int]:
        services.booths.close(str(_said().get("key")))
        return "", 204

    @routes.get("/api/booths/<booth_id>")
    def one(booth_id: str) -> Response:
        follower = request.args.get("by", "")[:_LONGEST_FOLLOWER]
        return jsonify(_face_to_json(services.booths.get(booth_id, follower=follower)))

    @routes.post("/api/booths/<booth_id>/songs")
    def ask(booth_id: str) -> tuple[str, int]:
        track_id = _said().get("track")
        if not is_track_id(track_id):
            raise _unknown(say("it names no song"))
        services.booths.ask(booth_id, services.track(TrackId(track_id)).id)
        return "", 204

    return routes


def booth_of(services: Services, booth_id: object) -> Booth:
    """The booth that a browser keeps open, or left; raises UnknownBoothError, and ParameterError for a damaged one."""
    return booth_from_json(services.booths.queue_of(str(booth_id)))


def keep_booth(services: Services, command: Mapping[str, Any], booth: Booth) -> None:
    """Keep the booth of a browser whose command says that it is open, without what could be taken back."""
    if "key" not in command:
        return
    plain = replace(booth, queue=replace(booth.queue, undo_steps=(), redo_steps=()))
    try:
        services.booths.keep(str(command["key"]), booth_to_json(plain))
    except LibraryError as error:
        log.warning("an open booth is not kept: %s", error)  # the music goes on where the disk is full


def _face_to_json(face: Face) -> dict[str, Any]:
    playing = face.playing
    return {
        "id": face.id,
        "name": face.name,
        "takes": face.takes,
        "open": face.is_open,
        "stamp": face.stamp,
        "entry": playing.entry_id,
        "track": playing.track_id,
        "at_s": playing.at_s,
        "plays": playing.sounds,
    }


def _said() -> dict[str, Any]:
    said = request.get_json()
    if not isinstance(said, dict):
        raise _unknown(say("it is no report"))
    return said


def _playing(said: Mapping[str, Any]) -> Playing:
    entry, track, at_s = said.get("entry"), said.get("track"), said.get("at_s")
    if track is None:
        return Playing()
    if not is_track_id(track) or not isinstance(entry, int) or isinstance(entry, bool):
        raise _unknown(say("it names no song"))
    if not is_number(at_s) or at_s < 0:
        raise _unknown(say("it says no time"))
    return Playing(EntryId(entry), TrackId(track), float(at_s), said.get("plays") is True)


def _unknown(what: str) -> ParameterError:
    return ParameterError(
        say("this page spoke of a booth in a way Segue does not know: {what}", what=what), remedy=say("Reload the page")
    )
