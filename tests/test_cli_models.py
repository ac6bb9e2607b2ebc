"""`segue models`, from words to answer, on real files and small real networks."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segue.cli.start import main
from segue.embed.encoder import load_ear
from segue.embed.tagger import write_tagger
from segue.store.library import Library
from tests.command_line import answer, refusal
from tests.embed.conftest import DIMENSION, write_ear
from tests.songs import write_songs


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four songs in ``music``, a data folder over them by the ear ``mine``, and the ears' files."""
    folder = tmp_path_factory.mktemp("models")
    for seed, name in enumerate(("mine", "yours")):
        write_ear(folder, name=name, weights=np.random.default_rng(seed).normal(size=(96, DIMENSION)))
        assert main(["models", "add", str(folder / f"{name}.json"), "--data", str(folder / "data")]) == 0
    assert main(["models", "select", "mine", "--data", str(folder / "data")]) == 0
    write_songs(folder / "music", each=2)
    assert main(["scan", str(folder / "music"), "--data", str(folder / "data"), "--workers", "1", "--json"]) == 0
    return folder


@pytest.fixture
def data(scanned: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(scanned / "data", tmp_path / "data"))


def ears(capsys: pytest.CaptureFixture[str], data: Path) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in answer(capsys, "models", "--data", data, "--json")["ears"]}


def test_the_list(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = ears(capsys, data)
    assert {"speccy", "mine", "yours"} <= listed.keys()
    assert (listed["mine"]["in_use"], listed["mine"]["tracks"], listed["mine"]["dimension"]) == (True, 4, DIMENSION)
    assert (listed["yours"]["in_use"], listed["yours"]["tracks"]) == (False, 0)
    assert listed["speccy"]["scores"]
    assert listed["speccy"]["ms_a_slice"] > 0
    assert main(["models", "--data", str(data)]) == 0
    lines = capsys.readouterr().out.splitlines()
    mine = next(line for line in lines if " mine " in line)
    assert mine.startswith("*")
    assert "4 of 4" in mine


def test_the_list_of_a_folder_that_is_not_there_makes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = ears(capsys, tmp_path / "none")
    assert listed["speccy"]["tracks"] == 0
    assert not (tmp_path / "none").exists()


def test_a_damaged_ear_is_refused_in_one_line(
    data: Path, scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(scanned / "mine.json", tmp_path / "bad.json")
    (tmp_path / "bad.onnx").write_bytes(b"no network")
    assert main(["models", "add", str(tmp_path / "bad.json"), "--data", str(data)]) == 1
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "bad.onnx: the network" in said.err
    assert "bad" not in ears(capsys, data)


@pytest.mark.parametrize("missing", ["gone.json", "gone.onnx"])
def test_an_ear_that_is_not_there_is_looked_for_where_it_was_said_to_be(
    missing: str, data: Path, scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The remedy was to install Segue anew."""
    for ending in (".json", ".onnx"):
        shutil.copy((scanned / "mine").with_suffix(ending), (tmp_path / "gone").with_suffix(ending))
    (tmp_path / missing).unlink()
    said = refusal(capsys, "models", "add", tmp_path / "gone.json", "--data", data)
    assert said.startswith(f"segue: {tmp_path / missing}: the ear is not there (No such file or directory). Check the")
    assert "Install" not in said


def test_select_then_forget_the_other(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = answer(capsys, "models", "select", "yours", "--workers", "1", "--data", data, "--json")
    assert (done["switched"], done["heard"], done["missing"]) == (True, 4, 0)
    listed = ears(capsys, data)
    assert (listed["yours"]["in_use"], listed["mine"]["in_use"], listed["mine"]["tracks"]) == (True, False, 4)
    assert len(answer(capsys, "similar", "low 0", "--data", data, "--json")) == 3
    assert main(["models", "forget", "yours", "--yes", "--data", str(data)]) == 1
    assert "goes by yours" in capsys.readouterr().err
    assert answer(capsys, "models", "forget", "mine", "--yes", "--data", data, "--json")["tracks"] == 4
    assert ears(capsys, data)["mine"]["tracks"] == 0


def test_select_keeps_what_the_ear_hears_the_songs_as(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The tags of a library that had changed its ear once came with the next scan only."""
    ear = load_ear(data / "models" / "yours.json")
    one = np.ones(1)
    write_tagger(ear, kernel=np.zeros((DIMENSION, 1)), bias=one, thresholds=one / 2, card={"names": ["jazz"]})
    answer(capsys, "models", "select", "yours", "--data", data, "--workers", "1", "--json")
    with Library.open(data, read_only=True) as library:
        assert len(library.search("jazz")) == 4


@pytest.mark.parametrize(("typed", "forgotten"), [("", False), ("no\n", False), ("y\n", True)])
def test_forget_asks(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, typed: str, forgotten: bool
) -> None:
    answer(capsys, "models", "select", "yours", "--workers", "1", "--data", data, "--json")
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert main(["models", "forget", "mine", "--data", str(data)]) == (0 if forgotten else 1)
    assert "4 tracks? [y/N]" in capsys.readouterr().err
    assert (ears(capsys, data)["mine"]["tracks"] == 0) is forgotten


def test_what_is_missing_is_said_and_the_old_ear_goes_on(
    scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    music = Path(shutil.copytree(scanned / "music", tmp_path / "music"))
    data = tmp_path / "data"
    shutil.copytree(scanned / "data" / "models", data / "models")
    answer(capsys, "models", "select", "mine", "--data", data, "--json")
    answer(capsys, "scan", music, "--data", data, "--workers", "1", "--json")
    (music / "dark" / "Dark 0 - Low 0.wav").unlink()
    assert main(["models", "select", "yours", "--workers", "1", "--data", str(data)]) == 1
    said = capsys.readouterr().out
    assert "3 tracks heard by yours" in said
    assert "1 of 4 are missing" in said
    assert "Dark 0 - Low 0.wav" in said
    assert "still goes by mine" in said
    assert len(answer(capsys, "similar", "low 0", "--data", data, "--json")) == 3
    done = answer(capsys, "models", "select", "yours", "--anyway", "--data", data, "--json")
    assert (done["switched"], done["known"], done["missing"]) == (True, 3, 1)
    assert len(answer(capsys, "similar", "low 1", "--data", data, "--json")) == 2
    assert main(["models", "select", "yours", "--anyway", "--data", str(data)]) == 0
    assert "not chosen until yours has heard them" in capsys.readouterr().out


def test_an_unknown_ear_is_answered_with_those_that_are_here(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "select", "tuba", "--data", str(data)]) == 1
    assert "no ear is called 'tuba'. Choose one of speccy" in capsys.readouterr().err
