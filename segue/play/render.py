"""What a browser can play as it is, and FLAC copies of what it cannot.

FLAC, because a first click should not wait: two minutes of ALAC take 0.7 s on one core where MP3, AAC and Opus take
2.4 to 6.6 s; because nothing is lost; and because it seeks: every frame carries its sample number, so a browser
finds any second of it by a few Range requests. WAV is as quick, but half as large again and ends at 4 GB.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from segue.errors import ParameterError
from segue.files import access_error, atomic_write
from segue.listen.decoding import Tally, encoding_of
from segue.listen.whole import iter_frames
from segue.values import TrackId

log = logging.getLogger(__name__)

TRANSCODED_MIME = "audio/flac"

_PLAYABLE = {
    ("mp3", "mp3"): "audio/mpeg",
    ("mov", "aac"): "audio/mp4",
    ("aac", "aac"): "audio/aac",
    ("flac", "flac"): "audio/flac",
    ("ogg", "vorbis"): "audio/ogg",
    ("ogg", "opus"): "audio/ogg",
    ("wav", "pcm_u8"): "audio/wav",
    ("wav", "pcm_s16le"): "audio/wav",
    ("wav", "pcm_s24le"): "audio/wav",
    ("wav", "pcm_f32le"): "audio/wav",
}
"""(first name of FFmpeg's demuxer, codec) -> content type, for what both Chromium and Firefox play."""

_AAC_PROFILES = ("", "LC", "HE-AAC", "HE-AACv2")
_RATES_HZ = (8_000, 48_000)
"""Rates outside are resampled to the upper one: nobody hears the difference, and some sound cards refuse them."""

_STALE_S = 3600.0
"""An unfinished copy that has not grown for an hour was left by a process that died."""


def browser_mime(path: Path) -> str | None:
    """Content type of a file that Chromium and Firefox play as it is, judged by its content; None if it needs a copy.

    Raises
    ------
    AudioError
        If there is nothing to play in it.
    FileAccessError
        If it cannot be read.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise access_error(error, path) from error
    return _judged(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)  # a browser asks for a song piece by piece
def _judged(path: Path, _size: int, _mtime_ns: int) -> str | None:
    """Content type of a file as it stood when it had this size and time."""
    encoding = encoding_of(path)
    mime = _PLAYABLE.get((encoding.container.split(",")[0], encoding.codec))
    if mime is None or encoding.has_video:
        return None
    if encoding.codec == "aac" and encoding.profile not in _AAC_PROFILES:
        return None
    if mime == "audio/wav" and not _is_riff(path):  # RF64 goes by the same name in FFmpeg; Firefox does not know it
        return None
    return mime


def transcode(path: Path, target: Path) -> None:
    """Write the sound of any file as 16-bit FLAC, mono or stereo; ``target`` appears when it is whole, or not at all.

    Raises
    ------
    AudioError
        If there is nothing to play in the file.
    FileAccessError
        If it cannot be read, or the target not written.
    """
    started = time.monotonic()
    with atomic_write(target) as unfinished, av.open(os.fspath(unfinished), "w", format="flac") as output:
        frames = iter_frames(path, Tally())
        first = next(frames)  # a file without a frame is refused by then
        rate_hz = first.sample_rate if _RATES_HZ[0] <= first.sample_rate <= _RATES_HZ[1] else _RATES_HZ[1]
        layout = "mono" if first.layout.nb_channels == 1 else "stereo"
        stream = output.add_stream("flac", rate=rate_hz, layout=layout)
        for frame in _conformed(_chain(first, frames), rate_hz=rate_hz, layout=layout):
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    log.info("%s: copied to FLAC in %.1f s", path, time.monotonic() - started)


class TranscodeCache:
    """FLAC copies in a folder of bounded size; those that were not played for longest make room."""

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        if max_bytes <= 0:
            raise ParameterError(f"the cache has {max_bytes} bytes", remedy="Give it more than 0")
        self._folder = folder
        self._max_bytes = max_bytes
        self._guard = threading.Lock()
        self._making: dict[TrackId, tuple[threading.Lock, int]] = {}

    def get(self, track_id: TrackId, source: Path) -> Path:
        """The copy of a track, made now if need be; whoever asks for it meanwhile waits for the same one.

        Raises
        ------
        AudioError
            If there is nothing to play in the source.
        FileAccessError
            If the source cannot be read, or the folder not written.
        """
        copy = self._folder / f"{track_id}.flac"
        with self._alone(track_id):
            if not _touch(copy):
                transcode(source, copy)
                self._make_room(keep=copy)
        return copy

    @contextmanager
    def _alone(self, track_id: TrackId) -> Iterator[None]:
        """Hold the track's own lock, which lives as long as somebody waits for it."""
        with self._guard:
            lock, users = self._making.get(track_id, (threading.Lock(), 0))
            self._making[track_id] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, users = self._making.pop(track_id)
                if users > 1:
                    self._making[track_id] = (lock, users - 1)

    def _make_room(self, *, keep: Path) -> None:
        """Delete the copies that were not played for longest, and what dead processes left unfinished."""
        with self._guard:
            copies: list[tuple[float, int, Path]] = []
            for path in self._folder.glob("*.flac"):
                try:
                    status = path.stat()
                except FileNotFoundError:  # another process makes room as well
                    continue
                if path.name.startswith("."):
                    if time.time() - status.st_mtime > _STALE_S:
                        path.unlink(missing_ok=True)
                else:
                    copies.append((status.st_mtime, status.st_size, path))
            surplus = sum(size for _, size, _ in copies) - self._max_bytes
            for _, size, path in sorted(copies):
                if surplus <= 0:
                    return
                if path != keep:
                    path.unlink(missing_ok=True)
                    surplus -= size


def _is_riff(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"RIFF"
    except OSError as error:
        raise access_error(error, path) from error


def _chain(first: AudioFrame, rest: Iterator[AudioFrame]) -> Iterator[AudioFrame]:
    yield first
    yield from rest


def _conformed(frames: Iterator[AudioFrame], *, rate_hz: int, layout: str) -> Iterator[AudioFrame]:
    """The frames as 16-bit of one rate and layout, counted on without gaps; either may change in mid-file."""
    resampler: AudioResampler | None = None
    shape: tuple[str, str, int] | None = None
    done_samples = 0
    for frame in _ended(frames):
        ready: list[AudioFrame] = []
        now = None if frame is None else (frame.format.name, frame.layout.name, frame.sample_rate)
        if resampler is not None and now != shape:
            ready += resampler.resample(None)
        if frame is not None:
            if resampler is None or now != shape:
                resampler, shape = AudioResampler(format="s16", layout=layout, rate=rate_hz), now
            frame.pts = None
            ready += resampler.resample(frame)
        for piece in ready:
            piece.pts, piece.time_base = done_samples, Fraction(1, rate_hz)
            done_samples += piece.samples
            yield piece


def _ended(frames: Iterator[AudioFrame]) -> Iterator[AudioFrame | None]:
    """The frames, then None: the sign to flush."""
    yield from frames
    yield None


def _touch(path: Path) -> bool:
    """Mark a copy as just played; False if it is not there."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise access_error(error, path) from error
    return True
