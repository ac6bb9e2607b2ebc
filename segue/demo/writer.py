"""Writing a demo track to a file: the codec (PyAV's own encoders) and the tags with their cover (mutagen)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TALB, TCON, TDRC, TIT2, TPE1, TRCK
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggvorbis import OggVorbis

from segue.demo.desk import RATE_HZ
from segue.values import Artwork, Floats

_FRAME = 1 << 16


@dataclass(frozen=True, slots=True)
class Label:
    """What the tags of a track say."""

    title: str
    artist: str
    album: str
    genre: str
    year: int
    number: int
    of: int
    cover: Artwork


@dataclass(frozen=True, slots=True)
class _Coding:
    container: str
    codec: str
    sample_format: str
    bit_rate: int | None
    options: dict[str, str]


def _coding(extension: str) -> _Coding:
    """How each kind of file is coded; Vorbis by libvorbis where PyAV brings it, else by FFmpeg's own encoder."""
    if extension == "ogg":
        if "libvorbis" in av.codecs_available:
            return _Coding("ogg", "libvorbis", "fltp", 144_000, {})
        return _Coding("ogg", "vorbis", "fltp", 144_000, {"strict": "experimental"})
    return {
        "mp3": _Coding("mp3", "libmp3lame", "fltp", 160_000, {"compression_level": "7"}),
        "m4a": _Coding("ipod", "aac", "fltp", 192_000, {"aac_coder": "fast"}),
        "flac": _Coding("flac", "flac", "s16", None, {"compression_level": "5"}),
    }[extension]


def write_audio(path: Path, samples: Floats, *, extension: str) -> None:
    """Encode ``(2, n)`` samples at 44.1 kHz in [-1, 1] as mp3, m4a (AAC), flac (16 bit) or ogg (Vorbis).

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    coding = _coding(extension)
    with av.open(str(path), "w", format=coding.container) as out:
        stream = out.add_stream(coding.codec, rate=RATE_HZ, options=coding.options)
        assert isinstance(stream, AudioStream)
        stream.codec_context.layout = "stereo"
        stream.codec_context.format = coding.sample_format
        if coding.bit_rate is not None:
            stream.bit_rate = coding.bit_rate
        for start in range(0, samples.shape[1], _FRAME):
            out.mux(stream.encode(_frame(samples[:, start : start + _FRAME], start, coding.sample_format)))
        out.mux(stream.encode(None))


def _frame(samples: Floats, start: int, sample_format: str) -> av.AudioFrame:
    if sample_format == "s16":
        block = np.ascontiguousarray(np.rint(samples * 32_767.0).astype(np.int16).T).reshape(1, -1)  # (1, 2 n)
        frame = av.AudioFrame.from_ndarray(block, format="s16", layout="stereo")
    else:
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format=sample_format, layout="stereo")
    frame.sample_rate = RATE_HZ
    frame.pts = start
    frame.time_base = Fraction(1, RATE_HZ)
    return frame


def write_tags(path: Path, label: Label, *, extension: str) -> None:
    """Write title, artist, album, genre, year, track number and cover in the manner of the file's kind."""
    {"mp3": _tag_mp3, "m4a": _tag_m4a, "flac": _tag_flac, "ogg": _tag_ogg}[extension](path, label)


def _tag_mp3(path: Path, label: Label) -> None:
    tags = ID3()
    for frame, text in (
        (TIT2, label.title),
        (TPE1, label.artist),
        (TALB, label.album),
        (TCON, label.genre),
        (TDRC, str(label.year)),
        (TRCK, f"{label.number}/{label.of}"),
    ):
        tags.add(frame(encoding=3, text=text))
    tags.add(APIC(encoding=0, mime=label.cover.mime, type=3, desc="Cover", data=label.cover.data))
    tags.save(path)


def _tag_m4a(path: Path, label: Label) -> None:
    file = MP4(path)
    file["\xa9nam"] = label.title
    file["\xa9ART"] = label.artist
    file["\xa9alb"] = label.album
    file["\xa9gen"] = label.genre
    file["\xa9day"] = str(label.year)
    file["trkn"] = [(label.number, label.of)]
    file["covr"] = [MP4Cover(label.cover.data, imageformat=MP4Cover.FORMAT_JPEG)]
    file.save()


def _comments(label: Label) -> dict[str, str]:
    return {
        "title": label.title,
        "artist": label.artist,
        "album": label.album,
        "genre": label.genre,
        "date": str(label.year),
        "tracknumber": str(label.number),
        "tracktotal": str(label.of),
    }


def _picture(label: Label) -> Picture:
    picture = Picture()
    picture.type, picture.mime, picture.desc, picture.data = 3, label.cover.mime, "Cover", label.cover.data
    return picture


def _tag_flac(path: Path, label: Label) -> None:
    file = FLAC(path)
    for name, text in _comments(label).items():
        file[name] = text
    file.add_picture(_picture(label))
    file.save()


def _tag_ogg(path: Path, label: Label) -> None:
    file = OggVorbis(path)
    for name, text in _comments(label).items():
        file[name] = text
    file["metadata_block_picture"] = [base64.b64encode(_picture(label).write()).decode("ascii")]
    file.save()
