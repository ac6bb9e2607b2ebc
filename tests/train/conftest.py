"""Made-up music for the training's tests: short, seeded, and of two clearly different kinds."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from segue.config import SPECCY_MEL
from segue.train.corpus import Recording, write_array
from tests.embed.ears.standin import random_weights


@pytest.fixture(scope="session")
def teacher_weights() -> dict[str, np.ndarray]:
    """Random weights under MusiCNN's names."""
    return random_weights()


@pytest.fixture(scope="session")
def teacher_folder(teacher_weights: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint as the package musicnn keeps it, of random weights."""
    path = tmp_path_factory.mktemp("teacher")
    names = sorted(teacher_weights)
    tf.raw_ops.SaveV2(
        prefix=str(path / "m"),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[teacher_weights[n] for n in names],
    )
    shutil.move(path / "m.index", path / ".index")
    shutil.move(path / "m.data-00000-of-00001", path / ".data-00000-of-00001")
    return path


def _tone(rng: np.random.Generator, seconds: float) -> np.ndarray:
    times = np.arange(int(seconds * SPECCY_MEL.sample_rate_hz)) / SPECCY_MEL.sample_rate_hz
    low_hz = rng.uniform(80.0, 400.0)
    return sum(np.sin(2 * np.pi * low_hz * k * times) / k for k in range(1, 6)) * 0.2


def _noise(rng: np.random.Generator, seconds: float) -> np.ndarray:
    return rng.standard_normal(int(seconds * SPECCY_MEL.sample_rate_hz)) * 0.1


@pytest.fixture
def music(tmp_path: Path) -> list[Recording]:
    """Eight recordings of 12 s: two packages of tones, two of noise."""
    rng = np.random.default_rng(1)
    found = []
    for k in range(8):
        samples = (_tone if k < 4 else _noise)(rng, 12.0)
        path = tmp_path / f"{k}.npy"
        write_array(path, np.round(np.clip(samples, -1, 1) * 32_767).astype(np.int16))
        found.append(Recording(package=f"package-{k // 2}", name=f"track-{k}", array=path, samples=len(samples)))
    return found


def write_wav(path: Path, *, seconds: float, level: float = 0.3, seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    samples = np.round(rng.uniform(-level, level, int(seconds * 8000)) * 32_767).astype("<i2").tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    head = b"RIFF" + (36 + len(samples)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    head += b"\1\0\1\0" + (8000).to_bytes(4, "little") + (16_000).to_bytes(4, "little") + b"\2\0\x10\0"
    path.write_bytes(head + b"data" + len(samples).to_bytes(4, "little") + samples)
    return path
