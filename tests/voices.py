"""Voices that speak: known by construction."""

from __future__ import annotations

import numpy as np
import scipy.signal

from tests.songs import RATE_HZ


def voice(seed: int, *, seconds: float = 12.0, pitch_hz: float = 120.0) -> np.ndarray:
    """Somebody who speaks no language: gliding glottal pulses through moving formants, hisses, and pauses."""
    rng = np.random.default_rng(seed)
    parts: list[np.ndarray] = []
    done, phase = 0, 0.0
    while done < seconds * RATE_HZ:
        syllable, phase = _syllable(rng, pitch_hz, phase)
        pause = np.zeros(int(RATE_HZ * (rng.uniform(0.25, 0.6) if rng.random() < 0.2 else rng.uniform(0.02, 0.07))))
        parts += [syllable, pause]
        done += len(syllable) + len(pause)
    spoken = np.concatenate(parts)[: int(seconds * RATE_HZ)]
    return (0.3 * spoken / np.abs(spoken).max()).astype(np.float32)


def _syllable(rng: np.random.Generator, pitch_hz: float, phase: float) -> tuple[np.ndarray, float]:
    """A hiss, perhaps, and a vowel whose pitch and formants glide."""
    n = int(rng.uniform(0.09, 0.24) * RATE_HZ)
    glide = np.linspace(rng.uniform(0.8, 1.3), rng.uniform(0.8, 1.3), n)
    phases = phase + np.cumsum(2.0 * np.pi * pitch_hz * glide / RATE_HZ)
    source = sum(np.sin(k * phases) / k for k in range(1, 30))
    vowel = np.zeros(n)
    for low_hz, high_hz in ((280, 750), (850, 2300), (2300, 3100)):
        r = np.exp(-np.pi * 90.0 / RATE_HZ)
        place = 2.0 * np.pi * rng.uniform(low_hz, high_hz) / RATE_HZ
        vowel += scipy.signal.lfilter([1.0 - r], [1.0, -2.0 * r * np.cos(place), r * r], source)
    vowel *= np.hanning(n) * rng.uniform(0.4, 1.0) / np.std(vowel)
    if rng.random() < 0.6:
        hiss = scipy.signal.sosfilt(
            scipy.signal.butter(2, 3500.0, "highpass", fs=RATE_HZ, output="sos"),
            rng.standard_normal(int(rng.uniform(0.05, 0.12) * RATE_HZ)),
        )
        vowel = np.concatenate([0.3 * hiss, vowel])
    return vowel, float(phases[-1])
