"""From a server's list of playlists to OUT/playlists.jsonl: bring what is not on disk yet, then write all of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from segue.errors import FetchError, ParameterError, WithheldError
from segue.train.sources.fetching import FetchProgress, FetchReport, OnProgress, PatientSession, SkippedPlaylist
from segue.train.sources.jsonl import write_playlists
from segue.train.sources.pages import Listed, Page, PageStore, bring, stored
from segue.train.sources.playlist import SourcePlaylist

FILE = "playlists.jsonl"
FOLDER = ".fetched"  # hidden, so that no reader of playlists looks into it


def claim(out: Path, source: str) -> None:
    """Make ``out`` the folder of a source, so that another's playlists are not written over those that are there.

    Raises
    ------
    ParameterError
        If ``out`` holds playlists of another source, or a file of that name that no source has written.
    """
    store = PageStore(out / FOLDER)
    there = store.read("source")
    if there == source:
        return
    if (out / FILE).exists():
        whose = f"the playlists of {there}" if there else f"a {FILE} of your own"
        raise ParameterError(f"the folder holds {whose}", remedy="Choose another folder (--out)", path=out)
    store.write("source", source)


class Teller:
    """Tells how far a run is, also when it waits."""

    def __init__(self, session: PatientSession, on_progress: OnProgress | None) -> None:
        self._on_progress = on_progress
        self._now = FetchProgress(0, None, "")
        session.on_wait = self._wait

    def tell(self, done: int, total: int | None, current: str) -> None:
        """So many are done, and this one comes now."""
        self._now = FetchProgress(done, total, current)
        if self._on_progress is not None:
            self._on_progress(self._now)

    def _wait(self, wait_s: float) -> None:
        if self._on_progress is not None:
            self._on_progress(FetchProgress(self._now.done, self._now.total, self._now.current, wait_s))


@dataclass(frozen=True, slots=True)
class Collected:
    """Playlists that lie on disk whole, how many of them lay there before, and those that the server withheld."""

    kept: tuple[Listed, ...]
    unchanged: int
    skipped: tuple[SkippedPlaylist, ...]


def collect(
    store: PageStore, listing: Iterable[Listed], ask: Callable[[Listed, str], Page], teller: Teller
) -> Collected:
    """Bring every playlist of a list, each id once, in the list's order; ``ask`` gets the page at a place of one.

    Raises
    ------
    FetchError
        If the server stays away; what was brought stays on disk.
    """
    teller.tell(0, None, "the list of playlists")
    once: dict[str, Listed] = {}
    for item in listing:
        once.setdefault(item.id, item)
    listed = tuple(once.values())
    kept, skipped, unchanged = [], [], 0
    for number, item in enumerate(listed):
        teller.tell(number, len(listed), item.name)
        try:
            unchanged += bring(store, item, partial(ask, item))
        except WithheldError as error:
            skipped.append(SkippedPlaylist(item.id, item.name, error.what))
        else:
            kept.append(item)
    teller.tell(len(listed), len(listed), "")
    return Collected(tuple(kept), unchanged, tuple(skipped))


def iter_collected(store: PageStore, collected: Collected) -> Iterator[tuple[SourcePlaylist, int]]:
    """Yield the playlists that were brought, each with the number of its rows that hold no track."""
    return (stored(store, item) for item in collected.kept)


@dataclass(slots=True)
class _Count:
    tracks: int = 0
    left_out: int = 0

    def passing(self, playlists: Iterable[tuple[SourcePlaylist, int]]) -> Iterator[SourcePlaylist]:
        for playlist, left_out in playlists:
            self.tracks += len(playlist.tracks)
            self.left_out += left_out
            yield playlist


def publish(
    out: Path,
    playlists: Iterable[tuple[SourcePlaylist, int]],
    collected: Collected,
    *,
    session: PatientSession,
    began_s: float,
) -> FetchReport:
    """Write all playlists to ``out/playlists.jsonl``, whole or not at all, and say what was done.

    Raises
    ------
    FetchError
        If there is no playlist to write; a file that was there stays as it was.
    """
    path, count = out / FILE, _Count()
    passing = count.passing(playlists)
    first = next(passing, None)
    if first is None:
        why = f"; {len(collected.skipped)} were refused ({collected.skipped[0].reason})" if collected.skipped else ""
        raise FetchError(f"there is no playlist to be had{why}", remedy="Is it the right account?")
    written = write_playlists(path, chain([first], passing))
    return FetchReport(
        out=path,
        playlists=written,
        tracks=count.tracks,
        unchanged=collected.unchanged,
        left_out=count.left_out,
        skipped=collected.skipped,
        requests=session.sent,
        limited=session.limited,
        retried=session.retried,
        seconds=time.monotonic() - began_s,
    )
