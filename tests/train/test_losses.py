from __future__ import annotations

import keras
import numpy as np
import pytest

from segue.train.losses import cosine_loss, make_loss, triplet_loss


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def value(loss, target: np.ndarray, vector: np.ndarray) -> float:
    return float(
        keras.ops.convert_to_numpy(loss(keras.ops.convert_to_tensor(target), keras.ops.convert_to_tensor(vector)))
    )


def test_the_cosine_loss_is_one_minus_the_cosine() -> None:
    target = unit(np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert value(cosine_loss, target, target) == pytest.approx(0.0, abs=1e-6)
    assert value(cosine_loss, target, target[::-1].copy()) == pytest.approx(1.0, abs=1e-6)


def test_a_triplet_asks_for_a_margin_that_shrinks_with_likeness() -> None:
    target = unit(np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert value(triplet_loss(0.5), target, target) == pytest.approx(0.0, abs=1e-6)
    between = unit(np.array([[1.0, 1.0], [1.0, 1.0]]))
    # As near to the other's as to its own: the whole margin, since the targets stand at a right angle.
    assert value(triplet_loss(0.5), target, between) == pytest.approx(0.5, abs=1e-5)
    close = unit(np.array([[1.0, 0.0], [0.8, 0.6]]))
    assert value(triplet_loss(0.5), close, unit(close.mean(axis=0, keepdims=True)).repeat(2, 0)) == pytest.approx(
        0.5 * 0.2, abs=1e-5
    )


def test_the_nearest_of_those_farther_than_its_own_is_chosen() -> None:
    target = unit(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    vector = unit(np.array([[0.7, 0.6, 0.1]] * 3))
    likeness = vector @ target.T
    # Of the first row's others, 1 is the nearest that is farther than 0; the second's only such other is 2; nothing is
    # farther than the third's own, so the farthest counts, which is 1.
    wanted = [
        0.2 + likeness[0, 1] - likeness[0, 0],
        0.2 + likeness[1, 2] - likeness[1, 1],
        0.2 + likeness[2, 1] - likeness[2, 2],
    ]
    assert value(triplet_loss(0.2), target, vector) == pytest.approx(np.maximum(wanted, 0).mean(), abs=1e-5)


def test_slices_of_one_track_have_nothing_to_be_told_apart_from() -> None:
    target = unit(np.ones((4, 3)))
    assert value(triplet_loss(0.5), target, unit(np.eye(4, 3) + 0.1)) == 0.0


@pytest.mark.parametrize("name", ["cosine", "triplet", "distillation"])
def test_every_loss_is_least_at_the_target(name: str) -> None:
    rng = np.random.default_rng(0)
    target, other = unit(rng.standard_normal((8, 10))), unit(rng.standard_normal((8, 10)))
    loss = make_loss(name, margin=0.5, similarity_weight=1.0)
    assert value(loss, target, target) < 0.05 < value(loss, target, other)
