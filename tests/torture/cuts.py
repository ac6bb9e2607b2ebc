"""Files that end too early: at each part of which their container is made, and within its header."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from tests.torture.builders import id3, id3_frame, iter_ogg_pages, picture_frame
from tests.torture.kinds import BadFile, kind
from tests.torture.seeds import CONTAINERS, Seeds

_MOST = 24
_NESTS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"meta", b"ilst", b"moof", b"traf", b"mvex")
_MATROSKA_NESTS = (0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE)  # segment, cluster, tracks, track entry


def _cut(seed: str, data: bytes, offsets: Iterable[int]) -> Iterator[BadFile]:
    """The file cut at each offset, and a few bytes beyond it; the evenly spread ones where there are very many."""
    places = sorted({at + more for at in offsets for more in (0, 5) if 0 < at + more < len(data)})
    if len(places) > _MOST:
        places = [places[i] for i in np.linspace(0, len(places) - 1, _MOST).astype(int)]
    stem, suffix = Path(seed).stem, Path(seed).suffix
    for at in places:
        yield BadFile(f"{stem} {at}{suffix}", data[:at])


@kind("cut at an MP4 atom")
def mp4(seeds: Seeds) -> Iterator[BadFile]:
    for seed in ("aac.m4a", "tail.m4a", "alac.m4a", "parts.mp4"):
        data = seeds[seed]
        yield from _cut(seed, data, _boxes(data, 0, len(data)))


def _boxes(data: bytes, at: int, end: int) -> Iterator[int]:
    while at + 8 <= end:
        size, name = struct.unpack_from(">I4s", data, at)
        if size < 8:
            return
        yield at
        if name in _NESTS:
            yield from _boxes(data, at + (12 if name == b"meta" else 8), min(end, at + size))
        at += size


@kind("cut at an Ogg page")
def ogg(seeds: Seeds) -> Iterator[BadFile]:
    for seed in ("vorbis.ogg", "flac.ogg", "song.opus"):
        data = seeds[seed]
        yield from _cut(seed, data, (at + more for at, _ in iter_ogg_pages(data) for more in (0, 26)))


@kind("cut at a chunk of RIFF, AIFF, W64 or CAF")
def chunks(seeds: Seeds) -> Iterator[BadFile]:
    for seed, head, form in (("song.wav", 12, "<4sI"), ("song.aiff", 12, ">4sI"), ("song.caf", 8, ">4sQ")):
        data = seeds[seed]
        offsets, at = [4, 8, head], head
        while at + struct.calcsize(form) <= len(data):
            _, size = struct.unpack_from(form, data, at)
            offsets += [at, at + struct.calcsize(form), at + 10]
            at += struct.calcsize(form) + size + (size % 2 if form != ">4sQ" else 0)
        yield from _cut(seed, data, [*offsets, len(data) // 2])
    yield from _cut("song.w64", seeds["song.w64"], (1, 16, 24, 40, 56, 64, 80, 100, 104, 120, 5000))


@kind("cut at a FLAC metadata block or frame")
def flac(seeds: Seeds) -> Iterator[BadFile]:
    data = seeds["song.flac"]
    offsets, at, last = [4], 4, False
    while not last:
        last = bool(data[at] & 0x80)
        offsets += [at, at + 1, at + 4, at + 20]
        at += 4 + int.from_bytes(data[at + 1 : at + 4], "big")
    yield from _cut("song.flac", data, [*offsets, at, at + 9, at + 3000, len(data) // 2])


@kind("cut at an ID3 frame")
def frames(seeds: Seeds) -> Iterator[BadFile]:
    names = (b"TIT2", b"TPE1", b"TALB", b"TCON", b"TDRC", b"TXXX")
    parts = [id3_frame(name, b"\x03some words") for name in names] + [picture_frame(bytes(range(256)) * 40)]
    data = id3(b"".join(parts)) + seeds["plain.mp3"]
    offsets, at = [3, 5, 10], 10
    for part in parts:
        offsets += [at, at + 4, at + 10, at + 12]
        at += len(part)
    yield from _cut("tagged.mp3", data, [*offsets, at, at + 4, at + 500, len(data) // 2])


@kind("cut at an ASF object")
def asf(seeds: Seeds) -> Iterator[BadFile]:
    data = seeds["song.wma"]
    header = struct.unpack_from("<Q", data, 16)[0]
    offsets, at = [16, 24, 30, header, header + 24, header + 50, len(data) // 2], 30
    while at + 24 <= header:
        offsets += [at, at + 16, at + 24]
        at += max(24, struct.unpack_from("<Q", data, at + 16)[0])
    yield from _cut("song.wma", data, offsets)


@kind("cut at a Matroska element")
def matroska(seeds: Seeds) -> Iterator[BadFile]:
    for seed in ("song.mka", "song.webm"):
        data = seeds[seed]
        yield from _cut(seed, data, _elements(data, 0, len(data)))


def _elements(data: bytes, at: int, end: int) -> Iterator[int]:
    while at + 2 <= end and data[at]:
        length = 9 - data[at].bit_length()
        name = int.from_bytes(data[at : at + length], "big")
        body = at + length
        if body >= end or not data[body]:
            return
        wide = 9 - data[body].bit_length()
        size = int.from_bytes(data[body : body + wide], "big") & (1 << 7 * wide) - 1
        yield from (at, body, body + wide)
        stop = end if size == (1 << 7 * wide) - 1 else body + wide + size
        if name in _MATROSKA_NESTS:
            yield from _elements(data, body + wide, min(stop, end))
        at = stop


@kind("cut to so many bytes")
def powers(seeds: Seeds) -> Iterator[BadFile]:
    for seed in CONTAINERS:
        data = seeds[seed]
        lengths = [2**n for n in (1, 4, 7, 10, 13, 15)]
        yield from _cut(f"to {seed}", data, [length - 5 for length in lengths if length > 5])
