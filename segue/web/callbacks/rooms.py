"""Going from room to room: the address says which one is shown; the player and the queue stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from dash import ClientsideFunction, Dash, Input, Output

from segue.web import ids
from segue.web.layout.navigation import no_room
from segue.web.rooms import HOME, ROOMS, room_at

if TYPE_CHECKING:
    from segue.services import Services

NOTHING: list[Any] = []
"""No room. With None Dash would go on looking for what stood there, and a late answer would stop it for good."""


def register_rooms(app: Dash, services: Services) -> None:
    """Show the room of the address, and connect each room's own callbacks."""

    @app.callback(Output(ids.ROOM, "children"), Input(ids.LOCATION, "pathname"), Input(ids.LOCATION, "search"))
    def on_address(path: str | None, search: str | None) -> Any:
        path = path or HOME
        room = room_at(path)
        if room is not None:
            return room.build(services, dict(parse_qsl((search or "").removeprefix("?"))))
        return NOTHING if path == HOME else no_room()

    app.clientside_callback(
        ClientsideFunction("segue", "onAddress"),
        Output(ids.BOOTED, "data", allow_duplicate=True),
        Input(ids.LOCATION, "pathname"),
        prevent_initial_call="initial_duplicate",
    )
    for room in ROOMS:
        room.register(app, services)
