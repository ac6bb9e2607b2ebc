"""What a file says of itself: tags and artwork, by mutagen, whatever the container."""

from __future__ import annotations

import base64
import binascii
import io
import logging
import re
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutagen
from mutagen import MutagenError
from mutagen.asf import ASFTags
from mutagen.flac import FLAC, Picture
from mutagen.id3 import ID3
from mutagen.mp4 import MP4Cover, MP4Tags

from segue.errors import printable
from segue.values import Artwork, TrackInfo

log = logging.getLogger(__name__)

_MUSICBRAINZ = "http://musicbrainz.org"  # the owner of the recording's id in ID3's UFID frame
_MBID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_NUMBER_KEYS = {  # as MusicBrainz Picard writes them: the recording's id is called "track id" for old times' sake
    "mbid": (
        f"UFID:{_MUSICBRAINZ}",
        "TXXX:MusicBrainz Track Id",
        "----:com.apple.iTunes:MusicBrainz Track Id",
        "MusicBrainz/Track Id",
        "musicbrainz_trackid",
    ),
    "isrc": ("TSRC", "TXXX:ISRC", "----:com.apple.iTunes:ISRC", "WM/ISRC", "isrc"),
}

_PLACE_KEYS = {
    "track": ("TRCK", "trkn", "WM/TrackNumber", "tracknumber", "Track"),
    "disc": ("TPOS", "disk", "WM/PartOfSet", "discnumber", "Disc"),
}

_LONGEST_TEXT = 500  # longer "titles" are lyrics or damage
_CONTROLS = dict.fromkeys([*range(32), *range(127, 160)], " ")  # a title may not steer a terminal
_LARGEST_TAG = 100_000_000  # mutagen takes four times as much memory
_LARGEST_UNPACKED = 1 << 26  # what packed frames of a tag may hold together; no cover takes 64 MB
_PACKED = {3: 0x80, 4: 0x08}  # the flag of packed frames in each version of ID3
_KEYS = {  # our word -> (ID3, MP4, ASF, Vorbis comment and APEv2)
    "title": ("TIT2", "\xa9nam", "Title", "title"),
    "artist": ("TPE1", "\xa9ART", "Author", "artist"),
    "album": ("TALB", "\xa9alb", "WM/AlbumTitle", "album"),
    "genre": ("TCON", "\xa9gen", "WM/Genre", "genre"),
    "year": ("TDRC", "\xa9day", "WM/Year", "date"),
}


def read_tags(path: Path, *, duration_s: float = 0.0) -> TrackInfo:
    """Read a file's tags; a file without any, or with damaged ones, is named after itself.

    Parameters
    ----------
    path : Path
        An audio file.
    duration_s : float
        Its length as decoded, which is truer than what headers say.

    Raises
    ------
    Nothing: tags are a courtesy, and a song with broken tags still plays. Damage is logged.
    """
    file = open_tags(path)
    tags = None if file is None else file.tags
    text = {word: _first_text(tags, keys) for word, keys in _KEYS.items()}
    artist, title = _from_name(path)
    return TrackInfo(
        title=text["title"] or title,
        artist=text["artist"] or (artist if not text["title"] else ""),
        album=text["album"],
        genre=text["genre"],
        year=_year(text["year"]),
        duration_s=duration_s,
        has_artwork=file is not None and _artwork(file) is not None,
    )


@dataclass(frozen=True, slots=True)
class TrackNumbers:
    """What names a recording wherever it lies: MusicBrainz recording id and ISRC; "" where the file does not say."""

    mbid: str = ""
    isrc: str = ""


def read_numbers(path: Path) -> TrackNumbers:
    """Read the ids that taggers write into ID3, MP4, Vorbis and ASF; malformed ones count as none. Raises nothing."""
    file = open_tags(path)
    tags = None if file is None else file.tags
    mbid = _first_text(tags, _NUMBER_KEYS["mbid"]).lower()
    isrc = re.sub(r"[^A-Z0-9]", "", _first_text(tags, _NUMBER_KEYS["isrc"]).upper())
    return TrackNumbers(mbid if _MBID.fullmatch(mbid) else "", isrc if _ISRC.fullmatch(isrc) else "")


@dataclass(frozen=True, slots=True)
class AlbumPlace:
    """Where on an album a track stands."""

    disc: int
    number: int


def read_place(path: Path) -> AlbumPlace | None:
    """Read a track's number, by its tags or else by a name such as ``03 - Title``; None where neither says it."""
    file = open_tags(path)
    tags = None if file is None else file.tags
    number, disc = (re.search(r"\d+", _first_text(tags, keys)) for keys in (_PLACE_KEYS["track"], _PLACE_KEYS["disc"]))
    if number is not None:
        return AlbumPlace(int(disc.group()) if disc else 1, int(number.group()))
    named = re.match(r"(?:(\d)[-.])?(\d{1,3})(?:\s*[-.)_]|\s)", printable(path.name))
    return AlbumPlace(int(named[1] or 1), int(named[2])) if named else None


def read_artwork(path: Path) -> Artwork | None:
    """Read the cover picture, the front one if it is marked; None where there is none."""
    file = open_tags(path)
    return None if file is None else _artwork(file)


def open_tags(path: Path) -> Any:
    """The file as mutagen sees it, by its content; None where its tags cannot be read, in which case it has none."""
    try:
        with io.FileIO(path) as file:
            _refuse_giant(file)
            file.seek(0)
            file.name = ""  # with a name, mutagen believes the extension and tries its parser alone
            return mutagen.File(file) or mutagen.File(path)
    except (
        MutagenError,
        OSError,
        ValueError,
        KeyError,
        IndexError,
        EOFError,
        struct.error,
        OverflowError,
        MemoryError,
        RecursionError,  # boxes in boxes, chapters in chapters
    ) as error:
        log.info("%s: its tags cannot be read (%s)", printable(path), error)
        return None


def _refuse_giant(file: io.FileIO) -> None:
    """Raise ValueError for an ID3 tag larger than is good: mutagen reads all of it, and unpacks what is packed."""
    head = file.read(10)
    version = head[3] if head[:3] == b"ID3" and len(head) == 10 else 0
    if version not in _PACKED:
        return
    end, unpacked = 10 + _seven_bits(head[6:]), 0
    if end > _LARGEST_TAG:
        raise ValueError(f"a tag of {end} bytes")
    while file.tell() < end and len(frame := file.read(10)) == 10 and frame[0]:
        size = _seven_bits(frame[4:8]) if version == 4 else int.from_bytes(frame[4:8], "big")
        if frame[9] & _PACKED[version]:
            unpacked += _unpacked_size(file.read(min(size, end)))
            if unpacked > _LARGEST_UNPACKED:
                raise ValueError(f"packed frames of more than {_LARGEST_UNPACKED} bytes")
        else:
            file.seek(size, io.SEEK_CUR)


def _seven_bits(number: bytes) -> int:
    return sum((byte & 0x7F) << shift for byte, shift in zip(number, (21, 14, 7, 0), strict=True))


def _unpacked_size(frame: bytes) -> int:
    """How much a packed frame holds, counted to the limit; its length may precede it, and it may be unsynchronised."""
    return max(map(_count, (frame[4:], frame, frame[4:].replace(b"\xff\0", b"\xff"))))


def _count(packed: bytes) -> int:
    """The length of what is packed, or a little more than the limit; a megabyte at a time, of which none is kept."""
    unpacker, count = zlib.decompressobj(), 0
    try:
        while packed and count <= _LARGEST_UNPACKED:
            count += len(unpacker.decompress(packed, 1 << 20))
            packed = unpacker.unconsumed_tail
    except zlib.error:
        pass  # no packed data, or no longer
    return count


def _first_text(tags: Any, keys: Iterable[str]) -> str:
    for key in keys:
        try:
            value = None if tags is None else tags.get(key)
        except (ValueError, KeyError, TypeError):  # a Vorbis comment refuses keys that are not ASCII
            continue
        if value is None:
            continue
        if hasattr(value, "genres"):
            value = value.genres
        elif hasattr(value, "text"):
            value = value.text
        elif hasattr(value, "owner"):  # ID3's unique file identifier
            value = value.data
        first = (value[0] if value else "") if isinstance(value, list | tuple) else value
        first = bytes(first).decode("utf-8", "replace") if isinstance(first, bytes) else first
        if clean := " ".join(str(first).translate(_CONTROLS).split())[:_LONGEST_TEXT]:
            return clean
    return ""


def _from_name(path: Path) -> tuple[str, str]:
    """Guess (artist, title) from names like ``03 - Artist - Title.mp3``; without a dash the whole name is the title."""
    stem = printable(path.stem if path.stem else path.name).replace("_", " ").strip()
    stem = re.sub(r"^\d{1,3}(\s*[-.)]\s*|\s+)(?=\S)", "", stem) or stem
    artist, dash, title = stem.partition(" - ")
    return (artist.strip(), title.strip()) if dash and title.strip() else ("", stem)


def _year(text: str) -> int | None:
    found = re.search(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)", text)
    return int(found.group()) if found else None


def _artwork(file: Any) -> Artwork | None:
    pictures = [*_container_pictures(file), *_tag_pictures(file.tags)]
    good = [(kind, mime, data) for kind, mime, data in pictures if data]
    if not good:
        return None
    _, mime, data = min(good, key=lambda picture: picture[0] != _FRONT_COVER)
    return Artwork(_sniff(data) or mime or "application/octet-stream", data)


_FRONT_COVER = 3  # ID3's picture type
_Picture = tuple[int, str, bytes]


def _container_pictures(file: Any) -> list[_Picture]:
    return [(p.type, p.mime, p.data) for p in file.pictures] if isinstance(file, FLAC) else []


def _tag_pictures(tags: Any) -> list[_Picture]:
    if isinstance(tags, ID3):
        return [(frame.type, frame.mime, frame.data) for frame in tags.getall("APIC")]
    if isinstance(tags, MP4Tags):
        return [(_FRONT_COVER, _mp4_mime(cover), bytes(cover)) for cover in tags.get("covr", [])]
    if isinstance(tags, ASFTags):
        return _parsed(tags.get("WM/Picture", []), lambda value: _asf_picture(value.value))
    if tags is not None and hasattr(tags, "get"):
        return _parsed(tags.get("metadata_block_picture") or [], _vorbis_picture)
    return []


def _parsed(values: Iterable[Any], parse: Callable[[Any], _Picture]) -> list[_Picture]:
    found = []
    for value in values:
        try:
            found.append(parse(value))
        except (MutagenError, binascii.Error, struct.error, ValueError, TypeError, IndexError) as error:
            log.info("a damaged picture was passed over (%s)", error)
    return found


def _vorbis_picture(value: str) -> _Picture:
    picture = Picture(base64.b64decode(value))
    return picture.type, picture.mime, picture.data


def _mp4_mime(cover: MP4Cover) -> str:
    return "image/png" if cover.imageformat == MP4Cover.FORMAT_PNG else "image/jpeg"


def _asf_picture(data: bytes) -> _Picture:
    """Take apart a WM/Picture: type, size, two UTF-16 strings (MIME and description), data."""
    kind, size = struct.unpack_from("<BI", data)
    at = 5
    words = []
    for _ in range(2):
        end = next((i for i in range(at, len(data), 2) if data[i : i + 2] == b"\0\0"), None)
        if end is None:
            raise ValueError("a WM/Picture that ends within its words")
        words.append(data[at:end].decode("utf-16-le"))
        at = end + 2
    return kind, words[0], data[at : at + size]


def _sniff(data: bytes) -> str:
    """The picture's type by its first bytes; taggers often state the wrong one."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return ""
