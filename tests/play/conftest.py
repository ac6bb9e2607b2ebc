from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SWITCH = "aevalsrc=0.4*sin(2*PI*if(lt(t\\,2)\\,440\\,880)*t)|0.4*sin(2*PI*if(lt(t\\,2)\\,440\\,880)*t):s=44100:d=4"
"""Two channels, two seconds of 440 Hz, then two of 880 Hz: it tells where in the file one is."""

Make = Callable[..., Path]


@pytest.fixture
def make_audio(tmp_path: Path) -> Make:
    """Write a file with the system's ffmpeg: ``make_audio("x.m4a", "-c:a", "alac")``."""

    def make(name: str, *options: str, source: str = SWITCH) -> Path:
        path = tmp_path / name
        command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", source, *options, str(path)]
        subprocess.run(command, check=True, timeout=60)
        return path

    return make
