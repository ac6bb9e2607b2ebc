"""Changes wait here until they are over: a copy in progress is heard when it is done, a move is not a loss."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR
from typing import Literal

from segue.config import WATCH, WatchSpec
from segue.values import FileStat

_Kind = Literal["file", "folder", "nothing"]


@dataclass(frozen=True, slots=True)
class Changes:
    """What to look at: files and folders that changed or are gone, and folders to be looked through as a whole."""

    places: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.places or self.folders)


@dataclass(slots=True)
class _Waiting:
    """A changed place: what lay there last, since when that has been so, and since when it has waited at all."""

    kind: _Kind
    stat: FileStat | None
    since_s: float
    first_s: float


class Settling:
    """Places that changed a moment ago. The clock is the caller's, in seconds."""

    def __init__(self, spec: WatchSpec = WATCH) -> None:
        self._spec = spec
        self._waiting: dict[Path, _Waiting] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def note(self, path: Path, *, now_s: float) -> None:
        """Something happened at a path; a folder that has come stands for all that is in it."""
        above = next((self._waiting[folder] for folder in path.parents if folder in self._waiting), None)
        if above is not None:
            above.since_s = now_s
            if above.kind == "nothing":
                return
        kind, stat = _look(path)
        before = self._waiting.get(path)
        self._waiting[path] = _Waiting(kind, stat, now_s, before.first_s if before else now_s)

    def drop(self, paths: Iterable[Path]) -> None:
        """Think of these no more."""
        for path in paths:
            self._waiting.pop(path, None)

    def drop_below(self, folder: Path) -> None:
        """Think no more of anything in a folder, as when its drive is not connected any more."""
        self.drop([path for path in self._waiting if path.is_relative_to(folder)])

    def settled(self, *, now_s: float) -> tuple[Path, ...]:
        """The places at which nothing has happened for a while, sorted; they wait on until they are dropped.

        A file is settled when its size and time stand still. A folder that has come waits for every file besides,
        and so does what is gone, for a while: a file that goes may be coming elsewhere, and is then known by content.
        """
        files, others, restless = [], [], False
        for path, waiting in self._waiting.items():
            quiet = now_s - waiting.since_s >= self._spec.settle_s and self._stands(path, waiting, now_s)
            if waiting.kind == "file":
                restless |= not quiet
                files += [path] if quiet else []
            elif quiet:
                others.append(path)
        held = (path for path in others if not restless or self._waited_long(path, now_s))
        return tuple(sorted([*files, *held]))

    def _stands(self, path: Path, waiting: _Waiting, now_s: float) -> bool:
        """Whether a place is as it was; if not, it begins to wait anew."""
        kind, stat = _look(path)
        if (kind, stat) == (waiting.kind, waiting.stat):
            return True
        waiting.kind, waiting.stat, waiting.since_s = kind, stat, now_s
        return False

    def _waited_long(self, path: Path, now_s: float) -> bool:
        waiting = self._waiting[path]
        return waiting.kind == "nothing" and now_s - waiting.first_s >= self._spec.longest_hold_s


def _look(path: Path) -> tuple[_Kind, FileStat | None]:
    """What lies at a path, and for a file its size and time; one that cannot be looked at is for the scan to judge."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return "file" if os.path.lexists(path) else "nothing", None  # a link to nowhere is a file for the moment
    except OSError:
        return "file", None
    return ("folder", None) if S_ISDIR(status.st_mode) else ("file", FileStat(status.st_size, status.st_mtime_ns))
