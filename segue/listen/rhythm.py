"""Tempo, beats, key, loudness, true peak and cue points of one track, in one pass and as a stream."""

from __future__ import annotations

import numpy as np

from segue.values import Floats, Rhythm


class RhythmMeter:
    """Takes a track in two forms as it is decoded, in blocks of any length, and says at the end what it found."""

    def __init__(self) -> None:
        self._native_samples = 0.0

    def take_power(self, power: Floats) -> None:
        """Take the next power frames ``(k, 1025)`` float32: 22,050 Hz mono, 2,048-point Hann window, hop 512."""

    def take_native(self, planes: Floats, rate_hz: int) -> None:
        """Take the next decoded samples ``(c, n)`` float32 as they stand in the file, full scale 1.0."""
        self._native_samples += planes.shape[1] / rate_hz

    def result(self) -> Rhythm:
        """What the track is like; unknown is None."""
        return Rhythm(
            tempo_bpm=None,
            tempo_confidence=0.0,
            tempo_alternatives=(),
            beats_s=np.zeros(0, np.float32),
            key=None,
            camelot=None,
            key_confidence=0.0,
            loudness_lufs=None,
            true_peak_dbtp=None,
            leading_silence_s=0.0,
            trailing_silence_s=0.0,
            intro_end_s=None,
            intro_confidence=0.0,
            outro_start_s=None,
            outro_confidence=0.0,
        )
