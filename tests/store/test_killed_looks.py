"""``kill -9`` at random moments of a scan in two passes: no vector is lost that was told of, and none is mixed up."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from look_driver import EAR, QUICK
from store_standins import write_wav

from segue.store.library import Library

HERE = Path(__file__).parent
FILES = 16


@pytest.fixture
def many(tmp_path: Path) -> Path:
    for seed in range(FILES):
        write_wav(tmp_path / "many" / f"{seed:02d}.wav", seed, seconds=2 + seed / 10)
    return tmp_path / "many"


def start(music: Path, data: Path, *, wait_s: float) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])}
    command = [sys.executable, str(HERE / "look_driver.py"), str(music), str(data), str(wait_s)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def kill_in(scan: subprocess.Popen[str], *, phase: str, after_s: float) -> str:
    """``kill -9`` a little after a phase has moved on; returns what it had told of last."""
    assert scan.stdout is not None
    steps = 0
    last = ""
    for line in scan.stdout:
        last = line.strip()
        steps += line.startswith(phase)
        if steps == 2 or line.startswith("pooling"):
            break
    time.sleep(after_s)
    scan.send_signal(signal.SIGKILL)
    scan.wait(30)
    scan.stdout.close()
    return last


def contents(data: Path) -> list[tuple[object, ...]]:
    """Everything that a scan is to find out, byte by byte, and which ears have left anything."""
    with Library.open(data) as library:
        ids, matrix = library.vectors(EAR.fingerprint)
        slices = dict(library.iter_slice_vectors(EAR.fingerprint))
        tracks = [
            (track.id, track.paths, track.info, matrix[ids.index(track.id)].tobytes(), slices[track.id].tobytes())
            for track in library.tracks()
        ]
        return [*tracks, (library.chosen_ear(), library.fingerprints())]


def scan_to_the_end(music: Path, data: Path) -> None:
    with start(music, data, wait_s=0.0) as scan:
        assert scan.communicate(timeout=120)[0]
    assert scan.returncode == 0


def check_not_mixed_up(data: Path) -> tuple[int, int]:
    """How many tracks each of the two ears has heard; every vector must be its own ear's."""
    with Library.open(data) as library:
        counts = library.counts()
        assert counts.tracks == counts.files
        heard = {by.fingerprint: (by.tracks, by.slices) for by in library.heard()}
        assert set(heard) <= {EAR.fingerprint, QUICK.fingerprint}
        looked_at, glances = heard.get(QUICK.fingerprint, (0, 0))
        assert glances == looked_at  # one slice each, and no slice of the whole hearing
        chosen = library.chosen_ear()
        assert chosen is not None
        assert len(library.vectors(chosen).ids) == heard.get(chosen, (0, 0))[0]
        return looked_at, heard.get(EAR.fingerprint, (0, 0))[0]


@pytest.mark.slow
def test_a_scan_killed_ten_times_ends_as_if_it_had_not_been(many: Path, tmp_path: Path) -> None:
    chance = random.Random(10)
    before = (0, 0)
    for phase in ["quick-look"] * 5 + ["listening"] * 5:
        scan = start(many, tmp_path / "killed", wait_s=0.3)
        kill_in(scan, phase=phase, after_s=chance.uniform(0, 0.5))
        now = check_not_mixed_up(tmp_path / "killed")
        assert now[0] >= before[0] or now[1] == FILES  # only the whole hearing's taking over drops the quick look
        assert now[1] >= before[1]
        before = now
    scan_to_the_end(many, tmp_path / "killed")
    scan_to_the_end(many, tmp_path / "undisturbed")
    ended = contents(tmp_path / "killed")
    assert len(ended) == FILES + 1
    assert ended[-1] == (EAR.fingerprint, (EAR.fingerprint,))
    assert ended == contents(tmp_path / "undisturbed")
