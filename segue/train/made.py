"""Music and speech made for training: styles that free recordings lack, composed at random and then rendered.

Accompaniments come from MMA (Musical MIDI Accompaniment), whose library holds well over a thousand grooves from bebop
to drum and bass; FluidSynth plays them, and free MIDI files, on General MIDI soundfonts; eSpeak NG speaks.
"""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segue.errors import FileAccessError, SegueError
from segue.ffmpeg import run
from segue.train.corpus import Recording, decode, is_decoded

log = logging.getLogger(__name__)

_PIECE_S = 60.0
_TIMEOUT_S = 120.0
_NOTES = ("c", "c#", "d", "d#", "e", "f", "f#", "g", "g#", "a", "a#", "b")
_PROGRESSIONS = (
    ((0, ""), (7, ""), (9, "m"), (5, "")),
    ((9, "m"), (5, ""), (0, ""), (7, "")),
    ((0, ""), (9, "m"), (5, ""), (7, "7")),
    ((2, "m7"), (7, "7"), (0, "M7"), (9, "7")),
    ((0, "M7"), (9, "m7"), (2, "m7"), (7, "7")),
    (
        (0, "7"),
        (5, "7"),
        (0, "7"),
        (0, "7"),
        (5, "7"),
        (5, "7"),
        (0, "7"),
        (0, "7"),
        (7, "7"),
        (5, "7"),
        (0, "7"),
        (7, "7"),
    ),
    ((9, "m"), (9, "m"), (2, "m"), (4, "7")),
    ((9, "m"), (7, ""), (5, ""), (4, "7")),
    ((0, ""), (10, ""), (5, ""), (0, "")),
    ((0, ""), (5, ""), (0, ""), (7, "")),
    ((2, "m7"), (2, "m7"), (7, "9"), (7, "9")),
    ((9, "m"), (9, "m"), (9, "m"), (9, "m"), (5, "M7"), (5, "M7"), (7, ""), (7, "")),
    ((0, "m7"), (8, "M7"), (3, "M7"), (10, "7")),
    ((9, "m7b5"), (2, "7"), (7, "m7"), (0, "7")),
)
_SCALES = ((0, 2, 4, 7, 9), (0, 3, 5, 7, 10), (0, 2, 4, 5, 7, 9, 11), (9, 0, 2, 4, 7), (0, 3, 5, 6, 7, 10))
_RHYTHMS = (
    "4 4 4 4",
    "8 8 4 8 8 4",
    "2 4 4",
    "8 8 8 8 8 8 8 8",
    "4. 8 4. 8",
    "2 2",
    "8 4 8 4 4",
    "1",
    "16 16 8 4 8 8 4",
)
_SOLOISTS = (
    *(
        "TenorSax",
        "AltoSax",
        "Trumpet",
        "MutedTrumpet",
        "Flute",
        "Violin",
        "Harmonica",
        "Piano1",
        "ElecPiano1",
        "Organ3",
    ),
    *(
        "CleanGuitar",
        "DistortionGuitar",
        "OverdriveGuitar",
        "NylonGuitar",
        "JazzGuitar",
        "SawWave",
        "SquareWave",
        "VoiceOohs",
    ),
    *("ChoirAahs", "SynthVox", "PanFlute", "Clarinet", "SteelGuitar", "Vibraphone", "Accordion", "Banjo", "Strings"),
)
_SYLLABLES = (
    *("ba", "be", "bo", "da", "do", "di", "fa", "fi", "ga", "go", "ha", "ka"),
    *("ki", "la", "le", "lo", "ma", "me", "mi", "na", "no", "pa", "ra", "re"),
    *("ri", "sa", "se", "so", "ta", "ti", "va", "wa", "you", "oh"),
)
_VOICES = (
    "en",
    "en-us",
    "en-gb-scotland",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "pl",
    "sv",
    "ru",
    "tr",
    "hi",
    "sw",
    "el",
    "id",
)


@dataclass(frozen=True, slots=True)
class Makers:
    """What the programs read: the folder of MMA's grooves, soundfonts, and folders with free MIDI files."""

    grooves: Path
    soundfonts: Sequence[Path]
    midi: Sequence[Path] = ()


def find_grooves(folder: Path) -> list[list[str]]:
    """The grooves of MMA's library, as one list of names a style file."""
    styles = [
        re.findall(r"^\s*DefGroove\s+(\S+)", path.read_text(encoding="latin-1"), flags=re.MULTILINE | re.IGNORECASE)
        for path in sorted(folder.rglob("*.mma"))
    ]
    if not any(styles):
        raise FileAccessError("there are no grooves", remedy="Install the package mma", path=folder)
    return [style for style in styles if style]


def find_midi(folders: Iterable[Path], scratch: Path) -> list[Path]:
    """MIDI files under ``folders``, those inside Doom's WAD archives included (unpacked into ``scratch``)."""
    found: list[Path] = []
    for folder in folders:
        found += sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".mid", ".midi"})
        for wad in sorted(folder.rglob("*.wad")):
            found += _unpack_wad(wad, scratch / wad.stem)
    return found


def compose(styles: Sequence[Sequence[str]], *, rng: np.random.Generator) -> str:
    """Write a minute of music in a random style as MMA's text: chords, two sections, perhaps a melody."""
    style = styles[int(rng.integers(len(styles)))]
    grooves = [style[int(rng.integers(len(style)))] for _ in range(2)]
    tempo, key = int(rng.uniform(68, 172)), int(rng.integers(12))
    chords = _PROGRESSIONS[int(rng.integers(len(_PROGRESSIONS)))]
    scale = _SCALES[int(rng.integers(len(_SCALES)))]
    bars = max(8, round(_PIECE_S * tempo / 60.0 / 4.0))
    soloist = _SOLOISTS[int(rng.integers(len(_SOLOISTS)))] if rng.random() < 0.7 else ""
    lines = [f"Tempo {tempo}"]
    if soloist:
        lines += [f"Solo Voice {soloist}", f"Solo Octave {int(rng.integers(4, 6))}", "Solo Articulate 85"]
    for bar in range(bars):
        if bar in {0, bars // 2}:
            lines.append(f"Groove {grooves[min(bar, 1)]}")
        step, kind = chords[bar % len(chords)]
        melody = _melody(key, scale, rng) if soloist and rng.random() < 0.75 else ""
        lines.append(f"{bar + 1} {_NOTES[(key + step) % 12].upper()}{kind} {melody}")
    return "\n".join(lines) + "\n"


def make_piece(
    number: int, *, makers: Makers, styles: Sequence[Sequence[str]], cache_dir: Path, seed: int
) -> Recording | None:
    """Compose and render the piece of that number; None, with the reason in the log, where a groove does not play."""
    rng = np.random.default_rng([seed, number])
    text = compose(styles, rng=rng)
    with tempfile.TemporaryDirectory() as scratch:
        score, midi = Path(scratch) / "piece.mma", Path(scratch) / "piece.mid"
        score.write_text(text, encoding="utf-8")
        try:
            run(["mma", "-f", str(midi), str(score)], timeout_s=_TIMEOUT_S)
        except SegueError as error:
            log.info("piece %d does not play: %s", number, error)
            return None
        return render_midi(midi, name=f"made-{number:05d}", makers=makers, cache_dir=cache_dir, rng=rng)


def render_midi(
    midi: Path, *, name: str, makers: Makers, cache_dir: Path, rng: np.random.Generator
) -> Recording | None:
    """Play a MIDI file on a random soundfont into the cache; None if it cannot be played."""
    font = makers.soundfonts[int(rng.integers(len(makers.soundfonts)))]
    room, chorus = ("yes" if rng.random() < 0.7 else "no"), ("yes" if rng.random() < 0.4 else "no")
    wav = cache_dir / "wav" / f"{name}.wav"
    wav.parent.mkdir(parents=True, exist_ok=True)
    args = [
        "fluidsynth",
        "-ni",
        "-q",
        "-g",
        "0.5",
        "-R",
        room,
        "-C",
        chorus,
        "-r",
        "32000",
        "-T",
        "wav",
        "-F",
        str(wav),
    ]
    return _recorded([*args, str(font), str(midi)], wav, package="made", cache_dir=cache_dir)


def make_speech(number: int, *, cache_dir: Path, seed: int) -> Recording | None:
    """Let a random voice speak, or nearly sing, a minute of syllables."""
    rng = np.random.default_rng([seed, number])
    words = ["".join(rng.choice(_SYLLABLES, size=int(rng.integers(1, 4)))) for _ in range(150)]
    text = " ".join(word + ("," if rng.random() < 0.12 else "") for word in words)
    variant = f"+{'f' if rng.random() < 0.5 else 'm'}{int(rng.integers(1, 4))}"
    voice = _VOICES[int(rng.integers(len(_VOICES)))] + variant
    wav = cache_dir / "wav" / f"speech-{number:05d}.wav"
    wav.parent.mkdir(parents=True, exist_ok=True)
    args = ["espeak-ng", "-v", voice, "-s", str(int(rng.integers(90, 230))), "-p", str(int(rng.integers(10, 95)))]
    return _recorded([*args, "-w", str(wav), text], wav, package="speech", cache_dir=cache_dir)


def _recorded(args: Sequence[str], wav: Path, *, package: str, cache_dir: Path) -> Recording | None:
    """Run a program that writes ``wav``, keep its samples in the cache, and remove the file."""
    try:
        if not is_decoded([wav], cache_dir=cache_dir):
            run(args, timeout_s=_TIMEOUT_S)
        return decode([wav], package=package, cache_dir=cache_dir)
    except SegueError as error:
        log.info("%s: %s", wav.stem, error)
        return None
    finally:
        wav.unlink(missing_ok=True)


def _melody(key: int, scale: Sequence[int], rng: np.random.Generator) -> str:
    """One bar of melody in MMA's notation: ``{8c;8d#;4g;...}``."""
    place, notes = int(rng.integers(len(scale))), []
    for length in _RHYTHMS[int(rng.integers(len(_RHYTHMS)))].split():
        place = int(np.clip(place + rng.integers(-2, 3), 0, len(scale) - 1))
        notes.append(f"{length}{'r' if rng.random() < 0.12 else _NOTES[(key + scale[place]) % 12]}")
    return "{" + ";".join(notes) + ";}"


def _unpack_wad(wad: Path, target: Path) -> list[Path]:
    """Write the MIDI files inside a WAD archive: a header, the data, then a directory of (offset, size, name)."""
    raw = wad.read_bytes()
    count, directory = np.frombuffer(raw, "<i4", count=2, offset=4)
    found = []
    for entry in range(int(count)):
        at, size = np.frombuffer(raw, "<i4", count=2, offset=int(directory) + 16 * entry)
        name = raw[int(directory) + 16 * entry + 8 :][:8].rstrip(b"\0").decode("ascii", "replace").lower()
        if raw[at : at + 4] == b"MThd":
            target.mkdir(parents=True, exist_ok=True)
            (target / f"{name}.mid").write_bytes(raw[at : at + size])
            found.append(target / f"{name}.mid")
    return found
