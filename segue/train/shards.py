"""Lessons on disk: what Speccy hears of each window, and what the teacher says of it; made ahead, resumably."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segue.config import MUSICNN_MEL, SPECCY_MEL
from segue.errors import FileAccessError
from segue.listen.mel import single_slice
from segue.train.augment import Augmenter, Window
from segue.values import Floats

if TYPE_CHECKING:
    from segue.train.teacher import Teacher  # TensorFlow, which training from lessons needs as little as Keras does

log = logging.getLogger(__name__)

SHARD_WINDOWS = 512
_TEACHER_BATCH = 16


@dataclass(frozen=True, slots=True)
class Lessons:
    """Windows as Speccy hears them, ``slices`` (n, 96, 216) uint8, and the teacher's ``vectors`` (n, 200) float16."""

    slices: NDArray[np.uint8]
    vectors: NDArray[np.float16]


def make_lessons(augmenter: Augmenter, teacher: Teacher, *, rng: np.random.Generator, count: int) -> Lessons:
    """Draw ``count`` windows and let the teacher label them."""
    slices = np.empty((count, SPECCY_MEL.mel_bands, SPECCY_MEL.slice_frames), np.uint8)
    vectors = np.empty((count, 200), np.float16)
    for at in range(0, count, _TEACHER_BATCH):
        heard: list[Floats] = []
        for place in range(at, min(at + _TEACHER_BATCH, count)):
            speccy_hears, teacher_hears = _hear(augmenter, rng)
            slices[place] = np.round(speccy_hears * 255.0)
            heard.append(teacher_hears)
        vectors[at : at + len(heard)] = teacher.hear(np.stack(heard)).vectors
    return Lessons(slices=slices, vectors=vectors)


def window_slices(window: Window) -> tuple[Floats, Floats] | None:
    """What Speccy, ``(96, 216)``, and the teacher, ``(96, 313)``, hear of a window; None where it is silent."""
    ours, theirs = single_slice(window.samples, SPECCY_MEL), single_slice(window.teacher_samples, MUSICNN_MEL)
    return None if ours is None or theirs is None else (ours, theirs)


def write_shard(folder: Path, number: int, lessons: Lessons) -> Path:
    """Write a numbered shard: beside its place first, so that a reader never meets half a shard."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"shard-{number:05d}.npz"
    partial = folder / f".{path.name}"
    with partial.open("wb") as file:
        np.savez(file, slices=lessons.slices, vectors=lessons.vectors)
    partial.replace(path)
    return path


def read_shard(path: Path) -> Lessons:
    """Read one shard."""
    with np.load(path) as stored:
        return Lessons(slices=stored["slices"], vectors=stored["vectors"])


def shard_paths(folder: Path) -> list[Path]:
    """The finished shards, in order."""
    return sorted(folder.glob("shard-*.npz"))


def read_all(folder: Path) -> Lessons:
    """Read every finished shard."""
    paths = shard_paths(folder)
    if not paths:
        raise FileAccessError("there are no lessons yet", remedy="Let the labelling run first", path=folder)
    parts = [read_shard(path) for path in paths]
    return Lessons(np.concatenate([p.slices for p in parts]), np.concatenate([p.vectors for p in parts]))


def iter_numbers(folder: Path, *, start: int, step: int) -> Iterator[int]:
    """Numbers of shards that are still to be made: ``start``, ``start + step``, ... without those that exist."""
    number = start
    while True:
        if not (folder / f"shard-{number:05d}.npz").is_file():
            yield number
        number += step


def log_rate(began: float, windows: int) -> None:
    """Log how many windows have been labelled, and how fast."""
    seconds = time.monotonic() - began
    log.info("%d windows labelled, %.1f a second", windows, windows / max(seconds, 1e-9))


def _hear(augmenter: Augmenter, rng: np.random.Generator) -> tuple[Floats, Floats]:
    while True:
        heard = window_slices(augmenter.draw(rng))
        if heard is not None:
            return heard
