"""What a worker of a cluster does for a scan: it takes on an errand once, and then listens to a file at a time.

The listening itself is done by processes of its own, as on one machine: a decoder that crashes costs its file only.
"""

from __future__ import annotations

import logging
import multiprocessing
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Generic, TypeVar

from distributed import get_worker
from distributed.protocol.pickle import loads

from segue import __version__
from segue.config import CLUSTER
from segue.embed.encoder import Ear
from segue.errors import ClusterError, FileAccessError, SegueError
from segue.files import access_error, is_url
from segue.store.workers import Job, Outcome, Starter, WorkerPool

_log = logging.getLogger(__name__)

T = TypeVar("T")

SAME_VERSION = "Install the same version on all machines, and start the worker again"
MOUNT = "Let all machines have the folder at the same place, or say where it is: --dask-root HERE=THERE"
_SOUND_LIBRARIES = ("av", "numpy", "onnxruntime", "scipy", "soxr")


@dataclass(frozen=True, slots=True)
class Root:
    """A folder of the scan's machine, and where it lies on the workers."""

    here: Path
    there: Path


@dataclass(frozen=True, slots=True)
class Errand(Generic[T]):
    """All that a worker needs to know for one scan; ``network`` is the file of the starter's ear, if it has one."""

    starter: Starter[T]
    network: bytes | None = None
    roots: tuple[Root, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """What a worker answers: an outcome, or ``unfit``: why this worker cannot do such work at all.

    Neither, if it let go of the errand just then. ``unseen`` marks a file that it cannot read, though another may.
    """

    worker: str
    outcome: Outcome[T] | None = None
    unfit: SegueError | None = None
    unseen: bool = False


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a worker says of itself before anything is asked of it."""

    version: str
    libraries: tuple[tuple[str, str], ...]
    sees: bool


def introduce(path: Path | None = None, roots: Sequence[Root] = ()) -> Introduction:
    """Tell what is installed here, and whether a file of the scan is to be seen from here."""
    sees = path is None or is_url(path) or _readable(place_on_worker(path, roots))
    return Introduction(__version__, sound_libraries(), sees)


def sound_libraries() -> tuple[tuple[str, str], ...]:
    """The libraries that have a hand in the vectors, and their versions here."""
    found = []
    for name in _SOUND_LIBRARIES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            found.append((name, "not installed"))
    return tuple(found)


def place_on_worker(path: Path, roots: Sequence[Root]) -> Path:
    """Where a path of the scan's machine lies on the workers; the deepest root that holds it decides."""
    for root in sorted(roots, key=lambda root: len(root.here.parts), reverse=True):
        if path.is_relative_to(root.here):
            return root.there / path.relative_to(root.here)
    return path


def _readable(path: Path) -> bool:
    try:
        with path.open("rb"):
            return True
    except OSError:
        return False


# At work --------------------------------------------------------------------------------------------------------------

_STATIONS: dict[str, _Station[Any]] = {}  # one for each errand; tasks of a worker share nothing but their module
_STATIONS_LOCK = threading.Lock()


def listen(token: str, version: str, packed: bytes, job: Job) -> Reply[Any]:
    """Hear one file of a packed errand; this is the task that a scan sends out for each."""
    worker = get_worker()
    try:
        if version != __version__:
            raise other_version(worker.address, __version__, version)
        station = _station(token, packed, Path(worker.local_directory))
        outcome = station.hear(Job(place_on_worker(job.path, station.roots), job.seconds))
    except ClusterError as error:
        return Reply(worker.address, unfit=error)
    except SegueError as error:
        what = f"the worker {worker.address} cannot listen: {error.what}"
        return Reply(worker.address, unfit=ClusterError(what, remedy=error.remedy))
    return Reply(worker.address) if outcome is None else _answer(worker.address, job, outcome)


def other_version(worker: str, theirs: str, ours: str) -> ClusterError:
    """The refusal of a worker whose Segue is not the scan's: its vectors might be others."""
    what = f"the worker {worker} has Segue {theirs}, and this scan is Segue {ours}"
    return ClusterError(what, remedy=SAME_VERSION)


def _answer(worker: str, job: Job, outcome: Outcome[T]) -> Reply[T]:
    """Put an outcome in the words of the scan's machine."""
    if outcome.error is None:
        return Reply(worker, Outcome(job, outcome.value))
    error, there = outcome.error, outcome.job.path
    unseen = isinstance(error, FileAccessError) and not is_url(job.path)
    if unseen:
        what = f"the worker {worker} cannot read it at {there} ({error.what})"
        error = FileAccessError(what, remedy=MOUNT, path=job.path)
    elif error.path == there:
        error = type(error)(error.what, remedy=error.remedy, path=job.path)
    return Reply(worker, Outcome(job, error=error), unseen=unseen)


def _station(token: str, packed: bytes, folder: Path) -> _Station[Any]:
    with _STATIONS_LOCK:
        station = _STATIONS.get(token)
        if station is None:
            station = _STATIONS[token] = _Station(loads(packed), token, folder / f"segue-{token}")
        return station


def dismiss(token: str) -> None:
    """End an errand: its processes stop at once, and its files are deleted."""
    with _STATIONS_LOCK:
        station = _STATIONS.pop(token, None)
    if station is not None:
        station.close()


class _Station(Generic[T]):
    """An errand taken on: the ear's network in a file, and for each thread of the worker a process that listens."""

    def __init__(self, errand: Errand[T], token: str, folder: Path) -> None:
        self.roots = errand.roots
        self._token = token
        self._folder = folder
        self._starter = _with_network(errand, folder)
        self._lock = threading.Lock()
        self._idle: list[WorkerPool[T]] = []
        self._busy = 0
        self._used_s = time.monotonic()
        self._closed = threading.Event()
        multiprocessing.current_process().daemon = False  # else it may start none; ours end with it of themselves
        threading.Thread(target=self._close_when_forgotten, name="segue-station", daemon=True).start()

    def hear(self, job: Job) -> Outcome[T] | None:
        """Hear one file; None if the errand ends meanwhile."""
        with self._lock:
            pool = self._idle.pop() if self._idle else WorkerPool(self._starter, workers=1)
            self._busy += 1
        outcome = None
        try:
            outcome = next(pool.run([job], cancel=self._closed), None)
            return outcome
        finally:
            with self._lock:
                self._busy -= 1
                self._used_s = time.monotonic()
                kept = outcome is not None and not self._closed.is_set()
                if kept:
                    self._idle.append(pool)
            if not kept:
                pool.__exit__(None, None, None)

    def close(self) -> None:
        """Stop whatever runs; threads that are at a file stop their own processes."""
        self._closed.set()
        with self._lock:
            idle, self._idle = self._idle, []
        for pool in idle:
            pool.__exit__(None, None, None)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _close_when_forgotten(self) -> None:
        """Whoever scans may vanish without a word, and a network should not lie in memory for ever."""
        while not self._closed.wait(CLUSTER.idle_s / 4):
            with self._lock:
                forgotten = self._busy == 0 and time.monotonic() - self._used_s > CLUSTER.idle_s
            if forgotten:
                dismiss(self._token)


def _with_network(errand: Errand[T], folder: Path) -> Starter[T]:
    """The starter, with its ear's network in a file of this machine."""
    ear = ear_of(errand.starter)
    if ear is None or errand.network is None:
        return errand.starter
    network = folder / ear.network.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        network.write_bytes(errand.network)
    except OSError as error:
        raise access_error(error, network) from error
    starter: Starter[T] = replace(errand.starter, ear=replace(ear, network=network))  # type: ignore[type-var]
    return starter


def ear_of(starter: Starter[T]) -> Ear | None:
    """The ear that a starter loads, if it is one that loads an ear."""
    ear = getattr(starter, "ear", None)
    return ear if isinstance(ear, Ear) else None
