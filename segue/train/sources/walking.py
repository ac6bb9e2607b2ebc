"""Which files lie where playlists are looked for: named files, what folders hold, and the members of zips."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from segue.errors import SegueError, printable
from segue.files import access_error
from segue.store.library import FILE_NAME as LIBRARY
from segue.train.sources.opening import SourceFile

# What is looked at when a folder or a zip is searched; a file that is named itself may be called anything.
_SUFFIXES = (
    *(".m3u", ".m3u8", ".pls", ".xspf", ".jspf", ".xml", ".plist", ".csv", ".tsv"),
    *(".json", ".jsonl", ".ndjson", ".jl", ".listens"),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(slots=True)
class Found:
    """Files to read as playlists, folders of songs, libraries, and what could not be looked into."""

    files: list[SourceFile] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    libraries: list[Path] = field(default_factory=list)
    errors: list[SegueError] = field(default_factory=list)


def find_files(paths: Iterable[Path]) -> Found:
    """Look where playlists are; a folder without any playlist file is one of songs."""
    found = Found()
    for path in paths:
        try:
            if not path.is_dir():
                found.files += _unzipped(path, path.name)
            elif (path / LIBRARY).is_file():
                found.libraries.append(path)
            else:
                inside = list(_iter_inside(path, found.errors))
                found.files += inside
                found.folders += [] if inside else [path]
        except OSError as error:
            found.errors.append(access_error(error, path))
    return found


def _iter_inside(folder: Path, errors: list[SegueError]) -> Iterator[SourceFile]:
    """Files below a folder that may hold playlists, in sorted order; hidden ones and linked folders are passed over."""

    def refused(error: OSError) -> None:
        errors.append(access_error(error, Path(error.filename or folder)))

    for place, folders, names in os.walk(folder, onerror=refused):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            plain = name.lower().removesuffix(".gz")
            if not name.startswith(".") and plain.endswith((*_SUFFIXES, ".zip")):
                try:
                    yield from _unzipped(path, printable(path.relative_to(folder).as_posix()))
                except OSError as error:
                    refused(error)


def _unzipped(path: Path, identity: str) -> list[SourceFile]:
    """The file itself or, of a zip, the members that may hold playlists."""
    with path.open("rb") as file:
        if file.read(4) not in _ZIP:
            return [SourceFile(path, id=printable(identity))]
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(info.filename for info in archive.infolist() if not info.is_dir())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return [SourceFile(path, id=printable(identity))]  # the reader will tell what is wrong with it
    inside = [
        SourceFile(path, member, f"{printable(identity)}/{printable(member)}")
        for member in members
        if member.lower().endswith(_SUFFIXES) and not member.startswith(("__MACOSX/", "."))
    ]
    return inside or [SourceFile(path, id=printable(identity))]
