"""The form of the house's rules: what every choice of the booth goes by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from segue.values import Track
from segue.web import ids
from segue.web.layout.parts import card
from segue.web.layout.taste import never_again
from segue.web.rule_form import CHRISTMAS, NUMBERS, SWITCHES, WORDS
from segue.words import later, number, say

_INTRO = later(
    "What the booth, its journeys, mixes and live suggestions, phones and scripts go by whenever Segue chooses."
)
_NO_TAGS = later("The ear that listens now tells no genres and moods")
_MOST_OFFERED = 300


@dataclass(frozen=True, slots=True)
class Offers:
    """What the fields for words offer: the library's genres and folders, and the tags that the ear can hear."""

    genres: Sequence[str] = ()
    tags: Sequence[str] = ()
    folders: Sequence[str] = ()


def rules_card(fields: Mapping[str, Any], offers: Offers, *, line: str, banned: Sequence[Track]) -> html.Section:
    """The form with what stands in its fields, a line on what that lets through, and the songs that never come."""
    return card(
        say("How songs are chosen"),
        html.P(say(_INTRO), className="dim"),
        html.Div(
            [
                _group(say("Which songs may come"), _limits(fields)),
                _group(say("How soon again"), _spacing(fields)),
                _group(say("What kind"), _kinds(fields, offers)),
            ],
            className="rules",
        ),
        html.P(line, id=ids.RULES_SAYS, className="rules-says", role="status"),
        html.Div([_button(*words) for words in _BUTTONS], className="rules-tools"),
        html.Div(never_again(banned), id=ids.RULES_NEVER),
        dcc.Store(id=ids.RULES_BEFORE),
        wide=True,
    )


_BUTTONS = (
    (ids.RULES_KEEP, later("Choose by these"), "solid"),
    (ids.RULES_RESET, later("Back to the defaults"), "outline"),
    (ids.RULES_UNDO, later("Undo"), "text"),
)


def _button(name: str, words: str, look: str) -> html.Button:
    hidden = name == ids.RULES_UNDO
    return html.Button(say(words), id=name, type="button", n_clicks=0, hidden=hidden, className=f"button {look}")


def _group(title: str, parts: list[Any]) -> html.Fieldset:
    return html.Fieldset([html.Legend(title), *parts])


def _limits(fields: Mapping[str, Any]) -> list[Any]:
    pairs = (("slowest_bpm", "fastest_bpm"), ("first_year", "last_year"), ("shortest_s", "longest_s"))
    rows = [html.Div([_number(name, fields) for name in pair], className="rule-pair") for pair in pairs]
    return [*rows[:1], _switch("octaves", fields), *rows[1:]]


def _spacing(fields: Mapping[str, Any]) -> list[Any]:
    names = ("artist_spacing", "album_spacing", "repeat_after_tracks", "repeat_after_hours")
    hints = {
        "repeat_after_tracks": say("0: it does not come again"),
        "repeat_after_hours": say("0: that does not matter"),
    }
    return [*(_number(name, fields, hints.get(name)) for name in names), _switch("versions", fields)]


def _kinds(fields: Mapping[str, Any], offers: Offers) -> list[Any]:
    offered = {"genres": offers.genres, "folders": offers.folders}
    typed = {name: _words(name, fields, offered[name.removeprefix("not_")]) for name in WORDS if "tags" not in name}
    heard = {name: _heard(name, fields, offers.tags) for name in WORDS if "tags" in name}
    christmas = dmc.Select(
        id=ids.rule_field("christmas"),
        label=say("Christmas music may come"),
        data=[{"value": value, "label": say(label)} for value, label in CHRISTMAS.items()],
        value=fields["christmas"],
        allowDeselect=False,
        comboboxProps={"withinPortal": False},
    )
    words = html.Div([(typed | heard)[name] for name in WORDS], className="rule-words")
    ends = html.Div([christmas, html.Div([_switch(name, fields) for name in ("spoken", "strict")])])
    ends.className = "rule-words rule-ends"
    return [words, ends]


def _number(name: str, fields: Mapping[str, Any], hint: str | None = None) -> dmc.NumberInput:
    field = NUMBERS[name]
    return dmc.NumberInput(
        id=ids.rule_field(name),
        label=say(field.label),
        description=hint,
        value=fields[name],
        min=0,
        max=field.most,
        allowDecimal=not field.is_whole,
        allowNegative=False,
        clampBehavior="none",
        decimalSeparator=number(0.5, 1)[1],
        placeholder=say("any") if field.is_limit else "0",
        inputWrapperOrder=["label", "input", "description"],
    )


def _switch(name: str, fields: Mapping[str, Any]) -> dmc.Switch:
    return dmc.Switch(id=ids.rule_field(name), label=say(SWITCHES[name]), checked=fields[name], size="sm")


def _words(name: str, fields: Mapping[str, Any], offered: Sequence[str]) -> dmc.TagsInput:
    return dmc.TagsInput(
        id=ids.rule_field(name),
        label=say(WORDS[name]),
        data=list(offered[:_MOST_OFFERED]),
        value=fields[name],
        placeholder=say("Add"),
        comboboxProps={"withinPortal": False},
    )


def _heard(name: str, fields: Mapping[str, Any], tags: Sequence[str]) -> dmc.MultiSelect:
    """What tracks are heard as; tags of another ear that are kept stay to be seen."""
    return dmc.MultiSelect(
        id=ids.rule_field(name),
        label=say(WORDS[name]),
        description=None if tags else say(_NO_TAGS),
        data=sorted({*tags, *fields[name]}),
        value=fields[name],
        searchable=True,
        placeholder=say("Add"),
        comboboxProps={"withinPortal": False},
    )
