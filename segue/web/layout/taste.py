"""What Segue learnt of the listener's taste, the switch, and the way to forget it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from segue.listening import Learnt, TasteReport
from segue.values import Track
from segue.web import ids, present
from segue.web.layout.parts import act_button, cover
from segue.words import later, number, percent, say, say_n

_CHOICES = (("auto", later("If it helps")), ("on", later("Always")), ("off", later("Never")))
_INTRO = later(
    "Segue notes on this computer which songs you hear to their end, skip, like and take out, and learns which ones "
    "you would rather hear next."
)


def taste_dialog() -> list[Any]:
    """The parts that stay."""
    return [
        html.P(say(_INTRO), className="dim"),
        html.Div(
            [
                html.Span(say("Choose by it"), id="taste-question", className="taste-question"),
                dmc.SegmentedControl(
                    id=ids.TASTE_SWITCH,
                    data=[{"value": value, "label": say(label)} for value, label in _CHOICES],
                    value="auto",
                    size="sm",
                    **{"aria-labelledby": "taste-question"},
                ),
            ],
            className="taste-switch",
        ),
        html.Div(id=ids.TASTE_BODY),
    ]


def taste_body(report: TasteReport, banned: Sequence[Track]) -> list[Any]:
    """Where learning stands."""
    return [*taste_learnt(report), *never_again(banned), *_forgetting(report)]


def taste_learnt(report: TasteReport) -> list[Any]:
    """What was learnt, and whether that helps."""
    return [html.P(say(report.why), className="taste-why", role="status"), *_proof(report), *_leanings(report)]


def _proof(report: TasteReport) -> list[html.Dl]:
    """How many pairs of the newest songs each puts in the right order, as two bars."""
    verdict = report.verdict
    if verdict is None or not verdict.is_judged:
        return []
    rows = [
        html.Div(
            [
                html.Dt(name),
                html.Dd([html.Span(style={"width": f"{100 * share:.0f}%"}, className=look), f"{share:.0%}"]),
            ]
        )
        for name, share, look in (
            (say("The ear alone"), verdict.ear, "bar"),
            (say("With your taste"), verdict.taste, "bar yours"),
        )
    ]
    return [html.Dl(rows, className="proof")]


def _leanings(report: TasteReport) -> list[html.Div]:
    columns = [
        html.Div([html.H3(head), html.Ul([_learnt(one) for one in some])])
        for head, some in ((say("You would rather hear"), report.favours), (say("And rather not"), report.avoids))
        if some
    ]
    return [html.Div(columns, className="leanings")] if columns else []


def _learnt(one: Learnt) -> html.Li:
    hint = say(
        "Odds {odds} against the other songs, {share} sure; {songs} of the kind",
        odds=number(one.odds, 2),
        share=percent(one.sure),
        songs=present.songs(one.tracks),
    )
    return html.Li([one.name, html.Span(say(one.how), className="dim")], title=hint)


def never_again(banned: Sequence[Track]) -> list[html.Details]:
    """The songs that are never to come, each with the way back."""
    if not banned:
        return []
    rows = [
        html.Li(
            [
                html.Span(cover(track.id), className="art"),
                html.Span(
                    [
                        html.Span(track.info.title, className="title"),
                        html.Span(present.artist_of(track), className="by"),
                    ],
                    className="names",
                ),
                act_button(
                    "allow",
                    say("Allow {title} again", title=track.info.title),
                    say("Allow again"),
                    look="text",
                    track=track.id,
                ),
            ]
        )
        for track in banned
    ]
    head = html.Summary(say("Never again ({count})", count=len(banned)))
    return [html.Details([head, html.Ul(rows, className="banned")], className="taste-more")]


def noted(report: TasteReport) -> str:
    """How much is noted of the listener."""
    return say_n("{count} play, skip or rating", "{count} plays, skips and ratings", report.events)


def _forgetting(report: TasteReport) -> list[html.Details]:
    if not report.events:
        return []
    words = say(
        "{events} ({liked} liked, {disliked} disliked) will be deleted, and what was learnt of them. “Never again” "
        "stays.",
        events=noted(report),
        liked=number(report.liked),
        disliked=number(report.disliked),
    )
    return [
        html.Details(
            [
                html.Summary(say("Forget what was noted")),
                html.P(words),
                act_button("forget", say("Forget it all"), say("Forget it all"), look="outline small"),
            ],
            className="taste-more",
        )
    ]
