"""The floors: a network of random weights, and timbre by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from segue.config import SPECCY_MEL
from segue.embed.ears.untrained import untrained_ear
from segue.embed.encoder import Ear, Encoder, load_ear
from segue.embed.floors import hear_floors
from segue.errors import ModelError, SilentError
from segue.listen.audio import read_samples
from segue.listen.mel import slices
from segue.listen.mfcc import MFCC_MEL, mfcc_statistics
from tests.songs import write_song


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Ear:
    return untrained_ear(load_ear(), tmp_path_factory.mktemp("untrained"))


def heard(ear: Ear, *, seed: int = 0) -> np.ndarray:
    slices_ = np.random.default_rng(seed).random((4, SPECCY_MEL.mel_bands, SPECCY_MEL.slice_frames), dtype=np.float32)
    slices_[2:, :48] = 0.0
    return Encoder(ear).encode(slices_)


def test_an_untrained_ear_hears_finite_vectors_that_differ_and_are_not_the_ears(untrained: Ear) -> None:
    vectors = heard(untrained)
    assert vectors.shape == (4, 100)
    assert np.isfinite(vectors).all()
    assert (vectors @ vectors.T).min() < 0.9999
    assert np.abs(vectors - heard(load_ear())).max() > 0.1
    assert untrained.fingerprint != load_ear().fingerprint


def test_the_seed_decides(tmp_path: Path, untrained: Ear) -> None:
    (tmp_path / "same").mkdir()
    (tmp_path / "other").mkdir()
    assert untrained_ear(load_ear(), tmp_path / "same").fingerprint == untrained.fingerprint
    assert untrained_ear(load_ear(), tmp_path / "other", seed=1).fingerprint != untrained.fingerprint


def test_without_the_package_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ModelError, match="pip install onnx"):
        untrained_ear(load_ear(), tmp_path)


def test_a_file_is_described_as_its_slices_are(tmp_path: Path, untrained: Ear) -> None:
    path = write_song(tmp_path / "song.wav", 3)
    found = hear_floors(path, Encoder(untrained))
    samples = read_samples(path, sample_rate_hz=MFCC_MEL.sample_rate_hz)
    by_hand = np.mean([mfcc_statistics(mel) for mel in slices(samples, MFCC_MEL)], axis=0)
    np.testing.assert_allclose(found.mfcc, by_hand, atol=1e-3)  # float32, summed in another order
    vectors = Encoder(untrained).encode(slices(samples, SPECCY_MEL))
    np.testing.assert_allclose(found.untrained, vectors.mean(axis=0), atol=1e-5)


def test_silence_has_nothing_to_describe(tmp_path: Path, untrained: Ear) -> None:
    path = write_song(tmp_path / "short.wav", 1, seconds=2.0)
    with pytest.raises(SilentError, match="no 5 seconds of sound"):
        hear_floors(path, Encoder(untrained))
