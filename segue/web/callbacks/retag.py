"""Tags written into files: the preview follows what is chosen, the writing goes on in the background."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, html, no_update
from dash.exceptions import PreventUpdate

from segue.errors import ParameterError, SegueError
from segue.play.playqueue import is_track_id
from segue.retagging import TagStatus, TagWishes
from segue.values import TrackId
from segue.web import ids, present
from segue.web.layout.retag import backups, preview, state, write_words
from segue.web.pressed import changed, has_changed
from segue.words import number, say

if TYPE_CHECKING:
    from segue.services import Services

_MOST_SHOWN = 50
_MOST_SONGS = 20_000


def register_retag(app: Dash, services: Services) -> None:
    """Connect the dialog."""
    _register_preview(app, services)
    _register_writing(app, services)
    app.clientside_callback(
        ClientsideFunction("segueTable", "onChanged"),
        Output(ids.BOOTED, "data", allow_duplicate=True),
        Input(ids.RETAG_ENDED, "data"),
        prevent_initial_call="initial_duplicate",
    )


def _register_preview(app: Dash, services: Services) -> None:
    """What would change follows what is chosen, and what has been written since."""

    @app.callback(
        Output(ids.RETAG, "opened"),
        Output(ids.RETAG_PREVIEW, "children"),
        Output(ids.RETAG_WRITE, "children"),
        Output(ids.RETAG_WRITE, "disabled"),
        Input(ids.RETAG_ASKED, "data"),
        Input(ids.RETAG_FIELDS, "value"),
        Input(ids.RETAG_KEY_AS, "value"),
        Input(ids.RETAG_ENDED, "data"),
        prevent_initial_call=True,
    )
    def on_wishes(asked: Any, fields: list[str], key_as: str, ended: Any) -> tuple[Any, ...]:  # noqa: ARG001 - a trigger
        opened = True if has_changed(ids.RETAG_ASKED) else no_update
        try:
            tracks = _tracks(services, asked)
        except ParameterError as error:
            return opened, html.P(present.error_line(error), className="problem"), write_words(0), True
        if not tracks:
            raise PreventUpdate
        first = tracks[:_MOST_SHOWN]
        changes = services.retagging.preview(first, _wishes(fields, key_as)) if fields else []
        more = len(tracks) - len(first)
        is_idle = not more and not any(field.old != field.new for change in changes for field in change.fields)
        return opened, preview(changes, fields or (), more=more), write_words(len(tracks)), not fields or is_idle


def _register_writing(app: Dash, services: Services) -> None:
    """Buttons begin a writing or end it, and a pulse tells how far it is."""

    @app.callback(
        Output(ids.RETAG_SAYS, "children"),
        Output(ids.RETAG_PULSE, "n_intervals"),
        Input(ids.RETAG_WRITE, "n_clicks"),
        Input(ids.retag_act(ALL, ALL), "n_clicks"),
        State(ids.RETAG_ASKED, "data"),
        State(ids.RETAG_FIELDS, "value"),
        State(ids.RETAG_KEY_AS, "value"),
        prevent_initial_call=True,
    )
    def on_act(writes: Any, others: Any, asked: Any, fields: Any, key_as: str) -> tuple[Any, int]:  # noqa: ARG001
        pressed = next((component for component, count in changed() if count), None)
        if pressed is None:
            raise PreventUpdate
        try:
            _act(services, pressed, lambda: (_tracks(services, asked), _wishes(fields, key_as)))
        except SegueError as error:
            return present.error_line(error), 0
        return "", 0

    @app.callback(
        Output(ids.RETAG_STATE, "children"),
        Output(ids.RETAG_BACKUPS, "children"),
        Output(ids.RETAG_PULSE, "disabled"),
        Output(ids.RETAG_SEEN, "data"),
        Output(ids.RETAG_ENDED, "data"),
        Input(ids.RETAG_PULSE, "n_intervals"),
        Input(ids.RETAG_ASKED, "data"),
        State(ids.RETAG_SEEN, "data"),
        prevent_initial_call=True,
    )
    def on_pulse(beats: int | None, asked: Any, seen: Any) -> tuple[Any, ...]:  # noqa: ARG001 - triggers
        status, kept = services.retagging.status, services.retagging.backups()
        now = _face(status, [backup.name for backup in kept])
        is_opened = has_changed(ids.RETAG_ASKED)
        if now == seen and not is_opened:
            raise PreventUpdate
        has_ended = not status.running and bool(seen) and seen != now
        ended = now if has_ended else no_update
        shown = [] if is_opened and now == seen else state(status)  # how the last writing ended was read before
        return shown, backups(kept, busy=status.running), not status.running, now, ended


def _act(services: Services, pressed: Any, wanted: Callable[[], tuple[list[TrackId], TagWishes]]) -> None:
    """Write, stop, or put back."""
    if pressed == ids.RETAG_WRITE:
        services.retagging.start_write(*wanted())
    elif pressed["act"] == "stop":
        services.retagging.cancel()
    else:
        services.retagging.start_putting_back(str(pressed["name"]))


def _face(status: TagStatus, kept: list[str]) -> list[Any]:
    """What of it may change while one looks at it."""
    progress, report = status.progress, status.report
    done = None if progress is None else progress.done
    ended = None if report is None else [report.written, report.unchanged, len(report.problems), report.backup]
    return [status.running, done, ended, status.error, kept]


def _wishes(fields: Any, key_as: Any) -> TagWishes:
    return TagWishes(tuple(fields or ()), key_as)


def _tracks(services: Services, asked: Any) -> list[TrackId]:
    """The songs that the page names, as far as the library holds them; raises ParameterError if they are too many."""
    named = asked.get("tracks") if isinstance(asked, dict) else None
    if not isinstance(named, list):
        return []
    if len(named) > _MOST_SONGS:
        most = number(_MOST_SONGS)
        remedy = say("Mark at most {most} at a time, or use the command: segue retag --all", most=most)
        raise ParameterError(say("{count} songs are marked, too many at once", count=number(len(named))), remedy=remedy)
    return [track.id for track in services.tracks_of([TrackId(name) for name in named if is_track_id(name)])]
