"""What people read, in their own language: a sentence is looked up in a catalogue, and its named places are filled.

The text in the source is English, and stands where no language is chosen, or a catalogue lacks it. ``later`` marks the
texts of constants, which are made before anybody has come: what shows them says them. docs/languages.md has the rest.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import ParamSpec

P = ParamSpec("P")

SOURCE = "en"
PSEUDO = "en-XA"
"""No language: every text in brackets, by which a test finds those that nobody marked."""

_FOLDER = Path(__file__).parent / "languages"
_spoken: ContextVar[str] = ContextVar("spoken", default=SOURCE)


def later(text: str) -> str:
    """Mark the text of a constant, which is said where it is shown."""
    return text


# Translators: how one writes this number; all others are written alike.
_NUMBER = later("1,234.5")
# Translators: the name of your language, in your language.
_NAME = later("English")


class _Pseudo(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


@cache
def languages() -> dict[str, str]:
    """The languages that there are, by their codes, each with the name that it gives itself."""
    codes = sorted(path.stem for path in _FOLDER.glob("*.mo"))
    return {SOURCE: _NAME} | {code: _catalogue(code).gettext(_NAME) for code in codes}


def speak(code: str) -> None:
    """Choose the language of all that is said from here on in this context; English if there is no such language."""
    _spoken.set(code if code == PSEUDO or code in languages() else SOURCE)


def spoken() -> str:
    """The language that is chosen."""
    return _spoken.get()


def carried(step: Callable[P, None]) -> Callable[P, None]:
    """The same for a thread of its own, which then speaks the language that is chosen here and now."""
    language = spoken()

    def in_that_language(*args: P.args, **values: P.kwargs) -> None:
        speak(language)
        step(*args, **values)

    return in_that_language


def say(text: str, /, **values: object) -> str:
    """A text in the chosen language, with these values in its places."""
    told = _catalogue(spoken()).gettext(text) if text else ""  # under "" a catalogue keeps what is to be said of it
    return told.format(**values) if values else told


def say_n(one: str, many: str, count: int, /, **values: object) -> str:
    """The same for a text with a number in it, its ``{count}``, which has another form for one than for many."""
    return _catalogue(spoken()).ngettext(one, many, count).format(count=number(count), **values)


def number(value: float, places: int = 0) -> str:
    """A number with so many decimal places, as it is written in the chosen language."""
    marks = _marks(spoken())
    plain = f"{round(value, places) + 0:,.{places}f}"  # nothing is not "-0.00"
    return plain.translate({ord(","): marks[0], ord("."): marks[1], ord("-"): "\N{MINUS SIGN}"})


def percent(share: float, places: int = 0) -> str:
    """A share of a whole, in [0, 1], in hundredths: "48 %", with a space at which no line breaks."""
    return f"{number(100 * share, places)}\N{NO-BREAK SPACE}%"


def listed(names: Sequence[str]) -> str:
    """Some things as one names them: one, two and three."""
    if len(names) < 2:
        return "".join(names)
    return say("{some} and {last}", some=", ".join(names[:-1]), last=names[-1])


@cache
def _marks(code: str) -> str:
    """What parts the thousands, and what the decimal places."""
    return "".join(mark for mark in _catalogue(code).gettext(_NUMBER) if not mark.isdigit()).strip("⟦⟧")


@cache
def _catalogue(code: str) -> gettext.NullTranslations:
    if code == SOURCE:
        return gettext.NullTranslations()
    if code == PSEUDO:
        return _Pseudo()
    with (_FOLDER / f"{code}.mo").open("rb") as file:
        return gettext.GNUTranslations(file)
