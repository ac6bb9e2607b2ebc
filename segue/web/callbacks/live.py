"""The room in which Segue listens; its script does the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segue.web.layout.live import live_room
from segue.web.room import Query, Room
from segue.words import later

if TYPE_CHECKING:
    from dash import Dash

    from segue.services import Services


def build(services: Services, query: Query) -> Any:  # noqa: ARG001 - one form for all rooms
    """The room; nothing is heard yet."""
    return live_room()


def register(app: Dash, services: Services) -> None:
    """There is nothing to connect: the sound takes a way of its own (`segue.web.microphones`)."""


ROOM = Room("/live", later("Live"), "mic", later("What plays in the room, and what to play next"), build, register)
