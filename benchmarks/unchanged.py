"""A scan of ten thousand files of which none has changed."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import numpy as np

from benchmarks.figures import Bench, Figure
from benchmarks.library import make_library
from benchmarks.scan import scan_command

_FILES = 10_000
_FOLDERS = 500
_BYTES = 4000
_ROUNDS = 3


def _run(music: Path, scratch: Path) -> list[Figure]:
    folder, data = scratch / "unchanged", scratch / "unchanged-data"
    make_library(data, _FILES, files=_write_files(folder))
    _scan(folder, data)  # pools, once
    seconds = min(_scan(folder, data) for _ in range(_ROUNDS))
    told = f"the whole command, {_FILES} files in {_FOLDERS} folders, the fastest of {_ROUNDS}"
    return [Figure(f"scan.unchanged_{_FILES}_s", seconds, "s", told, goal=3.0)]


def _write_files(folder: Path) -> list[Path]:
    """Files that are no song, which nobody will find out: what is known already is not opened."""
    rng = np.random.default_rng(0)
    files = []
    for number in range(_FILES):
        path = folder / f"album {number % _FOLDERS:03d}" / f"{number:05d}.mp3"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rng.bytes(_BYTES))
        files.append(path)
    return files


def _scan(folder: Path, data: Path) -> float:
    began = time.perf_counter()
    done = subprocess.run(scan_command(folder, data), capture_output=True, check=True, text=True)
    seconds = time.perf_counter() - began
    unchanged = json.loads(done.stdout)["unchanged"]
    if unchanged != _FILES:
        raise RuntimeError(f"{unchanged} of {_FILES} files were found unchanged")
    return seconds


measure_unchanged = Bench((f"scan.unchanged_{_FILES}_s",), _run)
