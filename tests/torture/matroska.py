"""Matroska whose numbers lie, whose elements nest, and which holds what it should not."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.torture.builders import box, chunk, element, wav, wave_format
from tests.torture.kinds import BadFile, kind
from tests.torture.lies import pcm
from tests.torture.seeds import RATE_HZ, Seeds

_EBML, _SEGMENT, _INFO, _TRACKS, _TRACK, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0x1F43B675
_TAGS, _TAG, _SIMPLE_TAG, _VOID = 0x1254C367, 0x7373, 0x67C8, 0xEC
_HEAD = element(_EBML, element(0x4282, b"matroska"))


def _double(number: float) -> bytes:
    return struct.pack(">d", number)


def matroska(
    *, rate: bytes | None = None, channels: bytes = b"\1", bits: bytes = b"\x10", info: bytes = b"", more: bytes = b""
) -> bytes:
    """A Matroska of plain integers, one cluster a second."""
    audio = element(0xB5, _double(RATE_HZ) if rate is None else rate) + element(0x9F, channels) + element(0x6264, bits)
    track = element(0xD7, b"\1") + element(0x83, b"\2") + element(0x86, b"A_PCM/INT/LIT") + element(0xE1, audio)
    data = pcm()
    clusters = b""
    for second in range(len(data) // (2 * RATE_HZ)):
        block = b"\x81\0\0\x80" + data[second * 2 * RATE_HZ : (second + 1) * 2 * RATE_HZ]
        clusters += element(_CLUSTER, element(0xE7, struct.pack(">I", 1000 * second)) + element(0xA3, block))
    body = element(_INFO, element(0x2AD7B1, struct.pack(">I", 1_000_000)) + info)
    return _HEAD + element(_SEGMENT, body + element(_TRACKS, element(_TRACK, track)) + more + clusters)


@kind("lying numbers in a Matroska")
def lies(seeds: Seeds) -> Iterator[BadFile]:
    yield BadFile("good.mka", matroska(), "heard")
    for name, number in (("nan", float("nan")), ("inf", float("inf")), ("huge", 1e308), ("minus", -5.0), ("none", 0.0)):
        yield BadFile(f"rate {name}.mka", matroska(rate=_double(number)))
        yield BadFile(f"length {name}.mka", matroska(info=element(0x4489, _double(number))))
    for number in (1.0, 768_000.0, 2.0**31):
        yield BadFile(f"rate {number:.0f}.mka", matroska(rate=_double(number)))
    for name, raw in (("0", b"\0"), ("255", b"\xff"), ("all", b"\xff" * 8)):
        yield BadFile(f"channels {name}.mka", matroska(channels=raw))
        yield BadFile(f"bits {name}.mka", matroska(bits=raw))
        yield BadFile(f"time scale {name}.mka", matroska(info=element(0x2AD7B1, raw)))
    whole = matroska()
    yield BadFile("endless segment.mka", whole.replace(_size_of(whole), b"\x01" + b"\xff" * 7, 1))
    yield BadFile("huge segment.mka", whole.replace(_size_of(whole), b"\x01\x7f" + b"\xff" * 6, 1))
    yield BadFile("lying element.mka", matroska(more=element(_VOID, b"", claims=(1 << 55) - 1)))
    yield BadFile("large void.mka", matroska(more=element(_VOID, bytes(30_000_000))))


def _size_of(data: bytes) -> bytes:
    at = data.index(struct.pack(">I", _SEGMENT)) + 4
    return data[at : at + 8]


@kind("Matroska in itself, and other containers in one another")
def nests(seeds: Seeds) -> Iterator[BadFile]:
    whole = matroska()
    yield BadFile("segment in segment.mka", _HEAD + element(_SEGMENT, element(_SEGMENT, whole)))
    yield BadFile("file in file.mka", matroska(more=element(_VOID, whole)))
    deep = element(0x45A3, b"deep")
    for _ in range(2000):
        deep = element(_SIMPLE_TAG, deep)
    yield BadFile("tags in tags.mka", matroska(more=element(_TAGS, element(_TAG, deep))))
    deep = b""
    for _ in range(3000):
        deep = element(_SEGMENT, deep)
    yield BadFile("only segments.mka", _HEAD + deep)
    form = wave_format(1, RATE_HZ, 16)
    inner = wav(pcm(), form)
    yield BadFile("wav in wav.wav", wav(inner, form))
    yield BadFile("matroska in wav.wav", wav(whole, form))
    yield BadFile("mp3 in wav.wav", wav(seeds["song.mp3"], wave_format(2, RATE_HZ, 0, code=0x55)))
    deep_riff = b""
    for _ in range(3000):
        deep_riff = chunk(b"RIFF", b"WAVE" + deep_riff)
    yield BadFile("riffs.wav", deep_riff)
    lists = b""
    for _ in range(3000):
        lists = chunk(b"LIST", b"INFO" + lists)
    yield BadFile("lists.wav", chunk(b"RIFF", b"WAVE" + chunk(b"fmt ", form) + lists + chunk(b"data", pcm())))
    for name, outer in (("moov", b""), ("file", seeds["aac.m4a"])):
        boxes = outer
        for _ in range(5000):
            boxes = box(b"moov", boxes)
        yield BadFile(f"{name} in boxes.m4a", seeds["aac.m4a"][:28] + boxes)
    deep_trak = b""
    for _ in range(2000):
        deep_trak = box(b"trak", box(b"mdia", deep_trak))
    yield BadFile("tracks in tracks.m4a", seeds["tail.m4a"] + box(b"moov", deep_trak))
    meta = b""
    for _ in range(2000):
        meta = box(b"udta", box(b"meta", bytes(4) + meta))
    yield BadFile("data in data.m4a", seeds["tail.m4a"] + box(b"moov", meta))
