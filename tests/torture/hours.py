"""A night of music that is quickly made: MP3 frames may be repeated as often as one likes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np

from tests.songs import RATE_HZ, tone_song

_PIECE_S = 60


def write_long_mp3(path: Path, *, seconds: int) -> Path:
    """A minute of music over and over, 64 kbit/s."""
    piece = path.with_suffix(".piece.f32")
    tunes = [tone_song(seed, seconds=_PIECE_S / 6, bright=bool(seed % 2)) for seed in range(6)]
    piece.write_bytes(np.concatenate(tunes).astype("<f4").tobytes())
    command = ["ffmpeg", "-nostdin", "-v", "error", "-f", "f32le", "-ar", str(RATE_HZ), "-ac", "1", "-i", str(piece)]
    options = ["-b:a", "64k", "-id3v2_version", "0", "-write_xing", "0", "-f", "mp3", "-"]
    minute = subprocess.run([*command, *options], capture_output=True, check=True).stdout
    piece.unlink()
    with path.open("wb") as file:
        for _ in range(round(seconds / _PIECE_S)):
            file.write(minute)
    return path
