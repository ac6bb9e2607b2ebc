from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from store_standins import EAR, write_wav

from segue.store.library import Library

HERE = Path(__file__).parent
WAIT_S = 0.15


@pytest.fixture
def many(tmp_path: Path) -> Path:
    for seed in range(16):
        write_wav(tmp_path / "many" / f"{seed:02d}.wav", seed, seconds=2 + seed / 10)
    return tmp_path / "many"


def start(music: Path, data: Path, *, wait_s: float = WAIT_S) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])}
    command = [sys.executable, str(HERE / "kill_driver.py"), str(music), str(data), str(wait_s)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def children_of(pid: int) -> list[int]:
    """Processes whose parent it is, from /proc."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(status.parent.name))
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill_when(scan: subprocess.Popen[str], *, done: int, after_s: float) -> None:
    """``kill -9`` a little after it has told of so many files, or of its end."""
    assert scan.stdout is not None
    for line in scan.stdout:
        if int(line.split()[1]) >= done:
            break
    time.sleep(after_s)
    scan.send_signal(signal.SIGKILL)
    scan.wait(30)
    scan.stdout.close()


def contents(data: Path) -> list[tuple[object, ...]]:
    """Everything that a scan is to find out, byte by byte."""
    with Library.open(data) as library:
        ids, matrix = library.vectors(EAR.fingerprint)
        slices = dict(library.iter_slice_vectors(EAR.fingerprint))
        return [
            (track.id, track.paths, track.info, matrix[ids.index(track.id)].tobytes(), slices[track.id].tobytes())
            for track in library.tracks()
        ]


def scan_to_the_end(music: Path, data: Path) -> None:
    with start(music, data, wait_s=0.0) as scan:
        assert scan.communicate(timeout=120)[0]
    assert scan.returncode == 0


@pytest.mark.slow
def test_a_scan_killed_ten_times_ends_as_if_it_had_not_been(many: Path, tmp_path: Path) -> None:
    chance = random.Random(10)
    kept = 0
    for _ in range(10):
        kill_when(start(many, tmp_path / "killed"), done=kept + 1, after_s=chance.uniform(0, 2 * WAIT_S))
        with Library.open(tmp_path / "killed") as library:
            counts = library.counts()
            assert counts.tracks == counts.files
            assert counts.tracks > kept  # nothing that had been told of is lost
            kept = min(counts.tracks, 15)
    scan_to_the_end(many, tmp_path / "killed")
    scan_to_the_end(many, tmp_path / "undisturbed")
    assert len(contents(tmp_path / "killed")) == 16
    assert contents(tmp_path / "killed") == contents(tmp_path / "undisturbed")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for the processes in /proc")
def test_the_workers_of_a_killed_scan_end_too(many: Path, tmp_path: Path) -> None:
    scan = start(many, tmp_path / "data", wait_s=30.0)  # the workers are in the middle of a file
    deadline = time.monotonic() + 30
    while len(workers := children_of(scan.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.0)
    workers = children_of(scan.pid)
    assert len(workers) >= 2
    kill_when(scan, done=0, after_s=0)
    deadline = time.monotonic() + 60
    while any(is_running(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in workers if is_running(pid)] == []


def workers_of(scan: subprocess.Popen[str]) -> list[int]:
    """The children that are workers; another one keeps count of what they share."""
    found = []
    for pid in children_of(scan.pid):
        with suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def hit_workers(
    scan: subprocess.Popen[str], hits: list[signal.Signals], chance: random.Random, *, pause_s: float
) -> int:
    """Send each signal to a worker, at random moments; how many found one."""
    found = 0
    for hit in hits:
        time.sleep(chance.uniform(0.5, 1.0) * pause_s)
        while not (workers := workers_of(scan)):  # between two of them
            assert scan.poll() is None, f"the scan ended after {found} hits"
            time.sleep(0.1)
        with suppress(ProcessLookupError):
            os.kill(chance.choice(workers), hit)
            found += 1
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for the processes in /proc")
def test_ten_workers_killed_and_ten_stopped_cost_nothing(tmp_path: Path) -> None:
    """A good file failed because somebody had killed the process that was at it."""
    music, files = tmp_path / "music", 90
    for seed in range(files):
        write_wav(music / f"{seed:02d}.wav", seed, seconds=2 + seed / 50)
    chance = random.Random(10)
    hits = [signal.SIGKILL, signal.SIGSTOP] * 10
    chance.shuffle(hits)
    with start(music, tmp_path / "hit", wait_s=0.8) as scan:
        assert hit_workers(scan, hits, chance, pause_s=2.0) == 20
        assert scan.communicate(timeout=300)[0]
    assert scan.returncode == 0
    scan_to_the_end(music, tmp_path / "undisturbed")
    with Library.open(tmp_path / "hit") as library:
        assert library.failures() == ()
    assert len(contents(tmp_path / "hit")) == files
    assert contents(tmp_path / "hit") == contents(tmp_path / "undisturbed")
