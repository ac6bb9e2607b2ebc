"""Which tracks the rules let stand on a way at all, wherever that may be; each is asked about once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from segue.choose.assignment import NOBODY
from segue.choose.catalogue import Catalogue
from segue.choose.rules import Candidate, History, Rule, artist_key, recording_key
from segue.config import CHOICE, JOURNEY
from segue.values import Floats, TrackInfo

Integers = NDArray[np.int64]


class Allowed:
    """The tracks that rules allow beside what is fixed already; ``rules`` are asked in their order."""

    def __init__(self, catalogue: Catalogue, rules: Sequence[Rule], history: History) -> None:
        self._catalogue, self._rules, self._history = catalogue, rules, history
        self._refusals: dict[int, str | None] = {}

    def refusal(self, row: int) -> str | None:
        """Why the track of a row may not stand on the way, or None if it may."""
        if row not in self._refusals:
            track_id = self._catalogue.index.ids[row]
            candidate = Candidate(track_id, self._catalogue.info(track_id))
            reasons = (rule.refusal(candidate, self._history) for rule in self._rules)
            self._refusals[row] = next((reason for reason in reasons if reason), None)
        return self._refusals[row]

    def best(self, costs: Floats, want: int) -> Integers:
        """The rows of the ``want`` cheapest tracks that are allowed, cheapest first and equals by row; or of all.

        ``costs`` (n,) real, infinite for a track that is out of the question.
        """
        reach = min(len(costs), want * JOURNEY.reach)
        while True:
            rows = (row for row in cheapest(costs, reach).tolist() if np.isfinite(costs[row]))
            allowed = list(islice((row for row in rows if self.refusal(row) is None), want))
            if len(allowed) == want or reach >= len(costs):
                return np.array(allowed, np.int64)
            reach = min(len(costs), reach * JOURNEY.reach)

    def reasons(self) -> Counter[str]:
        """How many of the tracks that were asked about were refused, by reason."""
        return Counter(reason for reason in self._refusals.values() if reason)


class Names:
    """Artists and recordings as small numbers that only serve to be compared; equal numbers are the same."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._artists: dict[str, int] = {}

    def artist(self, info: TrackInfo) -> int:
        """The number of an artist; `NOBODY` where that is unknown."""
        key = artist_key(info)
        return self._artists.setdefault(key, len(self._artists)) if key else NOBODY

    def artists(self, rows: Integers) -> Integers:
        """The numbers of the artists of rows."""
        ids = self._catalogue.index.ids
        return np.array([self.artist(self._catalogue.info(ids[row])) for row in rows.tolist()], np.int64)

    def recordings(self, rows: Iterable[int]) -> dict[int, int]:
        """For each of some rows the lowest row among them that holds the same recording, itself where no other does."""
        ids = self._catalogue.index.ids
        by_key: dict[str, list[tuple[float, int]]] = {}
        first: dict[int, int] = {}
        for row in sorted(set(rows)):
            info = self._catalogue.info(ids[row])
            first[row] = row
            if key := recording_key(info):
                by_key.setdefault(key, []).append((info.duration_s, row))
        for copies in by_key.values():
            if len(copies) > 1:
                first |= _same(sorted(copies))
        return first


def _same(copies: list[tuple[float, int]]) -> dict[int, int]:
    """Rows of one artist and title, by length: those of about one length are one recording, as unknown lengths are."""
    runs: list[list[int]] = []
    last_s = 0.0
    for length_s, row in copies:
        if runs and (not last_s or length_s - last_s <= CHOICE.same_recording_s):
            runs[-1].append(row)
        else:
            runs.append([row])
        last_s = length_s
    return {row: min(run) for run in runs for row in run}


def cheapest(costs: Floats, count: int) -> Integers:
    """Rows of the ``count`` lowest costs, lowest first, equals by row, at the cut too."""
    if count <= 0:
        return np.empty(0, np.int64)
    rows = np.arange(len(costs))
    if count < len(costs):
        rows = np.flatnonzero(costs <= np.partition(costs, count - 1)[count - 1])
    return np.asarray(rows[np.argsort(costs[rows], kind="stable")[:count]], np.int64)
