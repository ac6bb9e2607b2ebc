"""How playlist files name songs: paths and URIs as text, to paths and back; no disk is touched."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_NOT_IN_A_LINE = re.compile(r"[\r\n]|^[ \t]|[ \t]$|\\")
_SAFE = "/!$&'()*+,;=:@~"


@dataclass(frozen=True, slots=True)
class Listed:
    """A song as a playlist file lists it; "" and 0.0 where it says nothing, also of where the song lies."""

    location: str
    title: str = ""
    artist: str = ""
    duration_s: float = 0.0
    album: str = ""
    identifiers: tuple[str, ...] = ()  # URIs that name the song wherever it lies


def location_to_path(location: str, base: Path, *, is_uri: bool = False) -> Path | None:
    """The file that a location names, seen from the folder ``base``; None if it is no file of this machine.

    ``is_uri`` says that percent signs are escapes also where there is no scheme, as in XSPF.
    """
    if location[:5].lower() == "file:":
        text = _file_uri_to_text(location)
    elif _SCHEME.match(location):
        return None
    else:
        by_windows = _DRIVE.match(location) or location.startswith("\\\\") or "/" not in location
        text = location.replace("\\", "/") if by_windows else location
        text = _unquoted(text) if is_uri else text
    if not text or "\0" in text:
        return None
    if _DRIVE.match(text) and os.name != "nt":
        return Path(text)  # another machine's file: there is nothing that it could be relative to
    return Path(os.path.normpath(base / text))  # as text: a link is not followed here


def path_to_location(path: Path, base: Path | None, *, is_uri: bool = False) -> str:
    """The text that names a file: relative to ``base`` where one is given and on the same disk, else absolute.

    A name that a line of text cannot hold (a line break, a space at its end, a backslash) becomes a ``file:`` URI.
    """
    whole = os.path.abspath(path)  # noqa: PTH100 - as text: a link is not followed here
    near = None if base is None else _relative(whole, base)
    if is_uri:
        return _path_to_uri(whole) if near is None else _quoted(_guarded(near))
    if os.name == "nt":
        return whole if near is None else _guarded(near.replace("\\", "/"))
    text = whole if near is None else _guarded(near)
    return _path_to_uri(whole) if _NOT_IN_A_LINE.search(text) else text


def unescaped(path: Path) -> Path:
    """The path with its percent escapes resolved, for playlists that escape without saying so."""
    return Path(_unquoted(str(path)))


def _relative(whole: str, base: Path) -> str | None:
    """The way from ``base``, or None if the two have nothing but the root in common."""
    start = os.path.abspath(base)  # noqa: PTH100
    try:
        common = os.path.commonpath([whole, start])
    except ValueError:  # two drives
        return None
    return None if common == os.path.dirname(common) != start else os.path.relpath(whole, start)  # noqa: PTH120


def _guarded(relative: str) -> str:
    """A relative path that cannot be taken for a comment, a URL or a drive."""
    odd = relative.startswith(("#", " ", "\t", "~")) or ":" in relative.split("/", 1)[0]
    return f"./{relative}" if odd else relative


def _path_to_uri(whole: str) -> str:
    text = whole.replace("\\", "/") if os.name == "nt" else whole
    return "file://" + ("" if text.startswith("/") else "/") + _quoted(text)


def _file_uri_to_text(uri: str) -> str:
    """The path in ``file:/a``, ``file:///a``, ``file://localhost/a`` or ``file:///C:/a``; "" for another machine's."""
    text = _unquoted(uri[5:])
    if text.startswith("//"):
        host, slash, rest = text[2:].partition("/")
        if host.lower() not in ("", "localhost"):
            return ""
        text = slash + rest
    return text[1:] if _DRIVE.match(text[1:]) else text


def _quoted(text: str) -> str:
    return quote_from_bytes(os.fsencode(text), safe=_SAFE)


def _unquoted(text: str) -> str:
    return os.fsdecode(unquote_to_bytes(text.encode("utf-8", "surrogateescape")))
