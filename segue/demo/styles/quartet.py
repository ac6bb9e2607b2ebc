"""String quartet: two violins, viola and cello in a hall; a tune, two inner voices, a bass line."""

from __future__ import annotations

from functools import partial

from segue.demo import effects, instruments
from segue.demo.desk import Note, Seat
from segue.demo.song import Feel, Line, Music, Plan, Song

MAJOR = (
    ("0 5 7 0", "9m 5 2m 7"),
    ("0 9m 5 7", "5 0 2m 7"),
    ("0 7 9m 5", "4m 5 2m 7"),
    ("0 2m 7 0", "5 7 4m 9m"),
    ("0 4m 5 7", "9m 2m 7 0"),
)
MINOR = (
    ("0m 5m 7 0m", "8 3 5m 7"),
    ("0m 8 3 7", "5m 0m 8 7"),
    ("0m 7 0m 5m", "3 10 8 7"),
    ("0m 10 8 7", "8 5m 0m 7"),
    ("0m 5m 10 3", "8 5m 7 7"),
)
TUNES = (
    ((0.0, 1.5), (1.5, 0.5), (2.0, 1.0), (3.0, 1.0)),
    ((0.0, 2.0), (2.0, 1.0), (3.0, 1.0)),
    ((0.0, 1.0), (1.0, 0.5), (1.5, 0.5), (2.0, 2.0)),
    ((0.0, 0.5), (0.5, 0.5), (1.0, 1.0), (2.0, 0.5), (2.5, 0.5), (3.0, 1.0)),
)
EIGHTHS = tuple((i * 0.5, 0.4, 0.75 if i % 2 == 0 else 0.6) for i in range(8))
LONG = ((0.0, 2.0, 0.75), (2.0, 1.95, 0.7))
SIGHS = ((0.0, 1.0, 0.75), (1.0, 1.0, 0.65), (2.0, 1.9, 0.75))


def compose(plan: Plan) -> Music:
    """The inner voices open; the first violin sings, then the cello; all end together on the tonic."""
    first, second = (MINOR if plan.key.mode == "minor" else MAJOR)[plan.flavour]
    song = Song(
        plan,
        feel=Feel(block_bars=2 if plan.tempo_bpm < 84 else 4, tail_s=4.0),
        chords={"A": first, "B": second, "K": second},
    )
    desk, f = song.desk, plan.flavour
    violin = partial(instruments.bowed, body=instruments.VIOLIN, bite=0.35 + 0.1 * f)
    viola = partial(instruments.bowed, body=instruments.VIOLA, bite=0.35 + 0.1 * f)
    cello = partial(instruments.bowed, body=instruments.CELLO, bite=0.45)
    desk.play("violin", _tune(song), violin, seat=Seat(pan=-0.5, loose_s=0.012, gain=1.1))
    inner = _inner(song)
    desk.play(
        "second", [note for place, note in inner if place == 1], violin, seat=Seat(pan=-0.15, loose_s=0.012, gain=0.8)
    )
    desk.play("viola", [note for place, note in inner if place == 0], viola, seat=Seat(pan=0.2, loose_s=0.012))
    desk.play("cello", _bass(song), cello, seat=Seat(pan=0.5, loose_s=0.012, gain=1.1))
    _last_chord(song, violin, viola, cello)
    dry = desk.blend({"violin": 0.6, "second": 0.55, "viola": 0.6, "cello": 0.8})
    return dry + (0.42, 0.3, 0.5, 0.36, 0.46)[f] * effects.reverb(dry, 2.0 + 0.2 * f, bright_hz=5500, before_s=0.02)


def _playing(song: Song, names: str) -> list[int]:
    """Bars with these letters, but the very last, which is one chord."""
    return [bar for bar in song.where(names) if bar < song.bars - 1]


def _tune(song: Song) -> list[Note]:
    high = Line(low=69, high=88, rhythms=TUNES, velocity=0.8)
    low = Line(low=64, high=81, rhythms=TUNES[:3], velocity=0.7)
    return song.sing(_playing(song, "ABO"), high) + song.sing(_playing(song, "K"), low)


def _inner(song: Song) -> list[tuple[int, Note]]:
    """Second violin and viola: repeated eighths, sighs or long notes, by section and artist."""
    voicings = song.voicings(centre=62, voices=3)
    moving = (EIGHTHS, SIGHS, LONG, EIGHTHS, SIGHS)[song.plan.flavour]
    out = []
    for bar in _playing(song, "IABKO"):
        for beat, beats, velocity in (
            moving if song.sections[bar] in "IAO" else (LONG if moving is not LONG else EIGHTHS)
        ):
            for place, pitch in enumerate((voicings[bar][0], voicings[bar][-1])):
                out.append((place, Note(bar * 4.0 + beat, beats, pitch, velocity * 0.8)))
    return out


def _bass(song: Song) -> list[Note]:
    walking = ((0.0, 1.0, 0, 0.8), (1.0, 1.0, 12, 0.6), (2.0, 1.0, 7, 0.7), (3.0, 0.95, 0, 0.7))
    resting = ((0.0, 2.0, 0, 0.8), (2.0, 1.95, 7, 0.7))
    return song.riff(_playing(song, "IAO"), resting, near=43) + song.riff(_playing(song, "BK"), walking, near=43)


def _last_chord(song: Song, violin: partial[Music], viola: partial[Music], cello: partial[Music]) -> None:
    """Tonic, fifth and third, held."""
    at, tonic = (song.bars - 1) * 4.0, song.key.tonic
    third = 4 if song.key.mode == "major" else 3
    desk = song.desk
    desk.play("cello", [Note(at, 4.5, 36 + tonic, 0.85)], cello, seat=Seat(pan=0.5))
    desk.play(
        "viola",
        [Note(at, 4.5, 48 + (tonic + 7) % 12 + (12 if (tonic + 7) % 12 < 4 else 0), 0.7)],
        viola,
        seat=Seat(pan=0.2),
    )
    desk.play("second", [Note(at, 4.5, 60 + (tonic + third) % 12, 0.6)], violin, seat=Seat(pan=-0.15))
    desk.play("violin", [Note(at, 4.5, 72 + tonic, 0.7)], violin, seat=Seat(pan=-0.5))
