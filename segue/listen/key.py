"""The key of a track: which pitches sound, in steps of 10 cents, and which of 24 keys they fit best."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.errors import ParameterError
from segue.values import Floats
from segue.words import later, say

_LOWEST_HZ, _HIGHEST_HZ, _BASS_HZ = 60.0, 2000.0, 250.0
_NEIGHBOURS = 12  # bins on either side that a partial must stand out from...
_STANDS_OUT = 2.0  # ...by this factor
_QUIETEST = 1e-7
_STEPS = 10  # to a semitone
_BASS_SHARE = 0.5  # what the bass counts once more: it tells the tonic

_SPELLED = re.compile(r"([A-G])(#|\u266f|b|\u266d)? ?(m|min|minor|maj|major)?", re.IGNORECASE)
_IN_GERMAN = re.compile(
    r"([A-H])(is|#|\u266f|(?<=[CDFG])es|(?<=[AE])s|b|\u266d)? ?[-\u2010\u2011\u2013]? ?(Dur|Moll)", re.IGNORECASE
)
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
# How much each degree sounds in a key, the tonic first. Of Krumhansl and Kessler's probe tones as Sha'ath adapted
# them (2011), and of electronic and popular music as Faraldo et al. found (2016, "bgate").
_PROFILES = np.array(
    (
        (
            (6.6, 2.0, 3.5, 2.3, 4.6, 4.0, 2.5, 5.2, 2.4, 3.7, 2.3, 3.4),
            (6.5, 2.7, 3.5, 5.4, 2.6, 3.5, 2.5, 5.2, 4.0, 2.7, 4.3, 3.2),
        ),
        (
            (1.00, 0.00, 0.42, 0.00, 0.53, 0.37, 0.00, 0.77, 0.00, 0.38, 0.21, 0.30),
            (1.00, 0.00, 0.36, 0.39, 0.00, 0.38, 0.00, 0.74, 0.27, 0.00, 0.42, 0.23),
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Key:
    """A key as "A minor", its place on the Camelot wheel as "8A", and how sure it is, in [0, 1]."""

    name: str
    camelot: str
    confidence: float


class PitchMeter:
    """Counts the partials of a track by pitch, from spectra of half a second."""

    def __init__(self) -> None:
        self.counts = np.zeros((2, 12 * _STEPS))
        """Weights of partials by pitch class in tenths of a semitone from C: of all, and of those of the bass."""

    def take(self, spectra: Floats, bin_hz: float) -> None:
        """Take amplitudes ``(k, b)`` float32 of mono frames under a Hann window, full scale 1, from 0 Hz up."""
        self.counts += _partials(spectra, bin_hz)


def _partials(spectra: Floats, bin_hz: float) -> NDArray[np.float64]:
    """Weigh the partials of frames ``(k, b)`` by pitch class: ``(2, 120)``.

    A partial is a peak of the spectrum that stands out from its surroundings; its frequency is that of a parabola
    through the logarithms of three bins. It counts by the root of its amplitude, in proportion to the frame's others.
    """
    first, last = int(_LOWEST_HZ / bin_hz), int(_HIGHEST_HZ / bin_hz)
    reach = _NEIGHBOURS + 1
    size = spectra[:, first - reach : last + reach]
    sums = np.cumsum(size, axis=1)
    around = (sums[:, 2 * _NEIGHBOURS + 1 :] - sums[:, : -2 * _NEIGHBOURS - 1]) / (2 * _NEIGHBOURS + 1)
    middle = size[:, reach : reach + around.shape[1]]  # around[:, i] is the mean about bin reach + i
    left, right = size[:, reach - 1 : reach - 1 + around.shape[1]], size[:, reach + 1 : reach + 1 + around.shape[1]]
    width = min(middle.shape[1], right.shape[1])
    left, middle, right, around = left[:, :width], middle[:, :width], right[:, :width], around[:, :width]
    frame, at = np.nonzero((middle > left) & (middle >= right) & (middle > _STANDS_OUT * around) & (middle > _QUIETEST))
    low, mid, high = (np.log(np.maximum(side[frame, at], 1e-12)).astype(np.float64) for side in (left, middle, right))
    shift = 0.5 * (low - high) / np.minimum(low - 2.0 * mid + high, -1e-9)
    hz = (first + at + shift) * bin_hz
    semitones = 12.0 * np.log2(hz / 440.0) + 9.0  # from C
    place = np.floor(semitones * _STEPS).astype(np.intp) % (12 * _STEPS)
    weight = np.sqrt(middle[frame, at]).astype(np.float64)
    total = np.bincount(frame, weight, len(spectra))
    weight /= np.sqrt(np.maximum(total[frame], 1e-9))
    bass = hz < _BASS_HZ
    return np.stack([np.bincount(place, weight, 12 * _STEPS), np.bincount(place[bass], weight[bass], 12 * _STEPS)])


def tuned_chroma(counts: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Bring counts by tenths of a semitone to pitch classes.

    Parameters
    ----------
    counts : (2, 120) float64
        See `PitchMeter`.

    Returns
    -------
    chroma : (12,) float64
        Weight of each pitch class from C on, the bass counting once more by a half.
    tonality : float
        In [0, 1]: how far the partials keep to one tuning, 0 for noise and drums.
    """
    at = np.arange(12 * _STEPS) + 0.5
    turn = np.sum(counts[0] * np.exp(2j * np.pi * at / _STEPS))
    tonality = float(np.abs(turn) / max(counts[0].sum(), 1e-9))
    off = np.angle(turn) / (2.0 * np.pi) * _STEPS
    half = 6 * _STEPS
    away = (at[None, :] - (np.arange(12)[:, None] * _STEPS + off) + half) % (2 * half) - half  # (12, 120)
    near = np.maximum(0.0, 1.0 - np.abs(away) / (_STEPS / 2))
    return near @ (counts[0] + _BASS_SHARE * counts[1]), tonality


def key_of(counts: NDArray[np.float64]) -> Key | None:
    """Name the key that the pitches of a track fit best, by correlation with key profiles; None without pitches."""
    chroma, tonality = tuned_chroma(counts)
    if chroma.sum() <= 0 or np.ptp(chroma) <= 0:
        return None
    fits = _fits(chroma)
    order = np.argsort(-fits)
    mode, tonic = divmod(int(order[0]), 12)
    clear = np.clip((fits[order[0]] - 0.35) / 0.45, 0.0, 1.0)
    above = np.maximum(chroma - np.percentile(chroma, 25), 0.0)  # noise sounds in all classes alike
    several = np.clip(above.sum() ** 2 / np.sum(above**2) - 3.2, 0.0, 1.0)  # one pitch is no key, nor are two
    apart = np.clip((fits[order[0]] - fits[order[1]]) / 0.12, 0.0, 1.0)
    steady = np.clip((tonality - 0.2) / 0.2, 0.0, 1.0)  # drums reach 0.3, a wall of guitars 0.35
    confidence = float(several * steady * clear * (0.4 + 0.6 * apart))
    return Key(f"{_NAMES[tonic]} {('major', 'minor')[mode]}", camelot_of(tonic, minor=mode == 1), confidence)


def key_fits(counts: NDArray[np.float64]) -> dict[str, float]:
    """How well each of the 24 keys fits the pitches, by its Camelot code: a correlation; empty without pitches."""
    chroma, _ = tuned_chroma(counts)
    if chroma.sum() <= 0 or np.ptp(chroma) <= 0:
        return {}
    fits = _fits(chroma)
    return {camelot_of(at % 12, minor=at >= 12): float(fit) for at, fit in enumerate(fits)}


def camelot_of(tonic: int, *, minor: bool) -> str:
    """The place of a key on the Camelot wheel: neighbours differ by a fifth, A is minor and B is major."""
    return f"{((tonic + (3 if minor else 0)) * 7 + 7) % 12 + 1}{'A' if minor else 'B'}"


def camelot_named(text: str) -> str:
    """The Camelot code that a key's name means: "8a", "Am", "A minor", "f# min", "Bb"; a letter alone is major.

    With "Dur" or "Moll" it is a German name: "h-Moll", "As-Dur", and "B-Dur" is B flat.

    Raises ParameterError for what is no key.
    """
    plain = " ".join(text.split())
    if plain.upper() in _BY_CAMELOT:
        return plain.upper()
    german = _IN_GERMAN.fullmatch(plain)
    spelled = german or _SPELLED.fullmatch(plain)
    if spelled is None:
        raise ParameterError(say("'{key}' is no key", key=plain[:40]), remedy=later("Write it as 8A, Am or A minor"))
    letter, sign, mode = spelled.groups(default="")
    if german:  # whose B is B flat, and H the English B
        sign = sign or ("b" if letter.upper() == "B" else "")
        letter = "B" if letter.upper() == "H" else letter
    shift = 1 if sign.casefold() in ("#", "\u266f", "is") else -1 if sign else 0
    tonic = (_SEMITONES[letter.upper()] + shift) % 12
    return camelot_of(tonic, minor=mode == "m" or mode.casefold() in ("min", "minor", "moll"))


def key_of_camelot(camelot: str) -> str:
    """The name of a key by its Camelot code: "A minor" of "8A"; raises ParameterError for what is no code."""
    if camelot not in _BY_CAMELOT:
        raise ParameterError(say("'{code}' is no Camelot code", code=camelot[:40]), remedy=later("Write 1A to 12B"))
    return _BY_CAMELOT[camelot]


def short_key(name: str) -> str:
    """A key as tags hold it, in three letters at most: "Am" of "A minor", "Bb" of "Bb major"."""
    tonic, mode = name.split()
    return f"{tonic}m" if mode == "minor" else tonic


_BY_CAMELOT = {
    camelot_of(tonic, minor=minor): f"{name} {'minor' if minor else 'major'}"
    for tonic, name in enumerate(_NAMES)
    for minor in (False, True)
}


def _fits(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean correlation with the profiles of the major keys from C on, then of the minor ones: ``(24,)``."""
    degrees = (np.arange(12) - np.arange(12)[:, None]) % 12  # of each pitch class in the key of each tonic
    found: NDArray[np.float64] = (_standard(_PROFILES[..., degrees]) @ _standard(chroma)).mean(axis=0).ravel()
    return found


def _standard(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of pitch classes ``(..., 12)`` with mean 0 and length 1, so that products are correlations."""
    around = weights - weights.mean(axis=-1, keepdims=True)
    found: NDArray[np.float64] = around / np.linalg.norm(around, axis=-1, keepdims=True)
    return found
