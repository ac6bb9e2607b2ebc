"""JSON of any shape to playlists: each object in it is a playlist, a play in a listening history, or passed over."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from segue.config import PLAYLISTS
from segue.train.sources.jsonl import listed_in, row_to_playlist
from segue.train.sources.opening import SourceFile, Tell
from segue.train.sources.playlist import SourcePlaylist
from segue.train.sources.plays import Histories

_LONG_ARRAY = re.compile(r'\A\s*(?:\[|\{.*?"(?:playlists|scrobbles|listens)"\s*:\s*\[)', re.DOTALL)
_BETWEEN = re.compile(r"[\s,]*")
_PAGES = ("recenttracks", "lovedtracks", "payload", "listens", "scrobbles", "playlists")
_BLOCK_BYTES = 1 << 20


def iter_json(source: SourceFile, tell: Tell) -> Iterator[SourcePlaylist]:
    """Yield the playlists of a JSON document: the Million Playlist Dataset, a history, or lists of tracks or files."""
    yield from _sorted_out(_items(source, tell), source, tell)


def iter_json_lines(source: SourceFile, tell: Tell) -> Iterator[SourcePlaylist]:
    """Yield the playlists of JSON Lines: ours, radio shows, or a history, one object a line."""
    yield from _sorted_out(_line_items(source, tell), source, tell)


def _sorted_out(items: Iterable[tuple[int, Any]], source: SourceFile, tell: Tell) -> Iterator[SourcePlaylist]:
    histories = Histories()
    for number, item in items:
        if isinstance(item, dict) and listed_in(item) is None and histories.add(item):
            continue
        try:
            playlist = row_to_playlist(item, source.folder)
        except ValueError as error:
            tell("entries that are neither playlists nor plays", f"Look at entry {number}: {error}")
            continue
        yield playlist if playlist.id else _numbered(playlist, f"{source.id}#{number}")
    yield from histories.iter_sessions(source)


def _numbered(playlist: SourcePlaylist, identity: str) -> SourcePlaylist:
    return SourcePlaylist(identity, playlist.name or identity, playlist.tracks, playlist.date)


def _line_items(source: SourceFile, tell: Tell) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(source.lines(), start=1):
        if line.strip():
            try:
                item = json.loads(line)
            except (ValueError, RecursionError) as error:
                tell("lines that are no JSON", f"Look at line {number}: {error or 'it is nested too deeply'}")
            else:
                yield number, item


def _items(source: SourceFile, tell: Tell) -> Iterator[tuple[int, Any]]:
    """The objects of a document; a long array is read item by item, so that its size does not matter."""
    start = _LONG_ARRAY.match(source.head())
    number = 0
    try:
        whole = _iter_array(source, start.end()) if start else [json.loads(source.text())]
        for part in whole:
            for item in _leaves(part):
                number += 1
                yield number, item
    except (ValueError, RecursionError) as error:
        tell(f"its JSON is damaged or cut off after {number} entries", f"Fetch or export it anew ({error})")


def _leaves(value: Any) -> Iterator[Any]:
    """Objects within pages within lists, as Last.fm's and ListenBrainz's answers are kept."""
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
        return
    if isinstance(value, dict):
        page = next((value[key] for key in _PAGES if isinstance(value.get(key), dict | list)), None)
        if page is None and isinstance(value.get("track"), list) and not {"id", "name", "title"} & value.keys():
            page = value["track"]
        if page is not None:
            yield from _leaves(page)
            return
    yield value


def _iter_array(source: SourceFile, start: int) -> Iterator[Any]:
    """Yield the items of the array that begins after ``start`` characters.

    Raises
    ------
    ValueError
        Where the JSON breaks off or is none.
    """
    decoder = json.JSONDecoder()
    with source.open() as file:
        text, at, block = _Text(file), start, _BLOCK_BYTES
        text.more(block)
        while True:
            at = _past_blanks(text, at)
            if text.kept.startswith("]", at):
                return
            try:
                item, at = decoder.raw_decode(text.kept, at)
            except ValueError:
                if text.ended or len(text.kept) - at > PLAYLISTS.longest_line_bytes:
                    raise
                block *= 2  # an item larger than what was read: reading on by ever more keeps the whole linear
                text.more(block)
                continue
            yield item
            if at > _BLOCK_BYTES:
                text.kept, at, block = text.kept[at:], 0, _BLOCK_BYTES


def _past_blanks(text: _Text, at: int) -> int:
    """Past blanks and commas, reading on where they reach the end of what was read."""
    while True:
        found = _BETWEEN.match(text.kept, at)
        at = found.end() if found else at
        if at < len(text.kept):
            return at
        if text.ended:
            raise ValueError("the list has no end")
        text.more(_BLOCK_BYTES)


class _Text:
    """What has been read of a file and not yet been used."""

    def __init__(self, file: BinaryIO) -> None:
        self.kept = ""
        self.ended = False
        self._file = file
        self._decoder: codecs.IncrementalDecoder | None = None

    def more(self, size: int) -> None:
        """Read on."""
        data = self._file.read(size)
        self.ended = not data
        if self._decoder is None:
            utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            self._decoder = codecs.getincrementaldecoder("utf-16" if utf16 else "utf-8-sig")("replace")
        self.kept += self._decoder.decode(data, self.ended)
