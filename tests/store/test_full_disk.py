"""A disk that is full for real: a small one, mounted in a name space of the test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from store_standins import write_wav

from tests.conftest import ROOT
from tests.tools import may_mount

SONGS = 30


@pytest.mark.skipif(not may_mount(Path("/tmp")), reason="the system lets nobody mount a disk of his own")
def test_a_full_disk_ends_the_scan_in_words_and_the_next_goes_on(tmp_path: Path) -> None:
    music, disk = tmp_path / "music", tmp_path / "disk"
    disk.mkdir()
    for seed in range(SONGS):
        write_wav(music / f"{seed}.wav", seed, seconds=6)
    here = Path(__file__).parent
    words = ["unshare", "-Urm", sys.executable, str(here / "full_disk_driver.py"), str(music), str(disk)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{here}"}
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert "library.db: the disk is full. Free some space; what was scanned so far is kept" in said["error"]
    assert said["integrity"] == "ok"
    assert said["damage"] == []
    assert 0 < said["kept"] < SONGS
    assert said["again"] == [SONGS - said["kept"], 0, said["kept"], 0, 0]
    assert said["pooled"]
