"""What a similarity join finds, gathered so that it stays small however much of it there is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue.embed.sketching import Integers, distinct

_MOST_CODES = 1_000_000  # pairs of a slice and a track before repeated ones are dropped


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What some leaves' slices are the same as.

    ``rows (k,)`` are the slices of these leaves, each in exactly one `Found`. Slice ``slices[i]`` is the same as
    ``within[i]`` more slices of its own track. Slice ``held[i]`` is the same as at least one slice of track ``by[i]``,
    another than its own, each pair once; pairs may come again with other leaves, unless they are told one way. If they
    are, every one of ``rows`` is moreover the same as one of each track in ``all_hold``, its own perhaps among them.
    """

    rows: Integers
    slices: Integers
    within: Integers
    held: Integers
    by: Integers
    all_hold: Integers


class Gathered:
    """Pairs of slices that are the same, as they come; their number stays bounded."""

    def __init__(self, owners: Integers) -> None:
        self.rows: list[Integers] = []
        self._owners, self._tracks = owners, 1 + int(owners.max())
        self._pairs: list[tuple[Integers, Integers]] = []
        self._within: list[tuple[Integers, Integers]] = []
        self._codes: list[Integers] = []
        self._size = self._distinct = self._counted = 0

    def add(self, slices: Integers, others: Integers) -> None:
        """Slice ``slices[i]`` is the same as ``others[i]``."""
        if len(slices):
            self._pairs.append((slices, others))
            self._grow(len(slices))

    def add_within(self, slices: Integers, counts: Integers) -> None:
        """Each slice is the same as so many of its own track."""
        self._within.append((slices[counts > 0], counts[counts > 0]))
        self._counted += len(slices)
        if self._counted > max(_MOST_CODES, len(self._owners)):
            slices, counts = (np.concatenate(column) for column in zip(*self._within, strict=True))
            sums = np.zeros(len(self._owners), np.int64)
            np.add.at(sums, slices, counts)
            self._within = [(np.flatnonzero(sums), sums[sums > 0])]
            self._counted = 0

    def add_held(self, slices: Integers, track: np.int64) -> None:
        """Each slice, but for those of the track itself, is the same as one of a track."""
        self._codes.append(slices[self._owners[slices] != track] * self._tracks + track)
        self._grow(len(slices))

    def holds_more_than(self, pairs: int | None) -> bool:
        """Whether it is known to hold so many pairs of slices and tracks, each counted once."""
        return pairs is not None and self._distinct > pairs

    def told(self, all_hold: Integers) -> Found:
        """All of it; pairs with tracks that hold all rows are left out."""
        self._reduce()
        held, by = np.divmod(self._codes[0], self._tracks)
        if len(all_hold):
            others = ~np.isin(by, all_hold)
            held, by = held[others], by[others]
        slices, within = (np.concatenate(column) for column in zip(*self._within, strict=True))
        return Found(np.concatenate(self.rows), slices, within, held, by, all_hold)

    def _grow(self, more: int) -> None:
        self._size += more
        if self._size > max(_MOST_CODES, self._distinct):
            self._reduce()

    def _reduce(self) -> None:
        """Count the pairs of one track, and keep of the others each track once."""
        none = np.zeros(0, np.int64)
        slices = np.concatenate([none, *(pair[0] for pair in self._pairs)])
        others = np.concatenate([none, *(pair[1] for pair in self._pairs)])
        is_own = self._owners[slices] == self._owners[others]
        self.add_within(*np.unique(slices[is_own], return_counts=True))
        codes = slices[~is_own] * self._tracks + self._owners[others[~is_own]]
        self._pairs, self._codes, self._size = [], [distinct(np.concatenate([codes, *self._codes]))], 0
        self._distinct = len(self._codes[0])


def counts_of(tracks: Integers, among: Integers) -> Integers:
    """How many of ``among`` each of the tracks is."""
    held, counts = np.unique(among, return_counts=True)
    place = np.minimum(np.searchsorted(held, tracks), len(held) - 1)
    found: Integers = np.where(held[place] == tracks, counts[place], 0)
    return found
