from __future__ import annotations

import numpy as np
import pytest

from segue.config import SPECCY_MEL
from segue.errors import ParameterError
from segue.train.architectures import ARCHITECTURES, DIMENSION, build


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_every_architecture_answers_with_unit_vectors(name: str) -> None:
    slices = np.random.default_rng(0).random((3, SPECCY_MEL.mel_bands, SPECCY_MEL.slice_frames), dtype=np.float32)
    model = build(name)
    vectors = np.asarray(model.predict_on_batch(slices))
    assert vectors.shape == (3, DIMENSION)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert model.count_params() * 4 < 8_000_000


def test_an_unknown_architecture_is_refused_by_name() -> None:
    with pytest.raises(ParameterError, match=r"'vgg'.*cnn1d"):
        build("vgg")
