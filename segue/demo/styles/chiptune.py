"""Chiptune: two pulse waves, a stepped triangle, a noise channel and no room at all."""

from __future__ import annotations

from functools import partial

from segue.demo import drums, effects, instruments
from segue.demo.desk import Note, Seat, steps
from segue.demo.song import Feel, Line, Music, Plan, Song

MAJOR = ("0 7 9m 5", "0 5 7 0", "0 9m 5 7", "0 4m 5 7", "0 10 5 0")
MINOR = ("0m 8 10 0m", "0m 10 8 7", "0m 5m 8 10", "0m 3 10 7", "0m 8 3 10")
TUNES = (
    ((0.0, 0.5), (0.5, 0.5), (1.0, 0.5), (1.5, 1.0), (2.5, 0.5), (3.0, 0.5), (3.5, 0.5)),
    ((0.0, 0.75), (0.75, 0.75), (1.5, 0.5), (2.0, 0.75), (2.75, 0.75), (3.5, 0.5)),
    ((0.0, 1.0), (1.0, 0.5), (1.5, 0.5), (2.0, 1.5), (3.5, 0.5)),
    ((0.0, 0.25), (0.25, 0.25), (0.5, 0.5), (1.0, 1.0), (2.0, 0.5), (2.5, 0.5), (3.0, 1.0)),
)
DRUMS = ("9...7...9.9.7...", "9..97...9..97...", "9...7..9..9.7...", "9.9.7...9.9.7.7.", "9...7...9...7.77")


def compose(plan: Plan) -> Music:
    """A level's music: arpeggios in sixteenths, a tune with a tremble, an echo faked on the second channel."""
    chords = {"A": (MINOR if plan.key.mode == "minor" else MAJOR)[plan.flavour]}
    chords["B"] = (MINOR if plan.key.mode == "minor" else MAJOR)[(plan.flavour + 2) % 5]
    song = Song(plan, feel=Feel(block_bars=4, tail_s=1.2), chords=chords)
    desk, f = song.desk, plan.flavour
    duty = (0.5, 0.25, 0.125, 0.25, 0.5)[f]
    tune = song.sing(
        song.where("ABO"), Line(low=69, high=88, rhythms=TUNES, velocity=0.9, order="abac" if f % 2 else "aabc")
    )
    desk.play("tune", tune, partial(instruments.pulse, duty=duty, vibrato=0.012), seat=Seat(pan=-0.2))
    ghost = [Note(n.beat + 0.75, n.beats, n.pitch, n.velocity * 0.3) for n in tune if n.beat + 1.0 < song.bars * 4]
    desk.play("ghost", ghost, partial(instruments.pulse, duty=0.125), seat=Seat(pan=0.6))
    desk.play("arp", _arpeggio(song), partial(instruments.pulse, duty=0.25 if f != 1 else 0.5), seat=Seat(pan=0.3))
    figure = tuple((i * 0.5, 0.4, 12 * (i % 2) if f % 2 else (0, 0, 12, 0)[i % 4], 0.9) for i in range(8))
    desk.play("bass", song.riff(song.where("ABKO"), figure, near=43), instruments.stepped_triangle)
    _noise(song)
    mix = desk.blend({"tune": 0.5, "ghost": 0.4, "arp": 0.3, "bass": 0.75, "noise": 0.5})
    return effects.filtered(mix, high_hz=13_000)


def _arpeggio(song: Song) -> list[Note]:
    """One channel pretends to be a chord by running through it."""
    voicings = song.voicings(centre=70, voices=3)
    shapes = ((0, 1, 2, 1), (0, 1, 2, 0), (2, 1, 0, 1), (0, 2, 1, 2), (0, 1, 2, 2))
    shape = shapes[song.plan.flavour]
    return [
        Note(bar * 4.0 + place * 0.25, 0.2, voicings[bar][shape[place % 4]] + (12 if place % 8 > 5 else 0), 0.8)
        for bar in range(song.bars)
        for place in range(16)
    ]


def _noise(song: Song) -> None:
    desk, pattern = song.desk, DRUMS[song.plan.flavour]
    bars = song.where("ABO")
    low, high = drums.console_noise(life_s=0.05, hold=18), drums.console_noise(life_s=0.07, hold=3)
    desk.hit("noise", steps(pattern.replace("7", "."), bars=bars), low, seat=Seat(gain=1.2))
    desk.hit("noise", steps(pattern.replace("9", "."), bars=bars), high, seat=Seat(pan=0.1))
    desk.hit(
        "noise",
        steps("..3...3...3...3.", bars=song.where("IABK")),
        drums.console_noise(life_s=0.02, hold=1),
        seat=Seat(pan=-0.1),
    )
    desk.hit("noise", steps("........5.6.7789", bars=song.ends("IABK")), high)
