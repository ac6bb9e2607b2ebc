"""Reggae: the one drop, guitar chopping off the beat, an organ that bubbles, a bass that sings, dub echo."""

from __future__ import annotations

from functools import partial

from segue.demo import drums, effects, instruments
from segue.demo.desk import Note, Seat, steps
from segue.demo.song import Feel, Line, Music, Plan, Song

MINOR = ("0m 0m 5m 0m", "0m 10 0m 10", "0m 5m 10 0m", "0m 8 10 0m", "0m 0m 10 8")
MAJOR = ("0 5 0 7", "0 9m 5 7", "0 5 7 5", "0 0 2m 7", "0 7 5 0")
BASSES = (
    ((0.0, 0.7, 0, 0.9), (1.0, 0.4, 0, 0.7), (1.5, 0.45, 7, 0.8), (2.5, 0.4, 12, 0.8), (3.0, 0.9, 7, 0.8)),
    ((0.5, 0.4, 0, 0.9), (1.0, 0.9, 0, 0.9), (2.5, 0.4, 7, 0.8), (3.0, 0.4, 5, 0.7), (3.5, 0.4, 7, 0.8)),
    ((0.0, 1.2, 0, 1.0), (1.5, 0.4, 12, 0.7), (2.0, 0.7, 7, 0.8), (3.0, 0.4, 7, 0.7), (3.5, 0.4, 0, 0.8)),
)
CALLS = (
    ((0.0, 1.0), (1.0, 0.5), (1.5, 1.5)),
    ((0.5, 0.5), (1.0, 0.5), (1.5, 0.5), (2.0, 1.5)),
    ((0.0, 0.75), (0.75, 0.75), (1.5, 1.5)),
)
REED = (0.0, 0.0, 1.0, 0.55, 0.5, 0.3)


def compose(plan: Plan) -> Music:
    """A drum roll, the skank, a reed in the second part; in the break the desk itself is played."""
    chords = (MINOR if plan.key.mode == "minor" else MAJOR)[plan.flavour]
    song = Song(plan, feel=Feel(block_bars=2, swing=0.56, tail_s=2.8), chords={"A": chords})
    desk, f = song.desk, plan.flavour
    _riddim(song)
    _chops(song)
    desk.play(
        "bass",
        song.riff(song.where("ABK"), BASSES[f % 3], near=33),
        partial(instruments.finger_bass, bright=-0.1, life_s=0.7),
        seat=Seat(loose_s=0.006),
    )
    desk.play(
        "bass",
        song.riff(song.where("IO"), ((0.0, 0.7, 0, 0.9), (1.5, 0.9, 7, 0.8)), near=33),
        partial(instruments.finger_bass, bright=-0.1),
    )
    skank = effects.filtered(desk.bus("skank"), low_hz=350, high_hz=4500)
    bass = effects.filtered(desk.bus("bass"), high_hz=600)
    dub = effects.echo(desk.blend({"throw": 0.9, "reed": 0.35}), 0.75 * song.grid.beat_s, feedback=0.62, taps=6)
    dub = effects.filtered(dub, low_hz=300, high_hz=3000)
    spring = effects.reverb(
        desk.blend({"throw": 0.6, "reed": 0.4, "kit": 0.18}) + 0.3 * skank + 0.3 * dub,
        1.9,
        bright_hz=3800,
        before_s=0.03,
    )
    mix: Music = (
        desk.blend({"kit": 0.75, "organ": 0.5, "reed": 0.55, "throw": 0.4})
        + 1.25 * skank
        + 0.72 * bass
        + 0.55 * dub
        + 0.3 * spring
    )
    return mix


def _riddim(song: Song) -> None:
    desk, f = song.desk, song.plan.flavour
    bars = song.where("ABKO")
    rim = drums.rim(hz=1600 + 90 * f) if f != 3 else drums.snare(hz=320, rattle=0.35, life_s=0.08)
    drop = "....9.......9..." if f != 2 else "9...9...9...9..."
    desk.hit(
        "kit", steps(drop, bars=bars), drums.kick(hz=52, punch=2.4, life_s=0.16, click=0.4), seat=Seat(loose_s=0.004)
    )
    desk.hit("kit", steps("....9.......9...", bars=bars), rim, seat=Seat(pan=-0.1, gain=0.9, loose_s=0.005))
    desk.hit(
        "kit",
        steps("6.4.7.4.6.4.7.43", bars=song.where("IABKO")),
        drums.hat(life_s=0.03, low_hz=7500),
        seat=Seat(pan=0.35, gain=0.7, loose_s=0.004),
    )
    desk.hit("kit", steps("..6...6...6...6.", bars=song.where("B")), drums.shaker(), seat=Seat(pan=-0.5, gain=0.8))
    desk.hit("throw", steps("....9...........", bars=song.where("K") + song.ends("A")), rim, seat=Seat(pan=0.2))
    for hz, pattern, pan in (
        (290.0, "........7.7.....", -0.4),
        (230.0, "...........77...", 0.1),
        (180.0, ".............7.9", 0.45),
    ):
        desk.hit("kit", steps(pattern, bars=song.ends("IABK")), drums.tom(hz=hz), seat=Seat(pan=pan, gain=0.7))


def _chops(song: Song) -> None:
    desk, f = song.desk, song.plan.flavour
    voicings = song.voicings(centre=66, voices=3)
    off = tuple((beat + 0.5, 0.16, 0.9) for beat in range(4))
    guitar = partial(instruments.strings_of, life_s=0.3, bright=0.55, position=0.15, mute_s=0.03)
    everywhere = song.where("IABO")
    desk.play("skank", song.comp(everywhere, voicings, off), guitar, seat=Seat(pan=-0.4, loose_s=0.004))
    if f % 2 == 0:
        low = tuple(tuple(p - 12 for p in chord) for chord in voicings)
        desk.play(
            "skank",
            song.comp(song.where("AB"), low, off),
            partial(instruments.piano, hardness=0.7, ring_s=0.06),
            seat=Seat(pan=0.35, gain=0.7),
        )
    bubble = tuple(
        (beat + part, 0.14, level) for beat in range(4) for part, level in ((0.25, 0.4), (0.5, 0.8), (0.75, 0.45))
    )
    desk.play(
        "organ",
        song.comp(song.where("ABK"), song.voicings(centre=60, voices=3), bubble),
        partial(instruments.organ, click=0.15),
        seat=Seat(pan=0.25),
    )
    throws = [Note(bar * 4.0 + 0.5, 0.2, pitch, 0.9) for bar in song.where("K") for pitch in voicings[bar]]
    desk.play("throw", throws, guitar, seat=Seat(pan=-0.2))
    reed = partial(instruments.organ, bars=REED, click=0.05) if f != 4 else instruments.brass
    desk.play(
        "reed",
        song.sing(song.where("BO"), Line(low=67, high=81, rhythms=CALLS, pentatonic=True, velocity=0.6)),
        reed,
        seat=Seat(pan=0.1),
    )
