"""Sound that no studio makes: odd numbers of channels, odd rates and bits, no numbers, changes on the way, hours."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from tests.torture.builders import ogg_page, silent_flac, silent_opus, wav, wave_format
from tests.torture.kinds import BadFile, kind
from tests.torture.lies import pcm
from tests.torture.seeds import RATE_HZ, Seeds, samples

_LAYOUT = bytes.fromhex("0000 0000 1000 8000 00aa 0038 9b71".replace(" ", ""))


@kind("odd channels")
def channels(seeds: Seeds) -> Iterator[BadFile]:
    for count in (0, 9, 64, 255, 65_535):
        yield BadFile(f"{count}.wav", wav(pcm(), wave_format(count, RATE_HZ, 16)), "refused")
    for count in (3, 5, 6, 7, 8):
        frames = np.repeat(np.frombuffer(pcm(), "<i2")[:, None], count, axis=1)
        yield BadFile(f"{count} good.wav", wav(frames.tobytes(), wave_format(count, RATE_HZ, 16)), "heard")
        extensible = struct.pack("<HHI", 22, 16, 0xFFFFFFFF) + b"\1\0" + _LAYOUT
        form = wave_format(count, RATE_HZ, 16, code=0xFFFE) + extensible
        yield BadFile(f"{count} layout.wav", wav(frames.tobytes(), form))


@kind("odd sample rates")
def rates(seeds: Seeds) -> Iterator[BadFile]:
    for rate_hz in (0, 1, 2, 7, 100, 999):
        yield BadFile(f"{rate_hz}.wav", wav(pcm(), wave_format(1, rate_hz, 16)), "refused")
    for rate_hz in (1000, 3999, 22_049, 22_051, 44_056):
        yield BadFile(f"{rate_hz}.wav", wav(pcm(), wave_format(1, rate_hz, 16)), "heard")
    for rate_hz in (1_999_999, 2**31 - 1, 2**31, 2**32 - 1):
        yield BadFile(f"{rate_hz}.wav", wav(pcm(), wave_format(1, rate_hz, 16)), "refused")
    long = np.tile(np.frombuffer(pcm(), "<i2"), 20).tobytes()
    yield BadFile("768000.wav", wav(long, wave_format(1, 768_000, 16)), "heard")
    yield BadFile("384000.wav", wav(long, wave_format(1, 384_000, 16)), "heard")


@kind("odd bits")
def bits(seeds: Seeds) -> Iterator[BadFile]:
    for count in (0, 1, 2, 4, 7, 12, 20, 31, 33, 40, 48, 63, 64, 65, 128, 65_535):
        yield BadFile(f"{count}.wav", wav(pcm() * 4, wave_format(1, RATE_HZ, count)))
    for code in (0, 2, 6, 7, 0x11, 0x31, 0x50, 0x55, 0x161, 0xFF, 0x2000, 0xFFFE, 0xFFFF):
        yield BadFile(f"code {code}.wav", wav(pcm(), wave_format(1, RATE_HZ, 16, code=code)))
    for block in (0, 1, 3, 65_535):
        yield BadFile(f"block {block}.wav", wav(pcm(), wave_format(1, RATE_HZ, 16, block=block)))


def _floats(data: np.ndarray, *, wide: bool = False, count: int = 1) -> bytes:
    form = wave_format(count, RATE_HZ, 64 if wide else 32, code=3)
    return wav(data.astype("<f8" if wide else "<f4").tobytes(), form)


@kind("floats that are no sound")
def floats(seeds: Seeds) -> Iterator[BadFile]:
    good = samples()
    for name, number in (("nan", np.nan), ("inf", np.inf), ("minus inf", -np.inf), ("1e38", 1e38)):
        few, half, stereo = good.copy(), good.copy(), np.stack([good, good], axis=1)
        few[::5000] = number
        half[: int(0.6 * len(good))] = number
        stereo[:, 1] = number
        yield BadFile(f"few {name}.wav", _floats(few), "heard")
        yield BadFile(f"half {name}.wav", _floats(half))
        yield BadFile(f"one channel {name}.wav", _floats(stereo, count=2))
        yield BadFile(f"all {name}.wav", _floats(np.full(len(good), number)), "refused")
        yield BadFile(f"wide {name}.wav", _floats(few, wide=True), "heard")
    yield BadFile("denormal.wav", _floats(good * 1e-40))
    yield BadFile("very quiet.wav", _floats(good * 1e-20))
    yield BadFile("1e300.wav", _floats(good.astype(np.float64) * 1e300, wide=True))
    yield BadFile("loud.wav", _floats(good * 5000), "heard")
    yield BadFile("one level.wav", _floats(np.full(len(good), 0.5)))
    yield BadFile("full square.wav", _floats(np.sign(good)))
    yield BadFile("one click.wav", _floats(np.eye(1, len(good), 50_000)[0]))


@kind("rate or channels change in mid-file")
def changes(seeds: Seeds) -> Iterator[BadFile]:
    yield BadFile("rates.mp3", seeds["plain.mp3"] + seeds["low.mp3"] + seeds["plain.mp3"], "heard")
    yield BadFile("channels.mp3", seeds["plain.mp3"] + seeds["song.mp3"], "heard")
    yield BadFile("often.mp3", (seeds["plain.mp3"][:4180] + seeds["low.mp3"][:4320]) * 30)
    yield BadFile("rates.aac", seeds["song.aac"] + seeds["low.aac"])
    yield BadFile("rates.flac", seeds["song.flac"] + seeds["other.flac"])
    yield BadFile("frames.flac", seeds["song.flac"] + seeds["other.flac"][9000:])
    yield BadFile("codecs.mp3", seeds["plain.mp3"] + seeds["song.ac3"] + seeds["song.aac"])
    yield BadFile("chained.ogg", seeds["vorbis.ogg"] + seeds["flac.ogg"])
    yield BadFile("twice.wav", seeds["song.wav"] * 2, "heard")
    yield BadFile("layers.mp3", seeds["song.mp2"] + seeds["plain.mp3"])


def _frames(data: bytes) -> list[bytes]:
    """The frames of a constant 64 kbit/s MP3 of 22,050 Hz (MPEG 2, layer III): 208 or 209 bytes each."""
    found, at = [], 0
    while at + 4 <= len(data) and data[at] == 0xFF:
        length = 72 * 64_000 // RATE_HZ + (data[at + 2] >> 1 & 1)
        found.append(data[at : at + length])
        at += length
    return found


@kind("MP3 frames with much between them, or hardly any")
def mp3_frames(seeds: Seeds) -> Iterator[BadFile]:
    frames = _frames(seeds["plain.mp3"])
    rng = np.random.default_rng(0)
    yield BadFile("noise between.mp3", b"".join(f + rng.bytes(37) for f in frames))
    yield BadFile("zeros between.mp3", b"".join(f + bytes(500) for f in frames))
    yield BadFile("much noise before.mp3", rng.bytes(300_000) + b"".join(frames))
    yield BadFile("zeros before.mp3", bytes(3_000_000) + b"".join(frames))
    yield BadFile("noise after.mp3", b"".join(frames) + rng.bytes(300_000))
    yield BadFile("text after.mp3", b"".join(frames) + b"The words of the song.\n" * 20_000, "heard")
    yield BadFile("half frames.mp3", b"".join(f[: len(f) // 2] for f in frames))
    yield BadFile("headers only.mp3", b"".join(f[:4] for f in frames))
    yield BadFile("shuffled.mp3", b"".join(frames[i] for i in rng.permutation(len(frames))), "heard")
    yield BadFile("free format.mp3", b"".join(f[:2] + bytes([f[2] & 0x0D]) + f[3:] for f in frames))
    yield BadFile("bad rate.mp3", b"".join(f[:2] + bytes([f[2] | 0xFC]) + f[3:] for f in frames))
    for count in (1, 2, 3, 5):
        yield BadFile(f"{count} frames.mp3", b"".join(frames[:count]), "refused")
    yield BadFile("a frame and zeros.mp3", frames[0] + bytes(1_000_000))
    yield BadFile("sync bytes.mp3", b"\xff\xfb" * 200_000)


@kind("no sound, or too little of it")
def nothing(seeds: Seeds) -> Iterator[BadFile]:
    form = wave_format(1, RATE_HZ, 16)
    yield BadFile("no samples.wav", wav(b"", form), "refused")
    yield BadFile("one sample.wav", wav(b"\1\1", form), "refused")
    yield BadFile("half a sample.wav", wav(b"\1", form), "refused")
    yield BadFile("zeros.wav", wav(bytes(600_000), form), "refused")
    yield BadFile("just too short.wav", wav(pcm()[: 2 * (215 * 512 - 1)], form), "refused")
    yield BadFile("just long enough.wav", wav(pcm()[: 2 * 215 * 512], form), "heard")
    yield BadFile("film without sound.mp4", seeds["mute.mp4"], "refused")
    yield BadFile("film without sound.mp3", seeds["mute.mp4"], "refused")
    yield BadFile("header only.flac", seeds["song.flac"][:42], "refused")
    yield BadFile("header only.mp3", seeds["song.mp3"][: seeds["song.mp3"].index(b"\xff\xf3")], "refused")
    yield BadFile("headers only.ogg", seeds["vorbis.ogg"][:58], "refused")
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 0, 48_000, 0, 0)
    yield BadFile("no tags.opus", ogg_page([head], flags=2), "refused")


@kind("hours in kilobytes")
def hours(seeds: Seeds) -> Iterator[BadFile]:
    yield BadFile("ten minutes of silence.flac", silent_flac(600, rate_hz=44_100), "refused")
    yield BadFile("20 minutes of one level.flac", silent_flac(1200, rate_hz=8_000, level=9000))
    yield BadFile("ten minutes of silence.opus", silent_opus(600), "refused")
