"""The library as a table: filtered, sorted and paged in memory, made anew when the library has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segue.errors import ModelError, ParameterError
from segue.store.library import Library
from segue.store.made import Made
from segue.store.rows import fold, words_to_find
from segue.store.searching import Wording
from segue.store.songs import Songs
from segue.tagging import Tags
from segue.values import ByHand, TrackId

Column = str
TEXTS = ("title", "artist", "album", "genre", "heard", "camelot", "folder")
NUMBERS = ("tempo_bpm", "year", "duration_s", "loudness_lufs")
COLUMNS = (*TEXTS, *NUMBERS)
_MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class TableQuery:
    """Which rows, and in what order; every filter that is None or empty lets all pass.

    ``tempo`` and ``years`` are bounds, both included; ``camelot`` are codes such as "8A".
    """

    words: str = ""
    genre: str = ""
    heard: str = ""
    tempo_bpm: tuple[float | None, float | None] = (None, None)
    years: tuple[float | None, float | None] = (None, None)
    camelot: frozenset[str] = frozenset()
    sort: tuple[tuple[Column, bool], ...] = ()

    def __post_init__(self) -> None:
        for column, _ in self.sort:
            if column not in COLUMNS:
                raise ParameterError(f"the table has no column '{column}'", remedy=f"Choose from {', '.join(COLUMNS)}")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One song as the table shows it; None is unknown."""

    id: TrackId
    title: str
    artist: str
    album: str
    genre: str
    heard: str
    camelot: str
    folder: str
    tempo_bpm: float | None
    year: int | None
    duration_s: float
    loudness_lufs: float | None
    by_hand: tuple[ByHand, ...] = ()


@dataclass(frozen=True, slots=True)
class TablePage:
    """Some rows of those that a query finds, and how many it finds in all."""

    rows: tuple[TableRow, ...]
    total: int


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Every song in columns: texts as they are, numbers as float64 with NaN for what is not known, ``(n,)`` each."""

    ids: tuple[TrackId, ...]
    texts: Mapping[str, list[str]]
    numbers: Mapping[str, NDArray[np.float64]]
    wording: Wording
    by_hand: Mapping[TrackId, tuple[ByHand, ...]]
    _orders: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    @classmethod
    def of(cls, songs: Songs, heard: Mapping[TrackId, Sequence[str]], wording: Wording) -> Table:
        """The table of these songs, with what is heard of them and what they are found by."""
        infos = songs.infos
        texts = {
            "title": [info.title for info in infos],
            "artist": [info.artist for info in infos],
            "album": [info.album for info in infos],
            "genre": [info.genre for info in infos],
            "heard": [(*heard.get(track_id, ()), "")[0] for track_id in songs.ids],
            "camelot": list(songs.camelot),
            "folder": _names(songs.folders),
        }
        numbers = {
            "tempo_bpm": songs.tempo_bpm,
            "loudness_lufs": songs.loudness_lufs,
            "year": np.array([np.nan if info.year is None else info.year for info in infos], np.float64),
            "duration_s": np.array([info.duration_s for info in infos], np.float64),
        }
        return cls(songs.ids, texts, numbers, wording, songs.by_hand)

    def page(self, query: TableQuery, first: int, last: int) -> TablePage:
        """The rows from ``first`` up to ``last``, counted from 0, of those that a query finds; linear in the songs."""
        if not 0 <= first <= last or last - first > _MOST_ROWS:
            raise ParameterError(f"rows {first} to {last}", remedy=f"Ask for {_MOST_ROWS} at most")
        found = self.rows(query)
        return TablePage(tuple(self._row(row) for row in found[first:last].tolist()), len(found))

    def rows(self, query: TableQuery) -> NDArray[np.int64]:
        """The rows that a query finds, in its order: by the first column, ties by the next; what is unknown is last."""
        kept = self._mask(query)
        found = np.arange(len(self.ids))
        for column, falls in reversed(query.sort):
            places = self._places(column)[found]
            unknown = places < 0
            found = found[np.lexsort((np.where(unknown, 0, -places if falls else places), unknown))]
        rows: NDArray[np.int64] = found[kept[found]]
        return rows

    def _mask(self, query: TableQuery) -> NDArray[np.bool_]:
        kept = np.ones(len(self.ids), bool)
        for name, wanted in (("genre", query.genre), ("heard", query.heard)):
            if wanted:
                kept &= np.fromiter((value == wanted for value in self.texts[name]), bool, len(kept))
        if query.camelot:
            kept &= np.fromiter((value in query.camelot for value in self.texts["camelot"]), bool, len(kept))
        for name, (least, most) in (("tempo_bpm", query.tempo_bpm), ("year", query.years)):
            if least is not None:
                kept &= self.numbers[name] >= least
            if most is not None:
                kept &= self.numbers[name] <= most
        if words := words_to_find(query.words):
            found = {self.wording.ids[row] for row in self.wording.rows(words)}
            kept &= np.fromiter((track_id in found for track_id in self.ids), bool, len(kept))
        return kept

    def _places(self, column: Column) -> NDArray[np.int64]:
        """Each row's place in the order of a column, alike where the values are; -1 where there is none. Made once."""
        if column not in self._orders:
            if column in self.numbers:
                values = self.numbers[column]
                known = ~np.isnan(values)
            else:
                values = np.array([fold(text) for text in self.texts[column]], dtype=object)
                known = values != ""
            places = np.full(len(self.ids), -1)
            places[known] = np.unique(values[known], return_inverse=True)[1]
            self._orders[column] = places
        return self._orders[column]

    def _row(self, row: int) -> TableRow:
        numbers = {name: None if np.isnan(column[row]) else float(column[row]) for name, column in self.numbers.items()}
        year, length = numbers["year"], numbers["duration_s"]
        return TableRow(
            self.ids[row],
            **{name: column[row] for name, column in self.texts.items()},
            tempo_bpm=numbers["tempo_bpm"],
            year=None if year is None else int(year),
            duration_s=length or 0.0,
            loudness_lufs=numbers["loudness_lufs"],
            by_hand=self.by_hand.get(self.ids[row], ()),
        )

    def values(self, column: Column) -> tuple[str, ...]:
        """What a column of texts holds, commonest first."""
        counted: dict[str, int] = {}
        for value in self.texts[column]:
            counted[value] = counted.get(value, 0) + 1
        counted.pop("", None)
        return tuple(sorted(counted, key=lambda value: (-counted[value], value)))


def neighbours(camelot: str) -> frozenset[str]:
    """A Camelot code with those that mix well with it: one hour to either side, and the other letter."""
    hour, letter = int(camelot[:-1]), camelot[-1]
    beside = {f"{(hour + step - 1) % 12 + 1}{letter}" for step in (-1, 0, 1)}
    return frozenset(beside | {f"{hour}{'B' if letter == 'A' else 'A'}"})


def _names(folders: Sequence[Sequence[str]]) -> list[str]:
    """The name of the first folder of each track; one text for all that lie in it."""
    names = {folder: Path(folder).name for folder in {own[0] for own in folders}}
    return [names[own[0]] for own in folders]


class LibraryTable:
    """The table of a library, as of its present version. Safe from several threads."""

    def __init__(self, library: Library, tags: Tags) -> None:
        self._library, self._tags = library, tags
        self._held = Made(library.version, self._made, patience=0.0)  # what was set by hand is seen at once

    def now(self) -> Table:
        """The table; made anew, in a time linear in the songs, where the library has changed."""
        return self._held.now()

    def _made(self) -> Table:
        library = self._library
        return Table.of(library.songs(), self._heard(), library.wording())

    def _heard(self) -> Mapping[TrackId, Sequence[str]]:
        try:
            return self._tags.confident()
        except ModelError:  # an ear need not know tags
            return {}
