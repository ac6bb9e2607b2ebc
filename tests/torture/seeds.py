"""The sound files that are broken afterwards: one short song in every container that the system's ffmpeg writes."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import numpy as np

from tests.songs import RATE_HZ, tone_song, write_song

SECONDS = 11.0
_TAGS = ("-metadata", "title=Whole", "-metadata", "artist=Nobody", "-metadata", "album=Seeds")
_FORMS: dict[str, tuple[str, ...]] = {
    "song.mp3": ("-b:a", "96k", "-ac", "2"),
    "vbr.mp3": ("-q:a", "6"),
    "plain.mp3": ("-b:a", "64k", "-id3v2_version", "0", "-write_xing", "0", "-map_metadata", "-1"),
    "low.mp3": ("-b:a", "32k", "-ar", "16000", "-id3v2_version", "0", "-write_xing", "0"),
    "aac.m4a": ("-b:a", "64k", "-movflags", "+faststart"),
    "tail.m4a": ("-b:a", "64k"),
    "alac.m4a": ("-c:a", "alac", "-sample_fmt", "s16p"),
    "parts.mp4": ("-b:a", "64k", "-movflags", "frag_keyframe+empty_moov+default_base_moof"),
    "song.flac": (),
    "other.flac": ("-ar", "44100", "-ac", "2"),
    "vorbis.ogg": ("-c:a", "libvorbis", "-ac", "2"),
    "flac.ogg": ("-c:a", "flac"),
    "song.opus": ("-c:a", "libopus", "-b:a", "48k", "-ac", "2"),
    "song.wma": ("-c:a", "wmav2", "-b:a", "64k"),
    "song.wv": ("-c:a", "wavpack"),
    "song.wav": (),
    "float.wav": ("-c:a", "pcm_f32le"),
    "song.aiff": (),
    "song.au": (),
    "song.caf": (),
    "song.w64": (),
    "song.mka": ("-c:a", "libvorbis"),
    "song.webm": ("-c:a", "libopus", "-b:a", "48k"),
    "song.mp2": ("-b:a", "96k"),
    "song.ac3": ("-b:a", "96k"),
    "song.aac": ("-b:a", "64k", "-f", "adts"),
    "low.aac": ("-b:a", "32k", "-ar", "16000", "-f", "adts"),
}
CONTAINERS = tuple(name for name in _FORMS if name not in ("low.mp3", "low.aac", "other.flac"))
_CODECS = {".m4a": ("-c:a", "aac"), ".mp4": ("-c:a", "aac")}


class Seeds:
    """Whole files by name, made once in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        source = write_song(folder / "source.wav", 1, seconds=SECONDS)
        command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(source)]
        for name, options in _FORMS.items():
            codec = () if "-c:a" in options else _CODECS.get(Path(name).suffix, ())
            command += [*_TAGS, *codec, *options, str(folder / name)]
        film = ["-f", "lavfi", "-i", "testsrc=size=64x64:rate=5", "-t", "3", "-an", str(folder / "mute.mp4")]
        subprocess.run(command, check=True)
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *film], check=True)

    def __getitem__(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()


@cache
def samples() -> np.ndarray:
    """The seed's samples ``(n,)`` float32 at 22,050 Hz."""
    return tone_song(1, seconds=SECONDS)


__all__ = ["CONTAINERS", "RATE_HZ", "SECONDS", "Seeds", "samples"]
