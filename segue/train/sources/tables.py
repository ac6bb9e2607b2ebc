"""CSV and TSV to playlists: grouped by a column of playlists, cut into sessions by a time, or one playlist a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from segue.config import PLAYLISTS
from segue.errors import PlaylistError
from segue.train.sources.fields import is_track_column, plain, row_to_track, seconds_since_1970
from segue.train.sources.opening import SourceFile, Tell
from segue.train.sources.playlist import SourcePlaylist, SourceTrack
from segue.train.sources.plays import Histories, is_when

_DELIMITERS = ",;\t|"
_LISTS = ("playlistid", "playlist", "playlistname", "playlisttitle", "list")
_LIST_NAMES = ("playlistname", "playlisttitle", "playlist", "list", "playlistid")
_HEADERLESS_PLAYS = ("artist", "album", "title", "played at")  # a usual exporter's four columns for Last.fm


def is_table(head: str) -> bool:
    """Whether a text begins as a table of tracks does."""
    return _layout(head.split("\n", 1)[0]) is not None


def iter_table(source: SourceFile, tell: Tell) -> Iterator[SourcePlaylist]:
    """Yield the playlists of a CSV or TSV file.

    Raises
    ------
    PlaylistError
        If no column has the name of a track's title, place or id.
    """
    csv.field_size_limit(PLAYLISTS.longest_line_bytes)
    lines = source.lines()
    first = next(lines, "").replace("\0", "")
    layout = _layout(first)
    if layout is None:
        raise PlaylistError(
            "none of its columns is a title, a place or an id",
            remedy="Give it a first line such as playlist,artist,title",
        )
    delimiter, columns, is_headed = layout
    lists = _Lists(columns, source.folder)
    rest = lines if is_headed else (line for part in ([first], lines) for line in part)
    reader = csv.reader((line.replace("\0", "") for line in rest), delimiter=delimiter)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            tell("rows that are damaged", f"Look at line {reader.line_num}: {error}")
            continue
        if cells is None:
            break
        if any(cells) and not lists.add(cells):
            tell("rows that name no track", f"Look at line {reader.line_num + is_headed}")
    yield from lists.iter_playlists(source)


class _Lists:
    """The rows of a table as they come, by what its columns allow."""

    def __init__(self, columns: Sequence[str], folder: Path) -> None:
        self._folder = folder
        self._columns = columns
        self._list_at = _at(columns, _LISTS)
        self._name_at = _at(columns, _LIST_NAMES)
        self._is_history = self._list_at is None and any(is_when(name) for name in columns)
        self._histories = Histories()
        self._tracks: dict[str, list[SourceTrack]] = {}
        self._names: dict[str, str] = {}
        self._known: dict[SourceTrack, SourceTrack] = {}

    def add(self, cells: Sequence[str]) -> bool:
        """Keep a row; False if it names no track."""
        row = dict(zip(self._columns, cells, strict=False))
        if self._is_history:
            return self._histories.add(row)
        track = row_to_track(row, self._folder)
        if track is None:
            return False
        key = cells[self._list_at] if self._list_at is not None and self._list_at < len(cells) else ""
        if self._name_at is not None and self._name_at < len(cells):
            self._names.setdefault(key, cells[self._name_at].strip())
        self._tracks.setdefault(key, []).append(self._known.setdefault(track, track))
        return True

    def iter_playlists(self, source: SourceFile) -> Iterator[SourcePlaylist]:
        """Yield what the rows make together."""
        yield from self._histories.iter_sessions(source)
        for key, tracks in self._tracks.items():
            identity = f"{source.id}/{key}" if key else source.id
            yield SourcePlaylist(identity, self._names.get(key) or source.stem, tuple(tracks))


def _at(columns: Sequence[str], wanted: Sequence[str]) -> int | None:
    names = [plain(name) for name in columns]
    return next((names.index(name) for name in wanted if name in names), None)


def _layout(line: str) -> tuple[str, list[str], bool] | None:
    """The delimiter, the columns, and whether the line is a header; None if it is no table of tracks."""
    for delimiter in sorted(_DELIMITERS, key=line.count, reverse=True):
        try:
            cells = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            continue
        columns = [cell.partition("#")[0].strip() for cell in cells]  # "Date#name of the user"
        if any(is_track_column(name) for name in columns):
            return delimiter, columns, True
        if len(cells) == len(_HEADERLESS_PLAYS) and seconds_since_1970(cells[-1]) is not None:
            return delimiter, list(_HEADERLESS_PLAYS), False
    return None
