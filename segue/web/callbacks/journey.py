"""The journey's room: what the page asks for is found, told and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output
from dash.exceptions import PreventUpdate

from segue.errors import SegueError
from segue.play.playqueue import is_track_id
from segue.web import ids, present
from segue.web.asked import Asked, asked_from_json, found_to_json, shortfalls
from segue.web.layout.journey import journey_room, no_way, way, waypoint_list
from segue.web.room import Query, Room
from segue.words import later, say, say_n

if TYPE_CHECKING:
    from segue.services import Services

_ONE_MORE = later("One more song, and there is a way.")


def build(services: Services, query: Query) -> Any:  # noqa: ARG001 - one form for all rooms
    """The room; what was half made is kept in the browser."""
    return journey_room(",".join(filter(is_track_id, query.get("via", "").split(","))))


def register(app: Dash, services: Services) -> None:
    """Connect the room."""

    @app.callback(
        Output(ids.JOURNEY_VIA, "children"),
        Output(ids.JOURNEY_WAY, "children"),
        Output(ids.JOURNEY_FOUND, "data"),
        Input(ids.JOURNEY_ASKED, "data"),
        running=[(Output(ids.JOURNEY_BUSY, "hidden"), False, True)],
        prevent_initial_call=True,
    )
    def on_asked(data: dict[str, Any] | None) -> tuple[Any, Any, Any]:
        if data is None:
            raise PreventUpdate
        number = data.get("number")
        try:
            asked = asked_from_json(data, services.choosing.rules.wishes())
        except SegueError as error:
            return [], no_way(present.error_line(error), is_problem=True), {"number": number, "stops": []}
        here = {track.id: track for track in services.tracks_of(asked.via)}
        named = waypoint_list(asked.via, here)
        gone = sum(track_id not in here for track_id in asked.via)
        if gone:
            return named, no_way(_gone_words(gone), is_problem=True), {"number": number, "stops": []}
        return (named, *_found(services, asked, number))

    for name, component in (("onJourneyRoom", ids.JOURNEY), ("onJourneyFound", ids.JOURNEY_FOUND)):
        app.clientside_callback(
            ClientsideFunction("segueJourney", name),
            Output(ids.BOOTED, "data", allow_duplicate=True),
            Input(component, "id" if component == ids.JOURNEY else "data"),
            prevent_initial_call="initial_duplicate",
        )


def _gone_words(count: int) -> str:
    """That waypoints have left the library, and what to do."""
    return say_n(
        "A waypoint is no longer in the library: take it out, and there is a way again.",
        "{count} waypoints are no longer in the library: take them out, and there is a way again.",
        count,
    )


def _found(services: Services, asked: Asked, number: object) -> tuple[Any, Any]:
    """The way as it is shown, and what the page keeps of it; or why there is none."""
    nothing = {"number": number, "stops": []}
    if len(asked.via) < (1 if asked.itinerary.loop else 2):
        return (no_way(say(_ONE_MORE), is_problem=False) if asked.via else None), nothing
    try:
        found = services.choosing.journey(asked.via, asked.itinerary, change=asked.change)
    except SegueError as error:
        return no_way(present.error_line(error), is_problem=True), nothing
    on_way = [stop.track_id for stop in found.stops if stop.track_id is not None]
    shown = way(
        found,
        tracks={track.id: track for track in services.tracks_of(on_way)},
        rhythms={track_id: services.rhythm(track_id) for track_id in on_way},
        told=shortfalls(found, asked),
    )
    return shown, found_to_json(found, number)


ROOM = Room("/journey", later("Journey"), "journey", later("Join the dots between a few songs"), build, register)
