"""The queue: one command at a time comes from the page, and the whole booth goes back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from dash import Dash, Input, Output, no_update

from segue.errors import ParameterError, SegueError
from segue.play.fades import Turn
from segue.play.playqueue import Queue
from segue.values import Rhythm
from segue.web import ids, present
from segue.web.booth import RADIO, Booth, booth_from_json, booth_to_json
from segue.web.booths import booth_of, keep_booth
from segue.web.commands import steer
from segue.web.growing import Desk, Outcome
from segue.web.layout.parts import said
from segue.web.layout.queue import now, queue_list, shown_tracks
from segue.words import say

if TYPE_CHECKING:
    from segue.services import Services


_TAGS_SHOWN = 3


def register_queue(app: Dash, services: Services) -> None:
    """Connect the page's commands."""

    @app.callback(
        Output(ids.BOOTH, "data"),
        Output(ids.NOW, "children"),
        Output(ids.QUEUE_LIST, "children"),
        Output(ids.NOTIFICATIONS, "sendNotifications"),
        Input(ids.COMMAND, "data"),
        prevent_initial_call=True,
    )
    def on_command(command: dict[str, Any]) -> tuple[Any, ...]:
        booth, problems = _received(command.get("booth"))
        follows = command.get("follows")
        try:
            outcome = steer(Desk(services, np.random.default_rng()), booth, command)
        except SegueError as error:
            outcome = Outcome(booth)
            problems.append(present.error_line(error))
        if follows is None:
            outcome = replace(outcome, booth=_steered_by_what_is_here(services, outcome.booth))
            keep_booth(services, command, outcome.booth)
        else:  # whatever was done, what the page shows is the booth that it follows
            outcome = replace(outcome, booth=booth_of(services, follows), ended=None)
        steered_by = {**dict.fromkeys(outcome.booth.pulls, "more"), **dict.fromkeys(outcome.booth.pushes, "less")}
        tracks = {t.id: t for t in services.tracks_of([*shown_tracks(outcome.booth.queue), *steered_by])}
        ratings = services.listening.ratings()
        deck = present.deck(outcome.booth.queue, tracks, ratings, _turn(services, outcome.booth.queue))
        return (
            _answer(command.get("number"), outcome, deck=deck),
            now(
                outcome.booth.queue,
                tracks,
                grew_from=_grew_from(outcome.booth),
                heard_as=_heard_as(services, outcome.booth.queue),
                rhythm=_rhythm(services, outcome.booth.queue),
                ratings=ratings,
            ),
            queue_list(
                outcome.booth.queue,
                tracks,
                ended=outcome.ended,
                ratings=ratings,
                steered_by=steered_by,
            ),
            _notes(outcome, problems) or no_update,
        )


def _received(value: object) -> tuple[Booth, list[str]]:
    """The browser's booth; a damaged one gives way to a new one, and a word about it."""
    try:
        return booth_from_json(value), []
    except ParameterError as error:
        return Booth(), [present.error_line(error)]


def _steered_by_what_is_here(services: Services, booth: Booth) -> Booth:
    """A song that has left the library steers nothing any more."""
    return booth.steered_among({track.id for track in services.tracks_of([*booth.pulls, *booth.pushes])})


def _notes(outcome: Outcome, problems: list[str]) -> list[dict[str, Any]]:
    """What the listener is told: what went wrong, and what was done, with a way back."""
    notes = [present.notification(problem) for problem in problems]
    if outcome.said:
        notes.append(present.notification(outcome.said, kind="note") | {"message": said(outcome.said, outcome.undo)})
    return notes


def _answer(number: object, outcome: Outcome, *, deck: dict[str, Any]) -> dict[str, Any]:
    return {
        "number": number,
        "booth": booth_to_json(outcome.booth),
        "deck": deck,
        "ended": outcome.ended,
    }


def _turn(services: Services, queue: Queue) -> Turn:
    """How the song that plays goes over into the next."""
    following = queue.upcoming[0].track_id if queue.upcoming else None
    return services.playing.turn(queue.current.track_id if queue.current else None, following)


def _grew_from(booth: Booth) -> str:
    """The dropped file or the radio, as long as the queue grows from it, in words."""
    start, current = booth.start_among(booth.queue.entries), booth.queue.current_id
    if start is None or not start.name or current is None or current < start.entry_id:
        return ""
    if start.token == RADIO:
        return say("Radio “{name}”", name=start.name)
    return say("Songs that go with “{name}”", name=start.name)


def _heard_as(services: Services, queue: Queue) -> tuple[str, ...]:
    """The surest tags of the song that plays."""
    return services.heard_as(queue.current.track_id)[:_TAGS_SHOWN] if queue.current is not None else ()


def _rhythm(services: Services, queue: Queue) -> Rhythm | None:
    """Tempo, key and loudness of the song that plays, as far as they are known."""
    return services.rhythm(queue.current.track_id) if queue.current is not None else None
