"""What is installed, what is missing, and what to do about it."""

from __future__ import annotations

import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from segue import __version__
from segue.ears import in_use, shelf_of
from segue.embed.ears.musicnn import NAME as MUSICNN
from segue.embed.ears.musicnn import VERSION, find_weights
from segue.embed.encoder import Ear
from segue.embed.shelf import DEFAULT, prove
from segue.errors import LibraryError, SegueError
from segue.ffmpeg import MODULE_FORMATS, find_ffmpeg, run
from segue.store.library import Library

_LEAST_FREE_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: str
    good: bool = True
    remedy: str = ""


def examine(data: Path) -> tuple[Finding, ...]:
    """Look at the installation and at the library in ``data``, changing nothing."""
    return (
        Finding(
            "Segue", f"{__version__} on Python {platform.python_version()}, {platform.system()} {platform.machine()}"
        ),
        _python(),
        _ffmpeg(),
        _ear(data),
        _second_ear(),
        _space(data),
        _library(data),
    )


def _python() -> Finding:
    good = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Finding("Python", platform.python_version(), good, "" if good else "Install Python 3.11, 3.12 or 3.13")


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


def _ear(data: Path) -> Finding:
    try:
        ear = _ear_of(data)
        prove(ear)
    except SegueError as error:
        return Finding("ear", error.what, good=False, remedy=error.remedy)
    return Finding("ear", f"{ear.name} {ear.fingerprint}, {ear.dimension} dimensions, pooled by {ear.pooling}")


def _second_ear() -> Finding:
    """It is a choice, so its lack is no fault."""
    try:
        find_weights()
    except SegueError as error:
        return Finding("second ear", f"{error.what}; only --ear musicnn needs it", remedy=error.remedy)
    return Finding("second ear", f"{MUSICNN} {VERSION}")


def _ear_of(data: Path) -> Ear:
    """The ear that the library goes by, or where there is none, the one that it would go by."""
    shelf = shelf_of(data)
    try:
        with Library.open(data, read_only=True) as library:
            return in_use(library, shelf).the_ear
    except LibraryError:  # the next finding is about that
        return shelf.take(DEFAULT)


def _space(data: Path) -> Finding:
    place = next(folder for folder in (data.absolute(), *data.absolute().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    good = free > _LEAST_FREE_BYTES
    return Finding(
        "disk",
        f"{free / 1e9:.1f} GB free at {place}",
        good,
        "" if good else "Free some space, or choose another --data",
    )


def _library(data: Path) -> Finding:
    if not (data / "library.db").exists():
        return Finding("library", f"none in {data} yet", remedy="Scan a folder: segue scan DIR")
    try:
        with Library.open(data, read_only=True) as library:
            counts = library.counts()
    except SegueError as error:
        return Finding("library", str(error), good=False)
    return Finding(
        "library", f"{counts.tracks} tracks in {counts.files} files, {counts.failures} files that could not be heard"
    )
