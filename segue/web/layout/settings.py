"""The room of settings: the music folders, the house's rules, the colours, and the door."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from segue.errors import printable
from segue.folders import MusicFolder
from segue.store.watch import WatchState
from segue.web import ids, present
from segue.web.languages import AS_THE_BROWSER
from segue.web.layout.parts import act_button, card, icon, placed
from segue.web.room import room_head
from segue.words import languages, later, say

WORDS = later("Where your music lies, what may be chosen of it, and how the booth looks.")
_COLOURS = (("dark", later("Dark")), ("light", later("Light")), ("system", later("As the system")))


def settings_room(
    *, watched: bool, line: str, rules: html.Section, locked: bool = False, language: str = ""
) -> html.Div:
    """The room as it is entered; the list of folders comes with its first pulse.

    ``language`` is the one that was chosen in this browser; none where it goes by its own.
    """
    return html.Div(
        [
            room_head(say("Settings"), WORDS),
            html.Div(
                [_music(watched=watched, line=line), rules, _looks(), _language(language), _more(), _door(locked)],
                className="desk",
            ),
            dcc.Store(id=ids.SETTINGS_SEEN),
            dcc.Interval(id=ids.SETTINGS_PULSE, interval=1000),
        ],
        className="settings-room",
    )


def _music(*, watched: bool, line: str) -> html.Section:
    add = act_button(
        "add-music", say("Add music from a folder"), icon("folder"), say("Add a folder"), look="outline small"
    )
    return card(
        say("Music folders"),
        html.Div(id=ids.SETTINGS_FOLDERS),
        html.P(id=ids.SETTINGS_SAYS, className="settings-says", role="status"),
        html.Div(
            [
                dmc.Switch(id=ids.WATCH, label=say("Watch for changes"), size="sm", checked=watched),
                html.P(line, id=ids.WATCH_LINE, className="dim", role="status"),
            ],
            className="watch",
        ),
        tool=add,
        wide=True,
    )


def _door(locked: bool) -> html.Section:
    """Who may come in, and the way out."""
    if not locked:
        line = say("Only this computer reaches the booth. For others, set a password: {command}.")
        words = placed(line, command=html.Code("segue password"))
        return card(say("The door"), html.P(words, className="dim"))
    out = html.A(say("Log out on this device"), href="/login", className="button outline small")
    return card(say("The door"), html.P(say("The booth has a password."), className="dim"), out)


def _looks() -> html.Section:
    choice = dmc.SegmentedControl(
        id=ids.THEME_CHOICE,
        data=[{"value": value, "label": say(label)} for value, label in _COLOURS],
        size="sm",
        **{"aria-label": say("Colours")},
    )
    return card(say("Colours"), choice, html.P(say("Kept in this browser."), className="dim"))


def _language(chosen: str) -> html.Section:
    named = [{"value": code, "label": name} for code, name in languages().items()]
    choice = dmc.SegmentedControl(
        id=ids.LANGUAGE,
        data=[{"value": AS_THE_BROWSER, "label": say("As the browser")}, *named],
        value=chosen or AS_THE_BROWSER,
        size="sm",
        **{"aria-label": say("Language")},
    )
    return card(say("Language"), choice, html.P(say("Kept in this browser."), className="dim"))


def _more() -> html.Section:
    words = say("Which ear listens, how well it does on your music, and what all of it takes on the disk.")
    link = dcc.Link(say("To the room Quality"), href="/quality", className="button outline small")
    return card(say("The ear and the disk"), html.P(words, className="dim"), html.Div(link))


def folders_list(folders: Sequence[MusicFolder], state: WatchState | None, *, busy: bool, demo: int = 0) -> Any:
    """Each folder: its path, how many files are known of it, whether it is watched, and what can be done with it.

    Where there is none, ``demo`` songs of the demo library may be there.
    """
    if demo and not folders:
        words = say(
            "The demo library is here, {songs} that Segue composed. Add a folder and it makes way.",
            songs=present.songs(demo),
        )
        return html.P(words, className="dim")
    if not folders:
        return html.P(say("None yet: add the folder where your music lies."), className="dim")
    return html.Ul([_folder(folder, state, busy=busy) for folder in folders], className="folders")


def _folder(folder: MusicFolder, state: WatchState | None, *, busy: bool) -> html.Li:
    mark, name = mark_of(folder.path), printable(folder.path)
    files = present.files(folder.files)
    scan = html.Button(
        say("Look through it again"),
        id=ids.folder_act("scan", mark),
        type="button",
        disabled=busy,
        className="button outline small",
        **{"aria-label": say("Look through it again: {folder}", folder=name)},
    )
    remove = html.Details(
        [
            html.Summary(say("Remove"), **{"aria-label": say("Remove {title}", title=name)}),
            html.P(
                say("Segue forgets the {files} it knows there. The files themselves stay where they are.", files=files)
            ),
            html.Button(
                say("Take it out of the library"),
                id=ids.folder_act("remove", mark),
                type="button",
                disabled=busy,
                className="button outline small",
            ),
        ],
        className="folder-removal",
    )
    words = html.Div([html.B(name), html.Span(f"{files}. {watch_word(folder.path, state)}", className="dim")])
    return html.Li([words, scan, remove])


def watch_word(folder: Path, state: WatchState | None) -> str:
    """How one folder is kept up with."""
    if state is not None and folder in state.away:
        return say("Nothing is there: is its drive connected?")
    if state is not None and folder in state.polled:
        return say("Looked over every so often")
    return say("Watched") if state is not None and folder in state.watched else say("Not watched")


def mark_of(folder: Path) -> str:
    """A path as an id can hold it, whatever the bytes of its name."""
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
