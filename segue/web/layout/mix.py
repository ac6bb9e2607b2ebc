"""The room of mixes: what is to be mixed and how, and the mixes that were ordered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from segue.gathering import MixPhase
from segue.mixes import Mix, MixState
from segue.play.mix.labels import clock
from segue.values import Track
from segue.web import ids, present
from segue.web.layout.parts import act_button, cover, icon
from segue.web.mix_orders import ENDINGS, MOST_BETWEEN
from segue.web.room import room_head
from segue.words import later, number, percent, say

WORDS = later("A list of songs becomes one finished file: beat on beat where that can be trusted, faded where not.")
_STATES: dict[MixState, str] = {
    "waiting": later("Waits for the one before it"),
    "running": later("On its way"),
    "done": later("Ready"),
    "failed": later("It could not be made"),
    "cancelled": later("Called off"),
    "stopped": later("Broken off"),
}
_ORDERED: dict[MixState, str] = {
    "waiting": later("“{mix}” is ordered."),
    "running": later("“{mix}” is on its way."),
    "done": later("“{mix}” is ready."),
    "failed": later("“{mix}” could not be made."),
    "cancelled": later("“{mix}” is called off."),
    "stopped": later("“{mix}” was broken off."),
}
_PHASES: dict[MixPhase, str] = {
    "measuring": later("Finding tempo, key and loudness"),
    "hearing": later("Listening to songs from outside the library"),
    "levelling": later("Measuring the loudness of the whole"),
    "rendering": later("Rendering"),
    "checking": later("Checking what was written"),
}
_MOST_LISTED = 12
_KEPT: dict[str, Any] = {"persistence": True, "persistence_type": "session"}
"""Of what is written here nothing is lost to a look at another room; the next visit begins anew."""


def mix_room(tracks: Sequence[Track]) -> html.Div:
    """The room as it is entered, with the songs that the address names, if it names any."""
    return html.Div(
        [
            room_head(say("Mix"), WORDS),
            html.Div(
                [_songs(tracks), _wishes()],
                className="mix-desk",
            ),
            html.P(id=ids.MIX_SAYS, className="mix-says", role="status"),
            html.Div(id=ids.MIXES, className="mixes"),
            dcc.Store(id=ids.MIX_TRACKS, data=[track.id for track in tracks]),
            dcc.Store(id=ids.MIX_ORDERED),
            dcc.Store(id=ids.MIXES_SEEN),
            dcc.Interval(id=ids.MIX_PULSE, interval=1000),
        ],
        className="mix-room",
    )


def _songs(tracks: Sequence[Track]) -> html.Section:
    """The songs that the address names, or a field for a list."""
    field = dmc.Textarea(
        id=ids.MIX_TEXT,
        label=say("Songs, one a line"),
        description=say("Names, as in “nina simone - sinnerman”, or the lines of a tracks.txt or an M3U"),
        minRows=7,
        maxRows=14,
        autosize=True,
        value="",
        spellCheck=False,
        **_KEPT,
    )
    take = [
        act_button(
            "mix",
            say("Mix the queue from the song that plays on"),
            icon("queue"),
            say("Take the queue"),
            look="outline small",
        ),
        act_button("mix", say("Mix the whole queue"), say("With what has played"), look="text", played="yes"),
    ]
    write = [dcc.Link(say("Write a list"), href="/mix", className="button text", refresh=False)] if tracks else []
    parts = [html.Div(field, hidden=bool(tracks)), *_named(tracks), html.Div([*take, *write], className="mix-tools")]
    return html.Section(parts, className="card mix-songs", **{"aria-label": say("Songs")})


def _named(tracks: Sequence[Track]) -> list[html.H2 | html.Ol | html.P]:
    if not tracks:
        return []
    rows = [
        html.Li([cover(track.id), html.Span([html.B(track.info.title), present.artist_of(track)], className="names")])
        for track in tracks[:_MOST_LISTED]
    ]
    rest = len(tracks) - len(rows)
    seconds = sum(track.info.duration_s for track in tracks)
    heading = html.H2(f"{present.songs(len(tracks))}, {present.clock(seconds)}", className="small-heading")
    more = [html.P(say("and {count} more", count=number(rest)), className="dim")] if rest > 0 else []
    return [heading, html.Ol(rows, className="mix-list"), *more]


def _wishes() -> html.Section:
    kinds = [{"value": ending, "label": label} for ending, label in ENDINGS.items()]
    return html.Section(
        [
            dmc.TextInput(
                id=ids.mix_field("title"), label=say("Name"), value="", placeholder=say("A mix"), autoComplete="off",
                **_KEPT,
            ),
            dmc.Select(
                id=ids.mix_field("ending"), label=say("File"), data=kinds, value=".mp3", allowDeselect=False,
                comboboxProps={"withinPortal": False}, **_KEPT,
            ),
            dmc.NumberInput(
                id=ids.mix_field("between"), label=say("Songs between each two"), min=0, max=MOST_BETWEEN, value=0,
                description=say("Others of your library, which lead from one to the next"), allowDecimal=False,
                **_KEPT,
            ),
            dmc.NumberInput(
                id=ids.mix_field("minutes"), label=say("About how long, in minutes"), min=0, max=24 * 60, value="",
                description=say("Empty: as long as the list is"), **_KEPT,
            ),
            dmc.Switch(id=ids.mix_field("reorder"), label=say("In the order that flows best"), checked=False, **_KEPT),
            dmc.Switch(
                id=ids.mix_field("skip_bad"), label=say("Leave out what cannot be mixed"), checked=False, **_KEPT,
            ),
            html.Button(say("Make the mix"), id=ids.MIX_ORDER, type="button", n_clicks=0, className="button solid"),
        ],
        className="card mix-wishes",
        **{"aria-label": say("How it is mixed")},
    )  # fmt: skip


def order_line(mix: Mix) -> str:
    """What is said of a mix under the form in which it was ordered."""
    return say(_ORDERED[mix.state], mix=mix.title)


def mixes_list(mixes: Sequence[Mix]) -> list[html.Section]:
    """Every mix that is kept, the latest first."""
    if not mixes:
        return []
    heading = html.H2(say("Your mixes"), className="heading")
    return [html.Section([heading, html.Ol([_mix(mix) for mix in mixes])], **{"aria-label": say("Your mixes")})]


def _mix(mix: Mix) -> html.Li:
    when = present.moment(mix.ordered_s)
    length = f", {clock(mix.length_s)}" if mix.length_s else ""
    head = html.Div(
        [
            html.Div([html.H3(mix.title), html.P(f"{say(_STATES[mix.state])}{length} · {when}", className="dim")]),
            _end(mix),
        ],
        className="mix-head",
    )
    parts = [head, *_progress(mix), *_sound(mix), *_remarks(mix), *_tracks(mix)]
    return html.Li(parts, className="card mix", **{"data-state": mix.state})


def _end(mix: Mix) -> html.Button:
    """Calls off what is on its way, and deletes what has ended."""
    words = say("Delete") if mix.has_ended else say("Call off")
    button = html.Button(words, id=ids.mix_end(mix.id), type="button", n_clicks=0, className="button outline small")
    setattr(button, "aria-label", f"{words}: {mix.title}")
    return button


def _progress(mix: Mix) -> list[html.Div]:
    if mix.state != "running":
        return []
    progress = mix.progress
    share = None if progress is None or not progress.total else min(100.0, 100.0 * progress.done / progress.total)
    words = say("Beginning") if progress is None else say(_PHASES[progress.phase])
    words += "" if share is None else f": {percent(share / 100)}"
    if progress is not None and progress.eta_s is not None:
        words = say("{line}, {time} left", line=words, time=present.about(progress.eta_s))
    bar = dmc.Progress(
        value=100.0 if share is None else share, animated=share is None, striped=share is None, size=4,
        className="scan-bar", **{"aria-label": say("How far “{mix}” is", mix=mix.title)},
    )  # fmt: skip
    return [html.Div([html.P(words), bar], className="mix-progress")]


def _sound(mix: Mix) -> list[html.Div]:
    """The finished mix, to be heard and saved."""
    if mix.state != "done":
        return []
    first, *others = mix.files
    links = [
        html.A(
            [
                icon("download"),
                name.removeprefix(first.rsplit(".", 1)[0]).lstrip(".") if name != first else say("Save"),
            ],
            href=f"/mixes/{mix.id}/{name}?save",
            download=name,
            title=say("Save {file}", file=name),
            className="button solid small" if name == first else "button outline small",
        )
        for name in (first, *others)
    ]
    sound = html.Audio(src=f"/mixes/{mix.id}/{first}", controls=True, preload="none", className="mix-audio")
    setattr(sound, "aria-label", say("Hear {mix}", mix=mix.title))
    return [html.Div([sound, html.Div(links, className="mix-tools")], className="mix-sound")]


def _remarks(mix: Mix) -> list[html.Ul | html.P]:
    """What went wrong, and what is to be said of it."""
    error = [html.P(mix.error, className="problem")] if mix.error else []
    lines = [html.Li(problem) for problem in mix.problems] + [html.Li(note, className="dim") for note in mix.notes]
    return [*error, *([html.Ul(lines, className="mix-remarks")] if lines else [])]


def _tracks(mix: Mix) -> list[html.Details]:
    if not mix.tracks:
        return []
    rows = []
    for row in mix.tracks:
        following = row["next"]
        words = [html.B(f"{clock(row['begins_s'])}  {row['title']}"), html.Span(row["artist"], className="dim")]
        why = [html.P(following["why"] or following["style"], className="why")] if following else []
        rows.append(html.Li([html.Div(words, className="names"), *why]))
    return [
        html.Details(
            [html.Summary(say("{songs}, and how they are joined", songs=present.songs(len(rows)))), html.Ol(rows)]
        )
    ]
