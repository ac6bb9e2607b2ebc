"""Ambient: slow beds of sound, far bells, wind, no drums and a hall without walls."""

from __future__ import annotations

from functools import partial

import numpy as np

from segue.demo import effects, instruments
from segue.demo.desk import Note, Seat
from segue.demo.oscillators import noise, sine
from segue.demo.song import Feel, Music, Plan, Song

PROGRESSIONS = (
    ("0M9 5M9", "9m9 5M7"),
    ("0add9 7sus4", "9m7 5M9"),
    ("0M7 9m9", "5M7 2m7"),
    ("0sus2 5add9", "7sus2 5M7"),
    ("5M9 0M7", "2m9 9m7"),
)


def compose(plan: Plan) -> Music:
    """Chords two bars long that melt into each other; now and then something glints."""
    first, second = PROGRESSIONS[plan.flavour]
    song = Song(plan, feel=Feel(block_bars=2, tail_s=5.0), chords={"A": first, "B": second, "K": second})
    desk, f = song.desk, plan.flavour
    voicings = song.voicings(centre=60 + f % 3)
    everywhere = list(range(song.bars))
    bed = partial(instruments.pad, cut_hz=(700.0, 1100.0, 500.0, 900.0, 600.0)[f], attack_s=1.8, release_s=3.0)
    desk.play("bed", song.comp(everywhere, voicings, ((0.0, 4.6, 0.8),)), bed)
    high = (
        partial(instruments.choir, attack_s=1.8)
        if f % 2 == 0
        else partial(instruments.pad, cut_hz=2600.0, attack_s=2.0, release_s=2.5)
    )
    desk.play("high", song.comp(song.where("ABKO"), song.voicings(centre=73, voices=3), ((0.0, 4.4, 0.5),)), high)
    drone = partial(instruments.pad, cut_hz=260.0, attack_s=1.5, release_s=2.5)
    desk.play("low", song.riff(everywhere, ((0.0, 4.5, 0, 0.8),), near=40), drone)
    desk.play("glint", _glints(song), partial(instruments.bell, life_s=2.4), seat=Seat(spread=1.2, loose_s=0.05))
    swell = _wind(song)
    dry = desk.blend({"bed": 0.7, "high": 0.4, "low": 0.6, "glint": 0.2})
    glints = desk.bus("glint") + effects.echo(desk.bus("glint"), song.grid.beat_s * 1.5, feedback=0.6)
    hall = effects.reverb(desk.blend({"bed": 0.5, "high": 0.8}) + 0.9 * glints, 5.5, bright_hz=4200, before_s=0.03)
    mix = dry + 0.25 * glints + 0.9 * hall + swell
    return effects.faded(mix, 0.0, 1.5, from_=0.15, to=1.0)


def _glints(song: Song) -> list[Note]:
    """Single bell notes of the chord, at random eighths, sparse."""
    notes = []
    for bar in song.where("ABKO"):
        for _ in range(int(song.rng.integers(1, 4))):
            pitch = 72 + int(song.rng.choice(np.array(song.chords[bar].classes))) + 12 * int(song.rng.integers(2))
            beat = bar * 4.0 + float(song.rng.integers(8)) / 2.0
            notes.append(Note(beat, 1.0, pitch, float(song.rng.uniform(0.3, 0.7))))
    return notes


def _wind(song: Song) -> Music:
    """A breath of noise that comes and goes, each side in its own time."""
    n = song.desk.samples
    breath = np.resize(noise(44_100 * 7, low_hz=300, high_hz=1800 + 300 * song.plan.flavour, seed=21), n)
    sides = [breath * (0.5 + 0.5 * sine(hz, n)) for hz in (0.071, 0.093)]
    return np.asarray(np.stack(sides) * np.float32(0.016), np.float32)
