"""The room of quality: how well the ear and its choices do on this library, what was learnt, and if all is well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from segue.aside import AsideStatus
from segue.ears import InUse
from segue.embed.shelf import scores_of
from segue.errors import kind_words, one_line
from segue.folders import Storage
from segue.gauging import Apart, Gauged, Lists
from segue.listening import TasteReport
from segue.values import ScanFailure
from segue.web import ids, present
from segue.web.layout.parts import act_button, card, facts, placed
from segue.web.layout.taste import noted, taste_learnt
from segue.web.room import room_head
from segue.words import later, number, say, say_n

WORDS = later("How well Segue hears and chooses on your own music, what it has learnt, and whether all is well.")
_WHAT_IT_TAKES = later(
    "Segue compares every song with every other, makes two hundred playlists and looks the installation over: half a "
    "minute for a hundred songs, some minutes for thousands. It makes way for the music, and you need not stay here."
)
_SAME = {
    "genre": (
        later("Genre"),
        later("{songs} of {count} genres"),
        later("{of_five} of a song's five nearest are of its genre on average, {at_best} at best"),
    ),
    "artist": (
        later("Artist"),
        later("{songs} of {count} artists"),
        later("{of_five} of a song's five nearest are by its artist on average, {at_best} at best"),
    ),
    "album": (
        later("Album"),
        later("{songs} of {count} albums"),
        later("{of_five} of a song's five nearest are from its album on average, {at_best} at best"),
    ),
}
_POOLED = {
    "tfidf": later("{count} numbers, pooled by TF-IDF"),
    "mean": later("{count} numbers, pooled by the mean"),
}
_CACHES = {
    "audio": later("Copies that browsers play"),
    "ears": later("Ears built here"),
    "evaluate": later("Folders that were evaluated"),
    "map": later("The map"),
    "outlines": later("Drawings of songs"),
    "pooling": later("What songs have in common"),
    "quality": later("The figures of this room"),
    "uploads": later("Dropped files"),
}


def quality_room(*, ear: html.Section, disk: html.Section) -> html.Div:
    """The room as it is entered; figures, taste and failures come with its first pulse."""
    buttons = [
        html.Button(say("Measure"), id=ids.QUALITY_MEASURE, type="button", n_clicks=0, className="button solid"),
        html.Button(
            say("Stop"), id=ids.QUALITY_STOP, type="button", n_clicks=0, hidden=True, className="button outline"
        ),
    ]
    taste = act_button("taste", say("Switch it, or forget it"), say("Switch it, or forget it"), look="outline small")
    return html.Div(
        [
            room_head(say("Quality"), WORDS, *buttons),
            html.Div(id=ids.QUALITY_STATE, className="quality-state"),
            html.Div(id=ids.QUALITY_FIGURES, className="desk"),
            html.Div(
                [
                    card(say("What was learnt of your taste"), html.Div(id=ids.QUALITY_TASTE), tool=taste, wide=True),
                    ear,
                    disk,
                    card(say("Files that could not be read"), html.Div(id=ids.QUALITY_FAILURES)),
                ],
                className="desk",
            ),
            dcc.Store(id=ids.QUALITY_SEEN),
            dcc.Interval(id=ids.QUALITY_PULSE, interval=1000),
        ],
        className="quality-room",
    )


# Measuring ------------------------------------------------------------------------------------------------------------


def state_line(status: AsideStatus, last: Gauged | None, *, tracks: int) -> list[Any]:
    """Whether figures are on their way, how old those are that stand, and what went wrong."""
    if status.running:
        percent = 100.0 * status.share
        bar = dmc.Progress(value=percent, size=4, className="scan-bar", **{"aria-label": say("Measuring")})
        return [html.P(say("Measuring: {percent} %", percent=f"{percent:.0f}"), role="status"), bar]
    problem = [html.P(say(status.error), className="problem", role="alert")] if status.error else []
    if last is None:
        nothing = (
            say("Nothing is measured yet.") if tracks else say("There is nothing to measure yet: add music first.")
        )
        return [*problem, html.P([html.B(nothing), " ", say(_WHAT_IT_TAKES) if tracks else ""], className="card")]
    heard = present.songs(last.tracks)
    words = say("Measured on {time}, by {ear}, on {songs}.", time=present.moment(last.at_s), ear=last.ear, songs=heard)
    if tracks != last.tracks:
        words = " ".join([words, say("The library has {songs} now.", songs=present.songs(tracks))])
    return [*problem, html.P(words, className="dim", role="status")]


def figures(last: Gauged | None) -> list[html.Section]:
    """What was measured."""
    if last is None:
        return []
    return [_apart_card(last.apart), _lists_card(last.lists), _findings_card(last)]


def _apart_card(apart: Sequence[Apart]) -> html.Section:
    told = [one for one in apart if not one.lacking]
    lacking = [
        html.P(
            [
                html.B(f"{say(_SAME[one.by][0])}: "),
                say("{lack}. More songs, or fuller tags, will tell.", lack=say(one.lacking)),
            ]
        )
        for one in apart
        if one.lacking
    ]
    intro = say(
        "How often the song nearest to another is of the same genre, by the same artist, from the same album. The mark "
        "on each bar is what a random order would give."
    )
    table = [_table(told)] if told else []
    return card(say("Telling music apart"), html.P(intro, className="dim"), *table, *lacking, wide=True)


def _table(told: Sequence[Apart]) -> html.Table:
    heads = (say("What is told apart"), say("The nearest song is the same"), say("By chance"))
    rows = [row for one in told for row in _rows(one)]
    return html.Table(
        [
            html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])),
            html.Tbody(rows),
        ],
        className="apart",
    )


def _rows(one: Apart) -> list[html.Tr]:
    name, all_songs, same = map(say, _SAME[one.by])
    notes = [
        say("{low} to {high} in 19 of 20 samples", low=present.share(one.low), high=present.share(one.high)),
        same.format(of_five=number(one.of_five, 1), at_best=number(one.at_best, 1)),
        *([] if one.low > one.chance else [say("That is no better than chance")]),
    ]
    songs = all_songs.format(songs=present.songs(one.tracks), count=number(one.labels))
    rows = [_row(name, songs, one.nearest, one.chance, note=f"{'. '.join(notes)}.")]
    if one.others is not None and one.others_chance is not None:
        rows.append(
            _row(
                say("{kind}, other artists only", kind=name), say("the stricter measure"), one.others, one.others_chance
            )
        )
    return rows


def _row(name: str, words: str, value: float, chance: float, *, note: str = "") -> html.Tr:
    notes = [html.Span(note, className="dim")] if note else []
    bar = html.Span(
        [
            html.Span(style={"width": f"{100 * value:.1f}%"}, className="bar yours"),
            html.Span(style={"left": f"{100 * chance:.1f}%"}, className="chance"),
        ],
        className="measure",
        **{"aria-hidden": "true"},
    )
    return html.Tr(
        [
            html.Th([name, html.Span(words, className="dim")], scope="row"),
            html.Td([html.Span([bar, html.B(present.share(value))], className="measured"), *notes]),
            html.Td(present.share(chance)),
        ]
    )


def _lists_card(lists: Lists) -> html.Section:
    by = say(lists.labelled_by.removeprefix("the ").removesuffix(" in the files' tags"))
    told: dict[str, str | None] = {
        say("Of the {kind} of the song before", kind=by): _with_chance(lists.same, lists.same_by_chance),
        say("Different artists in ten songs"): None if lists.artists is None else number(10 * lists.artists, 1),
        say("Of the library, heard at all"): present.share(lists.played),
        say("Of all plays, the most played hundredth has"): present.share(lists.top),
        say("Similarity to the song before"): _cosine(lists.alike),
        say("The least of a playlist"): _cosine(lists.worst),
        say("Similarity to the first, ten songs later"): _cosine(lists.drift),
        say("Steps of journeys that lead on"): None if lists.leading is None else present.share(lists.leading),
    }
    intro = say(
        "{count} playlists of ten songs, begun from songs drawn at random, by the usual rules and without likes and "
        "taste. A similarity is a cosine: 1 is the same direction, 0 is unrelated.",
        count=number(lists.playlists),
    )
    rows = [(name, value) for name, value in told.items() if value is not None]
    return card(say("Playlists"), html.P(intro, className="dim"), facts(rows), wide=True)


def _with_chance(value: float | None, chance: float | None) -> str | None:
    if value is None or chance is None:
        return None
    return say("{share}, by chance {chance}", share=present.share(value), chance=present.share(chance))


def _cosine(value: float | None) -> str | None:
    return None if value is None else number(value, 2)


def _findings_card(last: Gauged) -> html.Section:
    """What the examination found: what is wrong first, what could be done, and the rest folded away."""
    urgent = [finding for finding in last.findings if not finding.good]
    hints = [finding for finding in last.findings if finding.good and finding.remedy]
    rest = [finding for finding in last.findings if finding not in urgent and finding not in hints]
    line = (
        say("All is well.")
        if not urgent
        else say_n("{count} thing is not as it should be.", "{count} things are not as it should be.", len(urgent))
    )
    shown = [
        html.Li(
            [
                html.B(say(finding.what)),
                f": {say(finding.state)}. ",
                html.Span(f"{say(finding.remedy)}.", className="remedy"),
            ],
            className="" if finding.good else "problem",
        )
        for finding in (*urgent, *hints)
    ]
    folded = html.Details(
        [
            html.Summary(say_n("{count} thing that is in order", "{count} things that are in order", len(rest))),
            facts([(say(finding.what), say(finding.state)) for finding in rest]),
        ],
        className="quality-more",
    )
    return card(
        say("Is all well?"), html.P(line), *([html.Ul(shown, className="findings")] if shown else []), folded, wide=True
    )


# What stands without measuring ----------------------------------------------------------------------------------------


def ear_card(use: InUse, tracks: int) -> html.Section:
    """The ear that the library goes by, and what its card states."""
    rows = [(say("Listens as"), use.name or say("one without a name")), (say("Has heard"), present.songs(tracks))]
    change = html.P(
        placed(say("Another is chosen with {command}."), command=html.Code("segue models select")), className="dim"
    )
    if use.ear is None:
        return card(
            say("The ear"),
            facts(rows),
            html.P(str(use.error or say("It is not here any more")), className="problem"),
            change,
        )
    ear = use.ear
    rows += [
        (say("Hears"), say("a quick look so far") if use.whole is not None else say("each song from end to end")),
        (say("A song is"), say(_POOLED[ear.pooling], count=ear.dimension)),
        (say("Network"), present.in_bytes(ear.network.stat().st_size)),
    ]
    stated = [
        (say("fingerprint"), str(ear.fingerprint)),
        (say("epsilon"), f"{ear.epsilon:g}"),
        (say("sample rate"), f"{number(ear.mel.sample_rate_hz)} Hz"),
        (say("mel bands"), str(ear.mel.mel_bands)),
        *((name.replace("_", " "), f"{value:g}") for name, value in scores_of(ear).items()),
    ]
    more = html.Details([html.Summary(say("Its card")), facts(stated)], className="quality-more")
    return card(say("The ear"), facts(rows), more, change)


def disk_card(storage: Storage) -> html.Section:
    """What the library takes on the disk."""
    plain = [
        (say("Library"), storage.library_bytes),
        (say("Mixes"), storage.mixes_bytes),
        (say("Ears of your own"), storage.ears_bytes),
        (say("Cache"), sum(storage.caches.values())),
        (say("Free"), storage.free_bytes),
    ]
    caches = [(say(_CACHES.get(name, one_line(name))), present.in_bytes(size)) for name, size in storage.caches.items()]
    cache = [html.P(say("The cache may be deleted while Segue does not run."), className="dim"), facts(caches)]
    more = html.Details([html.Summary(say("What is in the cache")), *cache], className="quality-more")
    return card(
        say("On the disk"),
        facts([(name, present.in_bytes(size)) for name, size in plain if size]),
        *([more] if caches else []),
    )


def taste_summary(report: TasteReport) -> list[Any]:
    """What was learnt and whether it helps, and of how much."""
    line = say(
        "{events}, of which {lessons} teach something; {liked} liked, {disliked} disliked.",
        events=noted(report),
        lessons=number(report.lessons),
        liked=number(report.liked),
        disliked=number(report.disliked),
    )
    return [*taste_learnt(report), html.P(line, className="dim")]


def failure_kinds(failures: Sequence[ScanFailure]) -> list[Any]:
    """How many files could not be read and why, the commonest reason first."""
    if not failures:
        return [html.P(say("Every file could be read."), className="dim")]
    kinds = Counter(kind_words(failure.kind) for failure in failures)
    rows = [html.Li([html.B(f"{number(count)} "), words]) for words, count in kinds.most_common()]
    each = act_button(
        "failures",
        say("Show each file, its reason and its remedy"),
        say("Show each, and try again"),
        look="outline small",
    )
    return [html.Ul(rows, className="findings"), html.Div(each)]
