"""Keep the true peak below a ceiling: look ahead, turn down smoothly, come back slowly.

The gain at a moment depends on the sound from 0.15 s before it to a few milliseconds after it and on nothing else, and
is reckoned in blocks that lie at whole seconds of the mix. So a mix that is rendered from its middle on is the same
there, bit by bit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segue.config import MIX
from segue.listen.true_peak import FARTHEST, crests, phases
from segue.values import Floats

BLOCK_SAMPLES = MIX.sample_rate_hz
"""Samples of a block: one second."""

_STEP = 63  # samples between two points of the gain: 1.4 ms, and a block is 700 of them
_POINTS = BLOCK_SAMPLES // _STEP
_SMOOTH = 7  # points on either side over which the gain is smoothed: it is down 10 ms ahead of a peak
_RELEASE = 84  # points, 120 ms, in which it comes back: longer takes more off drums, shorter roughens basses
_MARGIN_DB = 0.12  # other meters interpolate otherwise, and a changing gain adds a little between the samples

_HALF = 16
PEAK_TAPS = phases(8, half=_HALF)
"""Twice as fine and long as BS.1770 asks for: half a decibel more may lie between the samples of hi-hats."""

PEAK_MARGIN_SAMPLES = 2 * _HALF
"""Samples of the sound before that a search for peaks wants to see once more."""

WARM_UP_BLOCKS = 2
"""Blocks that must have been taken before one that is to come out as it would in the whole mix."""


def _shape() -> Floats:
    """What share of the gain of a peak is asked for, from ``_SMOOTH`` points before it until it has come back."""
    held = np.ones(2 * _SMOOTH + 2)
    falling = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, _RELEASE + 1) / (_RELEASE + 1))
    return np.concatenate([held, falling]).astype(np.float32)


_SHAPE = _shape()
_KERNEL: Floats = (np.hanning(2 * _SMOOTH + 3)[1:-1] / np.hanning(2 * _SMOOTH + 3).sum()).astype(np.float32)
_BETWEEN: Floats = (np.arange(_STEP) / _STEP).astype(np.float32)


class Limiter:
    """Takes a mix block by block and gives each back, limited, when the next one is known.

    ``ceiling_dbtp`` is the true peak below which everything is kept.
    """

    def __init__(self, ceiling_dbtp: float) -> None:
        self._ceiling = 10.0 ** ((ceiling_dbtp - _MARGIN_DB) / 20.0)
        self._before: Floats = np.zeros((2, BLOCK_SAMPLES), np.float32)
        self._needs: Floats = np.zeros(3 * _POINTS, np.float32)  # dB by which each point is too loud, of three blocks
        self.peak = 0.0

    def take(self, block: Floats) -> Floats:
        """Give the block that was taken before this one, limited; before the first there is silence.

        Parameters
        ----------
        block : (2, 44100) float32
            The next second of the mix.

        Returns
        -------
        (2, 44100) float32
        """
        self._needs = np.concatenate([self._needs[_POINTS:], np.zeros(_POINTS, np.float32)])
        self._look(block)
        before, self._before = self._before, block
        near = self._needs[_POINTS + 1 - len(_SHAPE) : 2 * _POINTS + 2 * _SMOOTH + 1]
        return before if not near.any() else before * _gains(near)

    def _look(self, block: Floats) -> None:
        """Note where a block is too loud; its last samples wait for those that follow."""
        buffer = np.concatenate([self._before[:, -PEAK_MARGIN_SAMPLES:], block], axis=1)
        sizes = np.abs(buffer)
        largest = float(sizes.max())
        self.peak = max(self.peak, largest)
        if largest * FARTHEST <= self._ceiling:
            return
        found = crests(buffer, sizes, above=self._ceiling / FARTHEST, taps=PEAK_TAPS)
        loud = found.peaks > self._ceiling
        if loud.any():
            points = (found.at[loud] - PEAK_MARGIN_SAMPLES) // _STEP + 2 * _POINTS
            np.maximum.at(self._needs, points, 20.0 * np.log10(found.peaks[loud] / self._ceiling))


class Ducks:
    """Places of a finished mix that must be a little lower after all, and the gain that sees to it."""

    def __init__(self) -> None:
        self._needs: dict[int, Floats] = {}  # by block, (700,)

    def add(self, at: NDArray[np.intp], by_db: Floats, *, reach_samples: int = 0) -> None:
        """Ask for the samples ``at`` ``(k,)``, and those so near, to be lower by so many dB ``(k,)`` than before."""
        reach = np.arange(-reach_samples, reach_samples + 1, _STEP)
        at = np.maximum(at[:, None] + reach, 0).reshape(-1)
        by_db = np.repeat(by_db, len(reach))
        blocks = at // BLOCK_SAMPLES
        for number in np.unique(blocks).tolist():
            here = blocks == number
            asked = np.zeros(_POINTS, np.float32)
            np.maximum.at(asked, at[here] % BLOCK_SAMPLES // _STEP, by_db[here])
            self._needs[number] = asked + self._needs.get(number, 0.0)

    def gains(self, number: int) -> Floats | None:
        """Gain ``(44100,)`` of one block; None where nothing is asked for."""
        nothing = np.zeros(_POINTS, np.float32)
        near = np.concatenate([self._needs.get(other, nothing) for other in range(number - 1, number + 2)])
        near = near[_POINTS + 1 - len(_SHAPE) : 2 * _POINTS + 2 * _SMOOTH + 1]
        return _gains(near) if near.any() else None


def _gains(needs: Floats) -> Floats:
    """Gain of each sample of a block.

    Parameters
    ----------
    needs : (len(_SHAPE) + 700 + 2 * _SMOOTH,) float32
        By how many dB each point is too loud: those before the block, those of it, and the next ones.

    Returns
    -------
    (44100,) float32
        At every point at least as much lower as it, and the one before it, are too loud.
    """
    windows = np.lib.stride_tricks.sliding_window_view(needs, len(_SHAPE))
    asked = (windows * _SHAPE[::-1]).max(axis=1)  # from _SMOOTH points before the block to as many behind it
    smooth = np.convolve(asked, _KERNEL, mode="valid")  # (701,)
    at_points = 10.0 ** (smooth / -20.0)
    rising = np.diff(at_points)[:, None] * _BETWEEN
    gains: Floats = (at_points[:-1, None] + rising).reshape(-1).astype(np.float32)
    return gains
