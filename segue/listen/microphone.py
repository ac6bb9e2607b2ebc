"""The local microphone, through PortAudio; nothing else in the house touches it."""

from __future__ import annotations

import queue
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from segue.errors import MicrophoneError, ParameterError
from segue.values import Floats

_BLOCKS_HELD = 600  # a minute, while whoever listens is busy; then the oldest sound is lost
_BLOCK_S = 0.1
_STALLED_S = 3.0
_ALLOW = {
    "darwin": "Allow it in System Settings, Privacy & Security, Microphone, for your terminal",
    "linux": "Plug one in, or be in the group 'audio'; `arecord -l` lists what the system knows",
}


@dataclass(frozen=True, slots=True)
class InputDevice:
    """Something that can be recorded from; ``is_default`` if it is taken where none is named."""

    number: int
    name: str
    channels: int
    rate_hz: int
    is_default: bool


def input_devices() -> tuple[InputDevice, ...]:
    """All devices that can be recorded from; raises MicrophoneError if PortAudio is not here."""
    sound = _portaudio()
    try:
        default = int(sound.default.device[0])
        found = list(enumerate(sound.query_devices()))
    except sound.PortAudioError as error:
        raise _explained(error, "the sound devices") from error
    if default < 0:
        default = next((number for number, device in found if device["max_input_channels"] > 0), -1)
    return tuple(
        InputDevice(
            number,
            str(device["name"]),
            int(device["max_input_channels"]),
            int(device["default_samplerate"]),
            number == default,
        )
        for number, device in found
        if device["max_input_channels"] > 0
    )


def choose_device(devices: tuple[InputDevice, ...], number: int | None) -> InputDevice:
    """The device of a number, or the one that is taken where none is named; raises MicrophoneError, ParameterError."""
    if not devices:
        raise MicrophoneError("there is no microphone", remedy=_allow())
    if number is None:
        return next((device for device in devices if device.is_default), devices[0])
    for device in devices:
        if device.number == number:
            return device
    known = ", ".join(str(device.number) for device in devices)
    raise ParameterError(f"no microphone has the number {number}", remedy=f"Say one of {known}; --list-devices")


def iter_microphone(device: InputDevice, *, rate_hz: int | None = None) -> Generator[tuple[int, Floats]]:
    """Record until the caller has had enough; the device's own rate is taken, or ``rate_hz``.

    Yields
    ------
    (rate in Hz, (n,) float32)
        A tenth of a second of sound, mono; an empty array where there was none for a moment.

    Raises
    ------
    MicrophoneError
        If it may not be used, does not know the rate, or is gone in the midst of it.
    """
    sound = _portaudio()
    rate = rate_hz or device.rate_hz
    held: queue.Queue[Floats] = queue.Queue(_BLOCKS_HELD)

    def take(block: Floats, _frames: int, _time: Any, _status: Any) -> None:
        if held.full():
            held.get_nowait()
        held.put_nowait(block.mean(axis=1, dtype=np.float32))

    with _opened(sound, device, rate, take) as stream:
        quiet_s = 0.0
        while True:
            try:
                yield rate, held.get(timeout=0.5)
                quiet_s = 0.0
            except queue.Empty:
                quiet_s += 0.5
                if not stream.active or quiet_s >= _STALLED_S:
                    raise MicrophoneError(
                        f"no more sound comes from '{device.name}'",
                        remedy="If it was unplugged, plug it in and start again",
                    ) from None
                yield rate, np.zeros(0, np.float32)


@contextmanager
def _opened(sound: Any, device: InputDevice, rate_hz: int, take: Any) -> Iterator[Any]:
    try:
        stream = sound.InputStream(
            device=device.number,
            samplerate=rate_hz,
            blocksize=int(rate_hz * _BLOCK_S),
            channels=min(2, device.channels),
            dtype="float32",
            callback=take,
        )
        stream.start()
    except sound.PortAudioError as error:
        raise _explained(error, f"'{device.name}'") from error
    try:
        yield stream
    finally:
        stream.abort(ignore_errors=True)
        stream.close(ignore_errors=True)


def _explained(error: Exception, what: str) -> MicrophoneError:
    told = str(error.args[0]) if error.args else type(error).__name__
    if "sample rate" in told.lower():
        return MicrophoneError(f"{what} cannot record at this rate ({told})", remedy="Say another one with --rate")
    if "device unavailable" in told.lower():
        return MicrophoneError(
            f"{what} is in use, or may not be used ({told})", remedy=f"Close what else records. {_allow()}"
        )
    return MicrophoneError(f"{what} cannot be recorded from ({told})", remedy=_allow())


def _allow() -> str:
    return _ALLOW.get(sys.platform, "Plug one in, and allow its use in the system's settings")


def _portaudio() -> Any:
    try:
        import sounddevice  # loads PortAudio, which a machine that never listens need not have
    except ImportError as error:
        raise MicrophoneError(
            f"the package for microphones is not here ({error})", remedy="Install it: pip install sounddevice"
        ) from error
    except OSError as error:
        raise MicrophoneError(
            f"PortAudio, which reaches the microphone, is not here ({error})",
            remedy="Install it (Debian, Ubuntu: sudo apt install libportaudio2; Mac: brew install portaudio)",
        ) from error
    return sounddevice
