"""What a network is told about its answers: functions of the targets and the vectors of a batch, unit rows both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from segue.train.distil import distillation_loss
from segue.train.options import LossName

Loss = Callable[[Any, Any], Any]

_SAME_TRACK = 0.999  # likeness of two targets above which they are one track's, or might as well be
_BEYOND = 2.0  # more than any cosine


def make_loss(name: LossName, *, margin: float, similarity_weight: float) -> Loss:
    """Make a loss by its name; ``margin`` counts for the triplet, ``similarity_weight`` for the distillation."""
    if name == "cosine":
        return cosine_loss
    if name == "triplet":
        return triplet_loss(margin)
    loss: Loss = distillation_loss(similarity_weight)
    return loss


def cosine_loss(target: Any, vector: Any) -> Any:
    """One minus the cosine to the target, averaged over the batch."""
    target, vector = keras.ops.cast(target, "float32"), keras.ops.cast(vector, "float32")
    return 1.0 - keras.ops.mean(keras.ops.sum(target * vector, axis=-1))


def triplet_loss(margin: float) -> Loss:
    """A vector should lie nearer to its own target than to another's, by a margin; the other is semi-hard.

    Of the targets in the batch that lie farther from the vector than its own, the nearest counts (Schroff, Kalenichenko
    and Philbin, FaceNet, 2015); where there is none, the farthest. The margin shrinks with the likeness of the two
    targets: tracks that stand in the same lists need not be told apart.
    """

    def loss(target: Any, vector: Any) -> Any:
        ops = keras.ops
        target, vector = ops.cast(target, "float32"), ops.cast(vector, "float32")
        likeness = ops.matmul(vector, ops.transpose(target))  # (n, n)
        own = ops.sum(target * vector, axis=-1, keepdims=True)  # (n, 1)
        between = ops.matmul(target, ops.transpose(target))
        others = between < _SAME_TRACK
        semi_hard = ops.logical_and(others, likeness < own)
        nearest = ops.argmax(ops.where(semi_hard, likeness, -_BEYOND), axis=1)
        farthest = ops.argmin(ops.where(others, likeness, _BEYOND), axis=1)
        chosen = ops.where(ops.any(semi_hard, axis=1), nearest, farthest)
        chosen = ops.expand_dims(chosen, axis=1)  # (n, 1)
        gap = margin * (1.0 - ops.take_along_axis(between, chosen, axis=1))
        losses = ops.relu(gap + ops.take_along_axis(likeness, chosen, axis=1) - own)
        return ops.mean(losses * ops.cast(ops.any(others, axis=1, keepdims=True), "float32"))

    return loss
