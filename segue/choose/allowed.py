"""Which tracks the rules let stand on a way at all, wherever that may be; and which are one recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.choose.catalogue import Catalogue
from segue.choose.index import best_rows
from segue.choose.masks import refused
from segue.choose.names import album_key, artist_key, recording_key, song_key
from segue.choose.rules import (
    GIVES_WAY,
    SPACING,
    Candidate,
    History,
    OneVersion,
    Rule,
    RuleSet,
    SameSound,
)
from segue.choose.standing import StandingRule
from segue.config import CHOICE, JOURNEY
from segue.values import Floats, TrackId, TrackInfo

Integers = NDArray[np.int64]

NOBODY = -1
"""The number of an unknown artist or album, which is nobody's namesake."""


class Level(NamedTuple):
    """Rules in force for every stop, and those that have given way; how far artists are apart is seen to elsewhere."""

    standing: tuple[StandingRule, ...]
    history: tuple[Rule, ...]
    relaxed: tuple[str, ...] = ()


def levels(rules: RuleSet) -> Iterator[Level]:
    """All rules, and then one fewer each time, in the stated order, down to those that never give way."""
    everything = _names(rules)
    for left in rules.levels():
        gone = sorted(everything - _names(left), key=GIVES_WAY.index)
        yield Level(left.standing, tuple(rule for rule in left.history if rule.name not in SPACING), tuple(gone))


def _names(rules: RuleSet) -> set[str]:
    return {rule.name for rule in rules.standing} | {rule.name for rule in rules.history}


def lifted(rules: RuleSet, catalogue: Catalogue, chosen: Iterable[TrackId]) -> RuleSet:
    """The rules without those against a kind of track that the listener chose: who plays a carol wants carols."""
    rows = catalogue.index.rows_of(chosen)
    kept = (
        rule
        for rule in rules.standing
        if rule.name not in ("season", "spoken word") or not refused(catalogue, [rule])[rows].any()
    )
    return rules._replace(standing=tuple(kept))


def middle_of(catalogue: Catalogue) -> Floats:
    """The mean of all vectors ``(d,)``, by which ways between opposite tracks lead; zero for an empty library."""
    vectors = catalogue.index.vectors
    found: Floats = catalogue.once("middle", lambda: vectors.sum(axis=0) / np.float32(max(1, len(vectors))))
    return found


class Allowed:
    """The tracks that rules allow beside the songs of a history."""

    def __init__(self, catalogue: Catalogue, level: Level, history: History) -> None:
        self.level = level
        self._catalogue, self._history = catalogue, history
        self._closed = refused(catalogue, level.standing)
        self._refusals: dict[int, str | None] = {}

    def refusal(self, row: int) -> str | None:
        """Why the track of a row may not stand on the way, or None if it may."""
        if self._closed[row]:
            rules = (rule for rule in self.level.standing if refused(self._catalogue, [rule])[row])
            return next(rules).reason(self._catalogue, row)
        if row not in self._refusals:
            candidate = self._candidate(row)
            reasons = (rule.refusal(candidate, self._history) for rule in self.level.history)
            self._refusals[row] = next((reason for reason in reasons if reason), None)
        return self._refusals[row]

    def refusing(self, row: int) -> set[str]:
        """The names of all rules that refuse the track of a row."""
        standing = {rule.name for rule in self.level.standing if refused(self._catalogue, [rule])[row]}
        candidate = self._candidate(row)
        return standing | {rule.name for rule in self.level.history if rule.refusal(candidate, self._history)}

    def best(self, scores: Floats, want: int) -> Integers:
        """The rows of the ``want`` best tracks that are allowed, best first and equals by row; or of all.

        ``scores`` (n,) float32, -inf for a track that is out of the question.
        """
        open_ = np.where(self._closed, np.float32(-np.inf), scores)
        reach = want * 2
        while True:
            rows = best_rows(open_, reach)
            allowed = list(islice((row for row in rows.tolist() if self.refusal(row) is None), want))
            if len(allowed) == want or len(rows) < reach:
                return np.array(allowed, np.int64)
            reach *= JOURNEY.reach

    def _candidate(self, row: int) -> Candidate:
        index = self._catalogue.index
        return Candidate(index.ids[row], self._catalogue.info(index.ids[row]), index.vectors[row])

    def reasons(self) -> Counter[str]:
        """How many tracks are refused, by reason; of those that only the history refuses, as far as they came up."""
        counts: Counter[str] = Counter()
        counted = np.zeros(len(self._closed), np.bool_)
        for rule in self.level.standing:
            mask = refused(self._catalogue, [rule]) & ~counted
            counts[rule.summary] += int(mask.sum())
            counted |= mask
        counts.update(reason for reason in self._refusals.values() if reason)
        return +counts


class Names:
    """Artists, albums and recordings as small numbers that only serve to be compared; equal numbers are the same."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._numbers: dict[str, int] = {}

    def kinds(self, info: TrackInfo) -> tuple[int, int]:
        """The numbers of a track's artist and of its album; `NOBODY` where unknown."""
        keys = (artist_key(info), album_key(info))
        artist, album = (self._numbers.setdefault(key, len(self._numbers)) if key else NOBODY for key in keys)
        return artist, album

    def kinds_of(self, rows: Integers) -> Integers:
        """The numbers of the artists and of the albums of rows, ``(2, k)``."""
        return np.array([self.kinds(self._info(row)) for row in rows.tolist()], np.int64).reshape(-1, 2).T

    def recordings(self, rows: Iterable[int], level: Level) -> dict[int, int]:
        """For each of some rows the lowest row of those that the rules count as one recording."""
        same = _Groups(sorted(set(rows)))
        versions = any(isinstance(rule, OneVersion) for rule in level.history)
        key = song_key if versions else recording_key
        by_key: dict[str, list[int]] = {}
        for row in same.members:
            if name := key(self._info(row)):
                by_key.setdefault(name, []).append(row)
        for copies in by_key.values():
            self._join_copies(same, copies, np.inf if versions else CHOICE.same_recording_s)
        if same.members and any(isinstance(rule, SameSound) for rule in level.history):
            self._join_sounds(same)
        return {row: same.lowest(row) for row in same.members}

    def _join_copies(self, same: _Groups, rows: list[int], limit_s: float) -> None:
        """Join rows of one name whose lengths differ by so little; an unknown length could be any."""
        lengths_s = [self._info(row).duration_s for row in rows]
        for at, row in enumerate(rows):
            for other in range(at):
                either_unknown = not (lengths_s[at] and lengths_s[other])
                if either_unknown or abs(lengths_s[at] - lengths_s[other]) <= limit_s:
                    same.join(row, rows[other])

    def _join_sounds(self, same: _Groups) -> None:
        """Join rows whose vectors cannot be told apart, and whose known lengths neither."""
        rows = np.array(same.members)
        vectors = self._catalogue.index.vectors[rows]
        one, other = np.nonzero(np.triu(vectors @ vectors.T >= 1.0 - CHOICE.same_sound, 1))
        for a, b in zip(rows[one].tolist(), rows[other].tolist(), strict=True):
            lengths = self._info(a).duration_s, self._info(b).duration_s
            if all(lengths) and abs(lengths[0] - lengths[1]) <= CHOICE.same_sound_s:
                same.join(a, b)

    def _info(self, row: int) -> TrackInfo:
        return self._catalogue.info(self._catalogue.index.ids[row])


class _Groups:
    """Rows in groups, each named by its lowest (disjoint sets: Galler and Fischer, 1964)."""

    def __init__(self, rows: list[int]) -> None:
        self.members = rows
        self._above = {row: row for row in rows}

    def lowest(self, row: int) -> int:
        while self._above[row] != row:
            self._above[row] = self._above[self._above[row]]
            row = self._above[row]
        return row

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.lowest(one), self.lowest(other)))
        self._above[high] = low
