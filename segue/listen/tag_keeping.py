"""What of a file's tags mutagen would lose as it writes them: kept byte for byte, or found out before.

It drops frames of ID3 that it cannot parse, and puts U+FFFD where bytes of a Vorbis comment are no UTF-8.
"""

from __future__ import annotations

import mmap
from collections import Counter
from pathlib import Path
from typing import Any

from mutagen.flac import FLAC, VCFLACDict
from mutagen.id3 import ID3, Frame, Frames, ID3JunkFrameError
from mutagen.ogg import OggPage

MOOD = "MOOD"  # what the mood is called in a TXXX frame, and in Vorbis comments

_HEAD_BYTES = 10
_IS_UNSYNCHRONISED = 0x02  # the last byte of the flags of a frame of ID3v2.4


class _Kept(Frame):  # type: ignore[misc]
    """Any frame that is never written: mutagen hands on the bytes of what it does not implement."""

    @classmethod
    def _fromData(cls, header: Any, flags: int, data: bytes) -> Any:  # noqa: N802 - mutagen's name
        raise NotImplementedError


class _Read:
    """Mixed into a frame that may be written; one that cannot be parsed, or says something else, is kept too."""

    @classmethod
    def _fromData(cls, header: Any, flags: int, data: bytes) -> Any:  # noqa: N802 - mutagen's name
        try:
            frame = super()._fromData(header, flags, data)  # type: ignore[misc]
        except ID3JunkFrameError as error:
            raise NotImplementedError from error
        if getattr(frame, "desc", MOOD) != MOOD:
            raise NotImplementedError
        return frame


class _Frames(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        return _Kept


_FRAMES = _Frames(
    dict.fromkeys(Frames, _Kept)  # all that mutagen knows, since it tells by them how sizes are written
    | {name: type(name, (_Read, Frames[name]), {}) for name in ("TBPM", "TKEY", "TMOO", "TCON", "TXXX")}
)


def load_id3(kind: Any, path: Path, *, version: tuple[int, ...]) -> Any:
    """A file whose tags are ID3, so that saving it keeps every frame that is not written.

    ID3v2.2 is parsed, and becomes ID3v2.3. Raises ValueError where that would lose a frame.
    """
    if version >= (2, 3):
        # What an old tag at the end says stays there; here it would come twice.
        file = kind(path, translate=False, load_v1=False, known_frames=_FRAMES)
        tags = file.tags
        tags.unknown_frames = [_framed(frame, tags) for frame in tags.unknown_frames]
        return file
    if version >= (2, 2):
        parsed, whole = (kind(path, translate=False, load_v1=False, known_frames=known) for known in (None, _Frames()))
        if len(parsed.tags) < len(whole.tags.unknown_frames):
            raise ValueError("some of its frames have no place in ID3v2.3")
    file = kind(path, translate=False)
    file.tags.update_to_v23()  # mutagen writes none so old
    return file


def _framed(frame: bytes, tags: ID3) -> bytes:
    """A frame's bytes under a header that holds in a tag that is written anew.

    Its size is that of what is there, in the way of its version, and it says itself that it is unsynchronised where the
    whole tag said so.
    """
    head, body = frame[:_HEAD_BYTES], frame[_HEAD_BYTES:]
    is_v24 = tags.version >= (2, 4)
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0)) if is_v24 else len(body).to_bytes(4)
    last = head[9] | _IS_UNSYNCHRONISED if is_v24 and tags.f_unsynch else head[9]
    return head[:4] + size + head[8:9] + bytes([last]) + body


def lost_frames(before: ID3, after: ID3) -> set[str]:
    """The ids of frames that were kept and are not there any more."""
    lost = Counter(map(bytes, before.unknown_frames)) - Counter(map(bytes, after.unknown_frames))
    return {frame[:4].decode("ascii", "replace") for frame in lost}


def is_verbatim(file: Any, path: Path) -> bool:
    """Whether Vorbis comments and pictures, written as mutagen has read them, would be the very bytes of the file."""
    if not isinstance(file, FLAC):
        return file.tags.write(framing=False) in _ogg_comment(path, file.info.serial)
    pictures = [picture.write() for picture in file.pictures]
    comments = [block.write() for block in file.metadata_blocks if isinstance(block, VCFLACDict)]
    with path.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        return all(raw.find(block) >= 0 for block in (*comments, *pictures))


def _ogg_comment(path: Path, serial: int) -> bytes:
    """The second packet of a stream, which is its comment; raises EOFError where there is none."""
    pages: list[Any] = []
    with path.open("rb") as opened:
        while not pages or not (pages[-1].complete or len(pages[-1].packets) > 1):
            page = OggPage(opened)
            if page.serial == serial and not page.first:
                pages.append(page)
    return bytes(OggPage.to_packets(pages)[0])
