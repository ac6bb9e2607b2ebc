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
from segue.web.layout.parts import act_button, card, facts
from segue.web.layout.taste import taste_learnt
from segue.web.room import room_head

WORDS = "How well Segue hears and chooses on your own music, what it has learnt, and whether all is well."
_WHAT_IT_TAKES = (
    "Segue compares every song with every other, makes two hundred playlists and looks the installation over: half a "
    "minute for a hundred songs, some minutes for thousands. It makes way for the music, and you need not stay here."
)
_SAME = {
    "genre": ("Genre", "genres", "of the same genre"),
    "artist": ("Artist", "artists", "by the same artist"),
    "album": ("Album", "albums", "from the same album"),
}
_CACHES = {
    "audio": "Copies that browsers play",
    "ears": "Ears built here",
    "evaluate": "Folders that were evaluated",
    "map": "The map",
    "outlines": "Drawings of songs",
    "pooling": "What songs have in common",
    "quality": "The figures of this room",
    "uploads": "Dropped files",
}


def quality_room(*, ear: html.Section, disk: html.Section) -> html.Div:
    """The room as it is entered; figures, taste and failures come with its first pulse."""
    buttons = [
        html.Button("Measure", id=ids.QUALITY_MEASURE, type="button", n_clicks=0, className="button solid"),
        html.Button("Stop", id=ids.QUALITY_STOP, type="button", n_clicks=0, hidden=True, className="button outline"),
    ]
    taste = act_button("taste", "Switch it, or forget it", "Switch it, or forget it", look="outline small")
    return html.Div(
        [
            room_head("Quality", WORDS, *buttons),
            html.Div(id=ids.QUALITY_STATE, className="quality-state"),
            html.Div(id=ids.QUALITY_FIGURES, className="desk"),
            html.Div(
                [
                    card("What was learnt of your taste", html.Div(id=ids.QUALITY_TASTE), tool=taste, wide=True),
                    ear,
                    disk,
                    card("Files that could not be read", html.Div(id=ids.QUALITY_FAILURES)),
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
        bar = dmc.Progress(value=percent, size=4, className="scan-bar", **{"aria-label": "Measuring"})
        return [html.P(f"Measuring: {percent:.0f} %", role="status"), bar]
    problem = [html.P(status.error, className="problem", role="alert")] if status.error else []
    if last is None:
        nothing = "Nothing is measured yet." if tracks else "There is nothing to measure yet: add music first."
        return [*problem, html.P([html.B(nothing), " ", _WHAT_IT_TAKES if tracks else ""], className="card")]
    since = f" The library has {present.songs(tracks)} now." if tracks != last.tracks else ""
    words = f"Measured on {present.moment(last.at_s)}, by {last.ear}, on {present.songs(last.tracks)}.{since}"
    return [*problem, html.P(words, className="dim", role="status")]


def figures(last: Gauged | None) -> list[html.Section]:
    """What was measured."""
    if last is None:
        return []
    return [_apart_card(last.apart), _lists_card(last.lists), _findings_card(last)]


def _apart_card(apart: Sequence[Apart]) -> html.Section:
    told = [one for one in apart if not one.lacking]
    lacking = [
        html.P([html.B(f"{_SAME[one.by][0]}: "), f"{one.lacking}. More songs, or fuller tags, will tell."])
        for one in apart
        if one.lacking
    ]
    intro = (
        "How often the song nearest to another is of the same genre, by the same artist, from the same album. The mark "
        "on each bar is what a random order would give."
    )
    table = [_table(told)] if told else []
    return card("Telling music apart", html.P(intro, className="dim"), *table, *lacking, wide=True)


def _table(told: Sequence[Apart]) -> html.Table:
    heads = ("What is told apart", "The nearest song is the same", "By chance")
    rows = [row for one in told for row in _rows(one)]
    return html.Table(
        [
            html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])),
            html.Tbody(rows),
        ],
        className="apart",
    )


def _rows(one: Apart) -> list[html.Tr]:
    name, many, same = _SAME[one.by]
    interval = f"{present.share(one.low)} to {present.share(one.high)} in 19 of 20 samples"
    of_five = f"{one.of_five:.1f} of the five nearest are {same}; {one.at_best:.1f} could be"
    verdict = "" if one.low > one.chance else " That is no better than chance."
    songs = f"{present.songs(one.tracks)} of {one.labels:,} {many}"
    rows = [_row(name, songs, one.nearest, one.chance, note=f"{interval}. {of_five}.{verdict}")]
    if one.others is not None and one.others_chance is not None:
        rows.append(_row(f"{name}, other artists only", "the stricter measure", one.others, one.others_chance))
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
    by = lists.labelled_by.removeprefix("the ").removesuffix(" in the files' tags")
    told: dict[str, str | None] = {
        f"Of the {by} of the song before": _with_chance(lists.same, lists.same_by_chance),
        "Different artists in ten songs": None if lists.artists is None else f"{10 * lists.artists:.1f}",
        "Of the library, heard at all": present.share(lists.played),
        "Of all plays, the most played hundredth has": present.share(lists.top),
        "Similarity to the song before": _cosine(lists.alike),
        "The least of a playlist": _cosine(lists.worst),
        "Similarity to the first, ten songs later": _cosine(lists.drift),
        "Steps of journeys that lead on": None if lists.leading is None else present.share(lists.leading),
    }
    intro = (
        f"{lists.playlists:,} playlists of ten songs, begun from songs drawn at random, by the usual rules and without "
        "likes and taste. A similarity is a cosine: 1 is the same direction, 0 is unrelated."
    )
    rows = [(name, value) for name, value in told.items() if value is not None]
    return card("Playlists", html.P(intro, className="dim"), facts(rows), wide=True)


def _with_chance(value: float | None, chance: float | None) -> str | None:
    return None if value is None or chance is None else f"{present.share(value)}, by chance {present.share(chance)}"


def _cosine(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def _findings_card(last: Gauged) -> html.Section:
    """What the examination found: what is wrong first, what could be done, and the rest folded away."""
    urgent = [finding for finding in last.findings if not finding.good]
    hints = [finding for finding in last.findings if finding.good and finding.remedy]
    rest = [finding for finding in last.findings if finding not in urgent and finding not in hints]
    line = (
        "All is well."
        if not urgent
        else f"{present.count_of(len(urgent), 'thing is', 'things are')} not as it should be."
    )
    shown = [
        html.Li(
            [html.B(finding.what), f": {finding.state}. ", html.Span(f"{finding.remedy}.", className="remedy")],
            className="" if finding.good else "problem",
        )
        for finding in (*urgent, *hints)
    ]
    folded = html.Details(
        [
            html.Summary(
                f"{present.count_of(len(rest), 'thing', 'things')} that {'is' if len(rest) == 1 else 'are'} in order"
            ),
            facts([(finding.what, finding.state) for finding in rest]),
        ],
        className="quality-more",
    )
    return card(
        "Is all well?", html.P(line), *([html.Ul(shown, className="findings")] if shown else []), folded, wide=True
    )


# What stands without measuring ----------------------------------------------------------------------------------------


def ear_card(use: InUse, tracks: int) -> html.Section:
    """The ear that the library goes by, and what its card states."""
    rows = [("Listens as", use.name or "one without a name"), ("Has heard", present.songs(tracks))]
    change = html.P(["Another is chosen with ", html.Code("segue models select"), "."], className="dim")
    if use.ear is None:
        return card(
            "The ear", facts(rows), html.P(str(use.error or "It is not here any more"), className="problem"), change
        )
    ear = use.ear
    rows += [
        ("Hears", "a quick look so far" if use.whole is not None else "each song from end to end"),
        ("A song is", f"{ear.dimension} numbers, pooled by {'TF-IDF' if ear.pooling == 'tfidf' else 'the mean'}"),
        ("Network", present.in_bytes(ear.network.stat().st_size)),
    ]
    stated = [
        ("fingerprint", str(ear.fingerprint)),
        ("epsilon", f"{ear.epsilon:g}"),
        ("sample rate", f"{ear.mel.sample_rate_hz:,} Hz"),
        ("mel bands", str(ear.mel.mel_bands)),
        *((name.replace("_", " "), f"{value:g}") for name, value in scores_of(ear).items()),
    ]
    more = html.Details([html.Summary("Its card"), facts(stated)], className="quality-more")
    return card("The ear", facts(rows), more, change)


def disk_card(storage: Storage) -> html.Section:
    """What the library takes on the disk."""
    plain = [
        ("Library", storage.library_bytes),
        ("Mixes", storage.mixes_bytes),
        ("Ears of your own", storage.ears_bytes),
        ("Cache", sum(storage.caches.values())),
        ("Free", storage.free_bytes),
    ]
    caches = [(_CACHES.get(name, one_line(name)), present.in_bytes(size)) for name, size in storage.caches.items()]
    cache = [html.P("The cache may be deleted while Segue does not run.", className="dim"), facts(caches)]
    more = html.Details([html.Summary("What is in the cache"), *cache], className="quality-more")
    return card(
        "On the disk",
        facts([(name, present.in_bytes(size)) for name, size in plain if size]),
        *([more] if caches else []),
    )


def taste_summary(report: TasteReport) -> list[Any]:
    """What was learnt and whether it helps, and of how much."""
    noted = present.count_of(report.events, "play, skip or rating", "plays, skips and ratings")
    line = (
        f"{noted}, of which {report.lessons:,} teach something; {report.liked:,} liked, {report.disliked:,} disliked."
    )
    return [*taste_learnt(report), html.P(line, className="dim")]


def failure_kinds(failures: Sequence[ScanFailure]) -> list[Any]:
    """How many files could not be read and why, the commonest reason first."""
    if not failures:
        return [html.P("Every file could be read.", className="dim")]
    kinds = Counter(kind_words(failure.kind) for failure in failures)
    rows = [html.Li([html.B(f"{count:,} "), words]) for words, count in kinds.most_common()]
    each = act_button(
        "failures", "Show each file, its reason and its remedy", "Show each, and try again", look="outline small"
    )
    return [html.Ul(rows, className="findings"), html.Div(each)]
