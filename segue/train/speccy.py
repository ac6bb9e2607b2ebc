"""Speccy learns from tracks and their vectors: a slice should point where its track lies. Any Keras backend."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from segue.errors import FileAccessError, ModelError, ParameterError
from segue.files import atomic_write
from segue.train.architectures import DIMENSION, build, front_end
from segue.train.diary import Diary
from segue.train.losses import make_loss
from segue.train.options import LearnSpec
from segue.train.spoil import spoil
from segue.train.tracks import LearnTrack, Split, TrackSet
from segue.values import Floats

log = logging.getLogger(__name__)

_LAST_RATE = 0.01  # of the highest
_STATE = ("best", "best_epoch", "epochs", "spent_s", "learned_slices")


@dataclass(frozen=True, slots=True)
class Score:
    """How well slices of held-out artists point at their tracks: the mean over tracks of a slice's cosine."""

    cosine: float
    constant: float  # what the best constant answer scores: the mean direction of the tracks learned from
    tracks: float  # the cosine of whole tracks, each the mean of its slices

    @property
    def ratio(self) -> float:
        """How many times the constant answer's cosine; infinite where that is nothing."""
        return self.cosine / self.constant if self.constant > 0.0 else math.inf

    def __str__(self) -> str:
        return (
            f"validation cosine {self.cosine:.4f}, constant answer {self.constant:.4f}, ratio {self.ratio:.3f}, "
            f"whole tracks {self.tracks:.4f}"
        )


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one epoch came to."""

    number: int
    of: int
    loss: float
    score: Score
    is_best: bool


OnEpoch = Callable[[Epoch], None]


class SpeccyTrainer:
    """One training, which may be killed at any moment and goes on after the last whole epoch."""

    def __init__(
        self, folder: Path, split: Split, spec: LearnSpec, *, start: Callable[[keras.Model], None] | None = None
    ) -> None:
        """Start anew in ``folder``, with the weights that ``start`` sets, or go on from the checkpoint there.

        Raises
        ------
        ParameterError
            If the vectors are not of Speccy's dimension, or the slices not what the network hears.
        ModelError
            If the checkpoint is damaged, of another architecture, or learned from other tracks.
        """
        self.spec, self.split, self.folder = spec, split, folder
        _check(split, spec)
        keras.utils.set_random_seed(spec.seed)
        keras.mixed_precision.set_dtype_policy(spec.precision)
        try:
            self.model = build(spec.arch)
        finally:
            keras.mixed_precision.set_dtype_policy("float32")
        if start is not None and not self._path.is_file():
            start(self.model)
        loss = make_loss(spec.loss, margin=spec.margin, similarity_weight=spec.similarity_weight)
        optimizer = keras.optimizers.AdamW(learning_rate=spec.rate, weight_decay=spec.weight_decay)
        self.model.compile(optimizer=optimizer, loss=loss)
        self.model.optimizer.build(self.model.trainable_variables)
        self.best_weights: list[NDArray[Any]] = self.model.get_weights()
        self.best, self.best_epoch, self.epochs = -math.inf, 0, 0
        self.spent_s, self.learned_slices = 0.0, 0
        if self._path.is_file():
            self._resume()

    @property
    def is_done(self) -> bool:
        """Whether the epochs or the minutes are spent, or nothing has become better for too long."""
        spec = self.spec
        tired = self.epochs - self.best_epoch >= spec.patience
        late = spec.minutes > 0.0 and self.spent_s >= 60.0 * spec.minutes
        return self.epochs >= spec.epochs or late or (tired and self.epochs > 0)

    def train(self, on_epoch: OnEpoch | None = None) -> Score:
        """Learn until it is done, and return the score of the best weights.

        Raises
        ------
        ModelError
            If the loss becomes anything but a number.
        """
        diary = Diary(self.folder / "logs")
        while not self.is_done:
            epoch = self._epoch()
            log.info("epoch %d of %d: loss %.4f, %s", epoch.number, epoch.of, epoch.loss, epoch.score)
            score = epoch.score
            rates = {"loss": epoch.loss, "validation cosine": score.cosine, "ratio": score.ratio, "rate": self._rate()}
            diary.write(self.epochs, rates)
            if on_epoch is not None:
                on_epoch(epoch)
        return measure(self.finished_model(), self.split, self.spec)

    def finished_model(self) -> keras.Model:
        """The network with the best weights, in float32."""
        model = build(self.spec.arch)
        model.set_weights(self.best_weights)
        return model

    @property
    def _path(self) -> Path:
        return self.folder / "checkpoint.npz"

    def _epoch(self) -> Epoch:
        began = time.monotonic()
        self.model.optimizer.learning_rate = self._rate()
        batches = Batches(self.split.learn, self.spec, self.epochs)
        left = 60.0 * self.spec.minutes - self.spent_s if self.spec.minutes else math.inf
        watch = _Watch(batches, self._path, began + left)
        history = self.model.fit(
            batches.feed(), steps_per_epoch=batches.count, shuffle=False, verbose=0, callbacks=[watch]
        )
        score = measure(self.model, self.split, self.spec)
        self.epochs += 1
        is_best = score.cosine > self.best
        if is_best:
            self.best, self.best_epoch, self.best_weights = score.cosine, self.epochs, self.model.get_weights()
        self.learned_slices += batches.size * watch.batches_done
        self.spent_s += time.monotonic() - began
        self._save()
        return Epoch(self.epochs, self.spec.epochs, float(history.history["loss"][-1]), score, is_best)

    def _rate(self) -> float:
        """Low in the first epoch, then down along a cosine, by the epochs or the minutes, whichever are nearer over."""
        spec = self.spec
        if self.epochs == 0:
            return 0.2 * spec.rate
        done = self.epochs / spec.epochs
        if spec.minutes:
            done = max(done, self.spent_s / (60.0 * spec.minutes))
        wave = 0.5 * (1.0 + math.cos(math.pi * min(1.0, done)))
        return spec.rate * (_LAST_RATE + (1.0 - _LAST_RATE) * wave)

    def _identity(self) -> dict[str, Any]:
        """What must be the same for the checkpoint to be gone on from."""
        both = (self.split.learn, self.split.held_out)
        keys = [[track.key for track in part.tracks] for part in both]
        vectors = hashlib.blake2b(b"".join(part.targets.astype("<f4").tobytes() for part in both), digest_size=8)
        return {"arch": self.spec.arch, "loss": self.spec.loss, "tracks": keys, "vectors": vectors.hexdigest()}

    def _save(self) -> None:
        arrays = {f"weight-{k}": value for k, value in enumerate(self.model.get_weights())}
        arrays |= {f"best-{k}": value for k, value in enumerate(self.best_weights)}
        state = [keras.ops.convert_to_numpy(value) for value in self.model.optimizer.variables]
        arrays |= {f"optimizer-{k}": value for k, value in enumerate(state)}
        facts = {name: getattr(self, name) for name in _STATE}
        with atomic_write(self._path) as partial, partial.open("wb") as file:
            np.savez(file, identity=json.dumps(self._identity()), facts=json.dumps(facts), **arrays)

    def _resume(self) -> None:
        try:
            with self._path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                self._compare(json.loads(str(stored["identity"])))
                self.model.set_weights(_numbered(stored, "weight"))
                self.best_weights = _numbered(stored, "best")
                for variable, value in zip(self.model.optimizer.variables, _numbered(stored, "optimizer"), strict=True):
                    variable.assign(value)
                for name, value in json.loads(str(stored["facts"])).items():
                    setattr(self, name, value)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ModelError(
                f"the checkpoint is damaged ({error})", remedy="Delete it to begin anew", path=self._path
            ) from error
        log.info("going on after epoch %d", self.epochs)

    def _compare(self, theirs: dict[str, Any]) -> None:
        ours = self._identity()
        for name, what in (("arch", "the architecture"), ("loss", "the loss")):
            if theirs[name] != ours[name]:
                raise ModelError(
                    f"the checkpoint is of {what} {theirs[name]}, not {ours[name]}",
                    remedy=f"Choose another work folder, or --{name} {theirs[name]}",
                    path=self._path,
                )
        if theirs["tracks"] != ours["tracks"]:
            raise ModelError(
                f"the checkpoint learned from {len(theirs['tracks'][0])} tracks, which are not these "
                f"{len(ours['tracks'][0])}",
                remedy="Choose another work folder, or give the same music and vectors",
                path=self._path,
            )
        if theirs["vectors"] != ours["vectors"]:
            raise ModelError(
                "the checkpoint learned other vectors of the same tracks",
                remedy="Choose another work folder, or give the same vectors",
                path=self._path,
            )


class Batches:
    """The batches of one epoch; the same seed and epoch give the same ones."""

    def __init__(self, tracks: TrackSet, spec: LearnSpec, epoch: int) -> None:
        """Draw some slices of each track, so that long tracks count no more than short ones, and shuffle them."""
        self._tracks, self._spec, self._epoch = tracks, spec, epoch
        self._rng = np.random.default_rng([spec.seed, epoch])
        drawn = [
            (row, int(at))
            for row, track in enumerate(tracks.tracks)
            for at in self._rng.permutation(track.slices)[: spec.slices_a_track]
        ]
        self.size = min(spec.batch, len(drawn))
        self.count = min(len(drawn) // self.size, spec.epoch_batches)
        self._order = [drawn[k] for k in self._rng.permutation(len(drawn))[: self.count * self.size]]
        mel = front_end(spec.arch)
        self._shape = (self.size, mel.mel_bands, mel.slice_frames)
        self.failure: OSError | None = None

    def __iter__(self) -> Iterator[tuple[Floats, Floats]]:
        for at in range(0, len(self._order), self.size):
            part = self._order[at : at + self.size]
            try:
                heard = np.stack([self._slice(row, place) for row, place in part])
            except OSError as error:  # raised here it would reach nobody: TensorFlow turns it into a riddle
                self.failure = error
                heard = np.zeros(self._shape, np.float32)
            yield heard, self._tracks.targets[[row for row, _ in part]]

    def feed(self) -> Any:
        """The batches as tf.data, drawn while the network learns; without TensorFlow, one after the other."""
        try:
            import tensorflow as tf
        except ImportError:
            return iter(self)
        signature = (
            tf.TensorSpec(self._shape, tf.float32),
            tf.TensorSpec((self.size, self._tracks.targets.shape[1]), tf.float32),
        )
        return tf.data.Dataset.from_generator(lambda: iter(self), output_signature=signature).prefetch(4)

    def _slice(self, row: int, place: int) -> Floats:
        return spoil(self._tracks.tracks[row].read([place])[0], self._spec.spoil, self._rng)


class _Watch(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Ends the training where a slice is missing or the loss is no number, and the epoch where the time is over."""

    def __init__(self, batches: Batches, path: Path, until: float) -> None:
        super().__init__()
        self._batches, self._path, self._until = batches, path, until
        self.batches_done = 0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at the feed, the loss and the clock."""
        self.batches_done += 1
        if self._batches.failure is not None:
            raise FileAccessError(
                f"the cache of slices could not be read ({self._batches.failure})",
                remedy="Start again: it is made anew",
            ) from self._batches.failure
        loss = float((logs or {}).get("loss", 0.0))
        if not math.isfinite(loss):
            raise ModelError(
                f"the loss became {loss} at batch {batch + 1} of the epoch",
                remedy="Lower --rate, or train in float32; the last checkpoint is good",
                path=self._path,
            )
        if time.monotonic() > self._until:
            self.model.stop_training = True


def measure(model: keras.Model, split: Split, spec: LearnSpec) -> Score:
    """Score a network on the held-out artists."""
    held_out = split.held_out
    heard = encode_tracks(model, held_out.tracks, spec)
    constant = split.learn.targets.mean(axis=0)
    constant /= max(float(np.linalg.norm(constant)), 1e-9)
    whole = np.stack([vectors.mean(axis=0) for vectors in heard])
    whole /= np.maximum(np.linalg.norm(whole, axis=1, keepdims=True), 1e-9)
    by_slice = [float((vectors @ target).mean()) for vectors, target in zip(heard, held_out.targets, strict=True)]
    return Score(
        cosine=float(np.mean(by_slice)),
        constant=float((held_out.targets @ constant).mean()),
        tracks=float((whole * held_out.targets).sum(axis=1).mean()),
    )


def encode_tracks(model: keras.Model, tracks: Sequence[LearnTrack], spec: LearnSpec) -> list[Floats]:
    """The vectors (s, 100) of up to ``slices_a_track`` slices of each track, spread evenly over it."""
    rows = [np.linspace(0, t.slices - 1, min(t.slices, spec.slices_a_track)).round().astype(np.int64) for t in tracks]
    ends = np.cumsum([len(places) for places in rows])
    vectors: list[Floats] = []
    held: list[Floats] = []
    for number, (track, places) in enumerate(zip(tracks, rows, strict=True)):
        held += list(track.read(places))
        while len(held) >= spec.batch or (held and number == len(tracks) - 1):
            part, held = held[: spec.batch], held[spec.batch :]
            fill = [part[-1]] * (spec.batch - len(part))  # always one shape, so that nothing is compiled twice
            found = keras.ops.convert_to_numpy(model.predict_on_batch(np.stack(part + fill)))
            vectors.append(np.asarray(found[: len(part)], np.float32))
    return np.split(np.concatenate(vectors), ends[:-1])


def use_all_devices(batch: int) -> int:
    """Let every GPU or TPU learn from its part of each batch; return how many devices there are.

    Raises
    ------
    ParameterError
        If ``batch`` cannot be shared evenly among them.
    """
    devices = keras.distribution.list_devices()
    if len(devices) < 2:
        return len(devices)
    if keras.backend.backend() != "jax":  # Keras distributes data with JAX alone
        log.warning("one of %d devices is used; KERAS_BACKEND=jax uses all", len(devices))
        return 1
    if batch % len(devices):
        raise ParameterError(
            f"a batch of {batch} slices cannot be shared among {len(devices)} devices",
            remedy=f"Give --batch {batch - batch % len(devices) or len(devices)}",
        )
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    log.info("each batch is shared among %d devices", len(devices))
    return len(devices)


def _check(split: Split, spec: LearnSpec) -> None:
    wide = split.learn.targets.shape[1]
    if wide != DIMENSION:
        raise ParameterError(
            f"the vectors have {wide} numbers, and Speccy's {DIMENSION}", remedy=f"Train them with --size {DIMENSION}"
        )
    mel = front_end(spec.arch)
    if any(track.mel != mel for part in (split.learn, split.held_out) for track in part.tracks):
        raise ParameterError(f"{spec.arch} hears other slices than these", remedy="Hear the tracks for it anew")


def _numbered(stored: Any, name: str) -> list[NDArray[Any]]:
    """The arrays ``name-0``, ``name-1`` and so on of a checkpoint."""
    count = sum(key.startswith(f"{name}-") for key in stored.files)
    return [stored[f"{name}-{k}"] for k in range(count)]
