"""A library of any size with vectors that cluster as music does, made without listening."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segue.embed.encoder import load_ear
from segue.store.library import Library
from segue.values import FileStat, Floats, Hearing, TrackId, TrackInfo

SLICES = 3


def clustered(tracks: int, dimension: int, *, seed: int = 0) -> Floats:
    """Unit vectors ``(tracks, dimension)`` around one centre for each 25 tracks."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(max(1, tracks // 25), dimension))
    vectors = centres[rng.integers(len(centres), size=tracks)] + 0.6 * rng.normal(size=(tracks, dimension))
    unit: Floats = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def make_library(data: Path, tracks: int) -> None:
    """Fill a library; its files do not exist, so it can be browsed and chosen from, and not played."""
    ear = load_ear()
    vectors = clustered(tracks, ear.dimension)
    with Library.open(data) as library:
        for number, vector in enumerate(vectors):
            info = TrackInfo(f"Song {number}", f"Artist {number % 997}", f"Album {number % 3001}", "Genre", 1990, 200.0)
            hearing = Hearing(TrackId(f"{number:016x}"), info, np.stack([vector] * SLICES), ear.fingerprint)
            library.add(hearing, Path(f"/music/{number:06d}.mp3"), stat=FileStat(1000, number), vector=vector)
