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
from segue.words import later, say

_INTRO = later(
    "Each browser has a queue of its own. Open this one, and others in the house see what plays here and may follow "
    "it: the same songs, at about the same place."
)


def party_line() -> html.Div:
    """What this booth follows, or that it is open; ``assets/js/party.js`` fills it in wherever it stands."""
    return html.Div(
        [
            icon("party"),
            html.Span(className="party-says", role="status"),
            act_button(
                "unfollow", say("Stop following, and have your own queue back"), say("Stop following"), look="text"
            ),
        ],
        className="party-line",
        hidden=True,
    )


def party_dialog() -> list[Any]:
    """The parts that stay."""
    return [
        html.P(say(_INTRO), className="dim"),
        dmc.TextInput(
            id=ids.PARTY_NAME,
            label=say("Name of this booth"),
            placeholder=say("Kitchen"),
            value="",
            inputProps={"maxLength": BOOTHS.longest_name},
            debounce=300,
            autoComplete="off",
            className="party-name",
        ),
        html.Div(
            [
                dmc.Switch(id=ids.PARTY_OPEN, label=say("Open to others"), checked=False),
                dmc.Switch(id=ids.PARTY_TAKES, label=say("Others may ask for songs"), checked=True),
            ],
            className="party-switches",
        ),
        html.H3(say("Other booths"), className="party-head"),
        html.Div(id=ids.PARTY_LIST),
        dcc.Store(id=ids.PARTY_OWN),
        dcc.Store(id=ids.PARTY_SEEN),
        dcc.Interval(id=ids.PARTY_PULSE, interval=2000, disabled=True),
    ]


def party_list(faces: Sequence[Face], tracks: Mapping[TrackId, Track], *, follows: str) -> Any:
    """The booths of others: what they play, and what may be done with each."""
    if not faces:
        return html.P(say("None yet. Open Segue in another browser, and open its booth there."), className="dim")
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
        return act_button(
            "unfollow", say("Stop following {booth}", booth=face.name), say("Stop following"), look="outline small"
        )
    if face.is_open:
        return act_button(
            "follow",
            say("Follow {booth}", booth=face.name),
            say("Follow"),
            look="solid small",
            booth=face.id,
            name=face.name,
        )
    hint = say("Go on here with what {booth} was left with", booth=face.name)
    return act_button("bring", hint, say("Bring it here"), look="outline small", booth=face.id)


def said_of(face: Face, track: Track | None) -> str:
    """What a booth does, in a few words."""
    if not face.is_open:
        return say("Closed since {time}", time=present.moment(face.seen_s))
    if track is None:
        return say("Open, nothing plays")
    title, artist = track.info.title, present.artist_of(track)
    if face.playing.sounds:
        return say("Plays {title} by {artist}", title=title, artist=artist)
    return say("Paused: {title} by {artist}", title=title, artist=artist)
