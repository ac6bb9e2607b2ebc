"""Run `segue scan` over a shelf and watch from outside: which worker has which file open, how long, in what memory."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from segue.embed.encoder import load_ear
from segue.errors import printable
from segue.store.library import Library
from tests.torture.shelf import Shelved

LONGEST_S = 30.0  # of a processor's time
LONGEST_WALL_S = 150.0  # on a machine that is busy with other things too
MOST_MB = 1000.0
_LOOK_S = 0.05
_FOREIGN = re.compile(
    r"NoneType|Traceback|[Ee]xception|[a-z]Error\b|Errno|\bNone\b|object at 0x|numpy|ndarray|\bself\b|__|av\."
    r"|codec can't|unpack|out of (range|bounds)|\bindex\b.*range|subscript|attribute|positional"
    r"|invalid literal|<[a-z]+ '"
)


@dataclass(slots=True)
class Watched:
    """What was seen of each file while the scan ran, in seconds and megabytes; too quick ones are not seen."""

    seconds: dict[str, float] = field(default_factory=dict)
    processor_s: dict[str, float] = field(default_factory=dict)
    memory_mb: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scanned:
    """A scan that is over: its exit code, its report, what it said besides, what was heard, and what was seen."""

    exit_code: int
    report: dict[str, Any]
    said: str
    heard: frozenset[Path]
    watched: Watched
    seconds: float


class _Watch(threading.Thread):
    """Looks twenty times a second at what the children of a process have open, and how large they are."""

    def __init__(self, process: psutil.Process, folder: Path) -> None:
        super().__init__(daemon=True)
        self.watched = Watched()
        self._process = process
        self._folder = str(folder)
        self._since: dict[tuple[int, str], tuple[float, float]] = {}
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(_LOOK_S):
            try:
                children = self._process.children(recursive=True)
            except psutil.Error:
                return
            for child in children:
                try:
                    self._look(child)
                except (psutil.Error, OSError):  # it ended meanwhile
                    continue

    def _look(self, child: psutil.Process) -> None:
        names = [file.path for file in child.open_files() if file.path.startswith(self._folder)]
        if not names:
            return
        now, used_s, size_mb = time.monotonic(), sum(child.cpu_times()[:2]), child.memory_info().rss / 1e6
        seen = self.watched
        for name in names:
            began, used_before_s = self._since.setdefault((child.pid, name), (now, used_s))
            for most, value in (
                (seen.seconds, now - began + _LOOK_S),
                (seen.processor_s, used_s - used_before_s),
                (seen.memory_mb, size_mb),
            ):
                key = printable(name)
                most[key] = max(most.get(key, 0.0), value)

    def stop(self) -> Watched:
        self._done.set()
        self.join()
        return self.watched


def scan(folder: Path, data: Path, *, workers: int = 2) -> Scanned:
    """Scan a folder into a fresh library with the command that users type."""
    command = [sys.executable, "-W", "ignore", "-m", "segue.cli", "scan", str(folder), "--json", "--data", str(data)]
    began = time.monotonic()
    process = subprocess.Popen([*command, "--workers", str(workers)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    watch = _Watch(psutil.Process(process.pid), folder)
    watch.start()
    out, said = process.communicate()
    watched = watch.stop()
    seconds = time.monotonic() - began
    report = json.loads(out.decode("utf-8")) if out else {}
    with Library.open(data) as library:
        known = library.files(load_ear().fingerprint)
        heard = frozenset(path for path, file in known.items() if file.heard)
    return Scanned(process.returncode, report, said.decode("utf-8", "replace"), heard, watched, seconds)


def complaints(scanned: Scanned, shelved: Sequence[Shelved]) -> list[str]:
    """All that is wrong with how a scan dealt with bad files, one line each; an empty list is what is wanted."""
    found = [] if scanned.exit_code == 0 else [f"exit code {scanned.exit_code}"]
    if "Traceback" in scanned.said:
        found.append(f"it said: {scanned.said[-2000:]}")
    rows: dict[str, list[dict[str, str]]] = {}
    for row in scanned.report.get("failures", []):
        rows.setdefault(row["path"], []).append(row)
    for bad in shelved:
        name = printable(bad.path)
        failures = rows.pop(name, [])
        found += [f"{bad.kind}: {name!r}: {words}" for words in _wrong(bad, bad.path in scanned.heard, failures)]
        seconds, used_s = scanned.watched.seconds.get(name, 0.0), scanned.watched.processor_s.get(name, 0.0)
        size_mb = scanned.watched.memory_mb.get(name, 0.0)
        if used_s > LONGEST_S or seconds > LONGEST_WALL_S:
            found.append(f"{bad.kind}: {name!r}: took {seconds:.0f} s, {used_s:.0f} of them computing")
        if size_mb > MOST_MB:
            found.append(f"{bad.kind}: {name!r}: took {size_mb:.0f} MB")
    return found + [f"a row for what is no file of ours: {name!r}: {row}" for name, row in rows.items()]


def _wrong(bad: Shelved, heard: bool, failures: list[dict[str, str]]) -> list[str]:
    came = "heard" if heard else "refused" if failures else "passed over"
    found = []
    if heard + len(failures) > 1:
        found.append(f"{len(failures)} failures, heard: {heard}")
    if came != bad.expected and not (bad.expected == "either" and came != "passed over"):
        found.append(f"{came} instead of {bad.expected}: {failures}")
    for row in failures:
        told = f"{row['what']}. {row['remedy']}"
        if not row["what"].strip() or not row["remedy"].strip():
            found.append(f"says too little: {row}")
        if row["what"].startswith("Input/output"):
            found.append(f"blames the disk: {row}")
        if _FOREIGN.search(told) or "\n" in told or not row["path"].encode("utf-8").strip():
            found.append(f"not in plain words: {row}")
        if row["kind"] == "WorkerError":
            found.append(f"the worker did not live through it: {row}")
    return found
