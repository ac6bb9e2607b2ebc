"""The dialog that sends the queue to an MPD."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from segue.errors import ParameterError, SegueError
from segue.sending import SENDING, Daemon, checked_daemon
from segue.values import Track
from segue.web import ids, present
from segue.web.booth import booth_from_json
from segue.web.layout.sending import password_hint, sent_words
from segue.web.pressed import has_changed
from segue.words import say

if TYPE_CHECKING:
    from segue.services import Services


def register_sending(app: Dash, services: Services) -> None:
    """Fill the dialog in when it opens, send the queue, and forget the password."""

    @app.callback(
        Output(ids.MPD_HOST, "value"),
        Output(ids.MPD_PORT, "value"),
        Output(ids.MPD_PASSWORD, "value"),
        Output(ids.MPD_PASSWORD, "placeholder"),
        Output(ids.MPD_FORGET, "hidden"),
        Output(ids.MPD_SAYS, "children"),
        Input(ids.MPD, "opened"),
        Input(ids.MPD_FORGET, "n_clicks"),
        prevent_initial_call=True,
    )
    def on_open(opened: bool, _: int) -> tuple[Any, ...]:
        if not opened:
            raise PreventUpdate
        held = services.sending.daemon()
        if held is not None and has_changed(ids.MPD_FORGET):
            held = Daemon(held.host, held.port)
            services.sending.keep(held)
        host, port = (held.host, held.port) if held else ("", SENDING.port)
        return host, port, "", password_hint(held), not (held and held.password), None

    @app.callback(
        Output(ids.MPD_SAYS, "children", allow_duplicate=True),
        Output(ids.MPD_PASSWORD, "value", allow_duplicate=True),
        Output(ids.MPD_PASSWORD, "placeholder", allow_duplicate=True),
        Output(ids.MPD_FORGET, "hidden", allow_duplicate=True),
        Input(ids.MPD_SEND, "n_clicks"),
        State(ids.MPD_HOST, "value"),
        State(ids.MPD_PORT, "value"),
        State(ids.MPD_PASSWORD, "value"),
        State(ids.MPD_WAY, "value"),
        State(ids.BOOTH, "data"),
        running=[(Output(ids.MPD_SEND, "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def on_send(clicks: int, host: str, port: Any, password: str, way: str, answer: Any) -> tuple[Any, ...]:
        if not clicks:
            raise PreventUpdate
        try:
            to = services.sending.with_password(_daemon(host, port, password))
            tracks = _tracks(services, answer)
            sent = services.sending.send([track.paths for track in tracks], to, replace=way != "add")
            services.sending.keep(to)
        except SegueError as error:
            return present.error_line(error), no_update, no_update, no_update
        missing = [f"{present.artist_of(tracks[at])} - {tracks[at].info.title}" for at in sent.missing]
        return sent_words(to.where, sent.added, missing), "", password_hint(to), not to.password


def _daemon(host: Any, port: Any, password: Any) -> Daemon:
    """What the form says, checked; the host of an empty field is this computer."""
    return checked_daemon(str(host or "localhost"), port if isinstance(port, int) else 0, str(password or ""))


def _tracks(services: Services, answer: Any) -> tuple[Track, ...]:
    """What plays and what comes, out of the booth's last answer."""
    queue = booth_from_json((answer or {}).get("booth")).queue
    entries = (*filter(None, [queue.current]), *queue.upcoming)
    tracks = services.tracks_of([entry.track_id for entry in entries])
    if not tracks:
        raise ParameterError(say("nothing plays, and nothing comes"), remedy=say("Play a song first"))
    return tracks
