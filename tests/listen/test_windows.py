from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from segue.errors import NotAudioError, PlaylistFileError
from segue.listen.audio import read_samples
from segue.listen.windows import Windows, read_windows
from segue.values import Floats
from tests.listen.conftest import write_wav

RATE, SECONDS = 22_050, 60.0


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of dull noise, no part of which is like another; dull, since a window may begin between two samples."""
    rng = np.random.default_rng(4)
    samples = np.convolve(rng.normal(scale=0.3, size=round(SECONDS * 44_100)), np.ones(100) / 50, mode="same")
    samples *= 0.6 + 0.4 * np.sin(np.arange(len(samples)) / 44_100)
    return write_wav(tmp_path_factory.mktemp("windows") / "noise.wav", samples.astype(np.float32))


def encode(source: Path, name: str, *options: str) -> Path:
    target = source.with_name(name)
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(source), *options, f"file:{target}"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return target


def look(path: Path, *, count: int = 4, seconds: float = 5.0) -> Windows | None:
    return read_windows(path, count=count, seconds=seconds, sample_rate_hz=RATE)


def place_of(window: Floats, whole: Floats) -> tuple[float, float]:
    """Where in a whole track a window lies, in seconds, and how alike they are there."""
    size = 1 << (len(window) + len(whole)).bit_length()
    crossed = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(window, size)))
    at = int(np.argmax(crossed[: len(whole) - len(window) + 1]))
    there = whole[at : at + len(window)]
    return at / RATE, float(crossed[at] / (np.linalg.norm(window) * np.linalg.norm(there)))


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    ("name", "options", "slack_s"),
    [
        ("a.flac", (), 0.001),
        ("seekless.flac", ("-write_header", "0"), 0.001),  # raw frames: no length in the header
        ("a.mp3", ("-b:a", "192k"), 0.06),
        ("a.ogg", ("-c:a", "libvorbis"), 0.06),
        ("a.opus", ("-c:a", "libopus"), 0.06),
        ("a.m4a", ("-c:a", "aac"), 0.06),
        ("alac.m4a", ("-c:a", "alac"), 0.001),
        ("a.wav", (), 0.001),
        ("a.wma", ("-c:a", "wmav2"), 0.2),
    ],
)
def test_windows_lie_in_the_middles_of_equal_parts(noise: Path, name: str, options: tuple[str, ...], slack_s: float):
    """Sought windows are, sample by sample, what a decode from the beginning gives at that place."""
    path = noise if name == "a.wav" else encode(noise, name, *options)
    windows = look(path)
    if windows is None:
        assert name == "seekless.flac"
        return
    assert windows.samples.shape == (4, 5 * RATE)
    assert windows.samples.dtype == np.float32
    assert windows.length_s == pytest.approx(SECONDS, abs=0.2)
    whole = read_samples(path)
    for number, window in enumerate(windows.samples):
        at_s, likeness = place_of(window, whole)
        assert likeness > 0.99  # half a sample beside it: 0.995
        assert at_s == pytest.approx(SECONDS / 4 * (number + 0.5) - 2.5, abs=slack_s)


@pytest.mark.ffmpeg
def test_a_second_look_is_the_same(noise: Path) -> None:
    path = encode(noise, "again.mp3", "-q:a", "5")
    first, second = look(path), look(path)
    assert first is not None
    assert second is not None
    assert np.array_equal(first.samples, second.samples)


@pytest.mark.ffmpeg
def test_a_variable_mp3_without_a_header_that_tells_its_length(noise: Path, tmp_path: Path) -> None:
    """FFmpeg guesses such a file's length from its first frames: here, silence first, far too long."""
    silence = write_wav(tmp_path / "silence.wav", np.zeros(20 * 44_100, np.float32))
    plain = ("-q:a", "2", "-write_xing", "0", "-id3v2_version", "0")
    parts = [encode(silence, "silence.mp3", *plain), encode(noise, "loud.mp3", *plain)]
    path = tmp_path / "lies.mp3"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    windows = look(path)
    assert windows is None or all(place_of(w, read_samples(path))[1] > 0.99 for w in windows.samples if w.any())


@pytest.mark.ffmpeg
def test_chained_ogg(noise: Path, tmp_path: Path) -> None:
    """Two songs in one file, one after the other; each begins its own count of time."""
    parts = [encode(noise, f"{n}.ogg", "-c:a", "libvorbis", "-t", str(25 + n)) for n in range(2)]
    path = tmp_path / "chained.ogg"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    windows = look(path, count=2)
    assert windows is None or all(place_of(w, read_samples(path))[1] > 0.99 for w in windows.samples)


@pytest.mark.ffmpeg
def test_a_length_that_lies_is_not_believed(noise: Path, tmp_path: Path) -> None:
    """Half of the file is missing, and its header does not know."""
    for name in ("cut.flac", "cut.m4a", "cut.mp3"):
        data = encode(noise, f"whole-{name}", *(("-movflags", "+faststart") if name == "cut.m4a" else ())).read_bytes()
        cut = tmp_path / name
        cut.write_bytes(data[: len(data) // 2])
        assert look(cut) is None


def test_what_is_short_is_decoded(tmp_path: Path) -> None:
    assert look(write_wav(tmp_path / "short.wav", np.ones(20 * 44_100, np.float32) / 4)) is None


def test_what_is_not_audio_is_refused_as_ever(tmp_path: Path) -> None:
    text = tmp_path / "text.mp3"
    text.write_text("The words of a song, not the song.\n" * 200)
    with pytest.raises(NotAudioError):
        look(text)
    text.write_text("#EXTM3U\nx.mp3\n")
    with pytest.raises(PlaylistFileError):
        look(text)


def test_a_tracker_module_cannot_be_sought_in(tmp_path: Path) -> None:
    module = tmp_path / "song.it"
    module.write_bytes(b"IMPM" + bytes(1000))
    assert look(module) is None
