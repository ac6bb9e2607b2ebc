"""What is known of a library's tracks beside their vectors, in columns that stand in the order of the index."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.choose.index import Index, Rows
from segue.values import Floats, TrackId, TrackInfo

Codes = NDArray[np.int8]
Halves = NDArray[np.float16]
Column = NDArray[np.float32]

UNKNOWN_KEY = -1
PLACE_END = "\0"
"""What no path can hold."""

_CAMELOT = re.compile(r"(1[0-2]|[1-9])([AB])")


class Texts(NamedTuple):
    """A column of text: ``values`` are the different ones, and ``codes`` (n,) int32 says which one a track has."""

    values: tuple[str, ...]
    codes: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """A library as the choice sees it. Element i of every column belongs to ``index.ids[i]``.

    ``tempo_bpm`` and ``loudness_lufs`` (n,) float32 are NaN where unknown; ``camelot`` (n,) int8 is `camelot_code`;
    ``heads`` and ``tails`` (n, d) may be float16, and are zero where unknown: see `unit_heads` and `unit_tails`.
    ``infos`` and ``places``, the folders in which a track lies, may lack any track.
    """

    index: Index
    infos: Mapping[TrackId, TrackInfo] = field(repr=False)
    tempo_bpm: Floats = field(repr=False)
    camelot: Codes = field(repr=False)
    loudness_lufs: Floats = field(repr=False)
    heads: Floats | Halves = field(repr=False)
    tails: Floats | Halves = field(repr=False)
    places: Mapping[TrackId, tuple[str, ...]] = field(default_factory=dict, repr=False)
    _held: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def plain(cls, index: Index, infos: Mapping[TrackId, TrackInfo]) -> Catalogue:
        """The catalogue of a library of which only vectors and tags are known; ends are taken to be as the whole is."""
        unknown = np.full(len(index), np.nan, np.float32)
        keys = np.full(len(index), UNKNOWN_KEY, np.int8)
        return cls(index, infos, unknown, keys, unknown, index.vectors, index.vectors)

    def unit_heads(self, rows: Rows | slice) -> Floats:
        """How the tracks of some rows begin, (k, d) float32: unit rows, zero where unknown."""
        return _unit_or_zero(self.heads[rows])

    def unit_tails(self, rows: Rows | slice) -> Floats:
        """How they end, as `unit_heads`."""
        return _unit_or_zero(self.tails[rows])

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What ``make`` gives: made when it is first asked for, and held as long as this catalogue."""
        found = self._held.get(key)
        if found is None:
            found = self._held[key] = make()
        return found

    @property
    def lengths_s(self) -> Column:
        """Length of each track (n,) float32, 0 where unknown."""
        column: Column = self.once("lengths", lambda: self._numbers(lambda info: info.duration_s))
        return column

    @property
    def years(self) -> Column:
        """Year of each track (n,) float32, NaN where unknown."""
        column: Column = self.once("years", lambda: self._numbers(lambda info: info.year or np.nan))
        return column

    def texts(self, name: str) -> Texts:
        """The column of a text of TrackInfo; of "place", its folders; or of "shelf", the nearest two names.

        Two, for they are those of the artist and the album; what the folders above are called says nothing of a track.
        """
        column: Texts = self.once(name, lambda: _texts(self._texts_of(name)))
        return column

    def place(self, track_id: TrackId) -> str:
        """The folders in which a track lies, parted by `PLACE_END`."""
        return PLACE_END.join(self.places.get(track_id, ()))

    def _texts_of(self, name: str) -> Sequence[str]:
        if name in ("place", "shelf"):
            places = [self.place(track_id) for track_id in self.index.ids]
            return places if name == "place" else [_shelf(place) for place in places]
        return [getattr(self.info(track_id), name) for track_id in self.index.ids]

    def _numbers(self, of: Callable[[TrackInfo], float]) -> Column:
        return np.fromiter((of(self.info(i)) for i in self.index.ids), np.float32, len(self.index))

    def info(self, track_id: TrackId) -> TrackInfo:
        """The tags of a track; a track without any is called by its id."""
        return self.infos.get(track_id) or TrackInfo(title=track_id)


def _unit_or_zero(rows: Floats | Halves) -> Floats:
    wide = rows.astype(np.float32)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    unit: Floats = np.divide(wide, lengths, out=wide, where=lengths > 0.0)
    return unit


def _shelf(place: str) -> str:
    return " / ".join(part for folder in place.split(PLACE_END) for part in folder.rsplit(os.sep, 2)[-2:])


def _texts(column: Sequence[str]) -> Texts:
    known: dict[str, int] = {}
    codes = np.fromiter((known.setdefault(text, len(known)) for text in column), np.int32, len(column))
    return Texts(tuple(known), codes)


def camelot_code(camelot: str | None) -> int:
    """A Camelot key as a number: 0 to 11 for 1A to 12A, 12 to 23 for 1B to 12B, -1 for unknown.

    Raises ValueError for what is no Camelot key, which no analyser makes.
    """
    if camelot is None:
        return UNKNOWN_KEY
    match = _CAMELOT.fullmatch(camelot)
    if match is None:
        raise ValueError(f"{camelot!r} is no Camelot key")
    return int(match[1]) - 1 + 12 * (match[2] == "B")
