"""Made-up hearings for the tests of the library."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from segue.store.library import FILE_NAME, Library
from segue.values import FileStat, Fingerprint, Hearing, Rhythm, TrackId, TrackInfo

EAR = Fingerprint("model001", "mel00001")
STAT = FileStat(1000, 123456789)
KNOWN = Rhythm(
    tempo_bpm=87.5,
    tempo_confidence=0.75,
    tempo_alternatives=(175.0, 43.75),
    beats_s=np.array([0.5, 1.186, 1.871], np.float32),
    key="A minor",
    camelot="8A",
    key_confidence=0.5,
    loudness_lufs=-9.25,
    true_peak_dbtp=0.5,
    leading_silence_s=0.125,
    trailing_silence_s=2.5,
    intro_end_s=15.5,
    intro_confidence=0.25,
    outro_start_s=None,
    outro_confidence=0.0,
)


def number(i: int) -> TrackId:
    return TrackId(f"{i:016x}")


def heard(i: int, info: TrackInfo | None = None, *, ear: Fingerprint = EAR, slices: int = 3) -> Hearing:
    vectors = np.random.default_rng(i).standard_normal((slices, 10)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Hearing(number(i), info or TrackInfo(f"Song {i}", "Band"), vectors, ear)


def add(library: Library, hearing: Hearing, path: str) -> None:
    library.add(hearing, Path(path), stat=STAT, vector=hearing.slice_vectors.mean(axis=0))


SLICES = 300
"""Of each track of `closed_library`."""


def closed_library(data: Path, tracks: int, place: str) -> Path:
    """The file of a library that was closed as it should be; its vectors take pages of their own, as real ones do.

    ``place`` is where track ``{i}`` of the artist ``{artist}`` lies, of whom there is one for each ten tracks.
    """
    with Library.open(data) as library:
        for i in range(tracks):
            add(library, heard(i, slices=SLICES), place.format(i=i, artist=i // 10))
        library.set_track_vectors({}, EAR, recipe="tfidf", content=library.content())
    return data / FILE_NAME


def older_library(data: Path, version: int) -> Path:
    """A data folder with a library as an older schema made it: three tracks by `EAR`, with their vectors."""
    data.mkdir()
    shutil.copy(Path(__file__).parent / "store" / f"library-{version}.db", data / FILE_NAME)
    return data
