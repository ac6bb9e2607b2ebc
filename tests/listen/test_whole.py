"""A file from end to end by FFmpeg's own loop gives what it gives packet by packet, whatever is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from segue.listen import whole
from segue.listen.decoding import Tally, audio_stream, iter_joined, iter_sound, open_audio, planes_of
from segue.listen.whole import iter_whole
from tests.listen.conftest import Encode

Sound = tuple[list[tuple[int, int]], list[bytes]]
pytestmark = pytest.mark.ffmpeg


def sound_of(frames: Iterator[AudioFrame]) -> Sound:
    """The rates and numbers of channels that come one after the other, and all samples of each channel there is."""
    forms: list[tuple[int, int]] = []
    channels: dict[int, list[bytes]] = {}
    for frame in frames:
        planes = planes_of(frame)
        forms += [(frame.sample_rate, len(planes))] if forms[-1:] != [(frame.sample_rate, len(planes))] else []
        for number, plane in enumerate(planes):
            channels.setdefault(number, []).append(np.ascontiguousarray(plane).tobytes())
    return forms, [b"".join(pieces) for pieces in channels.values()]


def by_packets(path: Path) -> tuple[Sound, Tally]:
    tally = Tally()
    with open_audio(path) as container:
        return sound_of(iter_joined(iter_sound(container, audio_stream(container, path), tally))), tally


def as_a_whole(path: Path) -> tuple[Sound, Tally]:
    tally = Tally()
    with open_audio(path) as container:
        return sound_of(iter_whole(container, audio_stream(container, path), tally)), tally


@pytest.mark.parametrize("name", ["a.mp3", "a.ogg", "a.opus", "a.flac", "a.m4a", "a.wav"])
def test_a_sound_file_needs_no_packets(encode: Encode, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode(name)
    expected, _ = by_packets(path)
    monkeypatch.delattr(whole, "iter_sound")
    found, _ = as_a_whole(path)
    assert found == expected
    assert found[0]


def damaged(path: Path, target: Path) -> Path:
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(0).bytes(3000)
    target.write_bytes(data)
    return target


@pytest.mark.parametrize("name", ["a.mp3", "a.ogg", "a.opus", "a.flac", "a.m4a"])
def test_damage_is_passed_over_and_tallied(encode: Encode, name: str, tmp_path: Path) -> None:
    path = damaged(encode(name), tmp_path / name)
    expected, tally = by_packets(path)
    found, found_tally = as_a_whole(path)
    assert found == expected
    assert found_tally.bad_packets == tally.bad_packets


def test_a_rate_that_changes_on_the_way(encode: Encode, tmp_path: Path) -> None:
    parts = encode("a.mp3"), encode("slow.mp3", "-ar", "22050", "-ac", "2")
    path = tmp_path / "both.mp3"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    found, _ = as_a_whole(path)
    assert found == by_packets(path)[0]
    assert (found[0][0][0], found[0][-1][0]) == (44_100, 22_050)


def test_an_end_that_comes_too_early_is_not_believed(encode: Encode, monkeypatch: pytest.MonkeyPatch) -> None:
    """FFmpeg's filter says nothing of a disk that fails: it ends."""
    path, through = encode("a.ogg"), whole._iter_filtered

    def broken_off(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
        frames = through(container, stream)
        yield from (next(frames), next(frames))

    monkeypatch.setattr(whole, "_iter_filtered", broken_off)
    assert as_a_whole(path)[0] == by_packets(path)[0]


def test_names_that_are_no_text_or_have_a_meaning_elsewhere(encode: Encode, tmp_path: Path) -> None:
    data = encode("a.mp3").read_bytes()
    for name in (b"caf\xe9.mp3", b"a:b,c;[d]='e' \\f.mp3", b"%03d.mp3"):
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        path.write_bytes(data)
        assert as_a_whole(path)[0] == by_packets(path)[0]
        assert as_a_whole(path)[0][0] == [(44_100, 1)]


def test_the_first_samples_can_be_left_out(encode: Encode) -> None:
    path = encode("a.flac")
    everything = by_packets(path)[0][1][0]
    for behind in (1, 44_100, 100_001):
        with open_audio(path) as container:
            frames = iter_joined(iter_sound(container, audio_stream(container, path), Tally()), behind=behind)
            assert sound_of(frames)[1][0] == everything[2 * behind :]  # 16 bits a sample
