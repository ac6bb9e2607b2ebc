"""Integrated loudness by ITU-R BS.1770-4, and the levels of a track every 10 ms, at the rate that the file has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from segue.listen.true_peak import MARGIN_SAMPLES, TruePeak
from segue.values import Floats

_ROWS = 100  # rows of 10 ms handled at a time: one second, which stays in the second-level cache
_SEGMENTS = 10  # in such a second
_ALL_AT_FIRST = 10  # seconds whose weighting is measured; from there on
_SHARE, _GOLDEN = 0.4, (5.0**0.5 - 1.0) / 2.0  # this share of them, spread so that they fall in step with no bars
_ALIKE, _COUNTS = 1.5, 0.2  # and any that is 1.8 dB louder or softer than the last one, unless it is soft anyway
_LEAST_RATIO = 1e-7
_SEGMENT_ROWS = 10  # a gating block is four segments of 100 ms, and the next one begins a segment later
_LOW_HZ = 8820.0  # about the rate to which the low part is brought; its spectrum is all that the weighting needs
_SECOND = 8  # the very low part is brought down once more by this
_DESIGN_POINTS = 4096
_TAPS = 10  # length of both filters, in samples after them
_HAND_OVER_HZ = 400.0  # below, the weighting is finished on the very low part
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
    The plain power of every 100 ms is measured, and how K-weighting changes it for the first ten seconds, and from
    there on for two seconds in five and for any other that is louder or softer than the last one so measured: the
    spectrum's balance moves slowly, and in between it is interpolated.

    K-weighting is a power gain g(f) that is flat above some kHz, at its greatest value G. So the weighted power is
    G times the power of the samples, less that of a low part whose gain squared is G - g(f). The low part comes out
    of one short linear-phase filter that keeps only every D-th output: a matrix product. What no short filter
    can do, the high-pass at 38 Hz, is done on the spectrum of a very low part, brought down by 8 once more. Against
    the two recursive filters of the standard the gain is off by at most 0.02 dB above 40 Hz.
    """

    def __init__(self, rate_hz: int, channels: int, *, on_low: Callable[[Floats, float], None]) -> None:
        self._rate_hz = rate_hz
        self._on_low = on_low
        self._plan = _plan(rate_hz) if rate_hz >= _LOWEST_RATE_HZ else None
        self._row = self._plan.row_samples if self._plan else max(1, round(rate_hz / 100))
        self._weights = np.array(_LAYOUTS.get(channels, (1.0,) * channels), np.float64)
        self._buffer = np.zeros((channels, MARGIN_SAMPLES + _ROWS * self._row), np.float32)
        self._sizes = np.empty_like(self._buffer)
        self._filled = 0
        self._samples = 0
        self._mean = np.full(channels, 1.0 / channels, np.float32)
        self._true_peak = TruePeak()
        self._rows: list[NDArray[np.float16]] = []
        self._plain: list[NDArray[np.float64]] = []
        self._sum = 0.0
        self._ratios: list[tuple[int, float]] = []

    def take(self, planes: Floats) -> None:
        """Take the next samples ``(c, n)`` float32, full scale 1.0."""
        at, total = 0, planes.shape[1]
        self._samples += total
        room = _ROWS * self._row
        while at < total:
            count = min(total - at, room - self._filled)
            start = MARGIN_SAMPLES + self._filled
            self._buffer[:, start : start + count] = planes[:, at : at + count]
            self._filled += count
            at += count
            if self._filled == room:
                self._measure()

    def finish(self) -> Levels:
        """What was found; takes nothing more after that."""
        whole_rows = -(-self._samples // self._row)
        rest = self._filled + MARGIN_SAMPLES
        while rest > 0:  # once more where the margin reaches beyond this second
            self._buffer[:, MARGIN_SAMPLES + self._filled :] = 0.0
            self._filled = _ROWS * self._row
            rest -= self._filled
            self._measure()
        rows = np.concatenate(self._rows, axis=1)[:, :whole_rows]
        self._rows = []
        segments = max(1, self._samples // (_SEGMENT_ROWS * self._row))
        row_s = self._row / self._rate_hz
        return Levels(self._samples / self._rate_hz, row_s, rows, self._weighted()[:segments])

    @property
    def true_peak(self) -> float:
        """The largest value between and at the samples so far; 1.0 is full scale."""
        return self._true_peak.value

    def _measure(self) -> None:
        """One full buffer: 100 rows."""
        chunk = self._buffer[:, MARGIN_SAMPLES:]
        rows = chunk.reshape(len(chunk), _ROWS, self._row)  # (c, 100, row)
        sizes = np.abs(self._buffer, out=self._sizes)
        peaks = sizes[:, MARGIN_SAMPLES:].reshape(rows.shape).max(axis=2)  # (c, 100)
        powers = np.vecdot(rows, rows)  # (c, 100)
        found = np.stack([peaks.max(axis=0), np.sqrt(self._mean @ powers / self._row)])  # (2, 100)
        self._rows.append(found.astype(np.float16))
        number = len(self._plain)
        per_segment = powers.reshape(len(powers), -1, _SEGMENT_ROWS).sum(axis=2).astype(np.float64)  # (c, 10)
        self._plain.append(self._weights @ per_segment / (_SEGMENT_ROWS * self._row))
        self._sum += float(self._plain[-1].sum())
        if self._plan and (number < _ALL_AT_FIRST or number * _GOLDEN % 1.0 < _SHARE or self._is_new()):
            self._weigh(chunk, per_segment, self._plan)
        self._true_peak.take(self._buffer, sizes)
        self._buffer[:, :MARGIN_SAMPLES] = self._buffer[:, -MARGIN_SAMPLES:]
        self._filled = 0

    def _is_new(self) -> bool:
        """Whether this second is loud enough to count, and not as loud as the last one whose weighting was measured."""
        power, known = (
            float(self._plain[-1].sum()),
            float(self._plain[self._ratios[-1][0]].sum()) if self._ratios else 0,
        )
        counts = power > _COUNTS * self._sum / len(self._plain)
        return counts and not 1.0 / _ALIKE < power / max(known, 1e-12) < _ALIKE

    def _weigh(self, chunk: Floats, plain: NDArray[np.float64], plan: _Plan) -> None:
        """Note by how much the weighting changes the power of this second, and hand the low part on.

        The first and the last of its ten segments are left to the filters to swing in and out.
        """
        channels = len(chunk)
        nothing = np.zeros((channels, _TAPS), np.float32)
        low = _filtered(chunk, plan.first, nothing.copy())
        self._on_low(self._mean @ low, self._rate_hz / plan.step)
        inner = low.reshape(channels, _SEGMENTS, -1)[:, 1:-1]  # (c, 8, n)
        power = plan.greatest_gain * plain[:, 1:-1].sum(axis=1) - plan.step * np.vecdot(inner, inner).sum(axis=1)
        very_low = _filtered(low, plan.second, nothing).reshape(channels, _SEGMENTS, -1)  # (c, 10, n)
        passed, _ = plan.high_pass.run(very_low, np.zeros((channels, 2)))
        parts = np.stack([very_low, passed.astype(np.float32)])  # (2, c, 10, n)
        power -= plan.flat_gains @ np.vecdot(parts[:, :, 1:-1], parts[:, :, 1:-1]).sum(axis=2)
        frames = np.concatenate([parts[:, :, :-1], parts[:, :, 1:]], axis=3)  # (2, c, 9, 2n)
        energy = np.vecdot(frames @ plan.forms[:, None], frames).sum(axis=0)  # (c, 9)
        power -= energy.sum(axis=1) - (energy[:, 0] + energy[:, -1]) / 2.0
        total, weighted = float(self._weights @ plain[:, 1:-1].sum(axis=1)), float(self._weights @ power)
        if total > 0.0:
            self._ratios.append((len(self._plain) - 1, max(weighted / total, _LEAST_RATIO)))

    def _weighted(self) -> NDArray[np.float64]:
        """The weighted power of every segment."""
        if not self._ratios:
            return np.zeros(0)
        plain = np.concatenate(self._plain)
        at = (np.arange(len(plain)) + 0.5) / _SEGMENTS - 0.5
        seconds, ratios = zip(*self._ratios, strict=True)
        found: NDArray[np.float64] = plain * np.exp(np.interp(at, seconds, np.log(ratios)))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """The filters for one rate; ``row_samples`` is a multiple of all steps."""

    row_samples: int
    step: int
    greatest_gain: float
    first: Floats
    second: Floats
    segment_samples: int
    high_pass: _Recursion
    flat_gains: NDArray[np.float64]
    forms: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Recursion:
    """A recursive filter of second order over blocks of n samples as four matrices (transposed direct form II).

    What comes out of a block is ``x @ direct + z @ free``, and the state after it ``x @ drive + z @ carry``: the same
    numbers as sample by sample, without a loop over samples or a library for it that takes a second to import.
    """

    direct: NDArray[np.float64]
    free: NDArray[np.float64]
    drive: NDArray[np.float64]
    carry: NDArray[np.float64]

    def run(self, blocks: Floats, state: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Filter consecutive blocks ``(c, k, n)`` from the state ``(c, 2)`` on; gives them and the state after them."""
        driven = blocks @ self.drive  # (c, k, 2)
        states = np.empty_like(driven)
        for at in range(blocks.shape[1]):
            states[:, at] = state
            state = driven[:, at] + state @ self.carry
        return blocks @ self.direct + states @ self.free, state


def _recursion(numerator: tuple[float, ...], denominator: tuple[float, ...], *, length: int) -> _Recursion:
    """Find the matrices by running the filter on each unit impulse, and from each unit state."""
    (b0, b1, b2), (_, a1, a2) = numerator, denominator
    entering = np.concatenate([np.eye(length), np.zeros((2, length))])  # (n + 2, n)
    first, second = np.zeros((2, length + 2))
    first[length], second[length + 1] = 1.0, 1.0
    leaving = np.empty_like(entering)
    for at in range(length):
        x = entering[:, at]
        leaving[:, at] = y = b0 * x + first
        first, second = b1 * x - a1 * y + second, b2 * x - a2 * y
    states = np.stack([first, second], axis=1)  # (n + 2, 2)
    return _Recursion(leaving[:length], leaving[length:], states[:length], states[length:])


def _filtered(samples: Floats, matrix: Floats, tail: Floats) -> Floats:
    """Filter and thin out ``(c, n)`` by a banded matrix; ``tail`` ``(c, 10)`` is what hangs over, and is brought up."""
    taken, given = matrix.shape[0], matrix.shape[1] - _TAPS
    out = samples.reshape(len(samples), -1, taken) @ matrix  # (c, blocks, given + 10)
    out[:, 1:, :_TAPS] += out[:, :-1, given:]
    out[:, 0, :_TAPS] += tail
    tail[:] = out[:, -1, given:]
    return np.ascontiguousarray(out[:, :, :given]).reshape(len(samples), -1)


def _banded(taps: NDArray[np.float64], step: int, *, given: int) -> Floats:
    """The matrix ``(given * step, given + 10)`` that turns a block of samples into every step-th filtered one."""
    lag = np.arange(given + _TAPS)[None, :] * step - np.arange(given * step)[:, None]
    inside = (lag >= 0) & (lag < len(taps))
    return np.where(inside, taps[np.clip(lag, 0, len(taps) - 1)], 0.0).astype(np.float32)


@lru_cache(maxsize=8)
def _plan(rate_hz: int) -> _Plan:
    """Design the filters for a rate by least squares."""
    step = max(1, round(rate_hz / _LOW_HZ))
    row_low = _SECOND * round(rate_hz / step / 100 / _SECOND)
    omega = np.pi * np.arange(_DESIGN_POINTS + 1) / _DESIGN_POINTS
    hz = omega * rate_hz / (2 * np.pi)
    gain = k_weighting(hz, rate_hz)
    greatest = float(gain.max())
    # The low part: short, and exact where the weighting is finished on it alone.
    wanted = np.sqrt(np.maximum(greatest - gain, 0.0))
    below = hz < 0.9 * _HAND_OVER_HZ
    wanted[below] = np.sqrt(greatest - 1.0)  # as flat as can be: the very low part makes up for it
    weight = np.where(below, 0.05, np.sqrt(np.maximum(wanted, 0.05)) / np.maximum(0.3, gain))
    half = _TAPS * step // 2
    cosines = np.cos(omega[:, None] * np.arange(half + 1)) * np.where(np.arange(half + 1) == 0, 1.0, 2.0)
    weighted = cosines * weight[:, None]
    right = np.linalg.solve(weighted.T @ weighted, weighted.T @ (wanted * weight))
    taps = np.concatenate([right[:0:-1], right])
    # The very low part: a windowed sinc.
    second_half = _TAPS * _SECOND // 2
    at = np.arange(-second_half, second_half + 1)
    cut = 1.25 * _HAND_OVER_HZ * step / rate_hz
    second = 2.0 * cut * np.sinc(2.0 * cut * at) * np.kaiser(len(at), 6.0)
    segment = row_low // _SECOND * _SEGMENT_ROWS
    bins_hz = np.arange(segment + 1) * (rate_hz / step / _SECOND) / (2 * segment)
    first_gain = _gain(taps, bins_hz / rate_hz)
    second_gain = _gain(second, bins_hz * step / rate_hz)
    high_pass = k_filters(rate_hz / step / _SECOND)[1]
    passed = _recursive_gain(bins_hz * step * _SECOND / rate_hz, high_pass)
    inside = bins_hz < _HAND_OVER_HZ
    scale = inside / np.where(inside, first_gain * second_gain, 1.0)
    off = scale * (greatest - first_gain)
    on = scale * np.where(bins_hz > 0, k_weighting(bins_hz, rate_hz) / np.where(bins_hz > 0, passed, 1.0), 0.0)
    gains = np.stack([off, -on])  # (2, n + 1)
    gains[:, 0] = gains[:, 1]  # both are smooth there, and 0 / 0 otherwise
    return _Plan(
        row_samples=row_low * step,
        step=step,
        greatest_gain=greatest,
        first=_banded(taps, step, given=row_low // 4),
        second=_banded(second, _SECOND, given=row_low // _SECOND),
        segment_samples=segment,
        high_pass=_recursion(*high_pass, length=segment),
        flat_gains=gains[:, 0] * step * _SECOND,
        forms=_quadratic_forms((gains - gains[:, :1]) * step * _SECOND),
    )


def _quadratic_forms(gains: NDArray[np.float64]) -> Floats:
    """For power gains ``(g, n + 1)`` the matrices ``(g, 2n, 2n)`` whose quadratic form is the power of a frame.

    The frame is windowed by a half sine, whose squares add up to 1 where frames overlap by half; by Parseval the form
    is the window's times a circulant of the gains' inverse Fourier transform.
    """
    size = 2 * (gains.shape[1] - 1)
    window = np.sin(np.pi * (np.arange(size) + 0.5) / size)
    lags = np.fft.irfft(gains, size, axis=1)
    circulant = lags[:, (np.arange(size)[:, None] - np.arange(size)[None, :]) % size]
    found: Floats = np.ascontiguousarray(circulant * window[:, None] * window[None, :], np.float32)
    return found


def _gain(taps: NDArray[np.float64], cycles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Power gain of a symmetric filter at frequencies in cycles a sample."""
    at = np.arange(len(taps)) - len(taps) // 2
    found: NDArray[np.float64] = (np.cos(2 * np.pi * cycles[:, None] * at) @ taps) ** 2
    return found


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
