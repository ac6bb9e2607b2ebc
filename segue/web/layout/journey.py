"""The room where a journey is made: its waypoints, its wishes, and the way that was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from segue.choose.arc import ARCS
from segue.choose.itinerary import MODES
from segue.choose.journey import Journey
from segue.choose.journey_stops import Stop, StopKind
from segue.values import Rhythm, Track, TrackId
from segue.web import ids, present
from segue.web.layout.parts import act_button, choices, cover, icon, icon_button, spoken, spoken_with
from segue.web.room import room_head
from segue.words import later, number, say

_MODES = {"shortest": later("Straight on"), "smoothest": later("Smallest steps")}
_ARCS = {"none": later("As it comes"), "rise": later("Rising"), "fall": later("Falling"), "wave": later("In waves")}
_BY = {"songs": later("Songs between"), "minutes": later("Minutes in all")}
WORDS = later("Name a few songs: Segue joins the dots, each song a small step on the way to the next.")


def journey_room(via: str) -> html.Div:
    """The room as it is entered; ``via`` are the waypoints that the address names, which go before those kept."""
    return html.Div(
        [
            room_head(say("Journey"), WORDS),
            html.Div([_waypoints(), _wishes(), _picture()], className="journey-desk"),
            html.P(say("Finding the way"), id=ids.JOURNEY_BUSY, className="journey-busy", hidden=True),
            html.Div(id=ids.JOURNEY_WAY, className="journey-way", **{"aria-live": "polite"}),
            dcc.Store(id=ids.JOURNEY_ASKED),
            dcc.Store(id=ids.JOURNEY_FOUND),
        ],
        id=ids.JOURNEY,
        className="journey",
        **{"data-via": via},
    )


def _waypoints() -> html.Section:
    field = dmc.TextInput(
        id=ids.JOURNEY_SEARCH,
        placeholder=say("Add a song by its name"),
        leftSection=icon("search"),
        value="",
        className="search journey-search",
        autoComplete="off",
        spellCheck=False,
        **{"aria-label": say("Add a waypoint: search your music")},
    )
    return html.Section(
        [
            html.H2(say("Waypoints"), className="small-heading"),
            html.Div([field, html.Ul(id="journey-choices", className="choices", hidden=True)], className="combobox"),
            html.Div(id=ids.JOURNEY_VIA, className="journey-via"),
        ],
        className="card",
        **{"aria-label": say("Waypoints")},
    )


def _wishes() -> html.Section:
    return html.Section(
        [
            html.H2(say("How"), className="small-heading"),
            choices("journey_wish", say("Length"), {by: say(words) for by, words in _BY.items()}, name="by"),
            html.Div(id="journey-length", className="journey-length"),
            choices("journey_wish", say("Way"), {mode: say(_MODES[mode]) for mode in MODES}, name="mode"),
            choices("journey_wish", say("Energy"), {arc: say(_ARCS[arc]) for arc in ARCS}, name="arc"),
            choices(
                "journey_wish", say("End"), {"no": say("At the last"), "yes": say("Back at the first")}, name="loop"
            ),
        ],
        className="card journey-wishes",
        **{"aria-label": say("How to travel")},
    )


def _picture() -> html.Section:
    return html.Section(
        [
            html.Canvas(id="journey-map", className="journey-map", **{"aria-hidden": "true"}),
            dcc.Link([icon("map"), say("Pick on the map")], href="/map", className="button outline small"),
        ],
        className="card journey-picture",
        **{"aria-label": say("The journey on the map")},
    )


def waypoint_list(via: Sequence[TrackId], tracks: Mapping[TrackId, Track]) -> html.Ol | html.P:
    """The waypoints in their order, each to be moved and taken out."""
    if not via:
        return html.P(
            say("Where does it begin, and where does it end? Two songs are enough."), className="dim journey-hint"
        )
    rows = [_waypoint(place, track_id, tracks.get(track_id), len(via)) for place, track_id in enumerate(via)]
    return html.Ol(rows, className="waypoints", **{"aria-label": say("Waypoints in their order")})


def _waypoint(place: int, track_id: TrackId, track: Track | None, count: int) -> html.Li:
    title = track.info.title if track else say(present.GONE)
    up = icon_button("waypoint_move", say("Earlier: {title}", title=title), "up", place=place, by=-1)
    down = icon_button("waypoint_move", say("Later: {title}", title=title), "down", place=place, by=1)
    up.disabled, down.disabled = place == 0, place == count - 1
    return html.Li(
        [
            html.Span(cover(track_id), className="art") if track else html.Span(className="art"),
            html.Span(
                [
                    html.Span(title, className="title"),
                    html.Span(present.artist_of(track) if track else "", className="by"),
                ],
                className="names",
            ),
            up,
            down,
            icon_button("waypoint_remove", say("Take out: {title}", title=title), "remove", place=place),
        ],
        className="waypoint",
        draggable="true",
        **{"data-place": place},
    )


def way(
    found: Journey, *, tracks: Mapping[TrackId, Track], rhythms: Mapping[TrackId, Rhythm | None],
    told: Sequence[str],
) -> list[Any]:  # fmt: skip
    """The journey that was found: what is to be said of it, what can be done with it, and its stops."""
    line = f"{present.songs(len(found.stops))}, {present.clock(found.duration_s)}"
    if found.largest_step is not None:
        to = found.stops[found.largest_step.to_stop].info.title
        alike = number(found.largest_step.similarity, 2)
        line = say("{line}. The largest step ({alike} alike) leads to “{to}”", line=line, alike=alike, to=to)
    return [
        html.Div(
            [
                html.Div(
                    [html.H2(say("The way"), className="heading"), html.P(line, className="dim", role="status")],
                ),
                html.Div(_tools(), className="room-tools"),
            ],
            className="section-head room-head",
        ),
        *([html.Ul([html.Li(words) for words in told], className="shortfalls", role="status")] if told else []),
        html.Ol(
            [_stop(place, stop, tracks, rhythms) for place, stop in enumerate(found.stops)],
            className="rows stops",
            **{"aria-label": say("Stops")},
        ),
    ]


def _tools() -> list[html.Button]:
    return [
        act_button("journey_play", say("Play the journey"), icon("play"), say("Play"), look="solid small"),
        act_button("journey_add", say("Add the journey to the queue"), icon("add"), say("Add"), look="outline small"),
        act_button("journey_mix", say("Make one mix of it"), icon("mix"), say("Mix"), look="outline small"),
        act_button("journey_save", say("Save as M3U8"), icon("download"), "M3U8", look="outline small", kind="m3u8"),
        act_button("journey_save", say("Save as XSPF"), icon("download"), "XSPF", look="outline small", kind="xspf"),
        icon_button("journey_undo", say("Take the last change of the journey back"), "undo"),
        icon_button("journey_redo", say("Do it again after all"), "redo"),
        icon_button("journey_anew", say("Find the whole way anew"), "again"),
    ]


def _stop(place: int, stop: Stop, tracks: Mapping[TrackId, Track], rhythms: Mapping[TrackId, Rhythm | None]) -> html.Li:
    track_id = stop.track_id
    track = None if track_id is None else tracks.get(track_id)
    artist = stop.info.artist or say(present.UNKNOWN_ARTIST)
    named = say("{title} by {artist}", title=stop.info.title, artist=artist)
    told = say(stop.why)
    main = html.Button(
        [
            html.Span([cover(track_id), icon("play")] if track_id else [], className="art"),
            html.Span(
                [
                    html.Span(spoken_with(say("Play from {title}"), title=stop.info.title), className="title"),
                    html.Span(spoken_with(say("by {artist}"), artist=artist), className="by"),
                ],
                className="names",
            ),
            html.Span(_facts(rhythms.get(track_id) if track_id else None), className="album"),
            html.Span(present.clock(track.info.duration_s if track else stop.info.duration_s), className="length"),
        ],
        type="button",
        className="row-main",
        **{"data-act": "journey_play", "data-track": track_id or ""},
    )
    return html.Li(
        [
            _step(stop, place),
            main,
            *_stop_tools(stop, named),
            html.P(told, className="why", title=told),
        ],
        className=f"row stop is-{stop.kind}",
        **{"data-of": track_id or "", "data-position": stop.position},
    )


def _stop_tools(stop: Stop, named: str) -> list[html.Button]:
    """What can be done with a stop that the listener did not name."""
    if stop.kind is StopKind.WAYPOINT:
        return []
    at: dict[str, Any] = {"position": stop.position, "track": stop.track_id}
    is_pinned = stop.kind is StopKind.PINNED
    pin = icon_button("journey_pin", say("Keep it at this stop: {song}", song=named), "pin", **at)
    setattr(pin, "aria-pressed", str(is_pinned).lower())
    again = (
        []
        if is_pinned
        else [icon_button("journey_reroll", say("Another song instead of {song}", song=named), "again", **at)]
    )
    return [*again, pin, icon_button("journey_take", say("Take out: {title}", title=named), "remove", **at)]


def _step(stop: Stop, place: int) -> html.Div:
    """How alike a stop is to the one before it."""
    alike = stop.similarity_before
    if alike is None:
        return html.Div(className="step is-first")
    words = " · ".join([number(alike, 2), *([say("the largest step")] if stop.is_largest_step else [])])
    like = say("like the last song") if place == 0 else say("like the song before")
    return html.Div(
        [
            html.Span(html.Span(style={"width": f"{100 * max(0.0, min(1.0, alike)):.0f}%"}), className="step-bar"),
            html.Span([words, spoken(f" {like}")], className="step-words"),
        ],
        className="step is-largest" if stop.is_largest_step else "step",
    )


def _facts(rhythm: Rhythm | None) -> str:
    """Tempo and key, as far as they are known."""
    if rhythm is None:
        return ""
    facts = (
        None if rhythm.tempo_bpm is None else f"{present.bpm(rhythm.tempo_bpm, by_hand=rhythm.by_hand)} BPM",
        rhythm.camelot,
    )
    return " · ".join(fact for fact in facts if fact)


def no_way(words: str, *, is_problem: bool) -> html.P:
    """Why there is no journey yet."""
    return html.P(words, className="problem" if is_problem else "dim", role="alert" if is_problem else "status")
