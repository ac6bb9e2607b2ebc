"""A room of the booth: what one address of the page shows under the player, and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dash import html

from segue.words import say

if TYPE_CHECKING:
    from dash import Dash

    from segue.services import Services

Query = Mapping[str, str]
"""What stands behind the "?" of an address."""


@dataclass(frozen=True, slots=True)
class Room:
    """One address: ``build`` makes what it shows, ``register`` connects its callbacks, once."""

    path: str
    name: str
    icon: str
    hint: str
    build: Callable[[Services, Query], Any]
    register: Callable[[Dash, Services], None]


def room_head(title: str, words: str, *tools: Any) -> html.Div:
    """The heading of a room: its name, one sentence on what it is for, and its tools."""
    return html.Div(
        [
            html.Div([html.H1(title, className="heading"), html.P(say(words), className="dim room-words")]),
            *([html.Div(list(tools), className="room-tools")] if tools else []),
        ],
        className="section-head room-head",
    )
