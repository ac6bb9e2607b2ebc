"""The mixing desk: notes and hits go in at their beats, stereo buses come out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from segue.values import Floats

RATE_HZ = 44_100
Voice = Callable[[int, float], Floats]
"""(MIDI pitch, seconds held) -> mono ``(m,)`` or stereo ``(2, m)`` samples, the release included."""


@dataclass(frozen=True, slots=True)
class Note:
    """A pitch that sounds from ``beat`` for ``beats``; velocity in (0, 1]."""

    beat: float
    beats: float
    pitch: int
    velocity: float = 0.8


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a part sits: pan in [-1, 1], spread of pan over its pitches, how loosely it keeps time, its level."""

    pan: float = 0.0
    spread: float = 0.0
    loose_s: float = 0.0
    gain: float = 1.0


CENTRE = Seat()


@dataclass(frozen=True, slots=True)
class Grid:
    """Beats to seconds. ``swing`` is the share of two ``swing_beats`` that the first takes (0.5: straight)."""

    tempo_bpm: float
    bar_beats: int = 4
    swing: float = 0.5
    swing_beats: float = 0.25

    @property
    def beat_s(self) -> float:
        """Seconds in a beat."""
        return 60.0 / self.tempo_bpm

    def time_s(self, beat: float) -> float:
        """When a beat falls, swung."""
        pair = 2.0 * self.swing_beats
        whole, part = divmod(beat + 1e-9, pair)
        part /= pair
        swung = 2.0 * part * self.swing if part < 0.5 else self.swing + (2.0 * part - 1.0) * (1.0 - self.swing)
        return (whole + swung) * pair * self.beat_s


class Desk:
    """Stereo buses of one length, filled by ``play`` and ``hit``; each different note is rendered once."""

    def __init__(self, seconds: float, *, grid: Grid, rng: np.random.Generator) -> None:
        self.samples = round(seconds * RATE_HZ)
        self.grid = grid
        self._rng = rng
        self._buses: dict[str, Floats] = {}

    def bus(self, name: str) -> Floats:
        """The samples of a bus, ``(2, n)`` float32, silent at first."""
        if name not in self._buses:
            self._buses[name] = np.zeros((2, self.samples), np.float32)
        return self._buses[name]

    def set(self, name: str, samples: Floats) -> None:
        """Put a treated bus in the place of the raw one."""
        self._buses[name] = samples

    def place(self, name: str, start_s: float, sound: Floats, *, gain: float = 1.0, pan: float = 0.0) -> None:
        """Add a mono or stereo sound at a time; what would stand outside the bus is cut off."""
        bus = self.bus(name)
        start = max(0, round(start_s * RATE_HZ))
        stop = min(self.samples, start + sound.shape[-1])
        if stop <= start:
            return
        angle = (pan + 1.0) * np.pi / 4.0  # equal power
        left, right = float(np.cos(angle)) * gain * 1.4142, float(np.sin(angle)) * gain * 1.4142
        for channel, level in enumerate((left, right)):
            part = sound[: stop - start] if sound.ndim == 1 else sound[channel, : stop - start]
            bus[channel, start:stop] += part * np.float32(level)

    def blend(self, levels: dict[str, float]) -> Floats:
        """Sum the named buses at these levels, ``(2, n)``; a bus that nobody played on is silence."""
        out = np.zeros((2, self.samples), np.float32)
        for name, level in levels.items():
            if name in self._buses:
                out += self._buses[name] * np.float32(level)
        return out

    def play(self, name: str, notes: Iterable[Note], voice: Voice, *, seat: Seat = CENTRE) -> None:
        """Render notes by a voice into a bus."""
        ready: dict[tuple[int, float], Floats] = {}
        for note in notes:
            start = self.grid.time_s(note.beat)
            held = round(self.grid.time_s(note.beat + note.beats) - start, 3)
            if (note.pitch, held) not in ready:
                ready[note.pitch, held] = voice(note.pitch, held)
            pan = float(np.clip(seat.pan + seat.spread * (note.pitch - 62) / 24.0, -1.0, 1.0))
            when = start + (abs(self._rng.normal(0.0, seat.loose_s)) if seat.loose_s else 0.0)
            self.place(name, when, ready[note.pitch, held], gain=note.velocity * seat.gain, pan=pan)

    def hit(self, name: str, hits: Iterable[tuple[float, float]], sound: Floats, *, seat: Seat = CENTRE) -> None:
        """Strike one drum at ``(beat, velocity)`` pairs; each stroke differs a little in level."""
        for beat, velocity in hits:
            when = self.grid.time_s(beat) + (abs(self._rng.normal(0.0, seat.loose_s)) if seat.loose_s else 0.0)
            gain = velocity**1.5 * seat.gain * self._rng.uniform(0.88, 1.06)
            self.place(name, when, sound, gain=float(gain), pan=seat.pan)


def steps(pattern: str, *, bars: Iterable[int], bar_beats: int = 4) -> list[tuple[float, float]]:
    """Read a drum pattern of one bar: each character an equal step, a digit its velocity in ninths, a dot a rest."""
    step = bar_beats / len(pattern)
    return [
        (bar * bar_beats + place * step, int(mark) / 9.0)
        for bar in bars
        for place, mark in enumerate(pattern)
        if mark != "."
    ]
