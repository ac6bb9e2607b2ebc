"""Making the demo library: whole, once, resumed after a kill, and honest about a disk that refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from segue.demo import writer
from segue.demo.library import MANIFEST, demo_manifest, make_demo
from segue.errors import FileAccessError, ParameterError
from tests.demo.listening import decoded

STYLE = ["chiptune"]  # the quickest


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    seen = []
    report = make_demo(folder, styles=STYLE, on_progress=lambda done, total: seen.append((done, total)))
    return folder, report, seen


def test_makes_every_track_and_counts_them(demo):
    folder, report, seen = demo
    assert (report.tracks, report.composed) == (10, 10)
    assert seen == [(done, 10) for done in range(11)]
    tracks = demo_manifest(folder)
    assert len(tracks) == 10
    assert all((folder / track.file).stat().st_size > 100_000 for track in tracks)
    assert all(len(track.file.split("/")) == 3 for track in tracks)
    assert {p.name for p in folder.iterdir() if p.is_file()} == {MANIFEST}, "nothing temporary is left"


def test_the_manifest_is_true(demo):
    folder, _, _ = demo
    for track in demo_manifest(folder):
        assert decoded(folder / track.file).shape[1] / 44_100 == pytest.approx(track.duration_s, abs=0.1)
        assert track.style == "chiptune"
        assert track.file.startswith(f"{track.artist}/{track.album}/")


def test_a_second_run_does_nothing(demo):
    folder, _, _ = demo
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert make_demo(folder, styles=STYLE).composed == 0
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_missing_track_is_made_again_with_the_same_samples_by_one_worker(demo):
    folder, _, _ = demo
    lost = next(folder / track.file for track in demo_manifest(folder) if track.file.endswith(".flac"))
    samples, manifest = decoded(lost), (folder / MANIFEST).read_bytes()
    lost.unlink()
    assert make_demo(folder, styles=STYLE, workers=1).composed == 1
    np.testing.assert_array_equal(decoded(lost), samples)
    assert (folder / MANIFEST).read_bytes() == manifest


@pytest.mark.slow
def test_a_killed_run_goes_on(tmp_path):
    """What was finished before the kill is kept; no half-written file stands under a track's name."""
    program = "\n".join(
        [
            "import sys, pathlib",
            "from segue.demo.library import make_demo",
            "make_demo(pathlib.Path(sys.argv[1]), styles=['chiptune'], workers=1)",
        ]
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)])
    journal = tmp_path / ".demo-tracks"
    until = time.monotonic() + 60
    while not (journal.exists() and len(journal.read_text().splitlines()) >= 2) and time.monotonic() < until:
        time.sleep(0.02)
    child.kill()
    child.wait()
    with pytest.raises(FileAccessError):
        demo_manifest(tmp_path)
    with journal.open("a") as file:
        file.write('{"version": 1, "se')  # killed in the middle of a line
    report = make_demo(tmp_path, styles=STYLE)
    assert 2 <= 10 - report.composed < 10
    assert len(demo_manifest(tmp_path)) == 10


@pytest.mark.slow
@pytest.mark.parametrize("sign", ["", ".demo-tracks"], ids=["while the workers begin", "after the first track"])
def test_ctrl_c_stops_it_without_a_traceback(tmp_path, sign):
    """Each composing process printed a KeyboardInterrupt of its own over the one line of the command."""
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "segue.cli", "demo", str(folder)]
    child = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=_heed_ctrl_c
    )
    until = time.monotonic() + 60
    while not (folder / sign).exists() and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.3)
    os.killpg(child.pid, signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "Traceback" not in said
    assert "segue: stopped" in said
    assert not list(folder.rglob(".segue-*")), "no half file is left"
    assert len([path for path in folder.rglob("*.*") if path.is_file()]) < 10, "it went on composing"


def _heed_ctrl_c():
    """What a shell starts in the background is deaf to SIGINT, and so would be its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_another_seed_makes_another_library(demo, tmp_path):
    """A folder that holds the demo of one seed does not pass for that of another."""
    folder, _, _ = demo
    (tmp_path / MANIFEST).write_bytes((folder / MANIFEST).read_bytes())
    rows = json.loads((tmp_path / MANIFEST).read_text())
    seen = []
    with pytest.raises(RuntimeError, match="enough"):
        make_demo(tmp_path, seed=rows["seed"] + 1, styles=STYLE, on_progress=lambda done, total: _stop(seen, done))
    assert seen == [0]


def _stop(seen, done):
    seen.append(done)
    raise RuntimeError("enough")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused_in_words(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(FileAccessError, match="permission denied"):
        make_demo(tmp_path / "demo", styles=STYLE)


def test_a_file_in_the_folders_place_is_refused_in_words(tmp_path):
    (tmp_path / "demo").write_text("no folder")
    with pytest.raises(FileAccessError, match="demo"):
        make_demo(tmp_path / "demo", styles=STYLE)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_refused_in_words(tmp_path, monkeypatch):
    """The encoder's own message for a full disk becomes ours, and the half-written file goes."""
    real = writer.write_audio

    def onto_full(path, samples, *, extension):
        path.unlink()
        path.symlink_to("/dev/full")
        real(path, samples, extension=extension)

    monkeypatch.setattr(writer, "write_audio", onto_full)
    with pytest.raises(FileAccessError, match="full"):
        make_demo(tmp_path, styles=STYLE, workers=1)
    assert not list(tmp_path.rglob("*.mp3"))


def test_no_manifest_and_a_damaged_one(tmp_path):
    with pytest.raises(FileAccessError, match="not there"):
        demo_manifest(tmp_path)
    (tmp_path / MANIFEST).write_text("[")
    with pytest.raises(FileAccessError, match="no list of demo tracks"):
        demo_manifest(tmp_path)


def test_unknown_style_and_no_workers(tmp_path):
    with pytest.raises(ParameterError, match="polka"):
        make_demo(tmp_path, styles=["polka"])
    with pytest.raises(ParameterError, match="0 workers"):
        make_demo(tmp_path, workers=0)


def test_asking_for_the_demo_is_light():
    """The app imports this module at its start: what only composing needs may not come with it."""
    heavy = "av", "PIL", "mutagen", "scipy.signal"
    program = f"import sys, segue.demo.library; print([name for name in {heavy!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
