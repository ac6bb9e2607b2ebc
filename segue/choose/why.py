"""Why a track comes next, or does not: in one plain sentence, and in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from segue.choose.joins import Joins
from segue.choose.picking import Found, Refusal, Search, passed_over, relaxed_words, so_many
from segue.choose.rules import YOU_BANNED, YOU_DISLIKED
from segue.config import CHOICE
from segue.values import Floats, TrackId
from segue.words import later, number, say

_FITS = 0.5
"""An agreement of tempo or key from which on it is worth telling."""


class Towards(NamedTuple):
    """A song that the similarity of a pick is told to."""

    track_id: TrackId | None
    title: str
    vector: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """Where to look for the next track, and in plain words what it is made of; ``last`` is the title of what plays."""

    straight: Floats
    turned: Floats
    words: str
    remark: str
    last: str
    towards: tuple[Towards, ...]


@dataclass(frozen=True, slots=True)
class SeedSimilarity:
    """A song that was begun with or has just played, and its cosine to the pick."""

    track_id: TrackId | None
    title: str
    similarity: float


@dataclass(frozen=True, slots=True)
class JoinParts:
    """How a track follows the one before; see `joins.Joins`. None is unknown, or was not asked for."""

    after: str
    score: float
    ends: float | None
    tempo: float | None
    key: float | None


@dataclass(frozen=True, slots=True)
class Pick:
    """A chosen track.

    ``similarity`` is its cosine to the query before noise, ``rank`` its place by the query after noise among all tracks
    but those that the query is made of, ``refused`` the first of the ``rank - 1`` nearer ones, and why. ``rules`` are
    those that it meets, ``relaxed`` those that had to give way. It was drawn from ``drawn_from`` tracks.
    """

    track_id: TrackId
    similarity: float
    rank: int
    refused: tuple[Refusal, ...]
    relaxed: tuple[str, ...]
    why: str
    seeds: tuple[SeedSimilarity, ...]
    join: JoinParts
    rules: tuple[str, ...]
    drawn_from: int

    def to_json(self) -> dict[str, Any]:
        """The pick as plain JSON values."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def pick_of(search: Search, found: Found, query: Query) -> Pick:
    """The choice with its reasons."""
    row, index = found.row, search.question.catalogue.index
    similarity = float(index.vectors[row] @ query.straight)
    join = join_parts(found.joins, found.at, after=query.last)
    otherwise = later("it follows less well") if found.drawn_from == 1 else later("another one was drawn")
    nearer = tuple(search.refusal(at, otherwise) for at in search.nearer(row, CHOICE.reasons_kept))
    rank = search.rank(row)
    rules = search.question.rules
    names = dict.fromkeys((*(rule.name for rule in rules.standing), *(rule.name for rule in rules.history)))
    pick = Pick(
        track_id=index.ids[row],
        similarity=similarity,
        rank=rank,
        refused=nearer,
        relaxed=found.relaxed,
        why="",
        seeds=similarities(query.towards, index.vectors[row]),
        join=join,
        rules=tuple(name for name in names if name not in found.relaxed),
        drawn_from=found.drawn_from,
    )
    return replace(pick, why=_why(pick, found, query, otherwise=otherwise))


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a track would come next, or would not.

    ``rank`` is its place among all tracks but those that the query is made of, None for one of these. ``place`` is
    where it stands among all that the rules allow, 1 being what comes next; None where a rule refuses it, or where it
    is too far away to be compared. ``refusals`` are the reasons of all the rules that refuse it, ``nearer``
    some of the tracks that are nearer to the query, with what speaks against each, and ``instead`` what comes.
    """

    track_id: TrackId
    title: str
    similarity: float
    rank: int | None
    place: int | None
    refusals: tuple[str, ...]
    nearer: tuple[Refusal, ...]
    seeds: tuple[SeedSimilarity, ...]
    join: JoinParts
    instead: Refusal | None
    why: str

    def to_json(self) -> dict[str, Any]:
        """The explanation as plain JSON values."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def explain(search: Search, track_id: TrackId, query: Query, *, rng: np.random.Generator) -> Explanation:
    """Why a track would come next, or would not; raises UnknownTrackError."""
    index, catalogue = search.question.catalogue.index, search.question.catalogue
    row = index.row(track_id)
    found = search.find(rng)
    is_own = search.is_own(row)
    refusals = (later("it plays now, or has just played"),) if is_own else tuple(search.reasons(row))
    nearer = [] if is_own else search.nearer(row, CHOICE.reasons_kept)
    join = join_parts(search.joins(np.array([row])), 0, after=query.last)
    told = Explanation(
        track_id=track_id,
        title=catalogue.info(track_id).title,
        similarity=float(index.vectors[row] @ query.straight),
        rank=None if is_own else search.rank(row),
        place=_place(search, row, found, is_refused=bool(refusals)),
        refusals=refusals,
        nearer=tuple(search.refusal(at, later("no rule refuses it")) for at in nearer),
        seeds=similarities(query.towards, index.vectors[row]),
        join=join,
        instead=None if found is None or found.row == row else search.refusal(found.row, ""),
        why="",
    )
    if found is not None and found.row == row:
        return replace(told, why=say("It comes next. {why}", why=pick_of(search, found, query).why))
    return replace(told, why=_why_not(told, found, len(index) - len(index.rows_of(search.question.own))))


def _place(search: Search, row: int, found: Found | None, *, is_refused: bool) -> int | None:
    """The place of a track among those that may come; a closer one for which a rule gave way comes before it."""
    if found is not None and found.row == row:
        return 1
    place = None if is_refused else search.place(row)
    return place if place is None or found is None else place + bool(found.relaxed)


def similarities(towards: Sequence[Towards], vector: Floats) -> tuple[SeedSimilarity, ...]:
    """The cosine of a track to each of some songs."""
    return tuple(SeedSimilarity(t.track_id, t.title, float(t.vector @ vector)) for t in towards)


def join_parts(joins: Joins, at: int, *, after: str) -> JoinParts:
    """How the track at a place follows; of one row of joins."""
    parts = (float(part[0, at]) for part in (joins.ends, joins.tempo, joins.key))
    ends, tempo, key = (None if np.isnan(part) else part for part in parts)
    return JoinParts(after, float(joins.score[0, at]), ends, tempo, key)


def _why(pick: Pick, found: Found, query: Query, *, otherwise: str) -> str:
    """One plain sentence for the listener."""
    is_closest = found.is_nearest or pick.rank == 1
    similarity = number(pick.similarity, 2)
    facts = say("{similarity}, {remark}", similarity=similarity, remark=query.remark) if query.remark else similarity
    if is_closest:
        text = say("Closest to {songs} ({facts})", songs=query.words, facts=facts)
    else:
        text = say("Close to {songs} ({facts})", songs=query.words, facts=facts)
    text += _join_words(pick, is_closest=is_closest)
    if pick.drawn_from > 1:
        text += say("; drawn from {count} that go nearly as well", count=pick.drawn_from)
    untold = (otherwise, YOU_BANNED, YOU_DISLIKED)  # who banned a song need not hear of it with every pick
    by_rule = [refusal for refusal in pick.refused if refusal.reason not in untold]
    if by_rule:
        more = so_many(pick.rank - 2) if is_closest and pick.rank > 2 else ""
        text += passed_over(by_rule[0], more=more)
    return text + relaxed_words(pick.relaxed)


def _join_words(pick: Pick, *, is_closest: bool) -> str:
    """How it follows the song before, where that decided, or where there is something to tell."""
    join = pick.join
    fit = _fits(tempo=(join.tempo or 0.0) >= _FITS, key=(join.key or 0.0) >= _FITS)
    if is_closest or pick.drawn_from > 1:
        return f"; {fit}" if fit else ""
    ends = [] if join.ends is None else [say("{similarity} from end to beginning", similarity=number(join.ends, 2))]
    facts = ", ".join([*ends, *([fit] if fit else [])])
    if join.after and facts:
        return say("; follows “{title}” best ({facts})", title=join.after, facts=facts)
    if join.after:
        return say("; follows “{title}” best", title=join.after)
    return say("; follows the last song best ({facts})", facts=facts) if facts else say("; follows the last song best")


def _fits(*, tempo: bool, key: bool) -> str:
    if tempo and key:
        return say("tempo and key fit")
    return say("tempo fits") if tempo else say("key fits") if key else ""


def _why_not(told: Explanation, found: Found | None, others: int) -> str:
    """The same for a track that does not come; ``others`` is among how many it is ranked."""
    near = _rank_words(told, others)
    if told.refusals:
        return " ".join([_refused_words(told), *near])
    if found is None or told.instead is None:
        return " ".join([say("Nothing comes next."), *near])
    better = say(
        "“{title}” follows better ({best} against {score})",
        title=told.instead.title,
        best=number(float(found.joins.score[0, found.at]), 2),
        score=number(told.join.score, 2),
    )
    if told.place is None:
        return " ".join([say("It is too far away to be compared: {better}.", better=better), *near])
    return " ".join([say("It would come as number {place}: {better}.", place=told.place, better=better), *near])


def _rank_words(told: Explanation, others: int) -> list[str]:
    if told.rank is None:
        return []
    line = say(
        "By sound it is number {rank} of {count} ({similarity}).",
        rank=number(told.rank),
        count=number(others),
        similarity=number(told.similarity, 2),
    )
    return [line]


def _refused_words(told: Explanation) -> str:
    first, *others = map(say, told.refusals)
    if others:
        return say("It does not come next because {reason}, and {other}.", reason=first, other=others[0])
    return say("It does not come next because {reason}.", reason=first)
