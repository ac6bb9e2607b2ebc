"""Tempo: how strongly sounds begin, frame by frame, and which pulse of 40 to 235 BPM they follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from segue.config import RHYTHM, SPECCY_MEL
from segue.listen.mel import Bank, bank_of, hz_to_mel, in_bands
from segue.listen.tempo_weights import MEANS, SPREADS, WEIGHTS
from segue.values import Floats

FRAME_S = SPECCY_MEL.hop_samples / SPECCY_MEL.sample_rate_hz
_BANDS = 32
_LOW_BANDS, _MIDDLE_BANDS = 2, 14  # up to about 240 Hz (kick, bass), up to about 2 kHz, and above (hats)
_KINDS = np.stack([np.ones(_BANDS), np.arange(_BANDS) < _LOW_BANDS, np.arange(_BANDS) >= _MIDDLE_BANDS], axis=1).astype(
    np.float32
)
_LOWEST_HZ = 30.0
_FLOOR_DB = 60.0  # below the track's loud moments: softer sounds have no onsets
_SILENT_DB = -45.0  # about 95 dB below full scale
_RISE_FRAMES = 2  # a rise is told over 46 ms, half a window
_MOST_RISE_DB = 30.0
_MEAN_S = 0.8  # what is common to so long a stretch is no onset
_SCALE_S = 4.0  # loud and soft parts count alike beyond this
_WINDOW_FRAMES = 690  # 16 s: autocorrelations are taken of so long a piece, then averaged
_FINER = 4  # lags are told to a quarter of a frame
_FFT = 2048
_FRAMES_AT_A_TIME = 4096  # half a megabyte of levels

_MULTIPLES = (0.25, 1 / 3, 0.5, 2 / 3, 1.0, 1.5, 2.0, 3.0, 4.0)
_HARMONICS = (0.5, 1.0, 2.0, 3.0, 4.0)
_BY_TEMPO = (0, 2, 4, 6, 11, 13, 15, 20, 22, 28, 29)  # what means another thing in slow music than in fast
_RELATIVES = (1.0, 2.0, 0.5, 1.5, 2 / 3, 3.0, 1 / 3, 4 / 3, 0.75)
_SAME_TEMPO = 0.03  # candidates are further apart than this share
_OTHER_READINGS = (0.5, 2.0, 1.5, 2 / 3)  # what a listener may count instead


@dataclass(frozen=True, slots=True, eq=False)
class Onsets:
    """How strongly sounds begin at each frame, ``(n,)`` float32 each, about 1 where it matters; ``rate`` a second.

    ``bass`` is how much bass there is, not how it rises, and ``attack`` the rise of the treble's amplitude: both tell
    the beat from what lies between two beats.
    """

    full: Floats
    low: Floats
    high: Floats
    bass: Floats
    attack: Floats
    rate: float


@dataclass(frozen=True, slots=True, eq=False)
class Pulse:
    """Autocorrelations at quarters of a frame by kind of onset ``(3, lags)``, and the mean spectrum's magnitude."""

    lags: Floats
    spectrum: Floats


@dataclass(frozen=True, slots=True)
class Tempo:
    """What was chosen, how surely, and what else it could be taken for, likeliest first."""

    bpm: float
    confidence: float
    alternatives: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """Mel bands by frames of 23.2 ms: ``levels_db`` ``(n, 32)`` float16, and what the strongest reach in loud moments.

    Levels are about 50 for a full-scale sine, -90 for silence; 64 bytes a frame.
    """

    levels_db: NDArray[np.float16]
    loud_db: float

    def iter_heard(self, under_db: float) -> Iterator[Floats]:
        """Levels ``(k, 32)`` float32, some thousand frames at a time, no lower than so far below the loud moments."""
        for at in range(0, len(self.levels_db), _FRAMES_AT_A_TIME):
            part = self.levels_db[at : at + _FRAMES_AT_A_TIME].astype(np.float32)
            yield np.maximum(part, self.loud_db - under_db, out=part)


def bands_of(blocks_db: Sequence[NDArray[np.float16]]) -> Bands:
    """Join blocks ``(k, 32)``, of which there may be none."""
    levels_db = np.concatenate([np.zeros((0, _BANDS), np.float16), *blocks_db])
    strongest = [
        levels_db[at : at + _FRAMES_AT_A_TIME].astype(np.float32).max(axis=1)
        for at in range(0, len(levels_db), _FRAMES_AT_A_TIME)
    ]
    return Bands(levels_db, float(np.percentile(np.concatenate(strongest), 95)) if strongest else -np.inf)


class OnsetMeter:
    """Keeps what tempo, beats and cue points need of power frames."""

    def __init__(self) -> None:
        self._blocks_db: list[NDArray[np.float16]] = []

    def take(self, power: Floats) -> None:
        """Take the next power frames ``(k, 1025)``."""
        bands = in_bands(power, _bank())  # (k, 32)
        self._blocks_db.append((10.0 * np.log10(np.maximum(bands, 1e-9))).astype(np.float16))

    def bands(self) -> Bands:
        """All that was taken."""
        return bands_of(self._blocks_db)


@lru_cache(maxsize=1)
def _bank() -> Bank:
    """Triangles of height 1 from 30 Hz up, evenly spaced in mel."""
    bins_hz = np.arange(SPECCY_MEL.n_fft_samples // 2 + 1) * (SPECCY_MEL.sample_rate_hz / SPECCY_MEL.n_fft_samples)
    mel = hz_to_mel(bins_hz)
    edges_hz = np.interp(np.linspace(hz_to_mel(np.array(_LOWEST_HZ)), mel[-1], _BANDS + 2), mel, bins_hz)
    left, middle, right = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    at = bins_hz[:, None]  # (1025, 1)
    rising, falling = (at - left) / (middle - left), (right - at) / (right - middle)
    return bank_of(np.maximum(0.0, np.minimum(rising, falling)).T)


def onsets(bands: Bands) -> Onsets | None:
    """Tell where sounds begin; None where nothing sounds.

    Parameters
    ----------
    bands : Bands
        Of the whole track.

    Returns
    -------
    Onsets or None
        Rises over two frames, summed over bands (spectral flux, Dixon, 2006), less their local mean and brought to
        one scale.
    """
    if bands.loud_db < _SILENT_DB:
        return None
    loud = np.float32(bands.loud_db)
    curves = np.empty((5, len(bands.levels_db)), np.float32)
    at = 0
    before = np.full((_RISE_FRAMES, _BANDS), bands.loud_db - _FLOOR_DB, np.float32)
    for block in bands.iter_heard(_FLOOR_DB):
        heard = np.concatenate([before, block])
        before = heard[-_RISE_FRAMES:]
        rises = heard[_RISE_FRAMES:] - heard[:-_RISE_FRAMES]
        np.clip(rises, 0.0, _MOST_RISE_DB, out=rises)
        bass = _amplitude((block[:, :_LOW_BANDS] - loud).sum(axis=1))
        treble = _amplitude(heard[:, _MIDDLE_BANDS:] - loud) @ np.ones(_BANDS - _MIDDLE_BANDS, np.float32)
        attack = np.maximum(treble[_RISE_FRAMES:] - treble[:-_RISE_FRAMES], 0.0)
        curves[:, at : at + len(block)] = *(rises @ _KINDS).T, bass, attack
        at += len(block)
    full, low, high = (_scaled(curve) for curve in curves[:3])
    peaks = (full[1:-1] > full[:-2]) & (full[1:-1] >= full[2:]) & (full[1:-1] > 1.0)
    return Onsets(full, low, high, curves[3], curves[4], float(peaks.sum()) / (len(full) * FRAME_S))


def _amplitude(level_db: Floats) -> Floats:
    found: Floats = np.exp(level_db * np.float32(np.log(10.0) / 20.0))
    return found


def _scaled(rises: Floats) -> Floats:
    above = np.maximum(rises - _moving_mean(rises, _MEAN_S), 0.0)
    square = above * above
    scale = np.sqrt(_moving_mean(square, _SCALE_S)) + 0.2 * np.sqrt(square.mean()) + 1e-6
    found: Floats = (above / scale).astype(np.float32)
    return found


def _moving_mean(values: Floats, half_s: float) -> NDArray[np.float64]:
    half = round(half_s / FRAME_S)
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    at = np.arange(len(values))
    first, last = np.maximum(at - half, 0), np.minimum(at + half + 1, len(values))
    found: NDArray[np.float64] = (sums[last] - sums[first]) / (last - first)
    return found


def pulse_of(found: Onsets) -> Pulse | None:
    """Average autocorrelation and spectrum over windows of 16 s, each on its own scale; None without any onset."""
    curves = np.stack([found.full, found.low, found.high])  # (3, n)
    short = max(0, _WINDOW_FRAMES - curves.shape[1])
    curves = np.pad(curves, ((0, 0), (0, short)))
    starts = np.arange(0, curves.shape[1] - _WINDOW_FRAMES + 1, _WINDOW_FRAMES // 2)
    window = np.hanning(_WINDOW_FRAMES).astype(np.float32)
    kept = _FINER * _WINDOW_FRAMES // 2
    powers, spectrum, count = np.zeros((3, _FFT // 2 + 1)), np.zeros(_FFT // 2 + 1), np.zeros(3)
    for start in starts:
        piece = curves[:, start : start + _WINDOW_FRAMES]
        piece = (piece - piece.mean(axis=1, keepdims=True)) * window
        power = np.abs(np.fft.rfft(piece, _FFT, axis=1)) ** 2  # (3, 1025)
        energy = (2.0 * power.sum(axis=1) - power[:, 0]) / (_FFT * _FINER)  # what the lag 0 comes to
        sounds = energy > 1e-6
        powers[sounds] += power[sounds] / energy[sounds, None]
        spectrum += power[0] / max(power[0].sum(), 1e-9)
        count += sounds
    if not count[0]:
        return None
    own = np.fft.irfft(np.abs(np.fft.rfft(window, _FFT)) ** 2, _FFT * _FINER)[:kept]
    lags = np.fft.irfft(powers, _FFT * _FINER, axis=1)[:, :kept]  # the sum's, since sums may be transformed as one
    lags /= np.maximum(count, 1.0)[:, None] * (own / own[0])
    magnitude = np.sqrt(spectrum)
    return Pulse(lags.astype(np.float32), (magnitude / max(magnitude[1:].max(), 1e-9)).astype(np.float32))


def _at_lags(lags: Floats, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """The best autocorrelation within 0.8 % of some lags."""
    grid = np.arange(lags.shape[-1]) * (FRAME_S / _FINER)
    near = [np.interp(seconds * share, grid, lags, right=0.0) for share in (0.992, 1.0, 1.008)]
    found: NDArray[np.float64] = np.max(near, axis=0)
    return found


def repetition(pulse: Pulse, bpm: NDArray[np.float64]) -> NDArray[np.float64]:
    """How strongly a pulse repeats at tempos ``(k,)``: mean autocorrelation at 1, 2 and 4 beats; NaN where NaN."""
    beat = 60.0 / bpm
    found: NDArray[np.float64] = np.mean([_at_lags(pulse.lags[0], beats * beat) for beats in (1.0, 2.0, 4.0)], axis=0)
    return found


def candidates(pulse: Pulse) -> NDArray[np.float64]:
    """Tempos in BPM that may be meant: peaks of a comb over the autocorrelation, and their relatives."""
    grid = np.exp(np.linspace(np.log(RHYTHM.slowest_bpm * 0.9), np.log(RHYTHM.fastest_bpm * 1.1), 700))
    comb = sum(w * _at_lags(pulse.lags[0], h * 60.0 / grid) for h, w in ((1, 1.0), (2, 1.0), (3, 0.5), (4, 1.0)))
    assert isinstance(comb, np.ndarray)
    peaks = np.flatnonzero((comb[1:-1] > comb[:-2]) & (comb[1:-1] >= comb[2:])) + 1
    best = peaks[np.argsort(-comb[peaks])][:6]
    found: list[float] = []
    for bpm in (grid[best][:, None] * np.array(_RELATIVES)).T.ravel():
        inside = RHYTHM.slowest_bpm <= bpm <= RHYTHM.fastest_bpm
        if inside and all(abs(bpm / known - 1.0) > _SAME_TEMPO for known in found):
            found.append(float(bpm))
    return np.array(found)


def describe(bpm: NDArray[np.float64], pulse: Pulse, *, rate: float) -> NDArray[np.float64]:
    """What speaks for and against tempos ``(k,)``: ``(k, 46)``.

    Autocorrelation of all, low and high onsets at fractions and multiples of the beat; the spectrum at multiples of the
    tempo; the tempo itself, alone and by how many onsets a second there are; some of the first by the tempo.
    """
    beat = 60.0 / bpm
    columns = [_at_lags(pulse.lags[kind], beat * m) for kind in range(3) for m in _MULTIPLES]
    hz = np.arange(len(pulse.spectrum)) / (_FFT * FRAME_S)
    columns += [np.interp(bpm / 60.0 * m, hz, pulse.spectrum) for m in _HARMONICS]
    octave = np.log2(bpm / 120.0)
    density = np.log2(max(rate, 0.25) / 4.0)
    columns += [octave, octave**2, octave * density, *(octave * columns[number] for number in _BY_TEMPO)]
    return np.stack(columns, axis=1)


def estimate(found: Onsets) -> Tempo | None:
    """Choose the tempo of a track; None where nothing repeats."""
    pulse = pulse_of(found) if len(found.full) * FRAME_S > RHYTHM.shortest_s else None
    bpm = candidates(pulse) if pulse is not None else np.zeros(0)
    if pulse is None or not len(bpm):
        return None
    scores = ((describe(bpm, pulse, rate=found.rate) - np.array(MEANS)) / np.array(SPREADS)) @ np.array(WEIGHTS)
    share = np.exp(scores - scores.max())
    share /= share.sum()
    order = np.argsort(-share)
    best = float(bpm[order[0]])
    others = bpm[order[1:]] / best
    readings = dict.fromkeys(r for other in others for r in _OTHER_READINGS if abs(other / r - 1.0) < _SAME_TEMPO)
    clarity = float(np.max(_at_lags(pulse.lags[0], 60.0 / best * np.array([1.0, 2.0, 4.0]))))
    confidence = float(np.clip(float(share[order[0]]) * clarity, 0.0, 1.0))
    return Tempo(best, confidence, tuple(best * reading for reading in readings))
