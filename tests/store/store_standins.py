"""A listener that needs no network, and files that make it fail in every way. Worker processes import this module."""

from __future__ import annotations

import os
import signal
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segue.config import SPECCY_MEL
from segue.embed.encoder import Ear
from segue.errors import ModelError, NotAudioError, TooShortError
from segue.files import access_error, track_id_of
from segue.values import Fingerprint, Hearing, TrackInfo

RATE = 8000
EAR = Ear("standin", Path("standin.onnx"), 12, SPECCY_MEL, 0.03, "tfidf", Fingerprint("standin1", "mel00001"))
OTHER_EAR = Ear("other", Path("other.onnx"), 12, SPECCY_MEL, 0.03, "tfidf", Fingerprint("other001", "mel00001"))


@dataclass(frozen=True)
class StandIn:
    """Places a WAV file by its spectrum, one slice a second; misbehaves when the name says so."""

    fingerprint: Fingerprint = EAR.fingerprint
    wait_s: float = 0.0
    slow_s: float = 0.0
    deaf_to: str = "\0"

    def __call__(self) -> Callable[[Path], Hearing]:
        return self.hear

    def hear(self, path: Path) -> Hearing:
        time.sleep(self.wait_s + ("slow" in path.name) * self.slow_s)
        misbehave(path)
        if self.deaf_to in path.name:
            raise TooShortError("it is too short for this ear", remedy="Leave it out", path=path)
        try:
            with wave.open(os.fsencode(path).decode("utf-8", "surrogateescape"), "rb") as file:
                samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32)
        except OSError as error:
            raise access_error(error, path) from error
        except (wave.Error, EOFError) as error:
            raise NotAudioError("there is no audio in it", remedy="Leave it out", path=path) from error
        slices = samples[: len(samples) // RATE * RATE].reshape(-1, RATE)
        if len(slices) == 0:
            raise TooShortError("it is too short", remedy="Leave it out", path=path)
        bands = np.abs(np.fft.rfft(slices)[:, : 12 * 300]).reshape(len(slices), 12, 300).sum(axis=2) + 1e-3
        if "null" in path.name:
            bands *= 0
        else:
            bands /= np.linalg.norm(bands, axis=1, keepdims=True)
        info = TrackInfo(path.stem.encode("utf-8", "replace").decode(), artist="Nobody", duration_s=len(samples) / RATE)
        return Hearing(track_id_of(path), info, bands.astype(np.float32), self.fingerprint)


@dataclass(frozen=True)
class Unstartable:
    """A listener whose model is missing, or whose process dies before it begins."""

    die: bool = False

    def __call__(self) -> Callable[[Path], Hearing]:
        if self.die:
            os._exit(7)
        raise ModelError("the ear is not there", remedy="Install Segue anew", path=Path("ear.onnx"))


def misbehave(path: Path) -> None:
    if "segfault" in path.name:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "memory" in path.name:
        os.kill(os.getpid(), signal.SIGKILL)
    if "hang" in path.name:
        time.sleep(600)
    if "endless" in path.name:
        while True:
            pass
    if "greedy" in path.name:
        bytearray(4_000_000_000)
    if "once" in path.name and not (mark := path.with_suffix(".met")).exists():
        mark.touch()
        os.kill(os.getpid(), signal.Signals[path.stem.split()[-1]])
        time.sleep(60)
    if "fault" in path.name:
        raise ZeroDivisionError("a fault of ours")
    if "vanish" in path.name:
        path.unlink()


def write_wav(path: Path, seed: int, *, seconds: float = 4.0) -> Path:
    """A few partials that belong to the seed, changing from second to second; the same bytes for the same seed."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE)) / RATE
    tones = sum(
        rng.uniform(0.02, 0.2) * np.sin(2 * np.pi * hz * t) * (1 + np.sin(2 * np.pi * rng.uniform(0.1, 0.5) * t))
        for hz in rng.uniform(100, 3500, 6)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path) if path.name.isascii() else path.open("wb"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((tones * 8000).astype("<i2").tobytes())
    return path
