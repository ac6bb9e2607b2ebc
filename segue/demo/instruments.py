"""The voices: each makes one note, mono ``(m,)`` or stereo ``(2, m)``, at a peak near 0.5."""

from __future__ import annotations

import numpy as np

from segue.demo.oscillators import (
    cycle,
    cycle_along,
    falling,
    glide,
    harmonics,
    noise,
    seconds_to_samples,
    shaped,
    sine,
    table,
    times,
)
from segue.demo.theory import frequency
from segue.values import Floats


def piano(pitch: int, held_s: float, *, hardness: float = 0.5, ring_s: float = 0.5) -> Floats:
    """Struck strings: stretched partials, high ones and high notes dying sooner, two strings that beat, a hammer."""
    f0 = frequency(pitch)
    m = seconds_to_samples(min(held_s + ring_s, 3.4))
    t = times(m)
    stiff = 0.0004 * 2.0 ** ((pitch - 60) / 18.0)
    life = 2.6 * 2.0 ** ((57 - pitch) / 19.0)
    out = np.zeros(m, np.float32)
    count = int(min(11, 6500.0 / f0)) or 1
    for h in range(1, count + 1):
        strike = abs(np.sin(np.pi * h / 7.6)) + 0.12  # the hammer hits at about an eighth of the string
        level = strike * h ** -(1.75 - 0.85 * hardness)
        hz = f0 * h * (1.0 + stiff * h * h) ** 0.5
        decay = np.float32(-1.0 / (life / (1.0 + 0.28 * (h - 1))))
        out += np.float32(level) * np.exp(t * decay) * sine(hz * (1.0 + 0.00025 * (h < 4)), m, start=0.13 * h)
    out += 0.4 * sine(f0 * 0.9995, m) * np.exp(t * np.float32(-0.55 / life))
    out[:1500] += np.float32(0.1 + 0.16 * hardness) * noise(1500, low_hz=250, high_hz=2600) * falling(1500, 0.006)
    damper = min(m, seconds_to_samples(ring_s))
    out[-damper:] *= np.cos(np.linspace(0.0, np.pi / 2.0, damper, dtype=np.float32)) ** 2
    return np.asarray(out * np.float32(0.3) * _soft_start(m, 0.0015), np.float32)


def _soft_start(samples: int, seconds: float) -> Floats:
    start = np.ones(samples, np.float32)
    rise = min(samples, seconds_to_samples(seconds))
    start[:rise] = np.linspace(0.0, 1.0, rise, dtype=np.float32)
    return start


def electric_piano(pitch: int, held_s: float, *, bark: float = 1.4) -> Floats:
    """A tine piano by frequency modulation: a bell at the strike, then a round tone."""
    env = shaped(held_s, attack_s=0.003, release_s=0.25, decay_s=1.1, sustain=0.12)
    m = env.size
    t = times(m)
    f0 = frequency(pitch)
    tone = np.float32(2.0 * np.pi)
    bright = np.float32(bark) * np.exp(t * np.float32(-2.6))
    bell = np.float32(0.25) * np.exp(t * np.float32(-9.0)) * sine(f0 * 14.0 if f0 < 500 else f0 * 7.0, m)
    turn = cycle(_RAMP, f0, m)
    body = np.sin(tone * turn + bright * sine(f0, m)) + 0.3 * sine(f0 * 1.003, m) + 0.2 * bell
    return np.asarray(0.4 * body * env, np.float32)


_RAMP = (np.arange(16_384, dtype=np.float32) / np.float32(16_384)).astype(np.float32)


def organ(
    pitch: int, held_s: float, *, bars: tuple[float, ...] = (0.8, 0.5, 1.0, 0.3, 0.0, 0.2), click: float = 0.3
) -> Floats:
    """Drawbars at 1/2, 3/2, 1, 2, 3 and 4 times the note, a key click, and no decay at all."""
    env = shaped(held_s, attack_s=0.004, release_s=0.05)
    m = env.size
    f0 = frequency(pitch)
    out = np.zeros(m, np.float32)
    for ratio, level in zip((0.5, 1.5, 1.0, 2.0, 3.0, 4.0), bars, strict=True):
        if level:
            out += np.float32(level) * sine(f0 * ratio, m, start=0.1 * ratio)
    out *= env
    k = min(m, 900)
    out[:k] += np.float32(click) * noise(900, low_hz=1200, high_hz=5000)[:k] * falling(900, 0.004)[:k]
    return np.asarray(out * np.float32(0.2), np.float32)


def pad(pitch: int, held_s: float, *, cut_hz: float = 1400.0, attack_s: float = 0.9, release_s: float = 1.4) -> Floats:
    """A wide bed of detuned saws, stereo, slow to come and to go."""
    env = shaped(held_s, attack_s=min(attack_s, held_s * 0.6), release_s=release_s)
    m = env.size
    wave = table(harmonics(pitch, cut_hz=cut_hz), seed=7)
    f0 = frequency(pitch)
    left = cycle(wave, f0 * 0.9965, m, start=0.1) + cycle(wave, f0 * 1.0012, m, start=0.5)
    right = cycle(wave, f0 * 1.0037, m, start=0.3) + cycle(wave, f0 * 0.9989, m, start=0.8)
    return np.asarray(np.stack([left, right]) * (env * np.float32(0.16)), np.float32)


def choir(pitch: int, held_s: float, *, attack_s: float = 1.2) -> Floats:
    """An "ah": harmonics under three formants, with a slow tremble, stereo."""
    env = shaped(held_s, attack_s=min(attack_s, held_s * 0.6), release_s=1.6)
    f0 = frequency(pitch)
    hz = [h * f0 for h in range(1, max(2, int(5000 / f0)))]
    levels = tuple(
        round(sum(a * np.exp(-(((x - f) / w) ** 2)) for f, w, a in _AH) + 0.02, 5) / (i + 1) ** 0.5
        for i, x in enumerate(hz)
    )
    wave = table(levels, seed=11)
    t = times(env.size)
    sway = np.float32(0.0009) * sine(4.6, env.size)
    out = [cycle_along(wave, (f0 * d * t + f0 * sway / 5 + s) % 1.0) for d, s in ((0.998, 0.0), (1.002, 0.4))]
    return np.asarray(np.stack(out) * (env * np.float32(0.3)), np.float32)


_AH = ((700.0, 180.0, 1.0), (1150.0, 220.0, 0.6), (2800.0, 400.0, 0.16))


def bell(pitch: int, held_s: float, *, life_s: float = 1.8) -> Floats:
    """A struck bar of metal or glass: few partials, far apart."""
    m = seconds_to_samples(min(held_s, 0.3) + life_s * 1.6)
    f0 = frequency(pitch)
    out = sine(f0, m) * falling(m, life_s * 0.55)
    for ratio, level, share in ((2.76, 0.35, 0.3), (5.4, 0.18, 0.14), (1.003, 0.4, 0.5)):
        if f0 * ratio < 15_000:
            out = out + np.float32(level) * sine(f0 * ratio, m) * falling(m, life_s * share)
    return np.asarray(out * np.float32(0.28), np.float32)


def strings_of(
    pitch: int, held_s: float, *, life_s: float, bright: float, position: float, mute_s: float = 0.08
) -> Floats:
    """A plucked string: harmonics in four bands, each dying faster than the one below.

    ``position`` is where it is plucked as a share of its length; ``bright`` in [0, 1] lifts the upper bands.
    """
    m = seconds_to_samples(min(held_s, life_s * 3.0)) + seconds_to_samples(mute_s)
    f0 = frequency(pitch)
    count = max(1, min(48, int(14_000 / f0)))
    h = np.arange(1, count + 1)
    level = np.abs(np.sin(np.pi * h * position)) * h ** -(1.75 - bright) + 1e-4
    out = np.zeros(m, np.float32)
    for low, high, share in ((1, 2, 1.0), (3, 5, 0.6), (6, 12, 0.32), (13, 60, 0.13)):
        band = np.where((h >= low) & (h <= high), level, 0.0)
        if band.any():
            wave = table(tuple(np.round(band, 6)), seed=3)
            out += cycle(wave, f0, m) * np.exp(times(m) * np.float32(-1.0 / (life_s * share)))
    end = min(m, seconds_to_samples(mute_s))
    out[-end:] *= np.cos(np.linspace(0.0, np.pi / 2.0, end, dtype=np.float32)) ** 2
    return np.asarray(out * np.float32(0.45) * _soft_start(m, 0.0012), np.float32)


def steel_guitar(pitch: int, held_s: float) -> Floats:
    """A clean electric guitar, picked near the middle."""
    return strings_of(pitch, held_s, life_s=0.9, bright=0.65, position=0.23)


def driven_string(pitch: int, held_s: float) -> Floats:
    """A string that an overdriven amplifier keeps alive; meant to be driven on its bus."""
    env = shaped(held_s, attack_s=0.002, release_s=0.05, decay_s=1.6, sustain=0.45)
    wave = table(harmonics(pitch, cut_hz=2600.0, slope=1.5), seed=5)
    out = cycle(wave, frequency(pitch) * 1.0008, env.size, start=0.2) + cycle(wave, frequency(pitch), env.size)
    return np.asarray(out * env * np.float32(0.3), np.float32)


def lead_guitar(pitch: int, held_s: float) -> Floats:
    """A singing lead string: it slides in from below and trembles once it stands."""
    env = shaped(held_s, attack_s=0.006, release_s=0.09, decay_s=2.0, sustain=0.6)
    t = times(env.size)
    f0 = frequency(pitch)
    tremble = np.clip(t * 2.5 - 0.5, 0.0, 1.0) * np.float32(0.009) * sine(5.6, env.size)
    hz = f0 * (1.0 + tremble - 0.04 * np.exp(-t / 0.03))
    return np.asarray(
        cycle_along(table(harmonics(pitch, cut_hz=3200.0), seed=5), glide(hz)) * env * np.float32(0.35), np.float32
    )


def slap_bass(pitch: int, held_s: float, *, pop: bool = False) -> Floats:
    """A bass string struck by the thumb, or pulled off the neck (``pop``): bright, short, with fret noise."""
    out = strings_of(pitch, held_s, life_s=0.55, bright=0.95 if pop else 0.8, position=0.11, mute_s=0.04).copy()
    k = min(out.size, 1600)
    out[:k] += np.float32(0.5 if pop else 0.35) * noise(1600, low_hz=1500, high_hz=7000)[:k] * falling(1600, 0.007)[:k]
    deep = sine(frequency(pitch), out.size) * falling(out.size, 0.3)
    return np.asarray(np.tanh(1.6 * (out + (0.1 if pop else 0.45) * deep)) * np.float32(0.6), np.float32)


def finger_bass(pitch: int, held_s: float, *, bright: float = 0.25, life_s: float = 1.1) -> Floats:
    """A bass string plucked by the finger: round, with a firm fundamental."""
    out = strings_of(pitch, held_s, life_s=life_s, bright=bright, position=0.2, mute_s=0.06)
    return np.asarray(out + 0.5 * sine(frequency(pitch), out.size) * falling(out.size, life_s), np.float32)


def sub_bass(pitch: int, held_s: float, *, edge: float = 0.15) -> Floats:
    """Almost a sine, with a little second and third harmonic so that small loudspeakers can tell."""
    env = shaped(held_s, attack_s=0.008, release_s=0.06, decay_s=1.5, sustain=0.75)
    return cycle(table((0.6, edge * 0.6, edge * 0.4)), frequency(pitch), env.size) * env


def reese_bass(pitch: int, held_s: float, *, cut_hz: float = 700.0) -> Floats:
    """Detuned saws that growl against each other over a sine an octave below them."""
    env = shaped(held_s, attack_s=0.01, release_s=0.08)
    wave = table(harmonics(pitch + 12, cut_hz=cut_hz, slope=1.5), seed=9)
    f0 = frequency(pitch + 12)
    growl = sum(cycle(wave, f0 * d, env.size, start=s) for d, s in ((0.989, 0.0), (1.0, 0.3), (1.012, 0.7)))
    return np.asarray((0.16 * growl + 0.42 * sine(frequency(pitch), env.size)) * env, np.float32)


def pulse(pitch: int, held_s: float, *, duty: float = 0.25, vibrato: float = 0.0) -> Floats:
    """A console's pulse wave: a hard edge, an envelope in sixteen steps, a tremble late in long notes."""
    f0 = frequency(pitch)
    count = max(1, min(80, int(17_000 / f0)))
    wave = table(tuple(round(float(np.sin(np.pi * h * duty)) / h, 6) for h in range(1, count + 1)))
    env = shaped(held_s, attack_s=0.001, release_s=0.012, decay_s=0.5, sustain=0.4)
    env = (
        np.asarray(np.ceil(env * 15.0) / 15.0, np.float32)
        * _soft_start(env.size, 0.001)
        * shaped(held_s, attack_s=0.001, release_s=0.012)
    )
    if vibrato and held_s > 0.25:
        t = times(env.size)
        hz = f0 * (1.0 + np.clip(t * 6.0 - 1.2, 0.0, 1.0) * np.float32(vibrato) * sine(6.5, env.size))
        return np.asarray(cycle_along(wave, glide(hz)) * env * np.float32(0.5), np.float32)
    return cycle(wave, f0, env.size) * env * np.float32(0.5)


_STEPPED = (np.floor(np.abs(np.arange(16_384) / 8_192.0 - 1.0) * 15.99) / 7.5 - 1.0).astype(np.float32)


def stepped_triangle(pitch: int, held_s: float) -> Floats:
    """A console's bass: a triangle in sixteen steps, full on or off."""
    env = shaped(held_s, attack_s=0.001, release_s=0.01)
    return cycle(_STEPPED, frequency(pitch), env.size) * env * np.float32(0.5)


def stab(pitch: int, held_s: float, *, cut_hz: float = 3800.0, decay_s: float = 0.16) -> Floats:
    """A synthesiser chord stab: saws through a filter that shuts at once. Stereo."""
    env = shaped(held_s, attack_s=0.002, release_s=0.09, decay_s=decay_s, sustain=0.25)
    open_ = np.exp(times(env.size) * np.float32(-1.0 / (decay_s * 0.8)))
    bright, dark = (table(harmonics(pitch, cut_hz=c), seed=2) for c in (cut_hz, cut_hz / 6.0))
    f0 = frequency(pitch)
    sides = [
        cycle(bright, f0 * d, env.size, start=s) * open_ + cycle(dark, f0 * d, env.size, start=s) * (1.0 - open_)
        for d, s in ((0.997, 0.0), (1.003, 0.4))
    ]
    return np.asarray(np.stack(sides) * env * np.float32(0.35), np.float32)


def brass(pitch: int, held_s: float) -> Floats:
    """A horn section's stab: it brightens as it swells."""
    env = shaped(held_s, attack_s=0.035, release_s=0.08, decay_s=0.4, sustain=0.7)
    bright, dark = (table(harmonics(pitch, cut_hz=c, slope=1.5, tilt=0.8), seed=4) for c in (3600.0, 900.0))
    f0 = frequency(pitch)
    out = np.zeros(env.size, np.float32)
    for detune in (0.996, 1.004):
        out += cycle(bright, f0 * detune, env.size, start=detune) * env**2 + cycle(dark, f0 * detune, env.size) * (
            1 - env
        )
    return np.asarray(out * env * np.float32(0.25), np.float32)


def bowed(pitch: int, held_s: float, *, body: tuple[tuple[float, float, float], ...], bite: float = 0.4) -> Floats:
    """A bowed string: a saw seen through the instrument's body, vibrato that sets in late, the bow's hiss.

    ``body`` lists resonances as (hertz, width, level); ``bite`` is how hard the bow starts.
    """
    env = shaped(held_s, attack_s=0.14 - 0.1 * bite, release_s=0.16, decay_s=0.3, sustain=0.86 - 0.3 * bite)
    f0 = frequency(pitch)
    levels = []
    for h in range(1, max(2, min(60, int(11_000 / f0)))):
        shine = 0.22 + sum(a * np.exp(-((np.log2(h * f0 / f) / w) ** 2)) for f, w, a in body)
        levels.append(round(float(shine) / h**0.85 / (1.0 + (h * f0 / 4200.0) ** 4) ** 0.5, 6))
    t = times(env.size)
    late = np.clip(t * 3.0 - 0.4, 0.0, 1.0)
    rate = 5.0 + 0.06 * (pitch % 7)
    turns = f0 * t.astype(np.float64) + f0 * 0.0042 / (2 * np.pi * rate) * late * sine(rate, env.size)
    out = cycle_along(table(tuple(levels), seed=13), turns % 1.0)
    hiss = noise(44_100 * 2, low_hz=1800, high_hz=6000)
    grain = np.resize(hiss, env.size) * np.float32(0.012) * (1.0 + 3.0 * np.exp(-t / 0.05))
    return np.asarray(
        (out * np.float32(0.28) * (1.0 + 0.06 * late * sine(rate, env.size, start=0.25)) + grain) * env, np.float32
    )


VIOLIN = ((290.0, 0.3, 0.7), (480.0, 0.35, 0.9), (1100.0, 0.5, 0.5), (2700.0, 0.5, 0.8))
VIOLA = ((220.0, 0.3, 0.8), (370.0, 0.35, 0.9), (900.0, 0.5, 0.6), (1900.0, 0.5, 0.5))
CELLO = ((105.0, 0.4, 0.9), (220.0, 0.4, 0.8), (550.0, 0.5, 0.6), (1400.0, 0.6, 0.4))


def flute(pitch: int, held_s: float) -> Floats:
    """A pure, breathy tone with a slow tremble."""
    env = shaped(held_s, attack_s=0.07, release_s=0.14, decay_s=0.5, sustain=0.85)
    wave = table((1.0, 0.25, 0.12, 0.03))
    t = times(env.size)
    f0 = frequency(pitch)
    tone = cycle_along(wave, (f0 * t.astype(np.float64) + f0 * 0.00012 * sine(4.8, env.size)) % 1.0)
    breath = np.resize(noise(44_100, low_hz=f0, high_hz=f0 * 4), env.size) * np.float32(0.03)
    return np.asarray((0.42 * tone + breath) * env, np.float32)
