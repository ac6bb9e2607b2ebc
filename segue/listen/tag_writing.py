"""Tempo, key, mood and genre in a file's own tags: read as they stand, and written without touching its sound.

A file is never changed in place. A copy is given the tags, proved to hold them, all that stood there besides, and the
very same sound, and then takes the place of the file.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, get_args

from mutagen import MutagenError
from mutagen.aiff import AIFF
from mutagen.flac import FLAC
from mutagen.id3 import ID3, TXXX, Frames
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4FreeForm
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from segue.errors import FileAccessError, TagError
from segue.files import access_error, atomic_write, is_url, real_path
from segue.listen.decoding import sound_digest
from segue.listen.tag_keeping import MOOD, is_verbatim, load_id3, lost_frames
from segue.listen.tags import open_tags
from segue.words import later, say

TagField = Literal["bpm", "key", "mood", "genre"]
TAG_FIELDS: tuple[TagField, ...] = get_args(TagField)

Stored = dict[str, list[str] | None]
"""Tags by the names that a file's format has for them, as they stand in it; None is a tag that is not there."""

_ID3_KINDS: tuple[Any, ...] = (MP3, AIFF, WAVE)
_VORBIS_KINDS: tuple[Any, ...] = (FLAC, OggFLAC, OggVorbis, OggOpus)
_ID3_NAMES: Mapping[TagField, str] = {"bpm": "TBPM", "key": "TKEY", "mood": "TMOO", "genre": "TCON"}
_VORBIS_NAMES: Mapping[TagField, str] = {"bpm": "BPM", "key": "INITIALKEY", "mood": MOOD, "genre": "GENRE"}
_MP4_OWN = "----:com.apple.iTunes:"
_MP4_NAMES: Mapping[TagField, str] = {
    "bpm": "tmpo",
    "key": f"{_MP4_OWN}initialkey",
    "mood": f"{_MP4_OWN}{MOOD}",
    "genre": "\xa9gen",
}
_ID3V1_BYTES = 128
_WITHOUT = later("Let another program mend its tags, or leave it as it is")


class TagFile:
    """The tags of one file that may be written; open for as long as the object lives, and saved when asked."""

    def __init__(self, path: Path) -> None:
        """Read a file's tags.

        Raises
        ------
        FileAccessError
            If the file cannot be read, or is protected from being written.
        TagError
            If its tags are damaged, or of a kind that cannot be written.
        """
        _state(path)
        opened = open_tags(path)
        kind = type(opened)
        if kind not in (*_ID3_KINDS, *_VORBIS_KINDS, MP4):
            what = later("tags of this kind of file cannot be written")
            raise TagError(what, remedy=later("Those of MP3, FLAC, Ogg, Opus, M4A, AIFF and WAV can"), path=path)
        self._path = path
        with _explained(path):
            is_id3 = isinstance(opened.tags, ID3)
            self._file = load_id3(kind, path, version=opened.tags.version) if is_id3 else kind(path)
            if kind in _VORBIS_KINDS and self._file.tags is not None and not is_verbatim(self._file, path):
                raise TagError(
                    later("its tags hold bytes that are no text, and would be lost"), remedy=_WITHOUT, path=path
                )
            if self._file.tags is None:
                self._file.add_tags()

    @property
    def names(self) -> Mapping[TagField, str]:
        """What the file's format calls each field."""
        if self._id3_version is not None:
            old_mood: Mapping[TagField, str] = {"mood": f"TXXX:{MOOD}"}  # TMOO came with ID3v2.4
            return _ID3_NAMES if self._id3_version >= (2, 4) else {**_ID3_NAMES, **old_mood}
        return _MP4_NAMES if isinstance(self._file, MP4) else _VORBIS_NAMES

    @property
    def _id3_version(self) -> tuple[int, int] | None:
        tags = self._file.tags
        return (tags.version[0], tags.version[1]) if isinstance(tags, ID3) else None

    def stored(self, names: Iterable[str]) -> Stored:
        """What stands under some names."""
        return {name: self._get(name) for name in names}

    def put(self, tags: Stored) -> None:
        """Let this stand under the names instead; see `save`."""
        for name, texts in tags.items():
            if texts is None:
                self._drop(name)
            else:
                self._put(name, texts)

    def save(self) -> None:
        """Write the tags into the file; raises TagError or OSError."""
        version = self._id3_version
        with _explained(self._path):
            if version is None:
                self._file.save(self._path)
                return
            before = _id3v1_of(self._path)  # mutagen would make it anew, and it may say what nothing else does
            self._file.save(self._path, v2_version=4 if version >= (2, 4) else 3, v23_sep=None)
            if before:
                _put_id3v1(self._path, before)

    def lost_in(self, other: TagFile) -> set[str]:
        """What an ID3 tag holds besides the fields and another lacks, by the ids of frames."""
        mine, others = self._file.tags, other._file.tags
        return lost_frames(mine, others) if isinstance(mine, ID3) else set()

    def _get(self, name: str) -> list[str] | None:
        value = self._file.tags.get(name)
        if value is None:
            return None
        texts = value.text if hasattr(value, "text") else value
        return [_as_text(text) for text in texts]

    def _put(self, name: str, texts: list[str]) -> None:
        tags = self._file.tags
        if isinstance(tags, ID3):
            encoding = 3 if (self._id3_version or (2, 4)) >= (2, 4) else 0 if "".join(texts).isascii() else 1
            head, _, desc = name.partition(":")
            text_frame = TXXX(encoding, desc, texts) if head == "TXXX" else Frames[head](encoding, texts)
            tags.delall(name)
            tags.add(text_frame)
        elif name == "tmpo":
            tags[name] = [int(text) for text in texts]
        elif name.startswith(_MP4_OWN):
            tags[name] = [MP4FreeForm(text.encode("utf-8", "surrogateescape")) for text in texts]
        else:
            tags[name] = texts

    def _drop(self, name: str) -> None:
        tags = self._file.tags
        if isinstance(tags, ID3):
            tags.delall(name)
        elif name in tags:
            del tags[name]


@contextmanager
def rewriting(path: Path, tags: Stored) -> Iterator[Path]:
    """Give a copy of a file that has these tags instead; as the block ends well, it takes the file's place.

    Where the path is a link, the file that it leads to is written.

    Raises
    ------
    TagError
        If the copy does not hold the tags and the same sound; the file is then as it was, and so it is wherever the
        block raises.
    FileAccessError
        If the file cannot be read or replaced, is protected from being written, or changes meanwhile.
    AudioError
        If there is no sound in it.
    """
    before = _state(path)
    with atomic_write(real_path(path)) as copy:
        shutil.copyfile(path, copy)
        file = TagFile(copy)
        file.put(tags)
        file.save()
        _prove(path, copy, tags)
        with copy.open("rb") as written:
            os.fsync(written.fileno())
        yield copy
        if _state(path) != before:
            raise FileAccessError(
                later("it changed while it was written"), remedy=later("Try again when it is done"), path=path
            )


def _state(path: Path) -> tuple[int, int]:
    """Size and time of change of a file; raises FileAccessError unless it may be written."""
    if is_url(path):
        raise FileAccessError(later("it lies on a server"), remedy=later("Copy it to this machine first"), path=path)
    try:
        status = path.stat()
    except OSError as error:
        raise access_error(error, path) from error
    # Its folder would let it be replaced all the same, and the superuser may write everything.
    if not status.st_mode & 0o222 or not os.access(path, os.W_OK):
        raise FileAccessError(
            later("it is write-protected"), remedy=later("Give your user the right to write it"), path=path
        )
    return status.st_size, status.st_mtime_ns


def _prove(path: Path, copy: Path, tags: Stored) -> None:
    """Raise TagError unless a copy holds these tags, the other ones of the file, and its sound."""
    written = TagFile(copy)
    if written.stored(tags) != tags:
        raise TagError(later("its format does not hold these tags"), remedy=_WITHOUT, path=path)
    if lost := TagFile(path).lost_in(written):
        what = say("writing its tags would lose others ({lost})", lost=", ".join(sorted(lost)))
        raise TagError(what, remedy=_WITHOUT, path=path)
    if sound_digest(copy) != sound_digest(path):
        raise TagError(later("writing its tags would change its sound"), remedy=_WITHOUT, path=path)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (MutagenError, ValueError, KeyError, IndexError, OverflowError, EOFError) as error:
        raise TagError(
            say("its tags cannot be read or written ({error})", error=error), remedy=_WITHOUT, path=path
        ) from error


def _as_text(value: Any) -> str:
    return bytes(value).decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def _id3v1_of(path: Path) -> bytes:
    """The old tag at the end of a file; empty where there is none."""
    if path.stat().st_size < _ID3V1_BYTES:
        return b""
    with path.open("rb") as file:
        file.seek(-_ID3V1_BYTES, os.SEEK_END)
        end = file.read()
    return end if end.startswith(b"TAG") else b""


def _put_id3v1(path: Path, tag: bytes) -> None:
    if _id3v1_of(path):
        with path.open("r+b") as file:
            file.seek(-_ID3V1_BYTES, os.SEEK_END)
            file.write(tag)
