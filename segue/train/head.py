"""A head for a frozen ear, from its slice vectors to Track2Vec vectors: learned in a minute, then part of the ear."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from segue.embed.head import HeadWeights
from segue.errors import ModelError, ParameterError
from segue.values import Floats

log = logging.getLogger(__name__)

_PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)  # of the straight way, in tracks

OnEpoch = Callable[[int, int, float], None]
"""Told after each epoch: how many are done, of how many at most, and the validation cosine."""


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """The numbers of a head's training."""

    hidden_units: int = 256
    dropout: float = 0.3
    slices_a_track: int = 16  # drawn anew in each epoch, so that long tracks count no more than short ones
    batch: int = 256
    epochs: int = 60
    patience: int = 10  # epochs without a better validation cosine
    rate: float = 1e-3
    weight_decay: float = 1e-2
    seed: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Tracks to learn from or to measure on: each one's slice vectors (s, d), and ``targets`` (n, e), unit rows."""

    slices: list[Floats]
    targets: Floats

    @classmethod
    def of(cls, slices: Mapping[str, Floats], targets: Mapping[str, Floats], ids: Sequence[str]) -> Lessons:
        """The lessons of these tracks."""
        return cls([slices[k] for k in ids], np.stack([targets[k] for k in ids]))

    def __len__(self) -> int:
        return len(self.slices)


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a head does on artists that it never learned from; a slice's cosine, averaged over tracks."""

    cosine: float
    constant: float  # the best constant answer's
    straight: float  # the linear part's alone
    epochs: int

    @property
    def ratio(self) -> float:
        """How many times the constant answer's cosine; infinite where that is nothing."""
        return self.cosine / self.constant if self.constant > 0.0 else math.inf


def fit_head(
    learn: Lessons, held_out: Lessons, *, spec: HeadSpec | None = None, on_epoch: OnEpoch | None = None
) -> tuple[HeadWeights, Fit]:
    """Learn a head, and keep the weights that did best on the held-out artists.

    The straight way comes first, by ridge regression with the penalty that does best; then the hidden way learns what
    is left, and stops as soon as that no longer helps. So the result is never worse there than linear regression.

    Raises
    ------
    ParameterError
        If there is nothing to learn from or to measure on, or a vector is not finite.
    ModelError
        If the training diverges.
    """
    spec = spec or HeadSpec()
    for name, lessons in (("learn from", learn), ("measure on", held_out)):
        if not len(lessons):
            raise ParameterError(f"there are no tracks to {name}", remedy="Give playlists with more of the music")
        if not (np.isfinite(lessons.targets).all() and all(np.isfinite(rows).all() for rows in lessons.slices)):
            raise ParameterError("a vector is not finite", remedy="Scan the music again, or train Track2Vec anew")
    straight = max((_ridge(learn, penalty, spec) for penalty in _PENALTIES), key=lambda w: cosine(w, held_out))
    first = cosine(straight, held_out)
    constant = _unit(learn.targets.mean(axis=0, keepdims=True))[0]
    weights, epochs = _refine(straight, learn, held_out, spec, on_epoch)
    fit = Fit(
        cosine=cosine(weights, held_out),
        constant=float((held_out.targets @ constant).mean()),
        straight=first,
        epochs=epochs,
    )
    return weights, fit


def cosine(weights: HeadWeights, lessons: Lessons) -> float:
    """Mean over tracks of the mean cosine between a slice's vector and the track's target."""
    ends = np.cumsum([len(rows) for rows in lessons.slices])
    placed = weights.apply(np.concatenate(lessons.slices))
    parts = np.split(placed, ends[:-1])
    return float(np.mean([(part @ target).mean() for part, target in zip(parts, lessons.targets, strict=True)]))


def _ridge(learn: Lessons, penalty: float, spec: HeadSpec) -> HeadWeights:
    """Linear regression with a penalty; every track has the weight of one row."""
    heard = np.concatenate(learn.slices).astype(np.float64)
    counts = np.asarray([len(rows) for rows in learn.slices])
    share = np.repeat(1.0 / counts, counts)
    targets = learn.targets.astype(np.float64)
    middle, aim = (share @ heard) / len(learn), targets.mean(axis=0)
    centred = heard - middle
    weighted = centred * share[:, None]
    sums = np.add.reduceat(weighted, np.cumsum(counts) - counts, axis=0)  # (n, d)
    turn = np.linalg.solve(weighted.T @ centred + penalty * np.eye(heard.shape[1]), sums.T @ (targets - aim))
    rng = np.random.default_rng(spec.seed)
    wide, units = heard.shape[1], spec.hidden_units
    return HeadWeights(
        straight=turn.astype(np.float32),
        bias=(aim - middle @ turn).astype(np.float32),
        hidden=(rng.standard_normal((wide, units)) * math.sqrt(2.0)).astype(np.float32),  # for unit vectors
        hidden_bias=np.zeros(units, np.float32),
        out=np.zeros((units, targets.shape[1]), np.float32),
    )


def _refine(
    start: HeadWeights, learn: Lessons, held_out: Lessons, spec: HeadSpec, on_epoch: OnEpoch | None
) -> tuple[HeadWeights, int]:
    """Let all weights learn from ``start`` on by gradient; returns the best ones, and the epoch they are from."""
    keras.utils.set_random_seed(spec.seed)
    model = _network(start, spec)
    rng = np.random.default_rng(spec.seed)
    best, best_cosine, best_epoch = start, cosine(start, held_out), 0
    for epoch in range(1, spec.epochs + 1):
        heard, targets = _draw(learn, spec.slices_a_track, rng)
        losses = [
            float(model.train_on_batch(heard[at : at + spec.batch], targets[at : at + spec.batch]))
            for at in range(0, len(heard), spec.batch)
        ]
        if not np.isfinite(losses).all():
            raise ModelError(
                f"the loss became {losses[-1]} in epoch {epoch}", remedy=f"Lower the rate of {spec.rate:g}"
            )
        weights = _weights_of(model)
        found = cosine(weights, held_out)
        if on_epoch is not None:
            on_epoch(epoch, spec.epochs, found)
        if found > best_cosine:
            best, best_cosine, best_epoch = weights, found, epoch
        elif epoch - best_epoch >= spec.patience:
            break
    return best, best_epoch


def _network(start: HeadWeights, spec: HeadSpec) -> keras.Model:
    """The head in Keras; its layers bear the names of the weights."""
    heard = keras.Input((len(start.straight),))
    hidden = keras.layers.Dense(spec.hidden_units, activation="relu", name="hidden")(heard)
    hidden = keras.layers.Dropout(spec.dropout, seed=spec.seed)(hidden)
    aim = keras.layers.Add()(
        [
            keras.layers.Dense(start.straight.shape[1], name="straight")(heard),
            keras.layers.Dense(start.straight.shape[1], use_bias=False, name="out")(hidden),
        ]
    )
    model = keras.Model(heard, keras.layers.UnitNormalization()(aim))
    model.get_layer("straight").set_weights([start.straight, start.bias])
    model.get_layer("hidden").set_weights([start.hidden, start.hidden_bias])
    model.get_layer("out").set_weights([start.out])
    optimizer = keras.optimizers.AdamW(learning_rate=spec.rate, weight_decay=spec.weight_decay)
    model.compile(optimizer=optimizer, loss=keras.losses.CosineSimilarity())
    return model


def _weights_of(model: keras.Model) -> HeadWeights:
    straight, bias = model.get_layer("straight").get_weights()
    hidden, hidden_bias = model.get_layer("hidden").get_weights()
    return HeadWeights(straight, bias, hidden, hidden_bias, model.get_layer("out").get_weights()[0])


def _draw(learn: Lessons, most: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """``most`` slices of each track, or all it has, in random order, with their targets."""
    rows = [part[rng.permutation(len(part))[:most]] for part in learn.slices]
    owners = np.repeat(np.arange(len(rows)), [len(part) for part in rows])
    order = rng.permutation(len(owners))
    return np.concatenate(rows)[order], learn.targets[owners[order]]


def _unit(rows: NDArray[np.floating]) -> Floats:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)
