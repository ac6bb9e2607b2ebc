"""What `segue scan`, `segue doctor` and a mistyped word say."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from segue import doctor
from segue.cli import answers
from segue.cli.failures import failure_lines
from segue.cli.start import main
from segue.store.settling import Changes
from segue.store.watch import Watch
from segue.values import FileStat, ScanFailure, ScanProgress
from tests.conftest import ROOT
from tests.songs import write_song, write_songs

NOTHING = FileStat(0, 0)


def failure(name: str, kind: str = "NotAudioError") -> ScanFailure:
    return ScanFailure(Path("/games") / name, kind, "there is no audio in it", "Leave it out", NOTHING, 0.0)


class TestFailures:
    def test_a_few_are_named_each(self) -> None:
        lines = list(failure_lines([failure("b.mp3"), failure("a.mp3", "TooShortError")]))
        assert lines == [
            "/games/b.mp3: there is no audio in it. Leave it out",
            "/games/a.mp3: there is no audio in it. Leave it out",
        ]

    def test_many_are_told_by_their_kind(self) -> None:
        """A folder of a game gave a line for each of its levels."""
        many = [failure(f"{i}.lvl") for i in range(1200)] + [failure(f"{i}.set") for i in range(40)]
        lines = list(failure_lines([*many, failure("short.wav", "TooShortError")]))
        assert lines[0].startswith("/games/short.wav")
        assert lines[1] == ("1,240 files hold no audio that can be decoded (1,200 .lvl, 40 .set), the first of them:")
        assert [line.split(":")[0] for line in lines[2:5]] == [
            f"    /games/{name}" for name in ("0.lvl", "0.set", "1.lvl")
        ]
        assert "--json" in lines[5]
        assert len(lines) == 6

    def test_there_may_be_none(self) -> None:
        assert list(failure_lines([])) == []


class TestProgress:
    def test_a_log_gets_a_line_now_and_then(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Where there was no terminal to draw a bar on, a scan of a night said nothing until it had ended."""
        progress = ScanProgress("listening", 12, 1000, 2, None, 2.0, 500.0)
        monkeypatch.setattr(answers, "_LINE_S", 0.0)
        with answers.Bar(quiet=False) as bar:
            bar.show(progress)
        assert capsys.readouterr().err == "segue: Listening to your music: 12 of 1,000, about 8 min left (2 failed)\n"
        monkeypatch.setattr(answers, "_LINE_S", 10.0)
        for quiet in (False, True):
            with answers.Bar(quiet=quiet) as bar:
                bar.show(progress)
        assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["scna", "x"], "Did you mean scan?"),
        (["doctr"], "Did you mean doctor?"),
        (["scan", "x", "--wrokers", "2"], "Did you mean --workers?"),
        (["models", "selct", "x"], "Did you mean select?"),
        (["zzz"], "choose from"),
    ],
)
def test_a_mistyped_word_is_guessed(words: list[str], meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert meant in capsys.readouterr().err


def test_what_failed_before_is_named_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It was counted, and no more said of it."""
    music = tmp_path / "music"
    music.mkdir()
    (music / "bad.mp3").touch()
    words = ["scan", "--data", str(tmp_path / "data")]
    for place in (music, music / "bad.mp3", music / "bad.mp3"):
        capsys.readouterr()
        assert main([*words, str(place)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"segue: {music / 'bad.mp3'}: the file is empty. Replace or delete it",
        "segue: what failed before is passed over until it changes; --retry tries it again.",
    ]
    for number in range(6):
        (music / f"{number}.mp3").touch()
    for places in ([music], [music], [music, music / "bad.mp3"]):
        capsys.readouterr()
        assert main([*words, *map(str, places)]) == 1
        many = capsys.readouterr().err
        assert "bad.mp3" in many or places == [music]
    assert many.count("the file is empty") == 1
    assert "--retry tries it again. The booth names them all, and so does --json." in many


def test_an_empty_folder_says_why_it_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "void").mkdir()
    assert main(["scan", str(tmp_path / "void"), "--data", str(tmp_path / "data")]) == 1
    assert "void: there is no file in it that may hold music. Name another folder" in capsys.readouterr().err


def test_a_file_cannot_be_watched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    song = write_song(tmp_path / "song.wav", 1)
    assert main(["scan", str(song), "--watch", "--data", str(tmp_path / "data")]) == 1
    assert "it is a file, and folders are watched" in capsys.readouterr().err


class TestWatching:
    def test_changes_are_told_until_ctrl_c(self, tmp_path: Path) -> None:
        music = write_songs(tmp_path / "music", each=1)
        command = [
            sys.executable,
            "-u",
            "-m",
            "segue.cli",
            "scan",
            str(music),
            "--watch",
            "--data",
            str(tmp_path / "d"),
        ]
        listen = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # what a shell starts in the background is deaf
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=listen
        ) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline().startswith("2 heard")
                assert process.stdout.readline() == "Watching 1 folder. Ctrl+C stops it\n"
                time.sleep(2.5)
                write_song(music / "new.wav", 9)
                assert process.stdout.readline().endswith(" 1 heard; 3 tracks in the library\n")
                (music / "new.wav").rename(music / "dark" / "moved.wav")
                assert process.stdout.readline().endswith(" 1 moved; 3 tracks in the library\n")
                (music / "dark" / "moved.wav").unlink()
                assert process.stdout.readline().endswith(" 1 gone; 2 tracks in the library\n")
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=30)
            finally:
                process.kill()
        assert out == "Stopped watching; what was heard is kept.\n"
        assert all(line.startswith("segue: Listening") for line in err.splitlines())  # on a slow machine
        assert process.returncode == 0

    def test_in_json_it_is_an_object_a_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The first was spread over many lines, and had a field that the others lacked."""
        music = write_songs(tmp_path / "music", each=1)
        (music / "empty.mp3").touch()

        def one_change(watch: Watch, rescan: Callable[[Changes], bool], *, stop: threading.Event) -> None:
            write_song(music / "new.wav", 9)
            assert rescan(Changes(folders=(music,)))

        monkeypatch.setattr(Watch, "run", one_change)
        assert main(["scan", str(music), "--watch", "--json", "--data", str(tmp_path / "d")]) == 0
        first, second = map(json.loads, capsys.readouterr().out.splitlines())
        assert (first["scanned"], second["scanned"], second["tracks"]) == (2, 1, 3)
        assert list(first) == list(second)
        assert len(second["all_failures"]) == 1


class TestDoctor:
    @pytest.fixture
    def data(self, tmp_path: Path) -> Path:
        assert main(["scan", str(write_songs(tmp_path / "music", each=2)), "--data", str(tmp_path / "data")]) == 0
        return tmp_path / "data"

    def test_all_is_well_and_then_it_is_not_and_then_it_is(
        self, data: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        words = ["doctor", "--data", str(data)]
        capsys.readouterr()
        assert main([*words, "--repair"]) == 0
        said = capsys.readouterr().out
        assert said.startswith("There was nothing to repair.\n")
        assert "it hears a song as it did" in said
        assert "ok  decoders: MP3, AAC" in said
        assert "watchfiles" in said
        assert "4 tracks in 4 files" in said
        with closing(sqlite3.connect(data / "library.db")) as db, db:
            db.execute("PRAGMA user_version = 0")
            db.execute("DELETE FROM slice_vectors WHERE rowid = 1")
        assert main(words) == 1
        assert "BAD library: its user_version is 0" in capsys.readouterr().out
        assert main(["similar", "low", "--data", str(data)]) == 1
        assert "segue doctor --repair" in capsys.readouterr().err
        assert main([*words, "--repair", "--json"]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert answer["repair"]["tracks"] == 4
        assert Path(answer["repair"]["backup"]).exists()
        assert "user_version is 0" in answer["repair"]["mended"][0]["what"]
        assert main(["scan", str(data.parent / "music"), "--data", str(data)]) == 0
        assert "1 heard, 0 moved, 0 known under another name, 3 unchanged" in capsys.readouterr().out
        assert main(words) == 0

    def test_files_that_are_gone_are_said_and_are_no_fault(
        self, data: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (data.parent / "music").rename(data.parent / "away")
        capsys.readouterr()
        assert main(["doctor", "--data", str(data), "--json"]) == 0
        findings = {finding["what"]: finding for finding in json.loads(capsys.readouterr().out)}
        assert findings["files"]["state"].startswith("4 of 4 are not there")
        assert "drive" in findings["files"]["remedy"]

    def test_vectors_that_do_not_decode_are_an_error_in_words(
        self, data: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """numpy's own words came through, with a traceback."""
        with closing(sqlite3.connect(data / "library.db")) as db, db:
            db.execute("UPDATE slice_vectors SET vectors = x'001122' WHERE rowid = 1")
            db.execute("INSERT OR REPLACE INTO meta VALUES ('ear', 'nonsense')")
        capsys.readouterr()
        assert main(["doctor", "--data", str(data)]) == 1
        said = capsys.readouterr().out
        assert "1 track whose slice vectors are damaged: dropped (the next scan hears them)" in said
        assert "what it keeps as 'ear' cannot be read" in said
        assert main(["doctor", "--repair", "--data", str(data)]) == 0

    def test_a_cache_that_changes_while_it_is_looked_at(self, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A booth at work wrote it, and the doctor ended with a traceback."""
        audio = data / "cache" / "audio"
        audio.mkdir(parents=True)
        (audio / "kept.flac").write_bytes(b"x" * 2_000_000)
        (audio / "gone.flac").symlink_to(audio / "nothing")  # listed, and not there when it is asked about
        monkeypatch.setattr(Path, "is_file", lambda path: True)
        assert [finding.state for finding in doctor._cache(data)] == ["2 MB; it may be deleted while nothing runs"]

    def test_without_a_library_it_looks_at_the_installation(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "none").mkdir()
        assert main(["doctor", "--repair", "--data", str(tmp_path / "none")]) == 0
        assert "library: none in" in capsys.readouterr().out
