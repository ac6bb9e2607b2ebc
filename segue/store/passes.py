"""One pass over files that are new to an ear: hear each in a crew of workers, and save it at once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path

from segue.config import ScanSpec
from segue.embed.encoder import Ear
from segue.embed.pooling import pool
from segue.errors import FileAccessError, ParameterError, SegueError, UnknownTrackError
from segue.files import is_url, track_id_of
from segue.store.library import Library
from segue.store.survey import check_readable
from segue.store.workers import Crew, Job, Outcome
from segue.values import FileStat, Fingerprint, Hearing, TrackId


@dataclass(frozen=True, slots=True)
class Task:
    """What a pass works with: files by their state on disk, how many there are of each size, and who is told."""

    library: Library
    settings: ScanSpec
    stats: Mapping[Path, FileStat]
    sizes: Mapping[int, int]
    cancel: threading.Event
    on_step: Callable[[Path], None]


@dataclass(slots=True)
class Pass:
    """One ear at work: files of the same content are heard once, and not at all where an ear of ``known_by`` has."""

    task: Task
    ear: Ear
    on_failure: Callable[[Path, SegueError], None]
    known_by: Sequence[Fingerprint] = ()
    heard: int = 0
    attached: int = 0
    failed: int = 0
    done: set[Path] = field(default_factory=set)
    """Files whose content an ear of ``known_by`` has heard."""
    found_again: dict[Path, TrackId] = field(default_factory=dict)
    """Files that were attached, with the recordings that the library knew already."""
    _hashed: dict[Path, TrackId] = field(default_factory=dict)
    _twins: dict[TrackId, list[Path]] = field(default_factory=dict)

    @property
    def settled(self) -> int:
        """Files that there is nothing more to do about."""
        return self.heard + self.attached + self.failed

    def run(self, paths: Sequence[Path], crew: Crew[Hearing]) -> None:
        """Hear the files, or as many as there is time for until it is cancelled; the crew has been entered."""
        for outcome in crew.run(self._jobs(paths), cancel=self.task.cancel):
            self._settle(outcome)
            self.task.on_step(outcome.job.path)

    def _jobs(self, paths: Sequence[Path]) -> Iterator[Job]:
        """What really has to be heard; recordings that the library knows by another path are attached on the way.

        Only files of equal size can be equal, so only they are hashed here; the worker hashes what it hears anyway.
        """
        for path in paths:
            if self.task.cancel.is_set():
                return
            size_bytes = self.task.stats[path].size_bytes
            try:
                check_readable(path)
                if not is_url(path) and self.task.sizes[size_bytes] > 1 and self._is_known(path):
                    continue
            except FileAccessError as error:
                self._fail(path, error)
                continue
            yield Job(path, self.task.settings.limit_s(size_bytes))

    def _is_known(self, path: Path) -> bool:
        """Whether the file's content is in the library (the path is then attached) or being heard (it will be)."""
        track_id = self.task.library.contents.recording(track_id_of(path))
        done = any(self.task.library.holds(track_id, mark) for mark in self.known_by)
        if done or self.task.library.holds(track_id, self.ear.fingerprint):
            with suppress(UnknownTrackError):  # another program let go of it just now
                self._attach(track_id, path)
                if done:
                    self.done.add(path)
                return True
        if track_id in self._twins:
            self._twins[track_id].append(path)
            return True
        self._twins[track_id] = []
        self._hashed[path] = track_id
        return False

    def _attach(self, track_id: TrackId, path: Path) -> None:
        self.task.library.attach_path(track_id, path, stat=self.task.stats[path])
        self.attached += 1
        self.found_again[path] = track_id
        self.task.on_step(path)

    def _attach_twin(self, heard_id: TrackId, path: Path, hashed_id: TrackId | None) -> None:
        if heard_id == hashed_id:
            self._attach(heard_id, path)
        else:
            what = "the file of the same content changed while it was read"
            self._fail(path, FileAccessError(what, remedy="Scan again", path=path))

    def _settle(self, outcome: Outcome[Hearing]) -> None:
        """Save what was heard, or why nothing was; files of the same content share the fate."""
        path, hearing, error = outcome.job.path, outcome.value, outcome.error
        hashed_id = self._hashed.pop(path, None)
        twins = self._twins.pop(hashed_id, []) if hashed_id else []
        if hearing is not None:
            hearing = replace(hearing, track_id=self.task.library.contents.recording(hearing.track_id))
            try:
                vector = pool({hearing.track_id: hearing.slice_vectors}, epsilon=self.ear.epsilon, method="mean")
                self.task.library.add(hearing, path, stat=self.task.stats[path], vector=vector[hearing.track_id])
                self.heard += 1
                for twin in twins:
                    self._attach_twin(hearing.track_id, twin, hashed_id)
            except ParameterError as refused:
                error = refused
        if error is not None:
            for place in (path, *twins):
                self._fail(place, error)

    def _fail(self, path: Path, error: SegueError) -> None:
        self.failed += 1
        self.on_failure(path, error)


def in_good_time(paths: Sequence[Path], stats: Mapping[Path, FileStat], *, workers: int) -> list[Path]:
    """The paths in their order, but the large ones so early that none is left to one worker when all else is heard.

    At the latest a file begins while what is left keeps all workers busy for twice as long as it takes itself; twice,
    since a byte is more sound in some files than in others. O(n log n) in the files.
    """
    sizes = [stats[path].size_bytes for path in paths]
    before = dict(zip(paths, accumulate(sizes, initial=0), strict=False))
    total = sum(sizes)
    return sorted(paths, key=lambda path: min(before[path], total - 2 * workers * stats[path].size_bytes))


def count_sizes(stats: Mapping[Path, FileStat], new: Sequence[Path], known: Mapping[Path, FileStat]) -> Counter[int]:
    """How many files there are of each size: new ones, and those that the library knows where they are no new ones."""
    sizes = Counter(stats[path].size_bytes for path in new)
    fresh = set(new)
    sizes.update(stat.size_bytes for path, stat in known.items() if path not in fresh or stats[path] != stat)
    return sizes
