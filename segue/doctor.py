"""What is installed, what is missing, whether the library is sound, and what to do about it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segue import __version__
from segue.ears import in_use, shelf_of
from segue.embed.ears.musicnn import NAME as MUSICNN
from segue.embed.ears.musicnn import VERSION, find_weights
from segue.embed.encoder import Ear, Encoder
from segue.embed.hearing import hear
from segue.embed.shelf import DEFAULT, WITH_SEGUE, Shelf, prove
from segue.errors import LibraryError, SegueError, one_line
from segue.ffmpeg import MODULE_FORMATS, find_ffmpeg, run
from segue.files import is_file, is_url
from segue.listen.decoders import DECODERS, missing_decoders
from segue.store.library import FILE_NAME, Library
from segue.store.mending import inspect
from segue.values import Track

_LEAST_FREE_BYTES = 200_000_000
_LARGE_JOURNAL_BYTES = 100_000_000
_SAME_SOUND = 0.99  # two hearings of one file are bit for bit alike on one machine; other processors differ by 0.001
_NAMED = 3
_ESSENTIAL = ("MP3", "AAC", "FLAC", "Vorbis", "Opus", "WAV")
_OWN_CACHES = ("audio", "ears", "evaluate", "map", "outlines", "pooling", "quality", "uploads")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: str
    good: bool = True
    remedy: str = ""


def examine(data: Path) -> tuple[Finding, ...]:
    """Look at the installation and at the library in ``data``, changing nothing."""
    with _shelf_to_look_at(data) as shelf:
        return _examined(data, shelf)


def _examined(data: Path, shelf: Shelf) -> tuple[Finding, ...]:
    sound = _soundness(data)
    is_sound = all(finding.good for finding in sound)
    return (
        Finding(
            "Segue", f"{__version__} on Python {platform.python_version()}, {platform.system()} {platform.machine()}"
        ),
        _python(),
        *_packages(),
        _decoders(),
        _ffmpeg(),
        _ear(data, shelf, is_sound=is_sound),
        _second_ear(),
        *_added_ears(shelf),
        _space(data),
        *_cache(data),
        *sound,
        *(_contents(data) if is_sound else ()),
    )


# What is installed ----------------------------------------------------------------------------------------------------


def _python() -> Finding:
    good = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Finding("Python", platform.python_version(), good, "" if good else "Install Python 3.11, 3.12 or 3.13")


def _packages() -> Iterator[Finding]:
    """The libraries that Segue stands on: one line for those that are as they should be, one for each that is not."""
    wanted = _requirements()
    right = []
    for name, bounds in sorted(wanted.items()):
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding(name, "not installed", good=False, remedy=f"Install it: pip install '{name}{bounds}'")
            continue
        if _fits(version, bounds):
            right.append(f"{name} {version}")
        else:
            yield Finding(
                name, f"{version} is installed", False, f"Install the right one: pip install '{name}{bounds}'"
            )
    if right:
        yield Finding("libraries", ", ".join(right))


def _requirements() -> dict[str, str]:
    """Name and bounds of each library, as the installed package says, or the file of a checkout."""
    beside = Path(__file__).parents[1] / "requirements.txt"
    try:
        lines = importlib.metadata.requires("segue-dj") or []
    except importlib.metadata.PackageNotFoundError:
        lines = beside.read_text(encoding="utf-8").splitlines() if beside.exists() else []
    found = (re.fullmatch(r"([A-Za-z0-9._-]+)\s*([^;]*)", line.strip()) for line in lines if "extra ==" not in line)
    return {match[1]: match[2].strip() for match in found if match}


def _fits(version: str, bounds: str) -> bool:
    """Whether a version is no lower and no higher than is said, such as ">=17,<20"."""
    tests: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
        ">=": lambda a, b: a >= b,
        "<": lambda a, b: a < b,
        "==": lambda a, b: a == b,
    }
    for relation, bound in re.findall(r"(>=|<|==)\s*([0-9.]+)", bounds):
        if not tests[relation](_numbers(version), _numbers(bound)):
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3])


def _decoders() -> Finding:
    missing = missing_decoders()
    here = ", ".join(kind for kind in DECODERS if kind not in missing)
    good = not set(missing) & set(_ESSENTIAL)
    state = here if not missing else f"{here}; not {', '.join(missing)}"
    return Finding("decoders", state, good, "" if good else "Install PyAV as its makers build it: pip install -U av")


def _ffmpeg() -> Finding:
    """Segue decodes by itself; ffmpeg is for tracker modules only, so its lack is no fault."""
    path = find_ffmpeg()
    if path is None:
        return Finding("ffmpeg", "not installed; only tracker modules (.it .xm .mod .s3m) need it")
    formats = run([str(path), "-v", "quiet", "-demuxers"], timeout_s=20).decode("utf-8", "replace").split()
    modules = [name for name in MODULE_FORMATS if name in formats]
    return Finding(
        "ffmpeg", f"{path}, " + (f"plays tracker modules by {modules[0]}" if modules else "without tracker modules")
    )


# Ears -----------------------------------------------------------------------------------------------------------------


@contextmanager
def _shelf_to_look_at(data: Path) -> Iterator[Shelf]:
    """The ears of a data folder; a network that is not built yet is built aside, and not in the folder."""
    held = shelf_of(data)
    with tempfile.TemporaryDirectory(prefix="segue-doctor-") as aside:
        if held.cache.is_dir():
            with suppress(OSError):  # a booth at work may be building one
                shutil.copytree(held.cache, aside, dirs_exist_ok=True)
        yield Shelf(held.folder, Path(aside))


def _ear(data: Path, shelf: Shelf, *, is_sound: bool) -> Finding:
    """The ear in use, proved by letting it hear a song of the library as it did when that was scanned."""
    try:
        ear = _ear_of(data, shelf) if is_sound else shelf.take(DEFAULT)
        encoder = prove(ear)
        heard = _hears_the_same(data, ear, encoder) if is_sound else None
    except SegueError as error:
        return Finding("ear", error.what, good=False, remedy=error.remedy)
    state = f"{ear.name} {ear.fingerprint}, {ear.dimension} dimensions, pooled by {ear.pooling}"
    if heard is None:
        return Finding("ear", state)
    if heard < _SAME_SOUND:
        remedy = "Update the libraries, then let the music be heard anew: segue models forget NAME, and scan"
        return Finding("ear", f"{state}; it hears a song otherwise than it did (cosine {heard:.3f})", False, remedy)
    return Finding("ear", f"{state}; it hears a song as it did")


def _hears_the_same(data: Path, ear: Ear, encoder: Encoder) -> float | None:
    """The cosine of a track's slices as they were and as they are heard now; None where there is none to hear."""
    try:
        with Library.open(data, read_only=True) as library:
            some = (
                (library.track(track_id), slices) for track_id, slices in library.iter_slice_vectors(ear.fingerprint)
            )
            track, slices = next((pair for pair in some if _may_hear(pair[0])), (None, None))
    except SegueError:  # another finding is about that
        return None
    if track is None or slices is None:
        return None
    now = hear(next(path for path in track.paths if is_file(path)), encoder)
    if now.track_id != track.id or now.slice_vectors.shape != slices.shape:
        return None
    return float(np.einsum("ij,ij->i", now.slice_vectors, slices).min())


def _may_hear(track: Track) -> bool:
    return track.info.duration_s < 600 and any(is_file(path) for path in track.paths)


def _second_ear() -> Finding:
    """It is a choice, so its lack is no fault."""
    try:
        find_weights()
    except SegueError as error:
        return Finding("second ear", f"{error.what}; only --ear musicnn needs it", remedy=error.remedy)
    return Finding("second ear", f"{MUSICNN} {VERSION}")


def _added_ears(shelf: Shelf) -> Iterator[Finding]:
    """Ears of the listener's own, each proved."""
    for name in shelf.names():
        if name in WITH_SEGUE:
            continue
        try:
            prove(shelf.take(name))
        except SegueError as error:
            yield Finding(f"ear '{name}'", error.what, good=False, remedy=error.remedy)
        else:
            yield Finding(f"ear '{name}'", "it hears")


def _ear_of(data: Path, shelf: Shelf) -> Ear:
    """The ear that the library goes by, or where there is none, the one that it would go by."""
    try:
        with Library.open(data, read_only=True) as library:
            return in_use(library, shelf).the_ear
    except LibraryError:  # a later finding is about that
        return shelf.take(DEFAULT)


# The data folder ------------------------------------------------------------------------------------------------------


def _space(data: Path) -> Finding:
    place = next(folder for folder in (data.absolute(), *data.absolute().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    good = free > _LEAST_FREE_BYTES
    return Finding(
        "disk",
        f"{f'{free / 1e9:.1f} GB' if free > 1e9 else f'{free / 1e6:.0f} MB'} free at {place}",
        good,
        "" if good else "Free some space, or choose another --data",
    )


def _cache(data: Path) -> Iterator[Finding]:
    """What is kept to save work: how large it is, and whether anything strange lies there."""
    cache = data / "cache"
    if not cache.is_dir():
        return
    size = _size_of(cache)
    strange = sorted(path.name for path in cache.iterdir() if path.name not in _OWN_CACHES)
    state = f"{size / 1e6:.0f} MB; it may be deleted while nothing runs"
    if strange:
        state += f". Not Segue's: {', '.join(map(one_line, strange[:_NAMED]))}"
    yield Finding("cache", state)


def _size_of(folder: Path) -> int:
    """How large all files in a folder are; a booth at work may delete some while they are counted."""
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += Path(place, name).stat().st_size
    return size


def _soundness(data: Path) -> tuple[Finding, ...]:
    """Whether the library's file is whole, and its rows are."""
    path = data / FILE_NAME
    if not path.exists():
        return (Finding("library", f"none in {data} yet", remedy="Scan a folder: segue scan DIR"),)
    try:
        wrong = inspect(path)
    except SegueError as error:
        return (Finding("library", error.what, good=False, remedy=error.remedy),)
    mend = "Let it be mended: segue doctor --repair (the file as it is will be kept)"
    return tuple(Finding("library", str(damage), good=False, remedy=mend) for damage in wrong)


def _contents(data: Path) -> Iterator[Finding]:
    """What a sound library holds, and what has become of its files since."""
    if not (data / FILE_NAME).exists():
        return
    try:
        with Library.open(data, read_only=True) as library:
            counts, tracks, stale = library.counts(), library.tracks(), len(library.lacking_rhythm())
    except SegueError as error:
        yield Finding("library", error.what, good=False, remedy=error.remedy)
        return
    failed = f"{counts.failures} file{'' if counts.failures == 1 else 's'} that could not be heard"
    state = f"{counts.tracks} tracks in {counts.files} files, {failed}"
    yield Finding("library", f"{state}; sound")
    gone = [path for track in tracks for path in track.paths if not is_url(path) and not is_file(path)]
    if gone:
        some = ", ".join(one_line(path) for path in gone[:_NAMED])
        remedy = "Connect their drive, or scan the folder above them if they are really gone"
        yield Finding("files", f"{len(gone)} of {counts.files} are not there: {some}", remedy=remedy)
    if stale:
        yield Finding("rhythm", f"tempo and key of {stale} tracks are yet to be measured; the next scan does it")
    journal = data / f"{FILE_NAME}-wal"
    if journal.exists() and journal.stat().st_size > _LARGE_JOURNAL_BYTES:
        remedy = "Stop the booth and any scan; the journal is then taken in"
        yield Finding("journal", f"{journal.stat().st_size / 1e6:.0f} MB are not taken in yet", remedy=remedy)
