"""Integrated loudness by ITU-R BS.1770-4, and the levels of a track every 10 ms, at the rate that the file has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from segue.listen.fourier import irfft, longest_fast, rfft
from segue.listen.true_peak import MARGIN_SAMPLES, TruePeak
from segue.values import Floats

_ROWS = 100  # rows of 10 ms handled at a time at most: one second, which stays in the second-level cache
_SEGMENT_ROWS = 10  # a gating block is four segments of 100 ms, and the next one begins a segment later
_SEGMENTS = _ROWS // _SEGMENT_ROWS  # a second
_LOW_HZ = 11_025  # about the rate to which the low part is brought
_VERY_LOW = 25  # the very low part is brought down once more by this
_ROW_STEPS = 5  # a row is a multiple of so many steps, a segment of fifty
_LEAD_SEGMENTS = 2  # 200 ms, after which nothing is left of what the high-pass was in before
_FRAME_S = 0.4644  # of which a spectrum is handed on: semitones part from 150 Hz up
_PITCHES_HZ = 2200.0  # up to there
_BATCH_ROWS = 16 * _ROWS  # many seconds are transformed much faster than one
_GOLDEN = (5.0**0.5 - 1.0) / 2.0  # frames lie at places that fall in step with no bars
_LOWEST_RATE_HZ = 8000  # a lower rate leaves nothing of what K-weighting is about

# Weights of FFmpeg's default layouts by number of channels: the low-frequency channel counts nothing, what stands
# beside or behind the listener 1.41 (BS.1770-4, table 3).
_LAYOUTS = {
    3: (1.0, 1.0, 0.0),
    4: (1.0, 1.0, 1.0, 1.41),
    5: (1.0, 1.0, 1.0, 1.41, 1.41),
    6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41),
    7: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41, 1.41),
    8: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41, 1.41, 1.41),
}


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """A stretch of one rate: ``rows`` ``(2, r)`` of ``row_s`` each, and the K-weighted power ``(r // 10,)``.

    Of a row there are the peak and the effective value; full scale is 1.
    """

    duration_s: float
    row_s: float
    rows: NDArray[np.float16]
    weighted: NDArray[np.float64]


def integrated_lufs(weighted: NDArray[np.float64]) -> float | None:
    """Gate and average the power of a track.

    Parameters
    ----------
    weighted : (s,) float64
        K-weighted mean squares of consecutive 100 ms, summed over channels with their weights.

    Returns
    -------
    float or None
        Integrated loudness in LUFS, None where no block passes the gates.

    Notes
    -----
    ITU-R BS.1770-4, annex 1: blocks of 400 ms that overlap by 75 %; those below -70 LUFS go, then those more than
    10 LU below the mean of the rest.
    """
    if len(weighted) < 4:
        return None
    sums = np.cumsum(np.concatenate([[0.0], weighted]))
    blocks = np.maximum(sums[4:] - sums[:-4], 0.0) / 4.0
    loud = blocks[blocks > 10.0 ** ((-70.0 + 0.691) / 10.0)]
    if not len(loud):
        return None
    kept = loud[loud > loud.mean() / 10.0]
    return float(-0.691 + 10.0 * np.log10(kept.mean()))


class LevelMeter:
    """Measures consecutive samples of one rate and one number of channels.

    Notes
    -----
    K-weighting is a power gain g(f) that is flat above some kHz, at its greatest value G. So the weighted power of
    100 ms is G times the power of the samples, less what a low part takes off, whose gain is G - g(f): the low part is
    the means of so many samples, and by Parseval's theorem its power under a gain is a sum over its spectrum. The
    shelf's gain is smooth there, so that a bare Fourier transform of 100 ms will do. The high-pass at 38 Hz is not: it
    filters the very low part, brought down once more, and what it takes off above that, a few hundredths, is left to
    the low part's gain.
    """

    def __init__(self, rate_hz: int, channels: int, *, on_spectra: Callable[[Floats, float], None]) -> None:
        self._rate_hz = rate_hz
        self._on_spectra = on_spectra
        self._plan = _plan(rate_hz) if rate_hz >= _LOWEST_RATE_HZ else None
        self._row = self._plan.row_samples if self._plan else max(MARGIN_SAMPLES, round(rate_hz / 100))
        self._weights = np.array(_LAYOUTS.get(channels, (1.0,) * channels), np.float64)
        self._samples = 0
        self._mean = np.full(channels, 1.0 / channels, np.float32)
        self._true_peak = TruePeak(channels, self._row)
        self._head = np.empty((channels, self._row), np.float32)
        self._filled = 0  # samples of the row that is begun
        self._peaks = np.empty((channels, _BATCH_ROWS + _ROWS), np.float32)
        self._powers = np.empty_like(self._peaks)
        self._held = self._settled = 0  # rows
        self._starts = np.arange(_ROWS) * self._row
        self._rows: list[NDArray[np.float16]] = []
        self._weighted: list[NDArray[np.float64]] = []
        if self._plan:
            self._low_row = self._row // self._plan.step
            self._low = np.empty((channels, (_BATCH_ROWS + _ROWS) * self._low_row), np.float32)
            lead = _LEAD_SEGMENTS * _SEGMENT_ROWS * self._low_row // _VERY_LOW
            self._very_low = np.zeros((channels, lead), np.float32)

    def take(self, planes: Floats) -> None:
        """Take the next samples ``(c, n)`` float32, full scale 1.0."""
        self._samples += planes.shape[1]
        self._take(planes)

    def _take(self, planes: Floats) -> None:
        """Measure rows where they lie, but for those that begin in the block before.

        A copy of them all would cost as much as measuring.
        """
        at, total = 0, planes.shape[1]
        while at < total:
            rows = min((total - at) // self._row, _ROWS)
            if rows and not self._filled:
                self._measure(planes[:, at : at + rows * self._row])
                at += rows * self._row
            else:
                fresh = planes[:, at : at + self._row - self._filled]
                self._head[:, self._filled : self._filled + fresh.shape[1]] = fresh
                self._filled += fresh.shape[1]
                at += fresh.shape[1]
                if self._filled == self._row:
                    self._measure(self._head)
                    self._filled = 0

    def finish(self) -> Levels:
        """What was found; takes nothing more after that."""
        whole_rows = -(-self._samples // self._row)
        silence = MARGIN_SAMPLES + -(self._samples + MARGIN_SAMPLES) % (_ROWS * self._row)
        self._take(np.zeros((len(self._head), silence), np.float32))
        if self._held:
            self._settle(self._held)
        rows = np.concatenate(self._rows, axis=1)[:, :whole_rows]
        self._rows = []
        segments = max(1, self._samples // (_SEGMENT_ROWS * self._row))
        weighted = np.concatenate(self._weighted)[:segments] if self._plan else np.zeros(0)
        return Levels(self._samples / self._rate_hz, self._row / self._rate_hz, rows, weighted)

    @property
    def true_peak(self) -> float:
        """The largest value between and at the samples so far; 1.0 is full scale."""
        return self._true_peak.value

    def _measure(self, chunk: Floats) -> None:
        """Whole rows: only what has to be done while the samples are near; the rest is for `_settle`."""
        count, at = chunk.shape[1] // self._row, self._held
        peaks, powers = self._peaks[:, at : at + count], self._powers[:, at : at + count]
        lowest = np.minimum.reduceat(chunk, self._starts[:count], axis=1, out=powers)
        np.maximum.reduceat(chunk, self._starts[:count], axis=1, out=peaks)
        np.maximum(peaks, np.negative(lowest, out=lowest), out=peaks)
        rows = chunk.reshape(len(chunk), count, self._row)
        np.vecdot(rows, rows, out=powers)
        if self._plan:
            self._low[:, at * self._low_row : (at + count) * self._low_row] = _means(chunk, self._plan.step)
        self._true_peak.take(chunk, peaks)
        self._held += count
        if self._held >= _BATCH_ROWS:
            self._settle(_BATCH_ROWS)

    def _settle(self, count: int) -> None:
        """Note what so many rows, whole seconds, have by rows and segments, and hand their pitches on."""
        peaks, powers = self._peaks[:, :count], self._powers[:, :count]
        found = np.stack([peaks.max(axis=0), np.sqrt(self._mean @ powers / self._row)])  # (2, count)
        self._rows.append(found.astype(np.float16))
        if self._plan:
            plain = powers.reshape(len(powers), -1, _SEGMENT_ROWS).sum(axis=2, dtype=np.float64)  # (c, count / 10)
            low = self._low[:, : count * self._low_row]
            self._weigh(low, plain, self._plan)
            self._tell_pitches(low.reshape(len(low), count // _ROWS, -1), self._plan)
            _shift(self._low, count * self._low_row, self._held * self._low_row)
        for held in (self._peaks, self._powers):
            _shift(held, count, self._held)
        self._settled += count
        self._held -= count

    def _weigh(self, low: Floats, plain: NDArray[np.float64], plan: _Plan) -> None:
        """Note the weighted power of segments, of which there is the low part and the plain power ``(c, k)``."""
        parts = rfft(low.reshape(*plain.shape, -1)).view(np.float32)  # (c, k, 2 b): real, imaginary, real ...
        weighted = plan.greatest_gain * plain - np.square(parts, out=parts) @ plan.low_gains
        passed = self._taken_off(_means(low, _VERY_LOW), plan)
        summed = self._weights @ weighted / (_SEGMENT_ROWS * plan.row_samples)
        self._weighted.append(np.maximum(summed - passed, 0.0))

    def _taken_off(self, very_low: Floats, plan: _Plan) -> NDArray[np.float64]:
        """What the high-pass takes off the weighted power of segments: ``(k,)``."""
        held = np.concatenate([self._very_low, very_low], axis=1)  # (c, lead + n)
        lead = self._very_low.shape[1]
        self._very_low = held[:, -lead:]
        segment = lead // _LEAD_SEGMENTS
        second = _SEGMENTS * segment
        windows = np.lib.stride_tricks.sliding_window_view(held, lead + second, axis=1)[:, ::second]  # (c, s, lead + n)
        filtered = _high_passed(windows, plan.rate_hz / (plan.step * _VERY_LOW))[..., lead:]
        parts = (
            very_low.reshape(len(held), -1, _SEGMENTS, segment),
            filtered.reshape(len(held), -1, _SEGMENTS, segment),
        )
        before, after = (
            self._weights @ np.vecdot(part, part).reshape(len(held), -1).astype(np.float64) for part in parts
        )
        passed: NDArray[np.float64] = plan.passing * (before - after) / segment  # (k,)
        return passed

    def _tell_pitches(self, low: Floats, plan: _Plan) -> None:
        """Hand on the spectra of one frame of each second ``(c, s, n)``."""
        length = len(plan.pitch_window)
        room = low.shape[2] - length
        first = self._settled // _ROWS + 1
        starts = [int(number * _GOLDEN % 1.0 * room) for number in range(first, first + low.shape[1])]
        frames = np.stack([self._mean @ low[:, n, at : at + length] for n, at in enumerate(starts)])
        spectra = np.abs(rfft(frames * plan.pitch_window)[:, : int(_PITCHES_HZ / plan.pitch_bin_hz)])
        self._on_spectra(2.0 / plan.pitch_window.sum() * spectra, plan.pitch_bin_hz)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """What a rate is measured with; ``row_samples`` is a multiple of all steps."""

    rate_hz: int
    row_samples: int
    step: int
    passing: float
    greatest_gain: float
    low_gains: Floats
    pitch_window: Floats
    pitch_bin_hz: float


@lru_cache(maxsize=8)
def _plan(rate_hz: int) -> _Plan:
    step = 1 << max(0, int(np.log2(rate_hz / _LOW_HZ) + 0.01))
    both = step * _ROW_STEPS
    row_samples = both * round(rate_hz / 100 / both)
    shelf, high_pass = k_filters(rate_hz)
    passing = float(_recursive_gain(np.array(0.5), high_pass))  # a little more than 1
    greatest = float(_recursive_gain(np.linspace(0.0, 0.5, 4097), shelf).max()) * passing
    length = _SEGMENT_ROWS * row_samples // step
    cycles = _images(np.fft.rfftfreq(length) / step, step)
    taken = greatest - _recursive_gain(cycles, shelf) * _recursive_gain(cycles, high_pass)
    taken -= passing * _very_low_gain(cycles, step * _VERY_LOW, rate_hz)
    share = 1.0 / np.maximum(cycles, cycles[0, 1])  # of the images, as in pink noise
    low_gains = (share * taken).sum(axis=0) / (share * _gain_of_means(cycles, step)).sum(axis=0)
    low_gains *= _parseval(length) * step
    pitch_samples = longest_fast(round(_FRAME_S * rate_hz / step))
    return _Plan(
        rate_hz=rate_hz,
        row_samples=row_samples,
        step=step,
        passing=passing,
        greatest_gain=greatest,
        low_gains=np.repeat(low_gains, 2).astype(np.float32),
        pitch_window=np.hanning(pitch_samples).astype(np.float32),
        pitch_bin_hz=rate_hz / step / pitch_samples,
    )


def _shift(held: Floats, start: int, end: int) -> None:
    """Bring what is held ``(c, n)`` from a place up to another to the front."""
    held[:, : end - start] = held[:, start:end]


def _means(samples: Floats, step: int) -> Floats:
    """The means ``(c, n / step)`` of every so many samples ``(c, n)``."""
    means: Floats = samples.reshape(len(samples), -1, step) @ _mean_weights(step)
    return means


@lru_cache(maxsize=8)
def _mean_weights(count: int) -> Floats:
    return np.full(count, 1.0 / count, np.float32)


def _high_passed(windows: Floats, rate_hz: float) -> Floats:
    """Windows ``(..., n)`` through the high-pass of K-weighting, by their spectra; right after the first 200 ms."""
    length = windows.shape[-1]
    found: Floats = irfft(rfft(windows) * _high_pass(length, rate_hz), length)
    return found


@lru_cache(maxsize=8)
def _high_pass(length: int, rate_hz: float) -> NDArray[np.complex64]:
    b, a = k_filters(rate_hz)[1]
    z = np.exp(-2j * np.pi * np.append(np.fft.rfftfreq(length), 0.5))
    response: NDArray[np.complex64] = (np.polyval(b[::-1], z) / np.polyval(a[::-1], z)).astype(np.complex64)
    normal: NDArray[np.complex64] = response[:-1] / response[-1]  # the gain of what it passes is in the plan
    return normal


def _images(cycles: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    """The frequencies ``(step, b)`` that means of so many samples cannot tell from each other, the lowest first."""
    order = np.arange(step)[:, None]
    return np.where(order % 2 == 0, order / (2 * step) + cycles, (order + 1) / (2 * step) - cycles)


def _very_low_gain(cycles: NDArray[np.float64], step: int, rate_hz: int) -> NDArray[np.float64]:
    """Which part of the power at frequencies in cycles a sample the high-pass takes off means of so many samples."""
    high_pass = k_filters(rate_hz / step)[1]
    folded = np.abs((cycles * step + 0.5) % 1.0 - 0.5)
    passed = _recursive_gain(folded, high_pass) / _recursive_gain(np.array(0.5), high_pass)
    gain: NDArray[np.float64] = _gain_of_means(cycles, step) * (1.0 - passed)
    return gain


def _gain_of_means(cycles: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    """Power gain of a mean of so many samples at frequencies in cycles a sample."""
    gain = np.ones_like(cycles)
    inside = cycles > 0.0
    gain[inside] = (np.sin(np.pi * cycles[inside] * step) / (step * np.sin(np.pi * cycles[inside]))) ** 2
    return gain


def _parseval(length: int) -> NDArray[np.float64]:
    """What makes the squares of a real spectrum add up to those of its samples."""
    share = np.full(length // 2 + 1, 2.0 / length)
    share[0] /= 2.0
    if length % 2 == 0:
        share[-1] /= 2.0
    return share


def k_weighting(hz: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """Power gain of K-weighting.

    Parameters
    ----------
    hz : (n,) float64
        Frequencies.
    rate_hz : int
        The rate for which the two analogue prototypes are designed anew by the bilinear transform.

    Returns
    -------
    (n,) float64
        At 48,000 Hz that of the coefficients in tables 1 and 2 of ITU-R BS.1770-4; their prototypes are a shelf of
        4 dB at 1682 Hz and a high-pass at 38 Hz (De Man, 2014).
    """
    shelf, high_pass = k_filters(rate_hz)
    return _recursive_gain(hz / rate_hz, shelf) * _recursive_gain(hz / rate_hz, high_pass)


def _recursive_gain(
    cycles: NDArray[np.float64], coefficients: tuple[tuple[float, ...], tuple[float, ...]]
) -> NDArray[np.float64]:
    """Power gain of a recursive filter at frequencies in cycles a sample."""
    z = np.exp(-2j * np.pi * cycles)
    b, a = coefficients
    found: NDArray[np.float64] = np.abs(np.polyval(b[::-1], z) / np.polyval(a[::-1], z)) ** 2
    return found


def k_filters(rate_hz: float) -> tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]:
    """The two second-order filters of K-weighting at a rate, each as (numerator, denominator)."""
    k, q, high = np.tan(np.pi * 1681.974450955533 / rate_hz), 0.7071752369554196, 10.0 ** (3.999843853973347 / 20.0)
    band = high**0.4996667741545416
    norm = 1.0 + k / q + k * k
    shelf = (
        ((high + band * k / q + k * k) / norm, 2.0 * (k * k - high) / norm, (high - band * k / q + k * k) / norm),
        (1.0, 2.0 * (k * k - 1.0) / norm, (1.0 - k / q + k * k) / norm),
    )
    k, q = np.tan(np.pi * 38.13547087602444 / rate_hz), 0.5003270373238773
    norm = 1.0 + k / q + k * k
    high_pass = ((1.0, -2.0, 1.0), (1.0, 2.0 * (k * k - 1.0) / norm, (1.0 - k / q + k * k) / norm))
    return shelf, high_pass
