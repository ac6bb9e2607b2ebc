"""Where a track begins and ends: silence at either end, the end of the introduction, the start of the close."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.config import RHYTHM
from segue.listen.tempo import FRAME_S, Bands
from segue.values import Floats

_DITHER_DB = -84.0  # the last two bits of 16 are noise
_STEP_FRAMES = 22  # half a second
_FLOOR_DB = 50.0
_EARLIEST_S, _LATEST_S = 3.0, 100.0
_LARGEST_SHARE = 0.45  # an introduction is never longer than this share of the track
_AROUND_S = 2.5  # a cue is put on a bar line no further away
_WIDE_DB = 6.0  # a step by so much is beyond doubt
_LEAST_STEP_DB = 1.0
_LEAST_TRACK_S = 20.0
_BARS_COMPARED = (1, 2, 4, 8)
_SECOND = 10  # tenths
_QUIETER_DB = 10.0


@dataclass(frozen=True, slots=True)
class Silence:
    """Seconds without sound at either end of a file; all of a silent file is leading."""

    leading_s: float
    trailing_s: float


@dataclass(frozen=True, slots=True)
class Cue:
    """A moment in seconds, and how sure it is, in [0, 1]."""

    at_s: float
    confidence: float


def silence_of(peaks: Floats, row_s: float, *, duration_s: float, lufs: float | None) -> Silence:
    """Find where sound begins and ends.

    Parameters
    ----------
    peaks : (r,) float32
        Largest absolute sample of each row, full scale 1.0.
    row_s : float
        Length of a row, about 10 ms.
    duration_s : float
        Length of the file.
    lufs : float or None
        The track's loudness: what lies ``RHYTHM.silence_db`` below it is silence, but never what peaks above
        ``RHYTHM.loudest_silence_db``.

    Returns
    -------
    Silence
    """
    loud_as = lufs if lufs is not None else 20.0 * float(np.log10(max(float(peaks.max(initial=0.0)), 1e-6)))
    limit_db = min(loud_as - RHYTHM.silence_db, RHYTHM.loudest_silence_db)
    sounding = np.flatnonzero(peaks > 10.0 ** (max(limit_db, _DITHER_DB) / 20.0))
    if not len(sounding):
        return Silence(duration_s, 0.0)
    leading, sound_end = float(sounding[0] * row_s), float((sounding[-1] + 1) * row_s)
    return Silence(leading, max(0.0, duration_s - sound_end))


def cues_of(
    bands: Bands, silence: Silence, *, duration_s: float, bars_s: NDArray[np.float64]
) -> tuple[Cue | None, Cue | None]:
    """Find the end of the introduction and the start of the close.

    Parameters
    ----------
    bands : Bands
        Of the whole track.
    silence : Silence
        At the ends; it belongs to neither.
    duration_s : float
        Length of the file.
    bars_s : (b,) float64
        Bar lines, empty where they are unknown; a cue near one is put on it.

    Returns
    -------
    (Cue or None, Cue or None)
        None where the track does not grow, or fall away, by a step that stands out.

    Notes
    -----
    Of all ways to part the first half of the track in two, that is taken whose parts differ most for what they vary
    within (the least squares change point); it counts only if the second part is fuller. The close is the same,
    backwards.
    """
    steps = _steps(bands)
    start_s, end_s = silence.leading_s, min(duration_s - silence.trailing_s, len(steps) * _STEP_FRAMES * FRAME_S)
    if end_s - start_s < _LEAST_TRACK_S:
        return None, None
    step_s = _STEP_FRAMES * FRAME_S
    inside = steps[int(np.ceil(start_s / step_s)) : max(1, int(end_s / step_s))]
    first_s = np.ceil(start_s / step_s) * step_s
    into, into_sure = _growth(inside, step_s)
    out, out_sure = _growth(inside[::-1], step_s)
    intro = Cue(_on_line(first_s + into, bars_s), into_sure) if into_sure >= RHYTHM.least_cue else None
    length_s = len(inside) * step_s
    outro = Cue(_on_line(first_s + length_s - out, bars_s), out_sure) if out_sure >= RHYTHM.least_cue else None
    return intro, outro


def _steps(bands: Bands) -> Floats:
    """Mean level of each band over half seconds, ``(k, 32)`` in dB, no lower than 50 dB below the loud moments."""
    found, held = [], np.zeros((0, bands.levels_db.shape[1]), np.float32)
    for block in bands.iter_heard(_FLOOR_DB):
        held = np.concatenate([held, block])
        whole = len(held) // _STEP_FRAMES
        found.append(held[: whole * _STEP_FRAMES].reshape(whole, _STEP_FRAMES, held.shape[1]).mean(axis=1))
        held = held[whole * _STEP_FRAMES :]
    return np.concatenate(found) if found else held


def _growth(steps: Floats, step_s: float) -> tuple[float, float]:
    """Seconds from the start at which the track has grown, and how sure that is."""
    reach = min(len(steps) // 2, int(1.5 * _LATEST_S / step_s))
    first, last = int(_EARLIEST_S / step_s), min(int(_LARGEST_SHARE * len(steps)), int(_LATEST_S / step_s), reach - 4)
    if last <= first:
        return 0.0, 0.0
    part = steps[:reach].astype(np.float64)
    sums = np.cumsum(np.concatenate([np.zeros((1, part.shape[1])), part]), axis=0)
    at = np.arange(first, last + 1)
    before = sums[at] / at[:, None]
    after = (sums[reach] - sums[at]) / (reach - at)[:, None]
    gain = (at * (reach - at) / reach)[:, None] * (after - before) ** 2
    gain = np.where((after - before).mean(axis=1) > _LEAST_STEP_DB, gain.sum(axis=1), 0.0)
    best = int(gain.argmax())
    spread = float(((part - part.mean(axis=0)) ** 2).sum())
    if gain[best] <= 0.0 or spread <= 0.0:
        return 0.0, 0.0
    step_db = float((after - before)[best].mean())
    explained = float(gain[best]) / spread
    return float(at[best] * step_s), float(np.clip(1.6 * explained, 0.0, 1.0) * np.clip(step_db / _WIDE_DB, 0.0, 1.0))


def _on_line(at_s: float, bars_s: NDArray[np.float64]) -> float:
    """The bar line nearest to a moment, or the moment itself where none is near."""
    if not len(bars_s):
        return float(at_s)
    nearest = float(bars_s[np.abs(bars_s - at_s).argmin()])
    return nearest if abs(nearest - at_s) <= _AROUND_S else float(at_s)


@dataclass(frozen=True, slots=True)
class Course:
    """How a track comes and goes.

    From ``loud_from_s`` to ``loud_to_s`` it is about as loud as it gets. ``starts_db`` and ``ends_db`` are the levels
    of its first and last 200 ms against that.
    """

    loud_from_s: float
    loud_to_s: float
    starts_db: float
    ends_db: float


def course_of(weighted: NDArray[np.float64]) -> Course:
    """Tell how a track comes and goes.

    Parameters
    ----------
    weighted : (s,) float64
        K-weighted mean squares of consecutive 100 ms; see `segue.listen.loudness.Levels`.

    Returns
    -------
    Course
        Loud are the seconds of a level that is less than 10 dB below one that a fifth of all surpass; all of a track
        that is shorter than a second.
    """
    if len(weighted) < _SECOND:
        return Course(0.0, len(weighted) / _SECOND, 0.0, 0.0)
    sums = np.concatenate([[0.0], np.cumsum(weighted)])
    level = (sums[_SECOND:] - sums[:-_SECOND]) / _SECOND
    full = max(float(np.percentile(level, 80)), 1e-12)
    loud = np.flatnonzero(level >= full * 10.0 ** (-_QUIETER_DB / 10.0))
    starts, ends = (10.0 * float(np.log10(max(edge.mean() / full, 1e-9))) for edge in (weighted[:2], weighted[-2:]))
    return Course(float(loud[0]) / _SECOND, float(loud[-1] + _SECOND) / _SECOND, starts, ends)


def bar_lines(beats_s: Floats, bands: Bands, *, beats_a_bar: int) -> NDArray[np.float64]:
    """Guess which beats begin a bar: those at which the music changes most.

    Parameters
    ----------
    beats_s : (k,) float32
        A steady beat grid.
    bands : Bands
        Of the whole track; they may end some seconds before the beats, as whole slices do.
    beats_a_bar : int
        3 or 4.

    Returns
    -------
    (b,) float64
        Bar lines in seconds.

    Notes
    -----
    Sections and chords change at bar lines. What 1, 2, 4 and 8 bars sound like on average is compared with as much
    before (novelty after Foote, 2000); as one goes on from beat to beat, that distance rises to each change in a
    straight line and falls again, so it is told by how sharply it bends. Of the beats of a bar that one wins at which
    the bends are greatest, each length counting alike.
    """
    frames = np.round(beats_s / FRAME_S).astype(np.intp)
    edges = frames[frames < len(bands.levels_db)]
    if len(edges) < 4 * beats_a_bar or np.any(np.diff(edges) < 1):
        return np.zeros(0)
    heard = np.concatenate(list(bands.iter_heard(_FLOOR_DB)))[: edges[-1]]
    means: Floats = (np.add.reduceat(heard, edges[:-1]) / np.diff(edges)[:, None]).astype(np.float32)  # (k, 32)
    change = np.zeros(beats_a_bar)
    for bars in _BARS_COMPARED:
        found = _novelty(means, bars * beats_a_bar)
        bends = np.maximum(-np.diff(found, n=2, prepend=found[:1], append=found[-1:]), 0.0)
        by_phase = np.array([bends[phase::beats_a_bar].sum() for phase in range(beats_a_bar)])
        change += by_phase / max(float(by_phase.sum()), 1e-9)
    lines: NDArray[np.float64] = beats_s[int(np.argmax(change)) :: beats_a_bar].astype(np.float64)
    return lines


def _novelty(means: Floats, width: int) -> NDArray[np.float64]:
    """How far what comes after a row ``(n, 32)`` is from what was before it, over ``width`` rows each: ``(n + 1,)``.

    Near the ends, where less than half of that is there, 0.
    """
    sums = np.cumsum(np.concatenate([np.zeros((1, means.shape[1])), means]), axis=0, dtype=np.float64)
    at = np.arange(len(means) + 1)
    first, last = np.maximum(at - width, 0), np.minimum(at + width, len(means))
    before, after = at - first, last - at
    there = np.minimum(before, after) >= width / 2
    left = (sums[at] - sums[first]) / np.maximum(before, 1)[:, None]
    right = (sums[last] - sums[at]) / np.maximum(after, 1)[:, None]
    return np.where(there, np.linalg.norm(right - left, axis=1), 0.0)
