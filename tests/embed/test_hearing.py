from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from segue.config import MUSICNN_MEL, SPECCY_MEL, MelSpec
from segue.embed import hearing
from segue.embed.encoder import Ear, Encoder
from segue.embed.hearing import glance, hear, measure
from segue.errors import FileAccessError, SilentError, TooShortError
from segue.listen.audio import read_samples
from segue.listen.mel import iter_power, slices
from segue.values import Fingerprint
from tests.listen.conftest import sweep, write_wav


def test_hearing_is_decoding_slicing_and_encoding(tiny_ear: Ear, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "Someone - Something.wav", sweep(17.0))
    encoder = Encoder(tiny_ear)
    heard = hear(path, encoder)
    assert np.array_equal(heard.slice_vectors, encoder.encode(slices(read_samples(path), tiny_ear.mel)))
    assert len(heard.slice_vectors) == 3
    assert (heard.info.artist, heard.info.title) == ("Someone", "Something")
    assert heard.info.duration_s == pytest.approx(17.0, abs=0.001)
    assert heard.fingerprint == tiny_ear.fingerprint
    copy = shutil.copy(path, tmp_path / "copy.wav")
    assert hear(Path(copy), encoder).track_id == heard.track_id


def test_one_sample_too_short_and_just_long_enough(tiny_ear: Ear, tmp_path: Path) -> None:
    """Earlier programs let short files pass their check, and then had no slices."""
    encoder = Encoder(tiny_ear)
    rate = tiny_ear.mel.sample_rate_hz
    noise = np.random.default_rng(0).normal(scale=0.1, size=tiny_ear.mel.slice_samples).astype(np.float32)
    assert len(hear(write_wav(tmp_path / "one.wav", noise, rate_hz=rate), encoder).slice_vectors) == 1
    with pytest.raises(TooShortError, match=r"lasts 4\.99 s"):
        hear(write_wav(tmp_path / "short.wav", noise[:-1], rate_hz=rate), encoder)


def test_silence_and_absence(tiny_ear: Ear, tmp_path: Path) -> None:
    with pytest.raises(SilentError, match="silent from beginning to end"):
        hear(write_wav(tmp_path / "silent.wav", np.zeros(500_000, np.float32)), Encoder(tiny_ear))
    with pytest.raises(FileAccessError, match="not there"):
        hear(tmp_path / "gone.wav", Encoder(tiny_ear))


def test_an_ear_that_hears_some_slices(tiny_ear: Ear, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "long.wav", sweep(100.0))
    every = hear(path, Encoder(tiny_ear))
    some = hear(path, Encoder(replace(tiny_ear, most_slices=4)))
    assert len(every.slice_vectors) == 19
    assert 2 <= len(some.slice_vectors) <= 4
    matches = (some.slice_vectors @ every.slice_vectors.T).max(axis=1)
    assert np.abs(matches - 1.0).max() < 1e-6
    assert some.info.duration_s == every.info.duration_s == pytest.approx(100.0, abs=0.001)


def song(path: Path, seconds: float) -> Path:
    return write_wav(path, sweep(seconds))


def test_a_quick_look_hears_a_few_places(tiny_ear: Ear, tmp_path: Path) -> None:
    path = song(tmp_path / "long.wav", 100.0)
    quick = Encoder(tiny_ear.quick())
    seen, again = hear(path, quick), glance(path, Encoder(tiny_ear))
    assert seen.fingerprint == again.fingerprint == tiny_ear.quick().fingerprint != tiny_ear.fingerprint
    assert len(seen.slice_vectors) == quick.ear.windows == 4
    assert np.array_equal(seen.slice_vectors, again.slice_vectors)
    assert seen.track_id == hear(path, Encoder(tiny_ear)).track_id
    assert seen.info.duration_s == pytest.approx(100.0, abs=0.01)
    assert seen.rhythm is None


@pytest.mark.parametrize("way", ["whole", "look", "rhythm"])
def test_a_file_that_changes_meanwhile_is_not_taken_for_what_it_becomes(
    way: str, tiny_ear: Ear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a copy of a song was heard, the whole of it named: the song's own vectors made way for those of the half."""
    path = song(tmp_path / "copying.wav", 12.0)
    track_id_of = hearing.track_id_of

    def late(place: Path) -> str:
        with place.open("ab") as file:
            file.write(b"the rest of it")
        return track_id_of(place)

    monkeypatch.setattr(hearing, "track_id_of", late)
    encoder = Encoder(tiny_ear)
    ways = {
        "whole": lambda: hear(path, encoder),
        "look": lambda: glance(path, encoder),
        "rhythm": lambda: measure(path),
    }
    with pytest.raises(FileAccessError, match="changed while it was listened to"):
        ways[way]()


def test_a_quick_look_at_what_is_short_or_silent_in_its_places(tiny_ear: Ear, tmp_path: Path) -> None:
    quick = Encoder(tiny_ear.quick())
    assert len(hear(song(tmp_path / "short.wav", 17.0), quick).slice_vectors) == 3
    sparse = np.zeros(100 * 44_100, np.float32)
    sparse[20 * 44_100 : 32 * 44_100] = sweep(12.0)  # the four places are around 12.5, 37.5, 62.5 and 87.5 s
    assert len(hear(write_wav(tmp_path / "sparse.wav", sparse), quick).slice_vectors) >= 1
    with pytest.raises(TooShortError, match=r"lasts 4\.00 s"):
        hear(song(tmp_path / "bit.wav", 4.0), quick)
    with pytest.raises(SilentError):
        hear(write_wav(tmp_path / "silent.wav", np.zeros(100 * 44_100, np.float32)), quick)


class Metered:
    """Stands in for the rhythm meter, and counts what it is given."""

    def __init__(self) -> None:
        self.power: list[np.ndarray] = []
        self.native_s = 0.0

    def take_power(self, power: np.ndarray) -> None:
        self.power.append(power.copy())

    def take_native(self, planes: np.ndarray, rate_hz: int) -> None:
        self.native_s += planes.shape[1] / rate_hz

    def result(self) -> tuple[float, np.ndarray]:
        return self.native_s, np.concatenate(self.power)


@pytest.mark.parametrize("mel", [SPECCY_MEL, MUSICNN_MEL])
@pytest.mark.parametrize("most_slices", [None, 4])
def test_one_decode_feeds_ear_and_rhythm(
    mel: MelSpec, most_slices: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever an ear's front end is, the rhythm is measured from the same power frames."""
    path = song(tmp_path / "song.wav", 40.0)
    monkeypatch.setattr(hearing, "RhythmMeter", Metered)
    ear = SimpleNamespace(mel=mel, most_slices=most_slices, windows=None, fingerprint=Fingerprint("a", "b"))
    encoder = SimpleNamespace(ear=ear, encode_stream=lambda slices: np.ones((len(list(slices)), 3), np.float32))
    native_s, power = hear(path, encoder).rhythm  # type: ignore[misc, arg-type]
    wanted = np.concatenate(list(iter_power([read_samples(path)], SPECCY_MEL)))
    assert native_s == pytest.approx(40.0)
    assert power.shape == wanted.shape == (7 * 216, 1025)
    assert np.abs(power - wanted).max() < 1e-6 * wanted.max()
    assert np.array_equal(measure(path).rhythm[1], wanted)  # type: ignore[index]
