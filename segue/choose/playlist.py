"""Keep on playing: the next track is one near to the last few that the rules allow and that joins on to the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from segue.choose.allowed import lifted
from segue.choose.catalogue import Catalogue, camelot_code
from segue.choose.hubness import handicaps_of
from segue.choose.index import Index, unit_vector
from segue.choose.joins import JoinWeights, Sounds
from segue.choose.picking import Question, Search
from segue.choose.rules import History, Song, rules_for
from segue.choose.why import Pick, Query, Towards, pick_of
from segue.choose.wishes import NO_FACTS, Facts, Wishes, from_json, in_range, to_json
from segue.config import CHOICE
from segue.errors import ParameterError
from segue.values import Floats, TrackId, TrackInfo
from segue.words import later, say

_CANCELLED = 1e-6
"""A sum of unit vectors shorter than this is rounding noise, not a direction."""


@dataclass(frozen=True, slots=True, eq=False)
class OutsideSeed:
    """A song that is not in the library: the vector of its file, its tags for the rules, and how it ends if known."""

    vector: Floats
    info: TrackInfo
    tail: Floats | None = None
    tempo_bpm: float | None = None
    camelot: str | None = None


Seed = TrackId | Floats | OutsideSeed


@dataclass(frozen=True, slots=True)
class ContinueSpec:
    """How to go on: see ``ChoiceSpec`` for the numbers, and the listener's likes, refusals and wishes.

    ``more_like`` are songs that pull as likes do, but were only asked more of.
    """

    count: int = 1
    lookback: int = CHOICE.lookback
    noise: float = CHOICE.noise
    anchor: float = CHOICE.anchor
    adventure: float = CHOICE.adventure
    join_weight: float = CHOICE.join_weight
    tempo_weight: float = CHOICE.tempo_weight
    key_weight: float = CHOICE.key_weight
    hub_weight: float = CHOICE.hub_weight
    liked: frozenset[TrackId] = frozenset()
    more_like: frozenset[TrackId] = frozenset()
    disliked: frozenset[TrackId] = frozenset()
    never: frozenset[TrackId] = frozenset()
    wishes: Wishes = field(default_factory=Wishes)

    def __post_init__(self) -> None:
        in_range(self, "count", 0, 10_000)
        in_range(self, "lookback", 1, 10)
        for name in ("noise", "anchor", "adventure", "join_weight", "tempo_weight", "key_weight", "hub_weight"):
            in_range(self, name, 0.0, 1.0)

    @property
    def weights(self) -> JoinWeights:
        """What counts how much in a join."""
        return JoinWeights(self.join_weight, self.tempo_weight, self.key_weight)

    def to_json(self) -> dict[str, Any]:
        """The settings as plain JSON values."""
        return to_json(self)

    @classmethod
    def from_json(cls, value: object) -> Self:
        """The settings that `to_json` gave; what is not said is as usual. Raises ParameterError."""
        return from_json(cls, value)


@dataclass(frozen=True, slots=True)
class Continuation:
    """The tracks to come; ``ended`` says why there are fewer than were asked for, and is None if there are not."""

    picks: tuple[Pick, ...]
    ended: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The continuation as plain JSON values."""
        return {"picks": [pick.to_json() for pick in self.picks], "ended": self.ended}


def mean_query(
    last: Floats, liked: Floats, disliked: Floats, *, home: Floats | None = None, anchor: float = 0.0, pull: float = 1.0
) -> Floats | None:
    """Where to look: ``(1 - anchor) mean(last) + anchor mean(home) + pull (mean(liked) - mean(disliked))``, normalised.

    Means rather than sums, so that the fiftieth like does not drown the music that plays.

    Parameters
    ----------
    last, liked, disliked : (k, d) float32 each, unit rows; the latter two may have no rows
    home : (h, d) float32, unit rows: the songs that the music began with; None for none
    anchor : in [0, 1]; 0 follows the last songs, 1 stays with the first
    pull : what likes and dislikes weigh

    Returns
    -------
    (d,) float32 of length 1, or None where the vectors cancel out and leave no direction
    """
    total = np.zeros(last.shape[1])
    stay = 0.0 if home is None else anchor
    for weight, rows in ((1.0 - stay, last), (stay, home), (pull, liked), (-pull, disliked)):
        if rows is not None and len(rows) and weight:
            total += weight * rows.mean(axis=0, dtype=np.float64)
    return None if np.linalg.norm(total) < _CANCELLED else unit_vector(total.astype(np.float32), len(total))


def turn(query: Floats, noise: float, *, rng: np.random.Generator) -> Floats:
    """Turn a unit vector towards a random direction at right angles to it.

    Parameters
    ----------
    query : (d,) float32, unit
    noise : in [0, 1]; the angle is ``noise`` * 90 degrees in any dimension; 0 draws nothing from the rng
    rng : source of the direction, uniform over the sphere

    Returns
    -------
    (d,) float32, unit; in one dimension, where nothing is at right angles, the query itself
    """
    if noise == 0.0:
        return query
    aside = rng.standard_normal(len(query))
    aside -= (aside @ query) * query
    length = float(np.linalg.norm(aside))
    if length < _CANCELLED:
        return query
    angle = noise * np.pi / 2
    return unit_vector(np.cos(angle) * query + np.sin(angle) * (aside / length), len(query))


def continue_from(
    catalogue: Catalogue,
    *,
    seeds: Sequence[Seed],
    spec: ContinueSpec,
    rng: np.random.Generator,
    facts: Facts = NO_FACTS,
    home: Sequence[Seed] | None = None,
) -> Continuation:
    """Choose ``spec.count`` tracks that follow the seeds, each with its why; never a repeat, never at random.

    Parameters
    ----------
    catalogue : the library
    seeds : everything heard or queued so far, oldest first: track ids, or vectors ``(d,)`` of files from elsewhere
    spec : how to go on
    rng : drawn from only where noise or adventure is above 0
    facts : what the wishes are judged by beside the tags
    home : the songs that ``spec.anchor`` stays with, as far as they are in the index; None for all the seeds

    Raises
    ------
    ParameterError
        If there are no seeds, or a vector has no direction or another dimension.
    UnknownTrackError
        If one of the last ``lookback`` seeds is not in the index.
    """
    table = Table(catalogue, seeds, spec=spec, facts=facts, home=home)
    picks: list[Pick] = []
    for _ in range(spec.count):
        if picks:
            table.play(picks[-1].track_id)
        query, search = table.ask(rng)
        found = search.find(rng)
        if found is None:
            return Continuation(tuple(picks), search.ended())
        picks.append(pick_of(search, found, query))
    return Continuation(tuple(picks))


class Table:
    """What lies before the DJ: the songs so far, the spec, and the questions that follow from them."""

    def __init__(
        self,
        catalogue: Catalogue,
        seeds: Sequence[Seed],
        *,
        spec: ContinueSpec,
        facts: Facts = NO_FACTS,
        home: Sequence[Seed] | None = None,
    ) -> None:
        if not seeds:
            raise ParameterError(later("there is nothing to go on from"), remedy=later("Choose a song first"))
        self._catalogue, self._spec = catalogue, spec
        self._recent = [(seed, vector_of(seed, catalogue.index)) for seed in seeds[-spec.lookback :]]
        self._home = [seed for seed in (seeds if home is None else home) if _is_here(seed, catalogue.index)]
        self._towards_home = self._mean_home() if spec.anchor else None
        self._history = History.of(_song(seed, catalogue) for seed in seeds)
        self._taste = facts.taste
        self._handicaps = handicaps_of(catalogue, spec.hub_weight) if spec.hub_weight else None
        given = rules_for(spec.wishes, facts, disliked=spec.disliked, never=spec.never)
        chosen = (seed for seed in self._home if isinstance(seed, str))
        self._rules = lifted(given, catalogue, chosen)

    def ask(self, rng: np.random.Generator) -> tuple[Query, Search]:
        """Where to look for the next track, and the search there."""
        query = self._query(rng)
        before = replace(sounds_of(self._recent[-1][0], self._catalogue), vectors=query.turned[None])  # (1, d)
        question = Question(
            self._catalogue,
            query.turned,
            before,
            self._history,
            self._rules,
            self._spec.weights,
            self._spec.adventure,
            frozenset(seed for seed, _ in self._recent if isinstance(seed, str)),
            self._handicaps,
        )
        return query, Search(question)

    def play(self, track_id: TrackId) -> None:
        """Let this track be the one that plays."""
        self._history = self._history.then(_song(track_id, self._catalogue))
        self._recent = [*self._recent, (track_id, self._catalogue.index.vector(track_id))][-self._spec.lookback :]

    def _query(self, rng: np.random.Generator) -> Query:
        """The query for the next track; where the vectors cancel out it is the last track alone, and says so."""
        spec, last = self._spec, self._recent
        index = self._catalogue.index
        liked, disliked = (_vectors_of(ids, index) for ids in (spec.liked | spec.more_like, spec.disliked))
        home = self._towards_home
        straight = mean_query(
            np.stack([vector for _, vector in last]),
            liked,
            disliked,
            home=home,
            anchor=spec.anchor,
            pull=CHOICE.like_weight,
        )
        pulls = {"liked": _are_any(spec.liked, index), "asked": _are_any(spec.more_like, index)}
        words, remarks = _goes_with(len(last), home=home is not None, **pulls), []
        if straight is None:
            straight, words = last[-1][1], _goes_with(1)
            remarks.append(say("taken alone, as the songs it should go with point in opposite directions"))
        turned = straight
        if self._taste is not None:
            turned = self._taste.turned(straight)
            remarks.append(say("turned to your taste"))
        turned = turn(turned, spec.noise, rng=rng)
        if spec.noise > 0:
            remarks.append(say("turned {angle} degrees aside at random", angle=f"{spec.noise * 90:.0f}"))
        last_title = self._title(last[-1][0])
        return Query(straight, turned, words, "; ".join(remarks), last_title, self._towards())

    def _mean_home(self) -> Floats | None:
        """The mean of what it began with, as one row; None if all of that is gone."""
        vectors = [vector_of(seed, self._catalogue.index) for seed in self._home]
        return np.stack(vectors).mean(axis=0, keepdims=True) if vectors else None  # (1, d)

    def _towards(self) -> tuple[Towards, ...]:
        """The songs that the similarity of a pick is told to: the last of those it began with, and the last of all."""
        index = self._catalogue.index
        began = [(seed, vector_of(seed, index)) for seed in self._home[-CHOICE.seeds_told :]]
        told = {seed if isinstance(seed, str) else id(seed): (seed, vector) for seed, vector in (*began, *self._recent)}
        return tuple(
            Towards(seed if isinstance(seed, str) else None, self._title(seed), vector)
            for seed, vector in told.values()
        )

    def _title(self, seed: Seed) -> str:
        if isinstance(seed, str):
            return self._catalogue.info(seed).title
        return seed.info.title if isinstance(seed, OutsideSeed) else ""


def sounds_of(seed: Seed, catalogue: Catalogue) -> Sounds:
    """What is known of a seed for a join, as one row; raises UnknownTrackError."""
    index = catalogue.index
    if isinstance(seed, str):
        return Sounds.of(catalogue, np.array([index.row(seed)]))
    plain = Sounds.unmeasured(vector_of(seed, index)[None])
    if not isinstance(seed, OutsideSeed):
        return plain
    return replace(
        plain,
        tails=plain.tails if seed.tail is None else unit_vector(seed.tail, index.dimension)[None],
        tempo_bpm=np.array([np.nan if seed.tempo_bpm is None else seed.tempo_bpm], np.float32),
        camelot=np.array([camelot_code(seed.camelot)], np.int8),
    )


def vector_of(seed: Seed, index: Index) -> Floats:
    """The unit vector ``(d,)`` of a seed; raises UnknownTrackError, and ParameterError for one of another ear."""
    if isinstance(seed, str):
        return index.vector(seed)
    return unit_vector(seed.vector if isinstance(seed, OutsideSeed) else seed, index.dimension)


def _song(seed: Seed, catalogue: Catalogue) -> Song:
    """A seed as the rules see it; one that has left the library has tags at most."""
    if isinstance(seed, str):
        return Song(seed, catalogue.info(seed), index.vector(seed) if seed in (index := catalogue.index) else None)
    info = seed.info if isinstance(seed, OutsideSeed) else TrackInfo(title="")
    return Song(None, info, vector_of(seed, catalogue.index))


def _is_here(seed: Seed, index: Index) -> bool:
    return not isinstance(seed, str) or seed in index


def _vectors_of(ids: frozenset[TrackId], index: Index) -> Floats:
    """The vectors of those still in the library, in a fixed order: a like outlives its file."""
    vectors: Floats = index.vectors[index.rows_of(ids)]
    return vectors


def _are_any(ids: frozenset[TrackId], index: Index) -> bool:
    return len(index.rows_of(ids)) > 0


def _goes_with(count: int, *, home: bool = False, liked: bool = False, asked: bool = False) -> str:
    """What the next song is to go with, in words: so many last songs, those at the beginning, what was liked."""
    parts = [say("the last song") if count == 1 else say("the last {count} songs", count=count)]
    parts += [say("those that it began with")] if home else []
    parts += [say("what you liked")] if liked else []
    parts += [say("what you asked more of")] if asked else []
    return " ".join([parts[0], *(say("and {more}", more=part) for part in parts[1:])])
