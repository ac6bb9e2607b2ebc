"""Fine-tuning: an ear goes on learning, pulled towards a user's playlists and held near what it was."""

from __future__ import annotations

import logging
import math
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from segue.embed.encoder import Ear, Encoder
from segue.errors import ModelError, ParameterError
from segue.files import atomic_write
from segue.train.options import LearnSpec
from segue.train.speccy import encode_tracks
from segue.train.tracks import LearnTrack
from segue.values import Floats

log = logging.getLogger(__name__)

OnProgress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True)
class TuneSpec:
    """The numbers of a fine-tuning."""

    playlist_weight: float = 0.5  # the pull towards Track2Vec; the rest is the pull towards the ear as it was
    rate: float = 3e-4
    weight_decay: float = 1e-4
    batch: int = 32
    epochs: int = 8
    patience: int = 2  # epochs without a better validation
    slices_an_epoch: int = 4  # of each track, drawn anew
    minutes: float = 40.0  # no further epoch begins if it would end later; 0: no limit
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for name in ("batch", "epochs", "patience", "slices_an_epoch"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name} is {getattr(self, name)}", remedy="Give 1 or more")
        for name in ("playlist_weight", "rate"):
            if not 0.0 < getattr(self, name) <= 1.0:
                raise ParameterError(f"{name} is {getattr(self, name)}", remedy="Give more than 0, at most 1")
        if not (self.minutes >= 0.0 and self.weight_decay >= 0.0):
            raise ParameterError("minutes or weight_decay is negative", remedy="Give 0 or more")


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Tracks with what the ear made of their slices, (s, 100) each, and where playlists pull those that have a pull."""

    tracks: tuple[LearnTrack, ...]
    heard: list[Floats]
    targets: Mapping[str, Floats]  # by a track's key

    @property
    def pulled(self) -> list[int]:
        """The rows of the tracks that playlists pull."""
        return [row for row, track in enumerate(self.tracks) if track.key in self.targets]


@dataclass(frozen=True, slots=True)
class Validation:
    """On artists never learned from: mean cosine to where playlists pull, and to what the ear said before."""

    playlists: float
    before: float
    weight: float

    @property
    def score(self) -> float:
        """Both, weighted as in the training: what decides whether the fine-tuning has helped."""
        return self.weight * self.playlists + (1.0 - self.weight) * self.before


@dataclass(frozen=True, slots=True)
class Tuned:
    """How a fine-tuning went; ``best_epoch`` 0 means that the ear stays as it was."""

    first: Validation
    best: Validation
    best_epoch: int
    epochs: int
    seconds: float
    slices: int  # gone through in all epochs


def listen_again(ear: Ear, tracks: Sequence[LearnTrack], folder: Path, *, on_progress: OnProgress) -> list[Floats]:
    """What an ear makes of the cached slices of each track, (s, 100); kept in ``folder``, and only looked up again."""
    encoder = Encoder(ear)
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for done, track in enumerate(tracks):
        on_progress("hearing", done, len(tracks))
        path = folder / f"{track.array.stem}-{ear.fingerprint.model}.npy"
        if not path.is_file():
            vectors = encoder.encode(track.read())
            with atomic_write(path) as temporary, temporary.open("wb") as file:
                np.save(file, vectors)
        found.append(np.asarray(np.load(path), np.float32))
    on_progress("hearing", len(tracks), len(tracks))
    return found


def turned(vectors: Mapping[str, Floats], heard: Mapping[str, Floats], *, learn: Sequence[str]) -> dict[str, Floats]:
    """Track2Vec vectors in the ear's own space: less their mean, then turned so that they lie nearest to the ear's.

    Parameters
    ----------
    vectors : mapping of str to (k,) float32
        Track2Vec's, unit length.
    heard : mapping of str to (s, d) float32
        The ear's slice vectors of the same tracks.
    learn : sequence of str
        The tracks that the turn is found from; the others are turned alike.

    Returns
    -------
    dict of str to (d,) float32
        Unit vectors.

    Notes
    -----
    The orthogonal Procrustes problem (Schoenemann, 1966): distances between tracks stay what Track2Vec made them.
    """
    middle = np.mean([vectors[key] for key in learn], axis=0)
    ours = np.stack([heard[key].mean(axis=0) for key in learn])
    theirs = _unit(np.stack([vectors[key] for key in learn]) - middle)
    left, _, right = np.linalg.svd(theirs.T @ ours, full_matrices=False)
    turn = left @ right  # (k, d)
    return {key: _unit(((vector - middle) @ turn)[None])[0] for key, vector in vectors.items()}


def fine_tune(
    model: keras.Model,
    learn: Course,
    held_out: Course,
    *,
    spec: TuneSpec | None = None,
    checkpoint: Path,
    on_progress: OnProgress,
) -> Tuned:
    """Let the network learn, and leave in it the weights that did best on the held-out artists, or those it came with.

    Batch normalisation stays as it is. After each epoch a checkpoint is written; a training that was stopped goes on.

    Raises
    ------
    ParameterError
        If playlists pull none of the tracks.
    ModelError
        If the loss is no longer a number, or the checkpoint is of another training.
    """
    spec = spec or TuneSpec()
    for name, course in (("learn from", learn), ("measure on", held_out)):
        if not course.pulled:
            raise ParameterError(f"no track to {name} stands in a playlist", remedy="Give more playlists of the music")
    run = _Run(model, learn, held_out, spec, checkpoint)
    run.resume()
    steps = math.ceil(len(learn.tracks) * spec.slices_an_epoch / spec.batch)
    while run.may_go_on():
        began, losses = time.monotonic(), []
        for step, (slices, wanted) in enumerate(_batches(learn, spec, run.epoch)):
            model.optimizer.learning_rate = run.rate(step / steps)
            losses.append(float(model.train_on_batch(slices, wanted)))
            run.slices += len(slices)
            on_progress(f"epoch {run.epoch + 1} of at most {spec.epochs}", min(step + 1, steps), steps)
            if not math.isfinite(losses[-1]):
                raise ModelError(
                    f"the loss became {losses[-1]} in epoch {run.epoch + 1}",
                    remedy=f"Nothing was written; try a rate lower than {spec.rate:g}",
                )
        run.end_epoch(float(np.mean(losses)), time.monotonic() - began)
    model.set_weights(run.best_weights)
    return Tuned(run.first, run.best, run.best_epoch, run.epoch, run.seconds, run.slices)


class _Run:
    """Where a fine-tuning stands."""

    def __init__(self, model: keras.Model, learn: Course, held_out: Course, spec: TuneSpec, checkpoint: Path) -> None:
        keras.utils.set_random_seed(spec.seed)
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False
        optimizer = keras.optimizers.AdamW(learning_rate=spec.rate, weight_decay=spec.weight_decay, clipnorm=1.0)
        model.compile(optimizer=optimizer, loss=_pull(spec.playlist_weight))
        self.model, self.spec, self._held_out, self._path = model, spec, held_out, checkpoint
        keys = sorted((track.key, track.key in learn.targets) for track in learn.tracks)
        self._identity = repr((asdict(spec), keys, [w.shape for w in model.get_weights()]))
        self.first = self.best = validate(model, held_out, spec)
        self.best_weights: list[Any] = model.get_weights()
        self.best_epoch = self.epoch = self.slices = 0
        self.seconds = 0.0

    def may_go_on(self) -> bool:
        """Whether another epoch may help, and will be over in time."""
        average = self.seconds / max(self.epoch, 1)
        return (
            self.epoch < self.spec.epochs
            and self.epoch - self.best_epoch < self.spec.patience
            and (not self.spec.minutes or self.seconds + average <= self.spec.minutes * 60.0)
        )

    def rate(self, within: float) -> float:
        """The learning rate: up in the first tenth, then down along a cosine."""
        done = (self.epoch + within) / self.spec.epochs
        return self.spec.rate * min(1.0, 0.1 + 9.0 * done) * (0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * done)))

    def end_epoch(self, loss: float, seconds: float) -> None:
        """Measure, remember the best weights, and write the checkpoint."""
        self.epoch += 1
        self.seconds += seconds
        found = validate(self.model, self._held_out, self.spec)
        log.info(
            "epoch %d: loss %.4f, held-out cosine to playlists %.4f, to the ear before %.4f",
            *(self.epoch, loss, found.playlists, found.before),
        )
        if found.score > self.best.score:
            self.best, self.best_weights, self.best_epoch = found, self.model.get_weights(), self.epoch
        self._save()

    def _save(self) -> None:
        arrays = {f"weight-{k}": weight for k, weight in enumerate(self.model.get_weights())}
        arrays |= {f"best-{k}": weight for k, weight in enumerate(self.best_weights)}
        state = {name: getattr(self, name) for name in ("epoch", "best_epoch", "slices", "seconds")}
        figures = np.asarray([self.best.playlists, self.best.before])
        with atomic_write(self._path) as temporary, temporary.open("wb") as file:
            np.savez(file, identity=self._identity, best=figures, **state, **arrays)

    def resume(self) -> None:
        """Go on from the checkpoint, if there is one."""
        if not self._path.is_file():
            return
        try:
            with self._path.open("rb") as file, np.load(file) as stored:
                if str(stored["identity"]) != self._identity:
                    raise ModelError(
                        "the checkpoint there is of other tracks, playlists or numbers",
                        remedy="Delete it, or name another work folder (--work)",
                        path=self._path,
                    )
                count = len(self.best_weights)
                self.model.set_weights([stored[f"weight-{k}"] for k in range(count)])
                self.best_weights = [stored[f"best-{k}"] for k in range(count)]
                self.epoch, self.best_epoch = int(stored["epoch"]), int(stored["best_epoch"])
                self.slices, self.seconds = int(stored["slices"]), float(stored["seconds"])
                playlists, before = (float(figure) for figure in stored["best"])
                self.best = Validation(playlists, before, self.spec.playlist_weight)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ModelError(
                f"the checkpoint is damaged ({error})", remedy="Delete it and start again", path=self._path
            ) from error
        log.info("going on after epoch %d", self.epoch)


def validate(model: keras.Model, course: Course, spec: TuneSpec) -> Validation:
    """The mean cosines of a course, every track with the same weight; all its slices are heard."""
    pulled, before = [], []
    whole = LearnSpec(batch=spec.batch, slices_a_track=max(track.slices for track in course.tracks))
    heard = encode_tracks(model, course.tracks, whole)
    for track, was, now in zip(course.tracks, course.heard, heard, strict=True):
        before.append(float(np.mean(np.sum(now * was, axis=1))))
        if track.key in course.targets:
            pulled.append(float(np.mean(now @ course.targets[track.key])))
    return Validation(float(np.mean(pulled)), float(np.mean(before)), spec.playlist_weight)


def constant_cosine(learn: Course, held_out: Course) -> float:
    """What the best constant answer scores: the mean direction of what is learned, on the held-out artists."""
    aims = np.stack([learn.targets[learn.tracks[row].key] for row in learn.pulled])
    wanted = np.stack([held_out.targets[held_out.tracks[row].key] for row in held_out.pulled])
    return float(np.mean(wanted @ _unit(aims.mean(axis=0, keepdims=True))[0]))


def _pull(weight: float) -> Any:
    """One minus the cosines to where playlists pull (if they do) and to what was heard before, weighted."""

    def loss(wanted: Any, vector: Any) -> Any:
        towards, before, pulled = wanted[:, 0], wanted[:, 1], wanted[:, 2, 0]
        vector = keras.ops.cast(vector, "float32")
        to_playlists = weight * pulled * (1.0 - keras.ops.sum(vector * towards, axis=-1))
        to_before = (1.0 - weight) * (1.0 - keras.ops.sum(vector * before, axis=-1))
        return keras.ops.mean(to_playlists + to_before)

    return loss


def _batches(course: Course, spec: TuneSpec, epoch: int) -> Iterator[tuple[Floats, Floats]]:
    """Slices (b, bands, frames), and what is wanted of them: (b, 3, 100), the pull, the ear's own, and if pulled."""
    rng = np.random.default_rng([spec.seed, epoch])
    picks = [
        (row, int(k))
        for row, track in enumerate(course.tracks)
        for k in rng.permutation(track.slices)[: spec.slices_an_epoch]
    ]
    order = rng.permutation(len(picks))
    for at in range(0, len(order), spec.batch):
        chosen = [picks[k] for k in order[at : at + spec.batch]]
        slices = np.concatenate([course.tracks[row].read([k]) for row, k in chosen])
        before = np.stack([course.heard[row][k] for row, k in chosen])
        towards = np.stack(
            [course.targets.get(course.tracks[row].key, was) for (row, _), was in zip(chosen, before, strict=True)]
        )
        pulled = np.asarray([course.tracks[row].key in course.targets for row, _ in chosen], np.float32)
        yield slices, np.stack([towards, before, np.repeat(pulled[:, None], before.shape[1], axis=1)], axis=1)


def _unit(rows: Any) -> Floats:
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), np.float32)
