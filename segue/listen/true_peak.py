"""The true peak: the largest value that the sound reaches between its samples (ITU-R BS.1770-4, annex 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.values import Floats

_HALF = 8
_AT_A_TIME = 1024  # crests: what is around them stays in the second-level cache
_INAUDIBLE = 1e-6  # 120 dB below full scale, where arithmetic is slow
FARTHEST = 2.0
"""6 dB: a sine that the samples miss as far as they can passes them by 3.0 dB, hiss near half the rate by more."""

MARGIN_SAMPLES = 2 * _HALF
"""Samples before those of a buffer that `TruePeak.take` wants to see once more."""


def phases(times: int, *, half: int = _HALF) -> Floats:
    """Interpolation between samples at so many times the rate: windowed sincs ``(2 half, times - 1)`` that sum to 1."""
    at = np.arange(1 - half, half + 1)[:, None] - np.arange(1, times)[None, :] / times  # (2 half, times - 1)
    window = np.i0(6.0 * np.sqrt(np.maximum(0.0, 1.0 - (at / half) ** 2))) / np.i0(6.0)
    taps = np.sinc(at) * window
    found: Floats = (taps / taps.sum(axis=0)).astype(np.float32)
    return found


_TAPS = phases(4)


class TruePeak:
    """Finds the largest absolute value of the sound at four times the rate, interpolating only where it can lie.

    That is on either side of samples at which the sound turns and that are no more than 6 dB below the largest value so
    far.
    """

    def __init__(self) -> None:
        self.value = 0.0

    def take(self, buffer: Floats, sizes: Floats, *, largest: float) -> None:
        """Look at the next samples.

        Parameters
        ----------
        buffer : (c, 16 + n) float32
            The last 16 samples of the call before (zeros at first), then the new ones.
        sizes : (c, 16 + n) float32
            Their absolute values.
        largest : float
            The largest of those that are new.
        """
        self.value = max(self.value, largest)
        nearest = max(largest, float(sizes[:, :MARGIN_SAMPLES].max()))
        if self.value > _INAUDIBLE and nearest * FARTHEST >= self.value:
            found = crests(buffer, sizes, above=self.value / FARTHEST, taps=_TAPS)
            self.value = max(self.value, float(found.peaks.max(initial=0.0)))


@dataclass(frozen=True, slots=True, eq=False)
class Crests:
    """Samples at which a sound turns: ``at`` ``(k,)`` in a buffer, and the peaks beside them."""

    at: NDArray[np.intp]
    peaks: Floats


def crests(buffer: Floats, sizes: Floats, *, above: float, taps: Floats) -> Crests:
    """Find the true peaks beside all crests and troughs beyond a value, but for those at the buffer's ends.

    Parameters
    ----------
    buffer : (c, 2 half + n) float32
        Samples; the first and last ``half`` are only looked at from beside.
    sizes : (c, 2 half + n) float32
        Their absolute values.
    above : float
        Smaller crests are passed over. Beside a crest the sound may rise above it by 6 dB.
    taps : (2 half, k) float32
        What `phases` gives.

    Returns
    -------
    Crests
        In no order of time; ``at`` counts from the buffer's first sample.
    """
    half, width = len(taps) // 2, sizes.shape[1]
    channel, at = np.divmod(np.flatnonzero(sizes[:, half : width - half] > above), width - 2 * half)
    line = buffer.reshape(-1)  # channel after channel
    place = channel * width + at + half
    here, before, behind = line[place], line[place - 1], line[place + 1]
    turns = np.where(here > 0, (here >= before) & (here >= behind), (here <= before) & (here <= behind))
    place, at = place[turns], at[turns] + half
    peaks = np.abs(here[turns])
    beside = np.zeros((2 * taps.shape[1], 2 * half + 1), np.float32)  # after it, and before
    beside[: taps.shape[1], 1:], beside[taps.shape[1] :, :-1] = taps.T, taps.T
    windows = np.lib.stride_tricks.sliding_window_view(line, 2 * half + 1)
    for start in range(0, len(at), _AT_A_TIME):
        part = slice(start, start + _AT_A_TIME)
        around = windows[place[part] - half]  # (k, 2 half + 1)
        np.maximum(peaks[part], np.abs(beside @ around.T).max(axis=0), out=peaks[part])
    return Crests(at, peaks)
