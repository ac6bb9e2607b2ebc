"""Playlist files in and out: M3U, M3U8, PLS, XSPF and JSPF. The songs themselves are not opened."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from segue.errors import FileAccessError, PlaylistError, printable
from segue.files import access_error, atomic_write
from segue.play.listed_text import first_there, lines_of, read_listed, readings_of, windows_text
from segue.play.locations import Listed, location_to_path, path_to_location
from segue.play.xspf import format_jspf, format_xspf, parse_jspf, parse_xspf, seconds

Kind = Literal["m3u", "m3u8", "pls", "xspf", "jspf"]

_URI_KINDS = ("xspf", "jspf")
_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # surrogates that stand for nothing
_EXTINF = re.compile(r'#EXTINF:\s*(-?[\d.]*)(?:[^,"]|"[^"]*")*,?(.*)', re.IGNORECASE | re.DOTALL)
_PLS_LINE = re.compile(r"(file|title|length)(\d{1,7})\s*=[ \t]*(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class PlaylistEntry:
    """A song of a playlist file; "" and 0.0 where the file says nothing."""

    path: Path
    title: str = ""
    artist: str = ""
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class PlaylistFile:
    """What a playlist file holds; ``skipped`` are the places that are no files, such as internet radio."""

    name: str
    entries: tuple[PlaylistEntry, ...]
    skipped: tuple[str, ...] = ()


def read_playlist(path: Path) -> PlaylistFile:
    """Read a playlist file; its kind is known by its content. Files that it names need not be there.

    Raises
    ------
    PlaylistError
        If it cannot be read, is no playlist, or is an HLS stream.
    """
    try:
        text = read_listed(path)
        kind = kind_of(text, path)
        found = parse_playlist(text, path.absolute().parent, kind)
        by_windows = found if text.isascii() else parse_playlist(windows_text(text), path.absolute().parent, kind)
    except OSError as error:
        refused = access_error(error, path)
        raise PlaylistError(refused.what, remedy=refused.remedy, path=path) from error
    except PlaylistError as error:
        raise PlaylistError(error.what, remedy=error.remedy, path=path) from error
    pairs = zip(found.entries, by_windows.entries, strict=True)
    entries = tuple(replace(other, path=_there(entry.path, other.path, kind=kind)) for entry, other in pairs)
    return PlaylistFile(by_windows.name or printable(path.stem), entries, by_windows.skipped)


def write_playlist(
    path: Path, entries: Sequence[PlaylistEntry], *, kind: Kind | None = None, name: str = "", relative: bool = True
) -> None:
    """Write a playlist file, UTF-8; ``kind`` goes by the suffix if not given. It appears whole or not at all.

    Raises
    ------
    PlaylistError
        If the kind is unknown or the file cannot be written.
    """
    chosen = kind or _kind_of_suffix(path)
    if chosen is None:
        kinds = ", ".join(f".{known}" for known in get_args(Kind))
        raise PlaylistError(
            f"{path.suffix or 'a name without suffix'} is no kind of playlist", remedy=f"Use {kinds}", path=path
        )
    text = format_playlist(entries, chosen, path.absolute().parent if relative else None, name=name)
    try:
        with atomic_write(path) as unfinished:
            unfinished.write_bytes(text.encode("utf-8", "surrogateescape"))
    except FileAccessError as error:
        raise PlaylistError(error.what, remedy=error.remedy, path=path) from error


def parse_playlist(text: str, base: Path, kind: Kind) -> PlaylistFile:
    """Read a playlist's text; relative places are seen from the folder ``base``.

    Undecodable bytes of file names may stand in ``text`` as surrogates (errors="surrogateescape").

    Raises
    ------
    PlaylistError
        If the text is no playlist of this kind, or an HLS stream.
    """
    text = _NO_BYTE.sub("\ufffd", text)
    try:
        name, songs = _PARSERS[kind](text) if text.strip() else ("", [])
    except ValueError as error:
        raise PlaylistError(str(error), remedy="Export the playlist anew, as M3U8 for instance") from error
    entries: list[PlaylistEntry] = []
    skipped: list[str] = []
    for song in songs:
        if not song.location:
            continue
        path = location_to_path(song.location, base, is_uri=kind in _URI_KINDS)
        if path is None:
            skipped.append(printable(song.location))
        else:
            entries.append(PlaylistEntry(path, printable(song.title), printable(song.artist), song.duration_s))
    return PlaylistFile(printable(name), tuple(entries), tuple(skipped))


def format_playlist(entries: Sequence[PlaylistEntry], kind: Kind, base: Path | None, *, name: str = "") -> str:
    """Write a playlist's text, with places relative to ``base``, or absolute if it is None."""
    songs = [
        Listed(
            path_to_location(entry.path, base, is_uri=kind in _URI_KINDS),
            _one_line(entry.title),
            _one_line(entry.artist),
            seconds(entry.duration_s),
        )
        for entry in entries
    ]
    return _FORMATTERS[kind](_one_line(name), songs)


def _parse_m3u(text: str) -> tuple[str, list[Listed]]:
    name, artist = "", None
    duration_s, shown = 0.0, ""
    songs: list[Listed] = []
    for line in lines_of(text):
        tag = line[:10].upper()
        if tag.startswith("#EXT-X-"):
            raise ValueError("it is an HLS stream, not a list of songs")
        if tag.startswith("#PLAYLIST:"):
            name = line[10:].strip()
        elif tag.startswith("#EXTART:"):
            artist = line[8:].strip()
        elif match := _EXTINF.match(line):
            duration_s, shown = seconds(match[1]), match[2].strip()
        elif not line.startswith("#"):
            songs.append(_shown_song(line, shown, artist, duration_s=duration_s))
            duration_s, shown, artist = 0.0, "", None
    return name, songs


def _format_m3u(name: str, songs: Sequence[Listed]) -> str:
    lines = ["#EXTM3U", *([f"#PLAYLIST:{name}"] if name else [])]
    for song in songs:
        shown = _shown(song)
        if shown or song.duration_s:
            lines.append(f"#EXTINF:{round(song.duration_s) or -1},{shown}")
        if _shown_song(song.location, shown, None, duration_s=song.duration_s) != song:
            lines.append(f"#EXTART:{song.artist}")
        lines.append(song.location)
    return "\n".join([*lines, ""])


def _parse_pls(text: str) -> tuple[str, list[Listed]]:
    lines = list(lines_of(text))
    if not any(line.lower() == "[playlist]" for line in lines):
        raise ValueError("it has no [playlist] section")
    fields: dict[int, dict[str, str]] = {}
    for line in lines:
        if match := _PLS_LINE.match(line):
            fields.setdefault(int(match[2]), {})[match[1].lower()] = match[3]
    songs = [
        _shown_song(song["file"], song.get("title", "").strip(), None, duration_s=seconds(song.get("length")))
        for _, song in sorted(fields.items())
        if song.get("file")
    ]
    return "", songs


def _format_pls(_: str, songs: Sequence[Listed]) -> str:
    lines = ["[playlist]"]
    for number, song in enumerate(songs, start=1):
        lines.append(f"File{number}={song.location}")
        lines += [f"Title{number}={shown}"] if (shown := _shown(song)) else []
        lines.append(f"Length{number}={round(song.duration_s) or -1}")
    return "\n".join([*lines, f"NumberOfEntries={len(songs)}", "Version=2", ""])


_PARSERS: dict[Kind, Callable[[str], tuple[str, list[Listed]]]] = {
    "m3u": _parse_m3u,
    "m3u8": _parse_m3u,
    "pls": _parse_pls,
    "xspf": parse_xspf,
    "jspf": parse_jspf,
}
_FORMATTERS: dict[Kind, Callable[[str, Sequence[Listed]], str]] = {
    "m3u": _format_m3u,
    "m3u8": _format_m3u,
    "pls": _format_pls,
    "xspf": format_xspf,
    "jspf": format_jspf,
}


def _shown(song: Listed) -> str:
    """The one line that M3U and PLS have for artist and title."""
    return f"{song.artist} - {song.title}" if song.artist and song.title else song.title


def _shown_song(location: str, shown: str, artist: str | None, *, duration_s: float) -> Listed:
    """A song shown as "artist - title"; where the artist is also told apart, that settles which part is which."""
    if artist is None:
        first, dash, rest = shown.partition(" - ")
        artist, title = (first.strip(), rest.strip()) if dash else ("", shown)
    else:
        title = shown.removeprefix(f"{artist} - ") if artist else shown
    return Listed(location, title, artist, duration_s)


def _one_line(text: str) -> str:
    return " ".join(printable(text).split())


def kind_of(text: str, path: Path) -> Kind:
    """What the text is; plain lines, with or without a header, are M3U."""
    start = text[:2000].lstrip().lower()
    if start.startswith("[playlist]"):
        return "pls"
    if start.startswith(("<?xml", "<playlist", "<!", "<html")):
        return "xspf"
    if start.startswith("{") and '"playlist"' in start:
        return "jspf"
    return "m3u8" if path.suffix.lower() == ".m3u8" else "m3u"


def _kind_of_suffix(path: Path) -> Kind | None:
    return next((kind for kind in get_args(Kind) if path.suffix.lower() == f".{kind}"), None)


def _there(path: Path, by_windows: Path, *, kind: Kind) -> Path:
    """The reading of a place that is there; if none is, the likeliest."""
    return first_there(readings_of(path, by_windows)) or (by_windows if kind == "m3u" else path)
