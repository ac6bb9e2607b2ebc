"""Boom-bap hip-hop: a lazy swung kit, chords as if from an old record, a warm bass and dust."""

from __future__ import annotations

from functools import partial

import numpy as np

from segue.demo import drums, effects, instruments
from segue.demo.desk import Seat, steps
from segue.demo.song import Feel, Line, Music, Plan, Song

LOOPS = ("0madd9 8M7 5m7 0m", "0m7 5m7 0madd9 8M7", "8M7 7m7 0madd9 0m", "0madd9 8M7 5m9 0m", "5m9 7m7 0madd9 0m")
KICKS = ("9......5..9.....", "9.7.......8..5..", "9.....4.8.9.....", "9......7..8....4", "9..6......97....")
SAMPLES = (
    ((0.0, 0.9), (1.5, 0.5), (2.0, 1.5)),
    ((0.5, 0.5), (1.0, 1.0), (2.75, 1.0)),
    ((0.0, 0.5), (0.75, 0.75), (2.5, 0.5), (3.0, 0.75)),
)
BASSES = (
    ((0.0, 0.9, 0, 0.9), (1.75, 0.4, 0, 0.7), (2.5, 0.9, 7, 0.8)),
    ((0.0, 0.6, 0, 0.9), (0.75, 0.5, 0, 0.6), (2.5, 0.5, 0, 0.8), (3.25, 0.6, -2, 0.7)),
    ((0.0, 1.6, 0, 0.9), (2.0, 0.4, 12, 0.6), (2.5, 0.9, 0, 0.8)),
)


def compose(plan: Plan) -> Music:
    """Needle down, the loop, the beat, a few bars without bass, the loop again, needle up."""
    song = Song(
        plan,
        feel=Feel(block_bars=2, swing=0.61, tail_s=2.0),
        chords={"A": LOOPS[plan.flavour]},
    )
    desk, f = song.desk, plan.flavour
    _beat(song)
    _sample(song)
    record = effects.filtered(
        effects.driven(desk.blend({"loop": 0.8, "hook": 0.5}), 1.6),
        low_hz=140,
        high_hz=(3200, 4000, 2800, 3600, 4400)[f],
    )
    record = effects.duck(record, song.kick_times(steps(KICKS[f], bars=song.where("ABO"))), depth=0.35, back_s=0.25)
    desk.play("bass", song.riff(song.where("ABO"), BASSES[f % 3], near=34), _bass(f), seat=Seat(loose_s=0.006))
    beat = effects.filtered(effects.driven(desk.bus("beat"), 2.0), high_hz=8500)
    dust = drums.crackle(desk.samples, rng=song.rng, a_second=6.0 + 2.0 * f)
    room = effects.reverb(0.15 * beat + 0.3 * record, 0.9, bright_hz=3500)
    mix: Music = (
        1.05 * record + 0.85 * beat + 0.75 * desk.bus("bass") + 0.2 * room + np.stack([dust, np.roll(dust, 9000)])
    )
    return mix


def _bass(flavour: int) -> partial[Music]:
    if flavour in (1, 3):
        return partial(instruments.sub_bass, edge=0.25)
    return partial(instruments.finger_bass, bright=0.05, life_s=0.8)


def _beat(song: Song) -> None:
    desk, f = song.desk, song.plan.flavour
    bars = song.where("ABO")
    snare = drums.snare(hz=(172, 195, 160, 182, 205)[f], rattle=0.55, life_s=0.12, high_hz=6500)
    desk.hit(
        "beat",
        steps(KICKS[f], bars=bars),
        drums.kick(hz=54, punch=2.8, life_s=0.17, click=0.35),
        seat=Seat(loose_s=0.008),
    )
    desk.hit("beat", steps("....9.......9...", bars=song.where("ABKO")), snare, seat=Seat(pan=-0.05, loose_s=0.012))
    desk.hit("beat", steps(".......2.2.....3", bars=bars), snare, seat=Seat(pan=-0.05))
    hats = "7.5.7.5.7.5.7.53" if f % 2 else "7.4.7.447.4.7.4."
    desk.hit(
        "beat",
        steps(hats, bars=song.where("ABKO")),
        drums.hat(life_s=0.04, low_hz=6000, metal=0.35),
        seat=Seat(pan=0.25, gain=0.7, loose_s=0.008),
    )
    desk.hit(
        "beat", steps("..............6.", bars=bars), drums.hat(life_s=0.16, low_hz=6000), seat=Seat(pan=0.25, gain=0.6)
    )
    desk.hit("beat", steps("8...............", bars=song.where("I")), drums.rim(), seat=Seat(pan=0.2, gain=0.5))


def _sample(song: Song) -> None:
    """What the record plays: tine piano or piano chords, and a short hook that is looped, not developed."""
    desk, f = song.desk, song.plan.flavour
    voicings = song.voicings(centre=60 + f % 2)
    figures = (
        ((0.0, 1.6, 0.9), (2.5, 1.2, 0.7)),
        ((0.0, 0.9, 0.8), (1.5, 0.7, 0.7), (2.75, 1.1, 0.8)),
        ((0.0, 3.6, 0.9),),
    )
    keys = partial(instruments.piano, hardness=0.4) if f in (2, 4) else partial(instruments.electric_piano, bark=1.0)
    desk.play(
        "loop", song.comp(list(range(song.bars)), voicings, figures[f % 3]), keys, seat=Seat(spread=1.1, loose_s=0.01)
    )
    hook = song.sing(
        song.where("BK"), Line(low=67, high=82, rhythms=SAMPLES, pentatonic=True, order="ab", velocity=0.7)
    )
    desk.play(
        "hook",
        hook,
        (instruments.flute, instruments.bell, instruments.flute, instruments.electric_piano, instruments.bell)[f],
        seat=Seat(pan=0.3),
    )
