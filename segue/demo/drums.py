"""The drum kits: each function makes one stroke, mono, at a peak near 0.9, from tones and shaped noise."""

from __future__ import annotations

import numpy as np

from segue.demo.effects import filtered
from segue.demo.oscillators import falling, glide, noise, seconds_to_samples, sine, times
from segue.values import Floats


def kick(
    *, hz: float = 50.0, punch: float = 4.0, life_s: float = 0.22, click: float = 0.3, seconds: float = 0.5
) -> Floats:
    """A bass drum: a tone that drops to ``hz`` from ``punch`` times as high, and the beater's click."""
    m = seconds_to_samples(seconds)
    t = times(m)
    turns = glide(np.float32(hz) * (1.0 + np.float32(punch - 1.0) * np.exp(-t / 0.022)))
    body = np.sin(np.float32(2.0 * np.pi) * turns) * falling(m, life_s)
    body[:700] += np.float32(click) * noise(700, low_hz=1500, high_hz=8000)[:700] * falling(700, 0.003) * 0.5
    return np.asarray(np.tanh(1.5 * body) * np.float32(0.95), np.float32)


def snare(*, hz: float = 185.0, rattle: float = 0.6, life_s: float = 0.13, high_hz: float = 9000.0) -> Floats:
    """A snare drum: two modes of the skin and the wires' noise."""
    m = seconds_to_samples(0.42)
    skin = sine(hz, m) * falling(m, 0.07) + 0.6 * sine(hz * 1.78, m) * falling(m, 0.045)
    wires = noise(m, low_hz=1100, high_hz=high_hz, seed=5) * falling(m, life_s) * np.float32(0.42)
    crack = noise(m, low_hz=2500, high_hz=high_hz, seed=6) * falling(m, 0.012) * np.float32(0.4)
    return np.asarray(np.tanh(1.3 * ((1.0 - rattle * 0.6) * skin + rattle * (wires + crack))), np.float32)


def clap(*, high_hz: float = 7000.0, life_s: float = 0.11) -> Floats:
    """A few hands, not quite together."""
    m = seconds_to_samples(0.4)
    out = np.zeros(m, np.float32)
    burst = noise(m, low_hz=800, high_hz=high_hz, seed=8)
    for delay_s, life, level in ((0.0, 0.006, 0.8), (0.011, 0.006, 0.7), (0.021, 0.007, 0.8), (0.031, life_s, 0.9)):
        at = seconds_to_samples(delay_s)
        out[at:] += np.float32(level) * burst[: m - at] * falling(m - at, life)
    return np.asarray(np.tanh(out * np.float32(0.5)), np.float32)


def hat(*, life_s: float = 0.035, low_hz: float = 7000.0, metal: float = 0.5) -> Floats:
    """A hi-hat: noise and six clashing squares, high up; ``life_s`` decides whether it is closed."""
    m = seconds_to_samples(min(0.9, life_s * 6.0 + 0.03))
    clash = np.zeros(m, np.float32)
    for hz in (2051.0, 3043.0, 3697.0, 5229.0, 5901.0, 8353.0):
        clash += np.sign(sine(hz, m))
    ring = filtered(clash, low_hz=low_hz, order=2) * np.float32(0.3)
    out = (1.0 - metal) * noise(m, low_hz=low_hz, high_hz=16_000, seed=9) * np.float32(0.4) + metal * ring
    return np.asarray(out * falling(m, life_s) * np.float32(0.8), np.float32)


def crash(*, life_s: float = 0.9) -> Floats:
    """A crash cymbal."""
    m = seconds_to_samples(2.4)
    wash = noise(m, low_hz=3000, high_hz=14_000, seed=12) * falling(m, life_s)
    hit = noise(m, low_hz=900, high_hz=9000, seed=13) * falling(m, 0.12)
    return np.asarray((0.3 * wash + 0.25 * hit) * np.float32(0.9), np.float32)


def ride(*, life_s: float = 0.5) -> Floats:
    """A ride cymbal: a ping and a long, quiet wash."""
    m = seconds_to_samples(1.3)
    out = 0.12 * noise(m, low_hz=4500, high_hz=14_000, seed=14) * falling(m, life_s)
    for hz, level in ((3460.0, 0.2), (4870.0, 0.16), (6210.0, 0.12), (1730.0, 0.06)):
        out = out + np.float32(level) * sine(hz, m) * falling(m, life_s * 0.5)
    return np.asarray(out, np.float32)


def tom(*, hz: float = 110.0) -> Floats:
    """A tom-tom."""
    m = seconds_to_samples(0.55)
    turns = glide(np.float32(hz) * (1.0 + np.float32(0.6) * np.exp(-times(m) / 0.04)))
    out = np.sin(np.float32(2.0 * np.pi) * turns) * falling(m, 0.18)
    out += 0.12 * noise(m, low_hz=400, high_hz=4000, seed=15) * falling(m, 0.03)
    return np.asarray(out * np.float32(0.9), np.float32)


def rim(*, hz: float = 1750.0) -> Floats:
    """A stick across the rim: a short woody click."""
    m = seconds_to_samples(0.14)
    out = sine(hz, m) * falling(m, 0.012) + 0.5 * sine(hz * 0.48, m) * falling(m, 0.02)
    return np.asarray(0.8 * out + 0.3 * noise(m, low_hz=1500, high_hz=6000, seed=16) * falling(m, 0.006), np.float32)


def shaker(*, life_s: float = 0.045) -> Floats:
    """A shaker or tambourine stroke: it swells before it stops."""
    m = seconds_to_samples(0.16)
    swell = np.minimum(times(m) / np.float32(0.02), 1.0)
    return np.asarray(0.35 * noise(m, low_hz=5500, high_hz=13_000, seed=17) * swell * falling(m, life_s), np.float32)


def conga(*, hz: float = 210.0, slap: float = 0.2) -> Floats:
    """A hand drum."""
    m = seconds_to_samples(0.4)
    turns = glide(np.float32(hz) * (1.0 + np.float32(0.12) * np.exp(-times(m) / 0.02)))
    out = np.sin(np.float32(2.0 * np.pi) * turns) * falling(m, 0.11)
    return np.asarray(0.7 * out + slap * noise(m, low_hz=900, high_hz=6000, seed=18) * falling(m, 0.012), np.float32)


def console_noise(*, life_s: float = 0.06, hold: int = 4) -> Floats:
    """A console's noise channel: random bits, each held for some samples, fading in sixteen steps."""
    m = seconds_to_samples(life_s * 4.0 + 0.02)
    bits = np.random.default_rng(19).integers(0, 2, m // hold + 1) * 2 - 1
    held = np.repeat(bits, hold)[:m].astype(np.float32)
    curve = falling(m, life_s)
    return np.asarray(
        held * (np.ceil(curve * 15.0) / 15.0) * np.minimum(curve * 40.0, 1.0) * np.float32(0.4), np.float32
    )


def crackle(samples: int, *, rng: np.random.Generator, a_second: float = 9.0) -> Floats:
    """An old record: dust clicks and a soft hiss, mono ``(samples,)``."""
    out = np.resize(noise(44_100 * 3, low_hz=300, high_hz=7000, seed=20), samples) * np.float32(0.0035)
    count = int(samples / 44_100 * a_second)
    places = rng.integers(0, max(1, samples - 90), count)
    levels = rng.exponential(0.035, count).astype(np.float32) * rng.choice(np.array([-1.0, 1.0], np.float32), count)
    for place, level in zip(places, levels, strict=True):
        out[place : place + 80] += level * falling(80, 0.0006)
    return np.asarray(out, np.float32)
