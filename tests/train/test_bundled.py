"""Exported networks come back into Keras, and what cannot is told."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from segue.embed.encoder import Encoder, load_ear
from segue.errors import ModelError
from segue.train.architectures import build
from segue.train.bundled import load_network
from segue.train.export import Card, export

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # Keras 3 on numpy 1's way
    pytest.mark.filterwarnings("ignore:.*np.object.*:FutureWarning"),  # tf2onnx under numpy 2
]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card of an ear of the bundled one's architecture; nothing in it is as it was when it was built."""
    keras.utils.set_random_seed(1)
    build("heir")  # so that Keras numbers the layers of the next otherwise than a first one's
    model = build("heir")
    rng = np.random.default_rng(1)
    model.set_weights([w + 0.02 * rng.standard_normal(w.shape).astype(np.float32) for w in model.get_weights()])
    card = Card(epsilon=0.03, pooling="mean", trained="2026-01-01", scores={}, name="heard")
    return export(model, tmp_path_factory.mktemp("ear"), card)


def altered(card: Path, folder: Path, change: object) -> Path:
    """A copy of an ear whose network was changed, with a card that knows it."""
    network = onnx.load(str(card.with_suffix(".onnx")))
    change(network)  # type: ignore[operator]
    target = folder / card.name
    onnx.save(network, str(target.with_suffix(".onnx")))
    facts = json.loads(card.read_text(encoding="utf-8"))
    facts["sha256"] = hashlib.sha256(target.with_suffix(".onnx").read_bytes()).hexdigest()
    target.write_text(json.dumps(facts), encoding="utf-8")
    return target


def test_the_network_comes_back_with_its_weights(exported: Path) -> None:
    ear = load_ear(exported)
    model = load_network(ear)
    slices = np.random.default_rng(7).random((3, 96, 216), dtype=np.float32)
    np.testing.assert_allclose(model.predict_on_batch(slices), Encoder(ear).encode(slices), atol=1e-4)


def test_the_bundled_ear_can_learn_on() -> None:
    assert load_network(load_ear("speccy")).count_params() > 100_000


def test_a_layer_of_another_size_is_named(exported: Path, tmp_path: Path) -> None:
    def cut(network: onnx.ModelProto) -> None:
        node = next(node for node in network.graph.node if node.name.split("/")[1:2] == ["vector"])
        for item in network.graph.initializer:
            if item.name in node.input:
                smaller = numpy_helper.to_array(item)[..., :50]
                item.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(smaller), item.name))

    with pytest.raises(ModelError, match="heir: the layer vector has other weights"):
        load_network(load_ear(altered(exported, tmp_path, cut)))


def test_a_network_that_computes_otherwise_is_refused(exported: Path, tmp_path: Path) -> None:
    def negate(network: onnx.ModelProto) -> None:
        """The names and the weights are right, but where a rectifier was, there is something else."""
        next(node for node in network.graph.node if node.op_type == "Relu").op_type = "Neg"

    with pytest.raises(ModelError, match="heir: rebuilt, it answers otherwise"):
        load_network(load_ear(altered(exported, tmp_path, negate)))
