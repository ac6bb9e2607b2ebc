"""How far two sets of vectors have the same neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from segue.choose.agreement import neighbour_overlap
from segue.errors import ParameterError


def some(tracks: int, wide: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(tracks, wide)).astype(np.float32)


def test_the_same_vectors_turned_and_scaled_agree_wholly() -> None:
    vectors = some(600, 8)
    turn = np.linalg.qr(some(8, 8, seed=1))[0]
    lengths = np.random.default_rng(2).uniform(0.5, 9, (600, 1))
    assert neighbour_overlap(vectors, (vectors @ turn * lengths).astype(np.float32)) == pytest.approx(1.0, abs=0.002)


def test_strangers_agree_by_chance() -> None:
    assert neighbour_overlap(some(400, 8), some(400, 12, seed=1)) == pytest.approx(10 / 399, abs=0.01)


def test_it_counts_what_a_plain_loop_counts() -> None:
    one, other = some(40, 5), some(40, 7, seed=1)
    shared = []
    for row in range(40):
        near = []
        for vectors in (one, other):
            unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
            order = [i for i in np.argsort(-(unit @ unit[row])) if i != row]
            near.append(set(order[:10]))
        shared.append(len(near[0] & near[1]) / 10)
    assert neighbour_overlap(one, other) == pytest.approx(np.mean(shared))


def test_few_tracks() -> None:
    assert neighbour_overlap(some(3, 4), some(3, 4, seed=1)) == 1.0
    with pytest.raises(ParameterError, match="2 at least"):
        neighbour_overlap(some(1, 4), some(1, 4))
    with pytest.raises(ParameterError, match="compared with"):
        neighbour_overlap(some(5, 4), some(4, 4))
    with pytest.raises(ParameterError, match="zero"):
        neighbour_overlap(some(5, 4), np.zeros((5, 4), np.float32))
