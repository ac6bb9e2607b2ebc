"""`--ear` and `--windows` on the command line, with MusiCNN of random weights in the place of the real package."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

import mp3tovec
from segue.ears import shelf_of
from segue.store.library import Library
from tests.embed.ears.standin import random_weights, write_package
from tests.songs import write_songs
from tests.test_cli import answer, refusal

EARS = ("speccy", "musicnn")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    write_package(folder, random_weights())
    return folder


@pytest.fixture(scope="module")
def scanned(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder over four songs, first scanned with ``--ear musicnn``."""
    folder = tmp_path_factory.mktemp("words")
    music = write_songs(folder / "music", each=2)
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(site))
        assert mp3tovec.main(["--scan", str(music), "--ear", "musicnn", "--data", str(folder / "data"), "--json"]) == 0
    return folder / "data"


def test_the_ear_of_the_first_scan_is_remembered(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ear = shelf_of(scanned).take("musicnn")
    with Library.open(scanned, read_only=True) as library:
        assert library.chosen_ear() == ear.fingerprint
        assert [(by.name, by.tracks) for by in library.heard()] == [("musicnn", 4)]
    without = answer(capsys, "similar", "Dark 0", "--data", scanned, "--json")
    named = answer(capsys, "similar", "Dark 0", "--ear", "musicnn", "--data", scanned, "--json")
    assert without == named
    assert len(named) == 3


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["--ear", "speccy"], "speccy"),
        (["--ear", "musicnn", "--windows", "all"], "musicnn-all"),
        (["--ear", "musicnn-all"], "musicnn-all"),
    ],
)
def test_an_ear_that_has_not_heard_the_library_is_named(
    scanned: Path, words: list[str], name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for command in (["similar", "Dark 0"], ["vectors", "--npz", tmp_path / "v.npz"], ["export", tmp_path / "v.p"]):
        said = refusal(capsys, *command, *words, "--data", scanned)
        made, wanted = (shelf_of(scanned).take(ear).fingerprint for ear in ("musicnn", name))
        assert f"its vectors were made by {made}, which cannot be compared with those of {wanted}" in said
    assert list(tmp_path.iterdir()) == []


def test_two_ears_hear_side_by_side(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    music = scanned.parent / "music"
    report = answer(capsys, "scan", music, "--ear", "speccy", "--data", scanned, "--json")
    assert report["scanned"] == 4
    near = {name: answer(capsys, "similar", "Dark 0", "--ear", name, "--data", scanned, "--json") for name in EARS}
    assert near["speccy"] != near["musicnn"]
    assert answer(capsys, "similar", "Dark 0", "--data", scanned, "--json") == near["musicnn"]


def test_windows_are_said_of_an_ear(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Say --ear musicnn --windows all" in refusal(capsys, "similar", "x", "--windows", "all", "--data", scanned)


def test_an_ear_that_nobody_knows(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no ear is called 'vggish'" in refusal(capsys, "similar", "x", "--ear", "vggish", "--data", scanned)


def test_without_the_package_one_line_names_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nothing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", nothing)
    (tmp_path / "music").mkdir()
    said = refusal(capsys, "scan", tmp_path / "music", "--ear", "musicnn", "--data", tmp_path / "data")
    assert "Install it: pip install --no-deps musicnn==0.1.0" in said
