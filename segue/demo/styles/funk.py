"""Funk: slap bass on the one, a scratching guitar, a dry kit full of ghost notes, horns that shout."""

from __future__ import annotations

from functools import partial

from segue.demo import drums, effects, instruments
from segue.demo.desk import Note, Seat, steps
from segue.demo.song import Feel, Line, Music, Plan, Song

VAMPS = (
    ("0m7 0m 0m7 5m7", "8M7 5m7 0m 0m7"),
    ("0m 0m7", "8M7 7m7 0m 0m"),
    ("0m 10 8 0m", "5m7 5m7 0m 7m7"),
    ("0m 0m7 5m7 0m", "8M7 7m7 0m 0m"),
    ("0madd9 0m 8M7 7m7", "5m7 8M7 0m 0m"),
)
# (beat, beats, semitones above the root, velocity); an octave up is popped, everything else is thumbed.
SLAPS = (
    (
        (0.0, 0.4, 0, 1.0),
        (0.75, 0.2, 0, 0.6),
        (1.25, 0.15, 12, 0.8),
        (1.75, 0.2, 10, 0.7),
        (2.0, 0.3, 0, 0.8),
        (2.5, 0.2, 12, 0.8),
        (3.25, 0.2, 3, 0.7),
        (3.5, 0.35, 5, 0.8),
    ),
    (
        (0.0, 0.3, 0, 1.0),
        (0.5, 0.15, 12, 0.8),
        (0.75, 0.2, 0, 0.7),
        (1.5, 0.2, 12, 0.8),
        (1.75, 0.2, 0, 0.6),
        (2.25, 0.2, 7, 0.7),
        (2.75, 0.2, 10, 0.8),
        (3.25, 0.15, 12, 0.9),
        (3.5, 0.3, 10, 0.7),
    ),
    (
        (0.0, 0.6, 0, 1.0),
        (1.0, 0.2, 12, 0.8),
        (1.5, 0.2, 0, 0.7),
        (1.75, 0.2, 12, 0.7),
        (2.5, 0.2, 5, 0.8),
        (2.75, 0.2, 7, 0.8),
        (3.0, 0.2, 10, 0.7),
        (3.5, 0.2, 12, 0.9),
    ),
)
KICKS = ("9..4..9...6.....", "9.....7.5.9.....", "9.5....7..9....5", "9..7...5..9.....", "9.....9..4.7....")
SNARES = ("....9..2.2..9..3", "....9.2..3..9.22", "....9..3.2..9...", "....9..2.23.9..2", "....9.....2.9.3.")
SCRATCHES = ("..7.3.7...73.37.", "7.3.7.37..7.3.73", "..7..37...7..373", "3.73..7.3.73..7.", "..73..7...73.7.7")
SHOUTS = (
    ((0.0, 0.3), (1.5, 0.25), (3.5, 0.4)),
    ((2.5, 0.25), (3.0, 0.25), (3.5, 0.5)),
    ((0.0, 0.25), (0.75, 0.25), (1.5, 1.2)),
)


def compose(plan: Plan) -> Music:
    """The bass begins; the band falls in on the one; horns answer; a break of bass and drums."""
    first, second = VAMPS[plan.flavour]
    song = Song(
        plan,
        feel=Feel(block_bars=4, swing=0.55, tail_s=1.4),
        chords={"A": first, "B": second},
    )
    _kit(song)
    _bass(song)
    _comping(song)
    desk = song.desk
    scratch = effects.filtered(desk.bus("scratch"), low_hz=420, high_hz=5200)
    room = effects.reverb(desk.blend({"horns": 0.7, "kit": 0.2, "keys": 0.3}) + 0.2 * scratch, 0.8, bright_hz=7000)
    mix: Music = desk.blend({"kit": 0.62, "bass": 0.85, "horns": 0.5, "keys": 0.5}) + 0.6 * scratch + 0.28 * room
    return mix


def _kit(song: Song) -> None:
    desk, f = song.desk, song.plan.flavour
    bars = song.where("ABKO")
    snare = drums.snare(hz=(225, 250, 210, 238, 262)[f], rattle=0.6, life_s=0.075)
    desk.hit(
        "kit",
        steps(KICKS[f], bars=bars),
        drums.kick(hz=62, punch=2.6, life_s=0.09, click=0.7),
        seat=Seat(loose_s=0.003),
    )
    desk.hit("kit", steps(SNARES[f], bars=bars), snare, seat=Seat(pan=0.05, loose_s=0.004))
    desk.hit(
        "kit",
        steps("8353734383537343" if f % 2 else "8.5.8.5.8.5.8.5.", bars=song.where("IABKO")),
        drums.hat(life_s=0.026),
        seat=Seat(pan=-0.35, gain=0.8, loose_s=0.003),
    )
    desk.hit("kit", steps("..............7.", bars=bars), drums.hat(life_s=0.13), seat=Seat(pan=-0.35, gain=0.8))
    desk.hit("kit", steps("............5678", bars=song.ends("IABK")), snare, seat=Seat(pan=0.05))
    desk.hit(
        "kit",
        steps("4.5.4.6.4.5.4.63" if f > 1 else "..5.4..5..5.4..5", bars=song.where("BK")),
        drums.conga(hz=260 + 15 * f),
        seat=Seat(pan=0.5, gain=0.7),
    )
    desk.hit(
        "kit", [(bar * 4.0, 0.9) for bar in song.starts("AB")], drums.crash(life_s=0.5), seat=Seat(pan=0.35, gain=0.6)
    )


def _bass(song: Song) -> None:
    riff = song.riff(song.where("IABK"), SLAPS[int(song.rng.integers(3))], near=35)
    roots = {bar: song.root(bar, near=35) for bar in range(song.bars)}
    popped = [note for note in riff if note.pitch - roots[int(note.beat // 4)] >= 10]
    thumbed = [note for note in riff if note.pitch - roots[int(note.beat // 4)] < 10]
    song.desk.play("bass", thumbed, instruments.slap_bass, seat=Seat(loose_s=0.003))
    song.desk.play("bass", popped, partial(instruments.slap_bass, pop=True), seat=Seat(loose_s=0.003))
    song.desk.play(
        "bass",
        song.riff(song.where("O"), ((0.0, 0.4, 0, 1.0), (1.5, 0.2, 12, 0.7), (2.0, 0.4, 0, 0.9)), near=35),
        instruments.slap_bass,
    )


def _comping(song: Song) -> None:
    desk, f = song.desk, song.plan.flavour
    high = song.voicings(centre=67, voices=3)
    chops = [
        Note(beat, 0.12 if level > 0.5 else 0.04, pitch, level)
        for beat, level in steps(SCRATCHES[f], bars=song.where("ABO"))
        for pitch in high[int(beat // 4)]
    ]
    scratch = partial(instruments.strings_of, life_s=0.22, bright=0.9, position=0.13, mute_s=0.025)
    desk.play("scratch", chops, scratch, seat=Seat(pan=0.5, loose_s=0.004))
    clavinet = partial(instruments.strings_of, life_s=0.35, bright=1.0, position=0.07, mute_s=0.03)
    keys = clavinet if f % 2 == 0 else instruments.electric_piano
    figure = ((0.5, 0.2, 0.6), (0.75, 0.15, 0.5), (1.75, 0.2, 0.7), (2.5, 0.15, 0.5), (3.25, 0.4, 0.7))
    desk.play(
        "keys",
        song.comp(song.where("BKO"), song.voicings(centre=60), figure),
        keys,
        seat=Seat(pan=-0.45, loose_s=0.004),
    )
    shouts = song.sing(
        song.where("B"), Line(low=64, high=79, rhythms=SHOUTS, pentatonic=True, velocity=0.8, order="abab")
    )
    desk.play(
        "horns",
        [Note(n.beat, n.beats, n.pitch + lift, n.velocity * 0.8) for n in shouts for lift in (0, -12)],
        instruments.brass,
        seat=Seat(pan=-0.1, spread=0.5),
    )
