"""Any file as stereo of one rate, from any sample on."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from segue.errors import FileAccessError, NotAudioError
from segue.listen.stereo import StereoReader, to_stereo

RATE_HZ = 44_100
SOURCE = "aevalsrc=0.3*random(0)-0.15|0.3*random(1)-0.15:s={}:d=9"


def make(path: Path, *options: str, rate_hz: int = 44_100) -> Path:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", SOURCE.format(rate_hz), *options, str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path


def read(path: Path, *, begin_samples: int = 0, count: int = 10 * RATE_HZ) -> np.ndarray:
    with StereoReader(path, rate_hz=RATE_HZ, begin_samples=begin_samples) as reader:
        return reader.read(count)


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    ("name", "options", "rate_hz"),
    [
        ("a.flac", (), 44_100),
        ("a.mp3", ("-b:a", "192k"), 44_100),
        ("a.opus", ("-c:a", "libopus"), 48_000),
        ("a.wav", ("-c:a", "pcm_s24le"), 96_000),
        ("a.ogg", ("-c:a", "libvorbis"), 32_000),
    ],
)
def test_it_reads_the_same_from_any_sample_on(
    tmp_path: Path, name: str, options: tuple[str, ...], rate_hz: int
) -> None:
    path = make(tmp_path / name, *options, rate_hz=rate_hz)
    whole = read(path)
    assert whole.shape[1] / RATE_HZ == pytest.approx(9.0, abs=0.002)
    for begin in (1, RATE_HZ, 3 * RATE_HZ + 17, 8 * RATE_HZ + 40_000):
        part = read(path, begin_samples=begin, count=4000)
        # A resampler that begins a second earlier is what it would be from the start on, up to float32's rounding.
        assert np.abs(part - whole[:, begin : begin + 4000]).max() < 2e-6
    assert read(path, begin_samples=20 * RATE_HZ).shape == (2, 0)


@pytest.mark.ffmpeg
def test_skipping_is_reading_and_throwing_away(tmp_path: Path) -> None:
    path = make(tmp_path / "a.flac")
    with StereoReader(path, rate_hz=RATE_HZ) as reader:
        reader.skip(100_001)
        found = reader.read(1000)
    np.testing.assert_array_equal(found, read(path)[:, 100_001:101_001])


def test_channels_are_mixed_by_name() -> None:
    names = ("FL", "FR", "FC", "LFE", "SL", "SR")
    each = np.eye(6, dtype=np.float32)
    left, right = to_stereo(each, names)
    np.testing.assert_allclose(left, [1.0, 0.0, 0.5**0.5, 0.0, 0.5**0.5, 0.0], rtol=1e-6)
    np.testing.assert_allclose(right, [0.0, 1.0, 0.5**0.5, 0.0, 0.0, 0.5**0.5], rtol=1e-6)
    np.testing.assert_allclose(to_stereo(np.ones((1, 3), np.float32), ("FC",)), np.full((2, 3), 0.5**0.5), rtol=1e-6)


def test_what_is_no_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.mp3").write_text("no sound " * 100, encoding="utf-8")
    with pytest.raises(NotAudioError, match=r"notes\.mp3"):
        read(tmp_path / "notes.mp3")
    with pytest.raises(FileAccessError, match="not there"):
        read(tmp_path / "gone.mp3")
