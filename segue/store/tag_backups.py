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


class TagBackups:
    """The backups in a folder, which is made when there is something to keep."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @staticmethod
    def new_name(at_s: float) -> str:
        """A name for a writing that begins now."""
        return f"{int(at_s)}-{secrets.token_hex(4)}"

    def add(self, name: str, entry: Rewritten) -> None:
        """Keep what a file held, on the disk when this returns; raises FileAccessError."""
        path = self._path(name)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(_line(entry))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise access_error(error, path) from error

    def all(self) -> tuple[TagBackup, ...]:
        """Every writing of which something can be put back, the latest first."""
        found = []
        for path in self._folder.glob(f"*{_SUFFIX}"):
            match = _NAME.fullmatch(path.stem)
            if match is not None and (entries := self.entries(path.stem)):
                found.append(TagBackup(path.stem, float(match[1]), len(entries)))
        return tuple(sorted(found, key=lambda backup: (-backup.at_s, backup.name)))

    def entries(self, name: str) -> tuple[Rewritten, ...]:
        """The files of a writing, in its order; a line that cannot be read is passed over. Raises ParameterError."""
        try:
            lines = self._path(name).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return ()
        except (OSError, UnicodeDecodeError) as error:
            log.warning("a backup of tags cannot be read: %s", error)
            return ()
        return tuple(entry for line in lines if (entry := _entry(line)) is not None)

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
            raise ParameterError("there is no such backup of tags", remedy="Choose one that is listed")
        return self._folder / f"{name}{_SUFFIX}"


def _line(entry: Rewritten) -> str:
    """An entry as a line of ASCII, since a path may be any bytes."""
    body = {"track_id": entry.track_id, "path": str(entry.path), "before": entry.before, "after": entry.after}
    return json.dumps(body) + "\n"


def _entry(line: str) -> Rewritten | None:
    try:
        body: Any = json.loads(line)
        before, after = (_stored(body[name]) for name in ("before", "after"))
        return Rewritten(TrackId(str(body["track_id"])), Path(str(body["path"])), before, after)
    except (ValueError, TypeError, KeyError) as error:
        log.warning("a line of a backup of tags is damaged and passed over: %s", error)
        return None


def _stored(value: Any) -> Stored:
    return {str(name): None if texts is None else [str(text) for text in texts] for name, texts in value.items()}
