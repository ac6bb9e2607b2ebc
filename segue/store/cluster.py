"""A scan's files heard by the workers of a Dask cluster, and the outcomes brought home as they come."""

from __future__ import annotations

import itertools
import logging
import os
import queue
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from distributed import Client, KilledWorker
from distributed.client import ClosedClientError
from distributed.protocol.pickle import dumps
from distributed.security import Security

from segue import __version__
from segue.config import CLUSTER
from segue.errors import ClusterError, FileAccessError, ModelError, ParameterError, SegueError, WorkerError, printable
from segue.files import expanded, is_file, real_path
from segue.store.station import (
    MOUNT,
    SAME_VERSION,
    Errand,
    Introduction,
    Reply,
    Root,
    dismiss,
    ear_of,
    introduce,
    other_version,
    place_on_worker,
    sound_libraries,
)
from segue.store.workers import Job, Outcome, Starter

_log = logging.getLogger(__name__)

T = TypeVar("T")

_LOOK_UP_S = 0.2  # how often a cancelled scan is noticed
_WATCH_S = 2.0  # how often the workers are counted
_FETCH_S = 5.0  # an outcome that does not come in this time may lie with a worker that is gone
_GOODBYE_S = 5.0
_NOISY = ("distributed.client", "distributed.comm", "distributed.core", "distributed.utils")  # say it with tracebacks
_KEPT = "what was heard is kept"


@dataclass(frozen=True, slots=True)
class Tls:
    """The files of an encrypted cluster: its authority's certificate, one's own, and its key."""

    ca: Path
    cert: Path
    key: Path


@dataclass(frozen=True, slots=True)
class _Sent:
    """A file under way, and the workers that it may go to; none named: any."""

    job: Job
    future: Any
    workers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where a cluster is, and how its workers see the scan's folders. Called with a starter, it gives the crew."""

    address: str
    roots: tuple[Root, ...] = ()
    tls: Tls | None = None

    def __call__(self, starter: Starter[T]) -> ClusterCrew[T]:
        """The crew that works with what the starter makes."""
        return ClusterCrew(self, starter)


def cluster_at(address: str, *, roots: Sequence[str] = (), tls: str | None = None) -> Cluster:
    """A cluster in the words of the command line: ``HERE=THERE`` for each root, ``CA,CERT,KEY`` for its TLS.

    Raises
    ------
    ParameterError
        If one of the words is not of that form.
    FileAccessError
        If a file of its TLS is not there.
    """
    if address.startswith("tls://") != (tls is not None):
        what = f"{address} and --dask-tls do not fit together"
        raise ParameterError(
            what, remedy="Say --dask tls://host:8786 --dask-tls CA,CERT,KEY, or neither of the two tls"
        )
    found = []
    for word in roots:
        here, sign, there = word.partition("=")
        if not (here and sign and there):
            raise ParameterError(f"'{word}' does not say what lies where", remedy="Say --dask-root /here=/on/workers")
        found.append(Root(real_path(expanded(here)), Path(there)))
    return Cluster(address, tuple(found), None if tls is None else _tls(tls))


def _tls(words: str) -> Tls:
    files = [expanded(word) for word in words.split(",")]
    if len(files) != 3:
        raise ParameterError(f"'{words}' does not name three files", remedy="Say --dask-tls ca.pem,cert.pem,key.pem")
    for file in files:
        if not is_file(file):
            raise FileAccessError("it is not there", remedy="Name the PEM files of the cluster", path=file)
    return Tls(*files)


class ClusterCrew(Generic[T]):
    """As `segue.store.workers.WorkerPool`, but the processes are those of a cluster's workers.

    Only so many files are under way as the workers have threads, twice over. A worker that dies has its files heard
    by others; one that does not fit, or does not see a file, is passed over.
    """

    def __init__(self, cluster: Cluster, starter: Starter[T]) -> None:
        self._cluster = cluster
        self._starter = starter
        self._token = uuid.uuid4().hex
        self._client: Any = None
        self._errand: Any = None
        self._sent: dict[str, _Sent] = {}
        self._numbers = itertools.count()
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._tries: Counter[Path] = Counter()
        self._blind: dict[Path, set[str]] = {}
        self._unfit: dict[str, SegueError] = {}
        self._suspects: list[Job] = []
        self._alone: set[Path] = set()
        self._threads: dict[str, int] = {}
        self._counted_s = self._peopled_s = 0.0
        self._levels: dict[str, int] = {}

    def __enter__(self) -> Self:
        address, tls = self._cluster.address, self._cluster.tls
        self._hush()
        try:
            security = None if tls is None else _security(tls)
            self._client = Client(
                address, timeout=CLUSTER.connect_s, set_as_default=False, name="segue", security=security
            )
        except (OSError, ValueError, TypeError) as error:
            self._unhush()
            what = f"the scheduler at {address} cannot be reached ({' '.join(str(error).split())})"
            raise ClusterError(what, remedy="Check the address, and that it runs there: dask scheduler") from error
        return self

    def __exit__(self, *_: object) -> None:
        """Call off what is under way, and let the workers forget the errand."""
        with suppress(TimeoutError, OSError, CancelledError):
            if self._client.status == "running":
                self._client.cancel([sent.future for sent in self._sent.values()])
                self._client.run(dismiss, self._token, on_error="ignore", callback_timeout=_GOODBYE_S)
        with suppress(TimeoutError):
            self._client.close(timeout=_GOODBYE_S)
        self._unhush()

    def _hush(self) -> None:
        """Keep Dask's own words for what goes wrong out of the log: the errors raised here say it all."""
        self._levels = {name: logging.getLogger(name).level for name in _NOISY}
        for name in _NOISY:
            logging.getLogger(name).setLevel(logging.CRITICAL)

    def _unhush(self) -> None:
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)

    def run(self, jobs: Iterable[Job], *, cancel: threading.Event | None = None) -> Iterator[Outcome[T]]:
        """Yield outcomes as they come; jobs are drawn only as workers can take them. Stops soon after ``cancel``.

        Raises
        ------
        ClusterError
            If a worker does not fit or sees nothing, there is none, or the scheduler is lost.
        """
        source = iter(jobs)
        first = next(source, None)
        if first is None:
            return
        self._muster(first.path)
        source = itertools.chain([first], source)
        while not (cancel is not None and cancel.is_set()):
            self._count_workers()
            self._send_out(source)
            if not self._sent:
                return
            try:
                future = self._done.get(timeout=_LOOK_UP_S)
            except queue.Empty:
                continue
            if (outcome := self._settle(future)) is not None:
                yield outcome

    # Workers ----------------------------------------------------------------------------------------------------------

    def _muster(self, sample: Path) -> None:
        """Wait for a worker, ask each who it is and whether it sees a file of the scan, and send the errand to all."""
        try:
            self._client.wait_for_workers(1, timeout=CLUSTER.connect_s)
        except TimeoutError as error:
            what = f"the scheduler at {self._cluster.address} has no workers"
            remedy = f"Start some on the machines that shall listen: dask worker {self._cluster.address}"
            raise ClusterError(what, remedy=remedy) from error
        for worker, answer in self._introductions(sample).items():
            refusal = self._refusal(worker, answer, sample)
            if refusal is not None:
                raise refusal
        if self._errand is None:
            errand = dumps(Errand(self._starter, _network(self._starter), self._cluster.roots))
            # As a task of its own: Dask brings it to each worker once, to later ones too, and anew if it is lost.
            self._errand = self._client.submit(bytes, errand, key=f"segue-errand-{self._token}")

    def _introductions(self, sample: Path | None = None) -> dict[str, Introduction | Exception]:
        try:
            said: dict[str, Introduction | Exception] = self._client.run(
                introduce, sample, self._cluster.roots, on_error="return", callback_timeout=CLUSTER.connect_s
            )
        except (TimeoutError, OSError) as error:
            what = f"a worker of {self._cluster.address} does not answer within {CLUSTER.connect_s:.0f} s"
            raise ClusterError(what, remedy="See which one hangs (dask's dashboard shows them), and end it") from error
        return said

    def _refusal(self, worker: str, answer: Introduction | Exception, sample: Path | None) -> ClusterError | None:
        """Why a worker cannot be used, if it cannot."""
        if isinstance(answer, OSError):  # it went just now
            return None
        if isinstance(answer, Exception) and "No module named 'segue'" in str(answer):  # Dask hands on the words only
            return ClusterError(
                f"the worker {worker} has no Segue (this scan is Segue {__version__})", remedy=SAME_VERSION
            )
        if isinstance(answer, Exception):
            what = f"the worker {worker} cannot take part in this scan by Segue {__version__}"
            return ClusterError(f"{what} ({type(answer).__name__}: {answer})", remedy=SAME_VERSION)
        if answer.version != __version__:
            return other_version(worker, answer.version, __version__)
        if not answer.sees and sample is not None:
            there = printable(place_on_worker(sample, self._cluster.roots))
            what = f"the worker {worker} cannot see {there}, or may not read it"
            return ClusterError(what, remedy=MOUNT)
        if answer.libraries != sound_libraries():
            differ = ", ".join(f"{name} {number}" for name, number in set(answer.libraries) - set(sound_libraries()))
            _log.warning("the worker %s has %s: its vectors may differ in the last digits", worker, differ)
        return None

    def _count_workers(self) -> None:
        """Note now and then which workers there are; files that wait for one that is gone are sent to others."""
        now_s = time.monotonic()
        if now_s - self._counted_s < _WATCH_S:
            return
        if self._client.status != "running":
            raise self._lost()
        try:
            threads = self._client.nthreads(callback_timeout=CLUSTER.connect_s)
        except (TimeoutError, OSError, CancelledError) as error:
            raise self._lost() from error
        self._counted_s = now_s
        self._threads = dict(threads)
        if self._threads or not self._peopled_s:
            self._peopled_s = now_s
        elif now_s - self._peopled_s > CLUSTER.deserted_s:
            what = f"all workers of {self._cluster.address} are gone, and none came back in {CLUSTER.deserted_s:.0f} s"
            raise ClusterError(what, remedy=f"Start workers, and scan again: {_KEPT}")
        for key in [key for key, sent in self._sent.items() if sent.workers and not sent.workers & set(self._threads)]:
            self._send(self._sent.pop(key).job)

    # Files ------------------------------------------------------------------------------------------------------------

    def _send_out(self, source: Iterator[Job]) -> None:
        """Send files out until the workers have enough; one at least, so that there is always something to wait for."""
        most = max(1, CLUSTER.files_ahead * sum(self._threads.values()))
        while len(self._sent) < most and (self._done.empty() or not self._sent):
            if (job := next(source, None)) is None:
                break
            self._send(job)
        if not self._sent and self._suspects:
            job = self._suspects.pop()
            self._alone.add(job.path)
            self._send(job)

    def _send(self, job: Job) -> None:
        avoided = self._unfit.keys() | self._blind.get(job.path, set())
        workers = frozenset(self._threads.keys() - avoided) if avoided else frozenset()
        try:
            future = self._client.submit(
                _task(),
                self._token,
                __version__,
                self._errand,
                os.fspath(job.path),
                job.seconds,
                key=f"segue-listen-{self._token}-{next(self._numbers)}",
                workers=sorted(workers) or None,
            )
        except ClosedClientError as error:  # since the workers were last counted
            raise self._lost() from error
        self._sent[future.key] = _Sent(job, future, workers)
        future.add_done_callback(self._done.put)

    def _settle(self, future: Any) -> Outcome[T] | None:
        """What came of a file; None if it has to be waited for, or was sent out anew."""
        sent = self._sent.pop(future.key, None)
        if sent is None:
            return None
        try:
            if future.status == "error":
                return self._erred(sent.job, future.exception(timeout=_FETCH_S))
            return self._answered(sent.job, future.result(timeout=_FETCH_S))
        except TimeoutError:  # it lies with a worker that is gone: Dask lets another hear the file
            self._sent[future.key] = sent
            future.add_done_callback(self._done.put)
            return None
        except (OSError, CancelledError) as error:
            raise self._lost() from error

    def _answered(self, job: Job, reply: Reply[T]) -> Outcome[T] | None:
        if reply.unfit is not None:
            self._pass_over(reply.worker, reply.unfit)
        elif reply.unseen:
            blind = self._blind.setdefault(job.path, set())
            blind.add(reply.worker)
            if self._threads.keys() <= blind | self._unfit.keys():
                return reply.outcome
        elif reply.outcome is not None:
            return reply.outcome
        return self._again(job)

    def _erred(self, job: Job, error: BaseException) -> Outcome[T] | None:
        """Dask itself failed on a file."""
        if isinstance(error, KilledWorker) and job.path not in self._alone:
            self._suspects.append(job)  # it may only have waited there: at the end, each is heard with no other about
            return None
        if isinstance(error, KilledWorker):
            what = "the workers that heard it died, one after the other"
            remedy = "See their logs, and whether they have memory enough; hear this file without the cluster"
            return Outcome(job, error=WorkerError(what, remedy=remedy, path=job.path))
        _log.info("%s: %s: %s", printable(job.path), type(error).__name__, error)
        for worker, answer in self._introductions().items():
            if worker not in self._unfit and (refusal := self._refusal(worker, answer, None)) is not None:
                self._pass_over(worker, refusal)
        return self._again(job, error)

    def _again(self, job: Job, error: BaseException | None = None) -> Outcome[T] | None:
        """Send a file out anew, but not for ever."""
        self._tries[job.path] += 1
        if self._tries[job.path] < CLUSTER.tries:
            self._send(job)
            return None
        what = f"no worker could take it up, though {CLUSTER.tries} times sent out"
        why = "" if error is None else f" ({type(error).__name__}: {error})"
        return Outcome(job, error=WorkerError(f"{what}{why}", remedy="See the workers' logs", path=job.path))

    def _pass_over(self, worker: str, refusal: SegueError) -> None:
        """Send no more files to a worker; raises the refusal if no other is left."""
        self._unfit[worker] = refusal
        if self._threads.keys() <= self._unfit.keys():
            raise refusal
        _log.warning("a worker is passed over: %s", refusal)

    def _lost(self) -> ClusterError:
        what = f"the scheduler at {self._cluster.address} is gone"
        return ClusterError(what, remedy=f"Start it and its workers, and scan again: {_KEPT}")


def _security(tls: Tls) -> Security:
    return Security(
        tls_ca_file=str(tls.ca), tls_client_cert=str(tls.cert), tls_client_key=str(tls.key), require_encryption=True
    )


def _task() -> Callable[..., Any]:
    """The task that hears a file. Such a function travels as code, so that the scheduler can do without Segue."""

    def segue_listen(token: str, version: str, errand: bytes, path: str, seconds: float) -> Any:
        from pathlib import Path

        from segue.store.station import listen
        from segue.store.workers import Job

        return listen(token, version, errand, Job(Path(path), seconds))

    return segue_listen


def _network(starter: Starter[Any]) -> bytes | None:
    ear = ear_of(starter)
    if ear is None:
        return None
    try:
        return ear.network.read_bytes()
    except OSError as error:
        raise ModelError("the network is not there", remedy="Install Segue anew", path=ear.network) from error
