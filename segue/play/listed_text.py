"""The text of files that list songs: their bytes as text, their lines, and which reading of a name is there."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from segue.errors import PlaylistError
from segue.play.locations import unescaped

_MOST_BYTES = 32_000_000
"""A hundred thousand songs with long names; what is larger is no playlist."""

_ESCAPED_BYTES = re.compile("[\udc80-\udcff]+")


def read_listed(path: Path) -> str:
    """The text of a file, undecodable bytes as surrogates; a byte order mark is obeyed and dropped.

    Raises OSError, and PlaylistError (without the path) where it is no text or too large.
    """
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise PlaylistError(f"it is larger than {_MOST_BYTES // 10**6} MB", remedy="Name a playlist file")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
    if "\0" in text:
        raise PlaylistError("it is no text", remedy="Name a playlist file")
    return text


def windows_text(text: str) -> str:
    """The text with its undecodable bytes taken for the Western Windows code page."""
    return _ESCAPED_BYTES.sub(lambda m: m[0].encode("utf-8", "surrogateescape").decode("cp1252", "replace"), text)


def lines_of(text: str) -> Iterator[str]:
    """Lines without blanks around them, empty ones left out; only CR and LF end a line: names hold the others."""
    return (line for _, line in numbered_lines(text))


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    """As `lines_of`, each with its number as an editor shows it."""
    for number, raw in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if line := raw.strip(" \t"):
            yield number, line


def readings_of(path: Path, *others: Path) -> tuple[Path, ...]:
    """What a listed name may mean on disk: itself, the others, without percent escapes, accents as one sign or two."""
    plain = (path, *others, unescaped(path))
    spelt = (Path(spell(str(one))) for one in plain for spell in (_joined, _parted))
    return tuple(dict.fromkeys((*plain, *spelt)))


def _joined(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _parted(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def first_there(readings: Iterable[Path]) -> Path | None:
    """The first of them that is there, if any."""
    for reading in readings:
        try:
            if reading.exists():
                return reading
        except OSError:  # a name too long for the disk
            continue
    return None
