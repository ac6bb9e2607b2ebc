"""The page around everything: header, the two sides, the player under both, dialogs."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from segue.web import ids
from segue.web.layout.correct import correct_dialog
from segue.web.layout.folders import folder_dialog
from segue.web.layout.music import search_field, upkeep
from segue.web.layout.navigation import bar, rail, way_out
from segue.web.layout.parts import act_button, icon, icon_button
from segue.web.layout.party import party_dialog, party_line
from segue.web.layout.player import player_bar
from segue.web.layout.queue import queue_side
from segue.web.layout.saved import naming_dialog
from segue.web.layout.sending import sending_dialog
from segue.web.layout.taste import taste_dialog
from segue.web.layout.welcome import welcome
from segue.words import later, say

_GLOW = [
    "#fff6e6", "#fdeacb", "#f9d59a", "#f5be66", "#f1ab3d", "#eb9c22", "#d98a14", "#a8650a", "#8a5206", "#6b3f03"
]  # fmt: skip
_THEME: dict[str, Any] = {
    "primaryColor": "glow",
    "primaryShade": {"light": 7, "dark": 4},
    "colors": {"glow": _GLOW},
    "fontFamily": "var(--sans)",
    "defaultRadius": "md",
    "respectReducedMotion": True,
    "cursorType": "pointer",
}

_KEYS = (
    (later("Space"), later("Play or pause")),
    ("← →", later("Ten seconds back or on")),
    ("Alt ↑ ↓", later("Move a song of the queue")),
    ("n", later("Next song")),
    ("p", later("Previous song")),
    (later("0 to 9"), later("To that tenth of the song")),
    ("m", later("Mute")),
    ("+ -", later("Louder or softer")),
    ("l", later("Like it, or take that back")),
    ("d", later("Dislike it, or take that back")),
    ("/", later("Search")),
    ("?", later("This list")),
)


def page(*, empty: bool, busy: bool, pulse_ms: int, locked: bool = False) -> dmc.MantineProvider:
    """The whole page; ``empty`` shows the welcome instead of the library, ``busy`` lets it wait for a scan.

    ``locked`` has the way out for who came in by the password.
    """
    return dmc.MantineProvider(
        id=ids.PROVIDER,
        theme=_THEME,
        defaultColorScheme="dark",
        children=[
            dcc.Location(id=ids.LOCATION, refresh=False),
            dmc.NotificationContainer(id=ids.NOTIFICATIONS, position="top-right", limit=3),
            html.Div(
                [
                    html.A(say("Skip to the songs"), href=f"#{ids.MUSIC}", className="skip-link"),
                    _header(locked=locked),
                    rail(),
                    _music(),
                    html.Aside(queue_side(), id=ids.QUEUE, className="queue", **{"aria-label": say("Queue")}),
                    player_bar(),
                    bar(locked=locked),
                ],
                id=ids.PAGE,
                className=page_class(empty=empty, busy=busy),
            ),
            _drop_veil(),
            *_dialogs(),
            *correct_dialog(),
            *_stores(pulse_ms),
        ],
    )


def page_class(*, empty: bool, busy: bool) -> str:
    """How the page stands: with songs, without any, or waiting for the first."""
    if not empty:
        return "page"
    return "page is-empty is-busy" if busy else "page is-empty"


def _header(*, locked: bool) -> html.Header:
    return html.Header(
        [
            html.Div([html.Span(className="mark", **{"aria-hidden": "true"}), "Segue"], className="wordmark"),
            search_field(),
            html.Div(
                [
                    act_button(
                        "choose-file", say("Play songs that go with a file of yours"), icon("drop"),
                        html.Span(say("Go with a file")), look="outline small",
                    ),
                    icon_button("queue", say("Show or hide the queue"), "queue"),
                    icon_button("add-music", say("Add music from a folder"), "folder"),
                    icon_button("taste", say("Your taste, and what Segue makes of it"), "taste"),
                    icon_button("theme", say("Dark or light"), "theme"),
                    icon_button("help", say("Keyboard shortcuts"), "help"),
                    *([way_out("button round")] if locked else []),
                ],
                className="header-tools",
            ),
        ],
        className="header",
    )  # fmt: skip


def _music() -> html.Main:
    return html.Main(
        [
            html.Div(
                [
                    party_line(),
                    upkeep(),
                    html.Div(welcome(), id=ids.WELCOME),
                    html.Div(id=ids.RESULTS),
                    _more(),
                ],
                id=ids.HOME,
            ),
            html.Div(id=ids.ROOM),
        ],
        id=ids.MUSIC,
        className="music",
        tabIndex=-1,
    )


def _more() -> html.Button:
    button = act_button("more_songs", say("Show more songs"), say("Show more"), look="outline more")
    button.id, button.hidden = ids.MORE, True
    return button


def _drop_veil() -> html.Div:
    return html.Div(
        html.Div([icon("drop"), html.P(say("Drop a song: Segue plays what goes with it"))]),
        id="drop-veil",
        className="drop-veil",
        **{"aria-hidden": "true"},
    )


def _dialogs() -> list[dmc.Modal]:
    keys = [html.Div([html.Dt(html.Kbd(say(key))), html.Dd(say(does))]) for key, does in _KEYS]
    return [
        dmc.Modal(
            [
                html.Dl(keys, className="keys"),
                dmc.Switch(
                    id=ids.SHORTCUTS, label=say("Keyboard shortcuts are on"), checked=True, persistence=True,
                    persistence_type="local",
                ),
            ],
            id=ids.HELP, title=say("Keyboard"), opened=False, centered=True,
            closeButtonProps={"aria-label": say("Close")},
        ),
        dmc.Modal(
            [
                html.Button(
                    say("Try them all again"), id=ids.FAILURES_RETRY, type="button", n_clicks=0,
                    className="button outline small",
                ),
                html.P(id=ids.FAILURES_SAYS, className="dim", role="status"),
                html.Div(id=ids.FAILURES_LIST),
            ],
            id=ids.FAILURES, title=say("Files that could not be read"), opened=False, size="lg",
            closeButtonProps={"aria-label": say("Close")},
        ),
        dmc.Modal(
            folder_dialog(),
            id=ids.ADD_MUSIC, title=say("Choose a folder"), opened=False, size="lg",
            closeButtonProps={"aria-label": say("Close")},
        ),
        dmc.Modal(
            party_dialog(),
            id=ids.PARTY, title=say("Party"), opened=False, size="lg", closeButtonProps={"aria-label": say("Close")},
        ),
        dmc.Modal(
            taste_dialog(),
            id=ids.TASTE, title=say("Your taste"), opened=False, centered=True, size="lg",
            closeButtonProps={"aria-label": say("Close")},
        ),
        naming_dialog(),
        sending_dialog(),
    ]  # fmt: skip


def _stores(pulse_ms: int) -> list[Any]:
    return [
        dcc.Store(id=ids.BOOTH),
        dcc.Store(id=ids.COMMAND),
        dcc.Store(id=ids.FAULT),
        dcc.Store(id=ids.LIBRARY_VERSION),
        dcc.Store(id=ids.PULSE_SEEN),
        dcc.Store(id=ids.BOOTED),
        dcc.Interval(id=ids.PULSE, interval=pulse_ms),
    ]
