"""What is asked for in the room of mixes, checked, and as a `MixOrder`. Foreign paths are names of songs, no more."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from segue.config import MIX
from segue.errors import ParameterError
from segue.extending import Extent
from segue.mixing import MixOrder
from segue.play.listed_text import numbered_lines
from segue.play.mix.planning import MixSettings
from segue.play.tracklist import Wanted
from segue.values import Track
from segue.web.checks import is_number, number_in
from segue.words import later, say
from segue.words import number as written

ENDINGS = {".mp3": "MP3", ".m4a": "M4A (AAC)", ".opus": "Opus", ".flac": "FLAC", ".wav": "WAV"}
MOST_BETWEEN = 20
_LONGEST_TITLE = 120
_LONGEST_TEXT = 200_000
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{2,4}$")

AtPath = Callable[[Path], Track | None]
"""Gives the library's track at a path, if it holds one there."""


@dataclass(frozen=True, slots=True)
class MixForm:
    """The form as it was filled in: every field is checked when the order is made of it."""

    title: str = ""
    ending: str = ".mp3"
    between: Any = 0
    minutes: Any = None
    reorder: bool = False
    skip_bad: bool = False

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> MixForm:
        """The form from what the page sent; a field that is not there stands as it does at first."""
        return cls(**{name: value for name, value in values.items() if name in cls.__dataclass_fields__})


def order_of(form: MixForm, wanted: Sequence[Wanted]) -> MixOrder:
    """The order that a form and its songs make; raises ParameterError."""
    if form.ending not in ENDINGS:
        what = say("'{ending}' is no kind of mix", ending=form.ending)
        raise ParameterError(what, remedy=say("Choose one of {endings}", endings=", ".join(ENDINGS)))
    between = _whole(form.between, later("'{value}' songs between each two"), MOST_BETWEEN)
    title = " ".join(str(form.title or "").split())[:_LONGEST_TITLE] or say("A mix")
    return MixOrder(
        tuple(wanted),
        MixSettings(title),
        Extent(between, _minutes(form.minutes), form.reorder is True),
        skip_bad=form.skip_bad is True,
    )


def wanted_tracks(tracks: Sequence[Track]) -> tuple[Wanted, ...]:
    """Songs of the library, wherever they lie now."""
    found = []
    for line, track in enumerate(tracks, start=1):
        here = next((path for path in track.paths if path.is_file()), track.paths[0])
        found.append(Wanted(line, track.info.title, here))
    return tuple(found)


def wanted_lines(text: str, at_path: AtPath) -> tuple[Wanted, ...]:
    """Songs as a text names them, one a line; lines that begin with ``#`` are remarks, as in an M3U.

    A path counts where the library holds it; any other is taken for the name of its file. Raises ParameterError for
    a text of more than 200,000 characters or of too many lines.
    """
    if len(text) > _LONGEST_TEXT:
        what = say("a list of {count} characters", count=written(len(text)))
        raise ParameterError(what, remedy=say("Paste {most} at most", most=written(_LONGEST_TEXT)))
    lines = [(number, line) for number, line in numbered_lines(text) if not line.startswith("#")]
    if len(lines) > MIX.most_wanted:
        what = say("a list of {count} songs", count=written(len(lines)))
        raise ParameterError(what, remedy=say("Name {most} at most", most=written(MIX.most_wanted)))
    return tuple(_wanted(number, line, at_path) for number, line in lines)


def _wanted(number: int, line: str, at_path: AtPath) -> Wanted:
    path = Path(line)
    held = at_path(path) if path.is_absolute() and "\0" not in line else None
    if held is not None:
        return Wanted(number, line, path)
    name = PurePosixPath(line.replace("\\", "/")).name if "/" in line or "\\" in line else line
    return Wanted(number, line, words=_SUFFIX.sub("", name) or line)


def _minutes(value: Any) -> float | None:
    """How long the mix is to be, to the fraction of a minute; None where that is not said."""
    minutes = number_in(value)
    if minutes in (None, "", 0):
        return None
    if not is_number(minutes):
        raise ParameterError(say("'{value}' minutes", value=str(value)[:40]), remedy=later("Choose 1 minute to a day"))
    return float(minutes)


def _whole(value: Any, what: str, most: int) -> int:
    if value in (None, ""):
        return 0
    if not is_number(value) or value != int(value) or not 0 <= value <= most:
        raise ParameterError(
            say(what, value=str(value)[:40]), remedy=say("Choose a whole number, 0 to {most}", most=most)
        )
    return int(value)
