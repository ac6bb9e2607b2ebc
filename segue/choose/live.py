"""What to play next, after what is heard right now: the last half minute in one vector, and a list that holds still."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from segue.choose.catalogue import Catalogue, camelot_code
from segue.choose.index import Index, best_rows, unit_vector
from segue.choose.masks import refused
from segue.choose.rules import Candidate, History, RuleSet, Song
from segue.config import CHOICE, LIVE
from segue.values import Floats, TrackId
from segue.words import later, listed, number, say

SlicesOf = Callable[[Sequence[TrackId]], Mapping[TrackId, Floats]]
"""Gives the slice vectors (s, d) of tracks, unit rows in the order of the track."""

View = Callable[[Floats], Floats]
"""Brings vectors (n, d) into another space, unit rows again."""

_CANCELLED = 1e-6
_LARGE = 20  # tracks: a library of fewer can spare none but the likeliest
_SLICES_KEPT = 400  # tracks; some eight megabytes
_ROWS_AT_ONCE = 10_000  # beginnings as float32: four megabytes


class Memory:
    """The last half minute of music, as vectors; forgets it when the song changes."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._most = max(LIVE.now_windows, round(LIVE.memory_s / window_s))
        self._vectors: list[Floats] = []
        self._quiet_s = 0.0

    @property
    def windows(self) -> Floats:
        """The windows that are remembered, ``(k, d)`` float32 unit rows, oldest first."""
        return np.stack(self._vectors)

    @property
    def heard_s(self) -> float:
        """How much music is remembered."""
        return len(self._vectors) * self._window_s

    def hear(self, vector: Floats) -> bool:
        """Take the unit vector ``(d,)`` of a window of music, and say whether another song seems to have begun."""
        begins = bool(self._vectors) and self._quiet_s >= LIVE.reset_silence_s
        if begins:
            self._vectors.clear()
        self._quiet_s = 0.0
        self._vectors = [*self._vectors, vector][-self._most :]
        if not begins and self._has_jumped():
            self._vectors = self._vectors[-2:]
            begins = True
        return begins

    def rest(self) -> None:
        """Take a window without any sound worth the name."""
        self._quiet_s += self._window_s

    def rolling(self) -> Floats:
        """The remembered windows as one unit vector ``(d,)``, the recent ones weighing more."""
        ages_s = np.arange(len(self._vectors) - 1, -1, -1) * self._window_s
        return _mean_direction(self.windows, np.exp2(-ages_s / LIVE.half_life_s))

    def now(self) -> Floats:
        """The last few windows as one unit vector ``(d,)``: as many as a track's beginning is made of."""
        last = self.windows[-LIVE.now_windows :]
        return _mean_direction(last, np.ones(len(last)))

    def _has_jumped(self) -> bool:
        """Whether the last two windows are alike, and unlike those before: one alone may be a break."""
        if len(self._vectors) < 4:
            return False
        before, last = self.windows[:-2].mean(axis=0), self.windows[-2:]
        cosines = last @ before / max(float(np.linalg.norm(before)), _CANCELLED)
        return bool((cosines < LIVE.reset_cosine).all() and last[0] @ last[1] > cosines.max())


def _mean_direction(rows: Floats, weights: np.ndarray) -> Floats:
    total = (weights @ rows).astype(np.float32)
    return rows[-1] if np.linalg.norm(total) < _CANCELLED else unit_vector(total, rows.shape[1])


def alignment(live: Floats, slices: Floats, *, in_order: bool = True) -> float:
    """How well a run of windows fits into a track, wherever in it they may lie.

    Parameters
    ----------
    live : (w, d) float32, unit rows, in the order in which they were heard
    slices : (s, d) float32, unit rows of the track, s > 0
    in_order : whether the slices are all those of the track, one after the other

    Returns
    -------
    float
        In [-1, 1]: the best mean cosine of the windows to as many slices in a row. Where the slices are only some of
        the track, or fewer than the windows, the mean over the windows of the best cosine to any slice.
    """
    cosines = live @ slices.T  # (w, s)
    width, length = cosines.shape
    if not in_order or length < width:
        return float(cosines.max(axis=1).mean())
    runs = np.lib.stride_tricks.sliding_window_view(cosines, width, axis=1)  # (w, s - w + 1, w)
    return float(np.einsum("iji->j", runs).max() / width)


class Accord(Protocol):
    """What was heard of late tells of tempo and key: see `segue.listen.accord`."""

    @property
    def keys(self) -> Mapping[str, float]:
        """How well each key fits, by its Camelot code; empty where nothing has pitch."""

    def tempos(self, bpm: Floats) -> NDArray[np.float64]:
        """How strongly tempos ``(k,)`` are in it; NaN where that is unknown."""


class Fit(NamedTuple):
    """How well a track's slices fit what is heard, and the same with what speaks for its tempo and key."""

    track_id: TrackId
    fit: float
    score: float


def agreement(accord: Accord, catalogue: Catalogue, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """What tempo and key add to the fit of the tracks of some rows: ``(k,)``, their mean where one's is unknown."""
    fits = np.full(24 + 1, np.nan)  # the last is that of UNKNOWN_KEY
    for camelot, fit in accord.keys.items():
        fits[camelot_code(camelot)] = fit
    return LIVE.key_weight * _or_mean(fits[catalogue.camelot[rows]]) + LIVE.tempo_weight * _or_mean(
        accord.tempos(catalogue.tempo_bpm[rows])
    )


def _or_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known = ~np.isnan(values)
    return np.where(known, values, values[known].mean() if known.any() else 0.0)


@dataclass(frozen=True, slots=True)
class Recognition:
    """A track of the library that fits what is heard best: how well, and how much better than any other.

    ``sure`` where that is enough to say so; ``likely`` are those of which one may well be playing, the best first.
    """

    track_id: TrackId
    fit: float
    gap: float
    sure: bool
    likely: tuple[TrackId, ...]


class Recogniser:
    """Finds the track that plays, by its slices; those of the tracks in question are read once and kept for a while.

    ``view`` brings vectors (n, d) into a space in which recordings are told apart better, if there is one; ``in_order``
    says that a track's slices are all that it has, one after the other.
    """

    def __init__(self, slices_of: SlicesOf, *, in_order: bool = True, view: View | None = None) -> None:
        self._slices_of = slices_of
        self._in_order = in_order
        self._view = view
        self._kept: OrderedDict[TrackId, Floats] = OrderedDict()
        self._seen: tuple[Index, Floats] | None = None

    def ranking(self, memory: Memory, catalogue: Catalogue, accord: Accord | None = None) -> list[Fit]:
        """The tracks that fit what is remembered, best first, by what is known of tempo and key too."""
        index = catalogue.index
        live = self._viewed(memory.windows)
        rows = best_rows(self._tracks(index) @ _mean_direction(live, np.ones(len(live))), LIVE.recognised_among)
        near = [index.ids[row] for row in rows.tolist()]
        self._fetch(near)
        agrees = np.zeros(len(rows)) if accord is None else agreement(accord, catalogue, rows)
        fits = []
        for track_id, more in zip(near, agrees.tolist(), strict=True):
            if track_id in self._kept:
                fit = alignment(live, self._kept[track_id], in_order=self._in_order)
                fits.append(Fit(track_id, fit, fit + more))
        return sorted(fits, key=lambda fit: -fit.score)

    def _viewed(self, vectors: Floats) -> Floats:
        return vectors if self._view is None else self._view(vectors)

    def _tracks(self, index: Index) -> Floats:
        """The vectors of all tracks as they are viewed, made anew where the library has changed."""
        if self._seen is None or self._seen[0] is not index:
            self._seen = index, self._viewed(index.vectors)
            self._kept.clear()
        return self._seen[1]

    def find(self, memory: Memory, catalogue: Catalogue, accord: Accord | None = None) -> Recognition | None:
        """The track that fits best, if there is music enough to tell."""
        fits = self.ranking(memory, catalogue, accord)
        if not fits:
            return None
        best = fits[0]
        others = (fit.score for fit in fits[1:] if not _are_copies(best.track_id, fit.track_id, catalogue))
        gap = best.score - next(others, -1.0)
        sure = self._is_clear(best.fit, gap, heard_s=memory.heard_s)
        most = 1 if sure or self._view is None else min(LIVE.likely_in_room, 1 + len(catalogue.index) // _LARGE)
        return Recognition(best.track_id, best.fit, gap, sure, tuple(fit.track_id for fit in fits[:most]))

    def _is_clear(self, fit: float, gap: float, *, heard_s: float) -> bool:
        if self._view is not None:  # fits in such a space have no common measure
            return heard_s >= LIVE.recognise_from_s_in_room and gap >= LIVE.recognised_gap_in_room
        enough = heard_s >= LIVE.recognise_from_s
        return enough and fit >= LIVE.recognised_fit and gap >= LIVE.recognised_gap

    def _fetch(self, near: Sequence[TrackId]) -> None:
        lacking = [track_id for track_id in near if track_id not in self._kept]
        if lacking:
            self._kept.update((i, self._viewed(rows)) for i, rows in self._slices_of(lacking).items() if len(rows))
        for track_id in near:
            if track_id in self._kept:
                self._kept.move_to_end(track_id)
        while len(self._kept) > _SLICES_KEPT:
            self._kept.popitem(last=False)


def _are_copies(a: TrackId, b: TrackId, catalogue: Catalogue) -> bool:
    cosine = float(catalogue.index.vector(a) @ catalogue.index.vector(b))
    return cosine >= 1.0 - CHOICE.same_sound


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A track to play next: how it was weighed, and why."""

    track_id: TrackId
    title: str
    artist: str
    score: float
    beginning: float | None
    whole: float
    relaxed: tuple[str, ...]
    why: str

    def to_json(self) -> dict[str, Any]:
        """The suggestion as plain JSON values."""
        return {**asdict(self), "relaxed": list(self.relaxed)}


def live_scores(now: Floats, rolling: Floats, catalogue: Catalogue, *, head_weight: float = LIVE.head_weight) -> Floats:
    """How well each track would follow: ``w cos(now, its beginning) + (1 - w) cos(rolling, the track)``.

    Parameters
    ----------
    now, rolling : (d,) float32, unit
    catalogue : n tracks; where a beginning is not known, the track as a whole stands for it
    head_weight : w, in [0, 1]

    Returns
    -------
    (n,) float32 in [-1, 1], in the order of the index
    """
    whole = catalogue.index.scores(rolling)
    beginning = whole.copy()
    for start in range(0, len(whole), _ROWS_AT_ONCE):
        at = slice(start, start + _ROWS_AT_ONCE)
        heads = catalogue.unit_heads(at)  # (k, d)
        beginning[at] = np.where(heads.any(axis=1), heads @ now, whole[at])
    scores: Floats = np.float32(head_weight) * beginning + np.float32(1.0 - head_weight) * whole
    return scores


class Suggester:
    """Keeps a list of what to play next, which changes only where another track is clearly better."""

    def __init__(self, *, count: int, head_weight: float = LIVE.head_weight) -> None:
        self._count = count
        self._head_weight = head_weight
        self._shown: list[TrackId] = []
        self._heard: OrderedDict[TrackId, None] = OrderedDict()

    def played(self, track_id: TrackId) -> None:
        """Note that a track was recognised: neither it nor what sounds the same is suggested again."""
        self._heard[track_id] = None
        self._heard.move_to_end(track_id)
        while len(self._heard) > LIVE.heard_kept:
            self._heard.popitem(last=False)

    def forget_list(self) -> None:
        """Another song has begun: the list need not hold still."""
        self._shown = []

    def suggest(
        self, memory: Memory, catalogue: Catalogue, rules: RuleSet, *, hidden: Sequence[TrackId] = ()
    ) -> tuple[Suggestion, ...]:
        """The list now, without the ``hidden``, one of which may be playing, and without what sounds the same."""
        index = catalogue.index
        scores = live_scores(memory.now(), memory.rolling(), catalogue, head_weight=self._head_weight)
        for track_id in hidden:
            if track_id in index:
                scores[index.scores(index.vector(track_id)) >= 1.0 - CHOICE.same_sound] = -np.inf
        history = _history([*self._heard], catalogue)
        rows, relaxed = self._allowed(scores, catalogue, rules, history)
        shown = _held_still(self._shown, rows, scores, catalogue=catalogue, count=self._count)
        self._shown = [catalogue.index.ids[row] for row in shown]
        return tuple(_suggestion(row, scores, memory, catalogue, relaxed.get(row, ())) for row in shown)

    def _allowed(
        self, scores: Floats, catalogue: Catalogue, rules: RuleSet, history: History
    ) -> tuple[list[int], dict[int, tuple[str, ...]]]:
        """The best rows that the rules allow, best first, and which rules gave way for which of them."""
        spacing = {rule.name for rule in rules.spacing()}
        for level in rules.levels():
            allowed, second = self._sorted_out(scores, catalogue, level, history)
            if allowed or any(spacing.issuperset(names) for names in second.values()):
                break
        dropped = tuple(sorted(_names(rules) - _names(level)))
        given_way = dict.fromkeys(allowed, dropped)
        lacking = max(0, self._count - len(allowed))
        for row, names in [item for item in second.items() if spacing.issuperset(item[1])][:lacking]:
            allowed.append(row)
            given_way[row] = (*dropped, *names)
        return allowed, given_way

    def _sorted_out(
        self, scores: Floats, catalogue: Catalogue, rules: RuleSet, history: History
    ) -> tuple[list[int], dict[int, tuple[str, ...]]]:
        """The best rows that no rule refuses, twice as many as are shown, and those that rules of the history do."""
        open_scores = np.where(refused(catalogue, rules.standing), np.float32(-np.inf), scores)
        allowed: list[int] = []
        others: dict[int, tuple[str, ...]] = {}
        for row in best_rows(open_scores, CHOICE.join_reach).tolist():
            refusing = _refusing(row, catalogue, rules, history)
            if refusing:
                others[row] = refusing
            else:
                allowed.append(row)
            if len(allowed) >= 2 * self._count:
                break
        return allowed, others


def _names(rules: RuleSet) -> set[str]:
    return {rule.name for rule in rules.standing} | {rule.name for rule in rules.history}


def _refusing(row: int, catalogue: Catalogue, rules: RuleSet, history: History) -> tuple[str, ...]:
    """The names of the rules that refuse a row for what has played."""
    track_id = catalogue.index.ids[row]
    candidate = Candidate(track_id, catalogue.info(track_id), catalogue.index.vectors[row])
    return tuple(rule.name for rule in rules.history if rule.refusal(candidate, history))


def _history(ids: Sequence[TrackId], catalogue: Catalogue) -> History:
    there = [track_id for track_id in ids if track_id in catalogue.index]
    return History.of(Song(i, catalogue.info(i), catalogue.index.vector(i)) for i in there)


def _held_still(
    shown: Sequence[TrackId], rows: Sequence[int], scores: Floats, *, catalogue: Catalogue, count: int
) -> list[int]:
    """The new list: the old one, in which a track has made way only for one that is better by the margin."""
    index, allowed = catalogue.index, set(rows)
    standing = [row for row in (index.row(i) for i in shown if i in index) if row in allowed]
    for row in rows:
        if row in standing:
            continue
        if len(standing) < count:
            standing.append(row)
            continue
        worst = min(standing, key=lambda held: scores[held])
        if scores[row] > scores[worst] + LIVE.steady_margin:
            standing[standing.index(worst)] = row
    for _ in standing:  # neighbours change places only where the lower is better by the margin
        for at in range(len(standing) - 1):
            if scores[standing[at + 1]] > scores[standing[at]] + (LIVE.steady_margin if shown else 0.0):
                standing[at], standing[at + 1] = standing[at + 1], standing[at]
    return standing[:count]


def _suggestion(row: int, scores: Floats, memory: Memory, catalogue: Catalogue, relaxed: tuple[str, ...]) -> Suggestion:
    index = catalogue.index
    track_id, head = index.ids[row], catalogue.unit_heads(np.array([row]))[0]
    info = catalogue.info(track_id)
    beginning = float(head @ memory.now()) if head.any() else None
    whole = float(index.vectors[row] @ memory.rolling())
    if beginning is None:
        heard_s = f"{memory.heard_s:.0f}"
        why = say("As a whole much as the last {heard_s} s ({whole})", heard_s=heard_s, whole=number(whole, 2))
    else:
        why = say(_as_a_whole(whole), beginning=number(beginning, 2), whole=number(whole, 2))
    if len(relaxed) == 1:
        why += say("; {rule} was relaxed, as too little else is left", rule=say(relaxed[0]))
    elif relaxed:
        why += say("; {rules} were relaxed, as too little else is left", rules=listed([say(rule) for rule in relaxed]))
    return Suggestion(track_id, info.title, info.artist, float(scores[row]), beginning, whole, relaxed, why)


def _as_a_whole(cosine: float) -> str:
    if cosine >= 0.5:
        return later("Begins as what plays now sounds ({beginning}), and is as a whole much like it ({whole})")
    if cosine >= 0.2:
        return later("Begins as what plays now sounds ({beginning}), and is as a whole somewhat like it ({whole})")
    return later("Begins as what plays now sounds ({beginning}), and is as a whole little like it ({whole})")
