"""The beat grid: where the beats of a known tempo fall, to a few milliseconds where the rhythm is steady."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.listen.tempo import FRAME_S, Onsets
from segue.values import Floats

_BASS_WEIGHT, _ATTACK_WEIGHT, _ONSET_WEIGHT = 1.0, 0.5, 0.1  # what makes a beat rather than an off-beat

_TIGHTNESS = 60.0  # what a beat loses for coming early or late, by the squared logarithm of its share of the period
_SHORTEST, _LONGEST = 0.72, 1.4  # a beat's length, in periods
LOW_SHARE = 0.5  # what the low onsets count beside all: a kick is likelier on the beat than a hat
_REACH_S = 0.045  # how far the fine envelope may move a beat
_STEP_S = 0.0025
_NEIGHBOURS = 8  # beats on either side that are moved together
_STEADY_S = 0.012  # beats that stray no further from a straight line lie on it
_STEADY_SHARE = 0.8
_SEARCH = 0.012  # the period may be off by this share at first
_LONGEST_SONG_S = 1800.0  # for a straight line to be looked for


@dataclass(frozen=True, slots=True, eq=False)
class Fine:
    """Onsets by rows of ``row_s`` from the samples themselves, ``(r,)`` float32: sharper in time, blunter in pitch."""

    strength: Floats
    row_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """Beat times ``(k,)`` float32, the tempo that they have, and the share of them that lie on one straight line."""

    times_s: Floats
    bpm: float
    steadiness: float
    strength: float


@dataclass(frozen=True, slots=True)
class Line:
    """A steady beat: its length, and when it first falls."""

    beat_s: float
    first_s: float


def track_beats(found: Onsets, bpm: float, *, fine: Fine, sound_s: tuple[float, float]) -> Beats | None:
    """Lay beats through a track.

    Parameters
    ----------
    found : Onsets
        Onsets by frames.
    bpm : float
        The tempo, within 2 %.
    fine : Fine
        Onsets by rows of 10 ms.
    sound_s : (float, float)
        Where the sound begins and ends: a steady grid goes all the way.

    Returns
    -------
    Beats or None
        None where there are fewer than four beats.

    Notes
    -----
    Dynamic programming (Ellis, 2007): the path through the onsets that are strong and about a period apart; then the
    fine envelope around 17 beats at a time says by how much each is moved; then, where most of the beats lie on a
    straight line, all are put on it.
    """
    curve: Floats = ((found.full + LOW_SHARE * found.low) / (1.0 + LOW_SHARE)).astype(np.float32)
    frames = _best_path(curve, 60.0 / bpm / FRAME_S)
    frames = _trimmed(frames, curve)
    if len(frames) < 4:
        return None
    strength = float(np.mean(np.maximum.reduce([curve[np.clip(frames + d, 0, len(curve) - 1)] for d in (-1, 0, 1)])))
    times = _between_frames(frames, curve) * FRAME_S
    if times[-1] < _LONGEST_SONG_S:  # what it takes grows with the length, and a long mix is followed, not measured
        times = sharpened(times, fine)
    line, share = _straight_line(times, 60.0 / bpm)
    if share >= _STEADY_SHARE:
        first, last = ((end_s - line.first_s) / line.beat_s for end_s in sound_s)
        numbers = np.arange(np.ceil(first - 0.1), np.floor(last + 0.1) + 1.0)
        straight = line.first_s + line.beat_s * numbers
        straight = straight + _half_beat(found, straight)
        straight = np.maximum(straight[straight < sound_s[1] + 0.1 * line.beat_s], 0.0)
        return Beats(straight.astype(np.float32), 60.0 / line.beat_s, share, strength)
    times = times + _half_beat(found, times)
    return Beats(times.astype(np.float32), float(60.0 / np.median(np.diff(times))), share, strength)


def _best_path(curve: Floats, period: float) -> NDArray[np.intp]:
    """Frames of the beats; as many frames at once as the shortest beat is long, for they do not need each other."""
    shortest, longest = max(2, int(np.ceil(_SHORTEST * period))), max(3, int(_LONGEST * period) + 1)
    back = np.arange(longest, shortest - 1, -1)  # (w,)
    cost = -_TIGHTNESS * np.log(back / period) ** 2
    total = len(curve)
    score = np.zeros(longest + total)  # frame t stands at longest + t
    choice = np.zeros(total, np.intp)
    reached = np.empty((shortest, len(back)))
    rows = np.arange(shortest) * len(back)
    before = np.lib.stride_tricks.sliding_window_view(score, len(back))  # row t: frames t - longest .. t - shortest
    for start in range(0, total, shortest):
        end = min(start + shortest, total)
        part, chosen = reached[: end - start], choice[start:end]
        np.add(before[start:end], cost, out=part)
        part.argmax(axis=1, out=chosen)
        best = part.ravel()[rows[: end - start] + chosen]
        np.add(curve[start:end], np.maximum(best, 0.0, out=best), out=score[longest + start : longest + end])
    at = total - 1 - int(np.argmax(score[: -longest - 1 : -1])) if total > longest else int(np.argmax(score[longest:]))
    path = []
    while at >= 0:
        path.append(at)
        at -= int(back[choice[at]])
    return np.array(path[::-1], np.intp)


def _trimmed(frames: NDArray[np.intp], curve: Floats) -> NDArray[np.intp]:
    """Without the beats at either end that fall where nothing sounds."""
    if not len(frames):
        return frames
    strong = np.maximum.reduce([curve[np.clip(frames + d, 0, len(curve) - 1)] for d in (-2, -1, 0, 1, 2)])
    loud = np.flatnonzero(strong > 0.3 * np.sqrt(np.mean(strong**2)))
    return frames[loud[0] : loud[-1] + 1] if len(loud) else frames[:0]


def _between_frames(frames: NDArray[np.intp], curve: Floats) -> NDArray[np.float64]:
    """Beats as fractions of a frame, by a parabola through the onset curve where it has a peak."""
    near = np.clip(frames, 1, len(curve) - 2)
    left, middle, right = (curve[near + d].astype(np.float64) for d in (-1, 0, 1))
    bend = left - 2.0 * middle + right
    peaked = (middle >= left) & (middle >= right) & (bend < 0)
    found: NDArray[np.float64] = frames.astype(np.float64) + np.where(
        peaked, 0.5 * (left - right) / np.where(peaked, bend, 1.0), 0.0
    )
    return found


def sharpened(times: NDArray[np.float64], fine: Fine) -> NDArray[np.float64]:
    """Move beats to where the fine onsets of their neighbourhood are strongest."""
    if not len(fine.strength):
        return times
    steps = int(_REACH_S / _STEP_S)
    offsets = np.arange(-steps, steps + 1) * _STEP_S
    at = (times[:, None] + offsets) / fine.row_s - 0.5  # (k, o): what happens in a row happens in its middle
    around = np.interp(at, np.arange(len(fine.strength)), fine.strength)
    sums = np.cumsum(np.concatenate([np.zeros((1, len(offsets))), around]), axis=0)
    beat = np.arange(len(times))
    first, last = np.maximum(beat - _NEIGHBOURS, 0), np.minimum(beat + _NEIGHBOURS + 1, len(times))
    mean = (sums[last] - sums[first]) / (last - first)[:, None]
    mean = mean * np.exp(-0.5 * (offsets / 0.03) ** 2)
    peak = mean.max(axis=1, keepdims=True)
    weight = np.where(mean > 0.6 * peak, mean, 0.0)  # the centre of the peak, not its highest sample
    weight *= np.abs(offsets - offsets[mean.argmax(axis=1)][:, None]) < 0.012
    moved: NDArray[np.float64] = times + (weight @ offsets) / np.maximum(weight.sum(axis=1), 1e-9)
    return moved


def _half_beat(found: Onsets, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half a beat for each beat, where what lies between the beats is more like a beat than they are; else zeros."""
    return _halves(times) if lead_over_off_beats(found, times) < 0.0 else np.zeros_like(times)


def lead_over_off_beats(found: Onsets, times: NDArray[np.float64]) -> float:
    """How much more like beats some times ``(k,)`` are than the middles between them, in octaves of bass and attack.

    Around 0 nobody can tell which of the two the beats are.
    """
    middles = times + _halves(times)
    weighed = ((found.bass, _BASS_WEIGHT), (found.attack, _ATTACK_WEIGHT), (found.full, _ONSET_WEIGHT))
    return float(sum(w * np.log2(_mean_at(c, times) / _mean_at(c, middles)) for c, w in weighed))


def _halves(times: NDArray[np.float64]) -> NDArray[np.float64]:
    halves: NDArray[np.float64] = np.diff(times, append=2.0 * times[-1] - times[-2]) / 2.0
    return halves


def _mean_at(curve: Floats, times: NDArray[np.float64]) -> float:
    """Mean of a curve at some times and one frame later."""
    at = times / FRAME_S
    found = np.interp(at, np.arange(len(curve)), curve) + np.interp(at + 1.0, np.arange(len(curve)), curve)
    return float(np.mean(found)) + 1e-6


def _straight_line(times: NDArray[np.float64], period: float) -> tuple[Line, float]:
    """The steady beat that most beats keep to, or keep to half-way between two, and the share of them that do.

    First the period at which the times, wound around half of it, lie closest together; then least squares. What lasts
    longer than any one song is a mix, which keeps to no one beat; and the search would grow with the square of it.
    """
    span = max(times[-1] - times[0], period)
    if span > _LONGEST_SONG_S:
        return Line(period, float(times[0])), 0.0
    step = 4.0 * np.pi / period * min(0.1 * period / span, 0.002)
    low, high = (4.0 * np.pi / (period * (1.0 + side)) for side in (_SEARCH, -_SEARCH))
    turns = _turns(times, low, step, count=int(np.ceil((high - low) / step)))
    best = int(np.abs(turns).argmax())
    beat_s = 4.0 * np.pi / (low + best * step)
    first_s = float(np.angle(turns[best])) * beat_s / (4.0 * np.pi)
    for _ in range(3):
        numbers = np.round((times - first_s) / beat_s * 2.0) / 2.0
        on_line = np.abs(times - first_s - beat_s * numbers) < 2.0 * _STEADY_S
        if on_line.sum() < 4:
            return Line(beat_s, first_s), 0.0
        beat_s, first_s = (float(value) for value in np.polyfit(numbers[on_line], times[on_line], 1))
    return Line(beat_s, first_s), float(np.mean(on_line))


def _turns(times: NDArray[np.float64], first: float, step: float, *, count: int) -> NDArray[np.complex128]:
    """The sums ``(count,)`` of the unit vectors at ``(first + i * step) * times``.

    Of a root of ``count`` coarse turns and as many fine ones, which a product of matrices puts together.
    """
    side = int(np.ceil(np.sqrt(count)))
    coarse = np.exp(1j * np.outer(first + step * side * np.arange(side), times))  # (s, k)
    fine = np.exp(1j * np.outer(step * np.arange(side), times))
    return (coarse @ fine.T).ravel()[:count]
