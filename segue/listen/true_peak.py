"""The true peak: the largest value that the sound reaches between its samples (ITU-R BS.1770-4, annex 2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segue.values import Floats

_HALF = 8
MARGIN_SAMPLES = 2 * _HALF
"""Samples before those of a buffer that `TruePeak.take` wants to see once more."""


def _phases() -> NDArray[np.float64]:
    """Interpolation at 1/4, 1/2 and 3/4 between two samples: windowed sincs ``(16, 3)`` that sum to 1."""
    at = np.arange(1 - _HALF, _HALF + 1)[:, None] - np.array([0.25, 0.5, 0.75])[None, :]  # (16, 3)
    window = np.i0(6.0 * np.sqrt(np.maximum(0.0, 1.0 - (at / _HALF) ** 2))) / np.i0(6.0)
    taps = np.sinc(at) * window
    found: NDArray[np.float64] = taps / taps.sum(axis=0)
    return found


def _reach(taps: NDArray[np.float64]) -> float:
    """How far interpolation may pass the larger of the two samples, for each unit of the second difference.

    Each phase is written as linear interpolation (of the same mean and the same first moment) plus a filter over second
    differences; the sum of that filter's absolute values is the bound.
    """
    at = np.arange(1 - _HALF, _HALF + 1)
    share = at @ taps
    rest = taps.copy()
    rest[_HALF - 1] -= 1.0 - share
    rest[_HALF] -= share
    return float(np.abs(np.cumsum(np.cumsum(rest, axis=0), axis=0)).sum(axis=0).max())


_PHASES = _phases()
_SHARPEST = 1.5  # 3.5 dB: a sine that the samples miss as far as they can passes them by 3.0 dB
_REACH = _reach(_PHASES)


class TruePeak:
    """Finds the largest absolute value of the sound at four times the rate, interpolating only where it can lie."""

    def __init__(self, channels: int) -> None:
        self.value = 0.0
        self._last = np.zeros((channels, 1), np.float32)
        self._taps = _PHASES.astype(np.float32)

    def take(self, buffer: Floats, peaks: Floats) -> None:
        """Look at the next samples.

        Parameters
        ----------
        buffer : (c, 16 + n) float32
            The last 16 samples of the call before (zeros at first), then the new ones.
        peaks : (c, r) float32
            Largest absolute value in each of the r equal rows of new samples.
        """
        self.value = max(self.value, float(peaks.max()))
        row = (buffer.shape[1] - MARGIN_SAMPLES) // peaks.shape[1]
        # Rows of intervals begin 9 samples early, so that each has its 8 neighbours on either side.
        near = np.maximum(peaks, np.concatenate([self._last, peaks[:, :-1]], axis=1))
        self._last = peaks[:, -1:].copy()
        channel, number = np.nonzero(near * _SHARPEST > self.value)
        if len(channel):
            windows = np.lib.stride_tricks.sliding_window_view(buffer, row + MARGIN_SAMPLES, axis=1)[:, ::row]
            self._search(windows[channel, number], near[channel, number])

    def _search(self, rows: Floats, near: Floats) -> None:
        """Interpolate in rows ``(k, 16 + row)`` of peaks ``(k,)`` wherever the second difference lets a new peak be."""
        steps = rows[:, 1:] - rows[:, :-1]
        bends = steps[:, 1:] - steps[:, :-1]
        limits = self.value - _REACH * np.maximum(bends.max(axis=1), -bends.min(axis=1))  # (k,)
        possible = near > limits
        rows, limits = rows[possible], limits[possible]
        high = np.abs(rows) > limits[:, None]
        high = high[:, _HALF - 1 : -_HALF] | high[:, _HALF : 1 - _HALF]  # by interval: its left sample or its right
        where, at = np.nonzero(high[:, : rows.shape[1] - MARGIN_SAMPLES])
        if len(where):
            around = np.lib.stride_tricks.sliding_window_view(rows, MARGIN_SAMPLES, axis=1)[where, at]  # (n, 16)
            self.value = max(self.value, float(np.abs(around @ self._taps).max()))
