"""The rooms of the booth, in the order in which the navigation shows them."""

from __future__ import annotations

from segue.web.callbacks import journey, live, mix, quality, saved, settings, table
from segue.web.callbacks import map as library_map
from segue.web.room import Room

HOME = "/"
ROOMS: tuple[Room, ...] = (
    table.ROOM,
    library_map.ROOM,
    journey.ROOM,
    mix.ROOM,
    live.ROOM,
    saved.ROOM,
    quality.ROOM,
    settings.ROOM,
)


def room_at(path: str) -> Room | None:
    """The room at an address; None for the music itself, and where there is none."""
    plain = path.rstrip("/") or HOME
    return next((room for room in ROOMS if room.path == plain), None)
