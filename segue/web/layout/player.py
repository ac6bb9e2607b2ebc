"""The bar that stays: what plays, and the ways to steer it. ``assets/js/player.js`` fills it in."""

from __future__ import annotations

from dash import html

from segue.config import PLAYER
from segue.values import TrackId
from segue.web import ids
from segue.web.layout.parts import icon, icon_button, rating_buttons
from segue.words import say


def player_bar() -> html.Footer:
    """The player; its texts are empty here, for they change several times a second."""
    return html.Footer(
        [
            html.Div(
                [
                    html.Div(id="player-cover", className="player-cover"),
                    html.Div(
                        [
                            html.Span(id="player-title", className="title"),
                            html.Span(id="player-artist", className="by"),
                        ],
                        className="names",
                    ),
                    html.Div(
                        rating_buttons(TrackId(""), None, look="round"),
                        id="player-opinions",
                        className="player-opinions",
                    ),
                ],
                className="player-song",
            ),
            html.Div([_transport(), _position()], className="player-middle"),
            _next_card(),
            html.Div(
                [
                    icon_button("sound", say("Sound: crossfade and loudness"), "sound"),
                    icon_button("mute", say("Mute"), "volume"),
                    html.Div(id="volume-place", className="volume"),
                ],
                className="player-right",
            ),
            html.Div(id="player-away", className="player-away", role="status"),
        ],
        id=ids.PLAYER,
        className="player",
        **{
            "aria-label": say("Player"),
            "data-fade-s": PLAYER.fade_s,
            "data-most-fade-s": PLAYER.most_fade_s,
            "data-skip-s": PLAYER.skip_s,
        },
    )


def _next_card() -> html.Button:
    """What comes next, and why; a click goes there."""
    return html.Button(
        [
            html.Span(id="next-cover", className="next-cover"),
            html.Span(
                [
                    html.Span(
                        [html.Span(say("Next"), className="next-word"), " ", html.Span(id="next-title")],
                        className="title",
                    ),
                    html.Span(id="next-artist", className="by"),
                    html.Span(id="next-why", className="why"),
                ],
                className="names",
            ),
        ],
        id="player-next",
        type="button",
        className="next-card",
        hidden=True,
        **{"data-act": "jump"},
    )


def _transport() -> html.Div:
    play = icon_button("toggle", say("Play"), "play", look="play-button")
    play.id = "player-toggle"
    play.children = [icon("play"), icon("pause"), icon("wait")]
    return html.Div(
        [
            icon_button("previous", say("Previous song"), "previous"),
            play,
            icon_button("next", say("Next song"), "next"),
        ],
        className="transport",
        role="group",
        **{"aria-label": say("Playback")},
    )


def _position() -> html.Div:
    return html.Div(
        [
            html.Span("0:00", id="player-elapsed", className="time"),
            html.Div(
                [
                    html.Div(id="seek-outline", className="song-outline", **{"aria-hidden": "true"}),
                    html.Div(id="seek-cues", className="song-cues", **{"aria-hidden": "true"}),
                ],
                id="seek-place",
                className="seek",
            ),
            html.Span("0:00", id="player-length", className="time"),
        ],
        className="position",
    )
