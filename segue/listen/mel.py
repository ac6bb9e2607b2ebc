"""Log-mel slices, equal to librosa's within 1e-3, in float32 and as a stream: memory does not grow with the track."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.config import MelSpec
from segue.errors import ParameterError
from segue.listen.fourier import rfft
from segue.listen.spread import spread
from segue.values import Floats

_FFT_BLOCK_FRAMES = 36  # 36 x 2048 float32 stay in the second-level cache; larger blocks are slower
_BANDS_TOGETHER = 12  # neighbouring bands in one small product: fewer zeros than all, fewer calls than each
_SMALLEST_POWER = 1e-10  # librosa.power_to_db's amin
_LOG_GAIN = 10_000.0  # MusiCNN's log10(1 + 10000 mel)


def slices(samples: Floats, spec: MelSpec) -> Floats:
    """Cut samples into whole log-mel slices, leaving out silent ones.

    Parameters
    ----------
    samples : (n,) float32
        Mono audio at ``spec.sample_rate_hz``.
    spec : MelSpec
        The ear's front end.

    Returns
    -------
    (s, mel_bands, slice_frames) float32
        For the ``db`` scale in [0, 1]; s may be 0.

    Raises
    ------
    ParameterError
        If ``samples`` is not one-dimensional.

    Notes
    -----
    The short-time Fourier transform runs over the whole track (Hann window, centred, zero-padded, power 2) before it
    is cut, so only the two ends of the track see padding. Mel bands are Slaney's (Auditory
    Toolbox, 1998), area-normalised.
    """
    if samples.ndim != 1:
        raise ParameterError(f"samples have the shape {samples.shape}", remedy="Give mono audio, (n,)")
    found = list(iter_slices([samples], spec))
    return np.stack(found) if found else np.zeros((0, spec.mel_bands, spec.slice_frames), np.float32)


def iter_slices(
    blocks: Iterable[Floats], spec: MelSpec, *, on_power: Callable[[Floats], None] | None = None
) -> Iterator[Floats]:
    """Yield the slices ``(mel_bands, slice_frames)`` of a track that comes in blocks of any length; see `slices`.

    ``on_power`` is given what `iter_power` yields, of silent slices too, so that one Fourier transform serves all.
    """
    for stretch in _iter_stretches(blocks, spec):
        mel = _slice(stretch, spec, on_power)
        if mel is not None:
            yield mel


def iter_power(blocks: Iterable[Floats], spec: MelSpec) -> Iterator[Floats]:
    """Yield the power of a track's frames, a whole slice at a time.

    Parameters
    ----------
    blocks : iterable of (n,) float32
        A track's samples in blocks of any length, at ``spec.sample_rate_hz``.
    spec : MelSpec
        Whose frames; its mel bands do not matter.

    Yields
    ------
    (slice_frames, 1 + n_fft_samples / 2) float32
        The squared magnitude of the short-time Fourier transform (Hann window, centred, zero-padded) in the order of
        the track, zeros where it is silent. What is left over after the last whole slice is not covered.
    """
    for stretch in _iter_stretches(blocks, spec):
        yield _power(stretch, spec)


def iter_spread_slices(blocks: Iterable[Floats], spec: MelSpec, *, most: int) -> Iterator[Floats]:
    """Yield some of the slices that `iter_slices` would, evenly spread over the track.

    Parameters
    ----------
    blocks : iterable of (n,) float32
        A track's samples in blocks of any length; how many will come need not be known.
    spec : MelSpec
        The ear's front end.
    most : int
        At most so many slices, 2 or more: all of a track that has no more, and else at least half of ``most``.

    Yields
    ------
    (mel_bands, slice_frames) float32
        In the order of the track.

    See Also
    --------
    segue.listen.spread.spread : which ones stay. Only the stretches' samples are held, and only what is left at the
        end becomes a mel.
    """
    sounding = (stretch.copy() for stretch in _iter_stretches(blocks, spec) if stretch.any())
    for stretch in spread(sounding, most=most):
        mel = _slice(stretch, spec)
        if mel is not None:
            yield mel


class PowerTap:
    """As `iter_power`, for samples that are handed over rather than asked for."""

    def __init__(self, spec: MelSpec, on_power: Callable[[Floats], None]) -> None:
        self._cutter = Cutter(spec)
        self._spec = spec
        self._on_power = on_power

    def take(self, block: Floats) -> None:
        """Take the next samples ``(n,)`` and hand on the power of each slice ``(slice_frames, bins)`` that is whole."""
        for stretch in self._cutter.cut(block):
            self._on_power(_power(stretch, self._spec))

    def end(self) -> None:
        """There are no more samples."""
        self.take(margin(self._spec))


def _iter_stretches(blocks: Iterable[Floats], spec: MelSpec) -> Iterator[Floats]:
    """The samples under each whole slice, as `Cutter.cut` has them."""
    cutter = Cutter(spec)
    for block in chain(blocks, [margin(spec)]):
        yield from cutter.cut(block)


def margin(spec: MelSpec) -> Floats:
    """The zeros that follow the last samples of a track, so that its last frame is whole."""
    return np.zeros(spec.n_fft_samples // 2, np.float32)


class Cutter:
    """Cuts samples that come in blocks of any length; each is copied once, however short the blocks are."""

    def __init__(self, spec: MelSpec) -> None:
        self._step = spec.slice_frames * spec.hop_samples
        self._stretch = np.zeros(spec.slice_samples + spec.n_fft_samples, np.float32)
        self._filled = spec.n_fft_samples // 2

    def cut(self, block: Floats) -> Iterator[Floats]:
        """The stretches that are whole with this block: ``(slice_samples + n_fft_samples,)``, which overlap.

        It is the same array each time, with other samples in it: copy what is to be kept.
        """
        at, stretch = 0, self._stretch
        while at < len(block):
            fresh = block[at : at + len(stretch) - self._filled]
            stretch[self._filled : self._filled + len(fresh)] = fresh
            at, self._filled = at + len(fresh), self._filled + len(fresh)
            if self._filled == len(stretch):
                yield stretch
                stretch[: -self._step] = stretch[self._step :]
                self._filled -= self._step


def single_slice(samples: Floats, spec: MelSpec, *, on_power: Callable[[Floats], None] | None = None) -> Floats | None:
    """The one slice ``(mel_bands, slice_frames)`` at the start of samples that need no padding; None where silent.

    ``on_power`` is given the power of its frames, as `iter_power` yields it.

    Raises
    ------
    ParameterError
        If there are fewer than ``slice_samples + n_fft_samples`` samples.
    """
    need = spec.slice_samples + spec.n_fft_samples
    if len(samples) < need:
        raise ParameterError(f"{len(samples)} samples are less than a slice", remedy=f"Give {need} or more")
    return _slice(samples[:need], spec, on_power)


def _slice(samples: Floats, spec: MelSpec, on_power: Callable[[Floats], None] | None = None) -> Floats | None:
    """One slice from the samples under its frames, or None where it is silent."""
    if spec.scale == "waveform":
        return samples[None].copy() if samples.any() else None  # (1, 110592)
    power = _power(samples, spec)  # (216, 1025)
    if on_power is not None:
        on_power(power)
    mel = in_bands(power, _mel_bank(spec.sample_rate_hz, spec.n_fft_samples, spec.mel_bands))
    return _decibels(mel.T, spec) if spec.scale == "db" else _logarithm(mel.T)


def _power(samples: Floats, spec: MelSpec) -> Floats:
    """The power of the frames over samples that need no padding: ``(slice_frames, 1 + n_fft_samples / 2)``."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, spec.n_fft_samples)[:: spec.hop_samples]  # (216, 2048)
    window = _hann(spec.n_fft_samples)
    power = np.empty((len(frames), 1 + spec.n_fft_samples // 2), np.float32)
    windowed = np.empty((_FFT_BLOCK_FRAMES, spec.n_fft_samples), np.float32)
    for at in range(0, len(frames), _FFT_BLOCK_FRAMES):
        block, found = frames[at : at + _FFT_BLOCK_FRAMES], power[at : at + _FFT_BLOCK_FRAMES]
        np.multiply(block, window, out=windowed[: len(block)])
        np.abs(rfft(windowed[: len(block)]), out=found)  # with a sum of squares it takes longer
        np.square(found, out=found)
    return power


def _decibels(mel: Floats, spec: MelSpec) -> Floats | None:
    level_db = np.maximum(mel, _SMALLEST_POWER, order="C")
    np.log10(level_db, out=level_db)
    level_db *= np.float32(10.0)
    np.maximum(level_db, level_db.max() - np.float32(spec.floor_db), out=level_db)
    low, high = level_db.min(), level_db.max()
    if high <= low:
        return None
    level_db -= low
    level_db /= high - low
    return level_db


def _logarithm(mel: Floats) -> Floats | None:
    return None if mel.max() <= 0.0 else np.log10(1.0 + _LOG_GAIN * mel, order="C")


@lru_cache(maxsize=4)
def _hann(length: int) -> Floats:
    """The periodic Hann window."""
    return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length)).astype(np.float32)


class _Part(NamedTuple):
    """Some neighbouring bands, and the part of the spectrum that they lie in."""

    bands: slice
    bins: slice
    weights: Floats


Bank = tuple[_Part, ...]
"""Filters of which few numbers are not zero, as small products side by side."""


def bank_of(weights: NDArray[np.float64]) -> Bank:
    """Part filters ``(bands, bins)``, one a row, whose neighbours overlap."""
    parts = []
    for at in range(0, len(weights), _BANDS_TOGETHER):
        part = weights[at : at + _BANDS_TOGETHER].astype(np.float32)
        used = np.flatnonzero(part.any(axis=0))
        bins = slice(int(used.min(initial=weights.shape[1])), int(used.max(initial=-1)) + 1)
        parts.append(_Part(slice(at, at + len(part)), bins, np.ascontiguousarray(part[:, bins].T)))
    return tuple(parts)


def in_bands(power: Floats, bank: Bank) -> Floats:
    """The power of frames ``(k, bins)`` through filters: ``(k, bands)``."""
    found = np.empty((len(power), bank[-1].bands.stop), np.float32)
    for part in bank:
        np.matmul(power[:, part.bins], part.weights, out=found[:, part.bands])
    return found


@lru_cache(maxsize=4)
def _mel_bank(sample_rate_hz: int, n_fft_samples: int, mel_bands: int) -> Bank:
    """Triangular mel filters, of which two numbers in a hundred are not zero."""
    edges_hz = _mel_to_hz(np.linspace(0.0, hz_to_mel(np.array(sample_rate_hz / 2.0)), mel_bands + 2))
    bins_hz = np.fft.rfftfreq(n_fft_samples, 1.0 / sample_rate_hz)
    widths_hz = np.diff(edges_hz)
    ramps = edges_hz[:, None] - bins_hz[None, :]  # (98, 1025)
    rising, falling = -ramps[:-2] / widths_hz[:-1, None], ramps[2:] / widths_hz[1:, None]
    return bank_of(np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (edges_hz[2:] - edges_hz[:-2]))[:, None])


# Slaney's mel scale: linear to 1000 Hz (15 mel), then 27 mel for each factor of 6.4.
_LINEAR_HZ = 200.0 / 3.0
_LOG_FROM_HZ = 1000.0
_LOG_STEP = np.log(6.4) / 27.0


def hz_to_mel(hz: np.ndarray) -> np.ndarray:
    """Place frequencies on Slaney's mel scale.

    Parameters
    ----------
    hz : (...) float
        Frequencies in Hz, 0 or more.

    Returns
    -------
    (...) float64
        In mel: ``3 hz / 200`` below 1000 Hz, and from there ``15 + 27 ln(hz / 1000) / ln 6.4`` (Slaney, Auditory
        Toolbox, 1998).
    """
    log_part = _LOG_FROM_HZ / _LINEAR_HZ + np.log(np.maximum(hz, _LOG_FROM_HZ) / _LOG_FROM_HZ) / _LOG_STEP
    return np.where(hz < _LOG_FROM_HZ, hz / _LINEAR_HZ, log_part)


def _mel_to_hz(mel: np.ndarray) -> np.ndarray:
    log_from_mel = _LOG_FROM_HZ / _LINEAR_HZ
    log_part = _LOG_FROM_HZ * np.exp(_LOG_STEP * (mel - log_from_mel))
    return np.where(mel < log_from_mel, mel * _LINEAR_HZ, log_part)
