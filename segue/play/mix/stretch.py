"""Play a stretch at another speed and keep its pitch: along any map of time, to the sample, by WSOLA.

Waveform similarity overlap-add (Verhelst and Roelands, 1993) copies the sound as it is and makes or drops a few
milliseconds where it is most like itself. Drums stay sharp, unlike in a phase vocoder; a map may bend at any place; and
where the speed is 1 the copy is the original.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.play.mix.plan import Bend
from segue.values import Floats

_FRAME = 2048  # 46 ms
_HOP = _FRAME // 2  # Hann windows half over each other sum to 1
_REACH = 480  # 11 ms: the sound may lie so far from where the map wants it; twice that holds a period of 46 Hz
_PULL = 0.4  # of likeness a place at the end of that reach costs, so that it comes back where that is cheap
_TEMPLATE = _FRAME + 2 * _REACH
_LANDING = 64  # frames, 1.5 s, before the end among which the way back onto the original is chosen
_LAST = 3  # frames that reach behind the bend, and must be the original there
_TINY = 1e-9

MARGIN_SAMPLES = _FRAME + 2 * _REACH
"""Samples of the original that `bent` may look at behind those that the bend takes."""


def position_of(bend: Bend, mix_samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where in its part a bent stretch is.

    Parameters
    ----------
    bend : Bend
        Straight lines through its nodes, then a speed that goes in a straight line to 1, then 1.
    mix_samples : (k,) float64
        Samples of the mix since the part began.

    Returns
    -------
    (k,) float64
        Samples since the part's begin; they rise.
    """
    at = np.array([node.mix_samples for node in bend.nodes])
    to = np.array([node.part_samples for node in bend.nodes])
    found = np.interp(mix_samples, at, to)
    past = np.clip(mix_samples - at[-1], 0.0, bend.ease_samples)
    eased = bend.speed * past
    if bend.ease_samples:
        eased += (1.0 - bend.speed) * past**2 / (2.0 * bend.ease_samples)
    straight = np.maximum(mix_samples - bend.mix_samples, 0.0)
    before = np.minimum(mix_samples, 0.0) * bend.speed
    placed: NDArray[np.float64] = found + eased + straight + before
    return placed


def bent(samples: Floats, bend: Bend) -> Floats:
    """Play the beginning of a part along its bend.

    Parameters
    ----------
    samples : (c, n) float32
        The part from its begin on: at least ``bend.part_samples``, better ``MARGIN_SAMPLES`` more.
    bend : Bend
        The map of time.

    Returns
    -------
    (c, bend.mix_samples) float32
        After it ``samples[:, bend.part_samples:]`` goes on without a seam.
    """
    mono = np.zeros(samples.shape[1] + 2 * _TEMPLATE, np.float32)
    np.mean(samples, axis=0, dtype=np.float32, out=mono[_TEMPLATE:-_TEMPLATE])
    starts = _chosen(mono, _frame_starts(bend) + _TEMPLATE)
    window = np.hanning(_FRAME + 1)[:-1].astype(np.float32)
    out = np.zeros((len(samples), _HOP * (len(starts) + 1)), np.float32)
    for number, start in enumerate(starts):
        at = number * _HOP
        out[:, at : at + _FRAME] += window * _frame(samples, start - _TEMPLATE)
    return out[:, _HOP : _HOP + bend.mix_samples]


def _frame(samples: Floats, start: int) -> Floats:
    """One frame ``(c, 2048)``; beyond the ends there is silence."""
    frame = samples[:, max(0, start) : max(0, start + _FRAME)]
    missing = _FRAME - frame.shape[1]
    before = min(missing, max(0, -start))
    return np.pad(frame, ((0, 0), (before, missing - before))) if missing else frame


def _frame_starts(bend: Bend) -> NDArray[np.intp]:
    """Where each frame is wanted to start; the last ones reach behind the bend, where all is the original."""
    count = -(-bend.mix_samples // _HOP) + _LAST - 1
    centres = np.arange(count, dtype=np.float64) * _HOP
    exact = position_of(bend, centres) - _HOP
    line = bend.part_samples - bend.mix_samples  # of the original behind the bend
    behind = centres + _HOP > bend.mix_samples
    found: NDArray[np.intp] = np.where(behind, centres - _HOP + line, np.rint(exact)).astype(np.intp)
    return found


@dataclass(slots=True)
class _Search:
    """Likeness of places in a sound to what would go on from the frame before."""

    sound: Floats

    def best(self, natural: int, wanted: int) -> int:
        """The start near ``wanted`` whose frame is most like that at ``natural``."""
        if natural == wanted:
            return wanted
        likeness = self._likeness(natural, wanted) - _PENALTY
        return wanted - _REACH + int(np.argmax(likeness))

    def alike(self, natural: int, wanted: int) -> float:
        """How alike two frames are, in [-1, 1]."""
        a, b = self.sound[natural : natural + _FRAME], self.sound[wanted : wanted + _FRAME]
        return float(a @ b) / (float(np.sqrt((a @ a) * (b @ b))) + _TINY)

    def _likeness(self, natural: int, wanted: int) -> Floats:
        from scipy.fft import irfft, rfft  # half a second to import

        frame = self.sound[natural : natural + _FRAME]
        region = self.sound[wanted - _REACH : wanted + _REACH + _FRAME]
        size = 4096  # the smallest that holds a region, 3008 samples
        products = irfft(rfft(region, size) * np.conj(rfft(frame, size)), size)[: 2 * _REACH + 1]
        sums = np.cumsum(np.concatenate([[0.0], region.astype(np.float64) ** 2]))
        power = np.maximum(sums[_FRAME:] - sums[:-_FRAME], 0.0)
        found: Floats = (products / (np.sqrt(power * float(frame @ frame)) + _TINY)).astype(np.float32)
        return found


_PENALTY: Floats = (_PULL * (np.arange(-_REACH, _REACH + 1) / _REACH) ** 2).astype(np.float32)


def _chosen(mono: Floats, wanted: NDArray[np.intp]) -> list[int]:
    """Where each frame is taken from: near where it is wanted, and like what would go on; the last ones just there."""
    search = _Search(mono)
    limit = len(mono) - _TEMPLATE
    starts = [int(wanted[0])]
    line = wanted[-1] - _HOP * np.arange(len(wanted) - 1, -1, -1)
    near = np.abs(line - wanted) <= _REACH  # of the line that ends on the original
    landing = len(wanted) - min(_LANDING, int(np.argmin(np.append(near[:0:-1], False))))
    for place in wanted[1:landing]:
        starts.append(search.best(min(starts[-1] + _HOP, limit), min(int(place), limit)))
    return starts + _landed(search, starts[-1], line[landing:], wanted=wanted[landing:])


def _landed(search: _Search, last: int, line: NDArray[np.intp], *, wanted: NDArray[np.intp]) -> list[int]:
    """Go on as it is, no further off than may be, and change over to a line where the two are most alike."""
    natural = last + _HOP * np.arange(1, len(line) + 1)
    near = 1 + int(np.argmin(np.append(np.abs(natural - wanted)[:-_LAST] <= _REACH, False)))
    scores = [search.alike(int(a), int(b)) for a, b in zip(natural[:near], line[:near], strict=True)]
    best = int(np.argmax(scores))
    return [int(place) for place in (*natural[:best], *line[best:])]
