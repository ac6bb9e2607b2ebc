"""Made-up music for the training's tests: short, seeded, and of two clearly different kinds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segue.config import SPECCY_MEL
from segue.train.corpus import Recording, write_array


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
