"""The dialog of the booths that are open to each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from segue.booths import Face, id_of
from segue.web import ids
from segue.web.layout.party import party_list, said_of

if TYPE_CHECKING:
    from segue.services import Services
    from segue.values import Track, TrackId


def register_party(app: Dash, services: Services) -> None:
    """Show the booths of others while the dialog is open, and ask for them only then."""
    app.clientside_callback(
        ClientsideFunction("segue", "isShut"), Output(ids.PARTY_PULSE, "disabled"), Input(ids.PARTY, "opened")
    )

    @app.callback(
        Output(ids.PARTY_LIST, "children"),
        Output(ids.PARTY_SEEN, "data"),
        Input(ids.PARTY, "opened"),
        Input(ids.PARTY_PULSE, "n_intervals"),
        Input(ids.PARTY_OWN, "data"),
        State(ids.PARTY_SEEN, "data"),
        prevent_initial_call=True,
    )
    def on_party(opened: bool, beats: int | None, own: Any, seen: Any) -> tuple[Any, Any]:  # noqa: ARG001 - a trigger
        if not opened or not isinstance(own, dict):
            raise PreventUpdate
        self_id, follows = id_of(str(own.get("key"))), str(own.get("follows") or "")
        faces = [face for face in services.booths.all() if face.id != self_id]
        playing = [face.playing.track_id for face in faces if face.playing.track_id]
        tracks = {track.id: track for track in services.tracks_of(playing)}
        now = [follows, *(_shown(face, tracks) for face in faces)]
        if now == seen:
            raise PreventUpdate
        return party_list(faces, tracks, follows=follows), now


def _shown(face: Face, tracks: Mapping[TrackId, Track]) -> list[Any]:
    """What of a booth may change while one looks at it."""
    track = tracks.get(face.playing.track_id) if face.playing.track_id else None
    return [face.id, face.name, face.is_open, said_of(face, track)]
