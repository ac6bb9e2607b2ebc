"""Sound that comes through a pipe: raw samples whose form is told, or audio of any kind that tells it itself."""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from segue.errors import NotAudioError, ParameterError
from segue.listen.audio import iter_mono
from segue.listen.decoding import Tally, audio_stream, iter_joined, iter_sound, open_pipe
from segue.values import Floats

PIPE = Path("-")
_RAW_BLOCK_S = 0.25
_KINDS = {"s16": "<i2", "s32": "<i4", "f32": "<f4"}
_RAW = re.compile(r"(s16|s32|f32):(\d+)(?::(\d+))?")
_MOST_CHANNELS = 8


@dataclass(frozen=True, slots=True)
class RawFormat:
    """How raw samples stand in a pipe: interleaved, little-endian."""

    kind: str
    rate_hz: int
    channels: int

    @classmethod
    def of(cls, text: str) -> RawFormat:
        """Read "s16:44100:2" (the channels may be left out: 1); raises ParameterError."""
        match = _RAW.fullmatch(text)
        if match is None or not 4000 <= int(match[2]) <= 768_000 or not 1 <= int(match[3] or 1) <= _MOST_CHANNELS:
            raise ParameterError(
                f"'{text}' is no form of raw sound",
                remedy="Say s16, s32 or f32, the rate and the channels: s16:44100:2",
            )
        return cls(match[1], int(match[2]), int(match[3] or 1))


def iter_raw(stream: IO[bytes], form: RawFormat) -> Generator[tuple[int, Floats]]:
    """Yield (rate in Hz, ``(n,)`` mono samples) as they come; half a sample at the end is dropped."""
    kind = np.dtype(_KINDS[form.kind])
    frame_bytes = kind.itemsize * form.channels
    wanted = int(_RAW_BLOCK_S * form.rate_hz) * frame_bytes
    rest = b""
    while block := os.read(stream.fileno(), wanted):  # gives what is there: a pipe that dribbles is not waited for
        block = rest + block
        whole = len(block) // frame_bytes * frame_bytes
        block, rest = block[:whole], block[whole:]
        if whole:
            samples = np.frombuffer(block, kind).reshape(-1, form.channels)  # (n, c)
            scale = 1.0 if kind.kind == "f" else float(np.iinfo(kind).max) + 1.0
            yield form.rate_hz, (samples.mean(axis=1, dtype=np.float64) / scale).astype(np.float32)


def iter_audio(stream: IO[bytes]) -> Generator[tuple[int, Floats]]:
    """As `iter_raw`, for audio of any kind that can be decoded from its beginning on; raises AudioError."""
    tally = Tally()
    got = 0
    with open_pipe(stream) as container:
        frames = iter_joined(iter_sound(container, audio_stream(container, PIPE), tally))
        for rate_hz, samples in iter_mono(frames, tally):
            got += len(samples)
            yield rate_hz, samples
    if not got:
        raise NotAudioError("no sound came through the pipe", remedy="Look whether its writer failed", path=PIPE)
