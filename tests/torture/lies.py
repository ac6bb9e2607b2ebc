"""Headers that lie: sizes, lengths and counts of nothing, of everything, and of ten thousand hours."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.torture.builders import chunk, ogg_page, patched, replaced, wav, wave_format, with_true_checksums
from tests.torture.kinds import BadFile, kind
from tests.torture.seeds import RATE_HZ, Seeds, samples

_ALL = 0xFFFFFFFF
_SIZES = (0, 1, 7, 0x7FFFFFFF, 0xFFFFFFFE, _ALL)
_HOURS = 10_000 * 3600


def pcm() -> bytes:
    """The seed's samples as 16-bit integers."""
    return (samples() * 32767).astype("<i2").tobytes()


@kind("lying sizes in RIFF")
def riff(seeds: Seeds) -> Iterator[BadFile]:
    form, data = wave_format(1, RATE_HZ, 16), pcm()
    for size in _SIZES:
        yield BadFile(f"riff {size}.wav", wav(data, form, claims=size))
        yield BadFile(f"data {size}.wav", wav(data, form, data_claims=size))
        lying = b"WAVE" + chunk(b"fmt ", form, claims=size) + chunk(b"data", data)
        yield BadFile(f"fmt {size}.wav", chunk(b"RIFF", lying))
        listed = b"WAVE" + chunk(b"fmt ", form) + chunk(b"LIST", b"INFOINAM", claims=size) + chunk(b"data", data)
        yield BadFile(f"list {size}.wav", chunk(b"RIFF", listed))


@kind("chunks of RIFF that are missing, twice there or out of order")
def order(seeds: Seeds) -> Iterator[BadFile]:
    form, data = chunk(b"fmt ", wave_format(1, RATE_HZ, 16)), chunk(b"data", pcm())
    other = chunk(b"fmt ", wave_format(2, 96_000, 24))
    bodies = {
        "no fmt": data,
        "no data": form,
        "data first": data + form,
        "two formats": form + other + data,
        "two data": form + data + data,
        "nothing": b"",
        "many empty": form + chunk(b"junk", b"") * 50_000 + data,
        "nested": form + chunk(b"RIFF", b"WAVE" + form + data) + data,
        "zero name": form + chunk(bytes(4), b"x") + data,
    }
    for name, body in bodies.items():
        yield BadFile(f"{name}.wav", chunk(b"RIFF", b"WAVE" + body))
    yield BadFile("big endian.wav", b"RIFX" + chunk(b"RIFF", b"WAVE" + form + data)[4:])
    yield BadFile("rf64.wav", b"RF64" + struct.pack("<I", _ALL) + b"WAVE" + form + data)
    yield BadFile("rf64 lying.wav", b"RF64\xff\xff\xff\xffWAVE" + chunk(b"ds64", b"\xff" * 28) + form + data)


@kind("lying numbers in an MP4")
def mp4(seeds: Seeds) -> Iterator[BadFile]:
    data = seeds["aac.m4a"]
    fields = {  # box: where its numbers stand after its name
        "mvhd": (16, 20),
        "tkhd": (24,),
        "mdhd": (16, 20),
        "stts": (8, 12, 16),
        "stsz": (8, 12),
        "stsc": (8, 12, 16),
        "stco": (8, 12),
        "mp4a": (20, 28, 32),
        "elst": (8, 12, 16),
        "esds": (9, 13),
    }
    for name, places in fields.items():
        for place in places:
            for number in (0, 1, 0x7FFFFFFF, _ALL):
                lying = replaced(data, name.encode(), struct.pack(">I", number), after=place)
                yield BadFile(f"{name} {place} {number}.m4a", lying)
    for name in ("moov", "trak", "mdia", "minf", "stbl", "stsd", "udta", "mdat", "ftyp", "mp4a", "esds", "ilst"):
        at = data.index(name.encode()) - 4
        for number in _SIZES:
            yield BadFile(f"size of {name} {number}.m4a", patched(data, at, struct.pack(">I", number)))
    seconds = struct.pack(">II", 1, _HOURS)
    for name in ("mdhd", "mvhd"):
        yield BadFile(f"ten thousand hours {name}.m4a", replaced(data, name.encode(), seconds, after=16))
    lost = data.replace(b"mdat", b"free", 1)
    yield BadFile("no mdat.m4a", lost)
    yield BadFile("no moov.m4a", data.replace(b"moov", b"free", 1))
    yield BadFile("unknown codec.m4a", data.replace(b"mp4a", b"zzzz", 1))
    large = struct.pack(">I4sQ", 1, b"mdat", 1 << 63)
    yield BadFile("64-bit size.m4a", data[: data.index(b"mdat") - 4] + large + b"\x21" * 5000)


@kind("lying lengths in the header of an MP3")
def mp3(seeds: Seeds) -> Iterator[BadFile]:
    for seed in ("song.mp3", "vbr.mp3"):
        data = seeds[seed]
        mark = b"Xing" if b"Xing" in data else b"Info"
        for number in (0, 1, 0x7FFFFFFF, _ALL):
            word = struct.pack(">I", number)
            yield BadFile(f"frames {number} {seed}", replaced(data, mark, word, after=8), "heard")
            yield BadFile(f"bytes {number} {seed}", replaced(data, mark, word, after=12), "heard")
            yield BadFile(f"flags {number} {seed}", replaced(data, mark, word, after=4))
        yield BadFile(f"contents {seed}", replaced(data, mark, b"\xff" * 100, after=16))
        yield BadFile(f"delay {seed}", replaced(data, mark, b"\xff" * 3, after=141))
        yield BadFile(f"vbri {seed}", replaced(data, mark, b"VBRI" + b"\xff" * 60))


@kind("lying numbers in a FLAC")
def flac(seeds: Seeds) -> Iterator[BadFile]:
    data = seeds["song.flac"]
    known = int.from_bytes(data[18:26], "big")
    total = known & (1 << 36) - 1
    for number in (0, 1, total // 2, total * 1000, (1 << 36) - 1):
        yield BadFile(f"samples {number}.flac", patched(data, 18, (known - total + number).to_bytes(8, "big")), "heard")
    for rate_hz in (0, 1, 7, 655_350, (1 << 20) - 1):
        changed = (known & (1 << 44) - 1) | rate_hz << 44
        yield BadFile(f"rate {rate_hz}.flac", patched(data, 18, changed.to_bytes(8, "big")))
    for number in range(8):
        changed = (known & ~(7 << 41)) | number << 41
        yield BadFile(f"channels {number + 1}.flac", patched(data, 18, changed.to_bytes(8, "big")))
    for bits in (1, 4, 9, 31, 32):
        changed = (known & ~(31 << 36)) | (bits - 1) << 36
        yield BadFile(f"bits {bits}.flac", patched(data, 18, changed.to_bytes(8, "big")))
    for name, at, new in (
        ("block of 0", 8, bytes(4)),
        ("block of 65535", 8, b"\xff" * 4),
        ("frame sizes", 12, b"\xff" * 6),
        ("sum", 26, b"\xff" * 16),
        ("info length 0", 5, bytes(3)),
        ("info length", 5, b"\xff\xff\xff"),
        ("second length", 43, b"\xff\xff\xff"),
        ("type 127", 42, b"\x7f"),
        ("never last", 42, b"\x00"),
    ):
        yield BadFile(f"{name}.flac", patched(data, at, new))
    yield BadFile("no info.flac", b"fLaC" + data[42:])
    points = struct.pack(">QQH", 1 << 62, 1 << 62, 65_535) * 3000
    table = b"\x03" + len(points).to_bytes(3, "big") + points
    yield BadFile("seek points.flac", data[:42] + table + data[42:])


@kind("lying numbers in an Ogg")
def ogg(seeds: Seeds) -> Iterator[BadFile]:
    for seed in ("vorbis.ogg", "song.opus"):
        data, suffix = seeds[seed], seed[-4:]
        for number in (-1, 0, (1 << 63) - 1, -(1 << 62)):
            pages = data.split(b"OggS")
            lying = b"OggS".join([pages[0]] + [p[:2] + struct.pack("<q", number) + p[10:] for p in pages[1:]])
            yield BadFile(f"granule {number}{suffix}", with_true_checksums(lying))
        for name, at, new in (
            ("version", 4, b"\x07"),
            ("flags", 5, b"\xff"),
            ("not the first", 5, b"\0"),
            ("serial", 14, b"\xff" * 4),
            ("segments", 26, b"\xff"),
            ("first length", 27, b"\xff"),
            ("checksum", 22, b"\xff" * 4),
        ):
            yield BadFile(f"{name}{suffix}", patched(data, at, new))
        yield BadFile(f"chained{suffix}", data + with_true_checksums(data.replace(data[14:18], b"\1\2\3\4")))
        yield BadFile(f"other inside{suffix}", data + seeds["flac.ogg"] + seeds["song.opus"] + seeds["vorbis.ogg"])
        yield BadFile(f"backwards{suffix}", b"".join(b"OggS" + page for page in reversed(data.split(b"OggS")[1:])))
    opus, vorbis = seeds["song.opus"], seeds["vorbis.ogg"]
    for name, place, new in (
        ("channels 0", 9, b"\0"),
        ("channels 255", 9, b"\xff"),
        ("skip", 10, b"\xff\xff"),
        ("gain", 16, b"\xff\x7f"),
        ("family", 18, b"\xff"),
        ("version", 8, b"\xff"),
    ):
        yield BadFile(f"head {name}.opus", with_true_checksums(replaced(opus, b"OpusHead", new, after=place)))
    for name, place, new in (
        ("channels 0", 11, b"\0"),
        ("channels 255", 11, b"\xff"),
        ("rate 0", 12, bytes(4)),
        ("rate", 12, b"\xff" * 4),
        ("blocks", 28, b"\xff"),
        ("framing", 29, b"\0"),
    ):
        yield BadFile(f"head {name}.ogg", with_true_checksums(replaced(vorbis, b"\x01vorbis", new, after=place)))
    for number in (0, 0x7FFFFFFF, _ALL):
        word = struct.pack("<I", number)
        yield BadFile(f"tags {number}.opus", with_true_checksums(replaced(opus, b"OpusTags", word, after=8)))
        yield BadFile(f"tags {number}.ogg", with_true_checksums(replaced(vorbis, b"\x03vorbis", word, after=7)))
    yield BadFile("empty pages.ogg", b"".join(ogg_page([], number=n) for n in range(5000)) + vorbis)


@kind("lying numbers in an ASF")
def asf(seeds: Seeds) -> Iterator[BadFile]:
    data = seeds["song.wma"]
    properties = data.index(bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365"))
    for number in (0, 1, 24, 0x7FFFFFFF, (1 << 63) - 1, (1 << 64) - 1):
        word = struct.pack("<Q", number)
        yield BadFile(f"header {number}.wma", patched(data, 16, word))
        yield BadFile(f"object {number}.wma", patched(data, properties + 16, word))
        for name, place in (("file size", 40), ("packets", 56), ("duration", 64), ("preroll", 80)):
            yield BadFile(f"{name} {number}.wma", patched(data, properties + place, word))
    for number in (0, 1, _ALL):
        for name, at in (("objects", 24), ("least packet", properties + 92), ("most packet", properties + 96)):
            yield BadFile(f"{name} {number}.wma", patched(data, at, struct.pack("<I", number)))


@kind("lying numbers in AIFF, AU, CAF, W64 and WavPack")
def others(seeds: Seeds) -> Iterator[BadFile]:
    aiff, au, caf = seeds["song.aiff"], seeds["song.au"], seeds["song.caf"]
    rates = {
        "0": bytes(10),
        "endless": b"\x7f\xff\x80" + bytes(7),
        "nan": b"\x7f\xff" + b"\xff" * 8,
        "minus": b"\xc0\x0d\xac\x44" + bytes(6),
        "768 k": b"\x40\x12\xbb\x80" + bytes(6),
    }
    for name, rate in rates.items():
        yield BadFile(f"rate {name}.aiff", replaced(aiff, b"COMM", rate, after=16))
    for name, place, new in (
        ("channels 0", 8, bytes(2)),
        ("channels 255", 8, b"\0\xff"),
        ("frames", 10, b"\xff" * 4),
        ("bits 0", 14, bytes(2)),
        ("bits 64", 14, b"\0\x40"),
    ):
        yield BadFile(f"{name}.aiff", replaced(aiff, b"COMM", new, after=place))
    for place, name in ((4, "head"), (8, "size"), (12, "coding"), (16, "rate"), (20, "channels")):
        for number in (0, 1, _ALL):
            yield BadFile(f"{name} {number}.au", patched(au, place, struct.pack(">I", number)))
    for name, place, new in (
        ("rate 0", 12, bytes(8)),
        ("rate nan", 12, b"\x7f\xf8" + bytes(6)),
        ("packet", 28, b"\xff" * 4),
        ("frames", 32, b"\xff" * 4),
        ("channels", 36, b"\xff" * 4),
        ("bits", 40, b"\xff" * 4),
    ):
        yield BadFile(f"{name}.caf", replaced(caf, b"desc", new, after=place))
    w64, wavpack = seeds["song.w64"], seeds["song.wv"]
    for number in (0, 1, 24, (1 << 63) - 1, (1 << 64) - 1):
        for place in (16, 56):
            yield BadFile(f"size {place} {number}.w64", patched(w64, place, struct.pack("<Q", number)))
    for place, name in ((4, "block"), (8, "version"), (12, "total"), (20, "samples"), (24, "flags")):
        for number in (0, 1, _ALL):
            yield BadFile(f"{name} {number}.wv", patched(wavpack, place, struct.pack("<I", number)))
