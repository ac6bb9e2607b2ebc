"""Distillation: Speccy learns to point where the teacher points, window by window, while the lessons still grow."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from segue.errors import ModelError
from segue.train.architectures import DIMENSION, build
from segue.train.shards import Lessons, read_shard, shard_paths
from segue.values import Floats

log = logging.getLogger(__name__)

_SAVE_S = 60.0
_SAVES_A_CHECK = 5  # measuring on held-out windows costs as much as some ten steps


@dataclass(frozen=True, slots=True)
class DistilSpec:
    """The numbers of a training."""

    arch: str = "heir"
    hours: float = 0.6
    batch: int = 128
    peak_rate: float = 1e-3
    warm_up: float = 0.02  # share of the time in which the rate rises; then it falls along a cosine
    weight_decay: float = 1e-3
    similarity_weight: float = 1.0
    average_momentum: float = 0.98  # of the averaged weights, which are the ones kept, at every tenth step
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Target:
    """Turns the teacher's vectors into Speccy's: less the corpus mean, then the first principal directions."""

    mean: Floats
    basis: Floats

    def of(self, vectors: NDArray[Any]) -> Floats:
        """Return ``(n, 100)`` float32 unit vectors for the teacher's ``(n, 200)``."""
        turned = (vectors.astype(np.float32) - self.mean) @ self.basis
        lengths = np.linalg.norm(turned, axis=1, keepdims=True)
        return np.asarray(turned / np.maximum(lengths, np.float32(1e-9)))


def fit_target(vectors: NDArray[Any]) -> Target:
    """Find the mean and the 100 principal directions of the teacher's vectors ``(n, 200)``."""
    wide = vectors.astype(np.float64)
    mean = wide.mean(axis=0)
    _, _, directions = np.linalg.svd(np.cov(wide - mean, rowvar=False))
    return Target(mean=mean.astype(np.float32), basis=directions[:DIMENSION].T.astype(np.float32))


def distillation_loss(similarity_weight: float) -> Any:
    """One minus the cosine to the target, plus the squared error of the similarities between all pairs of a batch."""

    def loss(target: Any, vector: Any) -> Any:
        target, vector = keras.ops.cast(target, "float32"), keras.ops.cast(vector, "float32")
        ours = keras.ops.matmul(vector, keras.ops.transpose(vector))
        theirs = keras.ops.matmul(target, keras.ops.transpose(target))
        direction = 1.0 - keras.ops.mean(keras.ops.sum(target * vector, axis=-1))
        return direction + similarity_weight * keras.ops.mean(keras.ops.square(ours - theirs))

    return loss


class Trainer:
    """One training, which can be stopped at any moment and goes on from its last checkpoint."""

    def __init__(
        self, folder: Path, target: Target, spec: DistilSpec, *, start: Callable[[keras.Model], None] | None = None
    ) -> None:
        """Start anew in ``folder``, with the weights that ``start`` sets, or go on from the checkpoint there."""
        self.spec, self.target, self._path = spec, target, folder / "checkpoint.npz"
        keras.utils.set_random_seed(spec.seed)
        self.model = build(spec.arch)
        if start is not None and not self._path.is_file():
            start(self.model)
        optimizer = keras.optimizers.AdamW(learning_rate=spec.peak_rate, weight_decay=spec.weight_decay)
        optimizer.build(self.model.trainable_variables)
        self.model.compile(optimizer=optimizer, loss=distillation_loss(spec.similarity_weight))
        self.averaged = [np.array(weight) for weight in self.model.get_weights()]
        self.steps, self.spent_s = 0, 0.0
        if self._path.is_file():
            self._resume()

    def step(self, slices: NDArray[np.uint8], vectors: NDArray[Any]) -> float:
        """Learn from one batch and return its loss."""
        began = time.monotonic()
        self.model.optimizer.learning_rate = self._rate()
        heard = slices.astype(np.float32) / np.float32(255.0)
        loss = float(self.model.train_on_batch(heard, self.target.of(vectors)))
        if not math.isfinite(loss):
            raise ModelError(
                f"the loss became {loss} at step {self.steps}", remedy="Lower the learning rate", path=self._path
            )
        self.steps += 1
        if self.steps % 10 == 0:
            self._average()
        self.spent_s += time.monotonic() - began
        return loss

    @property
    def progress(self) -> float:
        """Share of the training's time that is spent, 0 to 1."""
        return min(1.0, self.spent_s / (self.spec.hours * 3600.0))

    def finished_model(self) -> keras.Model:
        """The network with the averaged weights, in float32, for measuring and for export."""
        policy = keras.mixed_precision.dtype_policy()
        keras.mixed_precision.set_dtype_policy("float32")
        try:
            model = build(self.spec.arch)
        finally:
            keras.mixed_precision.set_dtype_policy(policy)
        model.set_weights(self.averaged)
        return model

    def save(self) -> None:
        """Write the checkpoint beside its place, then move it there."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        arrays = {f"weight-{k}": value for k, value in enumerate(self.model.get_weights())}
        arrays |= {f"averaged-{k}": value for k, value in enumerate(self.averaged)}
        state = self.model.optimizer.variables
        arrays |= {f"optimizer-{k}": keras.ops.convert_to_numpy(value) for k, value in enumerate(state)}
        partial = self._path.with_name(".checkpoint.npz")
        with partial.open("wb") as file:
            np.savez(file, steps=self.steps, spent_s=self.spent_s, arch=self.spec.arch, **arrays)
        partial.replace(self._path)

    def _resume(self) -> None:
        with np.load(self._path) as stored:
            if str(stored["arch"]) != self.spec.arch:
                raise ModelError(
                    f"the checkpoint is of the architecture {stored['arch']}, not {self.spec.arch}",
                    remedy="Choose another work folder, or the same architecture",
                    path=self._path,
                )
            count = len(self.averaged)
            self.model.set_weights([stored[f"weight-{k}"] for k in range(count)])
            self.averaged = [stored[f"averaged-{k}"] for k in range(count)]
            for k, variable in enumerate(self.model.optimizer.variables):
                variable.assign(stored[f"optimizer-{k}"])
            self.steps, self.spent_s = int(stored["steps"]), float(stored["spent_s"])
        log.info("going on from step %d", self.steps)

    def _rate(self) -> float:
        done = self.progress
        if done < self.spec.warm_up:
            return self.spec.peak_rate * (0.05 + 0.95 * done / self.spec.warm_up)
        left = (done - self.spec.warm_up) / (1.0 - self.spec.warm_up)
        return self.spec.peak_rate * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * left)))

    def _average(self) -> None:
        # Young averages are mostly memories of the random start: let them forget faster.
        keep = np.float32(min(self.spec.average_momentum, 1.0 - 1.0 / (1.0 + self.steps / 30.0)))
        for mean, fresh in zip(self.averaged, self.model.get_weights(), strict=True):
            mean *= keep
            mean += (np.float32(1.0) - keep) * fresh


class GrowingLessons:
    """All the lessons so far, in memory; `refresh` takes up those that have been written since."""

    def __init__(self, folder: Path) -> None:
        """Read the shards in ``folder``."""
        self._folder = folder
        self._known: dict[Path, Lessons] = {}
        self.refresh()

    def __len__(self) -> int:
        return sum(len(lessons.slices) for lessons in self._known.values())

    def refresh(self) -> None:
        """Read the shards that are new."""
        for path in shard_paths(self._folder):
            if path not in self._known:
                self._known[path] = read_shard(path)

    def vectors(self) -> NDArray[np.float16]:
        """All the teacher's vectors, (n, 200)."""
        return np.concatenate([lessons.vectors for lessons in self._known.values()])

    def batch(self, size: int, rng: np.random.Generator) -> Lessons:
        """Draw a random batch."""
        shards = list(self._known.values())
        picks = [
            (shards[int(k)], int(rng.integers(len(shards[int(k)].slices))))
            for k in rng.integers(len(shards), size=size)
        ]
        return Lessons(
            slices=np.stack([shard.slices[at] for shard, at in picks]),
            vectors=np.stack([shard.vectors[at] for shard, at in picks]),
        )


def cosine_to_target(model: keras.Model, lessons: Lessons, target: Target) -> float:
    """Mean cosine between the network's vectors and the target's."""
    heard = lessons.slices.astype(np.float32) / np.float32(255.0)
    vectors = model.predict(heard, batch_size=128, verbose=0)
    return float(np.mean(np.sum(vectors * target.of(lessons.vectors), axis=1)))


def constant_cosine(learned: NDArray[Any], lessons: Lessons, target: Target) -> float:
    """What the best constant answer would score: the mean direction of the targets learned from."""
    constant = target.of(learned).mean(axis=0)
    constant /= np.linalg.norm(constant)
    return float(np.mean(target.of(lessons.vectors) @ constant))


def train(trainer: Trainer, lessons: GrowingLessons, *, check: Lessons | None = None, stop: Path | None = None) -> None:
    """Train until the time is spent, or the file ``stop`` appears; save, and look for new lessons, every minute."""
    rng = np.random.default_rng([trainer.spec.seed, trainer.steps])
    losses: list[float] = []
    saves, saved = 0, time.monotonic()
    while trainer.progress < 1.0 and not (stop is not None and stop.exists()):
        batch = lessons.batch(trainer.spec.batch, rng)
        losses.append(trainer.step(batch.slices, batch.vectors))
        if time.monotonic() - saved >= _SAVE_S:
            trainer.save()
            lessons.refresh()
            saves += 1
            _report(trainer, len(lessons), losses, check if saves % _SAVES_A_CHECK == 0 else None)
            losses, saved = [], time.monotonic()
    trainer.save()
    _report(trainer, len(lessons), losses, check)


def _report(trainer: Trainer, count: int, losses: Sequence[float], check: Lessons | None) -> None:
    """One line in the log: how far, how well on its own lessons, how well on held-out ones."""
    held_out = math.nan if check is None else cosine_to_target(trainer.finished_model(), check, trainer.target)
    log.info(
        "step %d, %.1f %% of the time, %d lessons, loss %.4f, held-out cosine %.4f",
        *(trainer.steps, 100.0 * trainer.progress, count, float(np.mean(losses or [math.nan])), held_out),
    )
