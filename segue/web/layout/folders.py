"""The dialog in which a folder of the computer that runs Segue is chosen."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from segue.errors import ParameterError, printable
from segue.reach import Folder, Look
from segue.web import ids, present
from segue.web.layout.parts import act_button, icon
from segue.words import later, number, say, say_n

_NOWHERE = later("No folder may be chosen from here. Start Segue with one: segue serve --allow DIR")


def folder_dialog() -> list[Any]:
    """The parts that stay."""
    typed = dmc.TextInput(
        id=ids.FOLDER_PATH,
        label=say("Or type where it lies"),
        placeholder="/home/you/Music",
        debounce=False,
        n_submit=0,
        value="",
        autoComplete="off",
        spellCheck=False,
        className="folder-field",
    )
    open_it = html.Button(say("Open"), id=ids.FOLDER_OPEN, type="button", n_clicks=0, className="button outline")
    return [
        html.Div(id=ids.FOLDER_VIEW),
        html.Div([typed, open_it], className="folder-typed"),
        html.P(id=ids.FOLDER_SAYS, className="problem folder-says", role="status"),
        html.Button(
            scan_words(None), id=ids.FOLDER_SCAN, type="button", n_clicks=0, disabled=True, className="button solid"
        ),
        dcc.Store(id=ids.FOLDER_ASKED),
        dcc.Store(id=ids.FOLDER_HERE),
    ]


def places_view(places: Sequence[Folder]) -> list[Any]:
    """Where a choice may begin."""
    if not places:
        return [html.P(say(_NOWHERE), className="dim")]
    words = say("Where your music may lie on the computer that runs Segue.")
    return [_ways(()), _rows(places, path_too=True), html.P(words, className="dim")]


def demo_line() -> html.P:
    """What a folder does to the demo library, said before it is chosen."""
    return html.P(
        say("The demo library makes way for your own music, from the list and the queue too."), className="dim"
    )


def look_view(look: Look) -> list[Any]:
    """What lies in a folder, and the way to it."""
    if not look.folders:
        words = say("No folders in it. {files} right here.", files=_songs(look.songs))
    elif look.more:
        words = say(
            "{folders} shown, {more} more not. {files} right here.",
            folders=present.folders(len(look.folders)),
            more=number(look.more),
            files=_songs(look.songs),
        )
    else:
        words = say(
            "{folders}. {files} right here.", folders=present.folders(len(look.folders)), files=_songs(look.songs)
        )
    return [_ways(look.way), _rows(look.folders), html.P(words, className="dim", role="status")]


def scan_words(folder: Path | None) -> str:
    """What the button says that ends the choice: it takes the folder that is looked at."""
    if folder is None:
        return say("Listen to this folder")
    return say("Listen to “{folder}”", folder=_name(folder))


def listening_words(folder: Path, *, makes_way: bool) -> str:
    """What is said once a folder was chosen."""
    if makes_way:
        return say("Listening to “{folder}”: the demo library makes way", folder=_name(folder))
    return say("Listening to “{folder}”", folder=_name(folder))


def word_of(folder: Path) -> str:
    """A path as a page can hold it, whatever the bytes of its name."""
    return base64.urlsafe_b64encode(os.fsencode(folder)).decode("ascii")


def folder_of(word: object) -> Path:
    """The path that ``word_of`` wrote; raises ParameterError."""
    try:
        return Path(os.fsdecode(base64.urlsafe_b64decode(str(word).encode("ascii"))))
    except (binascii.Error, UnicodeError) as error:
        raise ParameterError(
            say("this page named a folder in a way Segue does not know"), remedy=say("Reload it")
        ) from error


def _ways(way: Sequence[Path]) -> html.Nav:
    """The folders on the way here; a click goes back to one."""
    steps = [(say("All places"), ""), *((_name(folder), word_of(folder)) for folder in way)]
    crumbs = [
        html.Li(act_button("folder", say("Back to {folder}", folder=name), name, look="text", folder=word))
        for name, word in steps[:-1]
    ]
    here = html.Li(html.Span(steps[-1][0], **{"aria-current": "location"}))
    return html.Nav(html.Ol([*crumbs, here]), className="folder-way", **{"aria-label": say("The way to this folder")})


def _rows(folders: Sequence[Folder], *, path_too: bool = False) -> html.Ul:
    rows = [html.Li(_row(folder, path_too=path_too)) for folder in folders]
    return html.Ul(rows, className="folder-rows", **{"aria-label": say("Folders")})


def _row(folder: Folder, *, path_too: bool) -> html.Button:
    name, path = _name(folder.path), [html.Span(printable(folder.path), className="by")] if path_too else []
    problem = say(folder.problem)
    words = problem[:1].upper() + problem[1:] or (present.songs(folder.songs) if folder.songs else "")
    row = act_button(
        "folder",
        say("Open {folder}. {facts}", folder=name, facts=words) if words else say("Open {folder}", folder=name),
        icon("folder"),
        html.Span([html.Span(name, className="title"), *path], className="names"),
        html.Span(words, className="by"),
        look="folder-row",
        folder=word_of(folder.path),
    )
    row.disabled = bool(folder.problem)
    return row


def _name(folder: Path) -> str:
    return printable(folder.name or folder)


def _songs(count: int) -> str:
    return say_n("{count} music file", "{count} music files", count) if count else say("No music files")
