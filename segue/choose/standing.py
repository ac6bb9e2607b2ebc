"""Rules that look at the candidate alone, whatever has played: each is a mask over the library, with its reasons."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from segue.choose.catalogue import PLACE_END, Catalogue, Column
from segue.choose.names import has_words, plain_words
from segue.choose.wordlists import WordList
from segue.errors import one_line
from segue.values import TrackId
from segue.words import later, say

Bools = NDArray[np.bool_]


class StandingRule(Protocol):
    """One reason why a track may not come, now or later."""

    @property
    def name(self) -> str:
        """What the rule is called where a pick says that it was relaxed."""
        ...

    @property
    def key(self) -> Hashable:
        """What rules have in common that refuse the same tracks of a catalogue."""
        ...

    @property
    def summary(self) -> str:
        """The reason for all that it refuses, as the end of "because ..."."""
        ...

    def refused(self, catalogue: Catalogue) -> Bools:
        """Which tracks may not come, (n,) in the order of the index."""
        ...

    def reason(self, catalogue: Catalogue, row: int) -> str:
        """Why the track of a row that is refused may not come, as the end of "because ..."."""
        ...


@dataclass(frozen=True, slots=True)
class _Plain:
    """What most rules share: those with the same settings are the same, and the reason is the same for all tracks."""

    @property
    def key(self) -> Hashable:
        """The rule itself."""
        return self


@dataclass(frozen=True, slots=True)
class Listed(_Plain):
    """Certain tracks never come: those that are banned, disliked or taken out."""

    ids: frozenset[TrackId] = field(repr=False)
    summary: str = later("you took it out")
    name: str = "not refused"

    def refused(self, catalogue: Catalogue) -> Bools:
        """The tracks that are listed."""
        mask = np.zeros(len(catalogue.index), np.bool_)
        mask[catalogue.index.rows_of(self.ids)] = True
        return mask

    def reason(self, catalogue: Catalogue, row: int) -> str:  # noqa: ARG002 - one form for all rules
        """The same for all."""
        return self.summary


@dataclass(frozen=True, slots=True, eq=False)
class HeardAs:
    """Only tracks that are confidently heard as one of some tags, and none that is heard as one of others."""

    heard: Mapping[TrackId, Collection[str]] = field(repr=False)
    only: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    name: str = "heard tags"

    @property
    def key(self) -> Hashable:
        """The tags, and what was heard."""
        return ("heard", id(self.heard), self.only, self.never)

    @property
    def summary(self) -> str:
        """What is wanted."""
        wanted = say("it is not heard as {tags}", tags=_or(self.only)) if self.only else ""
        unwanted = say("it is heard as {tags}", tags=_or(self.never)) if self.never else ""
        return say("{this}, or {that}", this=wanted, that=unwanted) if wanted and unwanted else wanted or unwanted

    def refused(self, catalogue: Catalogue) -> Bools:
        """What is heard as something else, or as something unwanted."""
        ids = catalogue.index.ids
        return np.fromiter((self._refuses(i) for i in ids), np.bool_, len(ids))

    def _refuses(self, track_id: TrackId) -> bool:
        tags = self.heard.get(track_id, ())
        return not self.never.isdisjoint(tags) or bool(self.only and self.only.isdisjoint(tags))

    def reason(self, catalogue: Catalogue, row: int) -> str:
        """What it is heard as that it should not be."""
        for tag in self.heard.get(catalogue.index.ids[row], ()):
            if tag in self.never:
                return say("it is heard as {tags}", tags=tag)
        return say("it is not heard as {tags}", tags=_or(self.only))


@dataclass(frozen=True, slots=True)
class Within(_Plain):
    """A number of the track lies within limits; an unknown length may be any, an unknown year or tempo may not.

    With ``octaves`` half and double of a tempo count as the tempo.
    """

    name: str
    low: float | None = None
    high: float | None = None
    octaves: bool = False

    @property
    def summary(self) -> str:
        """The limits."""
        return _WITHIN[self.name].summary

    def refused(self, catalogue: Catalogue) -> Bools:
        """What lies outside."""
        measure = _WITHIN[self.name]
        numbers = measure.column(catalogue)
        low, high = self.low or 0.0, np.inf if self.high is None else self.high
        outside = np.ones(len(numbers), np.bool_)
        for factor in (0.5, 1.0, 2.0) if self.octaves else (1.0,):
            outside &= ~((numbers * factor >= low) & (numbers * factor <= high))  # NaN lies nowhere
        if measure.unknown_may_come:
            outside &= numbers > 0
        return outside

    def reason(self, catalogue: Catalogue, row: int) -> str:
        """The number."""
        measure = _WITHIN[self.name]
        return measure.reason(float(measure.column(catalogue)[row]))


@dataclass(frozen=True, slots=True)
class _Measure:
    column: Callable[[Catalogue], Column]
    reason: Callable[[float], str]
    summary: str
    unknown_may_come: bool = False


def _length_words(length_s: float) -> str:
    return say("it lasts {length}", length=f"{int(length_s) // 60}:{int(length_s) % 60:02d}")


def _year_words(year: float) -> str:
    return say("its year is unknown") if np.isnan(year) else say("it is from {year}", year=f"{year:.0f}")


def _tempo_words(tempo_bpm: float) -> str:
    return say("its tempo is unknown") if np.isnan(tempo_bpm) else say("its tempo is {bpm} BPM", bpm=f"{tempo_bpm:.0f}")


_WITHIN = {
    "length limits": _Measure(lambda c: c.lengths_s, _length_words, later("it is too short or too long"), True),
    "year range": _Measure(lambda c: c.years, _year_words, later("it is not from those years, or its year is unknown")),
    "tempo range": _Measure(lambda c: c.tempo_bpm, _tempo_words, later("its tempo is another one, or unknown")),
}


@dataclass(frozen=True, slots=True)
class OfGenre(_Plain):
    """Only tracks whose genre, as the file says it, holds one of some words; or none whose genre does."""

    words: frozenset[str]
    wanted: bool = True
    name: str = "genre"

    @property
    def summary(self) -> str:
        """What is wanted, or not."""
        if self.wanted:
            return say("its genre is not {genre}", genre=_or(self.words))
        return say("its genre is {genre}", genre=_or(self.words))

    def refused(self, catalogue: Catalogue) -> Bools:
        """By the genre's words."""
        wanted = [plain_words(word) for word in self.words]
        return _by_text(catalogue, "genre", lambda text: any(has_words(text, w) for w in wanted) != self.wanted)

    def reason(self, catalogue: Catalogue, row: int) -> str:
        """The genre."""
        genre = catalogue.info(catalogue.index.ids[row]).genre
        return say("its genre is {genre}", genre=genre) if genre else say("its genre is unknown")


@dataclass(frozen=True, slots=True)
class InFolder(_Plain):
    """Only tracks below some folders, or none below them: absolute paths, or names of folders on the way."""

    folders: frozenset[str]
    wanted: bool = True
    name: str = "folders"

    @property
    def summary(self) -> str:
        """Where it lies, or not."""
        folders = _or(map(one_line, self.folders))
        if self.wanted:
            return say("it lies outside {folders}", folders=folders)
        return say("it lies in {folders}", folders=folders)

    def refused(self, catalogue: Catalogue) -> Bools:
        """A track that lies in several places is judged by all: one is enough."""
        return _by_text(catalogue, "place", lambda text: any(map(self._is_below, text.split(PLACE_END))) != self.wanted)

    def _is_below(self, place: str) -> bool:
        on_the_way = place.casefold().split(os.sep)  # noqa: PTH206 - ten times as fast
        return any(
            f"{place}{os.sep}".startswith(f"{folder.rstrip(os.sep)}{os.sep}")
            if os.sep in folder
            else folder.casefold() in on_the_way
            for folder in self.folders
        )

    def reason(self, catalogue: Catalogue, row: int) -> str:  # noqa: ARG002 - one form for all rules
        """The same for all: where exactly is no matter."""
        return self.summary


@dataclass(frozen=True, slots=True)
class Says(_Plain):
    """No tracks whose tags or folders hold one of some words: Christmas music, spoken word."""

    lists: tuple[WordList, ...] = field(repr=False)
    name: str
    summary: str

    def refused(self, catalogue: Catalogue) -> Bools:
        """By the texts that each list looks at."""
        mask = np.zeros(len(catalogue.index), np.bool_)
        for words in self.lists:
            for column in words.columns:
                texts = catalogue.texts(column)
                mask |= words.found_in(texts.values)[texts.codes]
        return mask

    def reason(self, catalogue: Catalogue, row: int) -> str:  # noqa: ARG002 - one form for all rules
        """The same for all."""
        return self.summary


@dataclass(frozen=True, slots=True, eq=False)
class NotLately:
    """No tracks that were played within so many hours."""

    last_played_s: Mapping[TrackId, float] = field(repr=False)
    hours: float
    now_s: float
    name: str = "hours between plays"

    @property
    def key(self) -> Hashable:
        """The hours, counted from now, and what was played."""
        return ("lately", id(self.last_played_s), self.hours, self.now_s)

    @property
    def summary(self) -> str:
        """How long ago it may not be."""
        return say("it was played within {time}", time=_hours(self.hours))

    def refused(self, catalogue: Catalogue) -> Bools:
        """What was played since then."""
        since_s = self.now_s - self.hours * 3600
        mask = np.zeros(len(catalogue.index), np.bool_)
        mask[catalogue.index.rows_of(i for i, at_s in self.last_played_s.items() if at_s > since_s)] = True
        return mask

    def reason(self, catalogue: Catalogue, row: int) -> str:
        """How long ago it was."""
        ago_s = max(0.0, self.now_s - self.last_played_s[catalogue.index.ids[row]])
        return say("it was played {time} ago", time=_hours(ago_s / 3600))


def _by_text(catalogue: Catalogue, column: str, refuses: Callable[[str], bool]) -> Bools:
    texts = catalogue.texts(column)
    return np.fromiter(map(refuses, texts.values), np.bool_, len(texts.values))[texts.codes]


def _hours(hours: float) -> str:
    if hours < 1:
        return f"{max(1, round(hours * 60))} min"
    return f"{hours:.0f} h" if hours < 48 else say("{days} days", days=f"{hours / 24:.0f}")


def _or(names: Collection[str] | map[str]) -> str:
    return say(" or ").join(sorted(names))
