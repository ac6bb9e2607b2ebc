from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segue.config import SPECCY_MEL, WAVEFORM
from segue.embed.encoder import Encoder, load_ear
from segue.errors import ParameterError
from segue.train.architectures import ARCHITECTURES, DIMENSION, build, front_end
from segue.train.export import Card, export
from segue.train.networks import Cnn2d


def some_slices(name: str, count: int) -> np.ndarray:
    mel = front_end(name)
    return np.random.default_rng(0).random((count, mel.mel_bands, mel.slice_frames), dtype=np.float32)


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_every_architecture_answers_with_unit_vectors(name: str) -> None:
    model = build(name)
    vectors = np.asarray(model.predict_on_batch(some_slices(name, 3)))
    assert vectors.shape == (3, DIMENSION)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert model.count_params() * 4 < 8_000_000


@pytest.mark.filterwarnings("ignore:.*np.object.*:FutureWarning")  # tf2onnx under numpy 2
@pytest.mark.parametrize("name", ["cnn1d", "origin", "sample_cnn"])  # what none of the others' exports covers
def test_an_ear_can_be_made_of_it(name: str, tmp_path: Path) -> None:
    model = build(name)
    card = Card(epsilon=0.05, pooling="mean", trained="2026-01-01", scores={}, name="mine", mel=front_end(name))
    ear = load_ear(export(model, tmp_path, card))
    assert (ear.name, ear.mel) == ("mine", front_end(name))
    slices = some_slices(name, 2)
    np.testing.assert_allclose(Encoder(ear).encode(slices), model.predict_on_batch(slices), atol=1e-4)


def test_what_a_network_hears_is_part_of_its_plan() -> None:
    assert front_end("heir") == SPECCY_MEL
    assert front_end("sample_cnn") == WAVEFORM


def test_a_config_changes_the_network() -> None:
    small = build("cnn2d", Cnn2d(channels=(4, 8), pools=((4, 4), (4, 4)), dense_units=16))
    assert small.count_params() < 10_000 < build("cnn2d").count_params()


def test_an_unknown_architecture_is_refused_by_name() -> None:
    with pytest.raises(ParameterError, match=r"'vgg'.*cnn1d"):
        build("vgg")
