"""What a few seconds of sound are: silence, steady noise, somebody who speaks, or music. Docs: docs/live.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np

from segue.config import LIVE, SPECCY_MEL
from segue.values import Floats

SoundKind = Literal["silence", "noise", "speech", "music"]

_FRAMES_A_SECOND = SPECCY_MEL.sample_rate_hz / SPECCY_MEL.hop_samples
_BIN_HZ = SPECCY_MEL.sample_rate_hz / SPECCY_MEL.n_fft_samples
_BANDS_HZ = np.concatenate([np.arange(200.0, 1000.0, 100.0), np.geomspace(1000.0, 6000.0, 13)])
_SMALLEST = 1e-12
_QUIETEST_DBFS = -120.0
_FULL = 0.99  # of full scale; from here on a sample counts as clipped
_CLIPPED_SHARE = 0.05  # loud records have less than this, one in hundreds aside


class Level(NamedTuple):
    """How loud a stretch is, in decibels below full scale, and whether its peaks are cut off."""

    rms_dbfs: float
    peak_dbfs: float
    clipped: bool


def level_of(samples: Floats) -> Level:
    """The level of samples ``(n,)`` float32, n > 0, full scale 1.0; digital silence is at -120 dBFS."""
    size = np.abs(samples)
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    clipped = float(np.mean(size >= _FULL)) > _CLIPPED_SHARE
    return Level(_to_dbfs(rms), _to_dbfs(float(size.max())), clipped)


def _to_dbfs(amplitude: float) -> float:
    return max(_QUIETEST_DBFS, 20.0 * float(np.log10(max(amplitude, 1e-12))))


class SpeechTraits(NamedTuple):
    """What tells speech from music, none of it depending on the level; see `speech_traits`."""

    steady_120_ms: float
    steady_210_ms: float
    steady_400_ms: float
    level_spread_db: float
    bass_db: float
    beat: float
    hiss_spread_db: float
    flux_spread: float
    centre_spread: float


_MIDDLE = SpeechTraits(0.5149, 0.4403, 0.3678, 5.0241, -15.4441, 0.3505, 5.7264, -0.0437, 1.2599)
_SPREAD = SpeechTraits(0.2589, 0.2587, 0.2383, 2.9548, 11.279, 0.2039, 2.51, 0.7371, 0.773)
_WEIGHTS = SpeechTraits(-0.843, -2.282, -0.254, 1.302, -2.784, -3.058, 1.723, -0.412, 0.288)
_BIAS = -6.225
"""A logistic model, fitted to 23 voices and 274 pieces of music, dry and in simulated rooms; docs/live.md says how."""


def speech_odds(power: Floats) -> float:
    """How much rather a stretch is speech than music.

    Parameters
    ----------
    power : (f, 1025) float32
        Power of its frames by `segue.listen.mel.iter_power` for `SPECCY_MEL`, f about 216 (5 s).

    Returns
    -------
    float
        Natural logarithm of the odds, from a logistic model of `speech_traits`, each held within four of its spreads
        so that nothing unheard of decides alone. Above ``LIVE.speech_odds`` it counts as speech.
    """
    found = np.array(speech_traits(power))
    scaled = np.clip((found - np.array(_MIDDLE)) / np.array(_SPREAD), -4.0, 4.0)
    return float(_BIAS + scaled @ np.array(_WEIGHTS))


def speech_traits(power: Floats) -> SpeechTraits:
    """Measure what tells speech from music (after E. Scheirer and M. Slaney, ICASSP 1997; steadiness is our own).

    Parameters
    ----------
    power : (f, 1025) float32
        As for `speech_odds`.

    Returns
    -------
    SpeechTraits
        How alike the fine structure of the spectrum is 120, 210 and 400 ms later (tones hold, voices glide), in
        [-1, 1]; spread of the level in dB (speech pauses); bass below 120 Hz against the rest in dB; the highest
        autocorrelation of onsets between a quarter of a second and 1.2 s; spread of hiss against the low part in dB
        (consonants against vowels); logarithm of the spread of the flux; spread of the spectrum's centre in bands.
    """
    total = _band(power, 200.0, 6000.0) + _SMALLEST
    level = _floored(_to_db(total), 30.0)
    bands = np.stack([_band(power, low, high) for low, high in _pairs()], axis=1) + _SMALLEST  # (f, 20)
    bands_db = np.maximum(_to_db(bands), np.percentile(_to_db(bands), 95) - 35.0)
    change = np.diff(bands_db, axis=0)
    steady = _steadiness(power, np.sqrt(total), lags=(5, 9, 17))
    low, high = (_floored(_to_db(_band(power, *edges) + _SMALLEST), 30.0) for edges in ((200, 1000), (3000, 6000)))
    bass = _to_db(np.array((_band(power, 20.0, 120.0).mean() + _SMALLEST) / total.mean()))
    raised = bands_db - bands_db.min(axis=1, keepdims=True) + 1e-3
    centre = (raised * np.arange(raised.shape[1])).sum(axis=1) / raised.sum(axis=1)
    return SpeechTraits(
        steady_120_ms=steady[0],
        steady_210_ms=steady[1],
        steady_400_ms=steady[2],
        level_spread_db=float(level.std()),
        bass_db=float(np.clip(bass, -30.0, 20.0)),
        beat=_beat(change),
        hiss_spread_db=float((high - low).std()),
        flux_spread=float(np.log(np.abs(change).mean(axis=1).std() + 0.01)),
        centre_spread=float(centre.std()),
    )


def _pairs() -> Iterator[tuple[float, float]]:
    return zip(_BANDS_HZ[:-1].tolist(), _BANDS_HZ[1:].tolist(), strict=True)


def _band(power: Floats, low_hz: float, high_hz: float) -> Floats:
    """The power of each frame from one frequency up to another, ``(f,)``."""
    found: Floats = power[:, int(np.ceil(low_hz / _BIN_HZ)) : int(np.ceil(high_hz / _BIN_HZ))].sum(axis=1)
    return found


def _to_db(power: Floats) -> Floats:
    decibels: Floats = np.float32(10.0) * np.log10(power)
    return decibels


def _floored(level_db: Floats, depth_db: float) -> Floats:
    """Levels, but none more than so far below the loud parts: what lies there is the room's."""
    floored: Floats = np.maximum(level_db, np.float32(np.percentile(level_db, 95) - depth_db))
    return floored


def _steadiness(power: Floats, loudness: Floats, *, lags: tuple[int, ...]) -> list[float]:
    """How alike the fine structure from 200 to 3500 Hz is after so many frames, where it is loud."""
    part = power[:, int(np.ceil(200.0 / _BIN_HZ)) : int(np.ceil(3500.0 / _BIN_HZ))]
    log = np.log(part + max(1e-3 * float(part.max()), _SMALLEST))
    sums = np.cumsum(np.pad(log, ((0, 0), (8, 7)), mode="edge"), axis=1)
    fine = log - (sums[:, 15:] - sums[:, :-15])[:, : log.shape[1]] / 15.0
    lengths = np.linalg.norm(fine, axis=1) + 1e-6
    found = []
    for lag in lags:
        alike = (fine[lag:] * fine[:-lag]).sum(axis=1) / (lengths[lag:] * lengths[:-lag])
        weights = np.minimum(loudness[lag:], loudness[:-lag])
        found.append(float((alike * weights).sum() / weights.sum()))
    return found


def _beat(change: Floats) -> float:
    onsets = np.maximum(change, 0.0).mean(axis=1)
    onsets = onsets - onsets.mean()
    again = np.correlate(onsets, onsets, "full")[len(onsets) - 1 :]
    lags_s = np.arange(len(again)) / _FRAMES_A_SECOND
    return float((again / (again[0] + 1e-9))[(lags_s > 0.25) & (lags_s < 1.2)].max())


def unrest_db(power: Floats) -> float:
    """How much the spectrum moves, in dB: the spread over time of third-of-a-second means in each band, their median.

    Fans, hiss and hum hardly move; music and speech do, and even held chords in a room swell and fade.

    Parameters
    ----------
    power : (f, 1025) float32
        As for `speech_odds`.
    """
    together = 14
    whole = len(power) // together * together
    bands = np.stack([_band(power[:whole], low, high) for low, high in _pairs()], axis=1)
    slow = bands.reshape(-1, together, bands.shape[1]).mean(axis=1) + _SMALLEST
    return float(np.median(_to_db(slow).std(axis=0)))


class Judge:
    """Says what each window of a stream is; a window is weighed with the one before, since speech goes on."""

    def __init__(self) -> None:
        self._before = 0.0

    def judge(self, level: Level, power: Floats | None) -> SoundKind:
        """What a window is, by its level and the power of its frames; None where it is digitally silent."""
        if power is None or level.rms_dbfs < LIVE.silence_dbfs:
            self._before = 0.0
            return "silence"
        if unrest_db(power) < LIVE.noise_unrest_db:
            self._before = 0.0
            return "silence" if level.rms_dbfs < LIVE.noise_dbfs else "noise"
        odds = speech_odds(power)
        together, self._before = (odds + self._before) / 2.0, odds
        return "speech" if together > LIVE.speech_odds else "music"
