"""Drum'n'bass: a chopped break at 170 and more, a growling bass beneath, slow pads high above it."""

from __future__ import annotations

from functools import partial

from segue.demo import drums, effects, instruments
from segue.demo.desk import Seat, steps
from segue.demo.song import Feel, Line, Music, Plan, Song

PROGRESSIONS = (
    "0madd9 0madd9 8M7 5m7",
    "0m 0madd9 8M7 7m",
    "0madd9 0m 5m7 8M7",
    "8M7 7m 0madd9 0m",
    "0madd9 8M7 0m 5m7",
)
KICKS = ("9.........8.....", "9.....5...9.....", "9..........8....", "9.7.......8.....", "9.....6...8...4.")
GHOSTS = ("....9..3.3..9..3", "....9..2.4..9.2.", "....9....3..9..4", "....9.23.2..9...", "....9..3....9.33")
BASSES = (
    ((0.0, 1.4, 0, 0.9), (1.75, 0.7, 0, 0.8), (2.75, 1.2, -2, 0.8)),
    ((0.0, 0.7, 0, 0.9), (1.5, 0.4, 12, 0.6), (2.25, 1.6, 0, 0.9)),
    ((0.0, 2.4, 0, 0.9), (2.5, 0.7, 3, 0.7), (3.25, 0.7, 0, 0.8)),
)
CALLS = (((0.0, 1.5), (2.5, 1.5)), ((0.0, 0.75), (0.75, 0.75), (1.5, 2.5)), ((1.0, 1.0), (3.0, 1.0)))


def compose(plan: Plan) -> Music:
    """Pads alone, then the break drops; the bass rests in the middle and comes back."""
    song = Song(plan, feel=Feel(block_bars=4, swing=0.52, tail_s=2.5), chords={"A": PROGRESSIONS[plan.flavour]})
    _break(song)
    _bass(song)
    _air(song)
    desk = song.desk
    kit = effects.driven(desk.blend({"break": 0.8}), 1.8)
    airy = desk.blend({"pad": 0.42, "bell": 0.34})
    airy += 0.4 * effects.echo(desk.bus("bell"), 0.75 * song.grid.beat_s * 2)
    room = effects.reverb(desk.blend({"pad": 0.5, "bell": 0.7, "break": 0.08}), 2.8, bright_hz=7500)
    return 0.95 * kit + 0.68 * desk.bus("bass") + airy + 0.45 * room


def _break(song: Song) -> None:
    desk, f = song.desk, song.plan.flavour
    full = song.where("AB")
    snare = drums.snare(hz=(205, 230, 190, 245, 215)[f], rattle=0.75, life_s=0.1, high_hz=11_000)
    desk.hit("break", steps(KICKS[f], bars=full), drums.kick(hz=58, punch=3.5, life_s=0.12, click=0.5))
    desk.hit("break", steps(GHOSTS[f], bars=full), snare, seat=Seat(pan=0.06))
    desk.hit("break", steps("............2.55", bars=song.ends("AB")), snare, seat=Seat(pan=-0.2))
    hats = ("7.5.7.5.7.5.7.5.", "7353735373537353", "8.4.7.4.8.4.7.44", "6.6.6.6.6.6.6.6.", "7.537.537.537.53")[f]
    desk.hit(
        "break",
        steps(hats, bars=song.where("ABK")),
        drums.hat(life_s=0.03, low_hz=8000),
        seat=Seat(pan=-0.25, gain=0.75),
    )
    desk.hit(
        "break",
        steps("5...5...5...5...", bars=song.where("IBO")),
        drums.ride(life_s=0.3),
        seat=Seat(pan=0.35, gain=1.1),
    )
    desk.hit("break", steps("..3..3.3..3..3..", bars=full), drums.shaker(), seat=Seat(pan=0.45, gain=0.8))
    desk.hit(
        "break", [(bar * 4.0, 0.9) for bar in song.starts("AB")], drums.crash(life_s=0.8), seat=Seat(pan=-0.3, gain=0.8)
    )


def _bass(song: Song) -> None:
    f = song.plan.flavour
    voice = (
        partial(instruments.reese_bass, cut_hz=420.0 + 160.0 * f) if f != 3 else partial(instruments.sub_bass, edge=0.4)
    )
    song.desk.play("bass", song.riff(song.where("AB"), BASSES[f % 3], near=31), voice)


def _air(song: Song) -> None:
    desk, f = song.desk, song.plan.flavour
    voicings = song.voicings(centre=67)
    pad = instruments.choir if f in (1, 4) else partial(instruments.pad, cut_hz=2400.0, attack_s=0.3)
    desk.play("pad", song.comp(list(range(song.bars)), voicings, ((0.0, 4.0, 0.6),)), pad)
    line = Line(low=72, high=89, rhythms=CALLS, pentatonic=True)
    desk.play(
        "bell",
        song.sing(song.where("IBK"), line),
        (instruments.bell, instruments.electric_piano)[f % 2],
        seat=Seat(spread=0.6),
    )
