"""The room of what is saved: shown anew when a command has changed it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output

from segue.web import ids
from segue.web.layout.saved import saved_lists, saved_room
from segue.web.room import Query, Room
from segue.words import later

if TYPE_CHECKING:
    from segue.services import Services


def build(services: Services, query: Query) -> Any:  # noqa: ARG001 - one form for all rooms
    """The room, as things stand."""
    return saved_room(_shown(services))


def register(app: Dash, services: Services) -> None:
    """Connect the room."""

    @app.callback(Output(ids.SAVED, "children"), Input(ids.SAVED_TURN, "data"), prevent_initial_call=True)
    def on_turn(turn: object) -> list[Any]:  # noqa: ARG001 - a trigger
        return _shown(services)


def _shown(services: Services) -> list[Any]:
    lists, shelf, when = services.lists.all(), services.profiles.all(), dt.datetime.now()
    songs = dict.fromkeys(track_id for held in lists for track_id in held.tracks)
    songs |= dict.fromkeys(seed.track_id for profile in shelf.profiles.values() for seed in profile.seeds)
    return saved_lists(
        lists,
        shelf.profiles,
        {track.id: track for track in services.tracks_of(list(songs))},
        damaged=shelf.damaged,
        holds=services.profiles.now(when),
        coming=services.profiles.next(when),
    )


ROOM = Room("/saved", later("Saved"), "saved", later("Your playlists and radios"), build, register)
