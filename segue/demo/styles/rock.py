"""Rock: two walls of overdriven guitar, a bass that growls along, big drums, and a lead in the chorus."""

from __future__ import annotations

import numpy as np

from segue.demo import drums, effects, instruments
from segue.demo.desk import Note, Seat, steps
from segue.demo.song import Feel, Line, Music, Plan, Song

RIFFS = (
    ("0m 0m 8 10", "8 10 0m 0m"),
    ("0m 3 10 0m", "8 3 10 0m"),
    ("0m 0m 3 10", "3 10 0m 0m"),
    ("0m 0m 5m 0m", "8 3 10 0m"),
    ("0m 8 3 0m", "8 10 0m 0m"),
)
RHYTHMS = (
    (
        (0.0, 0.45, 1.0),
        (0.5, 0.4, 0.6),
        (1.0, 0.4, 0.7),
        (1.5, 0.9, 0.9),
        (2.5, 0.4, 0.7),
        (3.0, 0.4, 0.8),
        (3.5, 0.45, 0.7),
    ),
    tuple((i * 0.5, 0.42, 1.0 if i % 4 == 0 else 0.75) for i in range(8)),
    ((0.0, 1.4, 1.0), (1.5, 0.9, 0.9), (2.5, 0.4, 0.7), (3.0, 0.9, 0.9)),
    ((0.0, 0.7, 1.0), (0.75, 0.7, 0.9), (1.5, 0.4, 0.8), (2.0, 0.9, 0.9), (3.0, 0.4, 0.8), (3.5, 0.4, 0.8)),
)
SOLOS = (
    ((0.0, 0.5), (0.5, 0.5), (1.0, 2.0), (3.0, 1.0)),
    ((0.0, 1.5), (1.5, 0.5), (2.0, 0.5), (2.5, 1.5)),
    ((0.0, 0.25), (0.25, 0.25), (0.5, 0.5), (1.0, 1.0), (2.0, 2.0)),
)
KICKS = ("9...3...9.9.....", "9.....9.9.......", "9.9...9...9.....", "9...9...9...9.9.", "9.......9.9...9.")


def compose(plan: Plan) -> Music:
    """Riff, verse, chorus with the lead above it, a half-time break, and a last chord that rings."""
    first, second = RIFFS[plan.flavour]
    song = Song(plan, feel=Feel(block_bars=4, tail_s=3.2), chords={"A": first, "B": second, "O": first})
    desk = song.desk
    _kit(song)
    walls = _walls(song)
    lead = _lead(song)
    song.desk.play("ring", _ringing(song), instruments.steel_guitar, seat=Seat(spread=0.9, loose_s=0.005))
    growl = effects.filtered(effects.driven(desk.bus("bass") * 2.0, 2.2), high_hz=2500)
    room = effects.reverb(desk.blend({"kit": 0.45, "ring": 0.3}) + 0.4 * lead, 1.4, bright_hz=6500)
    mix: Music = desk.blend({"kit": 0.78, "ring": 0.34}) + 0.46 * walls + 0.3 * growl + 0.42 * lead + 0.2 * room
    return mix


def _kit(song: Song) -> None:
    desk, f = song.desk, song.plan.flavour
    bars = song.where("ABO")
    snare = drums.snare(hz=(180, 170, 195, 188, 175)[f], rattle=0.7, life_s=0.17)
    low = drums.kick(hz=56, punch=3.0, life_s=0.14, click=0.8)
    desk.hit("kit", steps(KICKS[f], bars=bars), low, seat=Seat(loose_s=0.004))
    desk.hit("kit", steps("....9.......9...", bars=bars), snare, seat=Seat(loose_s=0.004))
    desk.hit("kit", steps("9.......9.......", bars=song.where("K")), low)
    desk.hit("kit", steps("........9.......", bars=song.where("K")), snare)
    desk.hit(
        "kit",
        steps("7.5.7.5.7.5.7.5.", bars=song.where("AI")),
        drums.hat(life_s=0.06, low_hz=6000),
        seat=Seat(pan=-0.35, loose_s=0.004),
    )
    desk.hit(
        "kit",
        steps("8...7...8...7...", bars=song.where("BKO")),
        drums.crash(life_s=0.45),
        seat=Seat(pan=0.35, gain=0.5, loose_s=0.004),
    )
    desk.hit("kit", [(bar * 4.0, 1.0) for bar in song.starts("ABO")], drums.crash(), seat=Seat(pan=-0.4, gain=0.9))
    for hz, pattern, pan in (
        (165.0, "........99......", -0.4),
        (130.0, "..........99....", 0.0),
        (95.0, "............9999", 0.4),
    ):
        desk.hit("kit", steps(pattern, bars=song.ends("IBK")), drums.tom(hz=hz), seat=Seat(pan=pan, gain=0.8))


def _ringing(song: Song) -> list[Note]:
    """A clean guitar that picks the whole chord, in the verse and the break: the walls have no thirds."""
    voicings = song.voicings(centre=60, voices=3)
    return [
        Note(bar * 4.0 + place * 0.5, 1.5, voicings[bar][(0, 1, 2, 1)[place % 4]], 0.8 if place % 4 == 0 else 0.6)
        for bar in song.where("AK")
        for place in range(8)
    ]


def _walls(song: Song) -> Music:
    """The rhythm guitar played twice, a little apart in time, one amplifier a side."""
    f = song.plan.flavour
    rhythm = RHYTHMS[(f + int(song.rng.integers(2))) % 4]
    last = song.bars - 1
    notes = [
        Note(bar * 4.0 + beat, beats, song.root(bar, near=42) + above, velocity)
        for bar in song.where("IABO")[:-1]
        for beat, beats, velocity in rhythm
        for above in (0, 7, 12)
    ]
    held = [(bar, 4.0) for bar in song.where("K")] + [(last, 5.0)]
    notes += [
        Note(bar * 4.0, beats, song.root(bar, near=42) + above, 0.9) for bar, beats in held for above in (0, 7, 12)
    ]
    last_root = song.key.tonic
    desk = song.desk
    sides = []
    for side in ("left", "right"):
        desk.play(side, notes, instruments.driven_string, seat=Seat(loose_s=0.007))
        sides.append(
            effects.cabinet(
                effects.driven(desk.bus(side)[0] * 1.6, (7.0, 10.0, 5.0, 13.0, 8.0)[f]), high_hz=4200.0 + 350.0 * f
            )
        )
    desk.play(
        "bass",
        song.riff(song.where("ABIO")[:-1], tuple((i * 0.5, 0.45, 0, 0.8) for i in range(8)), near=33),
        instruments.finger_bass,
    )
    desk.play("bass", song.riff(song.where("K"), ((0.0, 3.8, 0, 0.8),), near=33), instruments.finger_bass)
    desk.play(
        "bass", [Note(last * 4.0, 5.0, 24 + (last_root - 24) % 12 + 12 * (last_root < 4), 0.8)], instruments.finger_bass
    )
    return np.asarray(np.stack(sides), np.float32)


def _lead(song: Song) -> Music:
    line = Line(low=64, high=83, rhythms=SOLOS, pentatonic=True, velocity=0.8)
    song.desk.play("lead", song.sing(song.where("B"), line), instruments.lead_guitar, seat=Seat(pan=0.1))
    tone = effects.cabinet(effects.driven(song.desk.bus("lead").mean(axis=0) * 2.0, 5.0), high_hz=5200.0)
    doubled = np.stack([tone, np.roll(tone, 400)])
    return np.asarray(doubled + 0.5 * effects.echo(doubled, 0.75 * song.grid.beat_s, feedback=0.4, taps=3), np.float32)
