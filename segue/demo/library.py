"""The demo library: the default music of a fresh installation, composed on the spot, and the truth about it."""

from __future__ import annotations

import importlib
import json
import logging
import multiprocessing
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segue.demo import catalogue
from segue.demo.desk import RATE_HZ
from segue.errors import FileAccessError, ParameterError, WorkerError
from segue.files import access_error, atomic_write
from segue.processes import interrupts_held_back

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.demo.song import Plan

VERSION = 1
"""Goes up whenever the music changes, so that an older demo is made anew."""

MANIFEST = "demo.json"
_JOURNAL = ".demo-tracks"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DemoTrack:
    """What is true of a demo track; ``file`` is relative to the folder, with forward slashes."""

    file: str
    title: str
    artist: str
    album: str
    style: str
    tempo_bpm: float
    beats_a_bar: int
    key: str
    camelot: str
    seed: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What ``make_demo`` did: tracks in the folder, and how many of them it had to compose now."""

    folder: Path
    tracks: int
    composed: int


def make_demo(
    folder: Path,
    *,
    seed: int = 2026,
    workers: int = 2,
    styles: Sequence[str] = (),
    on_progress: Callable[[int, int], None] | None = None,
) -> DemoReport:
    """Compose the demo library into a folder, unless it is there already; a run that was interrupted continues.

    Parameters
    ----------
    folder : where to; files lie as Artist/Album/NN Title.ext, the truth about them in demo.json.
    seed : the same seed gives the same samples, whatever the number of workers.
    workers : processes that compose side by side.
    styles : names of the styles to make; none means all ten.
    on_progress : called with (tracks ready, tracks in all), at first and after each track.

    Raises
    ------
    FileAccessError
        If the folder cannot be written to, or the disk is full.
    ParameterError
        If a style is unknown or there is no worker.
    WorkerError
        If a composing process died.
    """
    plans = _chosen(seed, styles)
    if workers < 1:
        raise ParameterError(f"{workers} workers cannot compose anything", remedy="Give at least 1")
    report = on_progress or (lambda _done, _total: None)
    names = sorted({plan.style for plan in plans})
    ready = _ready(folder, seed=seed)
    todo = [plan for plan in plans if plan.file not in ready]
    report(len(plans) - len(todo), len(plans))
    if not todo and _manifest_says(folder, seed=seed, styles=names):
        return DemoReport(folder, len(plans), 0)
    with _plainly(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)
        done = len(plans) - len(todo)
        for track in _composed(todo, folder, workers=workers):
            ready[track.file] = track
            _journal(folder, seed=seed, track=track)
            done += 1
            report(done, len(plans))
        tracks = [asdict(ready[plan.file]) for plan in plans]
        text = json.dumps(
            {"version": VERSION, "seed": seed, "styles": names, "tracks": tracks}, ensure_ascii=False, indent=1
        )
        with atomic_write(folder / MANIFEST) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")
        (folder / _JOURNAL).unlink(missing_ok=True)
    _log.info("demo library: %d tracks in %s, %d composed now", len(plans), folder, len(todo))
    return DemoReport(folder, len(plans), len(todo))


def demo_manifest(folder: Path) -> tuple[DemoTrack, ...]:
    """Read what is true of the demo tracks in a folder.

    Raises
    ------
    FileAccessError
        If there is no complete demo library in the folder.
    """
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return tuple(DemoTrack(**row) for row in content["tracks"])
    except OSError as error:
        raise access_error(error, path) from error
    except (ValueError, KeyError, TypeError) as error:
        raise FileAccessError(
            "it is no list of demo tracks", remedy="Delete it and run 'segue demo' again", path=path
        ) from error


def _chosen(seed: int, styles: Sequence[str]) -> tuple[Plan, ...]:
    known = [style.name for style in catalogue.STYLES]
    unknown = sorted(set(styles) - set(known))
    if unknown:
        raise ParameterError(f"no style is called {', '.join(unknown)}", remedy=f"Choose from {', '.join(known)}")
    return tuple(plan for plan in catalogue.plans(seed) if not styles or plan.style in styles)


def _composed(plans: Sequence[Plan], folder: Path, *, workers: int) -> Iterator[DemoTrack]:
    """Make the tracks in worker processes, in whatever order they come; the first failure stops the rest."""
    if workers == 1 or len(plans) == 1:
        for plan in plans:
            yield _make_track(plan, folder)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(plans)), mp_context=context, initializer=_leave_interrupts_to_parent)
    todo = iter(plans)
    try:
        with interrupts_held_back():  # the workers begin with the first track
            running = {pool.submit(_make_track, plan, folder) for plan in islice(todo, workers)}
        while running:
            ready, running = wait(running, return_when=FIRST_COMPLETED)
            # One at a time, for what the pool has taken beforehand cannot be cancelled
            running |= {pool.submit(_make_track, plan, folder) for plan in islice(todo, len(ready))}
            for future in ready:
                yield future.result()
    except BrokenProcessPool as error:
        raise WorkerError(
            "a composing process died", remedy="Run it again: finished tracks are kept", path=folder
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_parent() -> None:
    """Ctrl-C reaches every process of the terminal; a worker finishes its track, or its half file would stay."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _make_track(plan: Plan, folder: Path) -> DemoTrack:
    """Make one track; what it takes is imported here, in the worker, because the app imports this module and waits."""
    track = importlib.import_module("segue.demo.track")
    samples = track.make(plan, folder)
    return DemoTrack(
        file=plan.file,
        title=plan.title,
        artist=plan.artist,
        album=plan.album,
        style=plan.style,
        tempo_bpm=plan.tempo_bpm,
        beats_a_bar=3 if plan.style == "waltz" else 4,
        key=plan.key.name,
        camelot=plan.key.camelot,
        seed=plan.seed,
        duration_s=round(samples / RATE_HZ, 3),
    )


def _ready(folder: Path, *, seed: int) -> dict[str, DemoTrack]:
    """Tracks of this seed and version that are there, by file: from the manifest or an interrupted run's journal."""
    rows: list[dict[str, Any]] = []
    content = _content(folder)
    if content.get("version") == VERSION and content.get("seed") == seed:
        rows += content.get("tracks", [])
    try:
        lines = (folder / _JOURNAL).read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:  # the last line of a run that was killed while it wrote
            continue
        if entry["version"] == VERSION and entry["seed"] == seed:
            rows.append(entry["track"])
    tracks = (DemoTrack(**row) for row in rows)
    return {track.file: track for track in tracks if (folder / track.file).is_file()}


def _content(folder: Path) -> dict[str, Any]:
    """The manifest as it stands; nothing if it is not there or not readable, for then it is written anew."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _manifest_says(folder: Path, *, seed: int, styles: list[str]) -> bool:
    content = _content(folder)
    return (content.get("version"), content.get("seed"), content.get("styles")) == (VERSION, seed, styles)


def _journal(folder: Path, *, seed: int, track: DemoTrack) -> None:
    with (folder / _JOURNAL).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"version": VERSION, "seed": seed, "track": asdict(track)}) + "\n")


@contextmanager
def _plainly(folder: Path) -> Iterator[None]:
    """Say in words what the operating system refuses."""
    try:
        yield
    except OSError as error:
        raise access_error(error, folder) from error
