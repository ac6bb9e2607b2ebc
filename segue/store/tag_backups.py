"""The tags that files had before Segue wrote theirs: a file of JSON lines for each writing, a line for each file."""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segue.errors import ParameterError
from segue.files import access_error, atomic_write
from segue.listen.tag_writing import Stored
from segue.values import TrackId
from segue.words import later

log = logging.getLogger(__name__)

_NAME = re.compile(r"(\d+)-[0-9a-f]{8}")
_SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """One file: its recording, where it lay, and what stood under the tags that were written, before and after."""

    track_id: TrackId
    path: Path
    before: Stored
    after: Stored


@dataclass(frozen=True, slots=True)
class TagBackup:
    """One writing: its name, when it was in seconds since 1970, and how many files can be put back."""

    name: str
    at_s: float
    files: int


@dataclass(frozen=True, slots=True)
class _Counted:
    """How much of a file of lines was counted, and how many files were in it."""

    inode: int = 0
    bytes: int = 0
    files: int = 0


class TagBackups:
    """The backups in a folder, which is made when there is something to keep."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counted: dict[str, _Counted] = {}

    @staticmethod
    def new_name(at_s: float) -> str:
        """A name for a writing that begins now."""
        return f"{int(at_s)}-{secrets.token_hex(4)}"

    def add(self, name: str, entry: Rewritten) -> None:
        """Keep what a file held, on the disk when this returns; raises FileAccessError.

        A line that a full disk broke off stays by itself.
        """
        path = self._path(name)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with path.open("a+b") as file:
                file.seek(-1 if file.tell() else 0, os.SEEK_END)
                file.write((b"" if file.read() in (b"", b"\n") else b"\n") + _line(entry).encode("ascii"))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise access_error(error, path) from error

    def all(self) -> tuple[TagBackup, ...]:
        """Every writing of which something can be put back, the latest first."""
        found = []
        for path in self._folder.glob(f"*{_SUFFIX}"):
            match = _NAME.fullmatch(path.stem)
            if match is not None and (count := self._count(path.stem)):
                found.append(TagBackup(path.stem, float(match[1]), count))
        return tuple(sorted(found, key=lambda backup: (-backup.at_s, backup.name)))

    def _count(self, name: str) -> int:
        """How many files of a writing can be put back; what was counted before is not read again, unless rewritten."""
        try:
            with self._path(name).open("rb") as file:
                status, known = os.fstat(file.fileno()), self._counted.get(name, _Counted())
                if status.st_ino != known.inode or status.st_size < known.bytes:
                    known = _Counted(status.st_ino)
                file.seek(known.bytes)
                whole = _whole_lines(file.read())
        except OSError:  # gone meanwhile; anything else is told where it is to be put back
            return 0
        count = known.files + len(_entries(whole))
        self._counted[name] = _Counted(known.inode, known.bytes + len(whole), count)
        return count

    def entries(self, name: str) -> tuple[Rewritten, ...]:
        """The files of a writing, in its order; a line that cannot be read is passed over. Raises ParameterError."""
        try:
            return _entries(_whole_lines(self._path(name).read_bytes()))
        except FileNotFoundError:
            return ()
        except OSError as error:
            log.warning("a backup of tags cannot be read: %s", error)
            return ()

    def keep(self, name: str, entries: Sequence[Rewritten]) -> None:
        """Let these be all that can still be put back of a writing; none, and it is gone. Raises FileAccessError."""
        path = self._path(name)
        if entries:
            with atomic_write(path) as unfinished:
                unfinished.write_text("".join(map(_line, entries)), encoding="utf-8")
            return
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise access_error(error, path) from error

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ParameterError(later("there is no such backup of tags"), remedy=later("Choose one that is listed"))
        return self._folder / f"{name}{_SUFFIX}"


def _line(entry: Rewritten) -> str:
    """An entry as a line of ASCII, since a path may be any bytes."""
    body = {"track_id": entry.track_id, "path": str(entry.path), "before": entry.before, "after": entry.after}
    return json.dumps(body) + "\n"


def _whole_lines(data: bytes) -> bytes:
    """All up to the last end of a line: what follows is being written just now, or was broken off."""
    return data[: data.rfind(b"\n") + 1]


def _entries(lines: bytes) -> tuple[Rewritten, ...]:
    return tuple(entry for line in lines.splitlines() if (entry := _entry(line)) is not None)


def _entry(line: bytes) -> Rewritten | None:
    try:
        body: Any = json.loads(line)
        before, after = (_stored(body[name]) for name in ("before", "after"))
        return Rewritten(TrackId(str(body["track_id"])), Path(str(body["path"])), before, after)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("a line of a backup of tags is damaged and passed over: %s", error)
        return None


def _stored(value: Any) -> Stored:
    return {str(name): None if texts is None else [str(text) for text in texts] for name, texts in value.items()}
