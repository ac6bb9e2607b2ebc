"""The queue's side of the page: what plays, how it goes on, what comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import dash_mantine_components as dmc
from dash import html

from segue.config import CHOICE
from segue.play.playqueue import Entry, Queue
from segue.store.events import Rating
from segue.values import Rhythm, Track, TrackId
from segue.web import ids, present
from segue.web.booth import ASKED
from segue.web.layout.parts import act_button, cover, icon, icon_button, rating_buttons, spoken_with
from segue.web.layout.party import party_line
from segue.words import later, say

PLAYED_SHOWN = 20
NOT_STEERED: Mapping[TrackId, str] = MappingProxyType({})

RATED: Mapping[Rating, str] = {"liked": later("Liked"), "disliked": later("Disliked")}
_KEEP_ON = later("How many of the last songs the next one should go with: 1 wanders, 10 holds a mood.")
_DRUNK = later("How far Segue may stray: sober plays the nearest song, 100 % almost anything.")


def queue_side() -> list[html.Div]:
    """The parts that stay while the queue changes."""
    return [
        party_line(),
        html.Div(id=ids.NOW),
        html.Div([_keep_on(), _drunk()], className="dials"),
        _ending(),
        html.Div(id=ids.QUEUE_LIST),
    ]


def _ending() -> html.Div:
    """How long the queue goes on, which ``assets/js/ending.js`` asks and shows; and what it says when it has ended."""
    go_on = act_button("go_on", say("Let the music go on, endlessly"), icon("play"), say("Go on"), look="outline small")
    ended = html.Div(
        [html.P(say("It has ended, as you wished.")), go_on], id="ending-over", className="ended", hidden=True
    )
    left = html.Span(id="ending-left", className="dim")
    return html.Div([left, html.Div(ended, role="status")], id="ending", className="ending")


def _keep_on() -> html.Div:
    return _dial(
        say("Keep on"),
        ids.LOOKBACK_VALUE,
        _KEEP_ON,
        dmc.Slider(
            id=ids.LOOKBACK,
            min=1,
            max=10,
            step=1,
            value=CHOICE.lookback,
            updatemode="mouseup",
            thumbLabel=say("Keep on: how many of the last songs count"),
            size=4,
        ),
    )


def _drunk() -> html.Div:
    return _dial(
        say("Drunk"),
        ids.NOISE_VALUE,
        _DRUNK,
        dmc.Slider(
            id=ids.NOISE,
            min=0,
            max=1,
            step=0.05,
            precision=2,
            value=CHOICE.noise,
            updatemode="mouseup",
            thumbLabel=say("Drunk: how far the choice may stray"),
            size=4,
        ),
    )


def _dial(name: str, value_id: str, explanation: str, slider: dmc.Slider) -> html.Div:
    head = html.Div([name, html.Span(id=value_id, className="dial-value")], className="dial-name")
    return html.Div(
        [head, slider, html.P(say(explanation), className="dial-words")],
        className="dial",
    )


def now(
    queue: Queue,
    tracks: Mapping[TrackId, Track],
    *,
    grew_from: str = "",
    heard_as: Sequence[str] = (),
    rhythm: Rhythm | None = None,
    ratings: Mapping[TrackId, Rating] = present.NO_RATINGS,
) -> html.Div:
    """What plays, with its cover, what it is heard as, its tempo and key, what is thought of it, and why it plays."""
    entry = queue.current
    if entry is None:
        return html.Div(
            [
                html.P(say("Nothing plays yet"), className="now-title"),
                html.P(say("Click a song. Segue goes on from there by itself."), className="dim"),
            ],
            className="now now-empty",
        )
    track = tracks.get(entry.track_id)
    words = [
        html.P(
            [html.Span(say("Now playing"), className="while-playing"), html.Span(say("Paused"), className="while-not")],
            className="eyebrow",
        ),
        html.H2(track.info.title if track else say(present.GONE), className="now-title"),
        html.P(present.artist_of(track) if track else "", className="now-by"),
        html.P(_album_line(track), className="now-album"),
        *([_rhythm_line(rhythm)] if track else []),
        *_badges(heard_as),
        *([_opinions(track, ratings.get(track.id))] if track else []),
    ]
    return html.Div(
        [
            html.Div(cover(entry.track_id, size=96), className="glow", **{"aria-hidden": "true"}),
            cover(entry.track_id, size=512),
            html.Div(words, className="now-words"),
            *([html.P(grew_from, className="grew")] if grew_from else []),
            *([html.P(say(entry.why), className="why now-why")] if entry.why else []),
        ],
        className="now",
    )


def _opinions(track: Track, rating: Rating | None) -> html.Div:
    never = icon_button("never", say("Never again: it is not chosen any more"), "never", look="round", track=track.id)
    buttons = [*rating_buttons(track.id, rating, look="round"), never]
    return html.Div(buttons, className="opinions", role="group", **{"aria-label": say("What you think of it")})


def _badges(heard_as: Sequence[str]) -> list[html.Ul]:
    if not heard_as:
        return []
    hint = say("What Segue hears in the sound")
    return [html.Ul([html.Li(name) for name in heard_as], className="badges", title=hint, **{"aria-label": hint})]


def _rhythm_line(rhythm: Rhythm | None) -> html.P:
    return html.P([html.Span(fact) for fact in present.rhythm_facts(rhythm)], className="now-rhythm")


def _album_line(track: Track | None) -> str:
    if track is None:
        return ""
    return " · ".join(str(part) for part in (track.info.album, track.info.year) if part)


def queue_list(
    queue: Queue,
    tracks: Mapping[TrackId, Track],
    *,
    ended: str | None = None,
    ratings: Mapping[TrackId, Rating] = present.NO_RATINGS,
    steered_by: Mapping[TrackId, str] = NOT_STEERED,
) -> html.Div:
    """What comes, and what was played before; ``steered_by`` says of a song "more" or "less" like it."""
    upcoming = queue.upcoming
    seconds = sum(tracks[e.track_id].info.duration_s for e in upcoming if e.track_id in tracks)
    line = f"{present.songs(len(upcoming))}, {present.clock(seconds)}" if upcoming else say("Nothing yet")
    return html.Div(
        [
            html.Div(
                [
                    html.Div([html.H2(say("Next"), className="heading"), html.P(line, className="dim")]),
                    _tools(queue),
                ],
                className="section-head",
            ),
            *_steering(steered_by, tracks),
            html.Ol(
                [entry_row(e, tracks, ratings, moves=True) for e in upcoming],
                className="rows next-songs",
                **{"aria-label": say("Next songs")},
            ),
            *_remark(queue, ended),
            *_played(queue.played, tracks, ratings),
        ]
    )


def _tools(queue: Queue) -> html.Div:
    return html.Div(
        [
            _tool("undo", say("Undo"), "undo", off=not queue.undo_steps),
            _tool("redo", say("Redo"), "redo", off=not queue.redo_steps),
            _tool("mix", say("Mix these songs into one file"), "mix", off=not queue.entries),
            _tool("clear", say("Clear what comes next"), "clear", off=not queue.upcoming),
            _tool("export", say("Save or send these songs"), "download", off=not queue.entries),
            _tool("party", say("Party: other booths in the house"), "party", off=False),
        ],
        className="tools",
        role="group",
        **{"aria-label": say("Queue")},
    )


def _tool(act: str, label: str, drawing: str, *, off: bool) -> html.Button:
    button = icon_button(act, label, drawing)
    button.disabled = off
    return button


def _remark(queue: Queue, ended: str | None) -> list[html.P]:
    if ended:
        return [html.P(f"{say(ended)}.", className="dim remark", role="status")]
    if queue.current is not None and not queue.upcoming:
        return [html.P(say("When this song ends, Segue goes on by itself."), className="dim remark")]
    return []


def _steering(steered_by: Mapping[TrackId, str], tracks: Mapping[TrackId, Track]) -> list[html.Ul]:
    """The songs that this queue goes towards and away from; a click lets one go."""
    chips = []
    for track_id, way in steered_by.items():
        if track_id not in tracks:
            continue
        title = tracks[track_id].info.title
        words = say("More like {title}", title=title) if way == "more" else say("Less like {title}", title=title)
        hint = say("{steering}: no longer", steering=words)
        chip = act_button("steer_by", hint, words, icon("remove"), look="chip", track=track_id, way="none")
        chips.append(html.Li(chip))
    return [html.Ul(chips, className="steering", **{"aria-label": say("What this queue goes by")})] if chips else []


def entry_row(
    entry: Entry, tracks: Mapping[TrackId, Track], ratings: Mapping[TrackId, Rating], *, moves: bool = False
) -> html.Li:
    """One place in the queue: a click jumps to it; one that is to come ``moves``."""
    track = tracks.get(entry.track_id)
    title = track.info.title if track else say(present.GONE)
    artist = present.artist_of(track) if track else ""
    told = say(entry.why)
    why = [html.P(told, className="why", title=told)] if told else []
    grip = [html.Span(icon("grip"), className="grip", title=say("Drag to another place"))] if moves else []
    return html.Li(
        [
            *grip,
            html.Button(
                [
                    html.Span([cover(entry.track_id), icon("play")], className="art"),
                    html.Span(
                        [
                            html.Span(spoken_with(say("Play {title}"), title=title), className="title"),
                            html.Span(
                                [
                                    *_marks(entry, ratings.get(entry.track_id)),
                                    *spoken_with(say("by {artist}"), artist=artist),
                                ],
                                className="by",
                            ),
                        ],
                        className="names",
                    ),
                    html.Span(present.clock(track.info.duration_s) if track else "", className="length"),
                ],
                type="button",
                className="row-main",
                **{"data-act": "jump", "data-entry": entry.id},
            ),
            *_more(track, ratings.get(entry.track_id)),
            icon_button("remove", say("Remove {title}", title=title), "remove", entry=entry.id),
            *why,
        ],
        className="row",
        **{"data-entry": entry.id, "data-origin": entry.origin},
    )


def _marks(entry: Entry, rating: Rating | None) -> list[html.Span]:
    """Whose pick it is, and what is thought of it."""
    words = [say("Your pick")] if entry.origin == "picked" and entry.why != ASKED else []
    words += [say(RATED[rating])] if rating else []
    return [html.Span(f"{word} · ", className="pick-mark") for word in words]


def _more(track: Track | None, rating: Rating | None) -> list[html.Button]:
    """What opens the menu of opinions, which the page's script makes."""
    if track is None:
        return []
    label = say("More for {title}: rate, move, steer by it", title=track.info.title)
    return [icon_button("more", label, "more", track=track.id, rating=rating or "")]


def _played(
    played: Sequence[Entry], tracks: Mapping[TrackId, Track], ratings: Mapping[TrackId, Rating]
) -> list[html.Details]:
    if not played:
        return []
    rows = [entry_row(entry, tracks, ratings) for entry in reversed(played[-PLAYED_SHOWN:])]
    return [
        html.Details(
            [html.Summary(say("Played before ({count})", count=len(played))), html.Ol(rows, className="rows past")],
            className="played",
        )
    ]


def shown_tracks(queue: Queue) -> list[TrackId]:
    """The tracks that the page shows of a queue."""
    shown = [*queue.played[-PLAYED_SHOWN:], *([queue.current] if queue.current else []), *queue.upcoming]
    return list(dict.fromkeys(entry.track_id for entry in shown))
