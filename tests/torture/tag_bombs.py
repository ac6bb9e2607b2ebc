"""Tags that are giant, nested, packed, or in the wrong place."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator

from tests.torture.builders import box, id3, id3_frame, ogg_page, picture_frame, syncsafe
from tests.torture.kinds import BadFile, kind
from tests.torture.seeds import Seeds

_LARGE = 60_000_000


@kind("giant tags")
def giants(seeds: Seeds) -> Iterator[BadFile]:
    song = seeds["plain.mp3"]
    yield BadFile("claims 256 MB.mp3", id3(b"", claims=(1 << 28) - 1) + song)
    yield BadFile("claims 256 MB in a frame.mp3", id3(id3_frame(b"TIT2", b"\3x", claims=(1 << 28) - 1)) + song, "heard")
    yield BadFile("60 MB of picture.mp3", id3(picture_frame(b"\xff\xd8\xff" + bytes(_LARGE))) + song, "heard")
    yield BadFile("60 MB of padding.mp3", id3(id3_frame(b"TIT2", b"\3x") + bytes(_LARGE)) + song, "heard")
    yield BadFile("10 MB of title.mp3", id3(id3_frame(b"TIT2", b"\3" + b"long " * 2_000_000)) + song, "heard")
    yield BadFile("many frames.mp3", id3(id3_frame(b"TXXX", b"\3a\0b") * 30_000) + song, "heard")
    yield BadFile("many pictures.mp3", id3(picture_frame(b"\xff\xd8\xff" + bytes(1000)) * 900) + song, "heard")
    yield BadFile("too many pictures.mp3", id3(picture_frame(b"\xff\xd8\xff") * 5000) + song)
    flac = seeds["song.flac"]
    picture = struct.pack(">II", 3, 10) + b"image/jpeg" + bytes(20) + struct.pack(">I", 16_000_000) + bytes(16_000_000)
    block = b"\x06" + len(picture).to_bytes(3, "big") + picture
    yield BadFile("three pictures.flac", flac[:42] + 3 * block + flac[42:], "heard")
    words = b"".join(struct.pack("<I", 3) + b"A=b" for _ in range(100_000))
    comment = struct.pack("<I", 0) + struct.pack("<I", 100_000) + words
    yield BadFile("many words.flac", flac[:42] + b"\x04" + len(comment).to_bytes(3, "big") + comment + flac[42:])
    cover = box(b"covr", box(b"data", struct.pack(">II", 13, 0) + bytes(_LARGE)))
    meta = box(b"meta", bytes(4) + box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9)) + box(b"ilst", cover))
    yield BadFile("60 MB of cover.m4a", seeds["tail.m4a"] + box(b"moov", box(b"udta", meta)))
    yield BadFile("30 MB of cover.opus", _opus_with_cover(seeds["song.opus"], 30_000_000))


def _opus_with_cover(song: bytes, size: int) -> bytes:
    """An Opus whose comment holds a picture, over as many pages as that takes."""
    cover = struct.pack(">II", 3, 10) + b"image/jpeg" + bytes(20) + struct.pack(">I", size) + bytes(size)
    word = b"METADATA_BLOCK_PICTURE=" + base64.b64encode(cover)
    packet = b"OpusTags" + struct.pack("<II", 0, 1) + struct.pack("<I", len(word)) + word
    serial = struct.unpack_from("<I", song, 14)[0]
    parts = [packet[at : at + 255 * 255] for at in range(0, len(packet), 255 * 255)]
    pages = [
        ogg_page(
            [part], serial=serial, number=1 + n, flags=n > 0, granule=-(n < len(parts) - 1), ends=n == len(parts) - 1
        )
        for n, part in enumerate(parts)
    ]
    first, _, *rest = (b"OggS" + page for page in song.split(b"OggS")[1:])
    return first + b"".join(pages) + b"".join(rest)


@kind("packed and nested tags")
def bombs(seeds: Seeds) -> Iterator[BadFile]:
    song = seeds["plain.mp3"]
    for name, megabytes in (("picture", 300), ("again", 800)):
        packer = zlib.compressobj(9)
        packed = b"".join(packer.compress(bytes(1_000_000)) for _ in range(megabytes)) + packer.flush()
        told = syncsafe((1 << 28) - 1) + packed
        yield BadFile(f"packed {name}.mp3", id3(id3_frame(b"APIC", told, flags=0x0009)) + song, "heard")
    chapter = b""
    for n in range(3000):
        chapter = id3_frame(b"CHAP", b"c%d\0" % n + bytes(16) + chapter)
    yield BadFile("chapters in chapters.mp3", id3(chapter) + song, "heard")
    contents = b""
    for n in range(3000):
        contents = id3_frame(b"CTOC", b"c%d\0\3\1c%d\0" % (n, n) + contents)
    yield BadFile("contents in contents.mp3", id3(contents) + song, "heard")
    yield BadFile("tag after tag.mp3", id3(id3_frame(b"TIT2", b"\3x")) * 1000 + song)
    yield BadFile("tag in tag.mp3", id3(id3(id3(b""))) + song)
    parts = b""
    for name in (b"TIT2", b"TPE1", b"TDRC", b"TCON", b"COMM", b"APIC", b"UFID", b"RVA2", b"SYLT", b"POPM", b"MCDI"):
        for data in (b"", b"\0", b"\1", b"\1\xff\xfe\0", b"\1\xff", b"\2\xd8\0", b"\3\xff\xfe", b"\xff\xff\xff"):
            parts += id3_frame(name, data)
    yield BadFile("half frames.mp3", id3(parts) + song, "heard")
    for flags in (0x80, 0x40, 0x20, 0x10, 0xFF):
        yield BadFile(f"flags {flags}.mp3", id3(id3_frame(b"TIT2", b"\3x") * 5, flags=flags) + song)
    for version in (0, 1, 2, 3, 5, 255):
        yield BadFile(f"version {version}.mp3", id3(id3_frame(b"TIT2", b"\3x") * 5, version=version) + song)
    for flags in (1, 2, 4, 8, 64, 255):
        yield BadFile(f"frame flags {flags}.mp3", id3(id3_frame(b"TPE1", b"\3some words", flags=flags)) + song)
    yield BadFile("words.mp3", id3(id3_frame(b"TIT2", b"\3a\x1b[31mred\r\n\x07\0\xe2\x80\xae")) + song, "heard")


@kind("tags in the wrong place")
def misplaced(seeds: Seeds) -> Iterator[BadFile]:
    tag = id3(id3_frame(b"TIT2", b"\3Before") + picture_frame(b"\xff\xd8\xff" + bytes(3000)))
    for seed in (
        "song.flac",
        "vorbis.ogg",
        "song.opus",
        "song.wav",
        "aac.m4a",
        "song.wma",
        "song.aac",
        "song.wv",
        "song.aiff",
    ):
        yield BadFile(f"id3 before {seed}", tag + seeds[seed])
        yield BadFile(f"id3 after {seed}", seeds[seed] + tag)
    for seed in ("song.mp3", "song.flac", "song.wv", "song.opus", "song.wav"):
        song = seeds[seed]
        for name, items, size in (
            ("good", 1, 32 + 13),
            ("lying", 0xFFFFFFFF, 32),
            ("large", 1, 0x7FFFFFFF),
            ("none", 0, 0),
        ):
            head = b"APETAGEX" + struct.pack("<IIII", 2000, size, items, 0) + bytes(8)
            yield BadFile(f"ape {name} {seed}", song + struct.pack("<II", 1, 0) + b"abc\0x" + head)
        yield BadFile(f"id3v1 {seed}", song + b"TAG" + b"\xff" * 125)
        yield BadFile(f"lyrics {seed}", song + b"LYRICSBEGIN" + b"x" * 50 + b"999999LYRICS200")
