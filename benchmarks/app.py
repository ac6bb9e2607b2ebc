"""The booth's start and memory on a library of ten thousand tracks."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from benchmarks.figures import Bench, Figure, child_environment, memory_bytes
from benchmarks.library import make_library

_TRACKS = 10_000


def _run(music: Path, scratch: Path) -> list[Figure]:
    data = scratch / "ten-thousand"
    make_library(data, _TRACKS)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = time.perf_counter()
    command = [sys.executable, "-m", "segue.cli", "serve", "--data", str(data), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=child_environment())
    try:
        first_byte_s = _first_byte(port, started)
        for path in ("/", "/_dash-layout", "/_dash-dependencies"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30).read()
        memory_mb = memory_bytes(process.pid) / 1e6
    finally:
        process.terminate()
        process.wait(timeout=30)
    reference = f"library of {_TRACKS} tracks"
    return [
        Figure(
            "app.first_byte_s",
            first_byte_s,
            "s",
            f"from the command to the first byte of the page, {reference}",
            goal=3.0,
        ),
        Figure("app.rss_mb", memory_mb, "MB", f"resident, page served, {reference}"),
    ]


def _first_byte(port: int, started: float) -> float:
    while time.perf_counter() - started < 60:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30).read(1)
        except OSError:
            time.sleep(0.02)
        else:
            return time.perf_counter() - started
    raise RuntimeError("the booth did not answer within a minute")


measure_app = Bench(("app.first_byte_s", "app.rss_mb"), _run)
