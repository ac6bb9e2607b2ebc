"""Decode any file to stereo float32 of one rate, from any sample on: what a mix is made of."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from av.audio.frame import AudioFrame

from segue.errors import DamagedAudioError
from segue.listen.audio import full_scale, resampled, undamaged
from segue.listen.decoding import Tally, planes_of
from segue.listen.whole import iter_frames
from segue.values import Floats
from segue.words import later, say

_HALF_POWER = 0.5**0.5
_LEFT = frozenset({"FL", "SL", "BL", "DL", "FLC", "WL"})
_RIGHT = frozenset({"FR", "SR", "BR", "DR", "FRC", "WR"})
_FRONT = frozenset({"FL", "FR", "DL", "DR", "FLC", "FRC"})
_UNHEARD = frozenset({"LFE", "LFE2"})
_SETTLE_S = 1  # of sound before the wanted place, for the resampler to be what it would be from the start on


class StereoReader:
    """Reads a file's sound in order, as ``(2, n)`` float32 blocks at full scale 1.0; values may go beyond.

    Where it begins is counted in decoded samples, as beats and cue points are, so that it is right to the sample
    whatever the codec: what lies before is decoded and thrown away, at some hundred times real time.
    """

    def __init__(self, path: Path, *, rate_hz: int, begin_samples: int = 0) -> None:
        self._path = path
        self._tally = Tally()
        self._blocks = _iter_stereo(path, self._tally, rate_hz=rate_hz, begin_samples=begin_samples)
        self._held: Floats = np.zeros((2, 0), np.float32)

    def read(self, count: int) -> Floats:
        """The next ``count`` samples ``(2, count)``; fewer where the file has ended.

        Raises
        ------
        FileAccessError, NotAudioError, DamagedAudioError, ProtectedAudioError, PlaylistFileError,
        UnsupportedAudioError, SilentError
            Each naming the file, the cause and the remedy.
        """
        pieces: list[Floats] = []
        missing = count
        while missing > 0:
            if not self._held.shape[1]:
                block = next(self._blocks, None)
                if block is None:
                    break
                self._held = block
            pieces.append(self._held[:, :missing])
            self._held = self._held[:, missing:]
            missing -= pieces[-1].shape[1]
        return np.concatenate(pieces, axis=1) if pieces else np.zeros((2, 0), np.float32)

    def skip(self, count: int) -> None:
        """Pass over so many samples; raises as `read` does."""
        for at in range(0, count, 1 << 16):
            self.read(min(1 << 16, count - at))

    def close(self) -> None:
        """Close the file.

        Raises
        ------
        DamagedAudioError
            If more of what was read than may be was damaged.
        """
        self._blocks.close()
        if self._tally.is_bad:
            raise DamagedAudioError(
                say(
                    "{bad_packets} of {packets} packets up to here do not decode, and {bad_samples} samples are no "
                    "sound",
                    bad_packets=self._tally.bad_packets,
                    packets=self._tally.bad_packets + self._tally.good_packets,
                    bad_samples=self._tally.bad_samples,
                ),
                remedy=later("Replace it with an undamaged copy"),
                path=self._path,
            )

    def abandon(self) -> None:
        """Close the file, however damaged it is."""
        self._blocks.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()


def _iter_stereo(path: Path, tally: Tally, *, rate_hz: int, begin_samples: int) -> Generator[Floats]:
    whole_s = max(0, begin_samples // rate_hz - _SETTLE_S)
    drop = begin_samples - whole_s * rate_hz
    for block in resampled(_from_second(iter_frames(path, tally), tally, whole_s), rate_hz, channels=2):
        if drop < len(block):
            yield np.ascontiguousarray(block[drop:].T)  # (2, n)
        drop = max(0, drop - len(block))


def _from_second(frames: Iterator[AudioFrame], tally: Tally, whole_s: int) -> Iterator[tuple[int, Floats]]:
    """(Sample rate, ``(n, 2)``) of what lies behind so many whole seconds, at which all rates have a sample."""
    passed_s = 0.0
    for frame in frames:
        rate_hz = frame.sample_rate
        drop = max(0, round((whole_s - passed_s) * rate_hz))
        if drop < frame.samples:
            yield rate_hz, _stereo_of(frame, tally)[:, drop:].T
        passed_s += frame.samples / rate_hz


def _stereo_of(frame: AudioFrame, tally: Tally) -> Floats:
    """A frame as ``(2, n)`` float32."""
    planes = planes_of(frame)
    if planes.dtype.kind == "f":
        planes = undamaged(planes, tally)
    return to_stereo(full_scale(planes), tuple(channel.name for channel in frame.layout.channels))


def to_stereo(planes: Floats, names: tuple[str, ...]) -> Floats:
    """Mix channels down, or up, to two that are as loud.

    Parameters
    ----------
    planes : (c, n) float32
        Samples by channel.
    names : tuple of str
        FFmpeg's names of the channels, such as FL, FR, FC, LFE, SL, SR.

    Returns
    -------
    (2, n) float32
        The front channels as they are, what stands between or behind them 3 dB lower (ITU-R BS.775), and no
        low-frequency channel. One channel alone goes to both, 3 dB lower, so that its loudness by BS.1770 stays. Values
        may pass 1.0; nothing is cut off.
    """
    if len(planes) == 2:
        return planes
    if len(planes) == 1:
        return np.repeat(planes * np.float32(_HALF_POWER), 2, axis=0)
    mixed: Floats = np.array([_weights(names, _LEFT), _weights(names, _RIGHT)], np.float32) @ planes
    return mixed


def _weights(names: tuple[str, ...], side: frozenset[str]) -> list[float]:
    other = (_LEFT | _RIGHT) - side
    return [0.0 if name in _UNHEARD or name in other else 1.0 if name in _FRONT else _HALF_POWER for name in names]
