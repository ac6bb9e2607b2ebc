"""What a few seconds of sound are: silence, steady noise, somebody who speaks, or music. Docs: docs/live.md."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.config import LIVE, SPECCY_MEL
from segue.errors import ModelError
from segue.files import atomic_write
from segue.values import Floats

SoundKind = Literal["silence", "noise", "speech", "music"]

_FRAMES_A_SECOND = SPECCY_MEL.sample_rate_hz / SPECCY_MEL.hop_samples
_BIN_HZ = SPECCY_MEL.sample_rate_hz / SPECCY_MEL.n_fft_samples
_BANDS_HZ = np.concatenate([np.arange(200.0, 1000.0, 100.0), np.geomspace(1000.0, 6000.0, 13)])
SPEECH_MODEL = Path(__file__).with_name("speech.json")
_PARTS = ("middle", "spread", "weights")
_FARTHEST = 4.0
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


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """A logistic model of traits: what each is taken off and divided by, what it then weighs, and a constant."""

    middle: SpeechTraits
    spread: SpeechTraits
    weights: SpeechTraits
    bias: float

    def scaled(self, traits: NDArray[np.floating]) -> NDArray[np.float64]:
        """Traits ``(..., 9)`` in spreads from the middle, each held within four so that nothing decides alone."""
        return np.asarray(np.clip((traits - np.array(self.middle)) / np.array(self.spread), -_FARTHEST, _FARTHEST))

    def odds(self, traits: NDArray[np.floating]) -> NDArray[np.float64]:
        """Natural logarithm of the odds that traits ``(..., 9)`` are of speech, ``(...,)``."""
        return np.asarray(self.bias + self.scaled(traits) @ np.array(self.weights))


@cache
def speech_model() -> SpeechModel:
    """Read the model that comes with Segue; `segue.train.speech` fits it, and docs/live.md says to what.

    Raises
    ------
    ModelError
        If its file is missing or damaged.
    """
    return read_speech_model(SPEECH_MODEL)


def read_speech_model(path: Path) -> SpeechModel:
    """Read a model that `write_speech_model` wrote; raises ModelError."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        middle, spread, weights = (SpeechTraits(**{k: float(v) for k, v in stored[part].items()}) for part in _PARTS)
        return SpeechModel(middle, spread, weights, float(stored["bias"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"the speech model cannot be read ({type(error).__name__}: {error})"
        raise ModelError(what, remedy="Install Segue anew", path=path) from error


def write_speech_model(path: Path, model: SpeechModel, *, scores: Mapping[str, float]) -> None:
    """Write a model as JSON, and beside its numbers what it scored."""
    parts = {part: getattr(model, part)._asdict() for part in _PARTS}
    with atomic_write(path) as partial:
        text = json.dumps({**parts, "bias": model.bias, "scores": dict(scores)}, indent=2)
        partial.write_text(f"{text}\n", encoding="utf-8")


def speech_odds(power: Floats) -> float:
    """How much rather a stretch is speech than music.

    Parameters
    ----------
    power : (f, 1025) float32
        Power of its frames by `segue.listen.mel.iter_power` for `SPECCY_MEL`, f about 216 (5 s).

    Returns
    -------
    float
        Natural logarithm of the odds, from the `speech_model` of its `speech_traits`. Above ``LIVE.speech_odds`` it
        counts as speech.
    """
    return float(speech_model().odds(np.array(speech_traits(power))))


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
