"""Sounds that are easily taken for speech, made at random: a lone piano or flute, drums alone, somebody who sings."""

from __future__ import annotations

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from segue.config import SPECCY_MEL
from segue.values import Floats

_RATE_HZ = SPECCY_MEL.sample_rate_hz
_SCALE = (0, 2, 4, 5, 7, 9, 11)
_SUNG = (0, 2, 4, 7, 9, 12)
_NOTE_S = 3.0
_ATTACK_SAMPLES = 110
_LEVEL = 0.1
_VOWELS_HZ = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240))
_WIDTHS_HZ = (80, 100, 140)
_KICKS, _SNARES = (0, 8, 10), (4, 12)  # sixteenths of a bar; the hi-hat is on every second one

Samples = NDArray[np.float64]


def lone_piano(seconds: float, *, rng: np.random.Generator) -> Floats:
    """Struck notes of two octaves and more, one or two at a time, that decay at their own pace."""
    pace_s, decay, slope = rng.uniform(0.25, 0.8), rng.uniform(1.0, 5.0), rng.uniform(0.8, 1.6)
    return _notes(seconds, (48, 84), (pace_s, decay, slope), rng=rng)


def lone_flute(seconds: float, *, rng: np.random.Generator) -> Floats:
    """High notes of few harmonics."""
    pace_s, decay = rng.uniform(0.2, 0.5), rng.uniform(0.5, 9.0)
    return _notes(seconds, (60, 96), (pace_s, decay, 2.0), rng=rng)


def lone_drums(seconds: float, *, rng: np.random.Generator) -> Floats:
    """A bar of rock that repeats; half of the time without the bass drum."""
    samples = np.zeros(int((seconds + 1.0) * _RATE_HZ))
    step_s, has_bass = 15.0 / rng.uniform(75.0, 150.0), rng.random() < 0.5
    time_s = np.arange(int(0.3 * _RATE_HZ)) / _RATE_HZ
    high = scipy.signal.butter(2, 6_000.0, "highpass", fs=_RATE_HZ, output="sos")
    kick = np.sin(2 * np.pi * 50.0 * time_s + 6.0 * (1.0 - np.exp(-30.0 * time_s))) * np.exp(-12.0 * time_s)
    for sixteenth in range(int(seconds / step_s)):
        hit = np.zeros(len(time_s))
        if sixteenth % 16 in _KICKS and has_bass:
            hit += kick
        if sixteenth % 16 in _SNARES:
            rattle = rng.standard_normal(len(time_s)) * np.exp(-18.0 * time_s)
            hit += 0.6 * (rattle + np.sin(2 * np.pi * 190.0 * time_s) * np.exp(-20.0 * time_s))
        if sixteenth % 2 == 0:
            hit += 0.3 * scipy.signal.sosfilt(high, rng.standard_normal(len(time_s))) * np.exp(-40.0 * time_s)
        at = int(sixteenth * step_s * _RATE_HZ)
        samples[at : at + len(hit)] += hit
    return _levelled(samples[: int(seconds * _RATE_HZ)])


def lone_singer(seconds: float, *, rng: np.random.Generator) -> Floats:
    """Held notes with vibrato through the formants of vowels, with hisses and rests between."""
    base_hz, longest_s = rng.uniform(110.0, 400.0), rng.choice([0.7, 1.4])
    parts: list[Samples] = []
    phase = 0.0
    while sum(map(len, parts)) < seconds * _RATE_HZ:
        time_s = np.arange(int(rng.uniform(0.2, longest_s) * _RATE_HZ)) / _RATE_HZ
        vibrato = 0.3 * np.sin(2 * np.pi * 5.5 * time_s) * np.clip(time_s / 0.2 - 0.5, 0.0, 1.0)
        phases = phase + np.cumsum(base_hz * 2.0 ** ((rng.choice(_SUNG) + vibrato) / 12.0)) * 2 * np.pi / _RATE_HZ
        phase = float(phases[-1])
        fade = np.minimum(1.0, np.minimum(time_s / 0.04, (time_s[-1] - time_s) / 0.06))
        vowel = _through_formants(np.sum([np.sin(k * phases) / k for k in range(1, 25)], axis=0), rng=rng)
        if rng.random() < 0.5:
            parts.append(0.25 * rng.standard_normal(int(0.07 * _RATE_HZ)))
        parts.append(vowel / np.std(vowel) * fade)
        if rng.random() < 0.25:
            parts.append(np.zeros(int(rng.uniform(0.1, 0.6) * _RATE_HZ)))
    return _levelled(np.concatenate(parts)[: int(seconds * _RATE_HZ)])


def _notes(
    seconds: float, keys: tuple[int, int], manner: tuple[float, float, float], *, rng: np.random.Generator
) -> Floats:
    """Notes between two MIDI keys; ``manner`` is the pace in seconds, the decay, and how fast harmonics weaken."""
    pace_s, decay, slope = manner
    samples = np.zeros(int((seconds + 4.0) * _RATE_HZ))
    time_s = np.arange(int(_NOTE_S * _RATE_HZ)) / _RATE_HZ
    begins_s = 0.0
    while begins_s < seconds:
        for _ in range(int(rng.integers(1, 3))):
            key = keys[0] + 12 * int(rng.integers((keys[1] - keys[0]) // 12)) + int(rng.choice(_SCALE))
            pitch_hz = 440.0 * 2.0 ** ((key - 69) / 12.0)
            note = sum(
                np.sin(2 * np.pi * pitch_hz * k * (1.0 + 0.0003 * k * k) * time_s)
                * np.exp(-time_s * decay * (1.0 + 0.3 * k))
                / k**slope
                for k in range(1, 9)
                if pitch_hz * k < 10_000.0
            )
            note[:_ATTACK_SAMPLES] *= np.linspace(0.0, 1.0, _ATTACK_SAMPLES)
            at = int(begins_s * _RATE_HZ)
            samples[at : at + len(note)] += note * rng.uniform(0.3, 1.0)
        begins_s += pace_s * float(rng.choice([0.5, 1.0, 1.0, 1.0, 2.0]))
    return _levelled(samples[: int(seconds * _RATE_HZ)])


def _through_formants(source: Samples, *, rng: np.random.Generator) -> Samples:
    for place_hz, width_hz in zip(_VOWELS_HZ[int(rng.integers(len(_VOWELS_HZ)))], _WIDTHS_HZ, strict=True):
        r, angle = np.exp(-np.pi * width_hz / _RATE_HZ), 2 * np.pi * place_hz / _RATE_HZ
        source = scipy.signal.lfilter([1.0 - r], [1.0, -2.0 * r * np.cos(angle), r * r], source)
    return source


def _levelled(samples: Samples) -> Floats:
    return np.asarray(samples * (_LEVEL / max(float(np.std(samples)), 1e-9)), np.float32)
