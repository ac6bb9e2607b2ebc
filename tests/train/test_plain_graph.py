"""An heir's graph, written out, says what Keras says, and keeps to one layout."""

from __future__ import annotations

import keras
import numpy as np
import onnxruntime
import pytest

from segue.train.architectures import build
from segue.train.plain_graph import plain_graph

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # as in test_bundled.py


@pytest.mark.parametrize("name", ["lean", "heir"])
def test_the_graph_says_what_keras_says(name: str) -> None:
    """Also where scales are negative, which a rectifier and a maximum must come after, and variances are not 1."""
    keras.utils.set_random_seed(1)
    model, rng = build(name), np.random.default_rng(2)
    spread = {"scale": 1.0, "moving_variance": 0.0}
    for weight in model.weights:
        noise = spread.get(weight.name, 0.05) * rng.standard_normal(weight.shape)
        weight.assign(np.asarray(weight) * (1.3 if weight.name == "moving_variance" else 1.0) + noise)
    slices = rng.random((3, 96, 216), dtype=np.float32)
    graph = plain_graph(model)
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(
        session.run(None, {"slices": slices})[0], np.asarray(model.predict_on_batch(slices)), atol=2e-5
    )
    assert not {"Transpose", "Gather"}.intersection(node.op_type for node in graph.graph.node)
