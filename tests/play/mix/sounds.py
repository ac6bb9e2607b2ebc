"""Tracks whose beats, level and sound are known, plans over them, and what ffmpeg says of a rendered mix."""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import numpy as np

from segue.demo.writer import write_audio
from segue.listen.loudness import LevelMeter, integrated_lufs
from segue.play.mix.plan import Join, JoinStyle, MixPlan, Part, gain_to_target_db
from segue.values import Floats, TrackInfo
from tests.listen.known_sounds import chord, drums

RATE_HZ = 44_100
LEAD_S = 0.5
BEAT = {"kick": (0.0, 2.0), "snare": (1.0, 3.0), "hat": (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5)}


@cache
def song(bpm: float, root: int = 57, seconds: float = 24.0) -> Floats:
    """Drums from half a second on, and a chord a bar, ``(2, n)``."""
    samples = drums(BEAT, bpm=bpm, seconds=seconds, lead_s=LEAD_S).copy()
    bar_s = 240.0 / bpm
    for number in range(int((seconds - LEAD_S) / bar_s)):
        at = round((LEAD_S + number * bar_s) * RATE_HZ)
        sound = chord((root, root + 3, root + 7), seconds=bar_s)
        room = min(len(sound), samples.shape[1] - at)
        samples[:, at : at + room] += sound[:room]
    return (samples * 0.5).astype(np.float32)


def lufs(samples: Floats, *, rate_hz: int = RATE_HZ) -> float:
    """Integrated loudness of ``(c, n)``."""
    meter = LevelMeter(rate_hz, len(samples), on_spectra=lambda *_: None)
    meter.take(samples)
    found = integrated_lufs(meter.finish().weighted)
    assert found is not None
    return found


def hats(seconds: int, *, up_to_hz: float = RATE_HZ / 2.0) -> Floats:
    """Eight bursts of hiss a second, nearly all of it close to half the rate: peaks lie far above the samples."""
    rng = np.random.default_rng(1)
    hiss = np.diff(rng.standard_normal((2, seconds * RATE_HZ + 2)), 2, axis=1)
    spectrum = np.fft.rfft(hiss * np.exp(-(np.arange(hiss.shape[1]) % (RATE_HZ // 8)) / 500.0))
    spectrum[:, round(up_to_hz * seconds) :] = 0.0
    found = np.fft.irfft(spectrum, hiss.shape[1])
    return (found / np.abs(found).max()).astype(np.float32)


def square_tune(seconds: int) -> Floats:
    """Square waves as small computers play them: encoders raise their peaks by two decibels."""
    pitches = np.random.default_rng(1).choice([220.0, 330.0, 440.0, 880.0, 1760.0, 3520.0], seconds * 8)
    at_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    tune = np.sign(np.sin(2.0 * np.pi * pitches[(at_s * 8.0).astype(int)] * at_s))
    return np.stack([tune, np.roll(tune, 17)]).astype(np.float32)


def write_song(path: Path, samples: Floats) -> Path:
    write_audio(path, samples, extension="flac")
    return path


def part_of(path: Path, samples: Floats, *, begin_s: float = 0.0, louder_db: float = 0.0) -> Part:
    """All of a file from ``begin_s`` on, at -14 LUFS and so much more."""
    gain_db = gain_to_target_db(lufs(samples), target_lufs=-14.0) + louder_db
    return Part(path, TrackInfo(path.stem, "Somebody"), begin_s, samples.shape[1] / RATE_HZ, gain_db)


def plan_of(parts: list[Part], style: JoinStyle, *, overlap_s: float = 6.0) -> MixPlan:
    join = Join("cut") if style == "cut" else Join(style, overlap_s)
    return MixPlan(tuple(parts), (join,) * (len(parts) - 1), title="Known sounds")


def ebur128(path: Path) -> tuple[float, float]:
    """Integrated loudness and true peak by ffmpeg."""
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    loudness, peak = re.findall(r"I:\s+(-?[\d.]+) LUFS", said)[-1], re.findall(r"Peak:\s+(-?[\d.]+) dBFS", said)[-1]
    return float(loudness), float(peak)


def decoded(path: Path) -> Floats:
    """What ffmpeg decodes a file to, ``(2, n)`` at 44.1 kHz."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-f", "f32le", "-ar", str(RATE_HZ), "-"]
    data = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(data, np.float32).reshape(-1, 2).T


def chapters(path: Path) -> list[tuple[float, str]]:
    """When each chapter begins, and its title, by ffprobe."""
    command = ["ffprobe", "-v", "error", "-show_chapters", "-of", "json", str(path)]
    said = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return [(float(found["start_time"]), found["tags"]["title"]) for found in said["chapters"]]
