"""What a measurement is, and how memory is read."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; a goal is the most it may be, or the least where it is a floor."""

    name: str
    value: float
    unit: str
    reference: str
    goal: float | None = None
    is_floor: bool = False

    @property
    def is_met(self) -> bool:
        if self.goal is None:
            return True
        return self.value >= self.goal if self.is_floor else self.value <= self.goal


@dataclass(frozen=True, slots=True)
class Bench:
    """A measurement: the names it yields, and the function of (music folder, scratch folder) that yields them."""

    names: tuple[str, ...]
    run: Callable[[Path, Path], list[Figure]]


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished program: wall time and the most memory it and its children held at once."""

    seconds: float
    peak_mb: float


def run_measured(command: Sequence[str]) -> Ran:
    """Run a program to its end, its modules compiled as a user's are; memory is resident, sampled 20 times a second."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    watch = MemoryWatch(process.pid)
    _, said = process.communicate()
    seconds = time.perf_counter() - started
    peak_mb = watch.stop()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed: {said.decode('utf-8', 'replace')[-2000:]}")
    return Ran(seconds, peak_mb)


class MemoryWatch:
    """Samples the memory of a process and all its children."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._done.wait(0.05):
            self._peak = max(self._peak, memory_bytes(self._pid))

    def stop(self) -> float:
        """Stop, and give the peak in megabytes."""
        self._done.set()
        self._thread.join()
        return self._peak / 1e6


def memory_bytes(pid: int) -> int:
    """Resident memory of a process and its children, pages shared between them counted once a process."""
    try:
        process = psutil.Process(pid)
        return sum(_rss(p) for p in [process, *process.children(recursive=True)])
    except psutil.NoSuchProcess:
        return 0


def _rss(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def child_environment() -> dict[str, str]:
    """The environment for a program under measurement."""
    return {**os.environ, "PYTHONUNBUFFERED": "1"}
