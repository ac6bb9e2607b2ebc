"""Sounds whose tempo, key and level are known, and the one way to put them through a RhythmMeter."""

from __future__ import annotations

import numpy as np
import soxr

from segue.config import SPECCY_MEL
from segue.listen.mel import iter_power
from segue.listen.rhythm import RhythmMeter
from segue.values import Floats, Rhythm

RATE_HZ = 44_100


def analyse(planes: Floats, *, rate_hz: int = RATE_HZ, block: int = 50_000) -> Rhythm:
    """What a RhythmMeter says of samples ``(c, n)`` that come in blocks."""
    meter = RhythmMeter()
    for at in range(0, planes.shape[1], block):
        meter.take_native(planes[:, at : at + block], rate_hz)
    mono = soxr.resample(planes.mean(axis=0), rate_hz, SPECCY_MEL.sample_rate_hz, quality="HQ").astype(np.float32)
    for power in iter_power([mono], SPECCY_MEL):
        meter.take_power(power)
    return meter.result()


def sine(hz: float, *, seconds: float, dbfs: float = -23.0, rate_hz: int = RATE_HZ, channels: int = 2) -> Floats:
    """A sine of that peak level in each of the channels, ``(c, n)``."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    one = 10.0 ** (dbfs / 20.0) * np.sin(2.0 * np.pi * hz * t)
    return np.tile(one.astype(np.float32), (channels, 1))


def drums(
    pattern: dict[str, tuple[float, ...]],
    *,
    bpm: float,
    beats_a_bar: float = 4,
    seconds: float = 40.0,
    lead_s: float = 0.5,
) -> Floats:
    """A drum loop ``(2, n)``: hits by name ("kick", "snare", "hat", "click") at beats of a bar."""
    rng = np.random.default_rng(1)
    voices = _voices(rng)
    samples = np.zeros(round(seconds * RATE_HZ) + RATE_HZ)
    bar_s = beats_a_bar * 60.0 / bpm
    for bar in range(int((seconds - lead_s) / bar_s) + 1):
        for name, beats in pattern.items():
            for beat in beats:
                at = round((lead_s + bar * bar_s + beat * 60.0 / bpm) * RATE_HZ)
                if at < seconds * RATE_HZ:
                    samples[at : at + len(voices[name])] += voices[name]
    return np.tile(samples[: round(seconds * RATE_HZ)].astype(np.float32), (2, 1))


def _voices(rng: np.random.Generator) -> dict[str, Floats]:
    t = np.arange(RATE_HZ // 4) / RATE_HZ
    kick = 0.8 * np.sin(2 * np.pi * (50 * t + 4 * (1 - np.exp(-t / 0.03)))) * np.exp(-t / 0.08)
    snare = (0.3 * np.sin(2 * np.pi * 190 * t) + 0.3 * rng.standard_normal(len(t))) * np.exp(-t / 0.07)
    hat = 0.12 * np.diff(rng.standard_normal(len(t) + 1)) * np.exp(-t / 0.03)
    click = 0.7 * np.sin(2 * np.pi * 1000 * t) * np.exp(-t / 0.003)
    return {"kick": kick, "snare": snare, "hat": hat, "click": click}


def chord(pitches: tuple[int, ...], *, seconds: float) -> Floats:
    """MIDI pitches together, five partials each, ``(n,)``."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    envelope = np.minimum(1.0, np.minimum(t, t[::-1]) / 0.02) * np.exp(-t / 2.0)
    notes = [440.0 * 2.0 ** ((pitch - 69) / 12.0) for pitch in pitches]
    found: Floats = (
        0.1 * envelope * sum(np.sin(2 * np.pi * hz * k * t) / k**1.2 for hz in notes for k in range(1, 6))
    ).astype(np.float32)
    return found
