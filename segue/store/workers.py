"""Worker processes of which any may crash, hang or be killed: that costs the file it was at, and nothing else.

Nothing heavy is imported here, because a worker must limit its native threads before numpy is loaded.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Generic, Protocol, Self, TypeVar

from segue.config import SCAN, ScanSpec
from segue.errors import SegueError, WorkerError, printable
from segue.processes import interrupts_held_back
from segue.store.worker_process import Unexpected, serve
from segue.words import later, say

_log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[Path], T]
Starter = Callable[[], Work[T]]
"""Makes, inside the worker, the function that is given each file; must be picklable, the function need not be."""

_CONVERT = later("Convert it to another format, or leave it out")
_SILENT = later("gave no sign of life for {silent_s} s")
_SPAWN = multiprocessing.get_context("spawn")  # a fork would share the booth's threads, locks and SQLite handles
_ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR")}
_ENVIRONMENT = threading.Lock()
_START_S = 120.0  # a cold disk and a busy machine; importing takes a second otherwise
_STOP_S = 10.0  # a killed process is gone at once, unless a disk holds it
_FALSE_STARTS = 3
_KILLED_STARTS = 10  # processes that others ended before they were ready; where memory runs out that does not end
_LOOK_UP_S = 0.2  # how often a cancelled scan is noticed
_PAUSE_S = 2.0  # who looks up later than this was itself stopped, or busy, and judges nobody by that time

# SIGHUP, SIGINT, SIGKILL and SIGTERM come from others, be it from a system that is short of memory. A decoder that a
# file breaks ends by SIGSEGV, SIGABRT, SIGBUS, SIGFPE or SIGILL.
_ENDED_BY_OTHERS = frozenset({-1, -2, -9, -15})


@dataclass(frozen=True, slots=True)
class Job:
    """A file, and how much computing time a worker may spend on it."""

    path: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What came of a job: a value, or the error that says why there is none."""

    job: Job
    value: T | None = None
    error: SegueError | None = None


class Crew(Protocol[T]):
    """Whoever runs a function over files: processes of this machine, or a cluster. Entered, and ended on leaving."""

    def __enter__(self) -> Self:
        """Make ready."""
        ...

    def __exit__(self, *_: object) -> None:
        """End all that was begun."""
        ...

    def run(self, jobs: Iterable[Job], *, cancel: threading.Event | None = None) -> Iterator[Outcome[T]]:
        """Yield outcomes as they come, and draw jobs only as they can be taken up; see `WorkerPool.run`."""
        ...


CrewMaker = Callable[[Starter[T]], Crew[T]]
"""Gives the crew that works with what a starter makes."""


@dataclass(frozen=True, slots=True)
class _Fate:
    """What became of a process, as words after its name."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """In the language of whoever began the work."""
        return say(self.text, **self.values)

    @property
    def in_english(self) -> str:
        """As the log has it."""
        return self.text.format(**self.values)


class WorkerPool(Generic[T]):
    """Runs a function over files in processes that it owns, replaces those that die, and ends all on leaving."""

    def __init__(self, starter: Starter[T], *, workers: int, settings: ScanSpec = SCAN) -> None:
        self._starter = starter
        self._most = workers
        self._settings = settings
        self._crew: list[_Worker[T]] = []
        self._false_starts = 0
        self._looked_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._crew:
            worker.stop()
        self._crew.clear()

    def run(self, jobs: Iterable[Job], *, cancel: threading.Event | None = None) -> Iterator[Outcome[T]]:
        """Yield outcomes as they come; jobs are drawn only as workers fall free. Stops soon after ``cancel`` is set.

        It may be run again after it has come to its end, with the same processes. Raises whatever the starter raises,
        and WorkerError when workers cannot even be started.
        """
        source = iter(jobs)
        self._looked_s = time.monotonic()
        idle = list(self._crew)
        while (idle or len(self._crew) < self._most) and (job := next(source, None)) is not None:
            if not idle:
                self._crew.append(_Worker(self._starter, self._settings))
            (idle.pop() if idle else self._crew[-1]).take(job)
        while any(worker.job for worker in self._crew) and not (cancel is not None and cancel.is_set()):
            yield from self._turn(source)

    def _turn(self, source: Iterator[Job]) -> Iterator[Outcome[T]]:
        """Wait a moment, then deal with every worker that has spoken, died or run out of time."""
        busy = [worker for worker in self._crew if worker.job]
        pause_s, self._looked_s = time.monotonic() - self._looked_s, time.monotonic()
        ready = wait([worker.connection for worker in busy], timeout=_LOOK_UP_S)
        settled = []
        for worker in busy:
            if pause_s > _PAUSE_S:
                worker.excuse(pause_s)
            outcome = self._hear_from(worker) if worker.connection in ready else self._look_at(worker)
            if outcome is not None:
                worker.job = None
                settled.append((worker, outcome))
        for worker, outcome in settled:  # what follows may take long, so all were judged before
            if (job := next(source, None)) is not None:  # before the outcome is saved, so that no worker waits
                worker.take(job)
            yield outcome

    def _hear_from(self, worker: _Worker[T]) -> Outcome[T] | None:
        try:
            message, content = worker.connection.recv()
        except (EOFError, OSError):
            return self._dead(worker)
        if message == "pulse":
            worker.sign(content)
            return None
        if message == "ready":
            self._false_starts = 0
            worker.begin()
            return None
        if message == "value":
            return Outcome(worker.the_job, value=content)
        if message == "memory":  # what a process that ran out of it still holds is in pieces
            worker.stop()
        error = content if message == "error" else self._in_words(content, worker.the_job)
        if not worker.began:
            raise error
        return Outcome(worker.the_job, error=error)

    def _in_words(self, unexpected: Unexpected | None, job: Job) -> WorkerError:
        """What to say of an exception that a worker had no words for; None is a lack of memory."""
        if unexpected is not None:
            return _report(unexpected, job)
        what = say("it takes more than the {most_mb} MB that a worker has", most_mb=self._settings.worker_memory_mb)
        return WorkerError(what, remedy=_CONVERT, path=job.path)

    def _look_at(self, worker: _Worker[T]) -> Outcome[T] | None:
        """Whether a worker that says nothing is still to be waited for."""
        silent = worker.is_silent
        if silent and not worker.began:
            self._false_start(worker, _fate(worker.stop()), allowed=_KILLED_STARTS)
        elif silent:
            return self._again(worker, _Fate(_SILENT, {"silent_s": f"{self._settings.silent_s:.0f}"}))
        if not worker.began or (seconds := worker.overdrawn_s) is None:
            return None
        worker.stop()
        what = say("it took more than {most_s} s", most_s=f"{seconds:.0f}")
        error = WorkerError(what, remedy=_CONVERT, path=worker.the_job.path)
        return Outcome(worker.the_job, error=error)

    def _dead(self, worker: _Worker[T]) -> Outcome[T] | None:
        """A worker that others ended is replaced and goes on; one that died at work by itself has met a bad file."""
        began, code = worker.began, worker.stop(grace_s=1.0)
        innocent = code in _ENDED_BY_OTHERS
        if not began:
            self._false_start(worker, _fate(code), allowed=_KILLED_STARTS if innocent else _FALSE_STARTS)
            return None
        if innocent:
            return self._again(worker, _fate(code))
        remedy = later("Check that it plays elsewhere, convert it to another format, or leave it out")
        what = say("the decoder {fate} on it", fate=_fate(code).said)
        error = WorkerError(what, remedy=remedy, path=worker.the_job.path)
        return Outcome(worker.the_job, error=error)

    def _false_start(self, worker: _Worker[T], fate: _Fate, *, allowed: int) -> None:
        """Try again with a process that did not get as far as the file."""
        self._false_starts += 1
        if self._false_starts >= allowed:
            remedy = later("Close other programs to free memory, or use fewer workers; else install Segue anew")
            what = say("worker processes do not start: the last one {fate}", fate=fate.said)
            raise WorkerError(what, remedy=remedy)
        worker.take_again()

    def _again(self, worker: _Worker[T], fate: _Fate) -> Outcome[T] | None:
        """Try a file again whose worker was ended or stopped, which is seldom its fault, but may be."""
        worker.stop()
        worker.tries += 1
        job = worker.the_job
        if worker.tries < self._settings.tries_a_file:
            _log.warning("%s: its worker %s; another one tries again", printable(job.path), fate.in_english)
            worker.take_again()
            return None
        remedy = later("Let nothing end or stop Segue's processes, free memory, or leave the file out")
        what = (
            say("each of the {tries} workers that tried it {fate}", tries=worker.tries, fate=fate.said)
            if worker.tries > 1
            else say("its worker {fate}", fate=fate.said)
        )
        return Outcome(job, error=WorkerError(what, remedy=remedy, path=job.path))


class _Worker(Generic[T]):
    """One process after another, and the job that the present one is at."""

    def __init__(self, starter: Starter[T], settings: ScanSpec) -> None:
        self._starter = starter
        self._settings = settings
        self._process: SpawnProcess | None = None
        self._since_s = self._sign_s = self._computed_s = 0.0
        self.job: Job | None = None
        self.began = False
        self.tries = 0
        self.connection: Connection

    @property
    def the_job(self) -> Job:
        """The job of a worker that has one."""
        assert self.job is not None
        return self.job

    @property
    def is_silent(self) -> bool:
        """Whether it has given no sign of life for too long; the first one may take as long as a process to start."""
        patience_s = self._settings.silent_s if self._sign_s > self._since_s or self.began else _START_S
        return time.monotonic() - max(self._sign_s, self._since_s) > patience_s

    @property
    def overdrawn_s(self) -> float | None:
        """The time that its file might take, if it has taken more.

        What counts is computing time, since a busy machine is not the file's fault; but a file that cannot be read,
        as on a drive that went away, takes none, and so there is a limit by the clock too.
        """
        most_s = self.the_job.seconds
        if self._computed_s > most_s:
            return most_s
        most_s *= self._settings.patience
        return most_s if time.monotonic() - self._since_s > most_s else None

    def take(self, job: Job) -> None:
        """Give the process a file, and start a process first where there is none alive."""
        self.job = job
        self.tries = 0
        if self._process is not None:
            try:
                self.connection.send(job.path)
                self._reset()
                return
            except OSError:  # it died in between, which is not this file's fault
                self.stop()
        self.take_again()

    def take_again(self) -> None:
        """Give the same file to a new process."""
        self._start()
        with suppress(OSError):  # it is dead already; the closed pipe will tell
            self.connection.send(self._starter)
            self.connection.send(self.the_job.path)

    def begin(self) -> None:
        """The process has loaded all it needs; from now on the file's time counts."""
        self.began = True
        self._reset()

    def sign(self, computed_s: float) -> None:
        """It lives, and has computed for so long on its file."""
        self._sign_s = time.monotonic()
        self._computed_s = computed_s if self.began else 0.0

    def excuse(self, seconds: float) -> None:
        """Count some time as if it had not been, since nobody listened."""
        self._since_s += seconds
        self._sign_s += seconds

    def stop(self, *, grace_s: float = 0.0) -> int | None:
        """End the process (it keeps nothing that could be lost), at once or after a while; return its exit code."""
        if self._process is None:
            return None
        self._process.join(grace_s)
        self._process.kill()
        self._process.join(_STOP_S)
        code = self._process.exitcode
        self.connection.close()
        self._process = None
        return code

    def _start(self) -> None:
        self.connection, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=serve, args=(theirs, self._settings.worker_memory_mb), daemon=True)
        self.began = False
        with _single_threaded(), interrupts_held_back():
            self._process.start()
        theirs.close()
        self._reset()

    def _reset(self) -> None:
        self._since_s = time.monotonic()
        self._sign_s = self._computed_s = 0.0


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Let processes that are started now run native code on one thread each: the workers are the parallelism.

    It has to be in their environment, since numpy may be imported before any code of ours runs in them.
    """
    with _ENVIRONMENT:
        before = {name: os.environ.get(name) for name in _ONE_THREAD}
        os.environ.update(_ONE_THREAD)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def _report(unexpected: Unexpected, job: Job) -> WorkerError:
    _log.error("%s: unexpected error in a worker\n%s", printable(job.path), unexpected.trace)
    remedy = later("This is a fault of Segue: report it with the log; the file is left out")
    what = say("an unexpected error came up ({what})", what=unexpected.what)
    return WorkerError(what, remedy=remedy, path=job.path)


def _fate(code: int | None) -> _Fate:
    if code is None:
        return _Fate(later("did not answer"))
    if code == -9:
        return _Fate(later("was killed, as the system does when memory runs out,"))
    if code < 0:
        return _Fate(later("crashed ({signal})"), {"signal": signal.Signals(-code).name})
    return _Fate(later("ended with code {code}"), {"code": code})
