"""Tempo, key and loudness of tracks that were heard before these were measured: a decode, and no network."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from segue.config import SCAN, ScanSpec
from segue.embed.hearing import Measured, measure
from segue.errors import AudioError, SegueError, WorkerError
from segue.files import is_file
from segue.store.library import Library
from segue.store.survey import stat_of
from segue.store.workers import Job, Starter, WorkerPool, available_cores
from segue.values import UNKNOWN_RHYTHM, FileStat, Fingerprint, ScanProgress, TrackId

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Measurer:
    """Measures in a worker process."""

    def __call__(self) -> Callable[[Path], Measured]:
        """Give the function that measures."""
        return measure


def measure_lacking(
    library: Library,
    fingerprint: Fingerprint,
    *,
    settings: ScanSpec = SCAN,
    measurer: Starter[Measured] | None = None,
    on_progress: Callable[[ScanProgress], None] | None = None,
    cancel: threading.Event | None = None,
) -> int:
    """Measure every track that an ear has heard and whose rhythm is not known, and return how many were measured.

    Files that are away, or are not what they were, wait for a later time.

    Each is saved at once, so that whatever is killed goes on where it stopped. Raises LibraryError if the library does
    not take them, and WorkerError if worker processes cannot be started.
    """
    todo = _present(library, fingerprint)
    if not todo:
        return 0
    work = _Work(library, settings, todo, on_progress or (lambda _: None))
    with WorkerPool(measurer or Measurer(), workers=settings.workers or available_cores(), settings=settings) as pool:
        return work.run(pool, cancel or threading.Event())


def _present(library: Library, fingerprint: Fingerprint) -> dict[Path, tuple[TrackId, FileStat]]:
    """A file of each track without a rhythm: one that is there, and as it was when it was heard."""
    lacking = library.lacking_rhythm()
    found: dict[TrackId, tuple[Path, FileStat]] = {}
    if lacking:
        for path, file in library.files(fingerprint).items():
            wanted = file.heard and file.track_id in lacking and file.track_id not in found
            if wanted and _is_as_it_was(path, file.stat):
                found[file.track_id] = (path, file.stat)
    return {path: (track_id, stat) for track_id, (path, stat) in found.items()}


def _is_as_it_was(path: Path, stat: FileStat) -> bool:
    try:
        return is_file(path) and stat_of(path) == stat
    except SegueError:
        return False


@dataclass(slots=True)
class _Work:
    """One run over the files, and how far it is."""

    library: Library
    settings: ScanSpec
    todo: Mapping[Path, tuple[TrackId, FileStat]]
    on_progress: Callable[[ScanProgress], None]
    done: int = 0
    failed: int = 0
    began_s: float = field(default_factory=time.monotonic)

    def run(self, pool: WorkerPool[Measured], cancel: threading.Event) -> int:
        self._tell(None)
        measured = 0
        for outcome in pool.run(self._jobs(), cancel=cancel):
            path = outcome.job.path
            track_id = self.todo[path][0]
            recording = None if outcome.value is None else self.library.contents.recording(outcome.value.track_id)
            if outcome.value is not None and recording == track_id:
                self.library.set_rhythm(track_id, outcome.value.rhythm)
                measured += 1
            elif outcome.error is not None:
                self._fail(track_id, outcome.error)
            self.done += 1
            self._tell(path)
        return measured

    def _jobs(self) -> Iterator[Job]:
        for path, (_, stat) in self.todo.items():
            yield Job(path, self.settings.limit_s(stat.size_bytes))

    def _fail(self, track_id: TrackId, error: SegueError) -> None:
        _log.info("nothing could be measured: %s", error)
        self.failed += 1
        if isinstance(error, AudioError | WorkerError):
            self.library.set_rhythm(track_id, UNKNOWN_RHYTHM)  # so that it is not tried again and again

    def _tell(self, current: Path | None) -> None:
        rate = self.done / max(time.monotonic() - self.began_s, 1e-9)
        left = len(self.todo) - self.done
        self.on_progress(
            ScanProgress(
                phase="measuring",
                done=self.done,
                total=len(self.todo),
                failed=self.failed,
                current=current,
                tracks_a_second=rate,
                eta_s=left / rate if rate else None,
            )
        )
