"""Keep on playing: the next track is the nearest one to the last few that the rules allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from segue.choose.index import Index, Neighbour, unit_vector
from segue.choose.rules import ArtistSpacing, Candidate, History, NoRepeat, NoSecondCopy, NotRefused, Rule
from segue.config import CHOICE
from segue.errors import ParameterError
from segue.values import Floats, TrackId, TrackInfo

_CANCELLED = 1e-6
"""A sum of unit vectors shorter than this is rounding noise, not a direction."""


@dataclass(frozen=True, slots=True, eq=False)
class OutsideSeed:
    """A song that is not in the library: the vector of its file, and its tags for the rules."""

    vector: Floats
    info: TrackInfo


Seed = TrackId | Floats | OutsideSeed


@dataclass(frozen=True, slots=True)
class ContinueSpec:
    """How to go on: see ``ChoiceSpec`` for the numbers, and the listener's likes, refusals and further rules."""

    count: int = 1
    lookback: int = CHOICE.lookback
    noise: float = CHOICE.noise
    artist_spacing: int = CHOICE.artist_spacing
    repeat_after_tracks: int = CHOICE.repeat_after_tracks
    liked: frozenset[TrackId] = frozenset()
    disliked: frozenset[TrackId] = frozenset()
    never: frozenset[TrackId] = frozenset()
    more_rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        ranges = {"count": (0, 10_000), "lookback": (1, 10), "noise": (0.0, 1.0), "artist_spacing": (0, 100)}
        for name, (low, high) in ranges.items():
            if not low <= getattr(self, name) <= high:
                raise ParameterError(f"{name} is {getattr(self, name)}", remedy=f"Choose between {low} and {high}")
        if self.repeat_after_tracks < 0:
            raise ParameterError(f"repeat_after_tracks is {self.repeat_after_tracks}", remedy="Choose 0 or more")

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in force, cheapest first."""
        return (
            NotRefused(self.disliked, self.never),
            *self.more_rules,
            NoRepeat(self.repeat_after_tracks),
            NoSecondCopy(self.repeat_after_tracks),
            ArtistSpacing(self.artist_spacing),
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """A track that was passed over, and why."""

    track_id: TrackId
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Pick:
    """A chosen track.

    ``similarity`` is its cosine to the query before noise, ``rank`` its place by the query after noise among all tracks
    but those that the query is made of, ``refused`` the first of the ``rank - 1`` better ones, and why.
    """

    track_id: TrackId
    similarity: float
    rank: int
    refused: tuple[Refusal, ...]
    relaxed: tuple[str, ...]
    why: str

    def to_json(self) -> dict[str, Any]:
        """The pick as plain JSON values."""
        return {**asdict(self), "refused": [asdict(r) for r in self.refused], "relaxed": list(self.relaxed)}


@dataclass(frozen=True, slots=True)
class Continuation:
    """The tracks to come; ``ended`` says why there are fewer than were asked for, and is None if there are not."""

    picks: tuple[Pick, ...]
    ended: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The continuation as plain JSON values."""
        return {"picks": [pick.to_json() for pick in self.picks], "ended": self.ended}


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """Where to look for the next track, and in plain words what it is made of."""

    straight: Floats
    turned: Floats
    words: str
    remark: str = ""


def mean_query(last: Floats, liked: Floats, disliked: Floats) -> Floats | None:
    """Mean of the last tracks, plus the mean of the liked ones, minus the mean of the disliked ones, normalised.

    Means rather than sums, so that the fiftieth like does not drown the music that plays.

    Parameters
    ----------
    last, liked, disliked : (k, d) float32 each, unit rows; the latter two may have no rows

    Returns
    -------
    (d,) float32 of length 1, or None where the vectors cancel out and leave no direction
    """
    total = np.zeros(last.shape[1])
    for sign, rows in ((1.0, last), (1.0, liked), (-1.0, disliked)):
        if len(rows):
            total += sign * rows.mean(axis=0, dtype=np.float64)
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
    index: Index,
    infos: Mapping[TrackId, TrackInfo],
    *,
    seeds: Sequence[Seed],
    spec: ContinueSpec,
    rng: np.random.Generator,
) -> Continuation:
    """Choose ``spec.count`` tracks that follow the seeds, each with its why; never a repeat, never at random.

    Parameters
    ----------
    index : the library's vectors
    infos : tags of the tracks, for the rules and the words
    seeds : everything heard or queued so far, oldest first: track ids, or vectors ``(d,)`` of files from elsewhere
    spec : lookback, noise, likes, refusals
    rng : drawn from only where the noise is above 0

    Raises
    ------
    ParameterError
        If there are no seeds, or a vector has no direction or another dimension.
    UnknownTrackError
        If one of the last ``lookback`` seeds is not in the index.
    """
    if not seeds:
        raise ParameterError("there is nothing to go on from", remedy="Choose a song first")
    history = History.of(_heard(seed, infos) for seed in seeds)
    recent = [_recent(seed, index) for seed in seeds[-spec.lookback :]]
    picks: list[Pick] = []
    for _ in range(spec.count):
        query = _query([vector for _, vector in recent], index=index, spec=spec, rng=rng)
        basis = frozenset(track_id for track_id, _ in recent if track_id is not None)
        walk = _Walk(history, infos, spec.rules)
        pick = walk.pick(index, query, basis)
        if pick is None:
            return Continuation(tuple(picks), walk.ended())
        picks.append(pick)
        history = history.then(Candidate(pick.track_id, _info(pick.track_id, infos)))
        recent = [*recent, (pick.track_id, index.vector(pick.track_id))][-spec.lookback :]
    return Continuation(tuple(picks))


class _Walk:
    """One way down a ranking: what was refused on it, and the best of what a relaxed rule would let through."""

    def __init__(self, history: History, infos: Mapping[TrackId, TrackInfo], rules: Sequence[Rule]) -> None:
        self._history, self._infos = history, infos
        self._firm = [rule for rule in rules if rule.relaxed() is None]
        self._ladders = [_ladder(rule) for rule in rules if rule.relaxed() is not None]
        self._second_best: dict[tuple[int, ...], tuple[Neighbour, tuple[str, ...]]] = {}
        self._refused: list[tuple[int, Refusal]] = []
        self._reasons: Counter[str] = Counter()

    def pick(self, index: Index, query: Query, basis: frozenset[TrackId]) -> Pick | None:
        """The nearest track that the rules allow; failing that, that the fewest relaxations allow; or none.

        A relaxed rule costs less than a track from far away, so the search for one that needs none ends somewhere.
        """
        own = 0
        for neighbour in index.ranking(query.turned):
            if neighbour.track_id in basis:
                own += 1
                continue
            if self._second_best and self._is_too_far(neighbour):
                break
            place = Neighbour(neighbour.track_id, neighbour.similarity, neighbour.rank - own)
            if self._allows(place):
                return self._picked(place, (), index, query)
        if not self._second_best:
            self._reasons["it already played"] += own
            return None
        place, relaxed = self._second_best[min(self._second_best)]
        return self._picked(place, relaxed, index, query)

    def _is_too_far(self, neighbour: Neighbour) -> bool:
        """Whether a relaxed rule costs less than going on to this neighbour, by its rank or by its distance."""
        nearest = max(place.similarity for place, _ in self._second_best.values())
        return neighbour.rank > CHOICE.spacing_reach or neighbour.similarity < nearest - CHOICE.spacing_margin

    def ended(self) -> str:
        """Why there is nothing left, in one sentence."""
        counts = [f"{_tracks(count)}: {reason}" for reason, count in self._reasons.most_common() if count]
        return f"Nothing else is left to play ({'; '.join(counts) or 'the library is empty'})"

    def _allows(self, place: Neighbour) -> bool:
        """Whether the rules let this track through as they stand; remember the refusal, and what would help."""
        candidate = Candidate(place.track_id, _info(place.track_id, self._infos))
        for rule in self._firm:
            if reason := rule.refusal(candidate, self._history):
                self._refuse(candidate, reason, rank=place.rank)
                return False
        steps: list[int] = []
        relaxed: list[str] = []
        for ladder in self._ladders:
            step, refusal = 0, ladder[0].refusal(candidate, self._history)
            if refusal:
                self._refuse(candidate, refusal, rank=place.rank)
                relaxed.append(ladder[0].name)
                step = next(i for i, rule in enumerate(ladder) if not rule.refusal(candidate, self._history))
            steps.append(step)
        if any(steps):
            self._second_best.setdefault(tuple(steps), (place, tuple(relaxed)))
        return not any(steps)

    def _refuse(self, candidate: Candidate, reason: str, *, rank: int) -> None:
        self._reasons[reason] += 1
        if len(self._refused) <= CHOICE.reasons_kept:  # one more than is shown: a relaxed pick itself stands here
            self._refused.append((rank, Refusal(candidate.track_id, candidate.info.title, reason)))

    def _picked(self, place: Neighbour, relaxed: tuple[str, ...], index: Index, query: Query) -> Pick:
        better = tuple(refusal for rank, refusal in self._refused if rank < place.rank)[: CHOICE.reasons_kept]
        similarity = float(index.vector(place.track_id) @ query.straight)
        why = _why(place.rank, similarity, query=query, refused=better, relaxed=relaxed)
        return Pick(place.track_id, similarity, place.rank, better, relaxed, why)


def _ladder(rule: Rule) -> tuple[Rule, ...]:
    """A rule and its ever weaker forms, down to one that refuses nothing."""
    weaker = rule.relaxed()
    return (rule,) if weaker is None else (rule, *_ladder(weaker))


def _query(last: Sequence[Floats], *, index: Index, spec: ContinueSpec, rng: np.random.Generator) -> Query:
    """The query for the next track; where the vectors cancel out it is the last track alone, and says so."""
    liked, disliked = (
        np.stack([index.vector(i) for i in ids]) if ids else np.empty((0, index.dimension), np.float32)
        for ids in (_known(spec.liked, index), _known(spec.disliked, index))
    )
    straight = mean_query(np.stack(last), liked, disliked)
    words = "the last song" if len(last) == 1 else f"the last {len(last)} songs"
    remark = ""
    if straight is None:
        straight, words = last[-1], "the last song"
        remark = "taken alone, as the songs it should go with point in opposite directions"
    elif len(liked):
        words += " and what you liked"
    turned = turn(straight, spec.noise, rng=rng)
    if spec.noise > 0:
        remark = f"{remark}; " * bool(remark) + f"turned {spec.noise * 90:.0f} degrees aside at random"
    return Query(straight, turned, words, remark)


def _why(rank: int, similarity: float, *, query: Query, refused: tuple[Refusal, ...], relaxed: tuple[str, ...]) -> str:
    """One plain sentence for the listener."""
    text = f"Closest to {query.words} ({similarity:.2f}"
    text += f", {query.remark})" if query.remark else ")"
    if refused:
        first = refused[0]
        text += f"; passed over '{first.title}' because {first.reason}"
        text += f", and {_tracks(rank - 2)} more" if rank > 2 else ""
    if relaxed:
        text += f"; {' and '.join(relaxed)} was relaxed, as there was no other choice nearby"
    return text


def _heard(seed: Seed, infos: Mapping[TrackId, TrackInfo]) -> tuple[TrackId | None, TrackInfo]:
    """A seed as the rules see it."""
    if isinstance(seed, OutsideSeed):
        return None, seed.info
    if isinstance(seed, str):
        return seed, _info(seed, infos)
    return None, TrackInfo(title="")


def _recent(seed: Seed, index: Index) -> tuple[TrackId | None, Floats]:
    """A seed as the query sees it."""
    if isinstance(seed, str):
        return seed, index.vector(seed)
    return None, unit_vector(seed.vector if isinstance(seed, OutsideSeed) else seed, index.dimension)


def _known(ids: frozenset[TrackId], index: Index) -> list[TrackId]:
    """Those still in the library, in a fixed order: a like outlives its file."""
    return sorted(track_id for track_id in ids if track_id in index)


def _info(track_id: TrackId, infos: Mapping[TrackId, TrackInfo]) -> TrackInfo:
    """The tags of a track; a track without any is called by its id."""
    return infos.get(track_id) or TrackInfo(title=track_id)


def _tracks(count: int) -> str:
    return "1 track" if count == 1 else f"{count} tracks"
