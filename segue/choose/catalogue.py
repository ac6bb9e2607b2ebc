"""What is known of a library's tracks beside their vectors, in columns that stand in the order of the index."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from segue.choose.index import Index
from segue.values import Floats, Rhythm, TrackId, TrackInfo

Codes = NDArray[np.int8]

UNKNOWN_KEY = -1

_CAMELOT = re.compile(r"(1[0-2]|[1-9])([AB])")


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """A library as the choice sees it. Element i of every column belongs to ``index.ids[i]``.

    ``tempo_bpm`` and ``loudness_lufs`` (n,) float32 are NaN where unknown; ``camelot`` (n,) int8 is `camelot_code`;
    ``heads`` and ``tails`` (n, d) float32 are unit rows, zero where unknown; ``infos`` may lack any track.
    """

    index: Index
    infos: Mapping[TrackId, TrackInfo] = field(repr=False)
    tempo_bpm: Floats = field(repr=False)
    camelot: Codes = field(repr=False)
    loudness_lufs: Floats = field(repr=False)
    heads: Floats = field(repr=False)
    tails: Floats = field(repr=False)

    @classmethod
    def plain(cls, index: Index, infos: Mapping[TrackId, TrackInfo]) -> Catalogue:
        """The catalogue of a library of which only vectors and tags are known; ends are taken to be as the whole is."""
        unknown = np.full(len(index), np.nan, np.float32)
        keys = np.full(len(index), UNKNOWN_KEY, np.int8)
        return cls(index, infos, unknown, keys, unknown, index.vectors, index.vectors)

    def with_rhythms(self, rhythms: Mapping[TrackId, Rhythm]) -> Catalogue:
        """This catalogue with what was measured of the tracks; what is unsure is None there, and unknown here."""
        found = [rhythms.get(track_id) for track_id in self.index.ids]
        tempo, loudness = (
            np.array([np.nan if value is None else value for value in column], np.float32)
            for column in (
                [None if rhythm is None else rhythm.tempo_bpm for rhythm in found],
                [None if rhythm is None else rhythm.loudness_lufs for rhythm in found],
            )
        )
        keys = np.array([camelot_code(None if rhythm is None else rhythm.camelot) for rhythm in found], np.int8)
        return replace(self, tempo_bpm=tempo, camelot=keys, loudness_lufs=loudness)

    def info(self, track_id: TrackId) -> TrackInfo:
        """The tags of a track; a track without any is called by its id."""
        return self.infos.get(track_id) or TrackInfo(title=track_id)


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
