"""The user's own files as playlists may name them: paths, tags, and the ids that taggers write into files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from segue.errors import FileAccessError
from segue.files import is_file, walk_audio
from segue.listen.tags import TrackNumbers, read_numbers, read_tags
from segue.store.library import Library
from segue.values import TrackId, TrackInfo

NO_NUMBERS = TrackNumbers()


@dataclass(frozen=True, slots=True)
class LocalTrack:
    """A recording that can be listened to: its file, the other places where it lies, and what names it."""

    path: Path
    info: TrackInfo
    ids: TrackNumbers = NO_NUMBERS
    track_id: TrackId | None = None
    other_paths: tuple[Path, ...] = ()


def read_folder(folder: Path, *, on_error: Callable[[FileAccessError], None]) -> Iterator[LocalTrack]:
    """Yield the songs below a folder with their tags, folder by folder, numbered names in their order.

    Raises
    ------
    FileAccessError
        If ``folder`` cannot be read.
    """
    for path in sorted(walk_audio(folder, on_error=on_error), key=_natural):
        yield LocalTrack(path, read_tags(path), read_numbers(path))


def read_library(data_folder: Path) -> Iterator[LocalTrack]:
    """Yield the tracks of a library; the ids are read from the files, as far as these are there.

    Raises
    ------
    LibraryError
        If there is no library in the folder, or it cannot be read.
    """
    with Library.open(data_folder, read_only=True) as library:
        tracks = library.tracks()
    for track in sorted(tracks, key=lambda track: _natural(track.paths[0])):
        first, *others = track.paths
        ids = read_numbers(first) if is_file(first) else NO_NUMBERS
        yield LocalTrack(first, track.info, ids, track.id, tuple(others))


def _natural(path: Path) -> tuple[tuple[str, ...], list[tuple[int, str]]]:
    """Folder by folder; within one, 2 comes before 10."""
    parts = re.findall(r"\d{1,9}|\D+|\d", path.name.casefold())
    return path.parent.parts, [(int(part), "") if part.isdecimal() and part.isascii() else (-1, part) for part in parts]
