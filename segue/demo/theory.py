"""Keys, chords and voice leading: the little music theory that the demo library is composed with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Literal

PITCH_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
PENTATONIC = {"major": (0, 2, 4, 7, 9), "minor": (0, 3, 5, 7, 10)}
QUALITIES = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "p": (0, 7),
    "M7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "M9": (0, 4, 7, 11, 14),
    "m9": (0, 3, 7, 10, 14),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "add9": (0, 4, 7, 14),
    "madd9": (0, 3, 7, 14),
}
_CHORD = re.compile(r"(\d+)(.*)")


@dataclass(frozen=True, slots=True)
class Key:
    """A major or minor key; ``tonic`` is a pitch class, 0 for C."""

    tonic: int
    mode: Literal["major", "minor"]

    @property
    def name(self) -> str:
        """The key in words, such as "F# minor"."""
        return f"{PITCH_NAMES[self.tonic]} {self.mode}"

    @property
    def camelot(self) -> str:
        """Place on the Camelot wheel: neighbours differ by a fifth, A is minor and B is major."""
        relative_major = (self.tonic + (3 if self.mode == "minor" else 0)) % 12
        return f"{(relative_major * 7 + 7) % 12 + 1}{'A' if self.mode == 'minor' else 'B'}"

    def ladder(self, low: int, high: int, *, pentatonic: bool = False) -> tuple[int, ...]:
        """MIDI pitches of the key's scale from ``low`` to ``high``, both included."""
        steps = (PENTATONIC if pentatonic else SCALES)[self.mode]
        return tuple(pitch for pitch in range(low, high + 1) if (pitch - self.tonic) % 12 in steps)


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord without octaves: its root's pitch class, and the intervals above it in semitones."""

    root: int
    intervals: tuple[int, ...]

    @property
    def classes(self) -> tuple[int, ...]:
        """Pitch classes, the root first."""
        return tuple((self.root + interval) % 12 for interval in self.intervals)


def progression(text: str, key: Key) -> tuple[Chord, ...]:
    """Read chords written as semitones above the tonic and a quality: "0m9 8M7 7m 10" is i9 VI7 v VII."""
    chords = []
    for word in text.split():
        found = _CHORD.fullmatch(word)
        if found is None:
            msg = f"not a chord: {word!r}"
            raise ValueError(msg)
        chords.append(Chord((key.tonic + int(found[1])) % 12, QUALITIES[found[2]]))
    return tuple(chords)


def pitch_at(pitch_class: int, low: int) -> int:
    """The lowest MIDI pitch of that class at or above ``low``."""
    return low + (pitch_class - low) % 12


def nearest_pitch(pitch_class: int, to: int) -> int:
    """The MIDI pitch of that class that lies nearest to ``to``."""
    return pitch_at(pitch_class, to - 5)


def voice_lead(chords: tuple[Chord, ...], *, centre: int, voices: int) -> tuple[tuple[int, ...], ...]:
    """Give each chord octaves so that the voices move as little as they can.

    Of all placings within a tenth of ``centre`` the one is taken whose sorted voices move least from the chord
    before; spread and distance from the centre break ties. The root is left out first where there are too many notes.
    """
    placed: list[tuple[int, ...]] = []
    for chord in chords:
        classes = chord.classes if len(chord.classes) <= voices else chord.classes[len(chord.classes) - voices :]
        choices = product(*[[p for p in range(centre - 9, centre + 9) if p % 12 == c] for c in classes])
        before = placed[-1] if placed else None
        placed.append(min((tuple(sorted(c)) for c in choices), key=lambda c: _effort(c, before, centre)))
    return tuple(placed)


def _effort(voicing: tuple[int, ...], before: tuple[int, ...] | None, centre: int) -> tuple[float, tuple[int, ...]]:
    """Semitones that the voices move, plus a little for clusters, wide gaps and distance from the centre."""
    gaps = [b - a for a, b in pairwise(voicing)]
    shape = sum((gap <= 1) * 4.0 + (gap <= 2) * 1.0 + max(0, gap - 7) for gap in gaps)
    off = abs(sum(voicing) / len(voicing) - centre)
    if before is None or len(before) != len(voicing):
        return (shape + 2.0 * off, voicing)
    return (sum(abs(a - b) for a, b in zip(voicing, before, strict=True)) + shape + 0.7 * off, voicing)


def frequency(pitch: float) -> float:
    """Hertz of a MIDI pitch, in equal temperament at A4 = 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))
