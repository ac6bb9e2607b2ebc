"""The dialog in which a folder is chosen: it is looked through as far as it may be, and then listened to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update, set_props
from dash.exceptions import PreventUpdate

from segue.errors import SegueError
from segue.reach import Reach
from segue.web import ids, present
from segue.web.callbacks.library import watch_closely
from segue.web.layout.folders import demo_line, folder_of, listening_words, look_view, places_view, scan_words, word_of
from segue.web.pressed import has_changed

if TYPE_CHECKING:
    from pathlib import Path

    from segue.services import Services


def register_folders(app: Dash, services: Services, reach: Reach) -> None:
    """Connect the dialog; folders outside of the reach are neither shown nor listened to."""

    @app.callback(
        Output(ids.FOLDER_VIEW, "children"),
        Output(ids.FOLDER_SCAN, "children"),
        Output(ids.FOLDER_SCAN, "disabled"),
        Output(ids.FOLDER_PATH, "error"),
        Output(ids.FOLDER_SAYS, "children", allow_duplicate=True),
        Output(ids.FOLDER_HERE, "data"),
        Input(ids.ADD_MUSIC, "opened"),
        Input(ids.FOLDER_ASKED, "data"),
        Input(ids.FOLDER_OPEN, "n_clicks"),
        Input(ids.FOLDER_PATH, "n_submit"),
        State(ids.FOLDER_PATH, "value"),
        prevent_initial_call=True,
    )
    def on_folder(opened: bool, asked: Any, clicks: Any, submits: Any, typed: str | None) -> tuple[Any, ...]:  # noqa: ARG001
        if not opened:
            raise PreventUpdate
        is_typed = has_changed(ids.FOLDER_OPEN, ids.FOLDER_PATH)
        try:
            folder = reach.typed(typed or "") if is_typed else _asked(asked, is_new=has_changed(ids.ADD_MUSIC))
            here = word_of(folder) if folder else ""
            return _seen(services, reach, folder), scan_words(folder), folder is None, None, "", here
        except SegueError as error:
            line = present.error_line(error)
            return *[no_update] * 3, line if is_typed else None, "" if is_typed else line, no_update

    @app.callback(
        Output(ids.FOLDER_SAYS, "children"),
        Input(ids.FOLDER_SCAN, "n_clicks"),
        State(ids.FOLDER_HERE, "data"),
        prevent_initial_call=True,
    )
    def on_scan(clicks: int | None, here: str | None) -> str:
        if not clicks or not here:
            raise PreventUpdate
        try:
            folder, makes_way = reach.within(folder_of(here)), _is_demo(services)
            services.start_scan(folder)
        except SegueError as error:
            return present.error_line(error)
        watch_closely()
        set_props(ids.ADD_MUSIC, {"opened": False})
        note = present.notification(listening_words(folder, makes_way=makes_way), kind="note")
        set_props(ids.NOTIFICATIONS, {"sendNotifications": [note]})
        return ""

    app.clientside_callback(
        ClientsideFunction("segue", "onFolder"),
        Output(ids.BOOTED, "data", allow_duplicate=True),
        Input(ids.FOLDER_HERE, "data"),
        prevent_initial_call="initial_duplicate",
    )


def _asked(asked: Any, *, is_new: bool) -> Path | None:
    """The folder that a click names; None for the places where a choice begins, as one does when the dialog opens."""
    word = "" if is_new or not isinstance(asked, dict) else asked.get("folder")
    return folder_of(word) if word else None


def _seen(services: Services, reach: Reach, folder: Path | None) -> list[Any]:
    """What the dialog shows of a folder, or of the places where a choice begins."""
    view = places_view(reach.places()) if folder is None else look_view(reach.look(folder))
    return [*view, demo_line()] if _is_demo(services) else view


def _is_demo(services: Services) -> bool:
    """Whether the demo library is what is there, which will make way."""
    return bool(services.counts().tracks) and not services.has_own_music()
