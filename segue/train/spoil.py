"""Slices as other copies of the recording would give them: darker, brighter, higher, slower, with holes. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue.config import SPECCY_MEL
from segue.values import Floats

_TILT_POINTS = 5


@dataclass(frozen=True, slots=True)
class SpoilSpec:
    """How often, and how far; shares are of slices. Holes are SpecAugment (Park and others, 2019)."""

    tilt_share: float = 0.5
    tilt_db: float = 4.0  # standard deviation of the gain at each of five points from low to high
    pitch_share: float = 0.5
    pitch_bands: float = 2.0  # at most, up or down
    tempo_share: float = 0.5
    tempo: float = 0.12  # at most so much slower or faster
    holes: int = 2  # of each kind
    hole_bands: int = 10  # at most
    hole_frames: int = 24  # at most


AS_HEARD = SpoilSpec(tilt_share=0.0, pitch_share=0.0, tempo_share=0.0, holes=0)


def spoil(mel_slice: Floats, spec: SpoilSpec, rng: np.random.Generator) -> Floats:
    """Bend one slice at random.

    Parameters
    ----------
    mel_slice : (96, 216) float32 in [0, 1], or (1, 110592) float32 samples
        As the front end makes it; 1 stands for the loudest, 0 for 80 dB less.
    spec : SpoilSpec
        How often, and how far.
    rng : numpy.random.Generator
        The same state gives the same slice.

    Returns
    -------
    Same shape, float32
        Again in [0, 1] for a mel slice.
    """
    return _spoil_samples(mel_slice, spec, rng) if len(mel_slice) == 1 else _spoil_mel(mel_slice, spec, rng)


def _spoil_mel(mel_slice: Floats, spec: SpoilSpec, rng: np.random.Generator) -> Floats:
    bands, frames = mel_slice.shape
    found = mel_slice
    if rng.random() < spec.pitch_share:
        shift = float(rng.uniform(-spec.pitch_bands, spec.pitch_bands))
        found = _resampled(found.T, np.arange(bands) - shift).T
    if rng.random() < spec.tempo_share:
        found = _resampled(found, _bent_places(frames, spec.tempo, rng))
    if rng.random() < spec.tilt_share:
        points = rng.normal(0.0, spec.tilt_db / SPECCY_MEL.floor_db, _TILT_POINTS)
        curve = np.interp(np.linspace(0.0, _TILT_POINTS - 1.0, bands), np.arange(_TILT_POINTS), points)
        found = found + curve.astype(np.float32)[:, None]
        found = np.clip(found + (np.float32(1.0) - found.max()), 0.0, 1.0)  # again below its own maximum
    if spec.holes:
        found = found.copy()
    for _ in range(spec.holes):
        wide, long = int(rng.integers(spec.hole_bands + 1)), int(rng.integers(spec.hole_frames + 1))
        band, frame = int(rng.integers(bands - wide + 1)), int(rng.integers(frames - long + 1))
        found[band : band + wide] = 0.0
        found[:, frame : frame + long] = 0.0
    return np.ascontiguousarray(found, np.float32)


def _spoil_samples(samples: Floats, spec: SpoilSpec, rng: np.random.Generator) -> Floats:
    """The like for samples: pitch and tempo change together, the tilt is one pole, and the gain is free."""
    count = samples.shape[1]
    found = samples
    if rng.random() < max(spec.pitch_share, spec.tempo_share):
        found = _resampled(found, _bent_places(count, spec.tempo / 2.0, rng))
    if rng.random() < spec.tilt_share:
        before = np.concatenate([found[:, :1], found[:, :-1]], axis=1)
        gain = np.float32(10.0 ** (float(rng.normal(0.0, spec.tilt_db)) / 20.0))
        found = np.asarray((found + np.float32(rng.uniform(-0.5, 0.5)) * before) * gain, np.float32)
    if spec.holes:
        found = found.copy()
    for _ in range(spec.holes):
        long = int(rng.integers(spec.hole_frames + 1)) * SPECCY_MEL.hop_samples
        start = int(rng.integers(count - long + 1))
        found[:, start : start + long] = 0.0
    return np.ascontiguousarray(found, np.float32)


def _bent_places(count: int, most: float, rng: np.random.Generator) -> np.ndarray:
    """Where to read from to be slower or faster by up to ``most``; what runs over an end turns back there."""
    rate = 1.0 + float(rng.uniform(-most, most))
    start = float(rng.uniform(0.0, max(0.0, count * (1.0 - rate))))
    places = start + np.arange(count) * rate
    return np.asarray((count - 1) - np.abs((count - 1) - places))


def _resampled(rows: Floats, places: np.ndarray) -> Floats:
    """Each row read at fractional places by linear interpolation, the ends going on as they are."""
    last = rows.shape[1] - 1
    places = np.clip(places, 0.0, last)
    low = np.minimum(places.astype(np.int64), last - 1)
    part = (places - low).astype(np.float32)
    return np.asarray(rows[:, low] * (np.float32(1.0) - part) + rows[:, low + 1] * part)
