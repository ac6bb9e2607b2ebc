"""One choice: the nearest tracks that the rules allow, compared by how they join on to the last one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from segue.choose.catalogue import Catalogue
from segue.choose.index import DECIMALS, Rows, best_rows, rank_of
from segue.choose.joins import Joins, JoinWeights, Sounds, score
from segue.choose.masks import closed, refused
from segue.choose.rules import PLAYED, Candidate, History, NoRepeat, Rule, RuleSet
from segue.choose.standing import StandingRule
from segue.config import CHOICE
from segue.values import Floats, TrackId
from segue.words import listed, say, say_n

_EACH = r"\1each"
_OF_ONE = re.compile(r"^(|you \w+ |another \w+ of )it\b")
"""Where a reason speaks of the one track that it is about."""

_FARTHER = 4
"""Where none of the nearest may come, so many times as many are looked at."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A track that was passed over, and why."""

    track_id: TrackId
    title: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is to be chosen: ``query`` (d,) is where to look, ``before`` the one song that ends (of one row).

    ``own`` are the tracks that the query is made of; ``adventure`` see ``ChoiceSpec``. ``handicaps`` (n,) lower every
    track's similarity, see `hubness`; None lowers none.
    """

    catalogue: Catalogue
    query: Floats
    before: Sounds
    history: History
    rules: RuleSet
    weights: JoinWeights
    adventure: float
    own: frozenset[TrackId]
    handicaps: Floats | None = None


class Place(NamedTuple):
    """A track that may come: its row, its place among those compared, and how well it follows all in all."""

    row: int
    at: int
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The choice, and its place ``at`` in ``joins``, those of all the tracks that were compared.

    ``relaxed`` rules let it through; it was drawn from so many that go nearly as well, 1 where nothing was drawn.
    ``is_nearest`` says that no track that the rules allow is nearer to the query.
    """

    row: int
    at: int
    joins: Joins
    relaxed: tuple[str, ...] = ()
    drawn_from: int = 1
    is_nearest: bool = False


class Search:
    """One question to one library; what it looks up on the way answers why, too."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self._index = question.catalogue.index
        self._scores = self._index.scores(question.query)
        if question.handicaps is not None:
            self._scores -= question.handicaps
        self._scores[self._index.rows_of(question.own)] = -np.inf
        self._ladders = [_ladder(rule) for rule in question.rules.spacing()]

    def find(self, rng: np.random.Generator) -> Found | None:
        """The track that comes next; None where the rules leave none, even those relaxed that may be."""
        for level in self.question.rules.levels():
            for rows in self._farther_and_farther(self._open(level.standing)):
                found = self._choose(rows, level, rng)
                if found is not None:
                    return replace(found, relaxed=(*self._given_up(level, found.row), *found.relaxed))
        return None

    def ended(self) -> str:
        """Why there is nothing left, in one sentence."""
        left = np.ones(len(self._index), np.bool_)
        left[self._index.rows_of(self.question.history.played(0))] = False
        counts = Counter({PLAYED: int(np.count_nonzero(~left))})
        for rule in self.question.rules.levels()[-1].standing:
            mask = refused(self.question.catalogue, [rule]) & left
            counts[rule.summary] += int(np.count_nonzero(mask))
            left &= ~mask
        for row in np.flatnonzero(left).tolist():
            counts[next(self.reasons(row), "")] += 1
        words = [counted(count, reason) for reason, count in counts.most_common() if count]
        reasons = "; ".join(words) or say("the library is empty")
        return say("Nothing else is left to play ({reasons})", reasons=reasons)

    def rank(self, row: int) -> int:
        """The place of a track by its similarity to the query, 1 the nearest; the query's own tracks do not count."""
        return rank_of(self._scores, row)

    def nearer(self, row: int, count: int) -> list[int]:
        """The first of the rows that are nearer to the query than this one."""
        nearest: list[int] = best_rows(self._scores, count + 1).tolist()
        return nearest[: nearest.index(row)] if row in nearest else nearest[:count]

    def reasons(self, row: int) -> Iterator[str]:
        """Why each rule that refuses a track does: that it played, the candidate's own rules, the others; lazily."""
        candidate, history = self.candidate(row), self.question.history
        repeats = [rule for rule in self.question.rules.history if isinstance(rule, NoRepeat)]
        others = [rule for rule in self.question.rules.history if rule not in repeats]
        yield from filter(None, (rule.refusal(candidate, history) for rule in repeats))
        for rule in self.question.rules.standing:
            if self._refuses(rule, row):
                yield rule.reason(self.question.catalogue, row)
        yield from filter(None, (rule.refusal(candidate, history) for rule in others))

    def refusal(self, row: int, otherwise: str) -> Refusal:
        """Why a track was passed over: by the first rule that refuses it, or otherwise."""
        track_id = self._index.ids[row]
        title = self.question.catalogue.info(track_id).title
        return Refusal(track_id, title, next(self.reasons(row), otherwise))

    def candidate(self, row: int) -> Candidate:
        """The track of a row as the rules of the history see it."""
        track_id = self._index.ids[row]
        return Candidate(track_id, self.question.catalogue.info(track_id), self._index.vectors[row])

    def joins(self, rows: Rows) -> Joins:
        """How the tracks of some rows follow the query and the song before."""
        after = Sounds.of(self.question.catalogue, rows)
        joins = score(self.question.before, after, weights=self.question.weights)
        handicaps = self.question.handicaps
        return joins if handicaps is None else replace(joins, score=joins.score - handicaps[rows])

    def is_own(self, row: int) -> bool:
        """Whether a track is one of those that the query is made of."""
        return self._index.ids[row] in self.question.own

    def place(self, row: int) -> int | None:
        """The place of a track among those that are compared and that the rules allow; None if it is not compared."""
        rows = self.nearest()
        places = [place.row for place in _in_order(rows, self.joins(rows).score[0])]
        if row not in places:
            return None
        before = places[: places.index(row)]
        return 1 + sum(self._concessions(self.candidate(other), self.question.rules) == {} for other in before)

    def nearest(self) -> Rows:
        """The nearest rows that the rules of the candidate allow as they stand, what played left out."""
        return next(self._farther_and_farther(self._open(self.question.rules.standing)), np.empty(0, np.intp))

    # ------------------------------------------------------------------------------------------------------------------

    def _refuses(self, rule: StandingRule, row: int) -> bool:
        return bool(refused(self.question.catalogue, [rule])[row])

    def _open(self, rules: Sequence[StandingRule]) -> Floats:
        """The similarities of all tracks that these rules allow; the others stand at -inf, and what played does."""
        scores = self._scores + closed(self.question.catalogue, rules)
        history = self.question.rules.history
        after = next((rule.after_tracks for rule in history if isinstance(rule, NoRepeat)), 0)
        scores[self._index.rows_of(self.question.history.played(after))] = -np.inf
        return scores

    @staticmethod
    def _farther_and_farther(scores: Floats) -> Iterator[Rows]:
        """The nearest rows that are open, then those behind them, until none is left."""
        done, reach = 0, CHOICE.join_reach
        while len(rows := best_rows(scores, reach)) > done:
            yield rows[done:]
            done, reach = len(rows), reach * _FARTHER

    def _given_up(self, level: RuleSet, row: int) -> Iterator[str]:
        """The rules that are not among those of a level, and would refuse a track."""
        rules, history = self.question.rules, self.question.history
        for rule in rules.standing:
            if rule not in level.standing and self._refuses(rule, row):
                yield rule.name
        for other in rules.history:
            if other not in level.history and other.refusal(self.candidate(row), history):
                yield other.name

    def _choose(self, rows: Rows, rules: RuleSet, rng: np.random.Generator) -> Found | None:
        """The best of some rows that the history allows; failing that, that the smallest concession does; or none."""
        joins = self.joins(rows)
        allowed: list[Place] = []
        second_best: dict[tuple[int, ...], tuple[Place, tuple[str, ...]]] = {}
        best = -np.inf
        for place in _in_order(rows, joins.score[0]):
            if self._is_enough(allowed, place) or place.score < best - CHOICE.spacing_margin:
                break
            concessions = self._concessions(self.candidate(place.row), rules)
            if concessions is None:
                continue
            best = max(best, place.score)
            if concessions:
                steps = tuple(concessions.get(ladder[0].name, 0) for ladder in self._ladders)
                second_best.setdefault(steps, (place, tuple(concessions)))
            else:
                allowed.append(place)
        if allowed:
            drawn = allowed[_draw(len(allowed), rng)] if self.question.adventure else allowed[0]
            nearer = rows[: drawn.at].tolist()
            is_nearest = not any(self._concessions(self.candidate(row), rules) == {} for row in nearer)
            return Found(drawn.row, drawn.at, joins, (), len(allowed), is_nearest)
        if not second_best:
            return None
        place, names = second_best[min(second_best)]
        return Found(place.row, place.at, joins, names)

    def _concessions(self, candidate: Candidate, rules: RuleSet) -> dict[str, int] | None:
        """By how many steps each rule of spacing must give way for this track; None where another refuses it."""
        history, spacing = self.question.history, [ladder[0] for ladder in self._ladders]
        if any(rule.refusal(candidate, history) for rule in rules.history if rule not in spacing):
            return None
        steps = {
            ladder[0].name: next(i for i, rule in enumerate(ladder) if not rule.refusal(candidate, history))
            for ladder in self._ladders
        }
        return {name: step for name, step in steps.items() if step}

    def _is_enough(self, allowed: Sequence[Place], place: Place) -> bool:
        """Whether those found so far are all that may be stepped to, when this is the next."""
        adventure = self.question.adventure
        reach = 1 + adventure * (CHOICE.adventure_reach - 1)
        return bool(allowed) and (
            len(allowed) >= int(reach) or place.score < allowed[0].score - adventure * CHOICE.adventure_margin
        )


def _in_order(rows: Rows, scores: Floats) -> Iterator[Place]:
    """The rows by their scores, best first; equals as they stand."""
    near = np.round(scores, DECIMALS)
    for at in np.argsort(-near, kind="stable").tolist():
        yield Place(int(rows[at]), at, float(near[at]))


def _draw(count: int, rng: np.random.Generator) -> int:
    """One of the first ``count`` places, the first ``count`` times as likely as the last."""
    weights = np.arange(count, 0, -1, dtype=np.float64)
    return int(rng.choice(count, p=weights / weights.sum()))


def _ladder(rule: Rule) -> tuple[Rule, ...]:
    """A rule and its ever weaker forms, down to one that refuses nothing."""
    weaker = rule.relaxed()
    return (rule,) if weaker is None else (rule, *_ladder(weaker))


def so_many(count: int) -> str:
    """So many songs, in words."""
    return say_n("{count} song", "{count} songs", count)


def counted(count: int, reason: str) -> str:
    """So many songs and what became of each: "3 songs: each has played or comes already"."""
    told = say(reason)
    return f"{so_many(count)}: {told if count == 1 else _OF_ONE.sub(_EACH, told)}"


def passed_over(first: Refusal, *, more: str) -> str:
    """Who was passed over and why, as a part of a sentence; and how many more were."""
    reason = say(first.reason)
    if more:
        return say(
            "; passed over “{title}” because {reason}, and {more} more", title=first.title, reason=reason, more=more
        )
    return say("; passed over “{title}” because {reason}", title=first.title, reason=reason)


def relaxed_words(names: Sequence[str]) -> str:
    """That rules gave way, as the end of a sentence; nothing where none did."""
    if not names:
        return ""
    rules = listed([say(name) for name in names])
    if len(names) == 1 and not names[0].endswith("s"):
        return say("; {rule} was relaxed, as there was no other choice nearby", rule=rules)
    return say("; {rules} were relaxed, as there was no other choice nearby", rules=rules)
