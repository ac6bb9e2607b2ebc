"""Tempo and key corrected by hand: the dialog, the cells of the table, and the way back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output, no_update
from dash.exceptions import PreventUpdate

from segue.errors import ParameterError, SegueError
from segue.listen.by_hand import Correction
from segue.play.playqueue import is_track_id
from segue.store.corrections import Corrected
from segue.values import TrackId
from segue.web import ids, present
from segue.web.layout.correct import correct_body
from segue.web.layout.parts import said
from segue.words import number, say

if TYPE_CHECKING:
    from segue.services import Services

_MOST_SONGS = 5_000


def register_correct(app: Dash, services: Services) -> None:
    """Connect the dialog."""

    @app.callback(
        Output(ids.CORRECT_BODY, "children"),
        Output(ids.CORRECT, "opened"),
        Output(ids.CORRECT_SAYS, "children"),
        Input(ids.CORRECT_ASKED, "data"),
        prevent_initial_call=True,
    )
    def on_asked(asked: dict[str, Any] | None) -> tuple[Any, bool, str]:
        tracks = services.tracks_of(_tracks((asked or {}).get("tracks")))
        if not tracks:
            raise PreventUpdate
        first = tracks[0].id
        return correct_body(tracks, services.rhythm(first), services.library.heard_rhythm(first)), True, ""

    @app.callback(
        Output(ids.CORRECT, "opened", allow_duplicate=True),
        Output(ids.CORRECT_SAYS, "children", allow_duplicate=True),
        Output(ids.CORRECT_DONE, "data"),
        Output(ids.NOTIFICATIONS, "sendNotifications", allow_duplicate=True),
        Input(ids.CORRECT_CHANGE, "data"),
        prevent_initial_call=True,
    )
    def on_change(change: dict[str, Any] | None) -> tuple[Any, ...]:
        if not change:
            raise PreventUpdate
        try:
            words, before = _carry_out(services, change)
        except SegueError as error:
            line = present.error_line(error)
            is_asked_there = bool(change.get("dialog"))
            note = no_update if is_asked_there else [present.notification(line)]
            return no_update, line if is_asked_there else "", change.get("at"), note
        note = present.notification(words, kind="note") | {"message": said(words, before)}
        return False, "", change.get("at"), [note]

    app.clientside_callback(
        ClientsideFunction("segueTable", "onChanged"),
        Output(ids.BOOTED, "data", allow_duplicate=True),
        Input(ids.CORRECT_DONE, "data"),
        prevent_initial_call="initial_duplicate",
    )


def _carry_out(services: Services, change: Mapping[str, Any]) -> tuple[str, Mapping[str, str] | None]:
    """Correct songs, or take that back; what was done, and the button that takes it back."""
    if "before" in change:
        before = before_from_json(change["before"])
        services.correcting.put_back(before)
        return say("As before: {song}", song=_named(services, before)), None
    tracks = _tracks(change.get("tracks"))
    tempo, key = (str(change.get(name) or "")[:40] for name in ("tempo", "key"))
    was = services.correcting.change(tracks, tempo=tempo, key=key)
    song = _named(services, was)
    is_as_heard = {tempo, key} <= {"heard", ""}
    words = say("As heard: {song}", song=song) if is_as_heard else say("Corrected by hand: {song}", song=song)
    return words, {"act": "correct_back", "before": before_to_json(was)}


def _named(services: Services, changed: Corrected) -> str:
    tracks = services.tracks_of(list(changed))
    return f"“{tracks[0].info.title}”" if len(tracks) == 1 else present.songs(len(tracks))


def before_to_json(before: Corrected) -> str:
    """What had been set, as a button carries it."""
    return json.dumps({track: None if was is None else [was.tempo_bpm, was.camelot] for track, was in before.items()})


def before_from_json(text: object) -> Corrected:
    """What `before_to_json` made; raises ParameterError for anything else."""
    try:
        held = json.loads(str(text))
        tracks = _tracks(list(held))
        return {track: None if held[track] is None else Correction(*held[track]) for track in tracks}
    except (ValueError, TypeError) as error:
        raise _unknown() from error


def _tracks(value: object) -> list[TrackId]:
    """The songs that the page names; raises ParameterError where it names none, or too many."""
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_SONGS or not all(map(is_track_id, value)):
        raise _unknown()
    return [TrackId(track) for track in value]


def _unknown() -> ParameterError:
    what = say("this page named songs in a way Segue does not know, or too many of them")
    return ParameterError(what, remedy=say("Mark at most {most} songs", most=number(_MOST_SONGS)))
