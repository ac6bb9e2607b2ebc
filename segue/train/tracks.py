"""Tracks to learn from: each is heard once into a cache of slices, given its vector, and kept with its artist."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segue.config import SCAN, SPECCY_MEL, MelSpec, ScanSpec
from segue.errors import FileAccessError, ParameterError, SegueError, SilentError
from segue.files import access_error, real_path
from segue.listen.audio import iter_samples
from segue.listen.mel import iter_slices
from segue.listen.tags import read_tags
from segue.store.workers import Job, WorkerPool, available_cores
from segue.train.corpus import write_array
from segue.values import Floats, TrackInfo

log = logging.getLogger(__name__)

_STORED: dict[str, tuple[str, float]] = {  # scale of the front end -> how the cache keeps a slice, and its 1.0
    "db": ("uint8", 255.0),
    "log10": ("float16", 1.0),
    "waveform": ("int16", 32_767.0),
}

OnHeard = Callable[[int, int, int], None]
"""Told, after each file, how many are done, of how many, and how many of those failed."""


@dataclass(frozen=True, slots=True)
class LearnTrack:
    """One track in the cache; ``group`` is the artist, else the album, else the folder: what a split keeps together."""

    key: str
    path: Path
    group: str
    array: Path
    slices: int
    mel: MelSpec = SPECCY_MEL

    def read(self, rows: Sequence[int] | NDArray[np.int64] | None = None) -> Floats:
        """Return slices ``(n, bands, frames)`` float32 as the front end makes them; ``rows`` names some of them."""
        stored = np.load(self.array, mmap_mode="r")
        return from_stored(stored if rows is None else stored[rows], self.mel)


@dataclass(frozen=True, slots=True)
class HearSpec:
    """What of each track goes into the cache, and who puts it there."""

    mel: MelSpec = SPECCY_MEL
    most_slices: int = 0  # of a track, spread evenly over it; 0: all
    scan: ScanSpec = SCAN

    def folder(self, cache: Path) -> Path:
        """The folder for slices made this way; those of another front end lie in another."""
        return cache / f"{self.mel.fingerprint}-{self.most_slices or 'all'}"


@dataclass(frozen=True, slots=True)
class Heard:
    """The tracks that can be learned from, in the order of their keys, and why the others cannot."""

    tracks: tuple[LearnTrack, ...]
    failures: tuple[SegueError, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TrackSet:
    """Tracks and where each is to point: row i of ``targets`` (n, d) float32, unit rows, belongs to ``tracks[i]``."""

    tracks: tuple[LearnTrack, ...]
    targets: Floats

    def __len__(self) -> int:
        return len(self.tracks)

    @property
    def slices(self) -> int:
        """How many slices all tracks have together."""
        return sum(track.slices for track in self.tracks)

    @property
    def groups(self) -> list[str]:
        """Each track's group, in order."""
        return [track.group for track in self.tracks]

    def subset(self, rows: Sequence[int]) -> TrackSet:
        """Some of the tracks with their targets."""
        return TrackSet(tuple(self.tracks[row] for row in rows), self.targets[list(rows)])


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """What is learned from, and what is only measured on; no group has tracks in both."""

    learn: TrackSet
    held_out: TrackSet


def hear_tracks(
    files: Mapping[str, Path], cache: Path, *, spec: HearSpec | None = None, on_heard: OnHeard | None = None
) -> Heard:
    """Hear each file into the cache, in worker processes; what lies there already is only looked up.

    Parameters
    ----------
    files : mapping of str to Path
        A key for each track (the name by which its target is known), and its file.
    cache : Path
        Folder of the cache; it may be killed and started again at any moment.

    Raises
    ------
    ParameterError
        If there is no file, or none could be heard: the first reason is told.
    WorkerError
        If worker processes cannot be started.
    """
    spec = spec or HearSpec()
    folder = spec.folder(cache)
    folder.mkdir(parents=True, exist_ok=True)
    book = _Book(total=len(files), on_heard=on_heard or _unheard)
    waiting: dict[Path, list[str]] = {}
    for key, path in sorted(files.items()):
        place = real_path(path)
        known = _look_up(place, folder, spec.mel)
        if known is None:
            waiting.setdefault(place, []).append(key)
        else:
            book.note([key], known)
    with WorkerPool(_Listener(folder, spec), workers=spec.scan.workers or available_cores()) as pool:
        for outcome in pool.run(_jobs(waiting, spec.scan, book)):
            book.note(waiting[outcome.job.path], outcome.value or outcome.error)
    return book.close()


def pair(heard: Sequence[LearnTrack], targets: Mapping[str, Floats]) -> TrackSet:
    """Give each track its target, at unit length; tracks without one are left out and counted in the log.

    Raises
    ------
    ParameterError
        If no track has a target, or a target is zero or not finite.
    """
    tracks = tuple(track for track in heard if track.key in targets)
    if not tracks:
        raise ParameterError(
            f"none of the {len(heard)} tracks has one of the {len(targets)} vectors",
            remedy="Check that both name the tracks alike",
        )
    if len(tracks) < len(heard):
        log.warning("%d of %d tracks have no vector and are left out", len(heard) - len(tracks), len(heard))
    matrix = np.stack([np.asarray(targets[track.key], np.float32) for track in tracks])
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    if not (np.isfinite(lengths).all() and lengths.all()):
        bad = tracks[int(np.argmin(np.isfinite(lengths[:, 0]) & (lengths[:, 0] > 0)))]
        raise ParameterError(f"the vector of {bad.key} is zero or not finite", remedy="Train Track2Vec anew")
    return TrackSet(tracks, np.asarray(matrix / lengths, np.float32))


def split_by_group(tracks: TrackSet, *, share: float = 0.15, rng: np.random.Generator) -> Split:
    """Hold out whole groups, drawn at random, until they make up ``share`` of the tracks.

    Raises
    ------
    ParameterError
        If ``share`` is not between 0 and 1, or there are not two groups.
    """
    held = draw_groups(tracks.groups, share=share, rng=rng)
    out = set(held)
    return Split(tracks.subset([row for row in range(len(tracks)) if row not in out]), tracks.subset(held))


def draw_groups(groups: Sequence[str], *, share: float, rng: np.random.Generator) -> list[int]:
    """Rows of whole groups, drawn at random until they make up ``share`` of all; raises as `split_by_group` does."""
    if not 0.0 < share < 1.0:
        raise ParameterError(f"the share to hold out is {share:g}", remedy="Give more than 0 and less than 1")
    members: dict[str, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    if len(members) < 2:
        raise ParameterError(
            f"all {len(groups)} tracks are of one artist or folder, so none can be held out",
            remedy="Add music by others",
        )
    wanted = max(1, round(share * len(groups)))
    names = sorted(members)
    held: list[int] = []
    for name in (names[k] for k in rng.permutation(len(names))):
        if len(held) < wanted and len(held) + len(members[name]) <= max(1.5 * wanted, 1.0):
            held += members[name]
    if not held:  # every group is larger than that: the smallest will do
        held = min((members[name] for name in names), key=len)
    return sorted(held)


def to_stored(mel_slice: Floats, mel: MelSpec) -> NDArray[np.generic]:
    """A slice as the cache keeps it: ``db`` in 256 steps, ``waveform`` in 16 bits, ``log10`` in half precision."""
    kind, one = _STORED[mel.scale]
    if kind == "float16":
        return mel_slice.astype(np.float16)
    low = 0.0 if kind == "uint8" else -one
    return np.clip(np.round(mel_slice * np.float32(one)), low, one).astype(kind)


def from_stored(stored: NDArray[np.generic], mel: MelSpec) -> Floats:
    """Slices from the cache in the front end's own numbers, float32."""
    return np.asarray(stored, np.float32) / np.float32(_STORED[mel.scale][1])


def _unheard(_done: int, _total: int, _failed: int) -> None:
    """For whoever does not ask how far it is."""


@dataclass(slots=True)
class _Book:
    """Keeps count of what was heard and what failed."""

    total: int
    on_heard: OnHeard
    tracks: dict[str, LearnTrack] = field(default_factory=dict)
    failures: dict[str, SegueError] = field(default_factory=dict)

    def note(self, keys: Sequence[str], found: _Entry | SegueError | None) -> None:
        """Enter what came of one file, which may stand under several keys."""
        for key in keys:
            if isinstance(found, _Entry):
                entry = found
                self.tracks[key] = LearnTrack(key, entry.path, entry.group, entry.array, entry.slices, entry.mel)
            elif found is not None:
                self.failures[key] = found
                log.warning("left out: %s", found)
            self.on_heard(len(self.tracks) + len(self.failures), self.total, len(self.failures))

    def close(self) -> Heard:
        """All of it, in order."""
        failures = tuple(self.failures[key] for key in sorted(self.failures))
        if not self.tracks:
            reason = f"; the first: {failures[0]}" if failures else ""
            raise ParameterError(f"none of {self.total} files could be heard{reason}", remedy="Give files of music")
        return Heard(tuple(self.tracks[key] for key in sorted(self.tracks)), failures)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the cache holds of one file."""

    path: Path
    group: str
    array: Path
    slices: int
    mel: MelSpec


@dataclass(frozen=True, slots=True)
class _Listener:
    """Hears files into the cache; called in the worker."""

    folder: Path
    spec: HearSpec

    def __call__(self) -> Callable[[Path], _Entry]:
        """Give the function that hears one file."""
        return partial(_hear, folder=self.folder, spec=self.spec)


def _jobs(waiting: Mapping[Path, Sequence[str]], scan: ScanSpec, book: _Book) -> Iterator[Job]:
    for path, keys in waiting.items():
        try:
            yield Job(path, scan.limit_s(path.stat().st_size))
        except OSError as error:
            book.note(keys, access_error(error, path))


def _hear(path: Path, *, folder: Path, spec: HearSpec) -> _Entry:
    """Decode and slice one file; its array is there before its card, so that a card is proof of it."""
    kept = _spread(iter_slices(iter_samples(path, sample_rate_hz=spec.mel.sample_rate_hz), spec.mel), spec)
    if not kept:
        raise SilentError("it has no whole slice with sound in it", remedy="Leave it out", path=path)
    array, card = _places(path, folder)
    write_array(array, np.stack(kept))
    facts = {"group": group_of(path), "slices": len(kept)}
    partial_card = card.with_name(f".{card.name}.{os.getpid()}")
    partial_card.write_text(json.dumps(facts), encoding="utf-8")
    partial_card.replace(card)
    return _Entry(path, str(facts["group"]), array, len(kept), spec.mel)


def _spread(slices: Iterator[Floats], spec: HearSpec) -> list[NDArray[np.generic]]:
    """All slices, or ``most_slices`` spread evenly; never more than twice as many are held on the way."""
    most, step = spec.most_slices, 1
    kept: list[NDArray[np.generic]] = []
    for number, mel_slice in enumerate(slices):
        if number % step == 0:
            kept.append(to_stored(mel_slice, spec.mel))
        if most and len(kept) > 2 * most:
            kept, step = kept[::2], 2 * step
    if most and len(kept) > most:
        kept = [kept[k] for k in np.linspace(0, len(kept) - 1, most).round().astype(int)]
    return kept


def group_of(path: Path) -> str:
    """Whom a file counts for: its artist by its tags or its name, else its album, else its folder."""
    return group_by(read_tags(path), path)


def group_by(info: TrackInfo, path: Path) -> str:
    """As `group_of`, where the tags are known."""
    if info.artist.strip():
        return f"artist {' '.join(info.artist.casefold().split())}"
    if info.album.strip():
        return f"album {' '.join(info.album.casefold().split())}"
    return f"folder {path.parent}".encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _look_up(path: Path, folder: Path, mel: MelSpec) -> _Entry | FileAccessError | None:
    """What the cache holds of a file, if the file is as it was then."""
    try:
        array, card = _places(path, folder)
        facts = json.loads(card.read_text(encoding="utf-8"))
        return _Entry(path, str(facts["group"]), array, int(facts["slices"]), mel) if array.is_file() else None
    except FileAccessError as error:
        return error
    except (OSError, ValueError, KeyError):  # not there yet, or half written by a machine that lost power
        return None


def _places(path: Path, folder: Path) -> tuple[Path, Path]:
    """Where a file's slices and its card lie: another size or time of change is another file."""
    try:
        status = path.stat()
    except OSError as error:
        raise access_error(error, path) from error
    identity = b"%s\0%d\0%d" % (os.fsencode(path), status.st_size, status.st_mtime_ns)
    name = hashlib.blake2b(identity, digest_size=8).hexdigest()
    return folder / f"{name}.npy", folder / f"{name}.json"
