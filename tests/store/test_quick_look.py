"""Two passes over many new files: a quick look at all of them, then each heard from end to end."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from look_driver import QUICK, Glancer
from scanning import OPTIONS, numbers, pooled_exactly
from store_standins import EAR, OTHER_EAR, StandIn, write_wav

from segue.config import SCAN
from segue.store.ingest import QuickLook, ScanOptions, scan
from segue.store.library import Library
from segue.values import Hearing, ScanProgress, ScanReport


@dataclass
class Told:
    """What a scan says on its way, and how often it said that the quick look began or ended."""

    progress: list[ScanProgress] = field(default_factory=list)
    changes: int = 0

    def change(self) -> None:
        self.changes += 1

    def done(self, phase: str) -> list[int]:
        return [p.done for p in self.progress if p.phase == phase]


def look(told: Told, *, least: int = 4, **options) -> ScanOptions:
    settings = replace(SCAN, workers=1, quick_look_from=least)
    return replace(OPTIONS, settings=settings, quick_look=QuickLook(QUICK, told.change, Glancer()), **options)


def hear_in_two(folder: Path, library: Library, told: Told | None = None, **options) -> ScanReport:
    told = told or Told()
    return scan([folder], library, ear=EAR, options=look(told, **options), on_progress=told.progress.append)


def slices(library: Library, mark) -> Mapping[str, int]:
    heard = {by.fingerprint for by in library.heard()}
    return {i: len(v) for i, v in library.iter_slice_vectors(mark)} if mark in heard else {}


def test_all_are_looked_at_before_any_is_heard_and_both_kinds_of_vectors_are_kept_apart(
    music: Path, library: Library
) -> None:
    told = Told()
    report = hear_in_two(music, library, told)
    assert numbers(report) == (6, 0, 0, 0, 0)
    assert report.looked_at == 6
    phases = [p.phase for p in told.progress]
    assert phases[:14] == ["quick look"] * 7 + ["listening"] * 7
    assert set(phases[14:]) == {"pooling"}
    assert told.done("quick look") == told.done("listening") == [0, 1, 2, 3, 4, 5, 6]
    assert told.changes == 2
    assert {p.closely for p in told.progress if p.phase == "listening"} == {True}
    assert set(slices(library, QUICK.fingerprint).values()) == {1}
    assert set(slices(library, EAR.fingerprint).values()) == {4}
    assert pooled_exactly(library)
    assert library.counts().tracks == 6


def test_few_new_files_are_heard_at_once(music: Path, library: Library) -> None:
    told = Told()
    report = hear_in_two(music, library, told, least=7)
    assert (report.scanned, report.looked_at, told.changes) == (6, 0, 0)
    assert {p.phase for p in told.progress} == {"listening", "pooling"}
    assert not any(p.closely for p in told.progress)


def test_a_library_that_holds_as_much_already_goes_on_by_what_it_holds(music: Path, library: Library) -> None:
    hear_in_two(music / "first", library)
    report = hear_in_two(music, library, least=3)
    assert (report.scanned, report.looked_at, report.skipped) == (3, 0, 3)


def test_an_unchanged_library_is_not_looked_at_again(music: Path, library: Library, no_workers) -> None:
    hear_in_two(music, library)
    no_workers()
    told = Told()
    version = library.version()
    assert numbers(hear_in_two(music, library, told)) == (0, 0, 6, 0, 0)
    assert (told.changes, library.version()) == (0, version)


@pytest.mark.parametrize(("phase", "done", "left"), [("quick look", 2, 4), ("listening", 2, 0)])
def test_whichever_pass_is_stopped_the_next_scan_goes_on_there(
    phase: str, done: int, left: int, music: Path, library: Library
) -> None:
    cancel = threading.Event()

    def stop(progress: ScanProgress) -> None:
        if (progress.phase, progress.done) == (phase, done):
            cancel.set()

    report = scan([music], library, ear=EAR, options=look(Told()), on_progress=stop, cancel=cancel)
    assert report.cancelled
    assert report.exit_code == 0
    assert library.counts().tracks == (2 if phase == "quick look" else 6)
    told = Told()
    again = hear_in_two(music, library, told)
    assert again.looked_at == left
    assert again.scanned + report.scanned == 6
    assert pooled_exactly(library)


def test_copies_are_looked_at_once_and_heard_once(music: Path, library: Library) -> None:
    copy = music / "copy.wav"
    copy.write_bytes((music / "first" / "song 1.wav").read_bytes())
    report = hear_in_two(music, library)
    assert (report.scanned, report.looked_at, report.attached) == (6, 6, 1)
    assert library.find(copy)[0].paths == (copy, music / "first" / "song 1.wav")


def test_files_that_only_moved_are_neither_looked_at_nor_heard(music: Path, library: Library, no_workers) -> None:
    hear_in_two(music, library)
    no_workers()
    for path in sorted(music.rglob("*.wav")):
        path.rename(music / path.name)
    for name in ("first", "second"):
        (music / name).rmdir()
    report = hear_in_two(music, library)
    assert (report.scanned, report.looked_at, report.moved, report.attached, report.removed) == (0, 0, 6, 0, 0)


class TestBadFiles:
    def test_what_is_found_on_opening_is_not_tried_twice(self, music: Path, library: Library) -> None:
        write_wav(music / "protected.wav", 70)
        (music / "text.mp3").write_text("no song")
        report = hear_in_two(music, library)
        assert [f.path.name for f in report.failures] == ["protected.wav", "text.mp3"]  # the whole hearing hears it
        assert (report.scanned, report.looked_at) == (6, 6)
        assert hear_in_two(music, library).known_failures == 2

    def test_a_look_that_cannot_seek_condemns_nothing(self, music: Path, library: Library) -> None:
        write_wav(music / "no seeking.wav", 70)
        report = hear_in_two(music, library)
        assert (report.scanned, report.looked_at, report.failures) == (7, 6, ())
        assert library.failures() == ()
        assert pooled_exactly(library)

    @pytest.mark.parametrize("kind", ["TooShortError", "WorkerError"])
    def test_what_only_a_quick_look_could_hear_does_not_stay(
        self, kind: str, music: Path, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_wav(music / "deaf.wav", 70)
        deaf = StandIn(deaf_to="deaf") if kind == "TooShortError" else _Dies()
        report = hear_in_two(music, library, listener=deaf)
        assert report.looked_at == 7
        assert [(f.path.name, f.kind) for f in report.failures] == [("deaf.wav", kind)]
        assert library.counts().tracks == 6
        assert (music / "deaf.wav") not in {path for track in library.tracks() for path in track.paths}

    def test_what_another_ear_could_hear_does(self, music: Path, library: Library) -> None:
        write_wav(music / "deaf.wav", 70)
        scan([music], library, ear=OTHER_EAR, options=replace(OPTIONS, listener=StandIn(OTHER_EAR.fingerprint)))
        hear_in_two(music, library, listener=StandIn(deaf_to="deaf"))
        assert library.counts().tracks == 7


@dataclass(frozen=True)
class _Dies:
    """Hears all but one file, at which its process ends."""

    def __call__(self) -> Callable[[Path], Hearing]:
        return self.hear

    def hear(self, path: Path) -> Hearing:
        if "deaf" in path.name:
            os._exit(3)
        return StandIn().hear(path)


def test_a_song_that_changes_between_the_passes_is_heard_as_it_is_now(music: Path, library: Library) -> None:
    changed = music / "first" / "song 0.wav"
    told = Told()

    def change(progress: ScanProgress) -> None:
        if progress.phase == "listening" and progress.done == 0:
            write_wav(changed, 99, seconds=5)
        told.progress.append(progress)

    scan([music], library, ear=EAR, options=look(told), on_progress=change)
    (held,) = library.find(changed)
    assert slices(library, EAR.fingerprint)[held.id] == 5
    assert library.counts().tracks == 6
    assert np.isfinite(library.vectors(EAR.fingerprint).matrix).all()
