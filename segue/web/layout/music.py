"""The library's side of the page: the search, the scan, and what could not be read. A script draws what was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from segue.errors import printable
from segue.values import ScanFailure
from segue.web import ids, present
from segue.web.layout.parts import act_button, icon
from segue.words import number, say

FAILURES_SHOWN = 500


def search_field() -> dmc.TextInput:
    """Where the listener looks for a song."""
    return dmc.TextInput(
        id=ids.SEARCH,
        placeholder=say("Search your music"),
        leftSection=icon("search"),
        rightSection=html.Kbd("/", className="key-hint", **{"aria-hidden": "true"}),
        debounce=50,
        value="",
        className="search",
        autoComplete="off",
        spellCheck=False,
        **{"aria-label": say("Search your music")},
    )


def status(line: str | None, *, share: float | None, running: bool, failures: str | None) -> list[html.Div]:
    """The scan while it runs, and how many files could not be read."""
    parts: list[Any] = []
    if line is not None:
        bar = dmc.Progress(
            value=100.0 if share is None else share,
            animated=share is None,
            striped=share is None,
            size=4,
            className="scan-bar",
            **{"aria-label": say("Scan")},
        )
        words = html.P(line, className="scan-line" if running else "scan-line problem", role="status")
        stop = [html.Button(say("Stop"), id=ids.CANCEL_SCAN, type="button", className="button text")] if running else []
        parts.append(
            html.Div(
                [html.Div([words, *stop], className="scan-words"), *([bar] if running else [])], className="scan-job"
            )
        )
    if failures is not None:
        reasons = act_button(
            "failures", say("{failures}. Show why", failures=failures), icon("warning"), failures, look="text warn"
        )
        parts.append(reasons)
    return [html.Div(parts, className="scan")] if parts else []


def upkeep() -> html.Div:
    """How the library is brought up to date: the scan while it runs, and what could not be read."""
    return html.Div(html.Div(id=ids.STATUS), className="upkeep")


def failures_list(failures: Sequence[ScanFailure]) -> list[html.Div]:
    """Each file that could not be read: its name, the cause, the remedy."""
    rows = [
        html.Li(
            [
                html.Span(printable(failure.path.name), className="title"),
                html.Span(f"{present.sentence(say(failure.message))} {say(failure.remedy)}", className="cause"),
                html.Span(printable(failure.path.parent), className="folder"),
            ]
        )
        for failure in failures[:FAILURES_SHOWN]
    ]
    rest = len(failures) - len(rows)
    note = [html.P(say("... and {count} more.", count=number(rest)), className="dim")] if rest > 0 else []
    return [html.Div([html.Ul(rows, className="failures"), *note])]
