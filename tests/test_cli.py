"""The command line, from words to answer, on real files and the bundled ear."""

from __future__ import annotations

import argparse
import os
import pickle
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import mp3tovec
from segue.cli.main import _parser
from segue.cli.start import main
from segue.play.m3u import read_playlist
from segue.services import Services
from tests.command_line import answer, refusal
from tests.conftest import ROOT
from tests.songs import write_song, write_songs


def _commands(parser: argparse.ArgumentParser) -> Iterator[list[str]]:
    """The words that call each command, and each thing that a command can do."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield [name]
                yield from ([name, *words] for words in _commands(inner))


ALL_COMMANDS = [*_commands(_parser()), ["evaluate", "playlists"], ["evaluate", "ear"]]


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder over six songs; the songs lie beside it in ``music``."""
    folder = tmp_path_factory.mktemp("cli")
    write_songs(folder / "music")
    assert main(["scan", str(folder / "music"), "--data", str(folder / "data"), "--json"]) == 0
    return folder / "data"


def test_scan_reports_and_the_second_finds_nothing_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    music = write_songs(tmp_path / "music", each=1)
    (music / "empty.mp3").touch()
    (music / "text.mp3").write_text("not a song\n" * 50)
    (music / "hls.mp3").write_text("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")
    write_song(music / "short.wav", 1, seconds=3.0)
    shutil.copy(music / "dark" / "Dark 0 - Low 0.wav", music / "copy.wav")
    report = answer(capsys, "scan", music, "--data", tmp_path / "data", "--json")
    assert (report["scanned"] + report["attached"], report["tracks"], report["failed"]) == (3, 2, 4)
    assert {Path(f["path"]).name for f in report["failures"]} == {"empty.mp3", "text.mp3", "hls.mp3", "short.wav"}
    assert all(f["what"] and f["remedy"] for f in report["failures"])
    again = answer(capsys, "scan", music, "--data", tmp_path / "data", "--json")
    assert (again["scanned"], again["unchanged"], again["failed"], again["failed_before"]) == (0, 3, 0, 4)


def test_failures_are_one_line_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "empty.mp3").touch()
    assert main(["scan", str(tmp_path / "music"), "--data", str(tmp_path / "data")]) == 1
    said = capsys.readouterr()
    assert said.err.count("empty.mp3: the file is empty. Replace or delete it") == 1
    assert "1 failed" in said.out


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It made a library, and said that nothing was in it."""
    assert "gone: it is not there" in refusal(capsys, "scan", tmp_path / "gone", "--data", tmp_path / "data")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "command", [["similar", "x"], ["playlist", "x"], ["vectors", "--npz", "x.npz"], ["export", "x.m3u8"]]
)
def test_an_empty_library_says_so(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Scan a folder" in refusal(capsys, *command, "--data", tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").touch()
    assert str(tmp_path / "data") in refusal(capsys, "similar", "x", "--data", tmp_path / "data")


def test_similar_by_words_id_path_and_any_file(
    scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    by_words = answer(capsys, "similar", "low 0", "--count", "5", "--data", scanned, "--json")
    assert len(by_words) == 5
    assert {row["artist"].split()[0] for row in by_words[:2]} == {"Dark"}
    similarities = [row["similarity"] for row in by_words]
    assert similarities == sorted(similarities, reverse=True)
    path = scanned.parent / "music" / "dark" / "Dark 0 - Low 0.wav"
    assert answer(capsys, "similar", path, "--count", "5", "--data", scanned, "--json") == by_words
    outside = write_song(tmp_path / "unknown.wav", 7, bright=True)
    near = answer(capsys, "similar", outside, "--count", "3", "--data", scanned, "--json")
    assert {row["artist"].split()[0] for row in near} == {"Bright"}
    assert main(["similar", "low 0", "--count", "1", "--data", str(scanned)]) == 0
    assert capsys.readouterr().out.startswith("Nearest to Dark 0 - Low 0:\n")
    by_id = answer(capsys, "similar", near[0]["id"], "--count", "2", "--data", scanned, "--json")
    assert near[0]["id"] not in {row["id"] for row in by_id}


def test_a_copy_is_the_track_itself(scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A copy of a track was heard anew and then listed as its own nearest."""
    copy = shutil.copy(scanned.parent / "music" / "dark" / "Dark 0 - Low 0.wav", tmp_path / "copy.wav")
    link = tmp_path / "link.wav"
    link.symlink_to(copy)
    for seed in (copy, link):
        near = answer(capsys, "similar", seed, "--data", scanned, "--json")
        assert "Low 0" not in {row["title"] for row in near}


def test_a_playlist_may_be_the_seed(scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["playlist", "low 0", "--count", "2", "--data", scanned, "--out", tmp_path / "start.m3u8", "--json"]
    begun = {pick["id"] for pick in answer(capsys, *words)["picks"]}
    further = answer(capsys, "playlist", tmp_path / "start.m3u8", "--count", "9", "--data", scanned, "--json")["picks"]
    assert len(further) == 3
    assert not begun & {pick["id"] for pick in further}


@pytest.mark.parametrize("word", ["~nobody-has-this-name", "x" * 300])
def test_odd_words_are_words(scanned: Path, capsys: pytest.CaptureFixture[str], word: str) -> None:
    """They were taken for paths, and ended in a traceback."""
    assert refusal(capsys, "similar", word, "--data", scanned)


def test_a_link_that_leads_to_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert main(["scan", str(loop), "--data", str(tmp_path / "data")]) == 1
    assert "circle" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["scan", "x", "--workers", "-1"], ["playlist", "x", "--rng-seed", "-1"]])
def test_numbers_that_make_no_sense(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert "-1 is less than 0" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], *ALL_COMMANDS], ids=" ".join)
def test_every_command_has_its_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """That of `evaluate` ended in a KeyError."""
    with pytest.raises(SystemExit, match="0"):
        main([*words, "--help"])
    assert capsys.readouterr().out.startswith("usage: segue")


@pytest.mark.parametrize(
    "words",
    [
        ["scan", ""],
        ["scan", "music", "--data", " "],
        ["taste", "list", "--data", ""],
        ["playlist", "x", "--out", ""],
        ["serve", "--allow", ""],
        ["mix", "", "mix.mp3"],
        ["vectors", "--npz", ""],
        ["live", "--input", ""],
    ],
)
def test_an_empty_name_is_no_folder(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was the folder that one was in, which was scanned and remembered."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert "the name is empty" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_words_that_fit_many_or_none(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "fits 3 tracks" in refusal(capsys, "similar", "dark", "--data", scanned)
    assert "polka" in refusal(capsys, "similar", "polka", "--data", scanned)


def test_playlist_goes_on_without_repeats_and_says_why(
    scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "evening.m3u8"
    words = ["playlist", "high 1", "--count", "9", "--data", scanned, "--out", out, "--json"]
    found = answer(capsys, *words)
    ids = [pick["id"] for pick in found["picks"]]
    assert len(ids) == len(set(ids)) == 5
    assert found["ended"]
    assert all(pick["why"] for pick in found["picks"])
    assert {pick["artist"].split()[0] for pick in found["picks"][:2]} == {"Bright"}
    entries = read_playlist(out).entries
    assert entries[0].path.name == "Bright 1 - High 1.wav"
    assert [str(entry.path) for entry in entries[1:]] == [pick["path"] for pick in found["picks"]]
    assert answer(capsys, *words) == found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--drunk", "3"], "argument --noise/--drunk: 3 is not from 0 to 1"),
        (["--anchor", "nan"], "argument --anchor: nan is not from 0 to 1"),
        (["--key-weight", "-1"], "argument --key-weight: -1 is not from 0 to 1"),
        (["--keep-on", "99"], "argument --lookback/--keep-on: 99 is not from 1 to 10"),
        (["--artist-spacing", "101"], "argument --artist-spacing: 101 is not from 0 to 100"),
        (["--no-repeat-hours", "-1"], "argument --no-repeat-hours: -1 is not from 0 to 1,000,000"),
        (["--tempo", "200-100"], "argument --tempo: 200-100 begins above its end. Swap the two: 100-200"),
        (["--year", "1990-1980"], "argument --year: 1990-1980 begins above its end. Swap the two: 1980-1990"),
    ],
)
def test_playlist_refuses_numbers_out_of_range(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It named what they are called in Python, as "lookback is 99"."""
    with pytest.raises(SystemExit, match="2"):
        main(["playlist", "high 1", *words])
    assert said in capsys.readouterr().err


def test_lengths_that_are_the_wrong_way_round(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["playlist", "high 1", "--min-length", "500", "--max-length", "100", "--data", scanned]
    assert "--min-length is 500, but --max-length only 100. Swap the two" in refusal(capsys, *words, code=2)


def test_vectors_are_plain_arrays(scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "vectors", "--npz", tmp_path / "v.npz", "--data", scanned, "--json")["tracks"] == 6
    with np.load(tmp_path / "v.npz", allow_pickle=False) as arrays:
        tracks, slices, offsets = arrays["track_vectors"], arrays["slice_vectors"], arrays["slice_offsets"]
        assert tracks.shape == (6, 100)
        assert tracks.dtype == slices.dtype == np.float32
        assert len(set(arrays["ids"])) == 6
        assert all(Path(path).is_file() for path in arrays["paths"])
    assert offsets.tolist() == [0, 2, 4, 6, 8, 10, 12]  # 11 s are two slices
    for rows in (tracks, slices):
        assert np.abs(np.linalg.norm(rows, axis=1) - 1).max() < 1e-5
    means = np.add.reduceat(slices, offsets[:-1])
    assert ((means / np.linalg.norm(means, axis=1, keepdims=True) * tracks).sum(axis=1) > 0.9).all()


def test_export(scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, "export", tmp_path / "all.xspf", "--data", scanned, "--json")
    assert len(read_playlist(tmp_path / "all.xspf").entries) == 6
    answer(capsys, "export", tmp_path / "old.p", "--data", scanned, "--json")
    old = pickle.loads((tmp_path / "old.p").read_bytes())
    assert {Path(path).name for path in old} == {p.name for p in (scanned.parent / "music").rglob("*.wav")}
    assert "no format of ours" in refusal(capsys, "export", tmp_path / "all.docx", "--data", scanned)


def test_doctor_knows_what_is_here(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    findings = {f["what"]: f for f in answer(capsys, "doctor", "--data", scanned, "--json")}
    assert "6 tracks" in findings["library"]["state"]
    assert "speccy" in findings["ear"]["state"]
    assert all(f["good"] for f in findings.values())


def test_the_older_name(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert mp3tovec.main(["--scan", str(scanned.parent / "music"), "--data", str(scanned)]) == 0
    assert "6 unchanged" in capsys.readouterr().out


def test_as_a_program(scanned: Path) -> None:
    """Through a pipe that closes early, as `| head` does, and with a wrong word."""
    command = [sys.executable, "-m", "segue.cli", "similar", "low 0", "--data", str(scanned)]
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 6
    wrong = subprocess.run(
        [sys.executable, "app.py", "--nonsense"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert wrong.returncode == 2
    assert "usage" in wrong.stderr


@pytest.mark.parametrize("word", ["--music", "--allow"])
def test_a_folder_to_serve_that_is_not_there(
    word: str, scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The booth was opened, and offered nothing from there."""
    said = refusal(capsys, "serve", word, tmp_path / "gone", "--data", scanned)
    assert said.startswith(f"segue: {tmp_path / 'gone'}: it is not there. Check the path")


def test_a_port_that_is_taken_is_named(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = refusal(capsys, "serve", "--data", scanned, "--port", str(port))
    assert f"--port {port + 1}" in said


@pytest.mark.parametrize(
    ("words", "only_s", "composes"),
    [
        ([], None, False),
        (["--demo"], None, True),
        (["--demo", "5"], 5.0, True),
        (["--demo-seconds", "5"], 5.0, False),
        (["--demo", "--demo-seconds", "7.5"], 7.5, True),
    ],
)
def test_the_demo_is_a_library_or_so_many_seconds_of_each_song(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], only_s: float | None, *, composes: bool
) -> None:
    seen: list[Services] = []
    composed: list[bool] = []
    monkeypatch.setattr("segue.web.factory.serve", lambda services, **_: seen.append(services))
    monkeypatch.setattr(Services, "start_demo", lambda _: composed.append(True))
    assert main(["serve", "--data", str(tmp_path / "data"), *words]) == 0
    assert (seen[0].playing.only_s, bool(composed)) == (only_s, composes)


def test_the_booth_may_choose_from_the_folders_that_were_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[Path]] = []
    monkeypatch.setattr("segue.web.factory.serve", lambda _, *, folders, **__: seen.append(folders))
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    words = ["--allow", str(tmp_path / "one"), "--allow", str(tmp_path / "two"), "--music", str(tmp_path)]
    assert main(["serve", "--data", str(tmp_path / "data"), *words]) == 0
    assert seen == [[tmp_path / "one", tmp_path / "two", tmp_path]]


@pytest.mark.parametrize("seconds", ["0", "-3", "nan", "inf", "five"])
def test_seconds_that_are_none_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], seconds: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["serve", "--data", str(tmp_path), f"--demo={seconds}"])
    assert stopped.value.code == 2
    assert f"{seconds} is no number of seconds" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert "locked" in refusal(capsys, "scan", write_songs(tmp_path / "music", each=1), "--data", locked / "data")


class Impatient:
    """Presses Ctrl-C while the command is still being imported."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "segue.cli.main":
            raise KeyboardInterrupt


def test_ctrl_c_in_the_first_second_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "segue.cli.main", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Impatient(), *sys.meta_path])
    assert main(["--help"]) == 130
    assert capsys.readouterr().err == "segue: stopped; what was done so far is kept\n"
