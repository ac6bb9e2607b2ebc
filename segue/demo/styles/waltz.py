"""Solo piano waltz: the left hand strikes low and answers twice, the right hand sings."""

from __future__ import annotations

from functools import partial

import numpy as np

from segue.demo import effects, instruments
from segue.demo.desk import Note, Seat
from segue.demo.song import Feel, Line, Music, Plan, Song

MAJOR = ("0 0 5 0 9m 2m 7 0", "0 9m 2m 7 0 5 7 0", "0 7 9m 4m 5 0 2m 7", "0 0 2m 7 7 7 0 0", "0 4m 5 0 5 0 2m 7")
MAJOR_B = ("5 5 0 0 7 7 0 7", "9m 9m 4m 4m 5 0 7 7", "2m 7 0 9m 2m 7 0 0", "5 7 0 9m 2m 7 0 0", "9m 5 0 7 9m 5 7 7")
MINOR = (
    "0m 0m 5m 0m 8 5m 7 0m",
    "0m 5m 10 3 8 5m 7 0m",
    "0m 7 0m 5m 0m 8 7 0m",
    "0m 0m 7 7 5m 0m 7 0m",
    "0m 10 8 7 0m 5m 7 0m",
)
MINOR_B = (
    "3 3 10 10 5m 0m 7 7",
    "8 8 3 3 5m 5m 7 7",
    "5m 5m 0m 0m 8 5m 7 7",
    "3 10 0m 5m 8 3 7 7",
    "8 10 3 0m 5m 0m 7 7",
)
SUNG = (
    ((0.0, 2.0), (2.0, 1.0)),
    ((0.0, 1.0), (1.0, 1.0), (2.0, 1.0)),
    ((0.0, 1.5), (1.5, 0.5), (2.0, 1.0)),
    ((0.0, 0.5), (0.5, 0.5), (1.0, 1.0), (2.0, 1.0)),
    ((0.0, 2.5), (2.5, 0.5)),
)


def compose(plan: Plan) -> Music:
    """Introduction, two strains, and an end that slows by thinning out."""
    minor = plan.key.mode == "minor"
    chords = {"A": (MINOR if minor else MAJOR)[plan.flavour], "B": (MINOR_B if minor else MAJOR_B)[plan.flavour]}
    song = Song(plan, feel=Feel(block_bars=8 if plan.tempo_bpm > 118 else 4, bar_beats=3, tail_s=3.5), chords=chords)
    f = plan.flavour
    voice = partial(instruments.piano, hardness=(0.35, 0.6, 0.25, 0.7, 0.45)[f])
    desk = song.desk
    desk.play("piano", _left(song), voice, seat=Seat(spread=0.55, loose_s=0.006))
    desk.play("piano", _right(song), voice, seat=Seat(spread=0.55, loose_s=0.006, gain=1.15))
    room = effects.reverb(desk.bus("piano"), (1.3, 1.8, 2.4, 1.1, 2.0)[f], bright_hz=5000)
    return desk.bus("piano") + (0.2, 0.26, 0.36, 0.16, 0.3)[f] * room


def _left(song: Song) -> list[Note]:
    """The oom-pah-pah, or broken chords where the artist likes them."""
    voicings = song.voicings(centre=57, voices=3)
    notes = []
    for bar in range(song.bars):
        at = bar * 3.0
        notes.append(Note(at, 2.6, song.root(bar, near=40 + 2 * (bar % 2)), 0.62))
        if bar == song.bars - 1:
            notes += [Note(at, 3.0, pitch, 0.5) for pitch in voicings[bar]]
        elif song.plan.flavour in (2, 4) and song.sections[bar] in "BK":
            low, middle, high = voicings[bar]
            order = (low, middle, high, middle, high)
            notes += [Note(at + 0.5 * (i + 1), 0.9, pitch, 0.4) for i, pitch in enumerate(order)]
        else:
            notes += [
                Note(at + beat, 0.7, pitch, soft)
                for beat, soft in ((1.0, 0.42), (2.0, 0.36))
                for pitch in voicings[bar]
            ]
    return notes


def _right(song: Song) -> list[Note]:
    """The tune, in octaves where it grows, silent in the introduction."""
    tune = song.sing(song.where("AKO"), Line(low=67, high=86, rhythms=SUNG, velocity=0.8))
    chorus = song.sing(song.where("B"), Line(low=70, high=89, rhythms=SUNG[1:4], velocity=0.85))
    doubled = [Note(note.beat, note.beats, note.pitch - 12, note.velocity * 0.55) for note in chorus]
    opening = song.sing(song.where("I")[-2:], Line(low=64, high=79, rhythms=SUNG[:2], velocity=0.6))
    notes = [*opening, *tune, *chorus, *doubled]
    levels = song.rng.uniform(0.85, 1.05, len(notes))
    last = (song.bars - 1) * 3.0
    return [
        Note(n.beat, n.beats, n.pitch, float(np.clip(n.velocity * v, 0.1, 1.0)))
        for n, v in zip(notes, levels, strict=True)
        if n.beat <= last
    ]
