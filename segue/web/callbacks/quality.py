"""The room of quality: measuring is begun and given up, and what is known is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from segue.web import ids
from segue.web.layout.quality import (
    disk_card,
    ear_card,
    failure_kinds,
    figures,
    quality_room,
    state_line,
    taste_summary,
)
from segue.web.pressed import has_changed
from segue.web.room import Query, Room
from segue.words import later, say

if TYPE_CHECKING:
    from segue.services import Services


def build(services: Services, query: Query) -> Any:  # noqa: ARG001 - one form for all rooms
    """The room, as things stand."""
    tracks = services.counts().tracks
    return quality_room(ear=ear_card(services.ear_in_use(), tracks), disk=disk_card(services.folders.storage()))


def register(app: Dash, services: Services) -> None:
    """Connect the room."""

    @app.callback(
        Output(ids.QUALITY_STATE, "children"),
        Output(ids.QUALITY_FIGURES, "children"),
        Output(ids.QUALITY_FAILURES, "children"),
        Output(ids.QUALITY_MEASURE, "children"),
        Output(ids.QUALITY_MEASURE, "hidden"),
        Output(ids.QUALITY_STOP, "hidden"),
        Output(ids.QUALITY_SEEN, "data"),
        Input(ids.QUALITY_PULSE, "n_intervals"),
        Input(ids.QUALITY_MEASURE, "n_clicks"),
        Input(ids.QUALITY_STOP, "n_clicks"),
        State(ids.QUALITY_SEEN, "data"),
    )
    def on_pulse(beats: int | None, begin: int | None, stop: int | None, seen: Any) -> tuple[Any, ...]:  # noqa: ARG001
        if has_changed(ids.QUALITY_MEASURE) and begin:
            services.gauge.measure()
        if has_changed(ids.QUALITY_STOP) and stop:
            services.gauge.stop()
        status, last, counts = services.gauge.status, services.gauge.last(), services.counts()
        work = [status.running, round(100 * status.share), status.error, last and last.at_s]
        now = [*work, counts.tracks, counts.failures, services.scan_status().running]
        if now == seen:
            raise PreventUpdate
        return (
            state_line(status, last, tracks=counts.tracks),
            figures(last),
            failure_kinds(services.failures()),
            say("Measuring") if status.running else say("Measure") if last is None else say("Measure again"),
            counts.tracks == 0,
            not status.running,
            now,
        )

    @app.callback(Output(ids.QUALITY_TASTE, "children"), Input(ids.BOOTH, "data"), Input(ids.TASTE_SWITCH, "value"))
    def on_taste(booth: object, switch: str) -> Any:  # noqa: ARG001 - triggers
        return taste_summary(services.taste_report())


ROOM = Room("/quality", later("Quality"), "gauge", later("How well the ear does on your music"), build, register)
