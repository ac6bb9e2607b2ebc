"""What `segue doctor` says of places that are not there or cannot be written, and that it makes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from segue.cli.start import main
from segue.store.library import Library
from tests.conftest import ROOT
from tests.store_heard import add, heard
from tests.tools import may_mount

READ_ONLY = "mount --bind {0} {0} && mount -o remount,ro,bind {0} && exec {1} -m segue.cli doctor --json --data {0}"


def all_in(folder: Path) -> dict[str, bytes]:
    """Every file, but for what SQLite keeps beside a database that is read."""
    own = ("library.db-wal", "library.db-shm")
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name not in own}


def test_a_data_folder_that_is_not_there_is_said_and_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was made, with the second ear's network in it, and all was well."""
    data = tmp_path / "mistyped"
    assert main(["doctor", "--data", str(data)]) == 1
    said = capsys.readouterr().out
    assert f"BAD data folder: {data} is not there. Check the path that --data names" in said
    assert not data.exists()


def test_the_usual_folder_need_not_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("segue.cli.words.DATA", tmp_path / "usual")
    monkeypatch.setattr("segue.cli.doctor.DATA", tmp_path / "usual")
    assert main(["doctor"]) == 0, capsys.readouterr().out
    assert "ok  library: none in" in capsys.readouterr().out
    assert not (tmp_path / "usual").exists()


def test_looking_changes_nothing_in_a_data_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second ear's network was built in its cache, though the library goes by another."""
    data = tmp_path / "data"
    with Library.open(data) as library:
        add(library, heard(1), "/music/1.mp3")
    before = all_in(data)
    main(["doctor", "--data", str(data)])
    assert "sound" in capsys.readouterr().out
    assert all_in(data) == before
    assert not (data / "cache").exists()


@pytest.mark.skipif(not may_mount(Path("/tmp")), reason="the system lets nobody mount a disk of his own")
def test_a_library_that_cannot_be_written_is_looked_at_as_any_other(tmp_path: Path) -> None:
    """It could not be opened, it said, though every other command read it."""
    data = tmp_path / "data"
    with Library.open(data) as library:
        add(library, heard(1), "/music/1.mp3")
    words = ["unshare", "-Urm", "sh", "-c", READ_ONLY.format(data, sys.executable)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120, env=environment)
    said = [finding for finding in json.loads(done.stdout) if finding["what"] == "library"]
    assert [finding["good"] for finding in said] == [True], said
    assert said[0]["state"].startswith("1 tracks in 1 files")
    assert sorted(path.name for path in data.iterdir()) == ["library.db"]
