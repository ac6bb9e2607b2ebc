from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest

from segue.errors import FileAccessError, NotAudioError, ParameterError, PlaylistFileError
from segue.play import render
from segue.play.render import TranscodeCache, browser_mime, transcode
from segue.values import TrackId

pytestmark = pytest.mark.ffmpeg

Make = Callable[..., Path]
TONE = "sine=frequency=440:sample_rate=44100:duration=4"
PICTURE = ("-f", "lavfi", "-i", "testsrc=size=64x64:rate=10:duration=4", "-map", "0:a", "-map", "1:v")


@pytest.mark.parametrize(
    ("name", "options", "mime"),
    [
        ("a.mp3", ("-c:a", "libmp3lame"), "audio/mpeg"),
        ("a.m4a", ("-c:a", "aac"), "audio/mp4"),
        ("a.aac", ("-c:a", "aac"), "audio/aac"),
        ("a.flac", ("-c:a", "flac"), "audio/flac"),
        ("a.ogg", ("-c:a", "libvorbis"), "audio/ogg"),
        ("a.opus", ("-c:a", "libopus"), "audio/ogg"),
        ("a.wav", ("-c:a", "pcm_s16le"), "audio/wav"),
        ("a.wav", ("-c:a", "pcm_s24le"), "audio/wav"),
        ("a.wav", ("-c:a", "pcm_f32le"), "audio/wav"),
        ("mp3-in-disguise.wma", ("-c:a", "libmp3lame", "-f", "mp3"), "audio/mpeg"),
        ("noext", ("-c:a", "flac", "-f", "flac"), "audio/flac"),
        ("a.m4a", ("-c:a", "alac"), None),
        ("a.wma", ("-c:a", "wmav2"), None),
        ("a.aiff", ("-c:a", "pcm_s16be"), None),
        ("wma-in-disguise.mp3", ("-c:a", "wmav2", "-f", "asf"), None),
        ("a.wav", ("-c:a", "adpcm_ms"), None),
        ("a.wav", ("-c:a", "pcm_s16le", "-rf64", "always"), None),
        ("a.mp4", (*PICTURE, "-c:a", "aac", "-c:v", "mpeg4"), None),
        ("a.mkv", ("-c:a", "libopus"), None),
    ],
)
def test_what_a_browser_plays_is_judged_by_content(
    make_audio: Make, name: str, options: tuple[str, ...], mime: str | None
) -> None:
    assert browser_mime(make_audio(name, *options)) == mime


def test_a_cover_does_not_make_a_song_a_video(make_audio: Make) -> None:
    cover = ("-map", "0:a", "-map", "1:v", "-frames:v", "1", "-c:v", "mjpeg", "-disposition:v", "attached_pic")
    options = ("-f", "lavfi", "-i", "testsrc=size=64x64:duration=1", *cover, "-c:a", "libmp3lame")
    assert browser_mime(make_audio("cover.mp3", *options)) == "audio/mpeg"


def test_what_is_no_audio_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.mp3"
    text.write_text("nothing to hear here " * 100, encoding="utf-8")
    stream = tmp_path / "stream.mp3"
    stream.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:5\nhttp://127.0.0.1:1/a.ts\n", encoding="utf-8")
    for judge in (browser_mime, lambda path: transcode(path, tmp_path / "out.flac")):
        with pytest.raises(NotAudioError):
            judge(text)
        with pytest.raises(PlaylistFileError):
            judge(stream)
        with pytest.raises(FileAccessError, match="not there"):
            judge(tmp_path / "gone.mp3")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notes.mp3", "stream.mp3"]


def _decoded(path: Path) -> tuple[np.ndarray, int]:
    """Samples ``(n, c)`` in [-1, 1] and the rate."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    channels = frames[0].layout.nb_channels
    return np.concatenate([f.to_ndarray().reshape(-1, channels) for f in frames]) / 2**15, frames[0].sample_rate


def _pitch_hz(samples: np.ndarray, rate_hz: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate_hz / len(samples)


@pytest.mark.parametrize(
    ("name", "options", "slack_s"),
    [
        # the codecs' own padding: WMA and MP2-family frames are up to 2048 samples, at either end
        ("a.m4a", ("-c:a", "alac"), 0.0),
        ("a.aiff", ("-c:a", "pcm_s16be"), 0.0),
        ("a.wav", ("-c:a", "adpcm_ms"), 0.1),
        ("a.wma", ("-c:a", "wmav2"), 0.15),
        ("a.opus", ("-c:a", "libopus"), 0.05),
        ("a.ac3", ("-c:a", "ac3"), 0.1),
        ("a.mkv", (*PICTURE, "-c:a", "ac3", "-c:v", "mpeg4"), 0.1),
        ("hires.flac", ("-c:a", "flac", "-ar", "192000", "-sample_fmt", "s32"), 0.01),
        ("surround.flac", ("-c:a", "flac", "-ac", "6"), 0.0),
        ("low.wav", ("-c:a", "pcm_s16le", "-ar", "4000"), 0.02),
    ],
)
def test_a_copy_sounds_like_its_source(
    make_audio: Make, tmp_path: Path, name: str, options: tuple[str, ...], slack_s: float
) -> None:
    target = tmp_path / "copy.flac"
    transcode(make_audio(name, *options), target)
    samples, rate_hz = _decoded(target)
    assert browser_mime(target) == render.TRANSCODED_MIME
    assert samples.shape[1] == 2
    assert len(samples) / rate_hz == pytest.approx(4.0, abs=slack_s + 1e-6)
    assert rate_hz <= 48_000
    for start_s, hz in ((0.5, 440.0), (2.5, 880.0)):
        part = samples[int(start_s * rate_hz) : int((start_s + 1) * rate_hz), 0]
        assert _pitch_hz(part, rate_hz) == pytest.approx(hz, abs=1.5)
        assert 0.1 < np.max(np.abs(part)) < 0.7


def test_nothing_is_lost_of_16_bits(make_audio: Make, tmp_path: Path) -> None:
    wav, alac = make_audio("a.wav", "-c:a", "pcm_s16le"), tmp_path / "a.m4a"
    make_audio("a.m4a", "-c:a", "alac", "-sample_fmt", "s16p")
    transcode(alac, tmp_path / "copy.flac")
    np.testing.assert_array_equal(_decoded(tmp_path / "copy.flac")[0], _decoded(wav)[0])


def test_mono_stays_mono(make_audio: Make, tmp_path: Path) -> None:
    transcode(make_audio("a.aiff", "-c:a", "pcm_s16be", source=TONE), tmp_path / "copy.flac")
    assert _decoded(tmp_path / "copy.flac")[0].shape == (4 * 44100, 1)


def test_a_rate_that_changes_on_the_way(make_audio: Make, tmp_path: Path) -> None:
    """Two MP3s of different rates in a row are one file to a player."""
    first = make_audio("1.mp3", "-c:a", "libmp3lame", "-ar", "44100", "-id3v2_version", "0", "-write_xing", "0")
    second = make_audio("2.mp3", "-c:a", "libmp3lame", "-ar", "22050", "-id3v2_version", "0", "-write_xing", "0")
    both = tmp_path / "both.mp3"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    transcode(both, tmp_path / "copy.flac")
    samples, rate_hz = _decoded(tmp_path / "copy.flac")
    assert rate_hz == 44_100
    assert len(samples) / rate_hz == pytest.approx(8.0, abs=0.3)  # the encoders' padding, twice
    assert _pitch_hz(samples[int(5.0 * rate_hz) : int(6.0 * rate_hz), 0], rate_hz) == pytest.approx(440.0, abs=1.5)


def test_names_with_odd_bytes_and_leading_dashes(make_audio: Make, tmp_path: Path) -> None:
    plain = make_audio("a.aiff", "-c:a", "pcm_s16be")
    odd = tmp_path / os.fsdecode(b"-AC:DC \xff \xc3\xa9.aiff")
    plain.rename(odd)
    transcode(odd, tmp_path / "copy.flac")
    assert (tmp_path / "copy.flac").stat().st_size > 1000


def test_the_cache_makes_a_copy_once_however_many_ask(
    make_audio: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    real = render.transcode

    def counted(path: Path, target: Path) -> None:
        made.append(target)
        time.sleep(0.1)
        real(path, target)

    monkeypatch.setattr(render, "transcode", counted)
    cache = TranscodeCache(tmp_path / "cache", max_bytes=10**8)
    source, gate = make_audio("a.m4a", "-c:a", "alac"), threading.Barrier(8)

    def ask(number: int) -> Path:
        gate.wait()
        return cache.get(TrackId(f"{number % 2:016x}"), source)

    with ThreadPoolExecutor(8) as pool:
        copies = list(pool.map(ask, range(8)))
    assert len(made) == 2
    assert len(set(copies)) == 2
    assert cache._making == {}
    assert [p.name for p in sorted((tmp_path / "cache").iterdir())] == [f"{i:016x}.flac" for i in range(2)]


def test_those_not_played_for_longest_make_room(make_audio: Make, tmp_path: Path) -> None:
    source = make_audio("a.m4a", "-c:a", "alac")
    transcode(source, tmp_path / "size.flac")
    size = (tmp_path / "size.flac").stat().st_size
    cache = TranscodeCache(tmp_path / "cache", max_bytes=int(2.5 * size))
    a, b, c = (TrackId(n * 16) for n in "abc")
    first, second = cache.get(a, source), cache.get(b, source)
    os.utime(first, (1, 1))
    os.utime(second, (2, 2))
    stale = tmp_path / "cache" / ".segue-left.flac"
    stale.write_bytes(b"x")
    os.utime(stale, (1, 1))
    busy = tmp_path / "cache" / ".segue-busy.flac"
    busy.write_bytes(b"x")
    assert cache.get(a, source) == first  # played again: b is now the oldest
    third = cache.get(c, source)
    assert (first.exists(), second.exists(), third.exists()) == (True, False, True)
    assert (stale.exists(), busy.exists()) == (False, True)


def test_a_copy_larger_than_the_cache_is_still_served(make_audio: Make, tmp_path: Path) -> None:
    cache = TranscodeCache(tmp_path, max_bytes=1)
    assert cache.get(TrackId("a" * 16), make_audio("a.m4a", "-c:a", "alac")).exists()
    with pytest.raises(ParameterError, match="0 bytes"):
        TranscodeCache(tmp_path, max_bytes=0)


def test_a_failure_leaves_nothing_and_the_next_try_is_free(make_audio: Make, tmp_path: Path) -> None:
    cache = TranscodeCache(tmp_path / "cache", max_bytes=10**8)
    late = tmp_path / "late.aiff"
    with pytest.raises(FileAccessError):
        cache.get(TrackId("a" * 16), late)
    make_audio("late.aiff", "-c:a", "pcm_s16be")
    assert cache.get(TrackId("a" * 16), late).exists()
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_verdict_holds_until_the_file_changes(make_audio: Make) -> None:
    path = make_audio("a.bin", "-c:a", "libmp3lame", "-f", "mp3")
    assert [browser_mime(path), browser_mime(path)] == ["audio/mpeg", "audio/mpeg"]
    make_audio("a.bin", "-c:a", "wmav2", "-f", "asf")
    assert browser_mime(path) is None


def test_a_tracker_module_needs_a_copy(tmp_path: Path) -> None:
    module = tmp_path / "a.it"
    module.write_bytes(b"IMPM" + bytes(2000))
    assert browser_mime(module) is None
