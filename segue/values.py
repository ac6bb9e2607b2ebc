"""Immutable values that cross from one folder to another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NewType

import numpy as np
from numpy.typing import NDArray

TrackId = NewType("TrackId", str)
"""16 hexadecimal digits of the BLAKE2b hash of the file's bytes: the same recording has the same id everywhere."""

EntryId = NewType("EntryId", int)
"""A place in a queue; the same track may stand in a queue under two entry ids."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TrackInfo:
    """What a file says of itself. Unknown text is "", never None; ``title`` falls back to the file name."""

    title: str
    artist: str = ""
    album: str = ""
    genre: str = ""
    year: int | None = None
    duration_s: float = 0.0
    has_artwork: bool = False


@dataclass(frozen=True, slots=True)
class Artwork:
    """A cover picture as it stands in the file."""

    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Which network and which front end made a vector; vectors of different fingerprints never meet."""

    model: str
    mel: str

    def __str__(self) -> str:
        return f"{self.model}/{self.mel}"


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """One file, listened to: its identity, its tags and its slice vectors ``(s, d)`` float32, unit rows."""

    track_id: TrackId
    info: TrackInfo
    slice_vectors: Floats
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Track:
    """A recording in the library; ``paths`` are all the places where it lies, sorted, never empty."""

    id: TrackId
    paths: tuple[Path, ...]
    info: TrackInfo
