"""Rows of CSV and JSON to tracks: the names that programs give to artist, title and the rest."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from segue.errors import printable
from segue.play.locations import location_to_path
from segue.train.sources.playlist import SourceTrack

_NAMES = {  # our word -> what others call it, letters and digits only; where several are there, the first one counts
    "artist": "artist artistname artistnames artists trackartist trackartistname creator performer "
    "mastermetadataalbumartistname albumartist albumartistname albumartistnames",
    "title": "title trackname tracktitle track song songname songtitle mastermetadatatrackname recordingname name",
    "album": "album albumname albumtitle release releasename mastermetadataalbumalbumname",
    "mbid": "mbid recordingmbid trackmbid recordingid musicbrainzid musicbrainzrecordingid musicbrainztrackid",
    "isrc": "isrc isrcs trackisrc",
    "uri": "uri trackuri spotifyuri spotifytrackuri spotifyid trackid url",
    "path": "path file filename filepath location localpath",
    "duration_s": "durations duration length totaltime time",
    "duration_ms": "durationms trackdurationms lengthms",
}
_BY_NAME = {alias: word for word, aliases in _NAMES.items() for alias in aliases.split()}
_RANK = {alias: rank for aliases in _NAMES.values() for rank, alias in enumerate(aliases.split())}

_MBID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")
_DAY_FIRST = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):(\d{2})(?:\.\d+)?")
_CLOCK_FORMATS = ("%Y-%m-%d %H:%M", "%d %b %Y, %H:%M", "%d %b %Y %H:%M", "%m/%d/%Y %H:%M", "%d %B %Y %H:%M")
_LONGEST_PLACE = 4096
_LONGEST_TEXT = 500  # as with tags: longer "titles" are damage
_MILLISECONDS_FROM = 1e11  # a clock that counts seconds gets there in the year 5138


@functools.lru_cache(maxsize=10_000)
def plain(name: str) -> str:
    """A column's or a key's name as it is compared: letters and digits only, in lower case."""
    return re.sub(r"[^a-z0-9]", "", name[:100].lower())


@functools.lru_cache(maxsize=10_000)
def _meaning(name: str) -> tuple[str, int]:
    """Our word for a column, and how good a name for it that is; "" for one that means nothing to us."""
    alias = plain(name)
    return _BY_NAME.get(alias, ""), _RANK.get(alias, 0)


def is_track_column(name: str) -> bool:
    """Whether a column of this name tells tracks apart."""
    return _meaning(name)[0] in ("title", "mbid", "isrc", "uri", "path")


def row_to_track(row: Mapping[str, Any], base: Path | None = None) -> SourceTrack | None:
    """A row under whatever names to a track; None if it names nothing. Relative paths are seen from ``base``."""
    found: dict[str, Any] = {}
    ranks: dict[str, int] = {}
    for name, value in row.items():
        word, rank = _meaning(name)
        if word and value not in (None, "", [], {}) and rank < ranks.get(word, len(_RANK)):
            found[word], ranks[word] = value, rank
    place = _place(found.get("path"))
    track = SourceTrack(
        artist=text_of(found.get("artist")),
        title=text_of(found.get("title")),
        album=text_of(found.get("album")),
        mbid=mbid_of(text_of(found.get("mbid"))),
        isrc=isrc_of(text_of(found.get("isrc"))),
        uri=text_of(found.get("uri")),
        path=location_to_path(place, base or Path()) if place else None,
        duration_s=_duration_s(found),
    )
    return track if track.title or track.mbid or track.isrc or track.uri or track.path else None


def text_of(value: Any) -> str:
    """Text out of what JSON may hold for a name: "x", {"name": "x"}, {"#text": "x"}, ["x"] or [{"name": "x"}]."""
    if isinstance(value, list):
        return ", ".join(part for part in map(text_of, value) if part)[:_LONGEST_TEXT]
    if isinstance(value, dict):
        named = (value.get(key) for key in ("#text", "name", "title", "isrc"))
        return next((text_of(part) for part in named if part), "")
    if value is None or isinstance(value, bool):
        return ""
    return " ".join(printable(str(value)).replace("\0", " ").split())[:_LONGEST_TEXT]


def _place(value: Any) -> str:
    """A file's place as it is written: blanks belong to it."""
    first = value[0] if isinstance(value, list) and value else value
    return printable(first) if isinstance(first, str) and len(first) < _LONGEST_PLACE else ""


def mbid_of(text: str) -> str:
    """The MusicBrainz id in a text, such as the URI of a recording; "" if there is none."""
    found = _MBID.search(text)
    return found.group().lower() if found else ""


def isrc_of(text: str) -> str:
    """The ISRC in a text, such as ``isrc:GB-AYE-68-00311``; "" if there is none."""
    found = _ISRC.search(re.sub(r"[^A-Z0-9:,;/ ]", "", text.upper()))
    return found.group() if found else ""


def day_of(text: str) -> str:
    """A date as YYYY-MM-DD; 7/02/2012 is read with the day first unless that cannot be; "" if it is no date."""
    if found := _DAY_FIRST.match(text.strip()):
        day, month, year = (int(part) for part in found.groups())
        day, month = (month, day) if month > 12 else (day, month)
        text = f"{year:04}-{month:02}-{day:02}"
    found = _ISO_DAY.match(text.strip())
    try:
        return datetime.fromisoformat(found.group()).date().isoformat() if found else ""
    except ValueError:
        return ""


def seconds_since_1970(value: Any) -> float | None:
    """When it was played: seconds or milliseconds since 1970, ISO 8601, or as players write it; UTC if unsaid."""
    if isinstance(value, bool) or value is None:
        return None
    text = str(value).strip()
    try:
        number = float(text)
    except ValueError:
        when = _moment(text)
        number = math.nan if when is None else (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    if not math.isfinite(number) or number <= 0:
        return None
    return number / 1000.0 if number >= _MILLISECONDS_FROM else number


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        pass
    for form in _CLOCK_FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _duration_s(found: Mapping[str, Any]) -> float | None:
    """Seconds: from milliseconds, seconds or ``3:45``."""
    for word, unit_s in (("duration_ms", 0.001), ("duration_s", 1.0)):
        text = text_of(found.get(word))
        if clock := _CLOCK.fullmatch(text):
            hours, minutes, rest = (int(part or 0) for part in clock.groups())
            return 3600.0 * hours + 60.0 * minutes + rest
        try:
            number = float(text) * unit_s
        except ValueError:
            continue
        if math.isfinite(number) and number > 0:
            return number
    return None
