"""Sound that is handed over in pieces of any size and rate, cut into the windows that an ear hears."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from segue.config import SPECCY_MEL, MelSpec
from segue.errors import ParameterError
from segue.listen.accord import Trace, trace_of
from segue.listen.audio import Resampler, mono_of, resampled
from segue.listen.decoding import Planes
from segue.listen.mel import Cutter, margin, single_slice
from segue.listen.sounding import Judge, Level, SoundKind, level_of
from segue.listen.tempo import FRAME_S
from segue.values import Floats

_RATES_HZ = (4_000, 768_000)
_LEAST_OFFSET = 0.5  # of the level; records have less, and the ear hardly hears it (cosine 0.95 and more at 0.3)
_PIECE_S = 1.0  # taken at a time, so that a giant piece takes no giant memory


@dataclass(frozen=True, slots=True, eq=False)
class SoundWindow:
    """Some five seconds of a stream: where they end in it, how loud they are, what they are, and their slice.

    ``slice_`` (mel_bands, slice_frames) is the ear's, and ``trace`` what is left of beat and pitch; both are None where
    there is no sound at all.
    """

    end_s: float
    level: Level
    kind: SoundKind
    slice_: Floats | None = field(repr=False)
    trace: Trace | None = field(repr=False)


class SoundStream:
    """Cuts a stream into windows, one after the other; the same samples in any pieces give the same windows.

    These are the slices that `segue.listen.mel.slices` cuts out of the same sound, but without the constant offset that
    cheap microphones have. What is no number counts as silence.
    """

    def __init__(self, mel: MelSpec) -> None:
        self._mel = mel
        self._resampler = Resampler(mel.sample_rate_hz)
        self._cutter = Cutter(mel)
        self._judge = Judge()
        self._windows = 0

    @property
    def window_s(self) -> float:
        """Length of a window in seconds."""
        return self._mel.slice_frames * self._mel.hop_samples / self._mel.sample_rate_hz

    def take(self, samples: Planes, rate_hz: int) -> list[SoundWindow]:
        """Take the next samples and give the windows that are whole with them.

        Parameters
        ----------
        samples : (n,) or (c, n) float32 at full scale 1.0, or integers of 16 or 32 bits
            Mono or by channel; channels are averaged.
        rate_hz : int
            May differ from the last time.

        Raises
        ------
        ParameterError
            If the samples are of another shape, or the rate is out of reach.
        """
        if samples.ndim not in (1, 2) or not _RATES_HZ[0] <= rate_hz <= _RATES_HZ[1]:
            raise ParameterError(
                f"sound of shape {samples.shape} came at {rate_hz} Hz",
                remedy=f"Give (n,) or (c, n) samples at {_RATES_HZ[0]} to {_RATES_HZ[1]} Hz",
            )
        planes = np.atleast_2d(samples)
        step = max(1, round(_PIECE_S * rate_hz))
        found: list[SoundWindow] = []
        for at in range(0, planes.shape[1], step):
            mono = _sound(mono_of(planes[:, at : at + step]))
            for block in self._resampler.take(mono, rate_hz):
                found += self._cut(block)
        return found

    def end(self) -> list[SoundWindow]:
        """There is no more sound; what does not fill a window is not heard."""
        found = [window for block in self._resampler.end() for window in self._cut(block)]
        return found + self._cut(margin(self._mel))

    def _cut(self, block: Floats) -> list[SoundWindow]:
        return [self._window(stretch) for stretch in self._cutter.cut(block)]

    def _window(self, stretch: Floats) -> SoundWindow:
        mel = self._mel
        samples = _centred(stretch, padding=0 if self._windows else mel.n_fft_samples // 2)
        self._windows += 1
        inner = samples[mel.n_fft_samples // 2 :][: mel.slice_frames * mel.hop_samples]
        level = level_of(inner - inner.mean(dtype=np.float64).astype(np.float32))
        powers: list[Floats] = []
        shares = mel == SPECCY_MEL
        slice_ = single_slice(samples, mel, on_power=powers.append if shares else None)
        if not shares and slice_ is not None:
            judged = np.concatenate(list(resampled([(mel.sample_rate_hz, samples)], SPECCY_MEL.sample_rate_hz)))
            need = SPECCY_MEL.slice_samples + SPECCY_MEL.n_fft_samples
            single_slice(np.pad(judged, (0, max(0, need - len(judged)))), SPECCY_MEL, on_power=powers.append)
        kind = self._judge.judge(level, powers[0] if powers else None)
        frames = round(self.window_s / FRAME_S)
        trace = trace_of(inner, mel.sample_rate_hz, powers[0][:frames]) if powers else None
        return SoundWindow(self._windows * self.window_s, level, kind, slice_, trace)


def _centred(stretch: Floats, *, padding: int) -> Floats:
    """A copy without its constant offset, if it has one to speak of: a record is heard as it is.

    The zeros before the beginning of the stream stay what they are, or a step would be heard.
    """
    found = stretch.copy()
    sound = found[padding:]
    offset = float(sound.mean(dtype=np.float64))
    if abs(offset) > _LEAST_OFFSET * float(np.std(sound, dtype=np.float64)):
        sound -= np.float32(offset)
    return found


def _sound(mono: Floats) -> Floats:
    """The same with silence where a sample is not finite or beyond all measure."""
    good = np.abs(mono) < 1e4  # false also for what is no number
    return mono if good.all() else np.where(good, mono, np.float32(0.0)).astype(np.float32)
