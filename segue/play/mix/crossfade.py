"""How two tracks that sound together share the time of a join: gains along it, and the low end handed over."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from segue.config import MIX
from segue.play.mix.plan import JoinStyle
from segue.values import Floats

_TAPS = 1025  # 23 ms at 44.1 kHz: a transition of about 140 Hz
_BLOCK = 15_360  # samples filtered at a time: with the taps a transform of 16,384
_LOW_SWAP = 0.25  # share of an overlap, about its middle, in which the low end changes hands...
_LONGEST_SWAP_S = 4.0  # ...but no longer than this


def crossfaded(a: Floats, b: Floats, *, style: JoinStyle) -> Floats:
    """Mix the overlap of two tracks.

    Parameters
    ----------
    a, b : (2, n) float32
        The end of the one that goes and the beginning of the one that comes.
    style : JoinStyle
        "fade" is one crossfade of equal power. "eq" and "beat" fade what lies above the crossover so, and hand over
        what lies below it about the middle: two basses at once are mud, and two kicks a gallop.

    Returns
    -------
    (2, n) float32
        Begins as ``a`` and ends as ``b``.
    """
    along = (np.arange(a.shape[1], dtype=np.float32) + 0.5) / a.shape[1]
    if style == "fade":
        return _shared(a, b, along)
    swap = min(_LOW_SWAP, _LONGEST_SWAP_S * MIX.sample_rate_hz / a.shape[1])
    low_along = np.clip((along - 0.5) / swap + 0.5, 0.0, 1.0)
    mixed = np.empty_like(a)
    for at in range(0, a.shape[1], _BLOCK):
        part = slice(at, at + _BLOCK)
        low_a, low_b = _low(a, at), _low(b, at)
        mixed[:, part] = _shared(a[:, part] - low_a, b[:, part] - low_b, along[part])
        mixed[:, part] += _shared(low_a, low_b, low_along[part])
    return mixed


def ramp(length: int) -> Floats:
    """A gain ``(length,)`` that rises from 0 to 1 without a corner: what keeps a cut from clicking."""
    rising: Floats = (0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / length)).astype(np.float32)
    return rising


def _shared(a: Floats, b: Floats, along: Floats) -> Floats:
    """Both at equal power, from all of ``a`` at 0 to all of ``b`` at 1."""
    angle = along * np.float32(np.pi / 2.0)
    mixed: Floats = np.cos(angle) * a + np.sin(angle) * b
    return mixed


def _low(samples: Floats, at: int) -> Floats:
    """What lies below the crossover in one block, without delay; beyond the ends there is silence.

    The rest is the block less this, so that both together are the sound as it was.
    """
    from scipy.fft import irfft, rfft  # half a second to import

    half = _TAPS // 2
    count = min(_BLOCK, samples.shape[1] - at)
    size = _BLOCK + _TAPS - 1
    begin = max(0, at - half)
    held = np.zeros((2, size), np.float32)
    piece = samples[:, begin : at + count + half]
    held[:, begin - (at - half) : begin - (at - half) + piece.shape[1]] = piece
    found: Floats = irfft(rfft(held) * _low_pass(size), size)[:, _TAPS - 1 : _TAPS - 1 + count]
    return found


@lru_cache(maxsize=1)
def _low_pass(size: int) -> Floats:
    """Spectrum of a windowed sinc at the crossover."""
    from scipy.fft import rfft

    cycles = MIX.crossover_hz / MIX.sample_rate_hz
    taps = np.sinc(2.0 * cycles * (np.arange(_TAPS) - _TAPS // 2)) * np.hanning(_TAPS)
    spectrum: Floats = rfft((taps / taps.sum()).astype(np.float32), size)
    return spectrum
