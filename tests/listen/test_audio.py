from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from segue.config import AUDIO, AudioSpec
from segue.errors import (
    AudioError,
    DamagedAudioError,
    FileAccessError,
    NotAudioError,
    PlaylistFileError,
    ProtectedAudioError,
    SilentError,
    TooLongError,
    UnsupportedAudioError,
)
from segue.files import written_bytes
from segue.listen import audio
from segue.listen.audio import iter_samples, read_samples
from tests.listen.conftest import Encode, sweep, write_wav
from tests.torture.builders import replaced, wav, wave_format

# Lossy codecs change the sweep a little, and some add their delay: correlation is taken at the best shift.
LOSSLESS, LOSSY = 0.9999, 0.97


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    size = 1 << (len(a) + len(b)).bit_length()
    crossed = np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)))
    return float(crossed.max() / (np.linalg.norm(a) * np.linalg.norm(b)))


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    ("name", "options", "least"),
    [
        ("a.wav", (), LOSSLESS),
        ("b.flac", (), LOSSLESS),
        ("c.m4a", ("-c:a", "alac"), LOSSLESS),
        ("d.aiff", (), LOSSLESS),
        ("e.mp3", ("-b:a", "192k"), LOSSY),
        ("f.m4a", ("-c:a", "aac"), LOSSY),
        ("g.ogg", ("-c:a", "libvorbis"), LOSSY),
        ("h.opus", ("-c:a", "libopus"), LOSSY),
        ("i.wma", ("-c:a", "wmav2"), LOSSY),
        ("j.wv", ("-c:a", "wavpack"), LOSSLESS),
        ("k.wav", ("-c:a", "pcm_u8"), LOSSY),
        ("l.wav", ("-c:a", "pcm_f32le", "-ar", "96000"), LOSSLESS),
        ("m.wav", ("-c:a", "pcm_s24le", "-ar", "8000"), 0.9),
        ("no extension", ("-f", "mp3"), LOSSY),
        ("wrong.jpeg.mp3", ("-f", "flac"), LOSSLESS),
        ("-dash first.mp3", (), LOSSY),
        ("Björk – 夜の歌 🎵.ogg", ("-c:a", "libvorbis"), LOSSY),
        ("AC:DC http: x.mp3", (), LOSSY),
        (f"{'long ' * 48}.mp3", (), LOSSY),
    ],
)
def test_every_format_gives_the_sweep(encode: Encode, name: str, options: tuple[str, ...], least: float) -> None:
    samples = read_samples(encode(name, *options))
    assert samples.dtype == np.float32
    assert len(samples) / 22_050 == pytest.approx(12.0, abs=0.15)  # MP3 and AAC pad to whole frames
    assert likeness(samples, sweep(12.0, rate_hz=22_050)) > least


@pytest.mark.ffmpeg
def test_integers_of_64_bits(encode: Encode) -> None:
    """PyAV makes no array of them, and its ValueError went through to the worker."""
    stereo = encode("wide.wav", "-c:a", "pcm_s64le", "-ac", "2")
    assert likeness(read_samples(stereo), sweep(12.0, rate_hz=22_050)) > LOSSY


@pytest.mark.parametrize("channels", [9, 24])
def test_more_channels_than_can_be_heard(tmp_path: Path, channels: int) -> None:
    """Each packet counted as good and as bad, and the report said that n of 2n packets do not decode."""
    path = write_wav(tmp_path / "many.wav", np.stack([sweep(3.0)] * channels, axis=1))
    with pytest.raises(UnsupportedAudioError, match=rf"it has {channels} channels, more than 8.*Convert it to stereo"):
        read_samples(path)


def test_eight_channels_are_heard(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "eight.wav", np.stack([sweep(3.0)] * 8, axis=1))
    assert likeness(read_samples(path), sweep(3.0, rate_hz=22_050)) > LOSSY


@pytest.mark.ffmpeg
def test_audio_of_a_video(encode: Encode) -> None:
    video = encode("film.mkv", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=5", "-t", "12", "-c:a", "libvorbis")
    assert likeness(read_samples(video), sweep(12.0, rate_hz=22_050)) > LOSSY


@pytest.mark.ffmpeg
def test_a_name_that_is_not_utf8(encode: Encode, tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9.mp3"
    try:
        encode("latin.mp3").rename(Path(os.fsdecode(raw)))
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    assert len(read_samples(Path(os.fsdecode(raw)))) > 200_000


def test_channels_are_averaged(tmp_path: Path) -> None:
    """FFmpeg's own downmix is 3 dB louder for equal channels."""
    mono = sweep(3.0)
    stereo = write_wav(tmp_path / "stereo.wav", np.stack([mono, mono], axis=1))
    one = write_wav(tmp_path / "mono.wav", mono)
    assert np.abs(read_samples(stereo) - read_samples(one)).max() < 1e-6
    left_only = write_wav(tmp_path / "left.wav", np.stack([mono, 0 * mono], axis=1))
    assert np.abs(2 * read_samples(left_only) - read_samples(one)).max() < 1e-4  # 16-bit rounding of the quiet half


def test_blocks_are_the_same_as_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_wav(tmp_path / "a.wav", sweep(7.0))
    whole = read_samples(path)
    monkeypatch.setattr(audio, "AUDIO", AudioSpec(block_s=0.5))
    blocks = list(iter_samples(path))
    assert len(blocks) > 5
    assert np.array_equal(np.concatenate(blocks), whole)


@pytest.mark.ffmpeg
def test_a_rotten_mp3_loses_only_the_rotten_part(encode: Encode, tmp_path: Path) -> None:
    data = bytearray(encode("whole.mp3", "-b:a", "128k").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = np.random.default_rng(1).bytes(4000)
    rotten = tmp_path / "rotten.mp3"
    rotten.write_bytes(data)
    assert len(read_samples(rotten)) / 22_050 == pytest.approx(12.0, abs=0.6)


@pytest.mark.ffmpeg
def test_truncated_files_give_what_is_there(encode: Encode, tmp_path: Path) -> None:
    for name in ("t.mp3", "t.flac", "t.ogg"):
        data = encode(name).read_bytes()
        cut = tmp_path / name
        cut.write_bytes(data[: len(data) // 2])
        assert 4 < len(read_samples(cut)) / 22_050 < 8


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "data", "kind", "words"),
    [
        ("empty.mp3", b"", NotAudioError, "empty"),
        ("text.mp3", b"The words of a song, not the song.\n" * 200, NotAudioError, "no audio|cannot be opened"),
        ("zeros.mp3", bytes(100_000), AudioError, "no audio|cannot be opened|do not decode"),
        ("hls.mp3", b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n/etc/passwd\n", PlaylistFileError, "playlist"),
        ("bom.mp3", b"\xef\xbb\xbf\r\n#EXTM3U\r\nhttp://127.0.0.1:9/x.ts\r\n", PlaylistFileError, "playlist"),
        ("concat.mp3", b"ffconcat version 1.0\nfile other.wav\n", PlaylistFileError, "playlist"),
        ("dash.mp3", b'<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash"></MPD>', PlaylistFileError, "playlist"),
        ("picture.mp3", b"\x89PNG\r\n\x1a\n" + bytes(5000), NotAudioError, "no audio|cannot be opened"),
    ],
)  # fmt: skip
def test_what_is_not_audio_is_refused(
    tmp_path: Path, name: str, data: bytes, kind: type[Exception], words: str
) -> None:
    path = write(tmp_path / name, data)
    with pytest.raises(kind, match=words) as caught:
        read_samples(path)
    assert name in str(caught.value)
    assert str(caught.value).endswith(caught.value.remedy)  # type: ignore[attr-defined]


@pytest.mark.ffmpeg
def test_protected_files_are_named_as_such(encode: Encode, tmp_path: Path) -> None:
    data = encode("plain.m4a", "-c:a", "aac").read_bytes()
    fairplay = write(tmp_path / "bought.m4p", data.replace(b"mp4a", b"drms", 1))
    with pytest.raises(ProtectedAudioError, match="FairPlay"):
        read_samples(fairplay)
    wma = bytearray(encode("plain.wma", "-c:a", "wmav2").read_bytes())
    wma[30:46] = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e")
    with pytest.raises(ProtectedAudioError, match="Windows Media"):
        read_samples(write(tmp_path / "bought.wma", bytes(wma)))


@pytest.mark.ffmpeg
def test_a_film_without_sound(encode: Encode) -> None:
    silent = encode("silent.mkv", "-map", "0:v", "-t", "2", before=("-f", "lavfi", "-i", "testsrc=size=64x64:rate=5"))
    with pytest.raises(NotAudioError, match="no audio stream"):
        read_samples(silent)


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="not there"):
        read_samples(tmp_path / "gone.mp3")
    with pytest.raises(FileAccessError, match="a folder"):
        read_samples(tmp_path)


def test_a_wav_without_samples(tmp_path: Path) -> None:
    with pytest.raises(NotAudioError, match="empty"):
        read_samples(write_wav(tmp_path / "none.wav", np.zeros(0, np.float32)))


def test_endless_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "AUDIO", AudioSpec(longest_s=2.0))
    with pytest.raises(TooLongError, match="longer than"):
        read_samples(write_wav(tmp_path / "long.wav", sweep(3.0)))


@pytest.mark.ffmpeg
def test_not_a_number(tmp_path: Path) -> None:
    """One NaN used to poison the resampler and with it the rest of the track."""
    samples = sweep(6.0)
    samples[1000] = np.nan
    samples[2000] = np.inf
    good = read_samples(float_wav(tmp_path / "few.wav", samples))
    assert np.isfinite(good).all()
    assert likeness(good, sweep(6.0, rate_hz=22_050)) > LOSSY
    with pytest.raises(SilentError, match="not finite"):
        read_samples(float_wav(tmp_path / "all.wav", np.full(100_000, np.nan, np.float32)))


def float_wav(path: Path, samples: np.ndarray) -> Path:
    raw = path.with_suffix(".f32")
    raw.write_bytes(samples.astype("<f4").tobytes())
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-y",
        "-f",
        "f32le",
        "-ar",
        "44100",
        "-ac",
        "1",
        "-i",
        str(raw),
        "-c:a",
        "pcm_f32le",
    ]
    subprocess.run([*command, str(path)], check=True)
    return path


@pytest.mark.ffmpeg
def test_noise_after_a_good_header_is_damage(encode: Encode, tmp_path: Path) -> None:
    data = bytearray(encode("head.flac").read_bytes())
    data[9000:] = np.random.default_rng(2).bytes(len(data) - 9000)
    with pytest.raises((DamagedAudioError, NotAudioError)):
        read_samples(write(tmp_path / "noise.flac", bytes(data)))


@pytest.mark.music
def test_tracker_modules(real_music: Path) -> None:
    modules = sorted(real_music.rglob("*.it"))
    assert modules
    samples = read_samples(modules[0])
    assert len(samples) > 20 * 22_050
    assert np.sqrt(np.mean(samples**2)) > 0.01


def test_a_module_without_ffmpeg_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnsupportedAudioError, match="libopenmpt"):
        read_samples(write(tmp_path / "song.it", b"IMPM" + bytes(1000)))


def test_the_limits_are_the_configured_ones() -> None:
    assert AUDIO.longest_s >= 6 * 3600  # a night's recording is music too


def tapped(path: Path) -> tuple[np.ndarray, list[tuple[np.ndarray, int]]]:
    heard: list[tuple[np.ndarray, int]] = []
    blocks = list(iter_samples(path, on_native=lambda planes, rate_hz: heard.append((planes, rate_hz))))
    return np.concatenate(blocks), heard


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("tap.flac", ()),
        ("tap.wav", ("-c:a", "pcm_u8")),
        ("tap24.flac", ("-sample_fmt", "s32")),
        ("tap.mp3", ("-b:a", "192k")),
        ("tapf.wav", ("-c:a", "pcm_f64le")),
        ("tapw.wav", ("-c:a", "pcm_s64le")),
    ],
)
def test_the_sound_as_it_stands_comes_from_the_same_decode(encode: Encode, name: str, options: tuple[str, ...]) -> None:
    """Two channels, the right one silent: their mean, resampled, is what is heard."""
    path = encode(name, "-af", "pan=stereo|c0=c0|c1=0*c0", *options)
    samples, heard = tapped(path)
    assert {rate for _, rate in heard} == {44_100}
    planes = np.concatenate([planes for planes, _ in heard], axis=1)
    assert planes.dtype == np.float32
    assert planes.shape[0] == 2
    assert max(block.shape[1] for block, _ in heard) < 2 * 44_100
    assert likeness(planes[0], sweep(12.0)) > LOSSY
    assert np.abs(planes[0]).max() == pytest.approx(0.5, abs=0.05)  # full scale 1.0, whatever the type; MP3 rings
    assert np.abs(planes[1]).max() < 0.01
    assert np.array_equal(samples, read_samples(path))


@pytest.mark.ffmpeg
def test_rate_and_channels_may_change_on_the_way(encode: Encode, tmp_path: Path) -> None:
    """Frames are joined to large ones, and those of another kind must not be joined to them."""
    first = encode("first.mp3", "-ac", "2", "-b:a", "128k", "-write_xing", "0", "-id3v2_version", "0")
    second = encode("second.mp3", "-ac", "1", "-ar", "22050", "-b:a", "64k", "-write_xing", "0", "-id3v2_version", "0")
    both = write(tmp_path / "both.mp3", first.read_bytes() + second.read_bytes())
    samples, heard = tapped(both)
    assert {(len(planes), rate) for planes, rate in heard} >= {(2, 44_100), (1, 22_050)}
    assert len(samples) / 22_050 == pytest.approx(24.0, abs=0.3)
    halves = np.array_split(samples, 2)
    assert min(likeness(half, sweep(12.0, rate_hz=22_050)) for half in halves) > 0.9  # 64 kbit/s cut the top off


@pytest.mark.ffmpeg
def test_damage_is_silenced_in_the_sound_as_it_stands_too(tmp_path: Path) -> None:
    samples = sweep(6.0)
    samples[1000], samples[2000] = np.nan, np.inf
    _, heard = tapped(float_wav(tmp_path / "few.wav", samples))
    assert all(np.isfinite(planes).all() for planes, _ in heard)


@pytest.mark.ffmpeg
def test_damage_that_cancels_out_between_channels_is_silenced(tmp_path: Path) -> None:
    """The mean of both is no louder than music, but either channel alone overflows the power."""
    samples = np.tile(sweep(6.0)[:, None], (1, 2))
    samples[1000] = 1e30, -1e30
    raw = tmp_path / "both.f32"
    raw.write_bytes(samples.astype("<f4").tobytes())
    path = tmp_path / "both.wav"
    command = ["ffmpeg", "-v", "error", "-f", "f32le", "-ar", "44100", "-ac", "2", "-i", str(raw)]
    subprocess.run([*command, "-c:a", "pcm_f32le", str(path)], check=True, stdin=subprocess.DEVNULL)
    _, heard = tapped(path)
    assert max(np.abs(planes).max() for planes, _ in heard) < 1.0


def test_a_codec_tag_that_is_no_text(tmp_path: Path) -> None:
    """PyAV reads the tag as ASCII, and its UnicodeDecodeError went through to the worker."""
    path = tmp_path / "tag.wav"
    path.write_bytes(wav(bytes(100_000), wave_format(1, 22_050, 16, code=0xFF)))
    with pytest.raises(AudioError):
        read_samples(path)


def test_a_download_that_was_broken_off(tmp_path: Path) -> None:
    """Space set aside for 20 GB: all of it was searched for sound, for minutes."""
    path = tmp_path / "part.wav"
    path.write_bytes(write_wav(tmp_path / "whole.wav", sweep(3.0)).read_bytes())
    os.truncate(path, 20_000_000_000)
    if written_bytes(path) > 20_000_000_000 // 2:
        pytest.skip("this file system has no holes")
    with pytest.raises(DamagedAudioError, match=r"of its 20000 MB only 0\.3 were ever written"):
        read_samples(path)
    assert written_bytes(tmp_path / "whole.wav") == (tmp_path / "whole.wav").stat().st_size


@pytest.mark.ffmpeg
def test_a_broken_header_is_no_fault_of_the_disk(encode: Encode, tmp_path: Path) -> None:
    """FFmpeg's "Input/output error" was taken for one, and the file tried again by every scan."""
    matroska = encode("short.mka", "-c:a", "libvorbis").read_bytes()
    aiff = replaced(encode("frames.aiff").read_bytes(), b"COMM", b"\xff" * 4, after=10)
    for name, data in (("cut.mka", matroska[:200]), ("frames.aiff", aiff)):
        with pytest.raises(DamagedAudioError, match="its header is damaged or cut off"):
            read_samples(write(tmp_path / name, data))
