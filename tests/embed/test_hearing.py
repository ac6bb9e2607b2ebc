from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segue.embed.encoder import Ear, Encoder
from segue.embed.hearing import hear
from segue.errors import FileAccessError, SilentError, TooShortError
from segue.listen.audio import read_samples
from segue.listen.mel import slices
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
