"""Another ear hears a library: beside the first, from where it stopped, and leaving nothing out unsaid."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from store_standins import EAR, OTHER_EAR, StandIn, write_wav

from segue.config import SCAN
from segue.store.ingest import ScanOptions, scan
from segue.store.library import Library
from segue.store.rehearing import Rehearing, hear_again
from segue.values import ScanProgress

HERE = Path(__file__).parent
FIRST = ScanOptions(replace(SCAN, workers=1), listener=StandIn())
SECOND = ScanOptions(replace(SCAN, workers=1), listener=StandIn(OTHER_EAR.fingerprint))


@pytest.fixture
def scanned(music: Path, library: Library) -> Library:
    scan([music], library, ear=EAR, options=FIRST)
    return library


def listen(library: Library, **options) -> Rehearing:
    return hear_again(library, OTHER_EAR, options=SECOND, **options)


def numbers(result: Rehearing) -> tuple[int, int, int, int, int]:
    return (result.heard, result.known, len(result.failures), len(result.away), len(result.changed))


def vectors(library: Library, ear=EAR) -> dict[str, bytes]:
    return {track_id: row.tobytes() for track_id, row in zip(*library.vectors(ear.fingerprint), strict=True)}


def test_all_is_heard_and_pooled_and_the_first_ear_keeps_what_it_has(scanned: Library) -> None:
    before = vectors(scanned)
    seen: list[ScanProgress] = []
    result = listen(scanned, on_progress=seen.append)
    assert numbers(result) == (6, 0, 0, 0, 0)
    assert (result.tracks, result.missing) == (6, 0)
    assert vectors(scanned) == before
    assert scanned.is_pooled(OTHER_EAR.fingerprint, "tfidf 0.03 smooth")
    assert [progress.phase for progress in seen][-1] == "pooling"
    assert {progress.total for progress in seen} == {6}
    assert seen[-1].done == 6
    assert {by.name: by.tracks for by in scanned.heard()} == {"other": 6, "": 6}


def test_the_second_time_there_is_nothing_to_do(scanned: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    listen(scanned)
    monkeypatch.setattr("segue.store.workers._Worker._start", lambda self: pytest.fail("a worker"))
    version = scanned.version()
    assert numbers(listen(scanned)) == (0, 6, 0, 0, 0)
    assert scanned.version() == version


def test_a_copy_stands_in_for_a_file_that_is_away(music: Path, library: Library) -> None:
    shutil.copy(music / "first" / "song 0.wav", music / "copy.wav")
    scan([music], library, ear=EAR, options=FIRST)
    (music / "copy.wav").unlink()
    assert numbers(listen(library)) == (6, 0, 0, 0, 0)


def test_what_is_away_or_changed_is_named_and_stays_as_it_was(scanned: Library, music: Path) -> None:
    before = vectors(scanned)
    (music / "first" / "song 0.wav").unlink()
    write_wav(music / "first" / "song 1.wav", 77)
    result = listen(scanned)
    assert numbers(result) == (4, 0, 0, 1, 1)
    assert (result.missing, result.away, result.changed) == (
        2,
        (music / "first" / "song 0.wav",),
        (music / "first" / "song 1.wav",),
    )
    assert vectors(scanned) == before
    assert scanned.failures() == ()


def test_a_file_that_changes_unseen_while_it_is_heard(scanned: Library, music: Path) -> None:
    """The same size and time but other sound: it must not pass for the track that was scanned."""
    song = music / "first" / "song 0.wav"
    status = song.stat()
    content = bytearray(song.read_bytes())
    content[1000] ^= 1
    song.write_bytes(content)
    os.utime(song, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert numbers(listen(scanned)) == (5, 0, 0, 0, 1)


def test_what_only_the_new_ear_cannot_hear_stays_in_the_library(music: Path, library: Library) -> None:
    """A scan by an ear that cannot hear a file dropped the track, though another ear had heard that very file."""
    song = write_wav(music / "a song for one.wav", 9)
    scan([music], library, ear=EAR, options=FIRST)
    deaf = replace(SECOND, listener=StandIn(OTHER_EAR.fingerprint, deaf_to="for one"))
    result = hear_again(library, OTHER_EAR, options=deaf)
    assert numbers(result) == (6, 0, 1, 0, 0)
    assert result.failures[0].path == song
    scan([music], library, ear=OTHER_EAR, options=deaf)
    assert len(library.tracks()) == 7
    assert len(vectors(library)) == 7
    assert [failure.path for failure in library.failures()] == [song]


def test_tracks_that_a_scan_adds_meanwhile_are_heard_too(scanned: Library, music: Path) -> None:
    late = write_wav(music / "late.wav", 50)

    def add(progress: ScanProgress) -> None:
        if progress.done == 3 and late.stem not in {track.info.title for track in scanned.tracks()}:
            scan([music], scanned, ear=EAR, options=FIRST)

    assert numbers(listen(scanned, on_progress=add)) == (7, 0, 0, 0, 0)


def test_it_can_be_stopped(scanned: Library) -> None:
    stop = threading.Event()
    result = listen(scanned, cancel=stop, on_progress=lambda p: stop.set() if p.done >= 2 else None)
    assert result.cancelled
    assert 2 <= result.heard < 6
    assert not scanned.is_pooled(OTHER_EAR.fingerprint, "tfidf 0.03 smooth")
    assert numbers(listen(scanned))[:2] == (6 - result.heard, result.heard)


def start(data: Path, wait_s: float) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])}
    command = [sys.executable, str(HERE / "rehear_driver.py"), str(data), str(wait_s)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def test_killed_twice_it_ends_as_if_it_had_not_been(scanned: Library, data: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "undisturbed")
    old, chance, kept = vectors(scanned), random.Random(2), 0
    for _ in range(2):
        child = start(data, 0.15)
        assert child.stdout is not None
        for line in child.stdout:
            if int(line.split()[1]) > kept:
                break
        time.sleep(chance.uniform(0, 0.2))
        child.send_signal(signal.SIGKILL)
        child.wait(30)
        child.stdout.close()
        heard = {by.fingerprint: by.tracks for by in scanned.heard()}.get(OTHER_EAR.fingerprint, 0)
        assert heard > kept  # nothing that had been told of is lost
        kept = heard
        assert vectors(scanned) == old
    assert numbers(listen(scanned)) == (6 - kept, kept, 0, 0, 0)
    with Library.open(tmp_path / "undisturbed") as undisturbed:
        listen(undisturbed)
        assert vectors(undisturbed, OTHER_EAR) == vectors(scanned, OTHER_EAR)
        for (one, these), (other, those) in zip(
            scanned.iter_slice_vectors(OTHER_EAR.fingerprint),
            undisturbed.iter_slice_vectors(OTHER_EAR.fingerprint),
            strict=True,
        ):
            assert one == other
            np.testing.assert_array_equal(these, those)
