"""Decode any file to mono float32 as a stream; refuse what is empty, endless, damaged or not audio."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import soxr
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from segue.config import AUDIO, SPECCY_MEL
from segue.errors import TooLongError
from segue.listen.decoding import Planes, Tally, audio_stream, open_audio, planes_of
from segue.listen.whole import iter_whole
from segue.values import Floats
from segue.words import later, say

OnNative = Callable[[Floats, int], None]
"""Is given the sound as it stands in the file: ``(c, n)`` float32 at full scale 1.0, and its sample rate in Hz."""

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


def iter_samples(
    path: Path, *, sample_rate_hz: int = SPECCY_MEL.sample_rate_hz, on_native: OnNative | None = None
) -> Iterator[Floats]:
    """Decode a file block by block to mono at ``sample_rate_hz``.

    Channels are averaged; the resampler is soxr HQ, which is part of every ear. Damaged packets are passed over, as
    players do.

    Parameters
    ----------
    path : Path
        Any file.
    sample_rate_hz : int
        Of the samples that are yielded.
    on_native : callable, optional
        Is given the same sound, in order, as it is decoded: about a second ``(c, n)`` float32 at a time, and the rate
        in Hz. Both the rate and the number of channels may change on the way.

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
    tally = Tally()
    held: list[Floats] = []
    held_samples = got_samples = 0
    most_samples = AUDIO.longest_s * sample_rate_hz
    with open_audio(path) as container:
        frames = iter_whole(container, audio_stream(container, path), tally)
        for block in resampled(iter_mono(frames, tally, on_native), sample_rate_hz):
            held.append(block)
            held_samples += len(block)
            got_samples += len(block)
            if got_samples > most_samples:
                raise TooLongError(
                    say("it is longer than {longest_s} hours, or endless", longest_s=f"{AUDIO.longest_s / 3600:g}"),
                    remedy=later("Cut it into tracks"),
                    path=path,
                )
            if held_samples >= AUDIO.block_s * sample_rate_hz:
                yield np.concatenate(held)
                held, held_samples = [], 0
    tally.check(path, got_samples)
    if held:
        yield np.concatenate(held)


def resampled(blocks: Iterable[tuple[int, Floats]], to_hz: int, *, channels: int = 1) -> Iterator[Floats]:
    """Bring (sample rate, samples) to one rate by soxr HQ, though their rate may change on the way.

    The samples are ``(n,)``, or ``(n, c)`` of more than one channel.
    """
    resampler = Resampler(to_hz, channels=channels)
    for rate_hz, samples in blocks:
        yield from resampler.take(samples, rate_hz)
    yield from resampler.end()


class Resampler:
    """As `resampled`, for samples that are handed over rather than asked for."""

    def __init__(self, to_hz: int, *, channels: int = 1) -> None:
        self._to_hz = to_hz
        self._channels = channels
        self._rate_hz = to_hz
        self._stream: soxr.ResampleStream | None = None

    def take(self, samples: Floats, rate_hz: int) -> Iterator[Floats]:
        """Give what can be said so far; the last samples need those that follow."""
        if rate_hz != self._rate_hz:
            yield from self.end()
            self._rate_hz = rate_hz
            same = rate_hz == self._to_hz
            self._stream = None if same else soxr.ResampleStream(rate_hz, self._to_hz, self._channels, "float32", "HQ")
        found = samples if self._stream is None else self._stream.resample_chunk(np.ascontiguousarray(samples))
        if len(found):
            yield found

    def end(self) -> Iterator[Floats]:
        """Give the rest; nothing follows at this rate."""
        if self._stream is not None:
            nothing = np.zeros((0, self._channels) if self._channels > 1 else 0, np.float32)
            found = self._stream.resample_chunk(nothing, last=True)
            if len(found):
                yield found


def iter_mono(
    frames: Iterator[AudioFrame], tally: Tally, on_native: OnNative | None = None
) -> Iterator[tuple[int, Floats]]:
    """Yield (sample rate, mono samples) of decoded frames, which had best be long."""
    for frame in frames:
        planes = planes_of(frame)
        if planes.dtype.kind == "f":
            planes = undamaged(planes, tally)
        native = full_scale(planes)
        if on_native is not None:
            on_native(native, frame.sample_rate)
        yield frame.sample_rate, mono_of(native if planes.dtype.itemsize < native.dtype.itemsize else planes)


def mono_of(planes: Planes) -> Floats:
    """The mean of the channels ``(c, n)``, floats or integers of 32 bits and more: ``(n,)`` float32, full scale 1.0.

    Channel by channel, since a mean along a short axis costs several times as much.
    """
    kind = planes.dtype.str[1:]
    exact = np.float32 if kind == "f4" else np.float64
    mono: NDArray[np.floating] = planes[0].astype(exact, copy=False)
    if len(planes) > 1:
        mono = np.add(mono, planes[1])
        for plane in planes[2:]:
            mono += plane
        mono *= 1.0 / len(planes)
    if kind in _FULL_SCALE:
        mono = mono / _FULL_SCALE[kind]
    return mono.astype(np.float32, copy=False)


def full_scale(planes: Planes) -> Floats:
    """Samples of any type as float32 at full scale 1.0, those of a channel side by side."""
    kind = planes.dtype.str[1:]
    if kind not in _FULL_SCALE:
        is_planar = planes.strides[1] == planes.itemsize
        return planes.astype(np.float32, order="K" if is_planar else "C", copy=False)
    wide: NDArray[np.floating] = planes.astype(np.float32 if kind in ("i2", "u1") else np.float64, order="C")
    if kind == "u1":
        wide -= 128.0
    wide *= 1.0 / _FULL_SCALE[kind]
    return wide.astype(np.float32, copy=False)


def undamaged(planes: Planes, tally: Tally) -> Planes:
    """The same with silence in all channels where a sample is not finite or beyond all measure, which is counted."""
    tally.samples += planes.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):
        if np.vecdot(planes, planes).max() < _LOUDEST**2:  # one look at them; false also for what is no number
            return planes
    wrong = ~(np.abs(planes) < _LOUDEST).all(axis=0)
    tally.bad_samples += int(wrong.sum())
    return np.where(wrong, 0, planes)
