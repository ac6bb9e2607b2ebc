"""A scan in two passes as the booth orders it: real networks and real files, heard in this process to be quick."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Generic, Self, TypeVar

import numpy as np
import pytest

from segue.choose.playlist import ContinueSpec
from segue.config import SCAN
from segue.ears import list_ears, select, shelf_of
from segue.errors import SegueError
from segue.services import Services
from segue.store.ingest import ScanOptions
from segue.store.library import Library
from segue.store.workers import Job, Outcome, Starter
from segue.values import UNKNOWN_RHYTHM as UNKNOWN
from segue.values import Fingerprint, ScanPhase, ScanProgress
from tests.embed.conftest import DIMENSION, write_ear
from tests.songs import write_song, write_songs

T = TypeVar("T")


class Here(Generic[T]):
    """A crew of nobody but this process."""

    def __init__(self, starter: Starter[T]) -> None:
        self._starter = starter

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was begun."""

    def run(self, jobs: Iterable[Job], *, cancel: threading.Event | None = None) -> Iterator[Outcome[T]]:
        work = self._starter()
        for job in jobs:
            if cancel is not None and cancel.is_set():
                return
            try:
                yield Outcome(job, value=work(job.path))
            except SegueError as error:
                yield Outcome(job, error=error)


@pytest.fixture(autouse=True)
def nobody_else_works(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("segue.store.measuring", "segue.store.rehearing", "segue.services"):
        monkeypatch.setattr(f"{place}.WorkerPool", lambda starter, **_: Here(starter))


@pytest.fixture(autouse=True)
def looks_from_four_files_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.scanning.SCAN", replace(SCAN, quick_look_from=4))


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four songs, long enough to be looked at here and there."""
    return write_songs(tmp_path_factory.mktemp("songs"), each=2)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    shelf = shelf_of(tmp_path / "data")
    (tmp_path / "data").mkdir()
    for seed, name in enumerate(("first", "second")):
        shelf.add(write_ear(tmp_path, name=name, weights=np.random.default_rng(seed).normal(size=(96, DIMENSION))))
    with Library.open(tmp_path / "data") as library:
        first = shelf.take("first")
        library.name_ear(first.name, first.fingerprint)
        library.choose_ear(first.fingerprint)
    return tmp_path / "data"


@pytest.fixture
def services(data: Path) -> Iterator[Services]:
    opened = Services(data, workers=1)
    yield opened
    opened.close()


def whole(services: Services) -> Fingerprint:
    return shelf_of(services.data).take("first").fingerprint


def quick(services: Services) -> Fingerprint:
    return shelf_of(services.data).take("first").quick().fingerprint


def scan_until(services: Services, music: Path, phase: ScanPhase, done: int) -> None:
    """Scan, and stop there."""
    cancel = threading.Event()

    def stop(progress: ScanProgress) -> None:
        if progress.phase == phase and progress.done >= done:
            cancel.set()

    assert services.scan([music], crew=Here, on_progress=stop, cancel=cancel).cancelled


class TestTheEarInUse:
    def test_the_library_goes_by_the_quick_look_until_all_is_heard(self, music: Path, services: Services) -> None:
        seen = []

        def note(progress: ScanProgress) -> None:
            use = services.ear_in_use()
            seen.append((progress.phase, use.fingerprint, len(services.library.vectors(use.fingerprint).ids)))

        report = services.scan([music], crew=Here, on_progress=note)
        assert (report.looked_at, report.scanned) == (4, 4)
        during = [(phase, count) for phase, mark, count in seen if mark == quick(services)]
        assert during[-1] == ("pooling", 4)
        assert ("quick look", 2) in during
        assert {mark for phase, mark, _ in seen if phase in ("quick look", "listening")} == {quick(services)}
        assert services.ear_in_use().fingerprint == whole(services)
        assert services.library.fingerprints() == (whole(services),)

    def test_the_booth_plays_on_by_what_was_looked_at(self, music: Path, services: Services) -> None:
        scan_until(services, music, "listening", 1)
        use = services.ear_in_use()
        assert (use.fingerprint, use.name) == (quick(services), "first (quick look)")
        seed = services.search("")[0]
        chosen = services.choosing.continue_queue([seed.id], ContinueSpec(count=3), rng=np.random.default_rng(0))
        assert len(chosen.picks) == 3
        dropped = services.drop(write_song(services.data / "new.wav", 9), name="new.wav")
        assert services.choosing.continue_queue(
            [dropped.token], ContinueSpec(count=2), rng=np.random.default_rng(0)
        ).picks
        assert len(services.choosing.similar(seed.id, 9)) == 3

    def test_a_scan_that_was_stopped_goes_on_and_the_whole_hearing_takes_over(
        self, music: Path, services: Services, data: Path
    ) -> None:
        scan_until(services, music, "quick look", 2)
        assert services.ear_in_use().fingerprint == quick(services)
        scan_until(services, music, "listening", 2)
        with_another_booth = Services(data, workers=1)
        assert with_another_booth.ear_in_use().fingerprint == quick(services)
        report = with_another_booth.scan([music], crew=Here)
        assert (report.looked_at, report.scanned, report.skipped) == (0, 2, 2)
        assert services.ear_in_use().fingerprint == whole(services)
        assert services.library.fingerprints() == (whole(services),)
        with_another_booth.close()

    def test_more_music_later_is_heard_at_once(self, music: Path, services: Services, tmp_path: Path) -> None:
        services.scan([music], crew=Here)
        for seed in range(4):
            write_song(tmp_path / "more" / f"{seed}.wav", 50 + seed, seconds=7)
        report = services.scan([tmp_path / "more"], crew=Here)
        assert (report.looked_at, report.scanned) == (0, 4)

    def test_a_few_more_songs_are_seen_while_the_library_goes_by_a_quick_look(
        self, music: Path, services: Services, tmp_path: Path
    ) -> None:
        """They were heard from end to end only, and could not be chosen until nearly all others were, too."""
        scan_until(services, music, "listening", 1)
        song = write_song(tmp_path / "more" / "new.wav", 50, seconds=7)
        report = services.scan([tmp_path / "more"], crew=Here)
        assert (report.looked_at, report.scanned) == (1, 1)
        assert services.ear_in_use().fingerprint == quick(services)
        assert services.library.find(song)[0].id in services.library.vectors(quick(services)).ids

    def test_a_song_that_was_there_before_is_not_missed_during_a_quick_look(
        self, music: Path, services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A library of one album is given ten: all eleven can be played while they are looked at."""
        monkeypatch.setattr("segue.scanning.SCAN", replace(SCAN, quick_look_from=4, most_missing_share=0.25))
        here = tmp_path / "here"
        write_song(here / "0.wav", 60, seconds=7)
        services.scan([here], crew=Here)
        shutil.copytree(music, here / "more")
        seen = []

        def note(progress: ScanProgress) -> None:
            if progress.phase == "quick look":
                use = services.ear_in_use().fingerprint
                seen.append((progress.done, use == quick(services), len(services.library.vectors(use).ids)))

        report = services.scan([here], crew=Here, on_progress=note)
        assert (report.scanned, report.looked_at) == (4, 4)
        assert seen == [(0, False, 1), (1, False, 1), (2, True, 2), (3, True, 3), (4, True, 4), (5, True, 5)]
        assert len(services.library.vectors(whole(services)).ids) == 5

    def test_who_names_the_ear_goes_by_its_quick_look_too(self, music: Path, services: Services, data: Path) -> None:
        scan_until(services, music, "listening", 1)
        named = Services(data, ear="first", workers=1)
        assert named.ear_in_use().fingerprint == quick(services)
        other = Services(data, ear="second", workers=1)
        assert other.ear_in_use().name == "second"
        other.close()
        services.scan([music], crew=Here)
        assert named.ear_in_use().fingerprint == whole(services)
        named.close()

    def test_another_ear_can_be_chosen_meanwhile(self, music: Path, services: Services) -> None:
        scan_until(services, music, "listening", 1)
        shelf = shelf_of(services.data)
        rows = {row.name: row for row in list_ears(shelf, services.library)}
        assert (rows["first (quick look)"].kind, rows["first (quick look)"].in_use) == ("quick look", True)
        chosen = select(services.library, shelf, "second", options=ScanOptions(replace(SCAN, workers=1)))
        assert chosen.switched
        assert services.ear_in_use().name == "second"
        services.scan([music], crew=Here)
        assert services.ear_in_use().name == "second"

    def test_choosing_the_same_ear_by_hand_ends_the_quick_look(self, music: Path, services: Services) -> None:
        scan_until(services, music, "listening", 1)
        select(services.library, shelf_of(services.data), "first", options=ScanOptions(replace(SCAN, workers=1)))
        assert services.ear_in_use().fingerprint == whole(services)
        assert services.library.fingerprints() == (whole(services),)


class TestRhythm:
    def test_a_scan_leaves_the_rhythm_of_every_song(self, music: Path, services: Services) -> None:
        assert services.scan([music], crew=Here).measured == 0
        assert services.library.lacking_rhythm() == frozenset()
        song = services.search("")[0]
        found = services.rhythm(song.id)
        assert found is not None
        assert found.loudness_lufs is not None

    def test_an_older_library_gets_it_with_the_next_scan(self, music: Path, services: Services, tmp_path: Path) -> None:
        here = Path(shutil.copytree(music, tmp_path / "here"))
        services.scan([here], crew=Here)
        wanted = {i: r.loudness_lufs for i, r in services.library.rhythms().items()}
        forget_rhythms(services.library)
        cancel = threading.Event()

        def stop(progress: ScanProgress) -> None:
            if (progress.phase, progress.done) == ("measuring", 1):
                cancel.set()

        report = services.scan([here], crew=Here, on_progress=stop, cancel=cancel)
        assert (report.scanned, report.measured, report.cancelled) == (0, 1, True)
        (here / "dark").rename(tmp_path / "away")  # as if its drive were away
        told: list[ScanProgress] = []
        services.scan([here / "bright"], crew=Here, on_progress=told.append)
        assert all(p.total <= 2 for p in told if p.phase == "measuring")
        (tmp_path / "away").rename(here / "dark")
        services.scan([here], crew=Here)
        assert {i: r.loudness_lufs for i, r in services.library.rhythms().items()} == wanted
        assert services.scan([here], crew=Here).measured == 0

    def test_what_cannot_be_measured_is_tried_once(self, music: Path, services: Services, tmp_path: Path) -> None:
        here = Path(shutil.copytree(music, tmp_path / "here"))
        services.scan([here], crew=Here)
        forget_rhythms(services.library)
        broken = services.search("")[0]
        path, stat = broken.paths[0], broken.paths[0].stat()
        path.write_bytes(b"\0" * stat.st_size)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # so that nobody sees that it changed
        assert services.scan([here], crew=Here).measured == 3
        found = services.rhythm(broken.id)
        assert found is not None
        assert found.loudness_lufs == UNKNOWN.loudness_lufs
        assert services.library.lacking_rhythm() == frozenset()


def forget_rhythms(library: Library) -> None:
    """As if it had been scanned before rhythm was measured."""
    with library._database.writing() as db:
        db.execute("DELETE FROM rhythms")
