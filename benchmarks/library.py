"""A library of any size with vectors that cluster as music does, made without listening."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from segue.embed.encoder import load_ear
from segue.services import Services
from segue.store.library import Library
from segue.values import FileStat, Floats, Hearing, Rhythm, TrackId, TrackInfo

SLICES = 3


def clustered(tracks: int, dimension: int, *, seed: int = 0) -> Floats:
    """Unit vectors ``(tracks, dimension)`` around one centre for each 25 tracks."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(max(1, tracks // 25), dimension))
    vectors = centres[rng.integers(len(centres), size=tracks)] + 0.6 * rng.normal(size=(tracks, dimension))
    unit: Floats = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def make_library(data: Path, tracks: int, *, files: Sequence[Path] = ()) -> None:
    """Fill a library whose tracks lie in the files; without files it can be browsed and chosen from, and not played."""
    ear = load_ear()
    vectors = clustered(tracks, ear.dimension)
    with Library.open(data) as library:
        library.name_ear(ear.name, ear.fingerprint)
        library.choose_ear(ear.fingerprint)  # as a scan does, before it hears anything
        for number, vector in enumerate(vectors):
            info = TrackInfo(f"Song {number}", f"Artist {number % 997}", f"Album {number % 3001}", "Genre", 1990, 200.0)
            slices = np.stack([vector] * SLICES)
            hearing = Hearing(TrackId(f"{number:016x}"), info, slices, ear.fingerprint, _rhythm())
            path = files[number] if files else Path(f"/music/{number:06d}.mp3")
            library.add(hearing, path, stat=_stat(path) if files else FileStat(1000, number), vector=vector)
    services = Services(data)
    services.tags.renew(ear)  # as a scan does, after it has heard everything
    services.close()


def _stat(path: Path) -> FileStat:
    status = path.stat()
    return FileStat(status.st_size, status.st_mtime_ns)


def _rhythm() -> Rhythm:
    """What is usually known of a song, with the beats of 200 s."""
    return Rhythm(
        tempo_bpm=120.0,
        tempo_confidence=0.9,
        tempo_alternatives=(60.0,),
        beats_s=np.arange(0.0, 200.0, 0.5, dtype=np.float32),
        key="A minor",
        camelot="8A",
        key_confidence=0.8,
        loudness_lufs=-14.0,
        true_peak_dbtp=-1.0,
        leading_silence_s=0.1,
        trailing_silence_s=0.5,
        intro_end_s=8.0,
        intro_confidence=0.6,
        outro_start_s=190.0,
        outro_confidence=0.6,
    )
