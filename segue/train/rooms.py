"""What a loudspeaker, a room and a microphone do to sound, simulated: by a decaying tail, or by mirror images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from segue.config import SPECCY_MEL
from segue.values import Floats

_RATE_HZ = SPECCY_MEL.sample_rate_hz
_SOUND_M_S = 343.0
_SABINE = 0.161  # s/m
_IMAGES = 12  # mirror rooms to each side: 60 m and more
_FOLLOWED_RMS, _LEAST_FOLLOWED = 0.1, 0.003
_FOLLOWING = 1e-4  # of the new sample in the running power: half a second

Samples = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Room:
    """A room with a loudspeaker and a microphone in it; ``rt60_s`` is how long sound takes to fall by 60 dB."""

    tail: Literal["decay", "image"] = "decay"
    rt60_s: float = 0.4
    noise: Literal["white", "pink"] = "white"
    snr_db: float = 15.0
    band_hz: tuple[float, float] = (150.0, 7_000.0)
    gain_db: float = -20.0
    follows_level: bool = False


ROOMS = {
    "decay": Room(),
    "image": Room("image", noise="pink"),
    "image, AGC": Room("image", noise="pink", follows_level=True),
    "hard": Room("image", rt60_s=0.7, noise="pink", snr_db=10.0, band_hz=(250.0, 5_000.0)),
}
"""Those in which the ear is measured."""


@dataclass(frozen=True, slots=True)
class RoomRange:
    """Between what limits rooms are drawn, and how often by mirror images, and with a gain that follows the level."""

    rt60_s: tuple[float, float] = (0.2, 0.8)
    snr_db: tuple[float, float] = (8.0, 28.0)
    low_hz: tuple[float, float] = (60.0, 300.0)
    high_hz: tuple[float, float] = (4_000.0, 10_500.0)
    image_share: float = 0.6
    follow_share: float = 0.3

    def draw(self, rng: np.random.Generator) -> Room:
        """A random room."""
        return Room(
            tail="image" if rng.random() < self.image_share else "decay",
            rt60_s=float(rng.uniform(*self.rt60_s)),
            noise="pink" if rng.random() < 0.5 else "white",
            snr_db=float(rng.uniform(*self.snr_db)),
            band_hz=(float(rng.uniform(*self.low_hz)), float(rng.uniform(*self.high_hz))),
            follows_level=bool(rng.random() < self.follow_share),
        )


def through_room(samples: Samples, room: Room, *, rng: np.random.Generator) -> Floats:
    """Let sound be heard in a room.

    Parameters
    ----------
    samples : (n,) float
        At 22,050 Hz; what is silent throughout stays so.
    room : Room
        Its band is that of the loudspeaker and the microphone together.
    rng : numpy.random.Generator
        Draws the room's tail, or its size and who stands where, and the noise.

    Returns
    -------
    (n,) float32
        With noise at ``snr_db`` below it, and at ``gain_db``, or with a gain that brings the last half second to an
        RMS of 0.1.
    """
    respond = decaying_response if room.tail == "decay" else image_response
    band = scipy.signal.butter(4, room.band_hz, "bandpass", fs=_RATE_HZ, output="sos")
    response = respond(room.rt60_s, rng=rng)
    heard = scipy.signal.fftconvolve(scipy.signal.sosfilt(band, samples), response)[: len(samples)]
    noise = rng.standard_normal(len(heard))
    if room.noise == "pink":
        noise = _pink(noise)
    heard = heard + noise * (np.std(heard) * 10.0 ** (-room.snr_db / 20.0))
    if not room.follows_level:
        return np.asarray(heard * 10.0 ** (room.gain_db / 20.0), np.float32)
    power = scipy.signal.lfilter([_FOLLOWING], [1.0, _FOLLOWING - 1.0], heard**2)
    return np.asarray(heard * (_FOLLOWED_RMS / np.maximum(np.sqrt(power), _LEAST_FOLLOWED)), np.float32)


def decaying_response(rt60_s: float, *, rng: np.random.Generator) -> NDArray[np.float64]:
    """The sound itself, and from 4 ms on noise that dies away, 3 dB below it in all; ``(1.2 rt60,)`` at 22,050 Hz."""
    time_s = np.arange(int(1.2 * rt60_s * _RATE_HZ)) / _RATE_HZ
    tail = rng.standard_normal(len(time_s)) * 10.0 ** (-3.0 * time_s / rt60_s)
    tail[: int(0.004 * _RATE_HZ)] = 0.0
    tail *= np.sqrt(0.5 / np.sum(tail**2))
    tail[0] = 1.0
    return np.asarray(tail)


def image_response(rt60_s: float, *, rng: np.random.Generator) -> NDArray[np.float64]:
    """What reaches a microphone from a loudspeaker in a living room of random size, each somewhere in it.

    Parameters
    ----------
    rt60_s : float
        Which, by Sabine's formula, tells how much the walls reflect.
    rng : numpy.random.Generator
        Draws 3 to 7 by 3 to 6 by 2.3 to 3 m, and two places 0.4 m and more from the walls.

    Returns
    -------
    (rt60,) float64
        At 22,050 Hz, its highest peak at 1, by the image method (J. Allen and D. Berkley, JASA 65, 1979).
    """
    size_m = np.array([rng.uniform(3.0, 7.0), rng.uniform(3.0, 6.0), rng.uniform(2.3, 3.0)])
    walls_m2 = 2.0 * (size_m[0] * size_m[1] + size_m[0] * size_m[2] + size_m[1] * size_m[2])
    absorbed = min(_SABINE * float(size_m.prod()) / (walls_m2 * rt60_s), 0.95)
    source, ear = rng.uniform(0.4, size_m - 0.4), rng.uniform(0.4, size_m - 0.4)
    mirrors = np.arange(-_IMAGES, _IMAGES + 1)
    away = [
        np.concatenate([2 * mirrors * size_m[k] + source[k], 2 * mirrors * size_m[k] - source[k]]) - ear[k]
        for k in range(3)
    ]  # three of (50,)
    bounced = np.concatenate([2 * np.abs(mirrors), np.abs(2 * mirrors - 1)])  # (50,)
    distance_m = np.sqrt(sum(part**2 for part in np.ix_(*away)))  # (50, 50, 50)
    bounces = sum(np.ix_(bounced, bounced, bounced))
    arrives = np.round(distance_m / _SOUND_M_S * _RATE_HZ).astype(np.int64)
    strength = np.sqrt(1.0 - absorbed) ** bounces / np.maximum(distance_m, 0.1)
    count = int(rt60_s * _RATE_HZ)
    in_time = arrives < count
    found = np.bincount(arrives[in_time], weights=strength[in_time], minlength=count)
    found = scipy.signal.sosfilt(scipy.signal.butter(2, 20.0, "highpass", fs=_RATE_HZ, output="sos"), found)
    return np.asarray(found / np.abs(found).max())


def _pink(white: NDArray[np.float64]) -> NDArray[np.float64]:
    """White noise, 3 dB quieter with each octave; a spread of 1."""
    spectrum = np.fft.rfft(white)
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0.0
    pink = np.fft.irfft(spectrum, len(white))
    return np.asarray(pink / np.std(pink))
