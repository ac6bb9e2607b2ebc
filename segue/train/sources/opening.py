"""A file of playlists as it lies there: plain, gzipped or within a zip, in whatever encoding, of whatever size."""

from __future__ import annotations

import codecs
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from segue.config import PLAYLISTS
from segue.errors import PlaylistError, printable
from segue.files import access_error

Tell = Callable[[str, str], None]
"""A reader's way to say what it passed over: what it was (counted where it recurs), and the remedy."""

_GZIP = b"\x1f\x8b"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_HEAD_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file on disk, or a member of a zip there; ``id`` names it the same way each time."""

    path: Path
    member: str = ""
    id: str = field(default="")

    def __post_init__(self) -> None:
        if not self.id:
            object.__setattr__(self, "id", printable(self.path.name + (f"/{self.member}" if self.member else "")))

    @property
    def folder(self) -> Path:
        """Where relative paths in it are seen from."""
        return self.path.absolute().parent

    @property
    def shown(self) -> str:
        """Its name for people."""
        return printable(self.path) + (f" ({printable(self.member)})" if self.member else "")

    @property
    def stem(self) -> str:
        """Its name without folders and suffixes."""
        name = printable((self.member or self.path.name).rsplit("/", 1)[-1])
        return name.removesuffix(".gz").rsplit(".", 1)[0] or name

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Give its bytes, unpacked.

        Raises
        ------
        PlaylistError
            If it cannot be read or unpacked, there or within the block.
        """
        try:
            with self.path.open("rb") as file:
                if self.member:
                    with zipfile.ZipFile(file) as archive, archive.open(self.member) as inner:
                        yield cast("BinaryIO", inner)
                elif file.read(2) == _GZIP:
                    file.seek(0)
                    with gzip.open(file) as unpacked:
                        yield cast("BinaryIO", unpacked)
                else:
                    file.seek(0)
                    yield file
        except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, KeyError) as error:
            raise PlaylistError(
                f"it is damaged or cut off ({error})", remedy="Fetch or export it anew", path=self.path
            ) from error
        except (NotImplementedError, RuntimeError) as error:  # an unknown compression, a password
            raise PlaylistError(
                f"it cannot be unpacked ({error})", remedy="Unpack it yourself and name the folder", path=self.path
            ) from error
        except OSError as error:
            refused = access_error(error, self.path)
            raise PlaylistError(refused.what, remedy=refused.remedy, path=self.path) from error

    def head(self) -> str:
        """Its beginning as text, for telling what it is."""
        with self.open() as file:
            data = file.read(_HEAD_BYTES)
        if data.startswith(_UTF16):
            return data.decode("utf-16", "replace")
        return data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")

    def text(self) -> str:
        """All of it.

        Raises
        ------
        PlaylistError
            If it cannot be read, or is larger than config.py allows for what must be read at once.
        """
        data = self.data()
        if data.startswith(_UTF16):
            return data.decode("utf-16", "replace")
        return decoded(data.removeprefix(codecs.BOM_UTF8))

    def data(self) -> bytes:
        """All of its bytes, unpacked; raises as :meth:`text` does."""
        with self.open() as file:
            data = file.read(PLAYLISTS.largest_document_bytes + 1)
        if len(data) > PLAYLISTS.largest_document_bytes:
            megabytes = PLAYLISTS.largest_document_bytes // 10**6
            raise PlaylistError(f"it is larger than {megabytes} MB", remedy="Export it in parts", path=self.path)
        return data

    def lines(self) -> Iterator[str]:
        """Yield its lines one by one, however many; raises as :meth:`text` does, for one line that is too long."""
        with self.open() as file:
            start = file.read(4)
        with self.open() as file:
            if start.startswith(_UTF16):
                with io.TextIOWrapper(file, "utf-16", errors="replace") as text:
                    yield from text
                return
            file.read(3 if start.startswith(codecs.BOM_UTF8) else 0)
            while line := file.readline(PLAYLISTS.longest_line_bytes + 1):
                if len(line) > PLAYLISTS.longest_line_bytes:
                    raise PlaylistError(
                        f"a line of it is longer than {PLAYLISTS.longest_line_bytes // 10**6} MB",
                        remedy="Is it a file of playlists at all? Export it anew",
                        path=self.path,
                    )
                yield decoded(line)


def decoded(data: bytes) -> str:
    """Text in UTF-8; where it is none, in the Western Windows code page."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
