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

_CHOICES = (("auto", "If it helps"), ("on", "Always"), ("off", "Never"))
_INTRO = (
    "Segue notes on this computer which songs you hear to their end, skip, like and take out, and learns which ones "
    "you would rather hear next."
)


def taste_dialog() -> list[Any]:
    """The parts that stay."""
    return [
        html.P(_INTRO, className="dim"),
        html.Div(
            [
                html.Span("Choose by it", id="taste-question", className="taste-question"),
                dmc.SegmentedControl(
                    id=ids.TASTE_SWITCH,
                    data=[{"value": value, "label": label} for value, label in _CHOICES],
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
    return [html.P(report.why, className="taste-why", role="status"), *_proof(report), *_leanings(report)]


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
            ("The ear alone", verdict.ear, "bar"),
            ("With your taste", verdict.taste, "bar yours"),
        )
    ]
    return [html.Dl(rows, className="proof")]


def _leanings(report: TasteReport) -> list[html.Div]:
    columns = [
        html.Div([html.H3(head), html.Ul([_learnt(one) for one in some])])
        for head, some in (("You would rather hear", report.favours), ("And rather not", report.avoids))
        if some
    ]
    return [html.Div(columns, className="leanings")] if columns else []


def _learnt(one: Learnt) -> html.Li:
    hint = f"Odds {one.odds:.2f} against the other songs, {one.sure:.0%} sure; {present.songs(one.tracks)} of the kind"
    return html.Li([one.name, html.Span(one.how, className="dim")], title=hint)


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
                act_button("allow", f"Allow {track.info.title} again", "Allow again", look="text", track=track.id),
            ]
        )
        for track in banned
    ]
    head = html.Summary(f"Never again ({len(banned)})")
    return [html.Details([head, html.Ul(rows, className="banned")], className="taste-more")]


def _forgetting(report: TasteReport) -> list[html.Details]:
    if not report.events:
        return []
    noted = present.count_of(report.events, "play, skip or rating", "plays, skips and ratings")
    liked = f"{report.liked:,} liked, {report.disliked:,} disliked"
    return [
        html.Details(
            [
                html.Summary("Forget what was noted"),
                html.P(f"{noted} ({liked}) will be deleted, and what was learnt of them. “Never again” stays."),
                act_button("forget", "Forget it all", "Forget it all", look="outline small"),
            ],
            className="taste-more",
        )
    ]
