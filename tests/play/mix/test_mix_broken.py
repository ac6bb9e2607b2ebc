"""Renderings that are killed, that run out of disk, and whose files are damaged or odd."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from segue.errors import DamagedAudioError, FileAccessError
from segue.listen.audio import iter_samples
from segue.play.mix.labels import Label
from segue.play.mix.pcm import Workshop
from segue.play.mix.plan import MixPlan, Part, plan_to_json
from segue.play.mix.render import RenderProgress, render
from segue.play.mix.timeline import iter_mix
from segue.values import TrackInfo
from tests.conftest import ROOT
from tests.play.mix.sounds import RATE_HZ, lufs, part_of, plan_of, song, write_song
from tests.tools import may_mount

DRIVER = Path(__file__).parent / "break_driver.py"


def drive(plan: Path, target: Path, *, megabytes: int = 0, wrap: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    command = [*wrap, sys.executable, str(DRIVER), str(plan), str(target), str(megabytes)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> MixPlan:
    """A minute and a third."""
    folder = tmp_path_factory.mktemp("long")
    samples = np.tile(song(120.0), (1, 2))[:, : 45 * RATE_HZ]
    part = part_of(write_song(folder / "long.flac", samples), samples, begin_s=0.4)
    return plan_of([part, replace(part, begin_s=1.9)], "eq", overlap_s=9.0)


@pytest.mark.parametrize("ending", ["mp3", "flac"])
def test_a_killed_rendering_goes_on_and_makes_the_same_bytes(long: MixPlan, tmp_path: Path, ending: str) -> None:
    whole, target = tmp_path / f"whole.{ending}", tmp_path / "here" / f"mix.{ending}"
    target.parent.mkdir()
    (tmp_path / "plan.json").write_text(plan_to_json(long), encoding="utf-8")
    running = drive(tmp_path / "plan.json", target)
    assert running.stdout is not None
    for line in running.stdout:
        if line.split()[:1] == ["rendering"] and float(line.split()[1]) >= 63.0:
            running.send_signal(signal.SIGKILL)
            break
    running.wait()
    running.stdout.close()
    left = [path.name for path in target.parent.iterdir()]
    assert len(left) == 1
    assert left[0].startswith(".segue-mix-")
    done = render(long, target, label=Label())
    assert done.resumed_s == 60.0
    render(long, whole, label=Label())
    assert target.read_bytes() == whole.read_bytes()
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_kept_sound_that_is_not_whole_is_made_anew(tmp_path: Path) -> None:
    block = np.arange(2 * RATE_HZ, dtype=np.int16).reshape(-1, 2)
    workshop = Workshop(tmp_path)
    for _ in range(125):
        workshop.add(block)
    assert workshop.seconds == 120
    assert Workshop(tmp_path).seconds == 120
    second = next(tmp_path.glob("000001-*.pcm"))
    with second.open("r+b") as file:
        file.seek(1000)
        file.write(b"damage")
    again = Workshop(tmp_path)
    assert again.seconds == 60
    assert sum(len(kept) for kept in again.iter_blocks()) == 60 * RATE_HZ


@pytest.mark.parametrize("same", [True, False])
def test_two_renderings_to_one_file_do_not_meet(long: MixPlan, tmp_path: Path, same: bool) -> None:
    plan = MixPlan((replace(long.parts[0], end_s=6.0),), ())
    other = plan if same else replace(plan, title="Another")
    refused: list[str] = []

    def render_another(progress: RenderProgress) -> None:
        if progress.phase == "rendering" and not refused:
            with pytest.raises(FileAccessError, match=r"mix\.wav: a mix is being made there already") as caught:
                render(other, tmp_path / "mix.wav")
            refused.append(str(caught.value))

    render(plan, tmp_path / "mix.wav", on_progress=render_another)
    assert refused
    assert [path.name for path in tmp_path.iterdir()] == ["mix.wav"]


def test_another_plan_for_the_same_file_begins_anew(long: MixPlan, tmp_path: Path) -> None:
    stale = tmp_path / ".segue-mix-of-another"
    stale.mkdir()
    plan = MixPlan((replace(long.parts[0], end_s=3.0),), ())
    assert render(plan, tmp_path / "mix.wav").resumed_s == 0.0
    assert sorted(path.name for path in tmp_path.iterdir()) == [".segue-mix-of-another", "mix.wav"]


@pytest.mark.skipif(not may_mount(Path("/tmp")), reason="the system lets nobody mount a disk of his own")
@pytest.mark.parametrize(("megabytes", "ending"), [(3, "mp3"), (20, "mp3"), (20, "m4a"), (20, "opus")])
def test_a_full_disk_is_said_and_nothing_is_left(long: MixPlan, tmp_path: Path, megabytes: int, ending: str) -> None:
    """One that has no room to begin with, and one that fills up on the way."""
    disk = tmp_path / "disk"
    disk.mkdir()
    plan = MixPlan((replace(long.parts[0], end_s=22.0),), ())
    (tmp_path / "plan.json").write_text(plan_to_json(plan), encoding="utf-8")
    running = drive(tmp_path / "plan.json", disk / f"mix.{ending}", megabytes=megabytes, wrap=("unshare", "-Urm"))
    said, _ = running.communicate(timeout=120)
    assert running.returncode == 1, said
    told, left = said.splitlines()[-2:]
    assert told.startswith(f"FileAccessError: {disk}/mix.{ending}: ")
    if megabytes == 3:
        assert "the mix needs 5 MB there while it is made, and 3 MB are free" in told
        assert "rendering" not in said
        assert left == "left []"
    else:
        assert "the disk is full. Free some space" in told
        assert left == "left ['something else']"


FORMS = {
    "mono.wav": ("-ac", "1"),
    "low.wav": ("-ar", "8000"),
    "high.flac": ("-ar", "96000", "-sample_fmt", "s32"),
    "surround.flac": ("-af", "pan=5.1|FL=FL|FR=FR|FC=0*FL|LFE=0.5*FL|BL=0*FL|BR=0*FL"),
    "vbr without a length.mp3": ("-c:a", "libmp3lame", "-q:a", "2", "-write_xing", "0", "-id3v2_version", "0"),
    "long frames.m4a": ("-c:a", "aac", "-b:a", "192k"),
    "48 kHz.opus": ("-c:a", "libopus", "-b:a", "160k"),
}


@pytest.mark.ffmpeg
@pytest.mark.parametrize("name", FORMS)
def test_files_of_any_form_are_played_where_they_should_be_and_as_loud(tmp_path: Path, name: str) -> None:
    """It begins where it was told to, and is as loud as the file is by itself."""
    samples = song(120.0)[:, : 20 * RATE_HZ]
    source, path = write_song(tmp_path / "source.flac", samples), tmp_path / name
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(source), *FORMS[name], str(path)]
    subprocess.run(command, check=True, timeout=60)
    part = Part(path, TrackInfo("odd"), 4.4, 19.4, -12.0)
    mix = np.concatenate(list(iter_mix(MixPlan((part,), ()))), axis=1)
    wanted = samples[:, round(4.4 * RATE_HZ) : round(19.4 * RATE_HZ)] * 10.0 ** (-12.0 / 20.0)
    assert mix.shape == wanted.shape
    assert lufs(mix) == pytest.approx(own_lufs(path) - 12.0, abs=0.4)  # its first seconds, left out, are no louder
    shift = _shift(mix.mean(axis=0), wanted.mean(axis=0))
    assert abs(shift) <= (1200 if "xing" in " ".join(FORMS[name]) else 8)  # LAME's delay, where no header tells of it


def own_lufs(path: Path) -> float:
    """Loudness of a file as it stands, all its channels and its own rate."""
    blocks: list[tuple[np.ndarray, int]] = []
    for _ in iter_samples(path, on_native=lambda planes, rate_hz: blocks.append((planes.copy(), rate_hz))):
        pass
    return lufs(np.concatenate([planes for planes, _ in blocks], axis=1), rate_hz=blocks[0][1])


def _shift(found: np.ndarray, wanted: np.ndarray) -> int:
    """By how many samples one sound lies behind another."""
    size = 1 << 21
    product = np.fft.irfft(np.fft.rfft(found, size) * np.conj(np.fft.rfft(wanted, size)), size)
    at = int(np.argmax(product))
    return at if at < size // 2 else at - size


@pytest.mark.ffmpeg
def test_a_file_that_is_damaged_from_its_middle_on_stops_the_mix_by_its_name(tmp_path: Path) -> None:
    samples = song(120.0)
    good = part_of(write_song(tmp_path / "good.flac", samples), samples, begin_s=0.4)
    bad = tmp_path / "bad.mp3"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(good.path), "-b:a", "192k", str(bad)]
    subprocess.run(command, check=True, timeout=60)
    data = bytearray(bad.read_bytes())
    rng = np.random.default_rng(3)
    data[len(data) // 4 :] = rng.integers(0, 256, len(data) - len(data) // 4, np.uint8).tobytes()
    bad.write_bytes(bytes(data))
    plan = plan_of([good, replace(good, path=bad), good], "fade")
    with pytest.raises(DamagedAudioError, match=r"bad\.mp3: "):
        render(plan, tmp_path / "mix.flac")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.mp3", "good.flac"]


@pytest.mark.parametrize("place", ["middle", "last", "alone"])
def test_a_file_that_is_no_sound_for_much_of_its_length_stops_the_mix_wherever_it_plays(
    tmp_path: Path, place: str
) -> None:
    """A damaged file that came last was rendered with its holes."""
    samples = song(120.0).copy()
    good = part_of(write_song(tmp_path / "good.flac", samples), samples, begin_s=0.4)
    samples[:, 5 * RATE_HZ : 20 * RATE_HZ] = np.nan
    wavfile.write(tmp_path / "bad.wav", RATE_HZ, samples.T)
    bad = replace(good, path=tmp_path / "bad.wav", end_s=22.0, true_peak_dbtp=-30.0)  # its level is not looked at
    parts = {"middle": [good, bad, good], "last": [good, bad], "alone": [bad]}[place]
    with pytest.raises(DamagedAudioError, match=r"bad\.wav: "):
        render(plan_of(parts, "fade"), tmp_path / "mix.flac")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.wav", "good.flac"]
