"""The folders that a library is made of, and the room that it takes on the disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from segue.errors import FileAccessError, LibraryError
from segue.files import access_error
from segue.store.library import FILE_NAME, Library
from segue.words import later


@dataclass(frozen=True, slots=True)
class MusicFolder:
    """A folder that was scanned, and how many files of it are known, those that could not be read among them."""

    path: Path
    files: int


@dataclass(frozen=True, slots=True)
class Storage:
    """What the data folder takes, each cache by its name, and how much more its disk would hold."""

    library_bytes: int
    mixes_bytes: int
    ears_bytes: int
    caches: Mapping[str, int]
    free_bytes: int


class MusicFolders:
    """The folders of a library; ``is_busy`` tells whether a scan is running."""

    def __init__(self, library: Library, is_busy: Callable[[], bool]) -> None:
        self._library = library
        self._is_busy = is_busy

    def all(self) -> tuple[MusicFolder, ...]:
        """The folders, sorted. What lies below one is a range of an index: each costs its own files and no others."""
        roots = self._library.roots
        return tuple(MusicFolder(path, roots.count_below(path)) for path in roots.folders())

    def remove(self, folder: Path) -> int:
        """Take a folder and all that lies in it out of the library, and return how many files it knew there.

        The files themselves stay as they are. Raises LibraryError while a scan runs, which would find them again.
        """
        if folder not in self._library.roots.folders():
            raise FileAccessError(
                later("it is not among the music folders"), remedy=later("Reload the page"), path=folder
            )
        if self._is_busy():
            raise LibraryError(
                later("a scan is running"), remedy=later("Stop it, or wait until it has ended"), path=folder
            )
        self._library.roots.remove(folder)
        return self._library.forget_paths(self._library.roots.files_below(folder))

    def storage(self) -> Storage:
        """What lies in the data folder; raises FileAccessError where the disk does not tell."""
        data = self._library.folder
        library = [data / (FILE_NAME + ending) for ending in ("", "-wal", "-shm")]
        try:
            free_bytes = shutil.disk_usage(data).free
        except OSError as error:
            raise access_error(error, data) from error
        mixes, ears, cache = (data / name for name in ("mixes", "models", "cache"))
        return Storage(
            library_bytes=_bytes_of(*library),
            mixes_bytes=_bytes_of(*mixes.rglob("*")),
            ears_bytes=_bytes_of(*ears.rglob("*")),
            caches={path.name: _bytes_of(path, *path.rglob("*")) for path in sorted(cache.glob("*"))},
            free_bytes=free_bytes,
        )


def _bytes_of(*files: Path) -> int:
    """What files take; one that has gone meanwhile takes nothing."""
    total = 0
    for file in files:
        try:
            total += file.stat().st_size if file.is_file() else 0
        except OSError:
            continue
    return total
