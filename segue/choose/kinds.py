"""Kinds of music that a library holds: what groups of its tracks have in common, in words a listener knows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segue.choose.catalogue import Catalogue
from segue.config import TASTE
from segue.values import Floats, TrackId
from segue.words import say

Flags = NDArray[np.bool_]
By = Literal["heard", "genre", "tempo", "loudness", "years"]

_MOST = 0.9  # a kind that more of the tracks are of tells little


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """Tracks that have something in common: which (n,), in the order of the index, and by what that is known."""

    name: str
    by: By
    members: Flags = field(repr=False)


def kinds_of(catalogue: Catalogue, heard: Mapping[TrackId, Collection[str]]) -> tuple[Kind, ...]:
    """The kinds of which there are enough tracks, and enough others, to be told apart by.

    ``heard`` are the tags that the tracks are confidently heard as.
    """
    found = (*_named(catalogue, heard), *_measured(catalogue))
    most = _MOST * len(catalogue.index)
    return tuple(kind for kind in found if TASTE.fewest_of_a_kind <= np.count_nonzero(kind.members) <= most)


def _named(catalogue: Catalogue, heard: Mapping[TrackId, Collection[str]]) -> Iterator[Kind]:
    """By what is heard in them, by the genre that their files state, and by decade."""
    rows: dict[tuple[By, str], list[int]] = {}
    for row, track_id in enumerate(catalogue.index.ids):
        info = catalogue.info(track_id)
        for tag in heard.get(track_id, ()):
            rows.setdefault(("heard", tag), []).append(row)
        if genre := " ".join(info.genre.split()).casefold():
            rows.setdefault(("genre", genre), []).append(row)
        if info.year:
            rows.setdefault(("years", say("music of the {decade}s", decade=info.year // 10 * 10)), []).append(row)
    for (by, name), some in sorted(rows.items()):
        members = np.zeros(len(catalogue.index), np.bool_)
        members[some] = True
        yield Kind(name, by, members)


def _measured(catalogue: Catalogue) -> Iterator[Kind]:
    """The slow and the quick, the quiet and the loud: the outer thirds of those that were measured."""
    low, high = _thirds(catalogue.tempo_bpm)
    yield Kind(say("slow songs (below {low} BPM)", low=f"{low:.0f}"), "tempo", catalogue.tempo_bpm < low)
    yield Kind(say("quick songs (above {high} BPM)", high=f"{high:.0f}"), "tempo", catalogue.tempo_bpm > high)
    low, high = _thirds(catalogue.loudness_lufs)
    yield Kind(say("quiet recordings (below {low} LUFS)", low=f"{low:.0f}"), "loudness", catalogue.loudness_lufs < low)
    yield Kind(
        say("loud recordings (above {high} LUFS)", high=f"{high:.0f}"), "loudness", catalogue.loudness_lufs > high
    )


def _thirds(column: Floats) -> tuple[float, float]:
    """Where the lower third of what is known ends and the upper begins; NaN, which nothing passes, if nothing is."""
    known = column[np.isfinite(column)]
    low, high = np.quantile(known, (1 / 3, 2 / 3)) if known.size else (np.nan, np.nan)
    return float(low), float(high)
