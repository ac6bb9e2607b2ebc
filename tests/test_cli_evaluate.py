"""`segue evaluate`, on real files and the bundled ear."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from segue.cli.start import main
from tests.command_line import refusal
from tests.songs import write_songs


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_songs(tmp_path_factory.mktemp("evaluate") / "music", each=3)


def test_a_folder_of_genres_is_scanned_once_and_measured(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["evaluate", "--music", str(music), "--label-by", "folder", "--data", str(tmp_path / "data")]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["tracks"], found["labels"], found["labelled_by"]) == (6, 2, "the names of the folders")
    assert [row["name"] for row in found["rows"]] == ["TF-IDF", "mean"]
    assert found["rows"][0]["all"]["first"] == 1.0
    assert found["rows"][0]["all"]["ceiling"] == 0.4
    assert not (tmp_path / "data" / "library.db").exists()  # the listener's own library is another one
    monkeypatch.setattr("segue.store.workers._Worker._start", lambda self: pytest.fail("it was heard already"))
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "6 tracks of 2 labels" in said
    assert "* TF-IDF" in said
    assert "the best possible" in said


def test_a_table_names_what_is_missing(music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", str(music), "--data", str(tmp_path / "data"), "--json"]) == 0
    files = sorted(music.rglob("*.wav"))
    rows = [f'"{path}",{path.parent.name},{path.stem}' for path in files]
    rows += [f"nowhere/{k}.wav,dark,Nobody" for k in range(7)]
    table = tmp_path / "labels.csv"
    table.write_text("\n".join(["path,label,artist", *rows]), encoding="utf-8")
    capsys.readouterr()
    assert main(["evaluate", "--labels", str(table), "--data", str(tmp_path / "data")]) == 0
    said = capsys.readouterr().out
    assert "7 files of the table are not there" in said
    assert said.count("nowhere/") == 5
    assert "Neighbours by other artists only" in said


@pytest.mark.parametrize(
    ("words", "idle"),
    [
        (["--playlists", "20", "--hub-weight", "0"], "--playlists and --hub-weight would change nothing"),
        (["playlists", "--floors"], "--floors would change nothing"),
    ],
)
def test_words_of_the_other_half_are_refused(words: list[str], idle: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They were passed over without a word."""
    assert idle in refusal(capsys, "evaluate", *words, code=2)


def test_a_library_without_usable_labels_says_what_to_give(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--data", str(tmp_path / "data")]) == 1
    assert "there is no library yet" in capsys.readouterr().err
    assert main(["evaluate", "--music", str(tmp_path / "nothing"), "--data", str(tmp_path / "data")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
