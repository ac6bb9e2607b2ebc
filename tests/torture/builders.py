"""The bricks of broken files: chunks, boxes, pages, frames and elements, with any size and number one likes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence

_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def syncsafe(number: int) -> bytes:
    """A number in ID3's seven bits a byte."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def id3(frames: bytes, *, version: int = 4, flags: int = 0, claims: int | None = None) -> bytes:
    """An ID3v2 tag; ``claims`` is the size that its header tells instead of the true one."""
    size = len(frames) if claims is None else claims
    return b"ID3" + bytes([version, 0, flags]) + syncsafe(size) + frames


def id3_frame(name: bytes, data: bytes, *, flags: int = 0, claims: int | None = None) -> bytes:
    """A frame of ID3v2.4."""
    return name + syncsafe(len(data) if claims is None else claims) + struct.pack(">H", flags) + data


def picture_frame(data: bytes) -> bytes:
    """ID3's frame for a cover."""
    return id3_frame(b"APIC", b"\0image/jpeg\0\x03\0" + data)


def chunk(name: bytes, data: bytes, *, claims: int | None = None) -> bytes:
    """A RIFF chunk, padded to an even length."""
    return name + struct.pack("<I", len(data) if claims is None else claims) + data + b"\0" * (len(data) % 2)


def wave_format(channels: int, rate_hz: int, bits: int, *, code: int = 1, block: int | None = None) -> bytes:
    """What stands in a WAV's ``fmt `` chunk."""
    align = channels * ((bits + 7) // 8) if block is None else block
    return struct.pack("<HHIIHH", code, channels, rate_hz, rate_hz * align & 0xFFFFFFFF, align & 0xFFFF, bits)


def wav(data: bytes, form: bytes, *, claims: int | None = None, data_claims: int | None = None) -> bytes:
    """A WAV of one ``fmt `` and one ``data`` chunk, with lying sizes if wished."""
    body = b"WAVE" + chunk(b"fmt ", form) + chunk(b"data", data, claims=data_claims)
    return chunk(b"RIFF", body, claims=claims)


def box(name: bytes, data: bytes, *, claims: int | None = None) -> bytes:
    """A box (atom) of MP4."""
    return struct.pack(">I", 8 + len(data) if claims is None else claims) + name + data


def element(name: int, data: bytes, *, claims: int | None = None) -> bytes:
    """An element of Matroska, its size told in eight bytes."""
    size = len(data) if claims is None else claims
    return _id_bytes(name) + struct.pack(">Q", size | 1 << 56) + data


def _id_bytes(name: int) -> bytes:
    return name.to_bytes((name.bit_length() + 7) // 8, "big")


def ogg_page(
    packets: Sequence[bytes], *, serial: int = 1, number: int = 0, granule: int = 0, flags: int = 0, ends: bool = True
) -> bytes:
    """A page of Ogg with a true checksum; where it does not end, its last packet goes on in the next page."""
    lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    head = struct.pack("<4sBBqIII", b"OggS", 0, flags, granule, serial, number, 0)
    lacing = lacing if ends else lacing[:-1]
    page = head + bytes([len(lacing)]) + lacing + b"".join(packets)
    return page[:22] + struct.pack("<I", ogg_crc(page)) + page[26:]


def ogg_crc(page: bytes) -> int:
    """Ogg's checksum: zlib's with all bits mirrored, begun at 0 and not inverted."""
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


def with_true_checksums(data: bytes) -> bytes:
    """Ogg pages whose checksums fit again after something in them was changed."""
    out = bytearray(data)
    for at, length in iter_ogg_pages(data):
        out[at + 22 : at + 26] = bytes(4)
        out[at + 22 : at + 26] = struct.pack("<I", ogg_crc(bytes(out[at : at + length])))
    return bytes(out)


def iter_ogg_pages(data: bytes) -> Iterable[tuple[int, int]]:
    """Yield (offset, length) of the pages of an Ogg file."""
    at = 0
    while data[at : at + 4] == b"OggS" and at + 27 <= len(data):
        segments = data[at + 26]
        length = 27 + segments + sum(data[at + 27 : at + 27 + segments])
        yield at, length
        at += length


def patched(data: bytes, at: int, new: bytes) -> bytes:
    """The same bytes with some of them replaced."""
    return data[:at] + new + data[at + len(new) :]


def replaced(data: bytes, mark: bytes, new: bytes, *, after: int = 0) -> bytes:
    """The same bytes with ``new`` written so many bytes after the start of the first ``mark``."""
    return patched(data, data.index(mark) + after, new)


# FLAC by hand, because an encoder takes minutes over the hours of silence that lie in these few kilobytes -------------


def silent_flac(seconds: float, *, rate_hz: int, level: int = 0) -> bytes:
    """A FLAC of one constant value: frames of 65,535 samples in some 15 bytes each."""
    frames = max(1, round(seconds * rate_hz / 65_535))
    packed = rate_hz << 44 | 0 << 41 | 15 << 36 | frames * 65_535
    info = struct.pack(">HH", 65_535, 65_535) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    return b"fLaC" + b"\x80\0\0\x22" + info + b"".join(_constant_frame(n, level) for n in range(frames))


def _constant_frame(number: int, level: int) -> bytes:
    head = b"\xff\xf8\x70\x08" + _flac_number(number) + struct.pack(">H", 65_534)
    body = head + bytes([_crc(head, 0x07, 8)]) + b"\0" + struct.pack(">h", level)
    return body + struct.pack(">H", _crc(body, 0x8005, 16))


def _flac_number(number: int) -> bytes:
    if number < 0x80:
        return bytes([number])
    if number < 0x800:
        return bytes([0xC0 | number >> 6, 0x80 | number & 0x3F])
    return bytes([0xE0 | number >> 12, 0x80 | number >> 6 & 0x3F, 0x80 | number & 0x3F])


def _crc(data: bytes, polynomial: int, bits: int) -> int:
    value, top, mask = 0, 1 << (bits - 1), (1 << bits) - 1
    for byte in data:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = ((value << 1) ^ polynomial if value & top else value << 1) & mask
    return value


def silent_opus(seconds: float) -> bytes:
    """An Ogg Opus of digital silence: three bytes for 20 ms."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 0, 48_000, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 5) + b"quiet" + struct.pack("<I", 0)
    pages = [ogg_page([head], flags=2), ogg_page([tags], number=1)]
    each = 250
    pages += [
        ogg_page([b"\xf8\xff\xfe"] * each, number=number + 2, granule=(number + 1) * each * 960)
        for number in range(max(1, round(seconds / 0.02 / each)))
    ]
    return b"".join(pages)
