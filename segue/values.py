"""Immutable values that cross from one folder to another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, NewType

import numpy as np
from numpy.typing import NDArray

from segue.errors import one_line

TrackId = NewType("TrackId", str)
"""16 hexadecimal digits of the BLAKE2b hash of the file's bytes: the same recording has the same id everywhere."""

EntryId = NewType("EntryId", int)
"""A place in a queue; the same track may stand in a queue under two entry ids."""

Floats = NDArray[np.float32]

ByHand = Literal["tempo", "key"]
"""What a listener may know better than was measured."""

Origin = Literal["picked", "chosen"]
"""Who put a song into the queue: "picked" by the listener or "chosen" by Segue."""

PoolingMethod = Literal["tfidf", "mean"]
"""How slice vectors become a track vector: weighted by TF-IDF, or all alike."""


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
class Rhythm:
    """What a DJ wants to know of a track: tempo, beats, key, loudness and where it begins and ends.

    None is unknown: rather no answer than a wrong one. Confidences lie in [0, 1] and are 0 where the answer is None.
    ``tempo_alternatives`` are half, double or the like, likeliest first; ``beats_s`` ``(k,)`` float32 rises and may be
    empty; ``key`` reads "A minor" or "Bb major" and ``camelot`` "8A"; times are seconds from the start of the file. A
    file that is silent throughout has only a leading silence. ``by_hand`` names what the listener set, of confidence 1.
    """

    tempo_bpm: float | None
    tempo_confidence: float
    tempo_alternatives: tuple[float, ...]
    beats_s: Floats
    key: str | None
    camelot: str | None
    key_confidence: float
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    leading_silence_s: float
    trailing_silence_s: float
    intro_end_s: float | None
    intro_confidence: float
    outro_start_s: float | None
    outro_confidence: float
    by_hand: tuple[ByHand, ...] = ()


UNKNOWN_RHYTHM = Rhythm(
    tempo_bpm=None,
    tempo_confidence=0.0,
    tempo_alternatives=(),
    beats_s=np.zeros(0, np.float32),
    key=None,
    camelot=None,
    key_confidence=0.0,
    loudness_lufs=None,
    true_peak_dbtp=None,
    leading_silence_s=0.0,
    trailing_silence_s=0.0,
    intro_end_s=None,
    intro_confidence=0.0,
    outro_start_s=None,
    outro_confidence=0.0,
)
"""What there is to say of a track that nobody could measure."""


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """One file, listened to: its identity, its tags and its slice vectors ``(s, d)`` float32, unit rows.

    ``rhythm`` is None where nobody measured it, as after a quick look.
    """

    track_id: TrackId
    info: TrackInfo
    slice_vectors: Floats
    fingerprint: Fingerprint
    rhythm: Rhythm | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """A recording in the library; ``paths`` are all the places where it lies, sorted, never empty."""

    id: TrackId
    paths: tuple[Path, ...]
    info: TrackInfo


@dataclass(frozen=True, slots=True)
class FileStat:
    """What tells a changed file from an unchanged one without reading it."""

    size_bytes: int
    mtime_ns: int


class TrackVectors(NamedTuple):
    """All track vectors of one ear: row i of ``matrix`` (n, d) float32, unit rows, belongs to ``ids[i]``."""

    ids: tuple[TrackId, ...]
    matrix: Floats


@dataclass(frozen=True, slots=True)
class HeardBy:
    """What one ear has heard of a library; ``name`` is what the ear was called then, "" where nobody noted it."""

    fingerprint: Fingerprint
    name: str
    tracks: int
    slices: int


TagGroup = Literal["genre", "mood", "other"]
"""What a heard tag is about; an instrument, a voice or a decade is something other."""


@dataclass(frozen=True, slots=True)
class HeardTag:
    """A tag that an ear hears in a track, such as "jazz", and how probable it finds it; not what the file says."""

    name: str
    group: TagGroup
    probability: float
    confident: bool


@dataclass(frozen=True, slots=True)
class LibraryCounts:
    """How much the library holds."""

    tracks: int
    files: int
    slices: int
    failures: int


@dataclass(frozen=True, slots=True)
class ScanFailure:
    """A file or folder that could not be listened to: what was wrong with it, and the remedy."""

    path: Path
    kind: str
    message: str
    remedy: str
    stat: FileStat
    when_s: float

    def __str__(self) -> str:
        return f"{one_line(self.path)}: {self.message}. {self.remedy}"


ScanPhase = Literal["quick look", "listening", "pooling", "measuring"]
"""What a scan is at; in the last, tracks that were heard before that was done get their tempo, key and loudness."""


@dataclass(frozen=True, slots=True)
class ScanProgress:
    """Where a scan stands; ``eta_s`` is None until the second track has been heard.

    ``closely`` says that a quick look came before the listening.
    """

    phase: ScanPhase
    done: int
    total: int
    failed: int
    current: Path | None
    tracks_a_second: float
    eta_s: float | None
    closely: bool = False


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a scan did: files heard, attached to a known recording, unchanged, gone, and those that failed.

    ``looked_at`` counts those that had a quick look first, and ``measured`` tracks that had been heard before their
    tempo, key and loudness were. ``moved`` is how many are gone from one place and were found at another: such a file
    counts once, as neither attached nor removed.
    """

    scanned: int
    attached: int
    skipped: int
    removed: int
    failures: tuple[ScanFailure, ...]
    known_failures: int
    seconds: float
    cancelled: bool
    looked_at: int = 0
    measured: int = 0
    moved: int = 0

    @property
    def exit_code(self) -> int:
        """0 if anything was heard or is already in the library, 1 if nothing could be."""
        return 0 if self.scanned + self.attached + self.moved + self.skipped + self.looked_at > 0 else 1
