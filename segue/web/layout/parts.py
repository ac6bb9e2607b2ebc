"""Small pieces that several layouts are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Any

from dash import html

from segue.store.events import Rating
from segue.values import TrackId
from segue.web.present import cover_url
from segue.words import say


def icon(name: str) -> html.Span:
    """A drawing from ``assets/css/icons.css``; screen readers pass over it."""
    return html.Span(className=f"icon icon-{name}", **{"aria-hidden": "true"})


def spoken(words: str) -> html.Span:
    """Words that only screen readers say."""
    return html.Span(words, className="sr-only")


def placed(text: str, **parts: Any) -> list[Any]:
    """A sentence with parts of the page in its places, instead of words."""
    children: list[Any] = []
    for words, name, _, _ in Formatter().parse(text):
        children += [words] if words else []
        children += [parts[name]] if name is not None else []
    return children


def spoken_with(text: str, **parts: str) -> list[Any]:
    """A sentence of which only what stands in its places is seen; screen readers say all of it."""
    shown = {name: html.Span(part) for name, part in parts.items()}
    return [spoken(part) if isinstance(part, str) else part.children for part in placed(text, **shown)]


def act_button(act: str, label: str, *children: Any, look: str = "quiet", **data: Any) -> html.Button:
    """A real button that ``assets/js/page.js`` turns into the act, with ``data`` as its arguments.

    Whoever speaks to the page says what stands on the button: where ``label`` does not hold those words, it only
    explains them.
    """
    attributes = {f"data-{name.replace('_', '-')}": value for name, value in data.items()}
    words = " ".join(child for child in children if isinstance(child, str))
    named = {"aria-label": label} if words.casefold() in label.casefold() else {}
    return html.Button(
        list(children),
        type="button",
        className=f"button {look}",
        title=label,
        **{**named, "data-act": act, **attributes},
    )


def icon_button(act: str, label: str, drawing: str, *, look: str = "round", **data: Any) -> html.Button:
    """An ``act_button`` that shows only a drawing."""
    return act_button(act, label, icon(drawing), look=look, **data)


def choices(act: str, label: str, values: Mapping[str, str], **data: Any) -> html.Div:
    """A few choices of which one holds: a script presses the one that does."""
    buttons = []
    for value, words in values.items():
        button = act_button(act, words, words, look="pick", value=value, **data)
        setattr(button, "aria-pressed", "false")
        setattr(button, "aria-label", f"{label}: {words}")
        buttons.append(button)
    return html.Div(
        [html.Span(label, className="dim"), html.Div(buttons, className="picks")],
        className="choice-group",
        role="group",
        **{"aria-label": label},
    )


def rating_buttons(track_id: TrackId, rating: Rating | None, *, look: str) -> list[html.Button]:
    """Like and dislike, each pressed if it is so, and pressed again to take it back."""
    buttons = []
    for act, label, drawing, is_so in (
        ("like", say("Like"), "heart", rating == "liked"),
        ("dislike", say("Dislike"), "dislike", rating == "disliked"),
    ):
        button = icon_button(act, label, drawing, look=look, track=track_id)
        setattr(button, "aria-pressed", str(is_so).lower())
        buttons.append(button)
    return buttons


def said(words: str, undo: Mapping[str, str] | None) -> html.Div:
    """What was done, and a button that takes it back: the act of the button, and its data."""
    data = dict(undo or {})
    back = [act_button(data.pop("act"), say("Undo"), say("Undo"), look="text", **data)] if data else []
    return html.Div([html.Span(words), *back], className="said")


def card(title: str, *parts: Any, tool: Any = None, wide: bool = False) -> html.Section:
    """A part of a room with a heading, and perhaps a tool beside it; a wide one takes the whole row."""
    head = html.Div([html.H2(title), *([] if tool is None else [tool])], className="card-head")
    look = "card wide" if wide else "card"
    return html.Section([head, *parts], className=look, **{"aria-label": title})


def facts(rows: Sequence[tuple[str, str]]) -> html.Dl:
    """Names and what they are, line by line."""
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in rows], className="facts")


def cover(track_id: TrackId, *, size: int = 96) -> html.Img:
    """A track's cover; its name stands beside it, so that the picture itself is silent."""
    return html.Img(src=cover_url(track_id, size=size), alt="", className="cover")
