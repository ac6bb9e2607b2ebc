"""`segue live` from words to answer: files, pipes, microphones that are not there; and nothing is written."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segue.cli.live_screen import Screen, moment_line
from segue.cli.start import main
from segue.errors import MicrophoneError, ParameterError
from segue.listen import microphone
from segue.listen.microphone import InputDevice, choose_device, input_devices, iter_microphone
from segue.listen.piped import RawFormat
from segue.listen.sounding import Level
from segue.live import Moment, Playing
from segue.values import TrackId
from tests.command_line import refusal
from tests.conftest import ROOT
from tests.songs import RATE_HZ, band_song, write_samples

LIVE = ["live", "--min-length", "0"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three songs in ``music``, and their library in ``data``."""
    folder = tmp_path_factory.mktemp("cli-live")
    for seed in range(3):
        write_samples(folder / "music" / f"Song {seed}.wav", band_song(seed, seconds=16.0))
    assert main(["scan", str(folder / "music"), "--data", str(folder / "data"), "--json", "--workers", "1"]) == 0
    return folder


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder, its size and time of change; SQLite's files for locks, if they hold nothing, aside."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.stat()
        is_lock = path.name.endswith("-shm") or (path.name.endswith("-wal") and status.st_size == 0)
        if path.is_file() and not is_lock:
            found[str(path)] = (status.st_size, status.st_mtime_ns)
    return found


def segue(folder: Path, *words: str, stdin: bytes = b"", cwd: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "segue.cli", *LIVE, "--data", str(folder / "data"), *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, input=stdin, capture_output=True, check=False, cwd=cwd, env=environment)


def rows(out: str | bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_file_and_pipes_are_heard_alike_and_nothing_is_written(folder: Path, tmp_path: Path) -> None:
    song = folder / "music" / "Song 1.wav"
    raw = (band_song(1, seconds=16.0) * 32767).astype("<i2").tobytes()
    before = state(folder)
    by_file = segue(folder, "--input", str(song), "--json", cwd=tmp_path)
    by_pipe = segue(folder, "--input", "-", "--json", stdin=song.read_bytes(), cwd=tmp_path)
    by_raw = segue(folder, "--input", "-", "--raw", f"s16:{RATE_HZ}", "--json", stdin=raw, cwd=tmp_path)
    assert state(folder) == before
    assert state(tmp_path) == {}
    heard = rows(by_file.stdout)
    assert [row["kind"] for row in heard] == ["music"] * 3
    assert heard[-1]["playing"]["title"] == "Song 1"
    assert {row["title"] for row in heard[-1]["next"]} == {"Song 0", "Song 2"}
    assert rows(by_pipe.stdout) == rows(by_raw.stdout) == heard
    assert by_file.stderr == by_pipe.stderr == by_raw.stderr == b""


def test_lines_in_a_pipe_end_quietly_when_nobody_reads_on(folder: Path, tmp_path: Path) -> None:
    command = (
        f"{sys.executable} -m segue.cli live --data '{folder / 'data'}' --input '{folder / 'music' / 'Song 0.wav'}'"
    )
    done = subprocess.run(
        f"{command} | head -n 1", shell=True, capture_output=True, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stderr == b""
    assert done.stdout.startswith(b"  0:05  music ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--input", "nowhere.mp3"], "nowhere.mp3"),
        (["--raw", "s16:44100:2"], "said of what comes through a pipe"),
        (["--real-time"], "said of a file"),
        (["--input", "x.mp3", "--device", "1"], "said of a microphone"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main([*LIVE, "--data", str(folder / "data"), *words]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_what_is_too_short_is_said(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ended without a word, and well."""
    write_samples(tmp_path / "short.wav", band_song(1, seconds=2.0))
    said = refusal(capsys, *LIVE, "--input", tmp_path / "short.wav", "--data", folder / "data")
    assert "short.wav: it lasts 2.00 s; 5" in said
    assert "s are the least that can be heard. Let Segue hear something longer" in said
    done = segue(folder, "--input", "-", stdin=(tmp_path / "short.wav").read_bytes(), cwd=tmp_path)
    assert done.stderr.startswith(b"segue: it lasts 2.0")
    assert done.returncode == 1


def test_ctrl_c_at_a_terminal_ends_it_cleanly(folder: Path) -> None:
    """A song at its own pace, stopped in its midst: the screen stays, nothing is said, and the exit code is 0."""
    song = folder / "music" / "Song 0.wav"
    command = [*LIVE, "--data", str(folder / "data"), "--input", str(song), "--real-time"]
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover - another process
        os.execve(
            sys.executable, [sys.executable, "-m", "segue.cli", *command], {**os.environ, "PYTHONPATH": str(ROOT)}
        )
    shown = b""
    try:
        while b"listening ..." not in shown:
            shown += os.read(terminal, 4096)
        os.write(terminal, b"\x03")
        while True:
            shown += os.read(terminal, 4096)
    except OSError:  # the other end is closed: it has ended
        pass
    finally:
        os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    after = shown.decode().rpartition("^C")[2]
    assert "Traceback" not in shown.decode()
    assert "segue:" not in after


def test_a_pipe_of_no_audio_or_of_nothing_says_so(folder: Path, tmp_path: Path) -> None:
    for sent, said in (
        (b"", b"nothing came through the pipe"),
        (b"no song " * 999, b"no audio"),
        (b"#EXTM3U\nx", b"playlist"),
    ):
        done = segue(folder, "--input", "-", stdin=sent, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (1, b"")
        assert said in done.stderr
        assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("text", ["s16", "s24:44100", "s16:10", "s16:44100:0", "s16:44100:99", ""])
def test_wrong_forms_of_raw_sound_are_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="s16:44100:2"):
        RawFormat.of(text)
    assert RawFormat.of("f32:48000:2") == RawFormat("f32", 48_000, 2)


class PortAudioError(Exception):
    """As sounddevice's."""


class Sound:
    """A stand-in for sounddevice, as there is no microphone where tests run; it fails in the ways of the real one."""

    PortAudioError = PortAudioError

    def __init__(self, *, refuses: str = "", blocks: int = 3) -> None:
        self._refuses, self._blocks = refuses, blocks
        self.default = type("Default", (), {"device": (1, 0)})
        self.closed = False

    def query_devices(self) -> list[dict[str, Any]]:
        kinds = (("Speakers", 0), ("Microphone", 1), ("Line in", 2))
        return [{"name": n, "max_input_channels": c, "default_samplerate": 48000.0} for n, c in kinds]

    def InputStream(self, *, callback: Any, blocksize: int, channels: int, **_: Any) -> Any:  # noqa: N802
        if self._refuses:
            raise PortAudioError(self._refuses)
        sound = self

        class Stream:
            active = True

            def start(self) -> None:
                for _ in range(sound._blocks):
                    callback(np.full((blocksize, channels), 0.5, np.float32), blocksize, None, None)
                self.active = False  # unplugged

            def abort(self, *, ignore_errors: bool) -> None:
                assert ignore_errors

            def close(self, *, ignore_errors: bool) -> None:
                sound.closed = ignore_errors

        return Stream()


def use(monkeypatch: pytest.MonkeyPatch, sound: Sound) -> Sound:
    monkeypatch.setitem(sys.modules, "sounddevice", sound)
    return sound


def test_microphones_are_listed_and_chosen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    use(monkeypatch, Sound())
    devices = input_devices()
    assert [(d.number, d.name, d.is_default) for d in devices] == [(1, "Microphone", True), (2, "Line in", False)]
    assert choose_device(devices, None).number == 1
    assert choose_device(devices, 2).name == "Line in"
    with pytest.raises(ParameterError, match="Say one of 1, 2"):
        choose_device(devices, 7)
    with pytest.raises(MicrophoneError, match="there is no microphone"):
        choose_device((), None)
    assert main(["live", "--list-devices"]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("*  1  Microphone")


def test_what_was_recorded_comes_and_an_unplugged_microphone_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = use(monkeypatch, Sound(blocks=3))
    device = InputDevice(2, "Line in", 2, 48_000, is_default=False)
    got: list[tuple[int, np.ndarray]] = []
    with pytest.raises(MicrophoneError, match="no more sound comes from 'Line in'"):
        got.extend(iter_microphone(device))
    assert [(rate_hz, len(piece)) for rate_hz, piece in got] == [(48_000, 4_800)] * 3
    assert sound.closed


@pytest.mark.parametrize(
    ("refuses", "said"),
    [
        ("Error opening InputStream: Invalid sample rate [PaErrorCode -9997]", "Say another one with --rate"),
        ("Error opening InputStream: Device unavailable [PaErrorCode -9985]", "in use, or may not be used"),
        ("Unanticipated host error", "cannot be recorded from"),
    ],
)
def test_a_microphone_that_refuses_is_explained(monkeypatch: pytest.MonkeyPatch, refuses: str, said: str) -> None:
    use(monkeypatch, Sound(refuses=refuses))
    with pytest.raises(MicrophoneError, match=said):
        next(iter_microphone(InputDevice(1, "Microphone", 1, 48_000, is_default=True)))


def test_a_missing_portaudio_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Finder:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with pytest.raises(MicrophoneError, match="libportaudio2"):
        microphone.input_devices()


def test_the_screen_draws_over_itself_and_steers_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    level = Level(-20.0, -3.0, clipped=True)
    playing = Playing(TrackId("a"), "Evil\x1b[2J", "", 0.9)
    moment = Moment(65.0, "music", level, new_song=True, heard_s=30.0, playing=playing, next=())
    monkeypatch.setattr("segue.cli.live_screen._REDRAW_S", 0.0)
    screen = Screen()
    screen.meter(np.full(100, 0.1, np.float32))
    screen.show(moment)
    screen.close()
    drawn = capsys.readouterr().out
    assert drawn.count("\x1b[") == 3  # cleared, gone up, cleared
    assert "This sounds like Evil\\x1b[2J" in drawn
    assert moment_line(moment) == (
        "  1:05  music             -20.0 dBFS  too loud: turn the input down  another song  sounds like Evil\\x1b[2J"
    )
