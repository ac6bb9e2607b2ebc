"""The true peak: the largest value that the sound reaches between its samples (ITU-R BS.1770-4, annex 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.values import Floats

_HALF = 8
_AT_A_TIME = 1024  # crests: what is around them stays in the second-level cache
_KEPT_SAMPLES = 1 << 17  # in rows that wait to be looked at
_INAUDIBLE = 1e-6  # 120 dB below full scale, where arithmetic is slow
FARTHEST = 2.0
"""6 dB: a sine that the samples miss as far as they can passes them by 3.0 dB, hiss near half the rate by more."""

MARGIN_SAMPLES = 2 * _HALF
"""Samples that a row must have at least, and that must follow the last ones before all is known of these."""


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
    far. Rows of samples in which there may be such are kept until there are many: what it costs is the calls.
    """

    def __init__(self, channels: int, row_samples: int) -> None:
        self._row = row_samples
        self._before = np.zeros((channels, MARGIN_SAMPLES), np.float32)
        self._last = np.zeros(channels, np.float32)
        self._kept: list[Floats] = []
        self._kept_samples = 0
        self._largest = 0.0

    def take(self, rows: Floats, peaks: Floats) -> None:
        """Look at the next rows.

        Parameters
        ----------
        rows : (c, r * row_samples) float32
            One after the other; a row has 16 samples or more.
        peaks : (c, r) float32
            The largest of the absolute values in each of these.
        """
        self._largest = max(self._largest, float(peaks.max()))
        if self._largest > _INAUDIBLE:
            high = peaks > self._largest / FARTHEST
            high[:, 1:] |= high[:, :-1]  # whose last samples stand in the next row
            high[:, 0] |= self._last > self._largest / FARTHEST
            if np.count_nonzero(high):
                self._keep(rows, high)
        self._before = rows[:, -MARGIN_SAMPLES:].copy()
        self._last = peaks[:, -1].copy()

    def _keep(self, rows: Floats, high: NDArray[np.bool_]) -> None:
        """Keep rows ``(k, 16 + row_samples)`` with the last 16 samples before them: 8 that are theirs, 8 beside."""
        first = np.concatenate([self._before, rows[:, : self._row]], axis=1)
        (channel, sample), shape = rows.strides, (len(rows), high.shape[1] - 1, MARGIN_SAMPLES + self._row)
        others = np.lib.stride_tricks.as_strided(
            rows[:, self._row - MARGIN_SAMPLES :], shape, (channel, self._row * sample, sample), writeable=False
        )
        for kept in (first[high[:, 0]], others[high[:, 1:]]):
            self._kept.append(kept)
            self._kept_samples += kept.size
        if self._kept_samples >= _KEPT_SAMPLES:
            self._look()

    @property
    def value(self) -> float:
        """The largest value between and at the samples so far; 1.0 is full scale."""
        self._look()
        return self._largest

    def _look(self) -> None:
        """Interpolate in the rows that were kept, some at a time however many there are."""
        if not self._kept:
            return
        kept = np.concatenate(self._kept)  # (k, 16 + row)
        together = 1 + _KEPT_SAMPLES // kept.shape[1]
        for at in range(0, len(kept), together):
            rows = kept[at : at + together]
            found = crests(rows, np.abs(rows), above=self._largest / FARTHEST, taps=_TAPS)
            self._largest = max(self._largest, float(found.peaks.max(initial=0.0)))
        self._kept, self._kept_samples = [], 0


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
    high = sizes > above
    high[:, :half] = high[:, width - half :] = False
    place = np.flatnonzero(high)
    line = buffer.reshape(-1)  # channel after channel
    here = line.take(place)
    before, behind = line.take(place - 1), line.take(place + 1)
    turns = np.minimum(here * (here - before), here * (here - behind)) >= 0.0
    place, peaks = place[turns], np.abs(here[turns])
    beside = np.zeros((2 * taps.shape[1], 2 * half + 1), np.float32)  # after it, and before
    beside[: taps.shape[1], 1:], beside[taps.shape[1] :, :-1] = taps.T, taps.T
    windows = np.lib.stride_tricks.sliding_window_view(line, 2 * half + 1)
    for start in range(0, len(place), _AT_A_TIME):
        part = slice(start, start + _AT_A_TIME)
        around = windows[place[part] - half]  # (k, 2 half + 1)
        np.maximum(peaks[part], np.abs(beside @ around.T).max(axis=0), out=peaks[part])
    return Crests(place % width, peaks)
