"""Short songs for tests: real files whose sound differs enough for any ear to tell them apart."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

RATE_HZ = 22_050


def tone_song(seed: int, *, seconds: float = 11.0, bright: bool = False) -> np.ndarray:
    """A seeded arpeggio ``(n,)``; bright ones are an octave and a half higher, noisy and quick."""
    rng = np.random.default_rng(seed)
    n = round(seconds * RATE_HZ)
    samples = np.zeros(n)
    length = round((0.15 if bright else 0.6) * RATE_HZ)
    t = np.arange(length) / RATE_HZ
    for start in range(0, n - length, length):
        pitch_hz = (440.0 if bright else 150.0) * 2 ** (rng.choice([0, 3, 5, 7, 10, 12]) / 12)
        note = sum(np.sin(2 * np.pi * pitch_hz * k * t) / k for k in range(1, 6))
        noise = rng.normal(size=length) * (0.5 if bright else 0.01)
        samples[start : start + length] += (note + noise) * np.exp(-t * (12 if bright else 3))
    return (0.5 * samples / np.abs(samples).max()).astype(np.float32)


def write_song(path: Path, seed: int, *, seconds: float = 11.0, bright: bool = False) -> Path:
    """Write a song as 16-bit WAV and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((tone_song(seed, seconds=seconds, bright=bright) * 32767).astype("<i2").tobytes())
    return path


def write_songs(folder: Path, *, each: int = 3) -> Path:
    """Fill a folder with ``each`` dark and ``each`` bright songs by different artists, and return it."""
    for number in range(each):
        write_song(folder / "dark" / f"Dark {number} - Low {number}.wav", number)
        write_song(folder / "bright" / f"Bright {number} - High {number}.wav", 100 + number, bright=True)
    return folder
