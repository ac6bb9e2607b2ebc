"""The first page: choose a folder of music, or the demo library."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html

from segue.web import ids
from segue.web.layout.parts import icon


def welcome() -> html.Div:
    """What a listener sees whose library is empty."""
    return html.Div(
        [
            html.P("Segue", className="welcome-word", lang="it"),
            html.H1("A DJ for the music you own", className="welcome-title"),
            html.P(
                "Name the folder where your music lies. Segue listens to every song once, on this computer, "
                "and then plays on from any song you pick. Nothing leaves this machine.",
                className="welcome-text",
            ),
            html.Div(
                [folder_form("welcome"), html.Div(html.Span("or"), className="or"), _demo()],
                className="welcome-choice",
            ),
            html.P("The first songs can be played in a moment.", className="welcome-wait"),
        ],
        className="welcome-card",
    )


def _demo() -> html.Div:
    return html.Div(
        [
            html.Button(
                [icon("note"), "Play the demo library"],
                id=ids.demo_button("welcome"),
                type="button",
                className="button outline",
            ),
            html.P("Songs in many styles, composed by Segue itself in a minute or two.", className="dim"),
        ],
        className="welcome-demo",
    )


def folder_form(place: str) -> html.Div:
    """A field for a folder's path and its button."""
    return html.Div(
        [
            dmc.TextInput(
                id=ids.folder_field(place),
                label="Music folder",
                description="Its full path on the computer that runs Segue",
                placeholder="/home/you/Music",
                leftSection=icon("folder"),
                debounce=False,
                n_submit=0,
                value="",
                autoComplete="off",
                spellCheck=False,
                className="folder-field",
            ),
            html.Button(
                "Listen to this folder",
                id=ids.folder_button(place),
                type="button",
                n_clicks=0,
                className="button solid",
            ),
        ],
        className="folder-form",
    )
