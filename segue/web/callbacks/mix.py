"""The room of mixes: an order is taken, and the mixes are shown as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import ALL, Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from segue.errors import SegueError
from segue.mixes import Mix
from segue.play.playqueue import is_track_id
from segue.values import TrackId
from segue.web import ids, present
from segue.web.layout.mix import mix_room, mixes_list, order_line
from segue.web.mix_orders import MixForm, order_of, wanted_lines, wanted_tracks
from segue.web.pressed import changed
from segue.web.room import Query, Room
from segue.words import later

if TYPE_CHECKING:
    from segue.services import Services

_FIELDS = {"title": "value", "ending": "value", "between": "value", "minutes": "value"}
_FIELDS |= {"reorder": "checked", "skip_bad": "checked"}


def build(services: Services, query: Query) -> Any:
    """The room, with the songs that the address names."""
    return mix_room(_tracks(services, query.get("tracks", "").split(",")))


def register(app: Dash, services: Services) -> None:
    """Connect the room."""

    @app.callback(
        Output(ids.MIX_SAYS, "children"),
        Output(ids.MIX_ORDERED, "data"),
        Output(ids.MIX_PULSE, "n_intervals"),
        Input(ids.MIX_ORDER, "n_clicks"),
        State(ids.MIX_TRACKS, "data"),
        State(ids.MIX_TEXT, "value"),
        {name: State(ids.mix_field(name), prop) for name, prop in _FIELDS.items()},
        prevent_initial_call=True,
    )
    def on_order(clicks: int | None, tracks: Any, text: Any, values: dict[str, Any]) -> tuple[Any, Any, Any]:
        if not clicks:
            raise PreventUpdate
        try:
            form = MixForm.of(values)
            named = _tracks(services, tracks) if tracks else ()
            wanted = wanted_tracks(named) if named else wanted_lines(str(text or ""), services.at_path)
            mix = services.mixes.order(order_of(form, wanted), ending=form.ending)
        except SegueError as error:
            return present.error_line(error), None, no_update
        return order_line(mix), mix.id, 0

    @app.callback(
        Output(ids.MIXES, "children"),
        Output(ids.MIXES_SEEN, "data"),
        Output(ids.MIX_SAYS, "children", allow_duplicate=True),
        Input(ids.MIX_PULSE, "n_intervals"),
        Input(ids.mix_end(ALL), "n_clicks"),
        State(ids.MIX_ORDERED, "data"),
        State(ids.MIXES_SEEN, "data"),
        prevent_initial_call="initial_duplicate",
    )
    def on_pulse(_beats: Any, _clicks: Any, ordered: str | None, seen: Any) -> tuple[Any, Any, Any]:
        for pressed, count in changed():
            if isinstance(pressed, dict) and count:
                _end(services, str(pressed["mix"]))
        mixes = services.mixes.all()
        now = [ordered, *(_face(mix) for mix in mixes)]
        if now == seen:
            raise PreventUpdate
        line = next((order_line(mix) for mix in mixes if mix.id == ordered), "" if ordered else no_update)
        return mixes_list(mixes), now, line


def _end(services: Services, mix_id: str) -> None:
    """Call off a mix that is on its way, and delete one that has ended."""
    if services.mixes.get(mix_id).has_ended:
        services.mixes.delete(mix_id)
    else:
        services.mixes.cancel(mix_id)


def _face(mix: Mix) -> list[Any]:
    """What of a mix may change while one looks at it."""
    progress = mix.progress
    return [mix.id, mix.state, None if progress is None else [progress.phase, round(progress.done), progress.total]]


def _tracks(services: Services, ids_: Any) -> tuple[Any, ...]:
    return services.tracks_of([TrackId(track_id) for track_id in ids_ if is_track_id(track_id)])


ROOM = Room("/mix", later("Mix"), "mix", later("One finished file of a list of songs"), build, register)
