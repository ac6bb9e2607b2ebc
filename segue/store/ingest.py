"""From a folder to the library: walk, skip what is known, listen in worker processes, save each, pool at the end."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from segue.config import SCAN, ScanSpec
from segue.embed.encoder import Ear, Encoder
from segue.embed.hearing import hear
from segue.errors import (
    AudioError,
    FileAccessError,
    NotAudioError,
    PlaylistFileError,
    ProtectedAudioError,
    SegueError,
    UnsupportedAudioError,
    WorkerError,
    printable,
)
from segue.files import is_nameless_text, is_url
from segue.store.library import KnownFile, Library
from segue.store.passes import Pass, Task, count_sizes, in_good_time
from segue.store.pooled import pool_library
from segue.store.remote import fetching
from segue.store.survey import Survey, is_there, missing, survey
from segue.store.workers import Crew, CrewMaker, WorkerPool, available_cores
from segue.values import FileStat, Hearing, ScanFailure, ScanPhase, ScanProgress, ScanReport, TrackId

_log = logging.getLogger(__name__)

Listener = Callable[[], Callable[[Path], Hearing]]
"""Called once in each worker process, gives the function that listens to one file; must be picklable itself."""

_NO_STAT = FileStat(0, 0)

# Failures whose remedy (a right to read, ffmpeg, another try) leaves no trace on the file.
_TRY_AGAIN = frozenset(kind.__name__ for kind in (FileAccessError, UnsupportedAudioError, WorkerError))

# Failures that are found on opening a file. Whatever else a quick look stumbles on, the whole hearing may well hear.
_CONCLUSIVE = (NotAudioError, PlaylistFileError, ProtectedAudioError, UnsupportedAudioError)


@dataclass(frozen=True, slots=True)
class EarListener:
    """Listens with an ear; its network is loaded where it is called, in the worker."""

    ear: Ear

    def __call__(self) -> Callable[[Path], Hearing]:
        """Load the network and give the function that listens with it."""
        return fetching(partial(hear, encoder=Encoder(self.ear)))


@dataclass(frozen=True, slots=True)
class QuickLook:
    """A first pass over many new files, by an ear that takes a quick look at each.

    ``on_change`` is told before it, after it, and when it knows all that was heard before, so that the library may go
    by what it finds. ``listener`` is as that of `ScanOptions`.
    """

    ear: Ear
    on_change: Callable[[], None]
    listener: Listener | None = None


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How to scan: the numbers, whether files that failed before are tried again, and whether a quick look comes first.

    ``listener`` is who listens (None: the ear), and ``crew`` gives those who do the work (None: processes here).
    ``changed`` where the folders are places that a watch saw change: what is there no more was seen to go.
    """

    settings: ScanSpec = SCAN
    retry_errors: bool = False
    listener: Listener | None = None
    quick_look: QuickLook | None = None
    crew: CrewMaker[Hearing] | None = None
    changed: bool = False

    @property
    def workers(self) -> int:
        """How many processes of this machine work."""
        return self.settings.workers or available_cores()

    def crew_of(self, listener: Listener) -> Crew[Hearing]:
        """Those who do the work of a pass."""
        if self.crew is not None:
            return self.crew(listener)
        return WorkerPool(listener, workers=self.workers, settings=self.settings)


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
        self._began_s = self._first_heard_s = time.monotonic()
        self._skipped = self._known_failures = self._total = 0
        self._failures: list[ScanFailure] = []
        self._stats: dict[Path, FileStat] = {}
        self._sizes: Counter[int] = Counter()
        self._quick: Pass | None = None
        self._whole: Pass | None = None
        self._passes: Sequence[Pass] = ()
        self._to_hear = 0
        self._closely = False

    def run(self, folders: Sequence[Path]) -> ScanReport:
        found = survey(folders, self._library.folder, changed=self._options.changed)
        self._stats, self._total = found.files, len(found.files)
        known, failed = self._library.files(self._ear.fingerprint), {f.path: f for f in self._library.failures()}
        gone = missing(found, known, failed)
        for error in found.errors:
            place = error.path or Path()
            self._fail(place, error, record=place not in found.asked)
        self._listen(self._new(found, known, failed))
        removed = moved = 0
        if not self._cancel.is_set():
            # Only now, since a moved file's vectors were still needed; hours later some may be there again.
            gone = [path for path in gone if not is_there(path)]
            moved = self._moved(known, gone)
            removed = self._library.forget_paths(gone) - moved
            self._pool()
        return ScanReport(
            scanned=self._whole.heard if self._whole else 0,
            attached=len(self._attached()) - moved,
            skipped=self._skipped,
            removed=removed,
            failures=tuple(self._failures),
            known_failures=self._known_failures,
            seconds=time.monotonic() - self._began_s,
            cancelled=self._cancel.is_set(),
            looked_at=self._quick.heard if self._quick else 0,
            moved=moved,
        )

    def _attached(self) -> dict[Path, TrackId]:
        """The files that nobody had to hear from end to end, with their recordings."""
        quick = {path: self._quick.found_again[path] for path in self._quick.done} if self._quick else {}
        return {**quick, **(self._whole.found_again if self._whole else {})}

    def _moved(self, known: Mapping[Path, KnownFile], gone: Iterable[Path]) -> int:
        """How many of the files that are gone from a place were found at another."""
        left = Counter(known[path].track_id for path in gone if path in known)
        came = Counter(
            track_id
            for path, track_id in self._attached().items()
            if path not in known or known[path].track_id != track_id  # one that was merely touched did not come
        )
        return (left & came).total()

    # What is new -----------------------------------------------------------------------------------------------------

    def _new(self, found: Survey, known: Mapping[Path, KnownFile], recorded: Mapping[Path, ScanFailure]) -> list[Path]:
        """The files that are neither in the library unchanged nor known to fail; counts the others."""
        failed = {} if self._options.retry_errors else recorded
        new = []
        texts = []
        for path, stat in found.files.items():
            file, failure = known.get(path), failed.get(path)
            if file is None and is_nameless_text(path):
                texts.append(path)
            elif file is not None and file.heard and file.stat == stat:
                self._skipped += 1
            elif failure is not None and failure.stat == stat and failure.kind not in _TRY_AGAIN:
                self._known_failures += 1
            else:
                new.append(path)
        self._total -= len(texts)
        self._library.forget_paths(path for path in texts if path in recorded)
        self._sizes = count_sizes(self._stats, new, {path: file.stat for path, file in known.items()})
        return new

    # Listening -------------------------------------------------------------------------------------------------------

    def _listen(self, new: list[Path]) -> None:
        look = self._options.quick_look
        if look is not None and new:
            if self._is_worth_a_look(new, look):
                new = self._look_quickly(new, look)
            self._closely = look.ear.fingerprint in self._library.fingerprints()
        whole = self._whole = Pass(self._task("listening"), self._ear, self._fail)
        self._begin("listening", [whole], len(new))
        with self._options.crew_of(self._options.listener or EarListener(self._ear)) as crew:
            whole.run(in_good_time(new, self._stats, workers=self._options.workers), crew)

    def _is_worth_a_look(self, new: Sequence[Path], look: QuickLook) -> bool:
        """Whether the new files are many, and the library holds little else: it goes by what it holds otherwise.

        Where it goes by a quick look already, a few that nobody looked at would not be seen until all is heard.
        What lies in a bucket would be fetched as a whole for a quick look, and once more to be heard.
        """
        settings = self._options.settings
        if any(map(is_url, new)):
            return False
        heard = {by.fingerprint: by.tracks for by in self._library.heard()}
        whole, looked_at = heard.get(self._ear.fingerprint, 0), heard.get(look.ear.fingerprint, 0)
        little = whole <= settings.most_missing_share * (whole + len(new))
        return looked_at > whole or (little and len(new) >= settings.quick_look_from)

    def _look_quickly(self, new: list[Path], look: QuickLook) -> list[Path]:
        """Take a quick look at many new files, and return those that are still to be heard from end to end.

        The few that were heard before come first, so that none is missed when the library goes by the quick look.
        """
        seen = self._library.files(look.ear.fingerprint)
        whole = self._library.files(self._ear.fingerprint)
        unseen = [path for path in self._stats if not _is_heard(seen.get(path), self._stats[path])]
        again = [path for path in unseen if _is_heard(whole.get(path), self._stats[path])]
        unseen = sorted(set(unseen).intersection(new))
        task = self._task("quick look")
        first = Pass(task, look.ear, _pass_over)
        quick = self._quick = Pass(task, look.ear, self._fail_quickly, known_by=[self._ear.fingerprint])
        look.on_change()
        self._begin("quick look", [first, quick], len(again) + len(unseen))
        with self._options.crew_of(look.listener or EarListener(look.ear)) as crew:
            if again:
                first.run(again, crew)
                look.on_change()
            quick.run(unseen, crew)
        look.on_change()
        done = quick.done | {failure.path for failure in self._failures}
        return [path for path in new if path not in done]

    def _task(self, phase: ScanPhase) -> Task:
        return Task(
            self._library,
            self._options.settings,
            self._stats,
            self._sizes,
            self._cancel,
            on_step=partial(self._tell, phase),
        )

    def _begin(self, phase: ScanPhase, passes: Sequence[Pass], to_hear: int) -> None:
        self._passes, self._to_hear = passes, to_hear
        self._tell(phase, None)

    def _fail_quickly(self, path: Path, error: SegueError) -> None:
        """A quick look condemns a file only for what was found on opening it."""
        if isinstance(error, _CONCLUSIVE):
            self._fail(path, error)
        else:
            _pass_over(path, error)

    def _fail(self, path: Path, error: SegueError, *, record: bool = True) -> None:
        """Say why a path gave nothing, and record it unless it is a folder that was asked for, perhaps mistyped."""
        stat = self._stats.get(path, _NO_STAT)
        failure = ScanFailure(path, type(error).__name__, error.what, error.remedy, stat, time.time())
        if record:
            self._library.add_failure(failure, drop_path=self._is_void(failure, error))
        self._failures.append(failure)
        _log.info("%s", failure)  # the caller shows the report; twice would be once too many

    def _is_void(self, failure: ScanFailure, error: SegueError) -> bool:
        """Whether what the library knows of a path no longer holds, since it cannot be heard.

        It holds while another ear could hear that content; that a quick look could is not enough.
        """
        heard = self._library.heard_at(failure.path, failure.stat)
        look = self._options.quick_look
        if look is None or heard != {look.ear.fingerprint}:
            return not heard and isinstance(error, AudioError)
        return isinstance(error, AudioError | WorkerError)

    # Pooling and telling ---------------------------------------------------------------------------------------------

    def _pool(self) -> None:
        """Pool the whole library anew if anything changed since that was last done to the end."""
        pool_library(
            self._library,
            self._ear,
            on_begin=partial(self._tell_of_pooling, 0.0),
            on_share=self._tell_of_pooling,
            cancel=self._cancel,
        )

    def _tell_of_pooling(self, share: float) -> None:
        progress = ScanProgress(
            phase="pooling",
            done=round(share * self._total),
            total=self._total,
            failed=self._known_failures + len(self._failures),
            current=None,
            tracks_a_second=0.0,
            eta_s=None,
        )
        self._on_progress(progress)

    def _tell(self, phase: ScanPhase, current: Path | None) -> None:
        heard = sum(one.heard for one in self._passes)
        if heard <= 1:  # by now the workers have started, which says nothing of their pace
            self._first_heard_s = time.monotonic()
        rate = max(heard - 1, 0) / max(time.monotonic() - self._first_heard_s, 1e-9)
        left = max(self._to_hear - sum(one.settled for one in self._passes), 0)
        self._on_progress(
            ScanProgress(
                phase=phase,
                done=self._total - left,
                total=self._total,
                failed=self._known_failures + len(self._failures),
                current=current,
                tracks_a_second=rate,
                eta_s=left / rate if rate else None,
                closely=self._closely,
            )
        )


def _is_heard(file: KnownFile | None, stat: FileStat) -> bool:
    return file is not None and file.heard and file.stat == stat


def _pass_over(path: Path, error: SegueError) -> None:
    _log.info("%s: a quick look failed, which decides nothing: %s", printable(path), error)
