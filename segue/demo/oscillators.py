"""Where the sound comes from: sines, single-cycle tables, envelopes and noise, all float32."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from segue.demo.desk import RATE_HZ
from segue.demo.theory import frequency
from segue.values import Floats

TABLE = 16_384  # a power of two, so that 32-bit phases wrap into it; long enough to need no interpolation
_TURN = float(2**32)


def seconds_to_samples(seconds: float) -> int:
    """Whole samples, at least one."""
    return max(1, round(seconds * RATE_HZ))


def times(samples: int) -> Floats:
    """Seconds from the start, ``(samples,)``."""
    return np.arange(samples, dtype=np.float32) * np.float32(1.0 / RATE_HZ)


def phases(hz: float, samples: int, *, start: float = 0.0) -> NDArray[np.uint32]:
    """Phase of a steady tone as 32-bit turns: it wraps by itself, so long notes keep their precision."""
    step = np.uint32(round(hz / RATE_HZ * _TURN) % 2**32)
    return np.arange(samples, dtype=np.uint32) * step + np.uint32(round(start * _TURN) % 2**32)


def sine(hz: float, samples: int, *, start: float = 0.0) -> Floats:
    """A steady sine; ``start`` in turns."""
    return np.asarray(np.sin(phases(hz, samples, start=start) * np.float32(2.0 * np.pi / _TURN)), np.float32)


def glide(hz: Floats) -> Floats:
    """Phase in turns of a tone whose frequency moves, in [0, 1)."""
    return np.asarray(np.cumsum(hz, dtype=np.float64) / RATE_HZ % 1.0, np.float32)


@lru_cache(maxsize=512)
def table(amplitudes: tuple[float, ...], *, seed: int = 0) -> Floats:
    """One cycle of a wave with these harmonics (the first is the fundamental), phases by ``seed`` (0: all sines)."""
    spectrum = np.zeros(TABLE // 2 + 1, np.complex64)
    turns = np.random.default_rng(seed).uniform(0.0, 1.0, len(amplitudes)) if seed else np.zeros(len(amplitudes))
    spectrum[1 : len(amplitudes) + 1] = -0.5j * TABLE * np.array(amplitudes) * np.exp(2j * np.pi * turns)
    return np.asarray(fft.irfft(spectrum, TABLE), np.float32)


def cycle(wave: Floats, hz: float, samples: int, *, start: float = 0.0) -> Floats:
    """Play a single-cycle table at a steady pitch."""
    return wave.take((phases(hz, samples, start=start) >> np.uint32(18)).astype(np.intp), mode="wrap")


def cycle_along(wave: Floats, turns: Floats | NDArray[np.float64]) -> Floats:
    """Play a single-cycle table along a phase given in turns."""
    return wave.take((turns * TABLE).astype(np.intp), mode="wrap")


def harmonics(pitch: float, *, cut_hz: float, slope: float = 2.0, tilt: float = 1.0) -> tuple[float, ...]:
    """Amplitudes 1 / h^tilt, falling beyond ``cut_hz`` with the given slope, up to 16 kHz or the 60th."""
    f0 = frequency(pitch)
    count = max(1, min(60, int(16_000.0 / f0)))
    return tuple(round(h**-tilt / (1.0 + (h * f0 / cut_hz) ** (2 * slope)) ** 0.5, 6) for h in range(1, count + 1))


def shaped(held_s: float, *, attack_s: float, release_s: float, decay_s: float = 1.0, sustain: float = 1.0) -> Floats:
    """An envelope: rise, fall exponentially towards ``sustain``, and after ``held_s`` let go. It ends at zero."""
    held, tail = seconds_to_samples(held_s), seconds_to_samples(release_s)
    t = times(held)
    level = np.float32(sustain) + np.float32(1.0 - sustain) * np.exp(-t / np.float32(decay_s))
    rise = min(held, seconds_to_samples(attack_s))
    level[:rise] *= np.sin(np.linspace(0.0, np.pi / 2.0, rise, dtype=np.float32)) ** 2
    away = np.cos(np.linspace(0.0, np.pi / 2.0, tail, dtype=np.float32)) ** 2
    return np.asarray(np.concatenate([level, level[-1] * away]), np.float32)


def falling(samples: int, seconds: float) -> Floats:
    """exp(-t / seconds), with a millisecond's rise and twelve milliseconds' end so that nothing clicks."""
    curve = np.exp(
        np.maximum(times(samples) * np.float32(-1.0 / seconds), -30.0)
    )  # -30: no denormal numbers, which are slow
    rise, end = min(samples, 40), min(samples, 530)
    curve[:rise] *= np.linspace(0.0, 1.0, rise, dtype=np.float32)
    curve[-end:] *= np.linspace(1.0, 0.0, end, dtype=np.float32)
    return np.asarray(curve, np.float32)


@lru_cache(maxsize=64)
def noise(samples: int, *, low_hz: float = 0.0, high_hz: float = 20_000.0, seed: int = 1) -> Floats:
    """Noise between two frequencies, with soft edges an octave wide, at unit deviation. Shared: do not write to it."""
    white = np.random.default_rng(seed).standard_normal(fft.next_fast_len(samples, real=True), dtype=np.float32)
    spectrum = fft.rfft(white)
    hz = np.linspace(0.0, RATE_HZ / 2.0, spectrum.size, dtype=np.float32)
    keep = 1.0 / (1.0 + (hz / np.float32(high_hz)) ** 6)
    if low_hz:
        keep *= 1.0 - 1.0 / (1.0 + (hz / np.float32(low_hz)) ** 6)
    out = fft.irfft(spectrum * keep.astype(np.float32), white.size)[:samples]
    return np.asarray(out / max(float(out.std()), 1e-9), np.float32)
