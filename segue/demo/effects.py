"""What is done to whole buses: filters, drive, echo, reverb, ducking, and the master that sets loudness."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage, signal

from segue.demo.desk import RATE_HZ
from segue.values import Floats

Spectrum = NDArray[np.complex64]
TARGET_LUFS = -14.0
CEILING = 10.0 ** (-3.1 / 20.0)  # lossy coding adds up to 2 dB, and decoded peaks should stay under -1 dBFS
_HUM = np.repeat(np.array([1e-9, -1e-9], np.float32), 32)
"""At -180 dB: it keeps recursive filters from decaying into denormal numbers, which cost ten times as long."""
_BLOCK = 64  # samples that share one gain in the limiter
_SPAN = 9  # blocks that the limiter looks ahead and lets go: 13 ms


def filtered(samples: Floats, *, low_hz: float = 0.0, high_hz: float = 0.0, order: int = 2) -> Floats:
    """Keep what lies between two corner frequencies (0: no corner), by Butterworth filters; any leading shape."""
    out = samples + np.resize(_HUM, samples.shape[-1])
    for corner, kind in ((low_hz, "highpass"), (high_hz, "lowpass")):
        if corner:
            sections = signal.butter(order, corner, kind, fs=RATE_HZ, output="sos").astype(np.float32)
            out = signal.sosfilt(sections, out)
    return np.asarray(out, np.float32)


def driven(samples: Floats, gain: float) -> Floats:
    """Overdrive by tanh; small signals come out at about the level they had."""
    return np.asarray(np.tanh(samples * np.float32(gain)) / np.float32(gain**0.7), np.float32)


def cabinet(samples: Floats, *, high_hz: float = 4800.0) -> Floats:
    """A guitar loudspeaker: nothing below 90 Hz, a bump of presence near 2.5 kHz, little above ``high_hz``."""
    body = filtered(samples, low_hz=90.0, high_hz=high_hz, order=3)
    presence = signal.butter(1, (1800.0, 3200.0), "bandpass", fs=RATE_HZ, output="sos").astype(np.float32)
    return np.asarray(body + np.float32(0.7) * signal.sosfilt(presence, body), np.float32)


def echo(stereo: Floats, time_s: float, *, feedback: float = 0.45, taps: int = 5) -> Floats:
    """The repeats alone, each softer and on the other side."""
    out = np.zeros_like(stereo)
    step = round(time_s * RATE_HZ)
    for tap in range(1, taps + 1):
        if tap * step >= stereo.shape[1]:
            break
        source = stereo if tap % 2 == 0 else stereo[::-1]
        out[:, tap * step :] += np.float32(feedback**tap) * source[:, : -tap * step]
    return out


def reverb(send: Floats, seconds: float, *, bright_hz: float = 5000.0, before_s: float = 0.012) -> Floats:
    """A room: the send (stereo, summed to mono) convolved with decaying noise, different on each side.

    Parameters
    ----------
    send : (2, n) float32
    seconds : time to fall by 60 dB at low frequencies; high ones fall faster.
    bright_hz : corner above which the room swallows.
    before_s : quiet before the first reflection.
    """
    n = send.shape[1] // 2
    size = -(-(n + _room_samples(seconds)) // _ROOM_STEP) * _ROOM_STEP
    mono = (send[0] + send[1]) * np.float32(0.25)
    spectrum = fft.rfft(mono[0 : 2 * n : 2] + mono[1 : 2 * n : 2], size)
    out = np.zeros_like(send)
    for channel, room in enumerate(_rooms(seconds, bright_hz=bright_hz, before_s=before_s, size=size)):
        wet = fft.irfft(spectrum * room, size)[:n]
        out[channel, 0 : 2 * n : 2] = wet
        out[channel, 1 : 2 * n - 1 : 2] = (wet[1:] + wet[:-1]) * np.float32(0.5)
    return out


_ROOM_STEP = 1 << 17  # rooms of tracks of about the same length share one spectrum, which is kept


def _room_samples(seconds: float) -> int:
    return round(seconds * 1.1 * RATE_HZ / 2)


@lru_cache(maxsize=4)
def _rooms(seconds: float, *, bright_hz: float, before_s: float, size: int) -> tuple[Spectrum, Spectrum]:
    """Spectra of a room's two impulse responses, equally strong, zero-padded to ``size`` samples.

    They are at half the sample rate, as the whole room is (nothing above 11 kHz comes back from a wall), so the corner
    frequencies, which `filtered` takes at the full rate, are doubled.
    """
    m = _room_samples(seconds)
    rng = np.random.default_rng(round(seconds * 1000))
    t = np.arange(m, dtype=np.float32) / np.float32(RATE_HZ / 2)
    start = round(before_s * RATE_HZ / 2)
    spectra = []
    for _ in range(2):
        noise = rng.standard_normal(m, dtype=np.float32)
        dark = filtered(noise, low_hz=2 * 180.0, high_hz=2 * bright_hz / 2.5, order=1) * np.exp(-6.9 / seconds * t)
        light = filtered(noise, low_hz=2 * 700.0, high_hz=2 * bright_hz, order=1) * np.exp(-6.9 / (0.45 * seconds) * t)
        room = np.concatenate([np.zeros(start, np.float32), (dark + light)[: m - start]])
        spectra.append(fft.rfft(room / np.float32(np.sqrt(0.5 * np.sum(room**2))), size))
    return spectra[0], spectra[1]


def duck(stereo: Floats, times_s: Iterable[float], *, depth: float = 0.7, back_s: float = 0.22) -> Floats:
    """Sidechain: pull the level down at each kick and let it swell back. In place, and returned."""
    m = round(back_s * RATE_HZ)
    shape = np.float32(1.0) - np.float32(depth) * np.cos(np.linspace(0.0, np.pi / 2.0, m, dtype=np.float32)) ** 2
    ramp = round(0.003 * RATE_HZ)
    shape[:ramp] = np.linspace(1.0, shape[ramp], ramp)
    for when in times_s:
        start = round(when * RATE_HZ)
        stop = min(stereo.shape[1], start + m)
        if stop > start:
            stereo[:, start:stop] *= shape[: stop - start]
    return stereo


def faded(stereo: Floats, start_s: float, stop_s: float, *, from_: float, to: float) -> Floats:
    """Move the level from one value to another between two times; it stays at ``to`` afterwards. In place."""
    a, b = (min(stereo.shape[1], max(0, round(s * RATE_HZ))) for s in (start_s, stop_s))
    stereo[:, a:b] *= np.linspace(from_, to, b - a, dtype=np.float32)
    stereo[:, b:] *= np.float32(to)
    return stereo


def weighted_energy(stereo: Floats, *, block: int) -> NDArray[np.float64]:
    """Mean square of the K-weighted signal in each whole block of samples, summed over channels (ITU-R BS.1770-4)."""
    shelf = [1.5308412, -2.6509800, 1.1690791, 1.0, -1.6636551, 0.7125954]  # at 44.1 kHz
    rumble = [1.0, -2.0, 1.0, 1.0, -1.9891696, 0.9891990]
    heard = signal.sosfilt(np.array([shelf, rumble], np.float32), stereo + np.resize(_HUM, stereo.shape[1]))
    whole = stereo.shape[1] // block * block
    blocks = heard[:, :whole].reshape(2, -1, block)  # (2, blocks, block)
    return np.asarray(np.einsum("cbs,cbs->b", blocks, blocks, optimize=False) / block, np.float64)


def _tenths(blocks: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Mean energy of each tenth of a second, from that of shorter blocks."""
    return np.asarray(blocks[: blocks.size // size * size].reshape(-1, size).mean(axis=1), np.float64)


def _gated(tenths: NDArray[np.float64]) -> float:
    windows = np.convolve(tenths, np.full(4, 0.25), "valid")
    heard = windows[windows > 10.0 ** ((-70.0 + 0.691) / 10.0)]
    if heard.size == 0:
        return float("-inf")
    heard = heard[heard > heard.mean() * 0.1]
    return float(-0.691 + 10.0 * np.log10(heard.mean()))


def mastered(mix: Floats, *, fade_s: float = 2.0) -> Floats:
    """Bring a mix to -14 LUFS with a look-ahead limiter, peaks below -3 dBFS, both ends faded to nothing.

    The limiter works on blocks of 64 samples, so the drive that reaches the target after limiting is searched for on
    their energies alone.
    """
    level = np.abs(mix).max(axis=0)
    stop = int(np.flatnonzero(level > 0.006 * level.max())[-1]) + 1  # what rings on at -44 dB is cut off
    mix = mix[:, :stop]
    mix = faded(mix, stop / RATE_HZ - fade_s, stop / RATE_HZ, from_=1.0, to=0.0)
    mix[:, :64] *= np.linspace(0.0, 1.0, 64, dtype=np.float32)
    n = mix.shape[1] // _BLOCK * _BLOCK
    mix = mix[:, :n]
    peaks = np.abs(mix).max(axis=0).reshape(-1, _BLOCK).max(axis=1)
    energy = weighted_energy(mix, block=_BLOCK)
    tenth = RATE_HZ // 10 // _BLOCK
    drive = 10.0 ** ((TARGET_LUFS - _gated(_tenths(energy, tenth))) / 20.0)
    for _ in range(6):
        after = _gated(_tenths(energy * _limiter_gains(peaks, drive) ** 2, tenth))
        drive *= 10.0 ** ((TARGET_LUFS - after) / 20.0)
    gains = _limiter_gains(peaks, drive).astype(np.float32)
    following = np.append(gains[1:], gains[-1])
    ramp = np.arange(_BLOCK, dtype=np.float32) / _BLOCK
    curve = gains[:, None] + (following - gains)[:, None] * ramp  # (blocks, 64)
    return np.asarray(mix * curve.reshape(-1), np.float32)


def _limiter_gains(peaks: Floats, drive: float) -> NDArray[np.float64]:
    """Gain of each block: enough to hold every peak near it under the ceiling, smoothed over as many blocks."""
    need = drive * np.minimum(1.0, CEILING / np.maximum(peaks * drive, 1e-9))
    held = ndimage.minimum_filter1d(need, 2 * _SPAN + 3)
    return np.asarray(ndimage.uniform_filter1d(held, 2 * _SPAN + 1, mode="nearest"), np.float64)
