"""A library heard anew by another ear, while the vectors that it goes by stay as they are."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from segue.embed.encoder import Ear
from segue.embed.pooling import pool
from segue.errors import FileAccessError, ParameterError, SegueError
from segue.files import access_error
from segue.store.carrying import carry_over
from segue.store.ingest import EarListener, ScanOptions
from segue.store.library import KnownFile, Library
from segue.store.pooled import pool_library
from segue.store.workers import Job, Outcome, WorkerPool, available_cores
from segue.values import FileStat, Hearing, ScanFailure, ScanProgress, TrackId

_log = logging.getLogger(__name__)

OnProgress = Callable[[ScanProgress], None]


@dataclass(frozen=True, slots=True)
class Rehearing:
    """What came of it, counted in tracks.

    ``heard`` now and ``known`` before; ``failures`` that the ear could not hear; ``away`` and ``changed`` name a file
    of each track that is not there (or cannot be read), or is another one than was scanned.
    """

    tracks: int
    heard: int
    known: int
    failures: tuple[ScanFailure, ...]
    away: tuple[Path, ...]
    changed: tuple[Path, ...]
    seconds: float
    cancelled: bool

    @property
    def missing(self) -> int:
        """Tracks that the ear has not heard."""
        return self.tracks - self.heard - self.known


def hear_again(
    library: Library,
    ear: Ear,
    *,
    options: ScanOptions | None = None,
    on_progress: OnProgress | None = None,
    cancel: threading.Event | None = None,
) -> Rehearing:
    """Let an ear hear every track of the library that it has not heard yet, from the audio files, and pool them.

    An ear that is another one and a head needs no audio for what that one has heard.
    Each track is saved as soon as it is heard, so that whatever is killed goes on where it stopped. Nothing that
    another ear made is touched, and no track leaves the library.

    Raises
    ------
    LibraryError
        If the library does not take what is heard (a full disk, for instance).
    ModelError, WorkerError
        If the ear's network cannot be loaded, or worker processes cannot be started.
    """
    work = _Work(library, ear, options or ScanOptions(), on_progress or (lambda _: None), cancel or threading.Event())
    return work.run()


@dataclass(slots=True)
class _Work:
    """One rehearing: rounds over what is not heard yet, until a round brings nothing that is new."""

    library: Library
    ear: Ear
    options: ScanOptions
    on_progress: OnProgress
    cancel: threading.Event
    known: int = 0
    heard: int = 0
    failures: dict[TrackId, ScanFailure] = field(default_factory=dict)
    away: dict[TrackId, Path] = field(default_factory=dict)
    changed: dict[TrackId, Path] = field(default_factory=dict)
    began_s: float = field(default_factory=time.monotonic)
    tracks: int = 0
    jobs: dict[Path, tuple[TrackId, FileStat]] = field(default_factory=dict)

    def run(self) -> Rehearing:
        self.library.name_ear(self.ear.name, self.ear.fingerprint)
        self._unheard(set())
        carry_over(self.library, self.ear, on_track=self._carried, cancel=self.cancel)
        tried: set[TrackId] = set()
        while not self.cancel.is_set() and (todo := self._unheard(tried)):  # a scan may add tracks meanwhile
            tried |= todo.keys()
            self._listen(todo)
        if not self.cancel.is_set():
            pool_library(self.library, self.ear, on_begin=lambda: self._tell("pooling", None), cancel=self.cancel)
        return Rehearing(
            tracks=self.tracks,
            heard=self.heard,
            known=self.known,
            failures=tuple(self.failures.values()),
            away=tuple(self.away.values()),
            changed=tuple(self.changed.values()),
            seconds=time.monotonic() - self.began_s,
            cancelled=self.cancel.is_set(),
        )

    def _carried(self, path: Path) -> None:
        """Another track has its vectors from those of an ear that is this one without its head."""
        self.heard += 1
        self._tell("listening", path)

    def _unheard(self, tried: set[TrackId]) -> dict[TrackId, dict[Path, KnownFile]]:
        """The files of each track that the ear has neither heard nor tried; counts the others."""
        todo: dict[TrackId, dict[Path, KnownFile]] = {}
        held: dict[TrackId, bool] = {}
        for path, file in self.library.files(self.ear.fingerprint).items():
            held[file.track_id] = file.heard
            if not file.heard and file.track_id not in tried:
                todo.setdefault(file.track_id, {})[path] = file
        self.tracks, self.known = len(held), sum(held.values()) - self.heard
        return todo

    def _listen(self, todo: Mapping[TrackId, Mapping[Path, KnownFile]]) -> None:
        settings = self.options.settings
        listener = self.options.listener or EarListener(self.ear)
        self._tell("listening", None)
        with WorkerPool(listener, workers=settings.workers or available_cores(), settings=settings) as workers:
            for outcome in workers.run(self._jobs(todo), cancel=self.cancel):
                self._settle(outcome)
                self._tell("listening", outcome.job.path)

    def _jobs(self, todo: Mapping[TrackId, Mapping[Path, KnownFile]]) -> Iterator[Job]:
        """One file of each track: the first that is there and unchanged."""
        for track_id, files in todo.items():
            path = self._present(track_id, files)
            if path is not None:
                self.jobs[path] = (track_id, files[path].stat)
                yield Job(path, self.options.settings.limit_s(files[path].stat.size_bytes))

    def _present(self, track_id: TrackId, files: Mapping[Path, KnownFile]) -> Path | None:
        others = []
        for path, file in files.items():
            try:
                with path.open("rb") as opened:
                    status = os.fstat(opened.fileno())
            except OSError as error:
                _log.info("%s", access_error(error, path))
                continue
            if FileStat(status.st_size, status.st_mtime_ns) == file.stat:
                return path
            others.append(path)
        if others:
            self.changed[track_id] = others[0]
        else:
            self.away[track_id] = next(iter(files))
        return None

    def _settle(self, outcome: Outcome[Hearing]) -> None:
        """Save what was heard, unless the file is no longer what it was."""
        path, hearing = outcome.job.path, outcome.value
        track_id, stat = self.jobs.pop(path)
        if hearing is None:
            assert outcome.error is not None
            self._fail(track_id, path, stat, outcome.error)
        elif self.library.contents.recording(hearing.track_id) != track_id:
            self.changed[track_id] = path
        else:
            try:
                single = pool({track_id: hearing.slice_vectors}, epsilon=self.ear.epsilon, method="mean")
                known = replace(hearing, track_id=track_id)
                self.library.add(known, path, stat=stat, vector=single[track_id])
                self.heard += 1
            except ParameterError as refused:
                self._fail(track_id, path, stat, refused)

    def _fail(self, track_id: TrackId, path: Path, stat: FileStat, error: SegueError) -> None:
        if isinstance(error, FileAccessError):  # it went between the look at it and the listening
            self.away[track_id] = path
            return
        self.failures[track_id] = ScanFailure(path, type(error).__name__, error.what, error.remedy, stat, time.time())

    def _tell(self, phase: Literal["listening", "pooling"], current: Path | None) -> None:
        failed = len(self.failures) + len(self.away) + len(self.changed)
        rate = self.heard / max(time.monotonic() - self.began_s, 1e-9)
        done = self.known + self.heard + failed
        self.on_progress(
            ScanProgress(
                phase=phase,
                done=min(done, self.tracks),
                total=self.tracks,
                failed=failed,
                current=current,
                tracks_a_second=rate,
                eta_s=max(self.tracks - done, 0) / rate if rate else None,
            )
        )
