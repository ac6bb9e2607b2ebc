"""The tracks of a mix, brought together: what a list names is found, and what a mix must know of it is measured."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from segue.choose.playlist import OutsideSeed
from segue.config import SCAN
from segue.errors import FileAccessError, MixCancelledError, MixError, SegueError, UnknownTrackError, one_line
from segue.files import access_error, is_file, is_folder
from segue.listen.by_hand import Correction
from segue.play.mix.facts import FactFinder, TrackFacts
from segue.play.tracklist import Wanted
from segue.store.library import Library
from segue.store.rows import fold, words_to_find
from segue.store.workers import Job, WorkerPool, available_cores
from segue.values import Track
from segue.words import later, say

MixPhase = Literal["measuring", "hearing", "levelling", "rendering", "checking"]

_CANDIDATES = 9
_KEPT = 500  # tracks whose facts are remembered; each takes some tens of kilobytes


@dataclass(frozen=True, slots=True)
class MixProgress:
    """Where a mix stands: so much of a phase, in tracks or seconds of the mix; ``eta_s`` is None while nobody knows."""

    phase: MixPhase
    done: float
    total: float
    eta_s: float | None = None
    current: Path | None = None


OnMixProgress = Callable[[MixProgress], None]
Seeder = Callable[[Path], Track | OutsideSeed]
"""The library's track that a file is, or the file as the ear hears it."""

_Key = tuple[Path, int, int, Correction | None]
"""A file as it is, and what the listener set for it."""

Choose = Callable[[str, tuple[Track, ...]], Track | None]
"""Is asked which of several tracks some words mean; None is none of them."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something of a list that cannot be mixed, and why. ``line`` is 0 where the list does not say it."""

    line: int
    said: str
    error: SegueError

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        named = "" if self.error.path is not None else f"{one_line(self.said)}: "
        return f"{where}{named}{self.error}"


@dataclass(frozen=True, slots=True)
class Gathered:
    """The tracks of a list in order, and what of it could not be used."""

    tracks: tuple[TrackFacts, ...]
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class Gatherer:
    """Finds tracks and measures them, each file in a process of its own; what it has measured it remembers."""

    library: Library
    workers: int
    _known: OrderedDict[_Key, TrackFacts] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def gather(
        self,
        wanted: Sequence[Wanted],
        *,
        choose: Choose | None = None,
        on_progress: OnMixProgress | None = None,
        cancel: threading.Event | None = None,
    ) -> Gathered:
        """Find and measure what a list names.

        Raises
        ------
        MixCancelledError
            If it was called off.
        WorkerError
            If worker processes cannot be started.
        """
        places: list[tuple[Wanted, Path | SegueError]] = [(one, self._place(one, choose)) for one in wanted]
        found = self.measure([p for _, p in places if isinstance(p, Path)], on_progress=on_progress, cancel=cancel)
        tracks, problems = [], []
        for one, place in places:
            outcome = found[place] if isinstance(place, Path) else place
            if isinstance(outcome, TrackFacts):
                tracks.append(outcome)
            else:
                problems.append(Problem(one.line, one.said, outcome))
        return Gathered(tuple(tracks), tuple(problems))

    def measure(
        self,
        paths: Sequence[Path],
        *,
        on_progress: OnMixProgress | None = None,
        cancel: threading.Event | None = None,
    ) -> dict[Path, TrackFacts | SegueError]:
        """What a mix must know of some files, or why it cannot be known; errors as `gather`."""
        found: dict[Path, TrackFacts | SegueError] = {}
        jobs: dict[Path, tuple[Job, _Key]] = {}
        for path in dict.fromkeys(paths):
            try:
                status = path.stat()
            except OSError as error:
                found[path] = access_error(error, path)
                continue
            key = (path, status.st_size, status.st_mtime_ns, self.library.correction_at(path))
            held = self._held(key)
            if held is not None:
                found[path] = held
            else:
                jobs[path] = (Job(path, SCAN.limit_s(status.st_size)), key)
        finder = FactFinder({path: key[3] for path, (_, key) in jobs.items() if key[3] is not None})
        for path, outcome in self._measured(finder, [job for job, _ in jobs.values()], on_progress, cancel):
            if isinstance(outcome, TrackFacts):
                outcome = replace(outcome, track_id=self.library.contents.recording(outcome.track_id))
                self._keep(jobs[path][1], outcome)
            found[path] = outcome
        if cancel is not None and cancel.is_set():
            raise MixCancelledError(
                later("the mix was called off"), remedy=later("Nothing of it is left; order it again")
            )
        return found

    def _measured(
        self,
        finder: FactFinder,
        jobs: list[Job],
        on_progress: OnMixProgress | None,
        cancel: threading.Event | None,
    ) -> Iterator[tuple[Path, TrackFacts | SegueError]]:
        if not jobs:
            return
        tell = on_progress or (lambda _: None)
        tell(MixProgress("measuring", 0, len(jobs)))
        began_s = time.monotonic()
        workers = min(self.workers or available_cores(), len(jobs))
        with WorkerPool(finder, workers=workers) as pool:
            for done, outcome in enumerate(pool.run(jobs, cancel=cancel), start=1):
                nothing = MixError(later("nothing came of it"), remedy=later("Try again"), path=outcome.job.path)
                yield outcome.job.path, outcome.value or outcome.error or nothing
                eta_s = (time.monotonic() - began_s) / done * (len(jobs) - done)
                tell(MixProgress("measuring", done, len(jobs), eta_s, outcome.job.path))

    def _held(self, key: _Key) -> TrackFacts | None:
        with self._lock:
            return self._known.get(key)

    def _keep(self, key: _Key, facts: TrackFacts) -> None:
        with self._lock:
            self._known[key] = facts
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)

    # ------------------------------------------------------------------------------------------------------------------

    def _place(self, wanted: Wanted, choose: Choose | None) -> Path | SegueError:
        """The file that is meant, or why there is none."""
        try:
            if wanted.path is not None:
                return _checked(wanted.path)
            if not wanted.words:
                return MixError(
                    later("it is no file of this machine"), remedy=later("Name a file, or save it here first")
                )
            return self.path_of(self._named(wanted.words, choose))
        except SegueError as error:
            return error

    def _named(self, words: str, choose: Choose | None) -> Track:
        """The track of the library that words mean; raises UnknownTrackError, which names those that they may mean."""
        near = self.library.search(words, limit=None, by_sound=False)
        held = [track for track in near if _holds(track, words)]
        exact = [track for track in held if fold(f"{track.info.artist} {track.info.title}") == fold(_plain(words))]
        exact = exact or [track for track in held if fold(track.info.title) == fold(words)]
        if len(exact) == 1 or len(held) == 1:
            return (exact or held)[0]
        candidates = tuple((exact or held or near)[:_CANDIDATES])
        chosen = choose(words, candidates) if choose is not None and candidates else None
        if chosen is not None:
            return chosen
        if not candidates:
            what = later("there is no such file, and no track of the library holds these words")
            raise UnknownTrackError(what, remedy=later("Check the path or the words, or scan the folder it lies in"))
        some = "; ".join(f"{t.info.artist} - {t.info.title} ({one_line(t.paths[0])})" for t in candidates)
        what = (
            say("it may be {exact} tracks: {some}", exact=len(exact or held), some=some)
            if held
            else say("it is not in the library; near: {some}", some=some)
        )
        raise UnknownTrackError(what, remedy=later("Write the path of the one that is meant, or more words"))

    def path_of(self, track: Track) -> Path:
        """A file of a track that is there; raises FileAccessError."""
        for path in track.paths:
            if is_file(path):
                return path
        raise FileAccessError(
            later("it is not there any more"), remedy=later("Scan its folder again"), path=track.paths[0]
        )


def _checked(path: Path) -> Path:
    """The path, if a file lies there that may be read."""
    if is_folder(path):
        raise FileAccessError(
            later("it is a folder, not a file"), remedy=later("Name the tracks in it, one a line"), path=path
        )
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        raise access_error(error, path) from error


def _holds(track: Track, words: str) -> bool:
    """Whether a track holds all the words as they are written, and was not found by forgiving a slip."""
    info = track.info
    text = fold(
        " ".join((info.artist, info.title, info.album, info.genre, str(info.year or ""), *map(str, track.paths)))
    )
    return all(word in text for word in words_to_find(words))


def _plain(words: str) -> str:
    """Words without the dash between artist and title."""
    return words.replace(" - ", " ").replace(" – ", " ")
