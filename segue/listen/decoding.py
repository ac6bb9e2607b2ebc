"""Open any file by its content and decode it to frames; refuse what is no audio, protected, or names other files."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import IO, cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from numpy.typing import NDArray

from segue.config import AUDIO
from segue.errors import (
    AudioError,
    DamagedAudioError,
    NotAudioError,
    PlaylistFileError,
    ProtectedAudioError,
    SilentError,
    UnsupportedAudioError,
)
from segue.ffmpeg import MODULE_FORMATS, find_ffmpeg, wav_stream
from segue.files import access_error, written_bytes
from segue.words import later, number, say

log = logging.getLogger(__name__)

Planes = NDArray[np.number]
"""Samples by channel, ``(c, n)``: float or integer, as the decoder makes them."""

FORMATS = (
    "aac,ac3,eac3,act,adx,aea,aiff,aix,alp,amr,amrnb,amrwb,apac,ape,aptx,asf,ast,au,avi,avr,bonk,brstm,caf,daud,dff,dsf,dts,dtshd,"
    "dv,epaf,flac,flv,gsm,hca,ircam,kux,laf,lc3,live_flv,loas,matroska,webm,mlp,mmf,mov,mp4,m4a,3gp,mp3,mpc,mpc8,mpeg,mpegts,"
    "mpegvideo,msf,mxf,nist,nsv,nut,oga,ogg,ogv,oma,osq,paf,pvf,qcp,qoa,r3d,rm,rso,sbc,sds,sln,smjpeg,sol,sox,swf,tak,truehd,tta,"
    "voc,vqf,w64,wady,wav,wsaud,wsd,wtv,wv,xa,xwma"
)
"""Demuxers of files that hold audio themselves; playlists (hls, dash, concat, sdp ...) could name other files."""
_PROTECTED_TAGS = {"drms": "FairPlay", "enca": "common encryption", "aavd": "Audible"}
_ASF_ENCRYPTION = (
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),  # content encryption object
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"),  # extended content encryption object
)
_MOST_CHANNELS = 8  # a fuzzed AAC made the decoder claim 19 and read past its planes
_HEADER_BYTES = 1 << 24
_HOLLOW_BYTES, _HOLLOW_SHARE = 100_000_000, 0.01  # larger files of which less than this was ever written are refused
_TYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
_RATES_HZ = (1_000, 1_600_000)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a file holds its sound, in FFmpeg's words; ``has_video`` means moving pictures, not a cover."""

    container: str
    codec: str
    profile: str
    has_video: bool


def encoding_of(path: Path) -> Encoding:
    """Look at a file's container and codec; raises as `iter_samples` does for what is no audio."""
    if is_module(read_head(path)):
        return Encoding("module", "module", "", has_video=False)
    with open_audio(path) as container:
        context = audio_stream(container, path).codec_context
        pictures = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        return Encoding(container.format.name, context.codec.canonical_name, context.profile or "", bool(pictures))


def sound_digest(path: Path) -> str:
    """A hash of a file's sound as it is encoded, whatever its tags; raises as `encoding_of` does."""
    digest = hashlib.blake2b(digest_size=16)
    with open_audio(path) as container:
        for packet in container.demux(audio_stream(container, path)):
            digest.update(bytes(packet))
    return digest.hexdigest()


@dataclass(slots=True)
class Tally:
    """What went wrong on the way, to be judged at the end."""

    good_packets: int = 0
    bad_packets: int = 0
    crowded_packets: int = 0  # of the bad ones, those of more channels than can be heard
    channels: int = 0
    samples: int = 0
    bad_samples: int = 0

    @property
    def is_bad(self) -> bool:
        """Whether more than a little is damaged."""
        packets = self.good_packets + self.bad_packets
        return (
            self.bad_packets > AUDIO.most_bad_share * packets or self.bad_samples > AUDIO.most_bad_share * self.samples
        )

    def check(self, path: Path, got_samples: int) -> None:
        """Raise what has to be said of a file that is decoded to its end; a little damage is only logged."""
        packets = self.good_packets + self.bad_packets
        if got_samples == 0 and self.bad_packets == 0:
            raise NotAudioError(
                later("its audio stream is empty"), remedy=later("Replace or delete the file"), path=path
            )
        if 2 * self.crowded_packets > packets:
            raise UnsupportedAudioError(
                say(
                    "it has {channels} channels, more than {most_channels} channels",
                    channels=self.channels,
                    most_channels=_MOST_CHANNELS,
                ),
                remedy=later("Convert it to stereo"),
                path=path,
            )
        if got_samples == 0 or self.bad_packets > AUDIO.most_bad_share * packets:
            raise DamagedAudioError(
                say("{bad_packets} of {packets} packets do not decode", bad_packets=self.bad_packets, packets=packets),
                remedy=later("Replace it with an undamaged copy"),
                path=path,
            )
        if self.bad_samples > AUDIO.most_bad_share * self.samples:
            raise SilentError(
                say(
                    "{bad_samples} of {samples} samples are not finite numbers, or beyond any recording",
                    bad_samples=self.bad_samples,
                    samples=self.samples,
                ),
                remedy=later("Export it anew"),
                path=path,
            )
        if self.bad_packets or self.bad_samples:
            log.info("%s: passed over %d damaged packets and %d samples", path, self.bad_packets, self.bad_samples)


@contextmanager
def open_audio(path: Path) -> Iterator[InputContainer]:
    """Open a file as what it is by its content; raises as `iter_samples` does."""
    head = read_head(path)
    _refuse_playlist(head, path)
    _refuse_hollow(path)
    if is_module(head):
        with _decode_module(path) as stream, _av_open(stream, path, formats="wav") as container:
            yield container
    else:
        if any(mark in head for mark in _ASF_ENCRYPTION):
            raise _protected("Windows Media DRM", path)
        with _av_open(os.path.abspath(path), path, formats=FORMATS) as container:  # noqa: PTH100 - keeps odd bytes
            yield container


@contextmanager
def open_pipe(stream: IO[bytes]) -> Iterator[InputContainer]:
    """Open audio that comes through a pipe, as what it is by its content; raises as `iter_samples` does."""
    pipe = _Pipe(stream)
    path = Path("-")
    if not pipe.head:
        raise NotAudioError(
            later("nothing came through the pipe"), remedy=later("Look whether its writer failed"), path=path
        )
    _refuse_playlist(pipe.head, path)
    with _av_open(cast("IO[bytes]", pipe), path, formats=FORMATS) as container:  # PyAV asks for read alone
        yield container


class _Pipe:
    """A pipe whose first bytes have been looked at."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.head = stream.read(4096)
        self._unread = self.head

    def read(self, size: int) -> bytes:
        """The next bytes, none at the end."""
        if self._unread:
            found, self._unread = self._unread[:size], self._unread[size:]
            return found
        return self._stream.read1(size) if hasattr(self._stream, "read1") else self._stream.read(size)


def _refuse_hollow(path: Path) -> None:
    """A file of which hardly anything was written would be searched for sound to its end, however far that is."""
    size = path.stat().st_size
    if size > _HOLLOW_BYTES and (written := written_bytes(path)) < _HOLLOW_SHARE * size:
        raise DamagedAudioError(
            say(
                "of its {size} MB only {written} were ever written, as when a download breaks off",
                size=f"{size / 1e6:.0f}",
                written=number(written / 1e6, 1),
            ),
            remedy=later("Get it anew"),
            path=path,
        )


def read_head(path: Path) -> bytes:
    """The first 64 KiB of a file that is there, may be read and is not empty."""
    try:
        with path.open("rb") as file:
            head = file.read(65_536)
    except OSError as error:
        raise access_error(error, path) from error
    if not head:
        raise NotAudioError(later("the file is empty"), remedy=later("Replace or delete it"), path=path)
    return head


def _refuse_playlist(head: bytes, path: Path) -> None:
    start = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"#extm3u", b"[playlist]", b"ffconcat", b"v=0\r", b"v=0\n")) or (
        start.startswith(b"<") and any(tag in start for tag in (b"<mpd", b"<playlist", b"<asx", b"<smil", b"<assetmap"))
    ):
        raise PlaylistFileError(
            later("it is a playlist, not a song; playlists can make a decoder read other files"),
            remedy=later("Scan the songs it names"),
            path=path,
        )


def is_module(head: bytes) -> bool:
    """Whether a file starts as Impulse Tracker, FastTracker, ScreamTracker or Amiga modules do."""
    amiga = (b"M.K.", b"M!K!", b"FLT4", b"FLT8", b"4CHN", b"6CHN", b"8CHN", b"OCTA", b"CD81")
    return head.startswith((b"IMPM", b"Extended Module: ")) or head[44:48] == b"SCRM" or head[1080:1084] in amiga


@contextmanager
def _decode_module(path: Path) -> Iterator[IO[bytes]]:
    remedy = later("Install ffmpeg with libopenmpt (Debian: apt install ffmpeg; Mac: brew install ffmpeg)")
    if find_ffmpeg() is None:
        raise UnsupportedAudioError(
            later("it is a tracker module, and there is no ffmpeg to play it"), remedy=remedy, path=path
        )
    with wav_stream(path, formats=MODULE_FORMATS) as stream:
        yield stream


@contextmanager
def _av_open(source: str | IO[bytes], path: Path, *, formats: str) -> Iterator[InputContainer]:
    options = {"protocol_whitelist": "file,pipe", "format_whitelist": formats}
    try:
        with av.open(source, mode="r", options=options, metadata_errors="replace") as container:
            yield container
    except av.error.HTTPError as error:
        raise PlaylistFileError(
            later("it points to the network"), remedy=later("Download the music first"), path=path
        ) from error
    except (av.error.InvalidDataError, av.error.EOFError) as error:
        raise NotAudioError(
            later("there is no audio in it that can be decoded"),
            remedy=later("If it should be a song, get another copy"),
            path=path,
        ) from error
    except av.error.DecoderNotFoundError as error:
        raise UnsupportedAudioError(
            later("there is no decoder for its codec"), remedy=later("Convert it to FLAC or MP3"), path=path
        ) from error
    except av.error.FFmpegError as error:
        raise _explained(error, path) from error


def _explained(error: av.error.FFmpegError, path: Path) -> Exception:
    if error.errno in (errno.EIO, errno.EPERM):  # FFmpeg says so of a disk, and of a header, that makes no sense
        return _broken_header(path)
    if isinstance(error, OSError) and error.errno in (2, 13, 20, 21, 36, 40):
        return access_error(OSError(error.errno, error.strerror), path)
    told = "its header asks for more memory than there is" if error.errno == errno.ENOMEM else error.strerror
    what, remedy = f"it cannot be opened as audio ({told})", "If it should be a song, get another copy"
    return NotAudioError(what, remedy=remedy, path=path)


def _broken_header(path: Path) -> Exception:
    try:
        with path.open("rb") as file:
            file.read(_HEADER_BYTES)
    except OSError as error:
        return access_error(error, path)
    return DamagedAudioError(
        later("its header is damaged or cut off"), remedy=later("Replace it with an undamaged copy"), path=path
    )


def audio_stream(container: InputContainer, path: Path) -> AudioStream:
    """The first stream of sound, to be decoded on one thread, since workers are the parallelism."""
    if not container.streams.audio:
        raise NotAudioError(later("it holds no audio stream"), remedy=later("Leave it out"), path=path)
    stream = container.streams.audio[0]
    context = stream.codec_context
    if context is None:
        raise UnsupportedAudioError(
            later("there is no decoder for its codec"), remedy=later("Convert it to FLAC or MP3"), path=path
        )
    if (tag := _codec_tag(context)) in _PROTECTED_TAGS:
        raise _protected(_PROTECTED_TAGS[tag], path)
    context.thread_count = 1
    return stream


def _codec_tag(context: AudioCodecContext) -> str:
    """The four letters that a container has for the codec; "" where they are none (PyAV reads them as ASCII)."""
    try:
        return context.codec_tag
    except UnicodeDecodeError:
        return ""


def _protected(scheme: str, path: Path) -> AudioError:
    return ProtectedAudioError(
        say("it is protected ({scheme}) and cannot be decoded", scheme=scheme),
        remedy=later("Get a copy without copy protection"),
        path=path,
    )


def iter_sound(container: InputContainer, stream: AudioStream, tally: Tally) -> Iterator[AudioFrame]:
    """Decode packet by packet, so that one damaged packet costs itself and no more."""
    failures_in_a_row = 0
    decode = stream.codec_context.decode
    while failures_in_a_row < 50:  # a demuxer that cannot find its feet again will not after fifty tries
        try:
            for packet in container.demux(stream):
                failures_in_a_row = 0
                try:
                    frames = decode(packet)
                except av.error.FFmpegError:
                    tally.bad_packets += 1
                    continue
                if len(frames) == 1 and frames[0].samples > 0 and is_plausible(frames[0]):  # nearly always
                    tally.good_packets += 1
                    yield frames[0]
                else:
                    yield from _good_frames(frames, tally)
            return
        except av.error.FFmpegError:
            failures_in_a_row += 1
            tally.bad_packets += 1


def _good_frames(frames: list[AudioFrame], tally: Tally) -> list[AudioFrame]:
    """The frames of a packet that may be touched."""
    sound = [frame for frame in frames if frame.samples > 0]
    good = [frame for frame in sound if is_plausible(frame)]
    if len(good) == len(sound):
        tally.good_packets += 1
    else:
        tally.bad_packets += 1
        channels = max(frame.layout.nb_channels for frame in sound)
        tally.crowded_packets += channels > _MOST_CHANNELS
        tally.channels = max(tally.channels, channels)
    return good


@dataclass(frozen=True, slots=True)
class Sought:
    """Where a demuxer landed, in seconds from the start, and the frames from there on."""

    time_s: float
    frames: Iterator[AudioFrame]


def seek(container: InputContainer, stream: AudioStream, to_s: float, *, tally: Tally) -> Sought | None:
    """Go to the last place at or before a time, or to the beginning; None where that cannot be done."""
    origin_us = max(container.start_time or 0, 0)
    try:
        container.seek(round(max(to_s, 0.0) * 1e6) + origin_us)
    except av.error.FFmpegError:
        return None
    frames = iter_sound(container, stream, tally)
    first = next(frames, None)
    if first is None or first.time is None:
        return None
    return Sought(first.time - origin_us / 1e6, chain([first], frames))


def is_plausible(sound: AudioFrame | AudioCodecContext) -> bool:
    """Whether what a decoder says of its samples may be believed."""
    return 1 <= sound.layout.nb_channels <= _MOST_CHANNELS and _RATES_HZ[0] <= sound.sample_rate <= _RATES_HZ[1]


def iter_joined(frames: Iterator[AudioFrame], *, behind: int = 0) -> Iterator[AudioFrame]:
    """Join frames of one kind to some of about a second: what follows costs by the call, and codecs cut small.

    The first ``behind`` samples are left out.
    """
    fifo, kind = AudioFifo(), (0, 0, "")
    for frame in frames:
        if frame.samples <= behind:
            behind -= frame.samples
            continue
        rate_hz = frame.sample_rate
        if (now := (rate_hz, frame.layout.nb_channels, frame.format.name)) != kind:
            if (rest := fifo.read()) is not None:
                yield rest
            fifo, kind = AudioFifo(), now
        frame.pts = None  # the times of damaged files jump, which the queue would not take
        fifo.write(frame)
        if behind:
            fifo.read(behind)
            behind = 0
        if fifo.samples >= rate_hz and (joined := fifo.read()) is not None:
            yield joined
    if (rest := fifo.read()) is not None:
        yield rest


def planes_of(frame: AudioFrame) -> Planes:
    """A frame's samples by channel ``(c, n)``, of whatever type they are decoded to; a view where that can be."""
    channels, count, planes = frame.layout.nb_channels, frame.samples, frame.planes
    kind = np.dtype(_TYPES[frame.format.packed.name])
    if not frame.format.is_planar:
        return np.frombuffer(memoryview(planes[0]), kind, count * channels).reshape(-1, channels).T  # (c, n)
    first = np.frombuffer(memoryview(planes[0]), kind, count)
    starts = [plane.buffer_ptr for plane in planes]
    steps = {after - before for before, after in pairwise(starts)} or {first.nbytes}
    if len(steps) > 1:
        return np.stack([np.frombuffer(memoryview(plane), kind, count) for plane in planes])
    # All of them live as long as the first one does, which holds the frame.
    return np.lib.stride_tricks.as_strided(first, (channels, count), (steps.pop(), kind.itemsize), writeable=False)
