"""Tags for an ear: a linear head on its slice vectors, fitted to what the teacher says of the same windows."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segue.config import TAGGING
from segue.embed.encoder import Ear, Encoder
from segue.embed.tagger import group_of, logit, sigmoid, write_tagger
from segue.errors import FileAccessError, ParameterError
from segue.train.shards import read_shard, shard_paths
from segue.train.teacher import TAGS, Teacher
from segue.values import Floats

log = logging.getLogger(__name__)

_NEWTON_STEPS = 25
_STILL = 1e-4  # a step of Newton's method that changes nothing any more
_TINY = 1e-9
Flags = NDArray[np.bool_]
Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TagLayer:
    """The teacher's last layer: ``kernel`` (200, 50) and ``bias`` (50,) give the logits of the tags in ``names``."""

    names: tuple[str, ...]
    kernel: Floats
    bias: Floats

    def probabilities(self, vectors: NDArray[np.generic]) -> Floats:
        """The teacher's tags ``(n, 50)`` from its vectors ``(n, 200)``."""
        return sigmoid(vectors.astype(np.float32) @ self.kernel + self.bias)


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """Windows as the ear places them, ``vectors`` (n, d), and what the teacher says of them, ``tags`` (n, 50)."""

    vectors: Floats
    tags: Floats

    def __len__(self) -> int:
        return len(self.vectors)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A head for all of the teacher's tags: ``kernel`` (d, 50) and ``bias`` (50,)."""

    kernel: Floats
    bias: Floats

    def probabilities(self, vectors: Floats) -> Floats:
        """What the head says of slices: (n, 50)."""
        return sigmoid(vectors @ self.kernel + self.bias)


def layer_of(teacher: Teacher) -> TagLayer:
    """The layer with which a teacher names tags."""
    kernel, bias = teacher.tag_layer()
    return TagLayer(TAGS, kernel, bias)


def fit_tags(ear: Ear, lessons: Path, *, held_out: Path, layer: TagLayer) -> dict[str, float]:
    """Fit a tag head to an ear, measure it on held-out lessons, write it beside the ear, and return its scores.

    Parameters
    ----------
    ear : Ear
        The ear that gets the tags; its network is run over the lessons.
    lessons, held_out : Path
        Folders of shards to learn from, and of shards that no training touched.
    layer : TagLayer
        The teacher's.

    Returns
    -------
    dict of str to float
        ``tags`` kept, ``windows`` learned from and, on the held-out windows, ``tags_map`` (mean average precision for
        what the teacher says), ``tags_correlation`` of probabilities over all 50 tags, ``tags_precision`` and
        ``tags_recall`` of the confident tags.

    Raises
    ------
    FileAccessError
        If a folder holds no shards.
    ParameterError
        If no tag can be told with the precision that `TaggingSpec` asks for.
    """
    encoder = Encoder(ear)
    learned, unseen = _gather(encoder, lessons, layer), _gather(encoder, held_out, layer)
    says = floors(learned.tags, layer.names)
    thresholds = _thresholds(learned, says)
    kept = np.flatnonzero(np.isfinite(thresholds))
    if not len(kept):
        raise ParameterError("no tag can be told with any certainty", remedy="Give more lessons, or a better ear")
    fit = fit_head(learned)
    scores = _scores(fit.probabilities(unseen.vectors), unseen.tags, says, thresholds)
    scores |= {"tags": float(len(kept)), "windows": float(len(learned))}
    names = [layer.names[k] for k in kept]
    card = {
        "names": names,
        "says": {name: round(float(says[k]), 4) for name, k in zip(names, kept, strict=True)},
        "left_out": [name for k, name in enumerate(layer.names) if k not in kept],
        "scores": scores,
    }
    write_tagger(
        ear, kernel=fit.kernel[:, kept], bias=fit.bias[kept], thresholds=thresholds[kept].astype(np.float32), card=card
    )
    log.info("%d of %d tags are told: %s", len(kept), len(layer.names), scores)
    return scores


def fit_head(said: Said) -> Fit:
    """Fit the head: a ridge regression of the teacher's logits, then a scale and a shift that set each tag right.

    Parameters
    ----------
    said : Said
        What to learn from.

    Returns
    -------
    Fit
        In closed form but for the two numbers a tag, which Newton's method finds (Platt, "Probabilistic outputs for
        support vector machines", 1999).
    """
    wide = np.concatenate([said.vectors, np.ones((len(said), 1), np.float32)], axis=1)  # (n, d + 1)
    penalty = TAGGING.ridge * len(said) * np.eye(wide.shape[1])
    penalty[-1, -1] = 0.0
    weights = np.linalg.solve((wide.T @ wide).astype(np.float64) + penalty, wide.T @ logit(said.tags))
    scale, shift = _calibrate(wide @ weights, said.tags)
    return Fit(
        kernel=np.asarray(weights[:-1] * scale, np.float32), bias=np.asarray(weights[-1] * scale + shift, np.float32)
    )


def floors(tags: Floats, names: tuple[str, ...]) -> Reals:
    """From what probability on the teacher "says" each tag: (50,).

    Listeners name moods more rarely than genres, so that the teacher, which learned to expect as much, never finds them
    as probable: it says a mood where it finds it three times as probable as on average.
    """
    usual = tags.mean(axis=0)
    found = np.full(len(names), TAGGING.says)
    for k, name in enumerate(names):
        if group_of(name) == "mood":
            found[k] = np.clip(TAGGING.mood_lift * usual[k], TAGGING.says_mood, TAGGING.says)
    return found


def average_precision(scores: Floats, wanted: Flags) -> float:
    """Area under precision over recall for ``(n,)`` scores, as the mean of the precision at each wanted one."""
    hits = wanted[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean()) if hits.any() else float("nan")


def _gather(encoder: Encoder, folder: Path, layer: TagLayer) -> Said:
    """Let the ear hear the shards, one at a time, up to as many windows as a fit needs."""
    vectors, tags, count = [], [], 0
    for path in shard_paths(folder):
        lessons = read_shard(path)
        vectors.append(encoder.encode_stream(_as_heard(lessons.slices)))
        tags.append(layer.probabilities(lessons.vectors))
        count += len(lessons.slices)
        if count >= TAGGING.most_windows:
            break
    if not vectors:
        raise FileAccessError("there are no lessons", remedy="Let the labelling run first", path=folder)
    return Said(np.concatenate(vectors), np.concatenate(tags))


def _as_heard(slices: NDArray[np.uint8]) -> Iterator[Floats]:
    for one in slices:
        yield one.astype(np.float32) / np.float32(255.0)


def _calibrate(logits: Reals, tags: Floats) -> tuple[Reals, Reals]:
    """Scale and shift, each (50,), with which the sigmoid of the logits ``(n, 50)`` fits the teacher's tags best."""
    scale, shift = np.ones(tags.shape[1]), np.zeros(tags.shape[1])
    for _ in range(_NEWTON_STEPS):
        found = sigmoid(logits * scale + shift)
        slope, error = found * (1.0 - found), found - tags
        a, b, c = (slope * logits**2).sum(0) + _TINY, (slope * logits).sum(0), slope.sum(0) + _TINY
        right, left = (error * logits).sum(0), error.sum(0)
        steps = np.stack([c * right - b * left, a * left - b * right]) / (a * c - b * b)
        scale, shift = scale - steps[0], shift - steps[1]
        if np.abs(steps).max() < _STILL:
            break
    return np.asarray(scale), np.asarray(shift)


def _thresholds(said: Said, says: Reals) -> Reals:
    """From what probability on the head is right often enough: (50,), infinite where it never is or nobody asks.

    Each part of the windows is judged by a head that was fitted to the others. What the teacher would have to say is
    the least: where a tag is common, a guess would be right often enough.
    """
    part = np.arange(len(said)) * TAGGING.folds // len(said)
    found = np.zeros_like(said.tags)
    for k in range(TAGGING.folds):
        inside = part == k
        fit = fit_head(Said(said.vectors[~inside], said.tags[~inside]))
        found[inside] = fit.probabilities(said.vectors[inside])
    wanted = said.tags >= says
    common = wanted.mean(axis=0) >= TAGGING.least_share
    lowest = [threshold_for(found[:, k], wanted[:, k]) if common[k] else np.inf for k in range(found.shape[1])]
    return np.maximum(lowest, says)


def threshold_for(scores: Floats, wanted: Flags) -> float:
    """The lowest score ``(n,)`` at and above which enough are wanted; infinite where that finds too few of them."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(wanted[order])
    good = np.flatnonzero(
        (hits / np.arange(1, len(hits) + 1) >= TAGGING.precision) & (hits >= TAGGING.least_recall * hits[-1])
    )
    return float(scores[order[good[-1]]]) if len(good) and hits[-1] else float("inf")


def _scores(found: Floats, tags: Floats, says: Reals, thresholds: Reals) -> dict[str, float]:
    """How the head agrees with the teacher on windows that neither it nor the ear was fitted to."""
    kept = np.isfinite(thresholds)
    wanted, given = (tags >= says)[:, kept], (found >= thresholds)[:, kept]
    heard = wanted.sum(axis=0) >= TAGGING.least_positives
    precisions = [average_precision(f, w) for f, w in zip(found[:, kept].T[heard], wanted.T[heard], strict=True)]
    moving = (found.std(axis=0) > 0.0) & (tags.std(axis=0) > 0.0)
    correlations = [np.corrcoef(f, t)[0, 1] for f, t in zip(found.T[moving], tags.T[moving], strict=True)]
    both = float((wanted & given).sum())
    measured: Mapping[str, float] = {
        "tags_map": float(np.mean(precisions)) if precisions else float("nan"),
        "tags_measured": float(heard.sum()),
        "tags_correlation": float(np.mean(correlations)),
        "tags_precision": both / max(1.0, float(given.sum())),
        "tags_recall": both / max(1.0, float(wanted.sum())),
    }
    return {name: round(value, 4) for name, value in measured.items()}
