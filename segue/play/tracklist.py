"""The list of songs that a mix is made of: a text of a path or a song's name a line, or any playlist file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from segue.errors import FileAccessError, printable
from segue.files import access_error, expanded, is_file, is_folder
from segue.play.listed_text import first_there, numbered_lines, read_listed, readings_of, windows_text
from segue.play.locations import location_to_path
from segue.play.m3u import read_playlist

_PLAYLIST_SUFFIXES = frozenset((".m3u", ".m3u8", ".pls", ".xspf", ".jspf"))
_PLAYLIST_STARTS = ("#extm3u", "[playlist]", "<?xml", "<playlist", "{")
_QUOTED = re.compile(r"""(['"])(.*)\1(?:\s*|\s+#.*)""", re.DOTALL)
_CONCAT = re.compile(r"file\s+(.+)", re.DOTALL)  # as ffmpeg's concat lists have it
_REMARK = re.compile(r"\s+#.*$", re.DOTALL)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PLAINLY_A_PATH = re.compile(r"(?:[/~\\]|\.{1,2}[/\\]|[A-Za-z]:[\\/]|file:)", re.IGNORECASE)
_SUFFIX = re.compile(r"\.(?=[A-Za-z0-9]{2,4}$)[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*$")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A song as a list names it: by a file, which need not be there, or by ``words`` such as "artist - title".

    ``line`` counts from 1: lines of a text, songs of a playlist. Neither a path nor words is a place that is no file of
    this machine. ``said`` is what stands there.
    """

    line: int
    said: str
    path: Path | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Tracklist:
    """What a list holds, and what it is called."""

    name: str
    wanted: tuple[Wanted, ...]


def read_tracklist(path: Path) -> Tracklist:
    """Read a list of songs; of what kind it is, its name and content say.

    In a text each line is a path, relative to the list, with ``~`` for a home, in quotes or not, a ``file:`` URL, or
    words. What begins with ``#`` is a remark. Of several readings of a line that one counts which is there.

    Raises
    ------
    FileAccessError
        If it cannot be read.
    PlaylistError
        If it is no text, or a broken playlist.
    """
    if is_folder(path):
        raise FileAccessError(
            "it is a folder, not a list of tracks", remedy="Name a text file with a path a line", path=path
        )
    try:
        text = read_listed(path)
    except OSError as error:
        raise access_error(error, path) from error
    if path.suffix.lower() in _PLAYLIST_SUFFIXES or text.lstrip()[:100].lower().startswith(_PLAYLIST_STARTS):
        return _from_playlist(path)
    base = path.absolute().parent
    named = (_read_line(number, line, base) for number, line in numbered_lines(text))
    return Tracklist(printable(path.stem), tuple(wanted for wanted in named if wanted is not None))


def _from_playlist(path: Path) -> Tracklist:
    found = read_playlist(path)
    songs = [Wanted(number, printable(entry.path), entry.path) for number, entry in enumerate(found.entries, start=1)]
    return Tracklist(found.name, (*songs, *(Wanted(0, place) for place in found.skipped)))


def _read_line(number: int, line: str, base: Path) -> Wanted | None:
    """What a line names; None for a remark. ``base`` is where relative paths begin."""
    if line.startswith("#"):
        return None
    said = printable(windows_text(line))
    likely = _unquoted(line)
    if _SCHEME.match(likely) and not likely.lower().startswith("file:"):
        return Wanted(number, said)
    there = first_there(path for text in _texts(line) for path in _paths(text, base) if is_file(path))
    if there is not None:
        return Wanted(number, said, there)
    paths = tuple(_paths(likely, base))
    if _PLAINLY_A_PATH.match(likely) or _SUFFIX.search(likely) or (paths and is_folder(paths[0])):
        return Wanted(number, said, paths[0]) if paths else Wanted(number, said)
    return Wanted(number, said, words=printable(windows_text(_unquoted(_REMARK.sub("", line)))))


def _texts(line: str) -> Iterator[str]:
    """What a line may mean, what it says literally first."""
    yield line
    yield _unquoted(line)
    yield _REMARK.sub("", line)
    if match := _CONCAT.fullmatch(line):
        yield _unquoted(match[1]).replace("'\\''", "'")


def _unquoted(text: str) -> str:
    match = _QUOTED.fullmatch(text)
    return match[2] if match else text


def _paths(text: str, base: Path) -> Iterator[Path]:
    """The files that a text may name; none where it is no file of this machine."""
    for spelt in dict.fromkeys((text, windows_text(text))):
        home = str(expanded(spelt)) if spelt.startswith("~") else spelt
        path = location_to_path(home, base)
        if path is not None:
            yield from readings_of(path)
