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
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

from segue.errors import SegueError, WorkerError, printable

_log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[Path], T]
Starter = Callable[[], Work[T]]
"""Makes, inside the worker, the function that is given each file; must be picklable, the function need not be."""

_SPAWN = multiprocessing.get_context("spawn")  # a fork would share the booth's threads, locks and SQLite handles
_ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR")}
_ENVIRONMENT = threading.Lock()
_START_S = 120.0  # a cold disk and a busy machine; importing takes a second otherwise
_STOP_S = 10.0  # a killed process is gone at once, unless a disk holds it
_FALSE_STARTS = 3
_LOOK_UP_S = 0.2  # how often a cancelled scan is noticed
_NICENESS = 5  # the booth stays prompt while its library is being scanned


@dataclass(frozen=True, slots=True)
class Job:
    """A file, and how long a worker may take over it."""

    path: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What came of a job: a value, or the error that says why there is none."""

    job: Job
    value: T | None = None
    error: SegueError | None = None


@dataclass(frozen=True, slots=True)
class _Unexpected:
    """An exception that a worker had no words for."""

    what: str
    trace: str


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


class WorkerPool(Generic[T]):
    """Runs a function over files in processes that it owns, replaces those that die, and ends all on leaving."""

    def __init__(self, starter: Starter[T], *, workers: int) -> None:
        self._starter = starter
        self._most = workers
        self._crew: list[_Worker[T]] = []
        self._false_starts = 0

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
        idle = list(self._crew)
        while (idle or len(self._crew) < self._most) and (job := next(source, None)) is not None:
            if not idle:
                self._crew.append(_Worker(self._starter))
            (idle.pop() if idle else self._crew[-1]).take(job)
        while any(worker.job for worker in self._crew) and not (cancel is not None and cancel.is_set()):
            yield from self._turn(source)

    def _turn(self, source: Iterator[Job]) -> Iterator[Outcome[T]]:
        """Wait a moment, then deal with every worker that has spoken, died or run out of time."""
        busy = [worker for worker in self._crew if worker.job]
        ready = wait([worker.connection for worker in busy], timeout=_LOOK_UP_S)
        for worker in busy:
            if worker.connection in ready:
                outcome = self._hear_from(worker)
            elif time.monotonic() > worker.deadline:
                outcome = self._late(worker)
            else:
                continue
            if outcome is not None:
                worker.job = None
                if (job := next(source, None)) is not None:  # before the outcome is saved, so that no worker waits
                    worker.take(job)
                yield outcome

    def _hear_from(self, worker: _Worker[T]) -> Outcome[T] | None:
        try:
            message, content = worker.connection.recv()
        except (EOFError, OSError):
            return self._dead(worker)
        if message == "ready":
            self._false_starts = 0
            worker.begin()
            return None
        if message == "value":
            return Outcome(worker.the_job, value=content)
        error = content if message == "error" else _report(content, worker.the_job)
        if not worker.began:
            raise error
        return Outcome(worker.the_job, error=error)

    def _dead(self, worker: _Worker[T]) -> Outcome[T] | None:
        """A worker that dies before its work begins is tried again, one that dies at work has met a bad file."""
        began, code = worker.began, worker.stop(grace_s=1.0)
        if began:
            what = f"the decoder {_fate(code)} on it"
            remedy = "Check that it plays elsewhere, convert it to another format, or leave it out"
            return Outcome(worker.the_job, error=WorkerError(what, remedy=remedy, path=worker.the_job.path))
        self._false_starts += 1
        if self._false_starts >= _FALSE_STARTS:
            remedy = "Close other programs to free memory, or use fewer workers; else install Segue anew"
            raise WorkerError(f"worker processes do not start: the last one {_fate(code)}", remedy=remedy)
        worker.take(worker.the_job)
        return None

    def _late(self, worker: _Worker[T]) -> Outcome[T] | None:
        if not worker.began:
            return self._dead(worker)
        worker.stop()
        what = f"it took more than {worker.the_job.seconds:.0f} s"
        remedy = "Convert it to another format, or leave it out"
        return Outcome(worker.the_job, error=WorkerError(what, remedy=remedy, path=worker.the_job.path))


class _Worker(Generic[T]):
    """One process after another, and the job that the present one is at."""

    def __init__(self, starter: Starter[T]) -> None:
        self._starter = starter
        self._process: SpawnProcess | None = None
        self.job: Job | None = None
        self.began = False
        self.deadline = 0.0
        self.connection: Connection

    @property
    def the_job(self) -> Job:
        """The job of a worker that has one."""
        assert self.job is not None
        return self.job

    def take(self, job: Job) -> None:
        """Give the process a file, and start a process first where there is none alive."""
        self.job = job
        if self._process is not None:
            try:
                self.connection.send(job.path)
                self.deadline = time.monotonic() + job.seconds
                return
            except OSError:  # it died in between, which is not this file's fault
                self.stop()
        self._start()
        with suppress(OSError):  # it is dead already; the closed pipe will tell
            self.connection.send(self._starter)
            self.connection.send(job.path)

    def begin(self) -> None:
        """The process has loaded all it needs; from now on the file's time counts."""
        self.began = True
        self.deadline = time.monotonic() + self.the_job.seconds

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
        self._process = _SPAWN.Process(target=_serve, args=(theirs,), daemon=True)
        self.began = False
        with _single_threaded():
            self._process.start()
        theirs.close()
        self.deadline = time.monotonic() + _START_S


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


def _serve(connection: Connection) -> None:
    """What a worker process does: receive the starter, then a path at a time, until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    with suppress(EOFError, OSError):
        ready, work = _attempt(lambda: connection.recv()())
        connection.send(("ready", None) if ready == "value" else (ready, work))
        while ready == "value":
            path = connection.recv()
            connection.send(_attempt(partial(work, path)))


def _attempt(step: Callable[[], Any]) -> tuple[str, Any]:
    try:
        return "value", step()
    except SegueError as error:
        return "error", error
    except Exception as error:  # noqa: BLE001 - one file must not end the scan; the parent logs and counts it
        return "unexpected", _Unexpected(f"{type(error).__name__}: {error}", traceback.format_exc())


def _leave_with_parent() -> None:
    """End this process, whatever it is at, when the one that started it is gone."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _report(unexpected: _Unexpected, job: Job) -> WorkerError:
    _log.error("%s: unexpected error in a worker\n%s", printable(job.path), unexpected.trace)
    remedy = "This is a fault of Segue: report it with the log; the file is left out"
    return WorkerError(f"an unexpected error came up ({unexpected.what})", remedy=remedy, path=job.path)


def _fate(code: int | None) -> str:
    if code is None:
        return "did not answer"
    if code == -9:
        return "was killed, as the system does when memory runs out,"
    if code < 0:
        return f"crashed ({signal.Signals(-code).name})"
    return f"ended with code {code}"
