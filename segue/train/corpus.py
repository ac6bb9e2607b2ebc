"""The music a network is trained on: find it in unpacked packages, decode it once, and keep whole packages apart."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segue.config import SPECCY_MEL
from segue.errors import FileAccessError, ParameterError, SegueError
from segue.listen.audio import read_samples
from segue.values import Floats

log = logging.getLogger(__name__)

SHORTEST_S = 30.0  # shorter files in a game's data are sound effects
_QUIETEST_RMS = 1e-3
_SUFFIXES = {".ogg", ".oga", ".opus", ".mp3", ".flac", ".m4a", ".wav", ".it", ".xm", ".mod", ".s3m"}
_ARCHIVES = {".zip", ".pk3"}
_NOT_MUSIC = {"sounds", "sound", "sfx", "voice", "voices", "speech", "ambient", "effects"}
_MIXED_STEMS = ("song.ogg", "guitar.ogg", "rhythm.ogg", "drums.ogg")  # Frets on Fire keeps a song in parts
_FULL_SCALE = 32_767.0


@dataclass(frozen=True, slots=True)
class Recording:
    """One decoded piece of music; ``package`` stands for the artist when recordings are kept apart."""

    package: str
    name: str
    array: Path
    samples: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.samples / SPECCY_MEL.sample_rate_hz

    def read(self, start: int = 0, length: int | None = None) -> Floats:
        """Return ``(length,)`` float32 samples at 22,050 Hz from ``start`` on, full scale 1.0."""
        stored: NDArray[np.int16] = np.load(self.array, mmap_mode="r")
        stop = None if length is None else start + length
        return stored[start:stop].astype(np.float32) / _FULL_SCALE


def gather(music_dir: Path, cache_dir: Path) -> list[Recording]:
    """Decode every piece of music under ``music_dir/<package>/`` into ``cache_dir`` and list the pieces.

    What has been decoded before is not decoded again; what cannot be decoded is logged and left out; of two
    recordings with the same name and length, wherever they lie, one is kept.
    """
    if not music_dir.is_dir():
        raise FileAccessError("the folder of music is not there", remedy="Fetch the music first", path=music_dir)
    found: list[Recording] = []
    seen: set[tuple[str, int]] = set()
    for package in sorted(path for path in music_dir.iterdir() if path.is_dir()):
        for parts in _iter_pieces(package, cache_dir / "unzipped" / package.name):
            recording = decode(parts, package=package.name, cache_dir=cache_dir)
            if recording is None:
                continue
            twin = (recording.name.rsplit("/", 1)[-1], round(recording.duration_s))
            if twin not in seen:
                seen.add(twin)
                found.append(recording)
    log.info("%d recordings, %.1f hours", len(found), sum(r.duration_s for r in found) / 3600.0)
    return found


def decode(parts: Sequence[Path], *, package: str, cache_dir: Path) -> Recording | None:
    """Decode one piece (its parts summed) into the cache; None if it is no music, with the reason in the log."""
    array, card = _cached(parts, cache_dir)
    if not card.is_file():
        samples = _mixed(parts)
        cache_dir.mkdir(parents=True, exist_ok=True)
        if samples is not None:
            write_array(array, np.round(np.clip(samples, -1.0, 1.0) * _FULL_SCALE).astype(np.int16))
        facts = {"package": package, "name": _name(parts), "samples": 0 if samples is None else len(samples)}
        card.write_text(json.dumps(facts), encoding="utf-8")
    facts = json.loads(card.read_text(encoding="utf-8"))
    if facts["samples"] == 0:
        return None
    return Recording(package=package, name=str(facts["name"]), array=array, samples=int(facts["samples"]))


def is_decoded(parts: Sequence[Path], *, cache_dir: Path) -> bool:
    """Whether `decode` would only look the piece up."""
    return _cached(parts, cache_dir)[1].is_file()


def split(recordings: Iterable[Recording], held_out: Sequence[str]) -> tuple[list[Recording], list[Recording]]:
    """Part recordings into those to learn from and those of the ``held_out`` packages, which no training may touch."""
    recordings = list(recordings)
    unknown = set(held_out) - {recording.package for recording in recordings}
    if unknown:
        raise ParameterError(
            f"no music was found in the held-out packages {', '.join(sorted(unknown))}",
            remedy="Fetch them, or name others",
        )
    learn = [recording for recording in recordings if recording.package not in held_out]
    if not learn:
        raise ParameterError("every package is held out, nothing is left to learn from", remedy="Hold out fewer")
    return learn, [recording for recording in recordings if recording.package in held_out]


def save_recordings(recordings: Iterable[Recording], path: Path) -> None:
    """Write the list of recordings as JSON."""
    rows = [{**asdict(recording), "array": str(recording.array)} for recording in recordings]
    path.write_text(json.dumps(rows, indent=0), encoding="utf-8")


def load_recordings(path: Path) -> list[Recording]:
    """Read what `save_recordings` wrote."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [Recording(**{**row, "array": Path(row["array"])}) for row in rows]


def write_array(path: Path, values: NDArray[np.generic]) -> None:
    """Write an array beside its place and move it there, so that a reader never meets half of it."""
    partial = path.with_name(f".{path.stem}.{os.getpid()}.npy")
    np.save(partial, values)
    partial.replace(path)


def _iter_pieces(package: Path, unzipped: Path) -> Iterator[tuple[Path, ...]]:
    """Yield the files of each piece: one file, or the stems that make a song."""
    for archive in sorted(path for path in package.rglob("*") if path.suffix.lower() in _ARCHIVES and path.is_file()):
        _unzip_music(archive, unzipped)
    roots = [package, unzipped] if unzipped.is_dir() else [package]
    for root in roots:
        for path in sorted(path for path in root.rglob("*") if path.is_file() and _may_be_music(path, root)):
            if path.name not in _MIXED_STEMS:
                yield (path,)
            elif path.name == _MIXED_STEMS[0]:
                yield tuple(stem for name in _MIXED_STEMS if (stem := path.with_name(name)).is_file())


def _may_be_music(path: Path, root: Path) -> bool:
    folders = {part.lower() for part in path.relative_to(root).parts[:-1]}
    if folders & (_NOT_MUSIC - {"sound"} if "music" in folders else _NOT_MUSIC):
        return False
    if path.suffix.lower() in _SUFFIXES:
        return True
    return path.suffix == "" and "music" in folders and path.stat().st_size > 100_000


def _unzip_music(archive: Path, target: Path) -> None:
    done = target / f".{archive.name}.done"
    if done.is_file():
        return
    target.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            if _may_be_music(Path(name), Path()) and not Path(name).is_absolute():
                opened.extract(name, target)
    done.touch()


def _mixed(parts: Sequence[Path]) -> Floats | None:
    try:
        stems = [read_samples(part) for part in parts]
    except SegueError as error:
        log.warning("left out: %s", error)
        return None
    mixed = np.zeros(max(map(len, stems)), np.float32)
    for stem in stems:
        mixed[: len(stem)] += stem
    loudest = float(np.abs(mixed).max())
    if len(mixed) < SHORTEST_S * SPECCY_MEL.sample_rate_hz or float(np.sqrt(np.mean(mixed**2))) < _QUIETEST_RMS:
        return None
    return mixed / loudest if loudest > 1.0 else mixed


def _cached(parts: Sequence[Path], cache_dir: Path) -> tuple[Path, Path]:
    """Where a piece's samples and its card lie."""
    key = hashlib.blake2b("\0".join(map(str, parts)).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    return cache_dir / f"{key}.npy", cache_dir / f"{key}.json"


def _name(parts: Sequence[Path]) -> str:
    first = parts[0]
    return f"{first.parent.name}/{first.stem}" if len(parts) > 1 else first.stem
