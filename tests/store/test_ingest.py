from __future__ import annotations

import os
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scanning import OPTIONS, hear_all, numbers, pooled_exactly
from store_standins import EAR, OTHER_EAR, StandIn, write_wav

from segue.config import SCAN
from segue.store import ingest
from segue.store.ingest import scan
from segue.store.library import Library
from segue.values import FileStat, Hearing, ScanFailure, ScanProgress, TrackId, TrackInfo


class TestAFolder:
    def test_all_of_it_is_heard_and_pooled(self, music: Path, library: Library) -> None:
        report = hear_all(music, library)
        assert numbers(report) == (6, 0, 0, 0, 0)
        assert report.exit_code == 0
        assert {path for track in library.tracks() for path in track.paths} == set(music.rglob("*.wav"))
        assert pooled_exactly(library)

    def test_the_second_time_no_worker_is_started(self, music: Path, library: Library, no_workers) -> None:
        (music / "text.mp3").write_text("no song")
        assert numbers(hear_all(music, library)) == (6, 0, 0, 0, 1)
        version = library.version()
        no_workers()
        report = hear_all(music, library)
        assert numbers(report) == (0, 0, 6, 0, 0)
        assert report.known_failures == 1
        assert report.exit_code == 0
        assert library.version() == version
        assert report.seconds < 2

    def test_a_library_of_one_track(self, tmp_path: Path, library: Library) -> None:
        """IDF of a batch of one was 0, and the vector NaN."""
        write_wav(tmp_path / "one" / "a.wav", 1)
        hear_all(tmp_path / "one", library)
        assert np.isfinite(library.vectors(EAR.fingerprint).matrix).all()

    def test_single_files_may_be_named(self, music: Path, library: Library) -> None:
        report = scan([music / "first" / "song 1.wav", music / "second"], library, ear=EAR, options=OPTIONS)
        assert report.scanned == 4
        assert numbers(scan([music / "first" / "song 1.wav"], library, ear=EAR, options=OPTIONS)) == (0, 0, 1, 0, 0)

    def test_new_changed_and_removed_files(self, music: Path, library: Library) -> None:
        hear_all(music, library)
        write_wav(music / "new.wav", 50)
        write_wav(music / "first" / "song 0.wav", 60)
        (music / "second" / "song 4.wav").unlink()
        assert numbers(hear_all(music, library)) == (2, 0, 4, 1, 0)
        assert len(library.tracks()) == 6
        assert pooled_exactly(library)

    def test_a_removed_file_changes_what_is_rare(self, music: Path, library: Library) -> None:
        hear_all(music, library)
        (music / "first" / "song 0.wav").unlink()
        assert numbers(hear_all(music, library)) == (0, 0, 5, 1, 0)
        assert pooled_exactly(library)

    def test_moved_and_touched_files_are_not_heard_again(self, music: Path, library: Library, no_workers) -> None:
        hear_all(music, library)
        no_workers()
        (music / "second").rename(music / "third")
        os.utime(music / "first" / "song 0.wav", ns=(1, 1))
        report = hear_all(music, library)
        assert (numbers(report), report.moved) == ((0, 1, 2, 0, 0), 3)
        assert len(library.tracks()) == 6
        assert hear_all(music, library).skipped == 6

    def test_each_file_counts_once(self, music: Path, library: Library) -> None:
        """A rename was told as one file that is known under another name, and one that is gone."""
        hear_all(music, library)
        song = music / "first" / "song 1.wav"
        twins = [shutil.copyfile(song, song.with_name(f"twin {i}.wav")) for i in range(2)]
        assert (numbers(report := hear_all(music, library)), report.moved) == ((0, 2, 6, 0, 0), 0)
        for twin in twins:
            twin.rename(twin.with_suffix(".wave.wav"))
        shutil.copyfile(song, song.with_name("one more.wav"))
        (music / "second" / "song 3.wav").unlink()
        report = hear_all(music, library)
        assert (numbers(report), report.moved) == ((0, 1, 5, 1, 0), 2)
        twins[0].with_suffix(".wave.wav").unlink()
        os.utime(song, ns=(1, 1))  # touched, and not where the other went
        report = hear_all(music, library)
        assert (numbers(report), report.moved) == ((0, 1, 6, 1, 0), 0)

    def test_duplicates_are_heard_once_and_keep_both_paths(self, music: Path, library: Library) -> None:
        copies = [music / "copies" / f"{i}.wav" for i in range(3)]
        for copy in copies:
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(music / "first" / "song 1.wav", copy)
        report = hear_all(music, library, settings=replace(SCAN, workers=2))
        assert (report.scanned, report.attached) == (6, 3)
        twin = library.find(copies[0])[0]
        assert twin.paths == (*copies, music / "first" / "song 1.wav")

    def test_duplicates_that_cannot_be_heard_all_say_so(self, tmp_path: Path, library: Library) -> None:
        for name in ("a.mp3", "b.mp3"):
            (tmp_path / name).write_bytes(b"")
        report = hear_all(tmp_path, library)
        assert [failure.path.name for failure in report.failures] == ["a.mp3", "b.mp3"]
        assert report.exit_code == 1
        assert hear_all(tmp_path, library).known_failures == 2

    def test_names_of_every_kind(self, tmp_path: Path, library: Library) -> None:
        names = [
            "-rf.wav",
            "no extension",
            "日本語.wav",
            "a" * 240 + ".wav",
            os.fsdecode(b"caf\xe9.wav"),
            "AC:DC 50%.wav",
        ]
        folder = tmp_path / "names"
        for seed, name in enumerate(names):
            write_wav(tmp_path / "x.wav", seed)
            folder.mkdir(exist_ok=True)
            (tmp_path / "x.wav").rename(folder / name)
        assert hear_all(folder, library).scanned == len(names)
        assert {path.name for track in library.tracks() for path in track.paths} == set(names)

    def test_another_ear_hears_everything_anew_beside_the_first(self, music: Path, library: Library) -> None:
        hear_all(music, library)
        options = replace(OPTIONS, listener=StandIn(OTHER_EAR.fingerprint))
        assert numbers(scan([music], library, ear=OTHER_EAR, options=options)) == (6, 0, 0, 0, 0)
        assert library.fingerprints() == (OTHER_EAR.fingerprint, EAR.fingerprint)
        assert hear_all(music, library).skipped == 6

    def test_tracks_can_be_used_while_the_scan_runs(self, music: Path, library: Library) -> None:
        sizes: list[int] = []
        scan([music], library, ear=EAR, options=OPTIONS, on_progress=lambda _: sizes.append(len(library.tracks())))
        assert sizes == sorted(sizes)
        assert set(sizes) >= {0, 1, 3, 6}

    def test_pooling_that_was_cut_off_is_made_up_for(self, music: Path, library: Library, monkeypatch) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(ingest._Scan, "_pool", lambda self: None)
            hear_all(music, library)
        assert not pooled_exactly(library)
        assert numbers(hear_all(music, library)) == (0, 0, 6, 0, 0)
        assert pooled_exactly(library)

    def test_the_order_in_which_files_come_changes_nothing(self, music: Path, library: Library, tmp_path: Path) -> None:
        hear_all(music, library)
        with Library.open(tmp_path / "other") as other:
            for name in ("second", "first"):
                hear_all(music / name, other)
            ours, theirs = library.vectors(EAR.fingerprint), other.vectors(EAR.fingerprint)
        assert ours.ids == theirs.ids
        assert ours.matrix.tobytes() == theirs.matrix.tobytes()


class TestProgress:
    def test_it_counts_up_and_says_what_and_how_fast(self, music: Path, library: Library) -> None:
        (music / "text.mp3").write_text("no song")
        told: list[ScanProgress] = []
        scan([music], library, ear=EAR, options=OPTIONS, on_progress=told.append)
        listening = [p for p in told if p.phase == "listening"]
        assert [p.done for p in listening] == [0, 1, 2, 3, 4, 5, 6, 7]
        assert {p.total for p in told} == {7}
        assert told[0].eta_s is None
        assert listening[-1].eta_s == 0.0
        assert listening[-1].tracks_a_second > 0
        assert {p.current for p in listening[1:]} == set(music.rglob("*.*"))
        pooling = told[len(listening) :]
        assert {p.phase for p in pooling} == {"pooling"}
        assert (pooling[0].done, pooling[-1].done) == (0, 7)
        assert pooling[-1].failed == 1

    def test_it_can_be_cancelled_and_taken_up_again(self, music: Path, library: Library) -> None:
        cancel = threading.Event()

        def stop(progress: ScanProgress) -> None:
            if progress.done == 2:
                cancel.set()

        report = scan([music], library, ear=EAR, options=OPTIONS, on_progress=stop, cancel=cancel)
        assert report.cancelled
        assert report.scanned == 2
        assert numbers(hear_all(music, library)) == (4, 0, 2, 0, 0)


class TestBadFiles:
    def test_each_costs_one_row_and_the_scan_goes_on(self, music: Path, library: Library) -> None:
        (music / "text.mp3").write_text("no song")
        (music / "empty.mp3").write_bytes(b"")
        write_wav(music / "short.wav", 70, seconds=0.2)
        for i, name in enumerate(("segfault", "fault", "null", "vanish")):
            write_wav(music / f"{name}.wav", 80 + i)
        report = hear_all(music, library)
        assert report.scanned == 6
        kinds = {failure.path.stem: failure.kind for failure in report.failures}
        assert kinds == {
            "text": "NotAudioError",
            "empty": "NotAudioError",
            "short": "TooShortError",
            "segfault": "WorkerError",
            "fault": "WorkerError",
            "null": "ParameterError",
            "vanish": "FileAccessError",
        }
        assert {f.path: f.message for f in library.failures()} == {f.path: f.message for f in report.failures}
        for failure in report.failures:
            assert str(failure).count("\n") == 0
            assert str(failure.path) in str(failure)
            assert failure.remedy
        report = hear_all(music, library)
        assert (report.skipped, report.known_failures) == (6, 4)  # all but the two that a worker died of
        assert "vanish" not in {failure.path.stem for failure in library.failures()}

    def test_text_without_an_ending_is_passed_over_in_silence(self, music: Path, library: Library) -> None:
        """A LICENSE beside the songs was listed among the songs that could not be read."""
        (music / "LICENSE").write_text("Do what you like. Grüße\n" * 300, encoding="utf-8")
        (music / "README").write_text("Songs\n")
        library.add_failure(
            ScanFailure(music / "README", "NotAudioError", "no audio", "Leave it out", FileStat(6, 0), 0.0)
        )
        (music / "letter.mp3").write_text("no song")
        (music / "nothing").touch()
        report = hear_all(music, library)
        assert sorted(failure.path.name for failure in report.failures) == ["letter.mp3", "nothing"]
        assert sorted(failure.path.name for failure in library.failures()) == ["letter.mp3", "nothing"]

    def test_a_file_that_hangs_is_given_up(self, music: Path, library: Library) -> None:
        write_wav(music / "hang.wav", 9)
        settings = replace(SCAN, workers=1, seconds_a_file=1.0, seconds_a_megabyte=0.0)
        report = hear_all(music, library, settings=settings)
        assert report.scanned == 6
        assert report.failures[0].kind == "WorkerError"

    def test_a_failure_is_tried_again_when_the_file_changes_or_on_demand(self, music: Path, library: Library) -> None:
        bad = music / "bad.wav"
        bad.write_text("not yet")
        assert len(hear_all(music, library).failures) == 1
        assert len(hear_all(music, library, retry_errors=True).failures) == 1
        write_wav(bad, 10)
        assert numbers(hear_all(music, library)) == (1, 0, 6, 0, 0)
        assert library.failures() == ()

    @pytest.mark.parametrize("kind", ["UnsupportedAudioError", "WorkerError"])
    def test_a_remedy_that_leaves_no_trace_on_the_file_helps(self, music: Path, library: Library, kind: str) -> None:
        """Installing ffmpeg, as the report advised, changed nothing: the file counted as known to fail for ever."""
        path = music / "first" / "song 0.wav"
        status = path.stat()
        stat = FileStat(status.st_size, status.st_mtime_ns)
        library.add_failure(ScanFailure(path, kind, "there is no ffmpeg", "Install ffmpeg", stat, 0.0))
        assert numbers(hear_all(music, library)) == (6, 0, 0, 0, 0)
        assert library.failures() == ()

    def test_a_song_overwritten_by_text_leaves_the_library(self, music: Path, library: Library) -> None:
        hear_all(music, library)
        (music / "first" / "song 0.wav").write_text("no song any more")
        assert len(hear_all(music, library).failures) == 1
        assert len(library.tracks()) == 5
        assert pooled_exactly(library)

    def test_a_file_gone_before_it_is_reached(self, music: Path, library: Library) -> None:
        def remove(progress: ScanProgress) -> None:
            if progress.done == 1:
                (music / "second" / "song 5.wav").unlink()

        report = scan([music], library, ear=EAR, options=OPTIONS, on_progress=remove)
        assert report.scanned == 5
        assert [f.kind for f in report.failures] == ["FileAccessError"]
        assert "not there" in report.failures[0].message

    def test_what_may_not_be_read(self, open_folder: Path, ordinary_user, no_workers) -> None:
        (open_folder / "data").mkdir()
        (open_folder / "data").chmod(0o777)
        write_wav(open_folder / "locked" / "a.wav", 1)
        write_wav(open_folder / "music" / "b.wav", 2).chmod(0)
        (open_folder / "locked").chmod(0)
        no_workers()
        with ordinary_user(), Library.open(open_folder / "data") as library:
            report = hear_all(open_folder, library)
            assert report.exit_code == 1
            assert {f.path.name for f in report.failures} == {"locked", "b.wav"}
            assert all("permission denied" in str(f) for f in report.failures)
            assert len(library.failures()) == 2

    def test_a_right_to_read_given_later_is_noticed(self, open_folder: Path, ordinary_user) -> None:
        (open_folder / "data").mkdir()
        (open_folder / "data").chmod(0o777)
        song = write_wav(open_folder / "music" / "b.wav", 2)
        song.chmod(0)
        with ordinary_user(), Library.open(open_folder / "data") as library:
            assert len(hear_all(open_folder / "music", library).failures) == 1
        song.chmod(0o644)
        with Library.open(open_folder / "data") as library:
            assert hear_all(open_folder / "music", library).scanned == 1

    def test_a_locked_folder_forgets_nothing(self, open_folder: Path, ordinary_user, no_workers) -> None:
        (open_folder / "data").mkdir()
        for seed, place in enumerate(("a/1.wav", "b/2.wav")):
            write_wav(open_folder / "music" / place, seed)
        with Library.open(open_folder / "data") as library:
            hear_all(open_folder / "music", library)
        for path in (open_folder / "data", *(open_folder / "data").iterdir()):
            path.chmod(0o777)
        (open_folder / "music" / "b").chmod(0)
        no_workers()
        with ordinary_user(), Library.open(open_folder / "data") as library:
            report = hear_all(open_folder / "music", library)
            assert report.removed == 0
            assert len(library.tracks()) == 2


def test_a_recording_that_another_program_forgets_meanwhile_is_heard(
    music: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole scan ended, and said that no track was called by its number."""
    copy = music / "copy.wav"
    copy.write_bytes((music / "first" / "song 1.wav").read_bytes())
    monkeypatch.setattr(library, "holds", lambda track_id, fingerprint: True)
    assert numbers(hear_all(music, library)) == (6, 1, 0, 0, 0)


def test_ten_thousand_unchanged_files(tmp_path: Path, library: Library, no_workers) -> None:
    folder = tmp_path / "big"
    vector = np.ones((1, 12), np.float32)
    for i in range(100):
        (folder / str(i)).mkdir(parents=True)
    for i in range(10_000):
        path = folder / str(i % 100) / f"{i}.mp3"
        path.write_bytes(str(i).encode())
        status = path.stat()
        hearing = Hearing(TrackId(f"{i:016x}"), TrackInfo(str(i)), vector, EAR.fingerprint)
        library.add(hearing, path, stat=FileStat(status.st_size, status.st_mtime_ns), vector=vector[0])
    library.set_track_vectors({}, EAR.fingerprint, recipe="tfidf 0.03 smooth", content=library.content())
    no_workers()
    began_s = time.process_time()  # of this process alone, whatever else the machine is doing
    report = hear_all(folder, library)
    assert report.skipped == 10_000
    assert time.process_time() - began_s < 3
