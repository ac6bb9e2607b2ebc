"""House: four on the floor, open hats between, stabs of minor sevenths, everything breathing with the kick."""

from __future__ import annotations

from functools import partial

from segue.demo import drums, effects, instruments
from segue.demo.desk import Seat, steps
from segue.demo.song import Feel, Line, Music, Plan, Song

PROGRESSIONS = (
    "0madd9 5m7 8M7 0madd9",
    "0m 0madd9 8M7 7m",
    "0madd9 0m 8M7 5m7",
    "5m7 0madd9 8M7 0m",
    "8M7 7m 0madd9 0m",
)
STABS = (
    ((0.75, 0.3, 0.8), (1.5, 0.3, 0.7), (2.75, 0.3, 0.8), (3.25, 0.3, 0.6)),
    ((0.0, 0.3, 0.7), (0.75, 0.3, 0.8), (1.5, 0.3, 0.8), (3.5, 0.4, 0.7)),
    ((0.5, 0.25, 0.8), (1.25, 0.25, 0.6), (2.5, 0.25, 0.8), (3.25, 0.5, 0.7)),
)
BASSES = (
    ((0.5, 0.4, 0, 0.9), (1.5, 0.4, 0, 0.8), (2.5, 0.4, 12, 0.7), (3.5, 0.4, 0, 0.9)),
    (
        (0.5, 0.3, 0, 0.9),
        (0.75, 0.2, 0, 0.6),
        (1.5, 0.4, 12, 0.8),
        (2.5, 0.4, 0, 0.9),
        (3.25, 0.25, 7, 0.7),
        (3.5, 0.3, 10, 0.7),
    ),
)
CALLS = (
    ((0.0, 0.5), (0.75, 0.25), (1.5, 0.5), (2.5, 1.0)),
    ((0.5, 0.5), (1.5, 0.5), (2.0, 1.5)),
    ((0.0, 1.5), (2.0, 0.5), (3.0, 0.5)),
)


def compose(plan: Plan) -> Music:
    """A club track: drums build in the intro, the break takes them away, the B part sings."""
    song = Song(plan, feel=Feel(block_bars=4, swing=0.54), chords={"A": PROGRESSIONS[plan.flavour]})
    kicks = _drums(song)
    _harmony(song)
    desk = song.desk
    pumped = desk.blend({"stab": 0.75, "pad": 0.62, "lead": 0.46})
    pumped += 0.35 * effects.echo(desk.bus("stab") + 0.8 * desk.bus("lead"), 0.75 * song.grid.beat_s)
    room = effects.reverb(desk.blend({"stab": 0.6, "lead": 0.6, "pad": 0.4, "clap": 0.35}), 2.0, bright_hz=6000)
    pumped = effects.duck(pumped + 0.4 * room, song.kick_times(kicks), depth=0.72, back_s=0.8 * song.grid.beat_s)
    bass = effects.duck(desk.bus("bass"), song.kick_times(kicks), depth=0.6, back_s=0.12)
    return pumped + 0.62 * bass + desk.blend({"kick": 0.85, "clap": 0.46, "hats": 0.5})


def _drums(song: Song) -> list[tuple[float, float]]:
    desk, f = song.desk, song.plan.flavour
    kicks = steps("9.9.9.9.", bars=song.where("IABO"))
    desk.hit("kick", kicks, drums.kick(hz=(48, 52, 46, 55, 50)[f], life_s=0.2, click=0.25 + 0.08 * f))
    desk.hit(
        "clap",
        steps("....9.......9...", bars=song.where("AB")),
        drums.clap(life_s=0.09 + 0.015 * f),
        seat=Seat(pan=0.05),
    )
    desk.hit("hats", steps("..8...8...8...8.", bars=song.where("ABO")), drums.hat(life_s=0.11), seat=Seat(pan=0.12))
    shut = song.pick("5.2.5.2.5.2.5.23", "53.353.353.353.3")
    desk.hit("hats", steps(shut, bars=song.where("IAB")), drums.hat(life_s=0.028), seat=Seat(pan=-0.3, gain=0.7))
    desk.hit("hats", steps("4.64.64.4.64.646", bars=song.where("BO")), drums.shaker(), seat=Seat(pan=0.5, gain=0.8))
    desk.hit("clap", steps("............6.79", bars=song.ends("AK")), drums.clap(life_s=0.08), seat=Seat(pan=-0.2))
    desk.hit(
        "hats", [(bar * 4.0, 0.8) for bar in song.starts("ABO")], drums.crash(life_s=0.7), seat=Seat(pan=0.3, gain=0.7)
    )
    if f % 2:
        desk.hit(
            "hats",
            steps("..5..4.5..5..4..", bars=song.where("AB")),
            drums.conga(hz=240),
            seat=Seat(pan=-0.45, gain=0.7),
        )
    return kicks


def _harmony(song: Song) -> None:
    desk, f = song.desk, song.plan.flavour
    voicings = song.voicings(centre=62 + f % 3)
    figure = STABS[int(song.rng.integers(len(STABS)))]
    stab = partial(instruments.stab, cut_hz=2600.0 + 700.0 * f) if f != 2 else partial(instruments.organ, click=0.8)
    desk.play("stab", song.comp(song.where("IABK"), voicings, figure), stab, seat=Seat(spread=0.3))
    long = ((0.0, 4.0, 0.7),)
    desk.play(
        "pad",
        song.comp(song.where("BKO"), song.voicings(centre=66, voices=3), long),
        partial(instruments.pad, cut_hz=1500.0, release_s=0.6),
    )
    bass = (
        partial(instruments.finger_bass, bright=0.35, life_s=0.5)
        if f in (1, 4)
        else partial(instruments.sub_bass, edge=0.7)
    )
    desk.play("bass", song.riff(song.where("ABO"), BASSES[f % 2], near=40), bass)
    line = Line(low=69, high=84, rhythms=CALLS, pentatonic=True, order="abab")
    lead = instruments.bell if f in (0, 3) else instruments.electric_piano
    desk.play("lead", song.sing(song.where("BK"), line), lead, seat=Seat(pan=-0.15, spread=0.4))
