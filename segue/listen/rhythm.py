"""Tempo, beats, key, loudness, true peak and cue points of one track, in one pass and as a stream."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segue.config import RHYTHM
from segue.listen.beats import Beats, Fine, track_beats
from segue.listen.cues import Course, bar_lines, course_of, cues_of, silence_of
from segue.listen.grids import BeatGrid, grid_of
from segue.listen.key import PitchMeter, key_of
from segue.listen.loudness import LevelMeter, Levels, integrated_lufs
from segue.listen.tempo import Bands, OnsetMeter, Tempo, estimate, onsets
from segue.values import Floats, Rhythm

_STEADY = 0.8


class RhythmMeter:
    """Takes a track in two forms as it is decoded, in blocks of any length, and says at the end what it found."""

    def __init__(self) -> None:
        self._onsets = OnsetMeter()
        self._pitches = PitchMeter()
        self._meter: LevelMeter | None = None
        self._form = (0, 0)
        self._stretches: list[Levels] = []
        self._true_peak = 0.0

    def take_power(self, power: Floats) -> None:
        """Take the next power frames ``(k, 1025)`` float32: 22,050 Hz mono, 2,048-point Hann window, hop 512."""
        self._onsets.take(power)

    def take_native(self, planes: Floats, rate_hz: int) -> None:
        """Take the next decoded samples ``(c, n)`` float32 as they stand in the file, full scale 1.0."""
        if self._meter is None or self._form != (len(planes), rate_hz):
            self._close()
            self._form = (len(planes), rate_hz)
            self._meter = LevelMeter(rate_hz, len(planes), on_spectra=self._pitches.take)
        self._meter.take(planes)

    def result(self) -> Rhythm:
        """What the track is like; unknown is None. Nothing more is taken after that."""
        self._close()
        duration_s = sum(stretch.duration_s for stretch in self._stretches)
        lufs = integrated_lufs(self._weighted())
        peaks, fine = self._rows()
        silence = silence_of(peaks, fine.row_s, duration_s=duration_s, lufs=lufs)
        sound_s = (silence.leading_s, duration_s - silence.trailing_s)
        bands = self._onsets.bands()
        tempo, beats = _beats(bands, fine, sound_s)
        key = key_of(self._pitches.counts) if duration_s >= RHYTHM.shortest_s else None
        steady = tempo is not None and beats is not None and beats.steadiness >= _STEADY
        bars = bar_lines(beats.times_s, bands, beats_a_bar=4) if steady and beats is not None else np.zeros(0)
        intro, outro = cues_of(bands, silence, duration_s=duration_s, bars_s=bars)
        sure_key = key if key is not None and key.confidence >= RHYTHM.least_key else None
        return Rhythm(
            tempo_bpm=tempo.bpm if tempo else None,
            tempo_confidence=tempo.confidence if tempo else 0.0,
            tempo_alternatives=tempo.alternatives if tempo else (),
            beats_s=beats.times_s if beats else np.zeros(0, np.float32),
            key=sure_key.name if sure_key else None,
            camelot=sure_key.camelot if sure_key else None,
            key_confidence=sure_key.confidence if sure_key else 0.0,
            loudness_lufs=lufs,
            true_peak_dbtp=20.0 * float(np.log10(self._true_peak)) if self._true_peak > 0.0 else None,
            leading_silence_s=silence.leading_s,
            trailing_silence_s=silence.trailing_s,
            intro_end_s=intro.at_s if intro else None,
            intro_confidence=intro.confidence if intro else 0.0,
            outro_start_s=outro.at_s if outro else None,
            outro_confidence=outro.confidence if outro else 0.0,
        )

    def grid(self, rhythm: Rhythm) -> BeatGrid | None:
        """What the sound says to the beats of its `result`; None where there are hardly any."""
        bands = self._onsets.bands()
        found = onsets(bands) if len(rhythm.beats_s) else None
        if found is None:
            return None
        return grid_of(rhythm.beats_s, found, fine=self._rows()[1], bands=bands)

    def course(self) -> Course:
        """After `result`: how the track comes and goes."""
        return course_of(self._weighted())

    def _close(self) -> None:
        """End the stretch of one rate and number of channels."""
        if self._meter is not None:
            self._stretches.append(self._meter.finish())
            self._true_peak = max(self._true_peak, self._meter.true_peak)
            self._meter = None

    def _weighted(self) -> NDArray[np.float64]:
        """K-weighted power of each 100 ms."""
        return np.concatenate([np.zeros(0)] + [stretch.weighted for stretch in self._stretches])

    def _rows(self) -> tuple[Floats, Fine]:
        """Peaks and fine onsets on one row length throughout: that of the first stretch."""
        if not self._stretches:
            return np.zeros(0, np.float32), Fine(np.zeros(0, np.float32), 0.01)
        row_s = self._stretches[0].row_s
        joined, start_s = [], 0.0
        for stretch in self._stretches:
            joined.append(_on_rows(stretch, row_s, start_s=start_s))
            start_s += stretch.duration_s
        peaks, effective = np.concatenate(joined, axis=1).astype(np.float32)
        return peaks, Fine(_rises(effective**2), row_s)


def _beats(bands: Bands, fine: Fine, sound_s: tuple[float, float]) -> tuple[Tempo | None, Beats | None]:
    """The tempo, told exactly by its beats, and the beats; None where they are unsure."""
    found = onsets(bands)
    tempo = estimate(found) if found is not None else None
    if found is None or tempo is None or tempo.confidence < RHYTHM.least_tempo:
        return None, None
    beats = track_beats(found, tempo.bpm, fine=fine, sound_s=sound_s)
    if beats is None:
        return None, None
    share = beats.bpm / tempo.bpm
    exact = Tempo(beats.bpm, tempo.confidence, tuple(other * share for other in tempo.alternatives))
    return exact, beats


def _on_rows(stretch: Levels, row_s: float, *, start_s: float) -> NDArray[np.float16]:
    """The rows of a stretch, repeated or left out so that row i of the whole track begins at ``i * row_s``."""
    if stretch.row_s == row_s and start_s == 0.0:
        return stretch.rows
    first, last = (int(np.ceil(time_s / row_s - 0.5)) for time_s in (start_s, start_s + stretch.duration_s))
    at = (np.arange(first, last) * row_s - start_s) / stretch.row_s
    return stretch.rows[:, np.clip(np.round(at).astype(np.intp), 0, stretch.rows.shape[1] - 1)]


def _rises(power: Floats) -> Floats:
    """Rises of the logarithm of power from row to row, above 60 dB below the loudest."""
    if not len(power):
        return power
    level = np.log10(np.maximum(power, max(float(power.max()), 1e-12) * 1e-6))
    return np.maximum(np.diff(level, prepend=level[:1]), 0.0).astype(np.float32)
