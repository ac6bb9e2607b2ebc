"""The dialog that sends the queue to an MPD."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from segue.sending import SENDING, Daemon
from segue.web import ids, present
from segue.words import later, number, say

_WORDS = later("What plays and what comes goes to MPD, the music player daemon, which plays its own copy of each song.")
_KEPT = later("Kept; leave it empty to use it")
_MOST_NAMED = 100


def sending_dialog() -> dmc.Modal:
    """The parts that stay; the place that is kept is filled in whenever it opens."""
    longest = {"input": {"maxLength": SENDING.longest_text}}
    ways = [{"value": "replace", "label": say("Play it now")}, {"value": "add", "label": say("Add to its queue")}]
    return dmc.Modal(
        html.Div(
            [
                html.P(say(_WORDS), className="dim"),
                html.Div(
                    [
                        dmc.TextInput(
                            id=ids.MPD_HOST, label=say("Host"), value="", placeholder="localhost", autoComplete="off",
                            spellCheck=False, attributes=longest,
                        ),
                        dmc.NumberInput(
                            id=ids.MPD_PORT, label=say("Port"), value=SENDING.port, min=1, max=65_535,
                            hideControls=True, allowDecimal=False, thousandSeparator="",
                        ),
                    ],
                    className="sending-place",
                ),
                dmc.PasswordInput(
                    id=ids.MPD_PASSWORD, label=say("Password"), value="", attributes=longest,
                    visibilityToggleButtonProps={"aria-label": say("Show or hide the password")},
                ),
                html.Button(
                    say("Forget the password"), id=ids.MPD_FORGET, type="button", n_clicks=0, hidden=True,
                    className="button text",
                ),
                dmc.SegmentedControl(
                    id=ids.MPD_WAY, data=ways, value="replace", size="sm", **{"aria-label": say("How")}
                ),
                html.Div(id=ids.MPD_SAYS, role="status", className="sending-says"),
                html.Button(say("Send"), id=ids.MPD_SEND, type="button", n_clicks=0, className="button solid"),
            ],
            className="sending",
        ),
        id=ids.MPD, title=say("Send to MPD"), opened=False, centered=True,
        closeButtonProps={"aria-label": say("Close")},
    )  # fmt: skip


def password_hint(held: Daemon | None) -> str:
    """What stands in the empty field of the password: whether one is kept, never which."""
    return say(_KEPT) if held is not None and held.password else say("If it wants one")


def sent_words(where: str, added: int, missing: Sequence[str]) -> list[Any]:
    """What was sent, and which songs the MPD does not have."""
    line = html.P(say("{songs} sent to {where}.", songs=present.songs(added), where=where))
    if not missing:
        return [line]
    rest = len(missing) - _MOST_NAMED
    names = [html.Li(name) for name in missing[:_MOST_NAMED]]
    names += [html.Li(say("and {count} more", count=number(rest)))] if rest > 0 else []
    head = html.Summary(say("{songs} it does not have", songs=present.songs(len(missing))))
    return [line, html.Details([head, html.Ul(names)], open=len(missing) < 6)]
