"""The room of settings: folders are looked through again or taken out, and the watch is switched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, no_update, set_props
from dash.exceptions import PreventUpdate

from segue.errors import FileAccessError, SegueError, printable
from segue.web import ids, present
from segue.web.callbacks.rules import allowed_line, register_rules, rules
from segue.web.languages import chosen
from segue.web.layout.settings import folders_list, mark_of, settings_room
from segue.web.pressed import changed, has_changed
from segue.web.room import Query, Room
from segue.words import later, say

if TYPE_CHECKING:
    from segue.services import Services


def build(services: Services, query: Query) -> Any:  # noqa: ARG001 - one form for all rooms
    """The room, as things stand."""
    return settings_room(
        watched=services.watch.wanted,
        line=present.watch_line(services.watch.state, services.scan_status()),
        rules=rules(services),
        locked=services.door.is_locked(),
        language=chosen(),
    )


def register(app: Dash, services: Services) -> None:
    """Connect the room."""
    register_rules(app, services)

    @app.callback(
        Output(ids.SETTINGS_FOLDERS, "children"),
        Output(ids.WATCH_LINE, "children"),
        Output(ids.SETTINGS_SAYS, "children"),
        Output(ids.SETTINGS_SEEN, "data"),
        Input(ids.SETTINGS_PULSE, "n_intervals"),
        Input(ids.folder_act(ALL, ALL), "n_clicks"),
        Input(ids.WATCH, "checked"),
        State(ids.SETTINGS_SEEN, "data"),
    )
    def on_settings(beats: int | None, clicks: list[int | None], on: bool, seen: Any) -> tuple[Any, ...]:  # noqa: ARG001
        said = no_update
        if has_changed(ids.WATCH) and on != services.watch.wanted:
            services.watch.switch(on=on)
        for pressed, count in changed():
            if isinstance(pressed, dict) and count:
                said = _said_of(services, str(pressed["act"]), str(pressed["folder"]))
        status, state = services.scan_status(), services.watch.state
        folders, line = services.folders.all(), present.watch_line(state, status)
        demo = 0 if folders or services.has_own_music() else services.counts().tracks
        now = [line, status.running, demo, [[mark_of(folder.path), folder.files] for folder in folders]]
        if now == seen and said is no_update:
            raise PreventUpdate
        return folders_list(folders, state, busy=status.running, demo=demo), line, said, now

    app.clientside_callback(
        ClientsideFunction("segue", "onTheme"), Output(ids.THEME_CHOICE, "value"), Input(ids.THEME_CHOICE, "value")
    )
    app.clientside_callback(
        ClientsideFunction("segue", "onLanguage"),
        Output(ids.BOOTED, "data", allow_duplicate=True),
        Input(ids.LANGUAGE, "value"),
        prevent_initial_call=True,
    )


def _said_of(services: Services, act: str, mark: str) -> str:
    try:
        return _act(services, act, mark)
    except SegueError as error:
        return present.error_line(error)


def _act(services: Services, act: str, mark: str) -> str:
    """Look through a folder again, or take it out; what was done, in words."""
    folder = next((held.path for held in services.folders.all() if mark_of(held.path) == mark), None)
    if folder is None:
        raise FileAccessError(say("this folder is not in the library any more"), remedy=say("Reload the page"))
    if act == "scan":
        services.start_scan(folder)
        return say("Looking through {folder}.", folder=printable(folder))
    files = services.folders.remove(folder)
    set_props(ids.RULES_SAYS, {"children": allowed_line(services)})
    return say(
        "{folder} is taken out, with {songs}. Its files are where they were.",
        folder=printable(folder),
        songs=present.songs(files),
    )


ROOM = Room(
    "/settings",
    later("Settings"),
    "settings",
    later("Folders, rules of choosing, colours and language"),
    build,
    register,
)
