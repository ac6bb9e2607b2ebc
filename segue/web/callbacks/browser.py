"""What runs in the browser: the scripts in ``assets/js`` learn of answers, settings and the library's changes."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output

from segue.web import ids


def register_browser(app: Dash) -> None:
    """Connect the scripts."""
    for function, component, prop in (
        ("onBooth", ids.BOOTH, "data"),
        ("onFault", ids.FAULT, "data"),
        ("onLookback", ids.LOOKBACK, "value"),
        ("onNoise", ids.NOISE, "value"),
        ("onLibrary", ids.LIBRARY_VERSION, "data"),
        ("onShortcuts", ids.SHORTCUTS, "checked"),
        ("onRoom", ids.ROOM, "children"),
        ("onPartyName", ids.PARTY_NAME, "value"),
        ("onPartyOpen", ids.PARTY_OPEN, "checked"),
        ("onPartyTakes", ids.PARTY_TAKES, "checked"),
    ):
        app.clientside_callback(
            ClientsideFunction("segue", function),
            Output(ids.BOOTED, "data", allow_duplicate=True),
            Input(component, prop),
            prevent_initial_call="initial_duplicate",
        )
