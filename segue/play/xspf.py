"""The XML and JSON of xspf.org: text to what is listed, and back."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from segue.play.locations import Listed

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_xspf(text: str) -> tuple[str, list[Listed]]:
    """Name and songs of an XSPF text, those without a place too.

    ValueError if it is none, or declares a document type (entities may expand).
    """
    reader = _XspfReader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.say
    try:
        parser.Parse(re.sub(r"^\s*<\?xml.*?\?>", "", _clean(text), count=1, flags=re.DOTALL), True)
    except expat.ExpatError as error:
        raise ValueError(f"its XML is broken: {error}") from error
    if not reader.is_xspf:
        raise ValueError("its XML is no XSPF playlist")
    return reader.name, reader.songs


def format_xspf(name: str, songs: Sequence[Listed]) -> str:
    """Write an XSPF text."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<playlist version="1" xmlns="http://xspf.org/ns/0/">']
    lines += [f"  <title>{_xml(name)}</title>"] if name else []
    lines += ["  <trackList>"]
    for song in songs:
        fields = {"location": song.location, "title": song.title, "creator": song.artist}
        if milliseconds := round(song.duration_s * 1000):
            fields["duration"] = str(milliseconds)
        inner = "".join(f"<{tag}>{_xml(text)}</{tag}>" for tag, text in fields.items() if text)
        lines.append(f"    <track>{inner}</track>")
    return "\n".join([*lines, "  </trackList>", "</playlist>", ""])


def parse_jspf(text: str) -> tuple[str, list[Listed]]:
    """Name and songs of a JSPF text, those without a place too; ValueError if it is none."""
    try:
        data = json.loads(text)
    except RecursionError as error:
        raise ValueError("its JSON is nested too deeply") from error
    playlist = data.get("playlist") if isinstance(data, dict) else None
    tracks = playlist.get("track", []) if isinstance(playlist, dict) else None
    name = _text(playlist.get("title")) if isinstance(playlist, dict) else ""
    songs = [_jspf_song(track) for track in tracks if isinstance(track, dict)] if isinstance(tracks, list) else None
    if songs is None:
        raise ValueError("its JSON is no JSPF playlist")
    return name, songs


def format_jspf(name: str, songs: Sequence[Listed]) -> str:
    """Write a JSPF text."""
    tracks: list[dict[str, Any]] = []
    for song in songs:
        track: dict[str, Any] = {"location": [song.location]}
        track |= {key: text for key, text in (("title", song.title), ("creator", song.artist)) if text}
        if milliseconds := round(song.duration_s * 1000):
            track["duration"] = milliseconds
        tracks.append(track)
    playlist = {"title": name, "track": tracks} if name else {"track": tracks}
    return json.dumps({"playlist": playlist}, ensure_ascii=False, indent=2) + "\n"


def seconds(value: object) -> float:
    """A duration as playlists give it, in seconds; 0.0 for -1, nonsense and nothing."""
    try:
        number = float(value) if isinstance(value, int | float | str) else 0.0
    except (ValueError, OverflowError):
        return 0.0
    return number if math.isfinite(number) and number > 0 else 0.0


class _XspfReader:
    """What the XML parser tells of a playlist's elements."""

    def __init__(self) -> None:
        self.name = ""
        self.songs: list[Listed] = []
        self.is_xspf = False
        self._open: list[str] = []
        self._said = ""
        self._fields: dict[str, str] = {}
        self._identifiers: list[str] = []

    def refuse_doctype(self, *_: object) -> None:
        """No playlist needs a document type, and its entities could grow without bound or name other files."""
        raise ValueError("it declares a document type, which no playlist needs and Segue does not read")

    def start(self, tag: str, _: object) -> None:
        """Enter an element."""
        self._open.append(tag.rpartition(":")[2])
        self._said = ""
        self.is_xspf = self.is_xspf or self._open == ["playlist"]
        if self._open[1:] == ["trackList", "track"]:
            self._fields, self._identifiers = {}, []

    def say(self, text: str) -> None:
        """Text within the innermost element."""
        self._said += text

    def end(self, _: str) -> None:
        """Leave an element."""
        where, tag = self._open[1:-1], self._open[-1]
        if where == ["trackList", "track"]:
            self._fields.setdefault(tag, self._said.strip())
            if tag == "identifier":
                self._identifiers.append(self._said.strip())
        elif where == ["trackList"] and tag == "track":
            self.songs.append(_xspf_song(self._fields, self._identifiers))
        elif not where and tag == "title":
            self.name = self._said.strip()
        self._open.pop()
        self._said = ""


def _xspf_song(fields: dict[str, str], identifiers: Sequence[str]) -> Listed:
    return Listed(
        location=fields.get("location", ""),
        title=fields.get("title", ""),
        artist=fields.get("creator", ""),
        duration_s=seconds(fields.get("duration")) / 1000,
        album=fields.get("album", ""),
        identifiers=tuple(identifiers),
    )


def _jspf_song(track: dict[str, Any]) -> Listed:
    return Listed(
        location=next(iter(_texts(track.get("location"))), ""),
        title=_text(track.get("title")),
        artist=_text(track.get("creator")),
        duration_s=seconds(track.get("duration")) / 1000,
        album=_text(track.get("album")),
        identifiers=tuple(text for text in _texts(track.get("identifier")) if text),
    )


def _texts(value: object) -> list[str]:
    """What JSPF gives as a text or as a list of texts."""
    return [_text(item) for item in (value if isinstance(value, list) else [value])]


def _text(value: object) -> str:
    return _clean(value).strip() if isinstance(value, str) else ""


def _clean(text: str) -> str:
    """Without lone surrogates, which JSON can spell and no file can hold."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def _xml(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))
