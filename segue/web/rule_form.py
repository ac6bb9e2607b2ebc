"""The form of the house's rules: what stands in its fields, and the rules that they amount to, checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from segue.choose.names import plain_words
from segue.choose.wishes import Wishes
from segue.errors import ParameterError
from segue.web.checks import is_number, number_in
from segue.words import later, number, say

_MOST_WORDS, _LONGEST_WORD = 200, 200
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class NumberField:
    """A field for a number: what it is called, the most it takes, and how many of the rule's units are one of its own.

    An empty one sets no limit where ``is_limit``, and is 0 elsewhere.
    """

    label: str
    most: float
    is_whole: bool = True
    is_limit: bool = True
    units: float = 1.0


NUMBERS: Mapping[str, NumberField] = {
    "artist_spacing": NumberField(later("Songs between two by one artist"), 100, is_limit=False),
    "album_spacing": NumberField(later("Songs between two of one album"), 100, is_limit=False),
    "repeat_after_tracks": NumberField(later("Songs before one comes again"), 1_000_000, is_limit=False),
    "repeat_after_hours": NumberField(later("Hours before one comes again"), 100_000, is_whole=False, is_limit=False),
    "shortest_s": NumberField(later("Minutes from"), 10_000, is_whole=False, units=60.0),
    "longest_s": NumberField(later("Minutes to"), 10_000, is_whole=False, units=60.0),
    "first_year": NumberField(later("Years from"), 9999),
    "last_year": NumberField(later("Years to"), 9999),
    "slowest_bpm": NumberField(later("BPM from"), 999, is_whole=False),
    "fastest_bpm": NumberField(later("BPM to"), 999, is_whole=False),
}
WORDS: Mapping[str, str] = {
    "genres": later("Only these genres"),
    "not_genres": later("None of these genres"),
    "only_tags": later("Only what is heard as"),
    "not_tags": later("Nothing that is heard as"),
    "folders": later("Only from these folders"),
    "not_folders": later("Nothing from these folders"),
}
SWITCHES: Mapping[str, str] = {
    "octaves": later("Half and double the tempo count as it"),
    "versions": later("Another version of a song may come"),
    "spoken": later("Spoken word may come"),
    "strict": later("Rather stop than break one of these rules"),
}
CHRISTMAS = {"december": later("In December"), "always": later("All year"), "never": later("Never")}
_RANGES = (("shortest_s", "longest_s"), ("first_year", "last_year"), ("slowest_bpm", "fastest_bpm"))
_OPPOSITES = (("genres", "not_genres"), ("only_tags", "not_tags"), ("folders", "not_folders"))


def fields_of(rules: Wishes) -> dict[str, Any]:
    """What stands in the form's fields for some rules."""
    numbers = {name: _shown(getattr(rules, name), field) for name, field in NUMBERS.items()}
    words = {name: sorted(getattr(rules, name)) for name in WORDS}
    return {**numbers, **words, **{name: getattr(rules, name) for name in SWITCHES}, "christmas": rules.christmas}


def rules_of(fields: Mapping[str, Any]) -> Wishes:
    """The rules that the form's fields amount to; raises ParameterError, which names the field."""
    numbers = {name: _number(fields.get(name), field) for name, field in NUMBERS.items()}
    for low, high in _RANGES:
        if numbers[low] is not None and numbers[high] is not None and numbers[low] > numbers[high]:
            what = say(
                "“{least}” is {low}, “{most}” only {high}",
                least=say(NUMBERS[low].label),
                low=f"{number_in(fields[low]):g}",
                most=say(NUMBERS[high].label),
                high=f"{number_in(fields[high]):g}",
            )
            raise ParameterError(what, remedy=say("Swap the two"))
    words = {name: _words(fields.get(name), label) for name, label in WORDS.items()}
    for wanted, unwanted in _OPPOSITES:
        if both := sorted(words[wanted] & words[unwanted]):
            what = say(
                "“{word}” stands under “{wanted}” and under “{unwanted}”",
                word=both[0],
                wanted=say(WORDS[wanted]),
                unwanted=say(WORDS[unwanted]),
            )
            raise ParameterError(what, remedy=say("Take it out of one of them"))
    switches = {name: fields.get(name) is True for name in SWITCHES}
    found: dict[str, Any] = {**numbers, **words, **switches, "christmas": fields.get("christmas")}
    return Wishes(**found)


def _shown(value: float | None, field: NumberField) -> float | str:
    if value is None:
        return ""
    shown = round(value / field.units, _DECIMALS)
    return int(shown) if shown == int(shown) else shown


def _number(sent: Any, field: NumberField) -> Any:
    value = number_in(sent)
    if value in (None, ""):
        return None if field.is_limit else 0
    if not is_number(value) or not 0 <= value <= field.most or (field.is_whole and value != int(value)):
        what = say("“{field}” cannot be {value}", field=say(field.label), value=str(sent)[:40])
        most = number(field.most)
        if field.is_whole:
            raise ParameterError(what, remedy=say("Choose a whole number from 0 to {most}", most=most))
        raise ParameterError(what, remedy=say("Choose a number from 0 to {most}", most=most))
    return int(value) if field.is_whole else value * field.units


def _words(value: Any, label: str) -> frozenset[str]:
    words = value or []
    if not isinstance(words, list) or len(words) > _MOST_WORDS or not all(isinstance(word, str) for word in words):
        raise ParameterError(
            say("“{field}” is no list of words", field=say(label)),
            remedy=say("Choose {most} at most", most=_MOST_WORDS),
        )
    found = frozenset(" ".join(word.split()) for word in words) - {""}
    for word in sorted(found):
        _check(word, label)
    return found


def _check(word: str, label: str) -> None:
    """Refuse a word by which nothing could ever be found."""
    if len(word) > _LONGEST_WORD:
        what = say("“{word}...” under “{field}” is too long", word=word[:40], field=say(label))
        raise ParameterError(what, remedy=say("Say it in fewer words"))
    if "folders" in label and os.sep in word and not PurePath(word).is_absolute():
        what = say("“{word}” under “{field}” is neither a full path nor a name", word=word, field=say(label))
        raise ParameterError(what, remedy=say("Begin it at the root, or name the folder alone"))
    if "genres" in label and not plain_words(word):
        what = say("“{word}” under “{field}” is no genre", word=word, field=say(label))
        raise ParameterError(what, remedy=say("Say a word that stands in it"))
