"""The room that shows the library as a map."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html

from segue.mapping import COLOURS
from segue.web import ids
from segue.web.layout.parts import act_button, choices, icon, icon_button
from segue.web.room import room_head
from segue.words import later, say

WORDS = later(
    "Every song is a point, and songs that sound alike lie together. A click plays; draw round some for a queue."
)
_BY = {
    "region": later("Region"),
    "genre": later("Genre"),
    "mood": later("Mood"),
    "tempo": later("Tempo"),
    "year": later("Year"),
    "folder": later("Folder"),
}
_TOOLS = {"pan": later("Move"), "lasso": later("Lasso"), "select": later("Box")}
_CLICKS = {"play": later("Click plays"), "waypoint": later("Click adds a waypoint")}


def map_room() -> html.Div:
    """The room as it is entered; the points come by themselves."""
    return html.Div(
        [
            room_head(say("Map"), WORDS),
            html.Div(
                [
                    choices("map_by", say("Colour"), {name: say(_BY[name]) for name in COLOURS}),
                    choices("map_click", say("A click"), {click: say(words) for click, words in _CLICKS.items()}),
                    _search(),
                ],
                className="map-tools",
            ),
            html.P(id="map-line", className="dim map-line", role="status"),
            _canvas(),
            html.Ul(id="map-legend", className="map-legend", **{"aria-label": say("Colours")}),
            html.Section(
                [
                    html.H2(say("Regions"), className="small-heading"),
                    html.P(say("The same map as a list: each region plays from its middle outwards."), className="dim"),
                    html.Ol(id="map-regions", className="map-regions"),
                    html.P(
                        [
                            say("New songs join the map where they belong, and the others stay where they are."),
                            " ",
                            _anew(),
                        ],
                        className="dim map-foot",
                    ),
                ],
                className="map-list",
            ),
        ],
        id=ids.MAP,
        className="map",
    )


def _anew() -> html.Button:
    return act_button("map_anew", say("Lay the whole map out again"), say("Lay it all out again"), look="text")


def _search() -> dmc.TextInput:
    return dmc.TextInput(
        id="map-search",
        placeholder=say("Show songs on the map"),
        leftSection=icon("search"),
        value="",
        className="search map-search",
        autoComplete="off",
        spellCheck=False,
        **{"aria-label": say("Show songs on the map")},
    )


def _canvas() -> html.Div:
    return html.Div(
        [
            html.Div(
                [
                    choices("map_tool", say("Mouse or finger"), {tool: say(words) for tool, words in _TOOLS.items()}),
                    icon_button("map_zoom", say("Nearer"), "nearer", by="0.6"),
                    icon_button("map_zoom", say("Farther"), "farther", by="1.7"),
                    icon_button("map_zoom", say("All of it"), "whole", by="0"),
                ],
                className="map-buttons",
            ),
            html.Div(id="map-paper", className="map-paper", **{"aria-hidden": "true"}),
            html.Div(id="map-wait", className="map-wait", hidden=True),
            html.Div(id="map-chosen", className="map-chosen", hidden=True),
            html.Div(id="map-card", className="map-card", hidden=True, **{"aria-hidden": "true"}),
        ],
        className="map-canvas card",
    )
