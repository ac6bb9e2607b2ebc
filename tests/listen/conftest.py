from __future__ import annotations

import subprocess
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from segue.values import Floats

RATE_HZ = 44_100


def sweep(seconds: float, *, rate_hz: int = RATE_HZ) -> Floats:
    """A logarithmic sweep from 60 Hz to 8 kHz at half of full scale, with a little seeded noise."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    phase = 2 * np.pi * 60 * seconds / np.log(8000 / 60) * (np.exp(t / seconds * np.log(8000 / 60)) - 1)
    noise = np.random.default_rng(0).normal(size=len(t))
    return (0.5 * np.sin(phase) + 0.001 * noise).astype(np.float32)


def write_wav(path: Path, samples: Floats, *, rate_hz: int = RATE_HZ) -> Path:
    """Write ``(n,)`` or ``(n, c)`` samples as 16-bit PCM."""
    data = samples if samples.ndim == 2 else samples[:, None]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(data.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((np.clip(data, -1, 1) * 32767).round().astype("<i2").tobytes())
    return path


Encode = Callable[..., Path]


@pytest.fixture(scope="session")
def encode(tmp_path_factory: pytest.TempPathFactory) -> Encode:
    """Encode a 12-second sweep with the system's ffmpeg under a name, with further options."""
    folder = tmp_path_factory.mktemp("encoded")
    source = write_wav(folder / "source.wav", sweep(12.0))

    def run(name: str, *options: str, before: tuple[str, ...] = ()) -> Path:
        target = folder / name
        command = ["ffmpeg", "-v", "error", "-y", *before, "-i", str(source), *options, f"file:{target}"]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return target

    return run
