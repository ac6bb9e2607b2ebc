"""Windows to learn from: pieces of music cut, mixed, bent and spoiled at random, as the world's recordings are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.signal
from numpy.typing import NDArray

from segue.config import MUSICNN_MEL, SPECCY_MEL
from segue.train.corpus import Recording
from segue.values import Floats

# 112,896 samples at 22,050 Hz are 81,920 at 16,000 Hz exactly, and both lengths suit the Fourier transform.
WINDOW_SAMPLES = 112_896
TEACHER_SAMPLES = 81_920
_TARGET_RMS = 0.16  # Speccy cannot hear how loud a slice is, so the teacher must not either
_QUIETEST_RMS = 2e-3
_RATIOS = ((4, 5), (5, 6), (6, 7), (8, 9), (11, 12), (15, 16), (16, 15), (12, 11), (9, 8), (7, 6), (6, 5), (5, 4))


@dataclass(frozen=True, slots=True)
class AugmentSpec:
    """How often, and how far, a window departs from the recording."""

    mix_shares: tuple[float, ...] = (0.6, 0.28, 0.12)  # of one, two and three pieces at once
    second_gain_db: tuple[float, float] = (-15.0, 0.0)
    bend_share: float = 0.45
    tilt_share: float = 0.5
    tilt_db: float = 5.0  # standard deviation at each of six points from 60 Hz to 10 kHz
    low_pass_share: float = 0.2
    high_pass_share: float = 0.08
    hiss_share: float = 0.12
    saturation_share: float = 0.2
    reverb_share: float = 0.12
    speech_share: float = 0.1
    made_share: float = 0.4  # pieces rendered for the purpose, in place of recorded ones


AS_RECORDED = AugmentSpec(
    mix_shares=(1.0,),
    bend_share=0.0,
    tilt_share=0.0,
    low_pass_share=0.0,
    high_pass_share=0.0,
    hiss_share=0.0,
    saturation_share=0.0,
    reverb_share=0.0,
    speech_share=0.0,
    made_share=0.0,
)


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of sound for both ears: ``(112896,)`` at 22,050 Hz and ``(81920,)`` at 16,000 Hz, float32."""

    samples: Floats
    teacher_samples: Floats


class Augmenter:
    """Draws windows; the same ``rng`` gives the same windows."""

    def __init__(
        self,
        music: Sequence[Recording],
        *,
        made: Sequence[Recording] = (),
        speech: Sequence[Recording] = (),
        spec: AugmentSpec | None = None,
    ) -> None:
        """Draw from recorded ``music`` and ``made`` pieces, and lay ``speech`` over them now and then."""
        self._music, self._made, self._speech, self._spec = list(music), list(made), list(speech), spec or AugmentSpec()
        self._odds = _package_odds(self._music)

    def draw(self, rng: np.random.Generator) -> Window:
        """Return the next random window; never a silent one."""
        while True:
            samples = self._mixture(rng)
            if _rms(samples) > _QUIETEST_RMS:
                return self._coloured(samples, rng)

    def _mixture(self, rng: np.random.Generator) -> Floats:
        spec = self._spec
        count = 1 + int(rng.choice(len(spec.mix_shares), p=spec.mix_shares))
        total = np.zeros(WINDOW_SAMPLES, np.float32)
        for place in range(count):
            piece = self._piece(rng)
            total += self._layer(piece, rng, gain_db=0.0 if place == 0 else float(rng.uniform(*spec.second_gain_db)))
        if self._speech and rng.random() < spec.speech_share:
            piece = self._speech[int(rng.integers(len(self._speech)))]
            total += self._layer(piece, rng, gain_db=float(rng.uniform(-12.0, 6.0)))
        return total

    def _piece(self, rng: np.random.Generator) -> Recording:
        if self._made and rng.random() < self._spec.made_share:
            return self._made[int(rng.integers(len(self._made)))]
        return self._music[int(rng.choice(len(self._music), p=self._odds))]

    def _layer(self, piece: Recording, rng: np.random.Generator, *, gain_db: float) -> Floats:
        """A random stretch of one piece at a known level, perhaps slower or faster (pitch and tempo together)."""
        up, down = _RATIOS[int(rng.integers(len(_RATIOS)))] if rng.random() < self._spec.bend_share else (1, 1)
        need = -(-WINDOW_SAMPLES * down // up) + 1
        stretch = piece.read(int(rng.integers(max(1, piece.samples - need))), need)
        if up != down:
            stretch = scipy.signal.resample_poly(stretch, up, down).astype(np.float32)
        layer = np.zeros(WINDOW_SAMPLES, np.float32)
        layer[: len(stretch)] = stretch[:WINDOW_SAMPLES]
        level = _rms(layer)
        return layer * np.float32(0.0 if level < _QUIETEST_RMS else _TARGET_RMS / level * 10.0 ** (gain_db / 20.0))

    def _coloured(self, samples: Floats, rng: np.random.Generator) -> Window:
        spec = self._spec
        if rng.random() < spec.saturation_share:
            drive = float(rng.uniform(1.0, 6.0))
            samples = np.tanh(samples / _TARGET_RMS * np.float32(0.3 * drive)) / np.float32(drive)
        if rng.random() < spec.hiss_share:
            level = _rms(samples) * 10.0 ** (float(rng.uniform(-45.0, -15.0)) / 20.0)
            samples = samples + rng.standard_normal(len(samples), dtype=np.float32) * np.float32(level)
        spectrum = scipy.fft.rfft(samples)  # (56449,)
        if rng.random() < spec.reverb_share:
            spectrum = spectrum * scipy.fft.rfft(_room(rng))
        spectrum = spectrum * self._curve(rng)
        heard = scipy.fft.irfft(spectrum, WINDOW_SAMPLES)
        scale = np.float32(min(_TARGET_RMS / max(_rms(heard), 1e-9), 1.0 / max(float(np.abs(heard).max()), 1e-9)))
        for_teacher = scipy.fft.irfft(spectrum[: TEACHER_SAMPLES // 2 + 1], TEACHER_SAMPLES)
        return Window(
            samples=heard * scale, teacher_samples=for_teacher * (scale * np.float32(TEACHER_SAMPLES / WINDOW_SAMPLES))
        )

    def _curve(self, rng: np.random.Generator) -> Floats:
        """The gain of each Fourier bin: equaliser, low pass as of a codec, high pass. (56449,) float32."""
        spec = self._spec
        curve = np.ones(len(_BINS_HZ), np.float32)
        if rng.random() < spec.tilt_share:
            points_db = rng.normal(0.0, spec.tilt_db, 6)
            curve = (10.0 ** (np.interp(_LOG_BINS, np.linspace(0.0, 1.0, 6), points_db) / 20.0)).astype(np.float32)
        if rng.random() < spec.low_pass_share:
            edge_hz = float(rng.uniform(3_000.0, 10_500.0))
            curve = curve * np.clip((edge_hz * 1.06 - _BINS_HZ) / (edge_hz * 0.06), 1e-4, 1.0).astype(np.float32)
        if rng.random() < spec.high_pass_share:
            curve = curve * np.minimum(1.0, (_BINS_HZ / float(rng.uniform(40.0, 250.0))) ** 2).astype(np.float32)
        return curve


def _package_odds(music: Sequence[Recording]) -> NDArray[np.float64]:
    """How often each piece is drawn: a package counts by the root of its length, its pieces by theirs."""
    minutes: dict[str, float] = {}
    for piece in music:
        minutes[piece.package] = minutes.get(piece.package, 0.0) + piece.duration_s / 60.0
    odds = np.array([piece.duration_s / 60.0 / minutes[piece.package] ** 0.5 for piece in music])
    return np.asarray(odds / odds.sum())


def _room(rng: np.random.Generator) -> Floats:
    """The impulse response of a made-up room: the sound itself, then noise that dies away. (112896,) float32."""
    times_s = np.arange(WINDOW_SAMPLES, dtype=np.float32) / np.float32(SPECCY_MEL.sample_rate_hz)
    decay_s = float(rng.uniform(0.2, 2.0))
    tail = rng.standard_normal(WINDOW_SAMPLES, dtype=np.float32) * np.exp(-times_s * np.float32(6.9 / decay_s))
    tail *= np.float32(float(rng.uniform(0.1, 0.6)) / float(np.sqrt(np.sum(tail**2))))
    tail[0] = 1.0
    return np.asarray(tail, np.float32)


def _rms(samples: Floats) -> float:
    return float(np.sqrt(np.mean(samples * samples)))


_BINS_HZ = np.fft.rfftfreq(WINDOW_SAMPLES, 1.0 / SPECCY_MEL.sample_rate_hz)
_LOG_BINS = np.clip(np.log(np.maximum(_BINS_HZ, 1.0) / 60.0) / np.log(10_000.0 / 60.0), 0.0, 1.0)
assert WINDOW_SAMPLES * MUSICNN_MEL.sample_rate_hz == TEACHER_SAMPLES * SPECCY_MEL.sample_rate_hz
