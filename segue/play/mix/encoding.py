"""Encoders by a file's ending: MP3 by LAME, all others by what PyAV brings along."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream

from segue.config import MIX
from segue.errors import MixError
from segue.listen.audio import Resampler
from segue.play.mix.labels import (
    Chapter,
    Label,
    add_cover,
    append_id3,
    comments_of,
    id3_of,
    vorbis_chapters,
    vorbis_picture,
)
from segue.play.mix.mp3 import Mp3Writer
from segue.play.mix.pcm import Samples16

if TYPE_CHECKING:
    from av.container.core import Chapter as AvChapter

_MS = Fraction(1, 1000)
_AAC_FRAME = 1024
_AAC_FEWEST = 160  # samples for which another frame is begun: players play the whole of it, 20 ms too much


class Writer(Protocol):
    """Encodes a mix into one file."""

    def write(self, block: Samples16) -> None:
        """Encode the next samples ``(n, 2)``."""

    def finish(self) -> None:
        """Encode what is left and close the file."""

    def abandon(self) -> None:
        """Let go of the file as it is."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How a kind of file is written; ``overshoot_db`` is by how much its codec may raise the true peak."""

    kind: str
    container: str
    codec: str
    sample_format: str
    rate_hz: int
    bit_rate: int | None
    overshoot_db: float
    bytes_a_second: int


_CODINGS = {
    ".mp3": Coding("mp3", "mp3", "libmp3lame", "", MIX.sample_rate_hz, 320_000, 0.7, 40_000),
    ".m4a": Coding("m4a", "ipod", "aac", "fltp", MIX.sample_rate_hz, 256_000, 1.0, 33_000),
    ".opus": Coding("opus", "ogg", "libopus", "flt", 48_000, 192_000, 2.0, 32_000),
    ".flac": Coding("flac", "flac", "flac", "s16", MIX.sample_rate_hz, None, 0.0, 160_000),
    ".wav": Coding("wav", "wav", "pcm_s16le", "s16", MIX.sample_rate_hz, None, 0.0, 176_400),
}

_OPTIONS = {"m4a": {"aac_coder": "fast"}}  # the other searches twice as long for what nobody hears at this rate


def coding_for(target: Path) -> Coding:
    """How a file of this ending is written.

    Raises
    ------
    MixError
        If there is no encoder for it.
    """
    coding = _CODINGS.get(target.suffix.lower())
    if coding is None:
        raise MixError(
            f"no mix can be written as '{target.suffix or target.name}'",
            remedy=f"Let its name end in {', '.join(_CODINGS)}",
            path=target,
        )
    if coding.kind != "mp3" and coding.codec not in av.codecs_available:
        raise MixError(
            f"this installation has no encoder for it ({coding.codec})",
            remedy="Install PyAV's own wheel (pip install --force-reinstall --only-binary :all: av), or write an .mp3",
            path=target,
        )
    return coding


@dataclass(frozen=True, slots=True)
class Words:
    """All that a file says of itself."""

    title: str
    label: Label
    chapters: tuple[Chapter, ...]


def open_writer(path: Path, coding: Coding, words: Words, *, vbr: bool) -> Writer:
    """Begin a file; ``vbr`` is LAME's V0 and for MP3 alone."""
    if coding.kind == "mp3":
        return Mp3Writer(path, head=id3_of(words.title, words.label, words.chapters), vbr=vbr)
    return _AvWriter(path, coding, words)


class _AvWriter:
    def __init__(self, path: Path, coding: Coding, words: Words) -> None:
        self._path, self._coding, self._words = path, coding, words
        options = {"rf64": "auto"} if coding.kind == "wav" else {}
        options |= {"fflags": "+bitexact"}  # no serial number by chance, no version of the library
        self._out = av.open(str(path), "w", format=coding.container, options=options)
        if coding.kind != "wav":  # ID3 says it all, and players agree on it
            self._out.metadata.update(_native_tags(words, coding.kind))
        if coding.kind == "m4a":
            self._out.set_chapters([_av_chapter(number, chapter) for number, chapter in enumerate(words.chapters)])
        stream = self._out.add_stream(coding.codec, rate=coding.rate_hz, options=_OPTIONS.get(coding.kind, {}))
        assert isinstance(stream, AudioStream)
        self._stream = stream
        context: AudioCodecContext = stream.codec_context
        context.layout = "stereo"
        context.format = coding.sample_format
        if coding.bit_rate is not None:
            stream.bit_rate = coding.bit_rate
        self._resampler = Resampler(coding.rate_hz, channels=2)
        self._at = 0
        self._last: Samples16 = np.zeros((0, 2), np.int16)

    def write(self, block: Samples16) -> None:
        last, self._last = self._last, block
        if len(last):
            self._take(last)

    def _take(self, block: Samples16) -> None:
        if self._coding.sample_format == "s16":
            self._encode(block)
            return
        samples = block.astype(np.float32) * np.float32(1.0 / 32_768.0)
        for piece in self._resampler.take(samples, MIX.sample_rate_hz):
            self._encode(piece)

    def finish(self) -> None:
        over = (self._at + len(self._last)) % _AAC_FRAME
        cut = over if self._coding.codec == "aac" and over < _AAC_FEWEST else 0
        self._take(self._last[: len(self._last) - cut])
        for piece in self._resampler.end():
            self._encode(piece)
        self._out.mux(self._stream.encode(None))
        self._out.close()
        words = self._words
        if self._coding.kind == "wav":
            append_id3(self._path, id3_of(words.title, words.label, words.chapters))
        elif words.label.cover is not None:
            add_cover(self._path, words.label.cover, kind=self._coding.kind)

    def abandon(self) -> None:
        with suppress(OSError, av.error.FFmpegError):  # a full disk has been told of already
            self._out.close()

    def _encode(self, samples: np.ndarray) -> None:
        """Hand interleaved samples ``(n, 2)`` to the encoder."""
        planar = self._coding.sample_format.endswith("p")
        data = np.ascontiguousarray(samples.T if planar else samples.reshape(1, -1))  # (2, n) or (1, 2 n)
        frame = av.AudioFrame.from_ndarray(data, format=self._coding.sample_format, layout="stereo")
        frame.sample_rate, frame.time_base = self._coding.rate_hz, Fraction(1, self._coding.rate_hz)
        frame.pts = self._at
        self._at += len(samples)
        self._out.mux(self._stream.encode(frame))


def _native_tags(words: Words, kind: str) -> dict[str, str]:
    found = comments_of(words.title, words.label, words.chapters)
    if kind in ("flac", "opus"):  # FFmpeg writes none of them to FLAC, and to Ogg some a second late
        found |= vorbis_chapters(words.chapters)
    if kind == "opus" and words.label.cover is not None:
        found["METADATA_BLOCK_PICTURE"] = vorbis_picture(words.label.cover)
    return found


def _av_chapter(number: int, chapter: Chapter) -> AvChapter:
    return {
        "id": number,
        "start": round(chapter.begin_s * 1000.0),
        "end": round(chapter.end_s * 1000.0),
        "time_base": _MS,
        "metadata": {"title": chapter.title},
    }
