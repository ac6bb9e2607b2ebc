"""How well one track follows another: as a whole, end on beginning, in tempo and in key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.choose.catalogue import UNKNOWN_KEY, Catalogue
from segue.config import CHOICE
from segue.errors import ParameterError
from segue.values import Floats

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class JoinWeights:
    """What counts how much; see ``ChoiceSpec`` for each. All may be 0, and then the tracks as wholes decide alone."""

    join: float = CHOICE.join_weight
    tempo: float = CHOICE.tempo_weight
    key: float = CHOICE.key_weight

    def __post_init__(self) -> None:
        for name in ("join", "tempo", "key"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ParameterError(f"the weight of the {name} is {getattr(self, name)}", remedy="Choose 0 to 1")


@dataclass(frozen=True, slots=True, eq=False)
class Sounds:
    """What joins are judged by; row i of each belongs to the i-th of n tracks.

    ``vectors``, ``heads`` and ``tails`` (n, d) float32, unit rows, an end zero where it is unknown; ``tempo_bpm`` (n,)
    float32, NaN where unknown; ``camelot`` (n,) int8, `camelot_code`. Any query may stand in place of a vector.
    """

    vectors: Floats = field(repr=False)
    heads: Floats = field(repr=False)
    tails: Floats = field(repr=False)
    tempo_bpm: Floats = field(repr=False)
    camelot: NDArray[np.int8] = field(repr=False)

    @classmethod
    def of(cls, catalogue: Catalogue, rows: Rows) -> Sounds:
        """Those of some rows of a catalogue, in the order of the rows."""
        vectors = catalogue.index.vectors[rows]
        heads, tails = catalogue.unit_heads(rows), catalogue.unit_tails(rows)
        return cls(vectors, heads, tails, catalogue.tempo_bpm[rows], catalogue.camelot[rows])

    @classmethod
    def unmeasured(cls, vectors: Floats, tails: Floats | None = None) -> Sounds:
        """Those of sounds of which vectors ``(n, d)`` alone are known, and perhaps how they end."""
        unknown = np.zeros_like(vectors)
        tempo = np.full(len(vectors), np.nan, np.float32)
        keys = np.full(len(vectors), UNKNOWN_KEY, np.int8)
        return cls(vectors, unknown, unknown if tails is None else tails, tempo, keys)


@dataclass(frozen=True, slots=True, eq=False)
class Joins:
    """How well each of m tracks is followed by each of n, (m, n) float32 each.

    ``whole`` and ``ends`` are cosines; ``tempo`` and ``key`` lie between -1, a clash, and 1, a match. All but ``whole``
    and ``score`` are NaN where unknown.
    """

    whole: Floats
    ends: Floats
    tempo: Floats
    key: Floats
    score: Floats


def score(before: Sounds, after: Sounds, *, weights: JoinWeights) -> Joins:
    """How well tracks follow others, each pair by itself.

    ``(1 - join) * cos(whole, whole) + join * cos(tail, head) + tempo * tempo agreement + key * key agreement``. What is
    unknown is neither rewarded nor punished: unknown ends count as the wholes do, an unknown tempo or key as 0.

    Parameters
    ----------
    before : m tracks (or queries) that end
    after : n tracks that begin; the same again gives all pairs of one list
    weights : of the parts

    Returns
    -------
    Joins of shape (m, n); in float32 scores differ in the seventh digit with the number of rows
    """
    whole = before.vectors @ after.vectors.T  # (m, n)
    ends = before.tails @ after.heads.T
    known = np.any(before.tails, axis=1, keepdims=True) & np.any(after.heads, axis=1, keepdims=True).T
    ends = np.where(known, ends, np.float32(np.nan))
    tempo = tempo_agreement(before.tempo_bpm[:, None], after.tempo_bpm[None, :])
    key = key_agreement(before.camelot[:, None], after.camelot[None, :])
    total = (1 - weights.join) * whole + weights.join * np.where(known, ends, whole)
    for weight, part in ((weights.tempo, tempo), (weights.key, key)):
        total += weight * np.nan_to_num(part, nan=0.0)
    return Joins(whole, ends, tempo, key, total.astype(np.float32))


def tempo_agreement(a_bpm: Floats, b_bpm: Floats) -> Floats:
    """How well two tempi go together, octaves apart counting as the same: 70 goes with 140.

    Parameters
    ----------
    a_bpm, b_bpm : float32 of shapes that broadcast; NaN is unknown

    Returns
    -------
    float32 in [-1, 1]
        1 up to ``ChoiceSpec.same_tempo`` of relative difference, -1 from ``other_tempo`` on, smooth between; NaN where
        either is unknown.
    """
    octaves = np.log2(b_bpm / a_bpm)
    differ = np.exp2(np.abs(octaves - np.round(octaves))) - 1.0
    part = np.clip((differ - CHOICE.same_tempo) / (CHOICE.other_tempo - CHOICE.same_tempo), 0.0, 1.0)
    agreement: Floats = (1.0 - 2.0 * part * part * (3.0 - 2.0 * part)).astype(np.float32)
    return agreement


def key_agreement(a: NDArray[np.int8], b: NDArray[np.int8]) -> Floats:
    """How well two keys go together, by their places on the Camelot wheel.

    Parameters
    ----------
    a, b : int8 codes of `camelot_code` of shapes that broadcast

    Returns
    -------
    float32 in [-1, 1], NaN where either is unknown; see `_KEYS`
    """
    found: Floats = _KEYS[a, b]
    return found


def _key_table() -> NDArray[np.float32]:
    """Agreement of each of 25 codes with each; the last, which -1 reaches too, is the unknown one.

    The same key 1; a fifth up or down (one step on the wheel) and the relative major or minor 0.8; a step with a change
    of mode 0.3, and so a semitone up or down (seven steps), which lifts the energy or drops it; all others clash, -1.
    """
    table = np.full((25, 25), -1.0, np.float32)
    for a in range(24):
        for b in range(24):
            steps, same_mode = (b - a) % 12, a // 12 == b // 12
            near = steps in (1, 11)
            if same_mode:
                table[a, b] = 1.0 if steps == 0 else 0.8 if near else 0.3 if steps in (5, 7) else -1.0
            else:
                table[a, b] = 0.8 if steps == 0 else 0.3 if near else -1.0
    table[24, :] = table[:, 24] = np.nan
    return table


_KEYS: Any = _key_table()
