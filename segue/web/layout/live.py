"""The room in which Segue listens: the microphone, what it hears, and what to play next. ``live.js`` fills it in."""

from __future__ import annotations

from dash import html

from segue.web.layout.parts import act_button, icon
from segue.web.room import room_head
from segue.words import later, say

WORDS = later(
    "Hold a microphone to the room: Segue says what seems to play, and which of your songs would follow it best."
)


def live_room() -> html.Div:
    """The room as it is entered: nothing is heard until the listener asks for it."""
    listen = act_button("listen", say("Listen to the room"), icon("mic"), say("Listen"), look="solid")
    listen.id = "live-toggle"
    meter = html.Div(
        html.Span(id="live-level"),
        id="live-meter",
        className="live-meter",
        role="meter",
        **{"aria-label": say("Level"), "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0},
    )
    return html.Div(
        [
            room_head(say("Live"), WORDS),
            html.Section(
                [
                    html.Div([listen, meter], className="live-desk"),
                    html.P(
                        say(
                            "The browser will ask whether this page may use the microphone. What it hears goes to the "
                            "computer that runs Segue, about a second at a time, and nowhere else; nothing is kept."
                        ),
                        id="live-says",
                        className="dim",
                        role="status",
                    ),
                ],
                className="card",
                **{"aria-label": say("Microphone")},
            ),
            html.Div(
                [
                    _part(say("Heard"), html.Div(id="live-now", className="live-now", **{"aria-live": "polite"})),
                    _part(say("Play next"), html.Ol(id="live-next", className="rows")),
                    _part(say("Recognised before"), html.Ol(id="live-before", className="rows")),
                ],
                id="live-found",
                className="live-found",
                hidden=True,
            ),
        ],
        className="live-room",
    )


def _part(name: str, content: html.Div | html.Ol) -> html.Section:
    return html.Section([html.H2(name, className="small-heading"), content], **{"aria-label": name})
