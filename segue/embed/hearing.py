"""Listening to one file from end to end: the same function for the scan, a dropped seed and any later worker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from segue.config import SPECCY_MEL, MelSpec
from segue.embed.encoder import Encoder
from segue.errors import FileAccessError, SilentError, TooShortError
from segue.files import access_error, track_id_of
from segue.listen.audio import Resampler, iter_samples, mono_of
from segue.listen.mel import PowerTap, iter_power, iter_slices, iter_spread_slices, single_slice
from segue.listen.rhythm import RhythmMeter
from segue.listen.tags import read_tags
from segue.listen.windows import read_windows
from segue.values import Floats, Hearing, Rhythm, TrackId


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A recording's rhythm, and which recording it is."""

    track_id: TrackId
    rhythm: Rhythm


def hear(path: Path, encoder: Encoder) -> Hearing:
    """Decode, slice and encode one file, as much of it as the ear hears, in memory that does not grow with its length.

    One decode feeds the ear and the rhythm. An ear that takes a quick look is given one; see `glance`.

    Raises
    ------
    FileAccessError, AudioError
        See `segue.listen.audio.iter_samples`; also TooShortError for less than one whole slice, and SilentError where
        every slice is silent.
    """
    ear = encoder.ear
    if ear.windows is not None:
        return glance(path, encoder)
    before = _stamp(path)
    meter, count = RhythmMeter(), _Count()
    shares = ear.most_slices is None and _has_rhythms_power(ear.mel)
    tap = _Tap(meter, transforms=not shares)
    samples = count.through(iter_samples(path, sample_rate_hz=ear.mel.sample_rate_hz, on_native=tap.take))
    if ear.most_slices is not None:
        vectors = encoder.encode_stream(iter_spread_slices(samples, ear.mel, most=ear.most_slices))
    else:
        vectors = encoder.encode_stream(iter_slices(samples, ear.mel, on_power=meter.take_power if shares else None))
    tap.end()
    _check(path, ear.mel, samples=count.samples, slices=len(vectors))
    info = read_tags(path, duration_s=count.samples / ear.mel.sample_rate_hz)
    return Hearing(_identify(path, before), info, vectors, ear.fingerprint, meter.result())


def glance(path: Path, encoder: Encoder) -> Hearing:
    """Hear a few slices spread over a file, by seeking; the length is what the file claims, and there is no rhythm.

    Where nothing sounds at those places, or the file is too short to seek in, some of all slices are heard.

    Raises
    ------
    FileAccessError, AudioError
        As `hear`.
    """
    ear = encoder.ear if encoder.ear.windows is not None else encoder.ear.quick()
    mel, count, before = ear.mel, ear.windows or 1, _stamp(path)
    seconds = (mel.slice_samples + mel.n_fft_samples) / mel.sample_rate_hz
    windows = read_windows(path, count=count, seconds=seconds, sample_rate_hz=mel.sample_rate_hz)
    if windows is not None:
        slices = (single_slice(samples, mel) for samples in windows.samples)
        vectors = encoder.encode_stream(slice_ for slice_ in slices if slice_ is not None)
    if windows is None or len(vectors) == 0:
        vectors, duration_s = _some_of_all(path, encoder, most=max(count, 2))
    else:
        duration_s = windows.length_s
    info = read_tags(path, duration_s=duration_s)
    return Hearing(_identify(path, before), info, vectors, ear.fingerprint)


def _some_of_all(path: Path, encoder: Encoder, *, most: int) -> tuple[Floats, float]:
    """Vectors of some slices of a file that is decoded to its end, and its length in seconds."""
    mel, count = encoder.ear.mel, _Count()
    samples = count.through(iter_samples(path, sample_rate_hz=mel.sample_rate_hz))
    vectors = encoder.encode_stream(iter_spread_slices(samples, mel, most=most))
    _check(path, mel, samples=count.samples, slices=len(vectors))
    return vectors, count.samples / mel.sample_rate_hz


def measure(path: Path) -> Measured:
    """The rhythm alone, for files whose vectors are known already: a decode, and no network.

    Raises
    ------
    FileAccessError, AudioError
        See `segue.listen.audio.iter_samples`.
    """
    before, meter = _stamp(path), RhythmMeter()
    for power in iter_power(iter_samples(path, on_native=meter.take_native), SPECCY_MEL):
        meter.take_power(power)
    return Measured(_identify(path, before), meter.result())


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of change, which a file keeps while nobody writes it."""
    try:
        status = path.stat()
    except OSError as error:
        raise access_error(error, path) from error
    return status.st_size, status.st_mtime_ns


def _identify(path: Path, before: tuple[int, int]) -> TrackId:
    """Which recording was heard. Of a file that changed meanwhile, the bytes that were heard have no name any more."""
    track_id = track_id_of(path)
    if _stamp(path) != before:
        raise FileAccessError("it changed while it was listened to", remedy="Scan again when it is done", path=path)
    return track_id


def _check(path: Path, mel: MelSpec, *, samples: int, slices: int) -> None:
    """Refuse what has no whole slice of sound."""
    if samples < mel.slice_samples:
        raise TooShortError(
            f"it lasts {samples / mel.sample_rate_hz:.2f} s; {mel.slice_s:.2f} s are the least that can be heard",
            remedy="Leave it out",
            path=path,
        )
    if slices == 0:
        raise SilentError("it is silent from beginning to end", remedy="Leave it out, or export it anew", path=path)


def _has_rhythms_power(mel: MelSpec) -> bool:
    """Whether a front end's Fourier transform is the one that rhythm is measured from."""
    ours = (SPECCY_MEL.sample_rate_hz, SPECCY_MEL.n_fft_samples, SPECCY_MEL.hop_samples)
    return mel.scale != "waveform" and (mel.sample_rate_hz, mel.n_fft_samples, mel.hop_samples) == ours


class _Tap:
    """Gives a rhythm meter the sound as it is decoded, and its power too where the ear makes another one."""

    def __init__(self, meter: RhythmMeter, *, transforms: bool) -> None:
        self._meter = meter
        self._resampler = Resampler(SPECCY_MEL.sample_rate_hz) if transforms else None
        self._power = PowerTap(SPECCY_MEL, meter.take_power)

    def take(self, planes: Floats, rate_hz: int) -> None:
        self._meter.take_native(planes, rate_hz)
        if self._resampler is not None:
            for block in self._resampler.take(mono_of(planes), rate_hz):
                self._power.take(block)

    def end(self) -> None:
        if self._resampler is not None:
            for block in self._resampler.end():
                self._power.take(block)
            self._power.end()


class _Count:
    """Counts samples on their way."""

    def __init__(self) -> None:
        self.samples = 0

    def through(self, blocks: Iterable[Floats]) -> Iterator[Floats]:
        for block in blocks:
            self.samples += len(block)
            yield block
