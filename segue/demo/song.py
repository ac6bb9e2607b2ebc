"""A song under way: its form, its chords bar by bar, its desk; and the melodies that are sung over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue.demo.desk import Desk, Grid, Note
from segue.demo.theory import Chord, Key, nearest_pitch, progression, voice_lead
from segue.values import Floats

# Intro, A, B, break (K), outro. By number of blocks, because a slow song has fewer of them in a minute.
FORMS = {4: "IABO", 5: "IABAO", 6: "IABKBO", 7: "IAABKBO", 8: "IAABKABO", 9: "IAABBKABO", 10: "IAABBKAABO"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is settled about a track before a note of it is written. ``flavour`` is the artist's own way, 0 to 4."""

    style: str
    title: str
    artist: str
    album: str
    year: int
    number: int
    flavour: int
    tempo_bpm: float
    key: Key
    seed: int
    least_s: float
    extension: str

    @property
    def file(self) -> str:
        """Where the track lies below the demo's folder, with forward slashes."""
        return f"{self.artist}/{self.album}/{self.number:02d} {self.title}.{self.extension}"


@dataclass(frozen=True, slots=True)
class Feel:
    """A style's time: beats in a bar, bars in a block, swing, seconds left to ring at the end."""

    block_bars: int
    bar_beats: int = 4
    swing: float = 0.5
    swing_beats: float = 0.25
    tail_s: float = 2.2


@dataclass(frozen=True, slots=True)
class Line:
    """How a melody moves: its range, its one-bar rhythms as ((beat, beats), ...), its scale."""

    low: int
    high: int
    rhythms: tuple[tuple[tuple[float, float], ...], ...]
    pentatonic: bool = False
    velocity: float = 0.75
    order: str = "abac"


class Song:
    """Form, chords and desk of one track, from its plan; everything random comes from its own generator."""

    def __init__(self, plan: Plan, *, feel: Feel, chords: dict[str, str]) -> None:
        self.plan = plan
        self.key = plan.key
        self.rng = np.random.default_rng(plan.seed)
        self.grid = Grid(plan.tempo_bpm, bar_beats=feel.bar_beats, swing=feel.swing, swing_beats=feel.swing_beats)
        self.bar_beats = feel.bar_beats
        block_s = feel.block_bars * feel.bar_beats * self.grid.beat_s
        blocks = int(np.clip(np.ceil((plan.least_s - feel.tail_s / 2.0) / block_s), min(FORMS), max(FORMS)))
        self.form = FORMS[blocks]
        self.sections = tuple(name for name in self.form for _ in range(feel.block_bars))
        self.bars = len(self.sections)
        written = {name: progression(text, plan.key) for name, text in chords.items()}
        self.chords: tuple[Chord, ...] = tuple(
            written.get(name, written["A"])[bar % len(written.get(name, written["A"]))]
            for bar, name in enumerate(self.sections)
        )
        self.end_s = self.bars * feel.bar_beats * self.grid.beat_s
        self.desk = Desk(self.end_s + feel.tail_s, grid=self.grid, rng=self.rng)

    def pick(self, *choices: str) -> str:
        """One of several, by chance."""
        return choices[int(self.rng.integers(len(choices)))]

    def where(self, names: str) -> list[int]:
        """The bars that belong to sections with these letters."""
        return [bar for bar, name in enumerate(self.sections) if name in names]

    def ends(self, names: str = "IABK") -> list[int]:
        """The last bar of each block: where fills go."""
        return [bar for bar in self.where(names) if bar + 1 < self.bars and (bar + 1) % self._block == 0]

    def starts(self, names: str = "ABK") -> list[int]:
        """The first bar of each block: where crashes go."""
        return [bar for bar in self.where(names) if bar % self._block == 0]

    @property
    def _block(self) -> int:
        return self.bars // len(self.form)

    def voicings(self, *, centre: int, voices: int = 4) -> tuple[tuple[int, ...], ...]:
        """The chord of each bar with octaves, led smoothly. Equal neighbours keep their voicing."""
        distinct = [chord for bar, chord in enumerate(self.chords) if bar == 0 or chord != self.chords[bar - 1]]
        led = iter(voice_lead(tuple(distinct), centre=centre, voices=voices))
        out: list[tuple[int, ...]] = []
        for bar, chord in enumerate(self.chords):
            out.append(next(led) if bar == 0 or chord != self.chords[bar - 1] else out[-1])
        return tuple(out)

    def comp(
        self, bars: list[int], voicings: tuple[tuple[int, ...], ...], figure: tuple[tuple[float, float, float], ...]
    ) -> list[Note]:
        """Play each bar's voicing to a figure of (beat, beats, velocity)."""
        return [
            Note(bar * self.bar_beats + beat, beats, pitch, velocity)
            for bar in bars
            for beat, beats, velocity in figure
            for pitch in voicings[bar]
        ]

    def root(self, bar: int, *, near: int) -> int:
        """The bass note of a bar's chord nearest to a pitch."""
        return nearest_pitch(self.chords[bar].root, near)

    def riff(self, bars: list[int], figure: tuple[tuple[float, float, int, float], ...], *, near: int) -> list[Note]:
        """Play a bass figure of (beat, beats, semitones above the root, velocity) on each bar's root."""
        return [
            Note(bar * self.bar_beats + beat, beats, self.root(bar, near=near) + above, velocity)
            for bar in bars
            for beat, beats, above, velocity in figure
        ]

    def sing(self, bars: list[int], line: Line) -> list[Note]:
        """A melody made of motifs of one bar, repeated in the order that ``line`` gives and fitted to each chord.

        A motif keeps its rhythm and its contour; the first note of a bar and all on-beat notes of more than half a
        beat are drawn to the nearest note of the chord, and a phrase ends on a root.
        """
        ladder = self.key.ladder(line.low, line.high, pentatonic=line.pentatonic)
        motifs = {name: self._motif(line) for name in sorted(set(line.order))}
        notes: list[Note] = []
        last = (line.low + line.high) // 2
        for place, bar in enumerate(bars):
            chord = self.chords[bar]
            middle = (line.low + 2 * last + line.high) // 4
            home = ladder.index(min(ladder, key=lambda p: abs(p - middle)))
            motif = motifs[line.order[place % len(line.order)]]
            closes = (place + 1) % len(line.order) == 0
            for index, (beat, beats, step) in enumerate(motif):
                pitch = ladder[_folded(home + step, len(ladder))]
                if closes and index == len(motif) - 1:
                    pitch = nearest_pitch(chord.root, pitch)
                elif beat == 0.0 or (beat % 1.0 == 0.0 and beats > 0.5):
                    pitch = _to_chord(pitch, chord)
                accent = 1.0 if beat % 2.0 == 0.0 else 0.86
                notes.append(Note(bar * self.bar_beats + beat, beats, pitch, line.velocity * accent))
                last = pitch
        return notes

    def _motif(self, line: Line) -> list[tuple[float, float, int]]:
        rhythm = line.rhythms[int(self.rng.integers(len(line.rhythms)))]
        moves = self.rng.choice(np.array([-2, -1, -1, 0, 1, 1, 2, 3]), len(rhythm))
        steps = np.cumsum(moves) - int(np.cumsum(moves).mean())
        return [(beat, beats, int(step)) for (beat, beats), step in zip(rhythm, steps, strict=True)]

    def kick_times(self, hits: list[tuple[float, float]]) -> list[float]:
        """Seconds at which hits fall, for the sidechain."""
        return [self.grid.time_s(beat) for beat, _ in hits]


def _folded(index: int, size: int) -> int:
    """Turn back at the ends of the ladder instead of leaving it."""
    period = max(1, 2 * (size - 1))
    index %= period
    return index if index < size else period - index


def _to_chord(pitch: int, chord: Chord) -> int:
    return min((nearest_pitch(c, pitch) for c in chord.classes), key=lambda p: (abs(p - pitch), p))


Music = Floats
"""An unmastered mix, ``(2, n)`` at 44.1 kHz."""
