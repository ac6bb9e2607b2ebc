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
    return write_samples(path, tone_song(seed, seconds=seconds, bright=bright))


def write_songs(folder: Path, *, each: int = 3) -> Path:
    """Fill a folder with ``each`` dark and ``each`` bright songs by different artists, and return it."""
    for number in range(each):
        write_song(folder / "dark" / f"Dark {number} - Low {number}.wav", number)
        write_song(folder / "bright" / f"Bright {number} - High {number}.wav", 100 + number, bright=True)
    return folder


def band_song(seed: int, *, seconds: float = 36.0) -> np.ndarray:
    """A seeded song ``(n,)`` of two voices and a drum, with a timbre, pitch and pace of its own."""
    rng = np.random.default_rng(1000 + seed)
    n = round(seconds * RATE_HZ)
    samples = np.zeros(n + 4 * RATE_HZ)
    base_hz, pace_s = 110.0 * 2.0 ** rng.uniform(0.0, 2.0), rng.uniform(0.12, 0.7)
    slope, decay, scale = rng.uniform(0.5, 2.5), rng.uniform(1.0, 14.0), rng.permutation(12)[:5]
    drum, hiss = rng.uniform(0.0, 1.2), rng.uniform(0.0, 0.3)
    t = np.arange(int(1.5 * RATE_HZ)) / RATE_HZ
    for beat in range(int(seconds / pace_s)):
        at = int(beat * pace_s * RATE_HZ)
        for octave in (1.0, 0.5):
            pitch_hz = octave * base_hz * 2.0 ** (rng.choice(scale) / 12.0)
            note = sum(np.sin(2 * np.pi * pitch_hz * k * t) / k**slope for k in range(1, 9) if pitch_hz * k < 9000.0)
            samples[at : at + len(t)] += note * np.exp(-t * decay)
        if beat % 2 == 0:
            samples[at : at + len(t)] += drum * np.sin(2 * np.pi * 60.0 * t) * np.exp(-15.0 * t)
        samples[at : at + len(t)] += hiss * rng.standard_normal(len(t)) * np.exp(-40.0 * t)
    return (0.5 * samples[:n] / np.abs(samples[:n]).max()).astype(np.float32)


def write_samples(path: Path, samples: np.ndarray) -> Path:
    """Write mono samples as 16-bit WAV and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path
