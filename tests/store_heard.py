"""Made-up hearings for the tests of the library."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segue.store.library import Library
from segue.values import FileStat, Fingerprint, Hearing, TrackId, TrackInfo

EAR = Fingerprint("model001", "mel00001")
STAT = FileStat(1000, 123456789)


def number(i: int) -> TrackId:
    return TrackId(f"{i:016x}")


def heard(i: int, info: TrackInfo | None = None, *, ear: Fingerprint = EAR, slices: int = 3) -> Hearing:
    vectors = np.random.default_rng(i).standard_normal((slices, 10)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Hearing(number(i), info or TrackInfo(f"Song {i}", "Band"), vectors, ear)


def add(library: Library, hearing: Hearing, path: str) -> None:
    library.add(hearing, Path(path), stat=STAT, vector=hearing.slice_vectors.mean(axis=0))
