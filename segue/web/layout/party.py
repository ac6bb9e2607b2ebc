"""The dialog of the booths that are open to each other, and the line over the queue that says what one follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from segue.booths import BOOTHS, Face
from segue.values import Track, TrackId
from segue.web import ids, present
from segue.web.layout.parts import act_button, cover, icon

_INTRO = (
    "Each browser has a queue of its own. Open this one, and others in the house see what plays here and may follow "
    "it: the same songs, at about the same place."
)


def party_line() -> html.Div:
    """What this booth follows, or that it is open; ``assets/js/party.js`` fills it in wherever it stands."""
    return html.Div(
        [
            icon("party"),
            html.Span(className="party-says", role="status"),
            act_button("unfollow", "Stop following, and have your own queue back", "Stop following", look="text"),
        ],
        className="party-line",
        hidden=True,
    )


def party_dialog() -> list[Any]:
    """The parts that stay."""
    return [
        html.P(_INTRO, className="dim"),
        dmc.TextInput(
            id=ids.PARTY_NAME,
            label="Name of this booth",
            placeholder="Kitchen",
            value="",
            inputProps={"maxLength": BOOTHS.longest_name},
            debounce=300,
            autoComplete="off",
            className="party-name",
        ),
        html.Div(
            [
                dmc.Switch(id=ids.PARTY_OPEN, label="Open to others", checked=False),
                dmc.Switch(id=ids.PARTY_TAKES, label="Others may ask for songs", checked=True),
            ],
            className="party-switches",
        ),
        html.H3("Other booths", className="party-head"),
        html.Div(id=ids.PARTY_LIST),
        dcc.Store(id=ids.PARTY_OWN),
        dcc.Store(id=ids.PARTY_SEEN),
        dcc.Interval(id=ids.PARTY_PULSE, interval=2000, disabled=True),
    ]


def party_list(faces: Sequence[Face], tracks: Mapping[TrackId, Track], *, follows: str) -> Any:
    """The booths of others: what they play, and what may be done with each."""
    if not faces:
        return html.P("None yet. Open Segue in another browser, and open its booth there.", className="dim")
    return html.Ul([_booth(face, tracks, follows=follows) for face in faces], className="booths")


def _booth(face: Face, tracks: Mapping[TrackId, Track], *, follows: str) -> html.Li:
    track = tracks.get(face.playing.track_id) if face.playing.track_id else None
    picture = cover(track.id) if track else icon("party")
    words = [html.Span(face.name, className="title"), html.Span(said_of(face, track), className="by")]
    return html.Li(
        [
            html.Span(picture, className="art"),
            html.Span(words, className="names"),
            html.Span(_act(face, follows=follows), className="booth-act"),
        ],
        className="booth-row",
    )


def _act(face: Face, *, follows: str) -> html.Button:
    if face.id == follows:
        return act_button("unfollow", f"Stop following {face.name}", "Stop following", look="outline small")
    if face.is_open:
        return act_button("follow", f"Follow {face.name}", "Follow", look="solid small", booth=face.id, name=face.name)
    hint = f"Go on here with what {face.name} was left with"
    return act_button("bring", hint, "Bring it here", look="outline small", booth=face.id)


def said_of(face: Face, track: Track | None) -> str:
    """What a booth does, in a few words."""
    if not face.is_open:
        return f"Closed since {present.moment(face.seen_s)}"
    if track is None:
        return "Open, nothing plays"
    return f"{'Plays' if face.playing.sounds else 'Paused:'} {track.info.title} by {present.artist_of(track)}"
