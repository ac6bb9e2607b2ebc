"""From a folder to the library: walk, skip what is known, listen in worker processes, save each, pool at the end."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from segue.config import SCAN, ScanSpec
from segue.embed.encoder import Ear, Encoder
from segue.embed.hearing import hear
from segue.embed.pooling import pool
from segue.errors import AudioError, FileAccessError, ParameterError, SegueError, UnsupportedAudioError, WorkerError
from segue.files import access_error, is_nameless_text, real_path, track_id_of, walk_audio
from segue.store.library import Library
from segue.store.pooled import pool_library
from segue.store.workers import Job, Outcome, WorkerPool, available_cores
from segue.values import FileStat, Hearing, ScanFailure, ScanProgress, ScanReport, TrackId

_log = logging.getLogger(__name__)

Listener = Callable[[], Callable[[Path], Hearing]]
"""Called once in each worker process, gives the function that listens to one file; must be picklable itself."""

_NO_STAT = FileStat(0, 0)
_OWN_FOLDERS = ("cache", "demo")  # what Segue itself puts into a data folder is nobody's collection

# Failures whose remedy (a right to read, ffmpeg, another try) leaves no trace on the file.
_TRY_AGAIN = frozenset(kind.__name__ for kind in (FileAccessError, UnsupportedAudioError, WorkerError))


@dataclass(frozen=True, slots=True)
class EarListener:
    """Listens with an ear; its network is loaded where it is called, in the worker."""

    ear: Ear

    def __call__(self) -> Callable[[Path], Hearing]:
        """Load the network and give the function that listens with it."""
        return partial(hear, encoder=Encoder(self.ear))


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How to scan: the numbers, whether files that failed before are tried again, and who listens (None: the ear)."""

    settings: ScanSpec = SCAN
    retry_errors: bool = False
    listener: Listener | None = None


def scan(
    folders: Sequence[Path],
    library: Library,
    *,
    ear: Ear,
    options: ScanOptions | None = None,
    on_progress: Callable[[ScanProgress], None] | None = None,
    cancel: threading.Event | None = None,
) -> ScanReport:
    """Bring the library up to date with what lies in the folders (or files): new, changed, moved and removed.

    Each file is saved as soon as it is heard, so that a scan that is killed goes on where it stopped. A file that
    fails is recorded with its reason and passed over until it changes, unless the reason may pass without that.

    Raises
    ------
    LibraryError
        If the library does not take what is heard (a full disk, for instance).
    ModelError, WorkerError
        If the ear's network cannot be loaded, or worker processes cannot be started.
    """
    return _Scan(library, ear, options or ScanOptions(), on_progress or _unheard, cancel or threading.Event()).run(
        folders
    )


def _unheard(_: ScanProgress) -> None:
    """For whoever does not ask how far it is."""


@dataclass(slots=True)
class _Survey:
    """What lies on disk: files that may hold audio, what could not be read, the folders asked for, and those read."""

    files: dict[Path, FileStat] = field(default_factory=dict)
    errors: list[FileAccessError] = field(default_factory=list)
    roots: list[Path] = field(default_factory=list)
    asked: set[Path] = field(default_factory=set)


def _survey(folders: Iterable[Path], data_folder: Path) -> _Survey:
    """Look what lies in the folders; those of Segue itself are left out, unless they or something in them is named."""
    found = _Survey()
    own = [real_path(data_folder / name) for name in _OWN_FOLDERS]
    for folder in folders:
        root = real_path(folder)
        found.asked.add(root)
        try:
            leave_out = [place for place in own if not _is_in(root, [place])]
            walk = walk_audio(root, on_error=found.errors.append, leave_out=leave_out)
            files = [root] if root.is_file() else list(walk)
        except FileAccessError as error:
            found.errors.append(error)
            continue
        except OSError as error:  # a folder above may not be entered, or the name is too long
            found.errors.append(access_error(error, root))
            continue
        found.roots.append(root)
        for path in files:
            try:
                found.files[path] = _stat(path)
            except FileAccessError as error:
                found.errors.append(error)
    return found


def _stat(path: Path) -> FileStat:
    try:
        status = path.stat()
    except OSError as error:
        raise access_error(error, path) from error
    return FileStat(status.st_size, status.st_mtime_ns)


def _check_readable(path: Path) -> None:
    """Find out here, before a worker is started, that a file cannot be opened."""
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise access_error(error, path) from error


def _is_in(path: Path, folders: Iterable[Path]) -> bool:
    """Whether a path is one of the folders or lies below one."""
    text = os.fspath(path)
    return any(path == f or text.startswith(f"{os.fspath(f).rstrip(os.sep)}{os.sep}") for f in folders)


def _empty_folders(missing: Iterable[Path]) -> Counter[Path]:
    """Folders above missing files that are still there, but empty or links to nowhere, and how many files they miss."""
    nearest: dict[Path, Path] = {}
    found: Counter[Path] = Counter()
    for path in missing:
        if path.parent not in nearest:
            nearest[path.parent] = next(folder for folder in path.parents if os.path.lexists(folder))
        found[nearest[path.parent]] += 1
    return Counter({folder: count for folder, count in found.items() if _is_bare(folder)})


def _is_bare(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except FileNotFoundError:
        return folder.is_symlink()
    except OSError:
        return False


def _is_there(path: Path) -> bool:
    """Whether a file, or a link to one, lies at a path; a folder was noted for an error that is over."""
    return os.path.lexists(path) and not os.path.isdir(path)  # noqa: PTH112 - never raises


class _Scan:
    """One scan at work: the survey's files are sorted into known and new, and the new ones heard."""

    def __init__(
        self,
        library: Library,
        ear: Ear,
        options: ScanOptions,
        on_progress: Callable[[ScanProgress], None],
        cancel: threading.Event,
    ) -> None:
        self._library = library
        self._ear = ear
        self._options = options
        self._on_progress = on_progress
        self._cancel = cancel
        self._began_s = time.monotonic()
        self._heard_from_s = self._began_s
        self._scanned = self._attached = self._skipped = self._known_failures = self._total = 0
        self._failures: list[ScanFailure] = []
        self._sizes: Counter[int] = Counter()
        self._stats: dict[Path, FileStat] = {}
        self._hashed: dict[Path, TrackId] = {}
        self._twins: dict[TrackId, list[Path]] = {}
        self._heard_by_others: set[Path] = set()

    def run(self, folders: Sequence[Path]) -> ScanReport:
        survey = _survey(folders, self._library.folder)
        self._stats, self._total = survey.files, len(survey.files)
        gone = self._gone(survey)
        for error in survey.errors:
            place = error.path or Path()
            self._fail(place, error, record=place not in survey.asked)
        self._listen(self._new(survey))
        removed = 0
        if not self._cancel.is_set():
            # Only now, since a moved file's vectors were still needed; hours later some may be there again.
            removed = self._library.forget_paths([path for path in gone if not _is_there(path)])
            self._pool()
        return ScanReport(
            scanned=self._scanned,
            attached=self._attached,
            skipped=self._skipped,
            removed=removed,
            failures=tuple(self._failures),
            known_failures=self._known_failures,
            seconds=time.monotonic() - self._began_s,
            cancelled=self._cancel.is_set(),
        )

    # What is new, and what is gone -----------------------------------------------------------------------------------

    def _new(self, survey: _Survey) -> list[Path]:
        """The files that are neither in the library unchanged nor known to fail; counts the others."""
        known = self._library.files(self._ear.fingerprint)
        recorded = {f.path: f for f in self._library.failures()}
        failed = {} if self._options.retry_errors else recorded
        new = []
        texts = []
        for path, stat in survey.files.items():
            file, failure = known.get(path), failed.get(path)
            if file is None and is_nameless_text(path):
                texts.append(path)
            elif file is not None and file.heard and file.stat == stat:
                self._skipped += 1
            elif failure is not None and failure.stat == stat and failure.kind not in _TRY_AGAIN:
                self._known_failures += 1
            else:
                new.append(path)
                if file is not None and file.stat == stat:
                    self._heard_by_others.add(path)
        self._total -= len(texts)
        self._library.forget_paths(path for path in texts if path in recorded)
        self._sizes.update(self._stats[path].size_bytes for path in new)
        self._sizes.update(file.stat.size_bytes for file in known.values())
        return new

    def _gone(self, survey: _Survey) -> list[Path]:
        """Paths that the library knows in the folders scanned and that are no longer there.

        Nothing is gone from a folder that could not be read, nor from one that is suddenly empty: a drive that is
        not connected leaves just that behind.
        """
        unread = [error.path for error in survey.errors if error.path is not None]
        known = set(self._library.files(self._ear.fingerprint))
        emptied: Counter[Path] = Counter()
        trusted = []
        for root in survey.roots:
            below = sum(_is_in(path, [root]) for path in known)
            if below and not any(_is_in(path, [root]) for path in survey.files):
                emptied[root] = below
            else:
                trusted.append(root)
        lost = (path for path in known if path not in survey.files and _is_in(path, trusted))
        emptied.update(_empty_folders(path for path in lost if not _is_in(path, unread)))
        for folder, count in sorted(emptied.items()):
            what = f"nothing is left in it, though the library knows {count} files there"
            remedy = "Is its drive connected? If the music is really gone, delete the folder and scan the one above it"
            survey.errors.append(FileAccessError(what, remedy=remedy, path=folder))
        known.update(failure.path for failure in self._library.failures())
        missing = (path for path in known if path not in survey.files and _is_in(path, trusted))
        return sorted(path for path in missing if not _is_in(path, [*unread, *emptied]))

    # Listening -------------------------------------------------------------------------------------------------------

    def _listen(self, new: list[Path]) -> None:
        settings = self._options.settings
        listener = self._options.listener or EarListener(self._ear)
        self._tell("listening", None)
        self._heard_from_s = time.monotonic()
        with WorkerPool(listener, workers=settings.workers or available_cores()) as pool_of_workers:
            for outcome in pool_of_workers.run(self._jobs(new), cancel=self._cancel):
                self._settle(outcome)
                self._tell("listening", outcome.job.path)

    def _jobs(self, new: list[Path]) -> Iterator[Job]:
        """What really has to be heard; recordings that the library knows by another path are attached on the way.

        Only files of equal size can be equal, so only they are hashed here; the worker hashes what it hears anyway.
        """
        settings = self._options.settings
        for path in new:
            if self._cancel.is_set():
                return
            stat = self._stats[path]
            try:
                _check_readable(path)
                if self._sizes[stat.size_bytes] > 1 and self._is_known(path):
                    continue
            except FileAccessError as error:
                self._fail(path, error)
                continue
            yield Job(path, settings.limit_s(stat.size_bytes))

    def _is_known(self, path: Path) -> bool:
        """Whether the file's content is in the library (the path is then attached) or being heard (it will be)."""
        track_id = track_id_of(path)
        if self._library.holds(track_id, self._ear.fingerprint):
            self._attach(track_id, path)
            return True
        if track_id in self._twins:
            self._twins[track_id].append(path)
            return True
        self._twins[track_id] = []
        self._hashed[path] = track_id
        return False

    def _attach(self, track_id: TrackId, path: Path) -> None:
        self._library.attach_path(track_id, path, stat=self._stats[path])
        self._attached += 1
        self._tell("listening", path)

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
            try:
                vector = pool({hearing.track_id: hearing.slice_vectors}, epsilon=self._ear.epsilon, method="mean")
                self._library.add(hearing, path, stat=self._stats[path], vector=vector[hearing.track_id])
                self._scanned += 1
                for twin in twins:
                    self._attach_twin(hearing.track_id, twin, hashed_id)
            except ParameterError as refused:
                error = refused
        if error is not None:
            for place in (path, *twins):
                self._fail(place, error)

    def _fail(self, path: Path, error: SegueError, *, record: bool = True) -> None:
        """Say why a path gave nothing, and record it unless it is a folder that was asked for (and perhaps mistyped).

        Content that cannot be heard takes the place of what was there before, unless another ear could hear it.
        """
        stat = self._stats.get(path, _NO_STAT)
        failure = ScanFailure(path, type(error).__name__, error.what, error.remedy, stat, time.time())
        if record:
            changed = isinstance(error, AudioError) and path not in self._heard_by_others
            self._library.add_failure(failure, drop_path=changed)
        self._failures.append(failure)
        _log.info("%s", failure)  # the caller shows the report; twice would be once too many

    # Pooling and telling ---------------------------------------------------------------------------------------------

    def _pool(self) -> None:
        """Pool the whole library anew if anything changed since that was last done to the end."""
        pool_library(self._library, self._ear, on_begin=lambda: self._tell("pooling", None))

    def _tell(self, phase: Literal["listening", "pooling"], current: Path | None) -> None:
        done = self._scanned + self._attached + self._skipped + self._known_failures + len(self._failures)
        rate = self._scanned / max(time.monotonic() - self._heard_from_s, 1e-9)
        self._on_progress(
            ScanProgress(
                phase=phase,
                done=min(done, self._total),
                total=self._total,
                failed=self._known_failures + len(self._failures),
                current=current,
                tracks_a_second=rate,
                eta_s=max(self._total - done, 0) / rate if rate else None,
            )
        )
