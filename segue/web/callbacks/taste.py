"""The dialog about the listener's taste."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from segue.store.events import SWITCHES
from segue.web import ids
from segue.web.layout.taste import taste_body
from segue.web.pressed import has_changed

if TYPE_CHECKING:
    from segue.services import Services


def register_taste(app: Dash, services: Services) -> None:
    """Show where learning stands while the dialog is open, and set its switch."""

    @app.callback(
        Output(ids.TASTE_BODY, "children"),
        Output(ids.TASTE_SWITCH, "value"),
        Input(ids.TASTE, "opened"),
        Input(ids.TASTE_SWITCH, "value"),
        Input(ids.BOOTH, "data"),
        State(ids.TASTE_BODY, "children"),
        prevent_initial_call=True,
    )
    def on_taste(opened: bool, switch: str, booth: object, body: object) -> tuple[Any, str]:  # noqa: ARG001 - triggers
        if not opened:
            raise PreventUpdate
        chosen = next((known for known in SWITCHES if known == switch), None)
        if has_changed(ids.TASTE_SWITCH) and chosen is not None:
            services.listening.switch(chosen)
        report = services.taste_report()
        banned = services.tracks_of(sorted(services.listening.bans()))
        return taste_body(report, banned), report.switch
