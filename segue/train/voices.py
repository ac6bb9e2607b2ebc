"""Voices to tell speech by: synthesisers, telephone prompts and characters of games, some never learned from."""

from __future__ import annotations

import json
import logging
import re
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segue.config import SPECCY_MEL
from segue.errors import SegueError
from segue.ffmpeg import protocol_args, run
from segue.listen.audio import read_samples
from segue.train.corpus import write_array
from segue.values import Floats

log = logging.getLogger(__name__)

_RATE_HZ = SPECCY_MEL.sample_rate_hz
_TIMEOUT_S = 120.0
_LONGEST_S = 100.0
_FULL_SCALE = 32_767.0
_LEVEL = 0.1
_AUDIBLE = 0.01
_GAP_S = (0.15, 0.6)
_MOST_FILES = 60
_TEXTS = Path(__file__).with_name("spoken.json")
_LICENCES = Path("/usr/share/common-licenses")
_READ_ALOUD = ("GPL-2", "Apache-2.0", "GFDL-1.3")
_NOT_SPOKEN = ("tone", "beep", "music", "silence")


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody who speaks: ``group`` says by what means, ``who`` the voice, or the files ``package``/``pattern``."""

    group: str
    who: str
    held_out: bool
    package: str = ""
    pattern: str = ""


def _synthesisers() -> list[Voice]:
    learned = "en-us en-gb+f2 en-us+m3 de fr+f3 it pl+f4 pt en-gb-scotland+m5 en-us+f5 en-us+Mario en-gb+Annie hi de+f1"
    others = (
        "en-gb en-us+f1 es ru+f2 cmn tr+m2 en-us+m7 en-gb-x-rp+f4 es+f5 en-us+linda fr+m4 cmn+f3 en-gb-x-gbclan+m1 ru"
    )
    found = [
        Voice("espeak", who, held_out)
        for names, held_out in ((learned, False), (others, True))
        for who in names.split()
    ]
    return found + [
        Voice("flite", who, held_out)
        for who, held_out in (("kal", False), ("awb", False), ("rms", True), ("slt", True))
    ]


def _recorded() -> list[Voice]:
    found = [
        Voice("prompts", language, language in ("fr", "es", "ru"), f"asterisk-core-sounds-{language}-g722", "**/*.g722")
        for language in ("en", "it", "fr", "es", "ru")
    ]
    learned = ("Default", "British", "Pirate", "Russian", "Robot")
    characters = (*learned, "Mobster", "Surfer", "HillBilly", "Default_uk", "Default_es", "Classic")
    found += [
        Voice("game", who, who not in learned, "hedgewars-data", f"**/Sounds/voices/{who}/*.ogg") for who in characters
    ]
    return [*found, Voice("game", "fillets", held_out=True, package="fillets-ng-data", pattern="**/sound/**/en/*.ogg")]


VOICES = (*_synthesisers(), *_recorded())


def read_voice(voice: Voice, music: Path, *, cache_dir: Path, seed: int) -> Floats | None:
    """Let a voice speak for a minute or so, once: what lies in the cache is only read.

    Parameters
    ----------
    voice : Voice
        One of `VOICES`.
    music : Path
        The folder in which the packages lie.

    Returns
    -------
    (n,) float32 or None
        At 22,050 Hz; None, with the reason in the log, where the program or the package is not here.
    """
    path = cache_dir / f"{voice.group}-{voice.who.replace('+', '_')}-{seed}.npy"
    if not path.is_file():
        rng = np.random.default_rng([seed, zlib.crc32(f"{voice.group} {voice.who}".encode())])
        try:
            spoken = _synthesised(voice, rng) if not voice.package else _joined(_files(voice, music), rng)
        except SegueError as error:
            log.warning("%s %s does not speak: %s", voice.group, voice.who, error)
            return None
        if not len(spoken):
            log.warning("%s %s does not speak: nothing in the package %s", voice.group, voice.who, voice.package)
            return None
        cache_dir.mkdir(parents=True, exist_ok=True)
        loudest = max(1.0, float(np.abs(spoken).max()))
        whole = spoken[: int(_LONGEST_S * _RATE_HZ)] / loudest * _FULL_SCALE
        write_array(path, np.round(whole).astype(np.int16))
    stored: NDArray[np.int16] = np.load(path)
    return stored.astype(np.float32) / np.float32(_FULL_SCALE)


def _synthesised(voice: Voice, rng: np.random.Generator) -> Floats:
    language = voice.who.split("-")[0].split("+")[0]
    text = json.loads(_TEXTS.read_text(encoding="utf-8")).get(language) if voice.group == "espeak" else None
    text = _read_aloud(rng) if text is None else f"{text} " * 3
    with tempfile.TemporaryDirectory() as scratch:
        wav = Path(scratch) / "spoken.wav"
        if voice.group == "flite":
            words = ["flite", "-voice", voice.who, "-t", text, str(wav)]
        else:
            rate, pitch = str(int(rng.integers(130, 191))), str(int(rng.integers(30, 71)))
            words = ["espeak-ng", "-v", voice.who, "-s", rate, "-p", pitch, "-w", str(wav), text]
        run(words, timeout_s=_TIMEOUT_S)
        return read_samples(wav)


def _read_aloud(rng: np.random.Generator) -> str:
    """Ten sentences of the licences that lie on every Debian; else of those that come with Segue."""
    found = [(_LICENCES / name).read_text(encoding="utf-8") for name in _READ_ALOUD if (_LICENCES / name).is_file()]
    text = re.sub(r"\s+", " ", " ".join(found)) or json.loads(_TEXTS.read_text(encoding="utf-8"))["en"]
    sentences = [part.strip() for part in re.split(r"[.;:]\s", text) if 40 < len(part) < 200] or [text]
    return ". ".join(rng.choice(sentences, size=10).tolist())


def _files(voice: Voice, music: Path) -> list[Path]:
    found = sorted((music / voice.package).glob(voice.pattern))
    return [path for path in found if not any(word in path.name for word in _NOT_SPOKEN)]


def _joined(files: Sequence[Path], rng: np.random.Generator) -> Floats:
    """Recordings one after the other in random order, at one level, with pauses; the long ones of many."""
    longest = sorted(files, key=lambda path: -path.stat().st_size)[:_MOST_FILES]
    parts: list[Floats] = []
    for at in rng.permutation(len(longest)).tolist():
        samples = _decoded(longest[at])
        audible = np.flatnonzero(np.abs(samples) > _AUDIBLE)
        if len(audible):
            word = samples[audible[0] : audible[-1] + 1]
            parts.append(word * np.float32(_LEVEL / np.sqrt(np.mean(np.square(word)))))
            parts.append(np.zeros(int(rng.uniform(*_GAP_S) * _RATE_HZ), np.float32))
        if sum(map(len, parts)) > _LONGEST_S * _RATE_HZ:
            break
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _decoded(path: Path) -> Floats:
    if path.suffix != ".g722":
        return read_samples(path)
    args = ["ffmpeg", "-nostdin", "-v", "error", *protocol_args(), "-f", "g722", "-i", str(path.absolute())]
    raw = run([*args, "-ac", "1", "-ar", str(_RATE_HZ), "-f", "f32le", "pipe:1"], timeout_s=_TIMEOUT_S)
    return np.frombuffer(raw, np.float32)
