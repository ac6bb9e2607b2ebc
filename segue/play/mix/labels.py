"""What the file of a mix says of itself: title, artist, date, cover, the tracks and where each begins."""

from __future__ import annotations

import base64
import io
import struct
from dataclasses import dataclass
from pathlib import Path

from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, CHAP, COMM, CTOC, ID3, TDRC, TIT2, TPE1, USLT, CTOCFlags, Frame
from mutagen.mp4 import MP4, MP4Cover

from segue.play.mix.plan import MixPlan, Part
from segue.values import Artwork

ARTIST = "Segue"

_HEADER_BYTES = 10  # of an ID3 tag
_MOST_CHILDREN = 255  # that a table of contents holds


@dataclass(frozen=True, slots=True)
class Label:
    """What is not in the plan; ``date`` as 2026, 2026-11 or 2026-11-25, or "" for none."""

    date: str = ""
    comment: str = ""
    cover: Artwork | None = None


@dataclass(frozen=True, slots=True)
class Chapter:
    """A stretch of the file with a name, in seconds."""

    begin_s: float
    end_s: float
    title: str


def chapters_of(plan: MixPlan) -> tuple[Chapter, ...]:
    """One a part: it begins when the part takes over from the one before it."""
    begins = [placement.lead_s for placement in plan.placements]
    ends = [*begins[1:], plan.length_s]
    titles = [title_of(part) for part in plan.parts]
    return tuple(Chapter(*found) for found in zip(begins, ends, titles, strict=True))


def title_of(part: Part) -> str:
    """Artist and title, or the title alone."""
    return f"{part.info.artist} - {part.info.title}" if part.info.artist else part.info.title


def tracklist(chapters: tuple[Chapter, ...]) -> str:
    """The chapters as lines with their times."""
    return "\n".join(f"{clock(chapter.begin_s)} {chapter.title}" for chapter in chapters)


def clock(time_s: float) -> str:
    """Seconds as 1:02:03, or 2:03 below an hour."""
    minutes, seconds = divmod(int(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def comments_of(title: str, label: Label, chapters: tuple[Chapter, ...]) -> dict[str, str]:
    """Tags by FFmpeg's names for them; what is empty is left out."""
    found = {
        "title": title,
        "artist": ARTIST,
        "date": label.date,
        "comment": label.comment,
        "lyrics": tracklist(chapters),
    }
    return {name: text for name, text in found.items() if text}


def vorbis_chapters(chapters: tuple[Chapter, ...]) -> dict[str, str]:
    """Chapters as Vorbis comments, three digits each."""
    found = {}
    for number, chapter in enumerate(chapters):
        seconds, thousandths = divmod(round(chapter.begin_s * 1000.0), 1000)  # rounded first: there is no 60th second
        minutes, seconds = divmod(seconds, 60)
        found[f"CHAPTER{number:03d}"] = f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}.{thousandths:03d}"
        found[f"CHAPTER{number:03d}NAME"] = chapter.title
    return found


def id3_of(title: str, label: Label, chapters: tuple[Chapter, ...]) -> bytes:
    """The whole tag that an MP3 begins with, chapters in order and cover included."""
    frames: list[Frame] = [TIT2(encoding=3, text=title), TPE1(encoding=3, text=ARTIST)]
    if label.date:
        frames.append(TDRC(encoding=3, text=label.date))
    if label.comment:
        frames.append(COMM(encoding=3, lang="eng", desc="", text=label.comment))
    frames.append(USLT(encoding=3, lang="eng", desc="", text=tracklist(chapters)))
    if label.cover is not None:
        frames.append(APIC(encoding=0, mime=label.cover.mime, type=3, desc="Cover", data=label.cover.data))
    names = [f"chp{number}" for number in range(len(chapters))]
    for at in range(0, len(names), _MOST_CHILDREN):
        flags = CTOCFlags.ORDERED | (CTOCFlags.TOP_LEVEL if at == 0 else 0)
        children = names[at : at + _MOST_CHILDREN]
        frames.append(CTOC(element_id=f"toc{at}", flags=flags, child_element_ids=children, sub_frames=[]))
    frames += [_chap(name, chapter) for name, chapter in zip(names, chapters, strict=True)]
    return _in_order(frames)


def _in_order(frames: list[Frame]) -> bytes:
    """A tag of these frames in this order: mutagen sorts them by size, and players show chapters as they come."""
    body = b"".join(_alone(frame)[_HEADER_BYTES:] for frame in frames)
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\x00\x00" + size + body


def _alone(frame: Frame) -> bytes:
    tags = ID3()
    tags.add(frame)
    held = io.BytesIO()
    tags.save(held, padding=lambda _: 0)
    return held.getvalue()


def _chap(name: str, chapter: Chapter) -> CHAP:
    """One chapter in ID3's words; no byte offsets."""
    return CHAP(
        element_id=name,
        start_time=round(chapter.begin_s * 1000.0),
        end_time=round(chapter.end_s * 1000.0),
        start_offset=0xFFFF_FFFF,
        end_offset=0xFFFF_FFFF,
        sub_frames=[TIT2(encoding=3, text=chapter.title)],
    )


def vorbis_picture(cover: Artwork) -> str:
    """A cover as Vorbis comments hold it."""
    return base64.b64encode(_picture(cover).write()).decode("ascii")


def add_cover(path: Path, cover: Artwork, *, kind: str) -> None:
    """Put a cover into a finished FLAC or M4A file."""
    if kind == "flac":
        flac = FLAC(path)
        flac.add_picture(_picture(cover))
        flac.save()
    elif kind == "m4a":
        mp4 = MP4(path)
        png = cover.mime == "image/png"
        form = MP4Cover.FORMAT_PNG if png else MP4Cover.FORMAT_JPEG
        mp4["covr"] = [MP4Cover(cover.data, imageformat=form)]
        mp4.save()


def append_id3(path: Path, id3: bytes) -> None:
    """Put an ID3 tag behind the sound of a WAV file; one of more than 4 GB is left as it is."""
    with path.open("r+b") as file:
        kind, size = struct.unpack("<4sI", file.read(8))
        chunk = b"id3 " + struct.pack("<I", len(id3)) + id3 + b"\0" * (len(id3) % 2)
        if kind == b"RIFF" and size + len(chunk) <= 0xFFFF_FFFF:
            file.seek(0, io.SEEK_END)
            file.write(chunk)
            file.seek(4)
            file.write(struct.pack("<I", size + len(chunk)))


def _picture(cover: Artwork) -> Picture:
    picture = Picture()
    picture.type, picture.mime, picture.desc, picture.data = 3, cover.mime, "Cover", cover.data
    return picture
