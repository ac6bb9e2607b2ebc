"""Decode any file to mono float32, by content, as a stream; refuse what is empty, endless, damaged or not audio."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import av
import numpy as np
import soxr
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from numpy.typing import NDArray

from segue.config import AUDIO, SPECCY_MEL
from segue.errors import (
    AudioError,
    DamagedAudioError,
    NotAudioError,
    PlaylistFileError,
    ProtectedAudioError,
    SilentError,
    TooLongError,
    UnsupportedAudioError,
)
from segue.ffmpeg import MODULE_FORMATS, find_ffmpeg, wav_stream
from segue.files import access_error
from segue.values import Floats

log = logging.getLogger(__name__)

# Demuxers of files that hold audio themselves; playlists (hls, dash, concat, sdp ...) could name other files or URLs.
_FORMATS = (
    "aac,ac3,eac3,act,adx,aea,aiff,aix,alp,amr,amrnb,amrwb,apac,ape,aptx,asf,ast,au,avi,avr,bonk,brstm,caf,daud,dff,dsf,dts,dtshd,"
    "dv,epaf,flac,flv,gsm,hca,ircam,kux,laf,lc3,live_flv,loas,matroska,webm,mlp,mmf,mov,mp4,m4a,3gp,mp3,mpc,mpc8,mpeg,mpegts,"
    "mpegvideo,msf,mxf,nist,nsv,nut,oga,ogg,ogv,oma,osq,paf,pvf,qcp,qoa,r3d,rm,rso,sbc,sds,sln,smjpeg,sol,sox,swf,tak,truehd,tta,"
    "voc,vqf,w64,wady,wav,wsaud,wsd,wtv,wv,xa,xwma"
)
_PROTECTED_TAGS = {"drms": "FairPlay", "enca": "common encryption", "aavd": "Audible"}
_ASF_ENCRYPTION = (
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),  # content encryption object
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"),  # extended content encryption object
)
_MOST_CHANNELS = 8  # a fuzzed AAC made the decoder claim 19 and read past its planes
_RATES_HZ = (1_000, 1_600_000)
_LOUDEST = 1e4  # beyond any float recording: such samples are damage, and would overflow the power spectrum
_FULL_SCALE = {"u1": 2.0**7, "i2": 2.0**15, "i4": 2.0**31, "i8": 2.0**63}


def read_samples(path: Path, *, sample_rate_hz: int = SPECCY_MEL.sample_rate_hz) -> Floats:
    """Decode a whole file; see `iter_samples`.

    Returns
    -------
    (n,) float32
        Mono samples, full scale 1.0, n > 0.
    """
    return np.concatenate(list(iter_samples(path, sample_rate_hz=sample_rate_hz)))


def iter_samples(path: Path, *, sample_rate_hz: int = SPECCY_MEL.sample_rate_hz) -> Iterator[Floats]:
    """Decode a file block by block to mono at ``sample_rate_hz``.

    Channels are averaged; the resampler is soxr HQ, which is part of every ear. Damaged packets are passed over, as
    players do.

    Yields
    ------
    (n,) float32
        Some seconds of samples, full scale 1.0; n > 0.

    Raises
    ------
    FileAccessError, NotAudioError, DamagedAudioError, ProtectedAudioError, PlaylistFileError, UnsupportedAudioError,
    TooLongError, SilentError
        Each naming the file, the cause and the remedy.
    """
    tally = _Tally()
    resampler = _Resampler(sample_rate_hz)
    held: list[Floats] = []
    held_samples = got_samples = 0
    most_samples = AUDIO.longest_s * sample_rate_hz
    for block in resampler.run(_iter_mono(path, tally)):
        held.append(block)
        held_samples += len(block)
        got_samples += len(block)
        if got_samples > most_samples:
            raise TooLongError(
                f"it is longer than {AUDIO.longest_s / 3600:g} hours, or endless",
                remedy="Cut it into tracks",
                path=path,
            )
        if held_samples >= AUDIO.block_s * sample_rate_hz:
            yield np.concatenate(held)
            held, held_samples = [], 0
    tally.check(path, got_samples)
    if held:
        yield np.concatenate(held)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a file holds its sound, in FFmpeg's words; ``has_video`` means moving pictures, not a cover."""

    container: str
    codec: str
    profile: str
    has_video: bool


def encoding_of(path: Path) -> Encoding:
    """Look at a file's container and codec; raises as `iter_samples` does for what is no audio."""
    if _is_module(_read_head(path)):
        return Encoding("module", "module", "", has_video=False)
    with _open(path) as container:
        context = _audio_stream(container, path).codec_context
        pictures = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        return Encoding(container.format.name, context.codec.canonical_name, context.profile or "", bool(pictures))


def iter_frames(path: Path) -> Iterator[AudioFrame]:
    """Decode a file to frames as they stand in it, any rate and layout; raises as `iter_samples` does."""
    tally = _Tally()
    got_samples = 0
    with _open(path) as container:
        for frame in _iter_frames(container, _audio_stream(container, path), tally):
            got_samples += frame.samples
            yield frame
    tally.check(path, got_samples)


@dataclass(slots=True)
class _Tally:
    """What went wrong on the way, to be judged at the end."""

    good_packets: int = 0
    bad_packets: int = 0
    crowded_packets: int = 0  # of the bad ones, those of more channels than can be heard
    channels: int = 0
    samples: int = 0
    bad_samples: int = 0

    def check(self, path: Path, got_samples: int) -> None:
        packets = self.good_packets + self.bad_packets
        if got_samples == 0 and self.bad_packets == 0:
            raise NotAudioError("its audio stream is empty", remedy="Replace or delete the file", path=path)
        if 2 * self.crowded_packets > packets:
            raise UnsupportedAudioError(
                f"it has {self.channels} channels, more than {_MOST_CHANNELS} channels",
                remedy="Convert it to stereo",
                path=path,
            )
        if got_samples == 0 or self.bad_packets > AUDIO.most_bad_share * packets:
            raise DamagedAudioError(
                f"{self.bad_packets} of {packets} packets do not decode",
                remedy="Replace it with an undamaged copy",
                path=path,
            )
        if self.bad_samples > AUDIO.most_bad_share * self.samples:
            raise SilentError(
                f"{self.bad_samples} of {self.samples} samples are not finite numbers",
                remedy="Export it anew",
                path=path,
            )
        if self.bad_packets or self.bad_samples:
            log.info("%s: passed over %d damaged packets and %d samples", path, self.bad_packets, self.bad_samples)


class _Resampler:
    """soxr HQ over a stream whose rate may change on the way."""

    def __init__(self, to_hz: int) -> None:
        self._to_hz = to_hz

    def run(self, blocks: Iterator[tuple[int, Floats]]) -> Iterator[Floats]:
        stream: soxr.ResampleStream | None = None
        rate_hz = 0
        for block_hz, samples in blocks:
            if block_hz != rate_hz:
                if stream is not None:
                    yield from _some(stream.resample_chunk(np.zeros(0, np.float32), last=True))
                rate_hz = block_hz
                stream = (
                    None if rate_hz == self._to_hz else soxr.ResampleStream(rate_hz, self._to_hz, 1, "float32", "HQ")
                )
            yield from _some(samples if stream is None else stream.resample_chunk(samples))
        if stream is not None:
            yield from _some(stream.resample_chunk(np.zeros(0, np.float32), last=True))


def _some(samples: Floats) -> Iterator[Floats]:
    if len(samples):
        yield samples


def _iter_mono(path: Path, tally: _Tally) -> Iterator[tuple[int, Floats]]:
    """Yield (sample rate, about a second of mono samples)."""
    with _open(path) as container:
        stream = _audio_stream(container, path)
        held: list[Floats] = []
        rate_hz = 0
        for frame in _iter_frames(container, stream, tally):
            mono = _mono(frame, tally)
            if held and (frame.sample_rate != rate_hz or sum(map(len, held)) >= rate_hz):
                yield rate_hz, np.concatenate(held)
                held = []
            rate_hz = frame.sample_rate
            held.append(mono)
        if held:
            yield rate_hz, np.concatenate(held)


@contextmanager
def _open(path: Path) -> Iterator[InputContainer]:
    head = _read_head(path)
    _refuse_playlist(head, path)
    if _is_module(head):
        with _decode_module(path) as stream, _av_open(stream, path, formats="wav") as container:
            yield container
    else:
        if any(mark in head for mark in _ASF_ENCRYPTION):
            raise _protected("Windows Media DRM", path)
        with _av_open(os.path.abspath(path), path, formats=_FORMATS) as container:  # noqa: PTH100 - keeps odd bytes
            yield container


def _read_head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(65_536)
    except OSError as error:
        raise access_error(error, path) from error
    if not head:
        raise NotAudioError("the file is empty", remedy="Replace or delete it", path=path)
    return head


def _refuse_playlist(head: bytes, path: Path) -> None:
    start = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"#extm3u", b"[playlist]", b"ffconcat", b"v=0\r", b"v=0\n")) or (
        start.startswith(b"<") and any(tag in start for tag in (b"<mpd", b"<playlist", b"<asx", b"<smil", b"<assetmap"))
    ):
        raise PlaylistFileError(
            "it is a playlist, not a song; playlists can make a decoder read other files",
            remedy="Scan the songs it names",
            path=path,
        )


def _is_module(head: bytes) -> bool:
    """Whether a file starts as Impulse Tracker, FastTracker, ScreamTracker or Amiga modules do."""
    amiga = (b"M.K.", b"M!K!", b"FLT4", b"FLT8", b"4CHN", b"6CHN", b"8CHN", b"OCTA", b"CD81")
    return head.startswith((b"IMPM", b"Extended Module: ")) or head[44:48] == b"SCRM" or head[1080:1084] in amiga


@contextmanager
def _decode_module(path: Path) -> Iterator[IO[bytes]]:
    remedy = "Install ffmpeg with libopenmpt (Debian: apt install ffmpeg; Mac: brew install ffmpeg)"
    if find_ffmpeg() is None:
        raise UnsupportedAudioError(
            "it is a tracker module, and there is no ffmpeg to play it", remedy=remedy, path=path
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
        raise PlaylistFileError("it points to the network", remedy="Download the music first", path=path) from error
    except (av.error.InvalidDataError, av.error.EOFError) as error:
        raise NotAudioError(
            "there is no audio in it that can be decoded", remedy="If it should be a song, get another copy", path=path
        ) from error
    except av.error.DecoderNotFoundError as error:
        raise UnsupportedAudioError(
            "there is no decoder for its codec", remedy="Convert it to FLAC or MP3", path=path
        ) from error
    except av.error.FFmpegError as error:
        raise _explained(error, path) from error


def _explained(error: av.error.FFmpegError, path: Path) -> Exception:
    if isinstance(error, OSError) and error.errno in (1, 2, 5, 13, 20, 21, 36, 40):
        return access_error(OSError(error.errno, error.strerror), path)
    what, remedy = f"it cannot be opened as audio ({error.strerror})", "If it should be a song, get another copy"
    return NotAudioError(what, remedy=remedy, path=path)


def _audio_stream(container: InputContainer, path: Path) -> AudioStream:
    if not container.streams.audio:
        raise NotAudioError("it holds no audio stream", remedy="Leave it out", path=path)
    stream = container.streams.audio[0]
    context = stream.codec_context
    if context is None:
        raise UnsupportedAudioError("there is no decoder for its codec", remedy="Convert it to FLAC or MP3", path=path)
    if (tag := context.codec_tag) in _PROTECTED_TAGS:
        raise _protected(_PROTECTED_TAGS[tag], path)
    return stream


def _protected(scheme: str, path: Path) -> AudioError:
    return ProtectedAudioError(
        f"it is protected ({scheme}) and cannot be decoded", remedy="Get a copy without copy protection", path=path
    )


def _iter_frames(container: InputContainer, stream: AudioStream, tally: _Tally) -> Iterator[AudioFrame]:
    """Decode packet by packet, so that one damaged packet costs itself and no more."""
    failures_in_a_row = 0
    packets = container.demux(stream)
    while failures_in_a_row < 50:  # a demuxer that cannot find its feet again will not after fifty tries
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError:
            failures_in_a_row += 1
            tally.bad_packets += 1
            packets = container.demux(stream)
            continue
        failures_in_a_row = 0
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            tally.bad_packets += 1
            continue
        sound = [frame for frame in frames if isinstance(frame, AudioFrame) and frame.samples > 0]
        good = [frame for frame in sound if _is_plausible(frame)]
        if len(good) == len(sound):
            tally.good_packets += 1
        else:
            tally.bad_packets += 1
            channels = max(frame.layout.nb_channels for frame in sound)
            tally.crowded_packets += channels > _MOST_CHANNELS
            tally.channels = max(tally.channels, channels)
        yield from good


def _is_plausible(frame: AudioFrame) -> bool:
    return 1 <= frame.layout.nb_channels <= _MOST_CHANNELS and _RATES_HZ[0] <= frame.sample_rate <= _RATES_HZ[1]


def _wide_integers(frame: AudioFrame) -> NDArray[np.int64]:
    """What `to_ndarray` gives, for the one format of samples that PyAV leaves out; int64."""
    count = frame.samples if frame.format.is_planar else frame.samples * frame.layout.nb_channels
    return np.stack([np.frombuffer(bytes(plane), np.int64, count) for plane in frame.planes])


def _mono(frame: AudioFrame, tally: _Tally) -> Floats:
    """The mean of a frame's channels as ``(n,)`` float32 at full scale 1.0, damage silenced."""
    channels = frame.layout.nb_channels
    data = _wide_integers(frame) if frame.format.name in ("s64", "s64p") else frame.to_ndarray()
    planes = data if frame.format.is_planar else data.reshape(-1, channels).T  # (c, n)
    kind = planes.dtype.str[1:]
    mono = planes.mean(axis=0, dtype=np.float32 if kind in ("f4", "i2", "u1") else np.float64)
    if kind == "u1":
        mono -= 128.0
    if kind in _FULL_SCALE:
        mono = mono / _FULL_SCALE[kind]
    else:
        tally.samples += len(mono)
        wrong = ~(np.abs(mono) < _LOUDEST)
        if wrong.any():
            tally.bad_samples += int(wrong.sum())
            mono = np.where(wrong, 0.0, mono)
    return np.asarray(mono, np.float32)
