"""The library's side: the scan's progress, the demo, and what could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output, State, no_update, set_props
from dash.exceptions import PreventUpdate

from segue.errors import SegueError
from segue.web import ids, present
from segue.web.layout import music
from segue.web.layout.shell import page_class
from segue.words import say

if TYPE_CHECKING:
    from segue.services import Services

PULSE_BUSY_MS = 1000
PULSE_IDLE_MS = 4000


def register_library(app: Dash, services: Services) -> None:
    """Connect scan and dialogs."""
    _pulse(app, services)
    _demo(app, services)
    _failures(app, services)


def _pulse(app: Dash, services: Services) -> None:
    @app.callback(
        Output(ids.STATUS, "children"),
        Output(ids.PAGE, "className"),
        Output(ids.LIBRARY_VERSION, "data"),
        Output(ids.PULSE, "interval"),
        Output(ids.PULSE_SEEN, "data"),
        Input(ids.PULSE, "n_intervals"),
        State(ids.PULSE_SEEN, "data"),
        State(ids.LIBRARY_VERSION, "data"),
    )
    def on_pulse(beats: int | None, seen: list[Any] | None, version: int | None) -> tuple[Any, ...]:  # noqa: ARG001
        status, counts = services.scan_status(), services.counts()
        line, share, failures = (
            present.status_line(status),
            present.status_share(status),
            present.failures_line(counts),
        )
        now = [line, share, status.running, failures, counts.tracks]
        if now == seen and version == services.version:
            raise PreventUpdate
        return (
            music.status(line, share=share, running=status.running and line is not None, failures=failures),
            page_class(empty=counts.tracks == 0, busy=status.running),
            services.version if services.version != version else no_update,
            PULSE_BUSY_MS if status.running else PULSE_IDLE_MS,
            now,
        )

    @app.callback(Output(ids.CANCEL_SCAN, "disabled"), Input(ids.CANCEL_SCAN, "n_clicks"), prevent_initial_call=True)
    def on_cancel(clicks: int | None) -> bool:
        if not clicks:
            raise PreventUpdate
        services.cancel_scan()
        return True


def _demo(app: Dash, services: Services) -> None:
    @app.callback(Output(ids.DEMO, "title"), Input(ids.DEMO, "n_clicks"), prevent_initial_call=True)
    def on_demo(clicks: int | None) -> str:
        if not clicks:
            raise PreventUpdate
        services.start_demo()
        watch_closely()
        return say("Composing it")


def watch_closely() -> None:
    """Ask for the scan's progress every second, from now on."""
    set_props(ids.PULSE, {"interval": PULSE_BUSY_MS})


def _failures(app: Dash, services: Services) -> None:
    @app.callback(Output(ids.FAILURES_LIST, "children"), Input(ids.FAILURES, "opened"), prevent_initial_call=True)
    def on_failures(opened: bool) -> Any:
        if not opened:
            raise PreventUpdate
        return music.failures_list(services.failures())

    @app.callback(
        Output(ids.FAILURES, "opened", allow_duplicate=True),
        Output(ids.FAILURES_SAYS, "children"),
        Input(ids.FAILURES_RETRY, "n_clicks"),
        prevent_initial_call=True,
    )
    def on_retry(clicks: int | None) -> tuple[bool, str]:
        if not clicks:
            raise PreventUpdate
        try:
            services.start_retry()
        except SegueError as error:
            return True, present.error_line(error)
        watch_closely()
        return False, ""
