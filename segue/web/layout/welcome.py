"""The first page: choose a folder of music, or the demo library."""

from __future__ import annotations

from dash import html

from segue.web import ids
from segue.web.layout.parts import act_button, icon
from segue.words import say


def welcome() -> html.Div:
    """What a listener sees whose library is empty."""
    choose = act_button(
        "add-music", say("Choose the folder of your music"), icon("folder"), say("Choose a folder"), look="solid"
    )
    return html.Div(
        [
            html.P("Segue", className="welcome-word", lang="it"),
            html.H1(say("A DJ for the music you own"), className="welcome-title"),
            html.P(
                say(
                    "Choose the folder where your music lies. Segue listens to every song once, on this computer, "
                    "and then plays on from any song you pick. Nothing leaves this machine."
                ),
                className="welcome-text",
            ),
            html.Div([choose, html.Div(html.Span(say("or")), className="or"), _demo()], className="welcome-choice"),
            html.P(say("The first songs can be played in a moment."), className="welcome-wait"),
        ],
        className="welcome-card",
    )


def _demo() -> html.Div:
    return html.Div(
        [
            html.Button(
                [icon("note"), say("Play the demo library")], id=ids.DEMO, type="button", className="button outline"
            ),
            html.P(say("Songs in many styles, composed by Segue itself in a minute or two."), className="dim"),
        ],
        className="welcome-demo",
    )
