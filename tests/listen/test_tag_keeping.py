"""What mutagen would lose of a file's other tags as it writes: it stays byte for byte, or the file is left alone."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path
from typing import Any

import mutagen
import pytest
from mutagen.flac import FLAC, Picture
from mutagen.id3 import ID3, TIT2

from segue.errors import TagError
from segue.listen.tag_writing import TagFile, rewriting
from segue.listen.tags import read_artwork, read_tags
from tests.listen.conftest import Encode

VORBIS = {"a.flac": (), "a.ogg": ("-c:a", "libvorbis"), "a.opus": ("-c:a", "libopus"), "a.oga": ("-c:a", "flac")}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
BROKEN = {
    b"COMM": b"\x01eng\xff\xfe",  # no end of its description
    b"APIC": b"\x09image/png\0\3\0" + PNG,  # no such encoding
    b"RVAD": b"\0",
    b"GEOB": b"\x01a",
    b"POPM": b"nobody",
    b"TKEY": b"\x09Am",
    b"TXXX": b"\x07energy\x007",
    b"T2  ": b"\0odd name",
}


class Latin(str):
    """Text that another program would write as Latin-1."""

    __slots__ = ()

    def encode(self, *_: Any) -> bytes:
        return super().encode("latin-1")


@pytest.fixture(params=VORBIS)
def vorbis(request: pytest.FixtureRequest, encode: Encode, tmp_path: Path) -> Path:
    return Path(shutil.copy(encode(request.param, *VORBIS[request.param]), tmp_path / request.param))


def write_bpm(path: Path) -> None:
    file = TagFile(path)
    with rewriting(path, {file.names["bpm"]: ["120"]}):
        pass


def refused(path: Path, match: str) -> None:
    before = path.read_bytes()
    with pytest.raises(TagError, match=match):
        write_bpm(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("name", "value"), [("title", "Ace of Späds"), ("title", "\xf0\x9f\x98"), ("TÏTLE", "Ace")])
def test_bytes_that_are_no_text_are_not_lost(vorbis: Path, name: str, value: str) -> None:
    """A title in Latin-1 was written back with U+FFFD in it, and no backup held it."""
    file = mutagen.File(vorbis)
    file.tags.append((Latin(name), Latin(value)))
    file.tags.validate = lambda: True
    file.save()
    refused(vorbis, "bytes that are no text")


def test_odd_text_and_a_comment_of_many_pages_stay(vorbis: Path) -> None:
    file = mutagen.File(vorbis)
    file.tags["title"] = ["What was \ufffd is"]
    file.tags["notes"] = ["Grüße " * 30_000]
    file.save()
    write_bpm(vorbis)
    after = mutagen.File(vorbis).tags
    assert (after["title"], after["notes"], after["bpm"]) == (["What was \ufffd is"], ["Grüße " * 30_000], ["120"])


def test_the_words_of_a_picture_are_text_too(encode: Encode, tmp_path: Path) -> None:
    path = Path(shutil.copy(encode("a.flac"), tmp_path / "song.flac"))
    file, picture = FLAC(path), Picture()
    picture.data, picture.desc, picture.mime = PNG, "Rückseite", "image/png"
    file.add_picture(picture)
    file.save()
    write_bpm(path)
    picture.desc = Latin("Rückseite")
    file.save()
    refused(path, "bytes that are no text")


def frame(name: bytes, body: bytes, *, is_v24: bool, flags: int = 0) -> bytes:
    size = len(body)
    sized = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) if is_v24 else size.to_bytes(4, "big")
    return name + sized + flags.to_bytes(2, "big") + body


def tag(version: int, frames: bytes, *, flags: int = 0) -> bytes:
    size = bytes(len(frames) + 64 >> shift & 0x7F for shift in (21, 14, 7, 0))
    return struct.pack(">3sBBB4s", b"ID3", version, 0, flags, size) + frames + bytes(64)


@pytest.fixture
def sound(encode: Encode) -> bytes:
    """An MP3 without any tags."""
    return encode("b.mp3", "-c:a", "libmp3lame", "-map_metadata", "-1", "-id3v2_version", "0").read_bytes()


@pytest.mark.parametrize("version", [3, 4])
def test_frames_that_cannot_be_parsed_stay_byte_for_byte(tmp_path: Path, sound: bytes, version: int) -> None:
    """Damaged comments, pictures and ratings were gone once a tempo was written."""
    path, is_v24 = tmp_path / "song.mp3", version == 4
    frames = [frame(name, body, is_v24=is_v24) for name, body in BROKEN.items()]
    frames += [frame(b"TXXX", b"\0energy\x007", is_v24=is_v24)] * 2  # written twice by some
    frames += [frame(b"TIT2", b"\0Sinnerman", is_v24=is_v24), frame(b"TIT2", b"\0Again", is_v24=is_v24)]
    path.write_bytes(tag(version, b"".join(frames)) + sound)
    write_bpm(path)
    written = path.read_bytes()
    assert written[3] == version
    assert all(written.count(one) == frames.count(one) for one in frames)
    assert TagFile(path).stored(["TBPM"]) == {"TBPM": ["120"]}
    assert read_tags(path).title == "Sinnerman"
    with rewriting(path, {"TBPM": None}):
        pass
    assert b"TBPM" not in path.read_bytes()
    assert all(path.read_bytes().count(one) == frames.count(one) for one in frames)


def test_a_tag_that_is_unsynchronised_as_a_whole_is_still_read(tmp_path: Path, sound: bytes) -> None:
    path = tmp_path / "song.mp3"
    picture = b"\0image/png\0\3\0" + PNG + b"\xff\xe0"
    frames = frame(b"APIC", picture.replace(b"\xff", b"\xff\0"), is_v24=True)
    path.write_bytes(tag(4, frames, flags=0x80) + sound)
    assert read_artwork(path).data == PNG + b"\xff\xe0"
    write_bpm(path)
    assert read_artwork(path).data == PNG + b"\xff\xe0"


def test_sizes_as_old_programs_wrote_them_and_a_frame_that_is_cut_off(tmp_path: Path, sound: bytes) -> None:
    path = tmp_path / "song.mp3"
    frames = frame(b"APIC", b"\0image/png\0\3\0" + PNG, is_v24=False) + frame(b"TIT2", b"\3Sinnerman", is_v24=False)
    path.write_bytes(tag(4, frames) + sound)
    write_bpm(path)
    assert (read_artwork(path).data, read_tags(path).title) == (PNG, "Sinnerman")
    cut = frame(b"TIT2", b"\0Sinnerman", is_v24=False) + frame(b"PRIV", b"owner\0" + bytes(900), is_v24=False)[:100]
    path.write_bytes(tag(3, cut) + sound)
    write_bpm(path)
    assert read_tags(path).title == "Sinnerman"
    assert b"owner\0" in path.read_bytes()


def test_an_older_tag_becomes_a_newer_one_unless_that_loses_something(tmp_path: Path, sound: bytes) -> None:
    path, title = tmp_path / "song.mp3", b"TT2\0\0\x0a\0Sinnerman"
    path.write_bytes(tag(2, title) + sound)
    write_bpm(path)
    after = ID3(path, translate=False)
    assert (after.version, after["TIT2"], after["TBPM"].text) == ((2, 3, 0), TIT2(0, "Sinnerman"), ["120"])
    for more in (b"CRM\0\0\4\0abc", b"XYZ\0\0\4\0abc", b"COM\0\0\2\1e"):
        path.write_bytes(tag(2, title + more) + sound)
        refused(path, "no place in ID3v2.3")
