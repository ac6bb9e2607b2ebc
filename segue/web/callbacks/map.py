"""The map's room: it is drawn by its script, from what `segue.web.maps` gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output

from segue.web import ids
from segue.web.layout.map import map_room
from segue.web.room import Query, Room
from segue.words import later

if TYPE_CHECKING:
    from segue.services import Services


def build(services: Services, query: Query) -> Any:  # noqa: ARG001 - one form for all rooms
    """The room."""
    return map_room()


def register(app: Dash, services: Services) -> None:  # noqa: ARG001 - one form for all rooms
    """Tell the script that its room is there."""
    app.clientside_callback(
        ClientsideFunction("segueMap", "onMapRoom"),
        Output(ids.BOOTED, "data", allow_duplicate=True),
        Input(ids.MAP, "id"),
        prevent_initial_call="initial_duplicate",
    )


ROOM = Room("/map", later("Map"), "map", later("Your library as a picture"), build, register)
