from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from segue.config import SPECCY_MEL
from segue.embed.encoder import Ear, load_ear

DIMENSION = 7


def write_ear(folder: Path, *, name: str = "tiny", weights: np.ndarray | None = None) -> Path:
    """A real network, small: the mean over time of each mel band, through one matrix."""
    matrix = np.random.default_rng(0).normal(size=(96, DIMENSION)) if weights is None else weights
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["mel", "axes"], ["bands"], keepdims=0),
            helper.make_node("MatMul", ["bands", "matrix"], ["vector"]),
        ],
        name,
        [helper.make_tensor_value_info("mel", TensorProto.FLOAT, ["s", 96, 216])],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["s", DIMENSION])],
        [
            numpy_helper.from_array(np.array([2], np.int64), "axes"),
            numpy_helper.from_array(matrix.astype(np.float32), "matrix"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    network = folder / f"{name}.onnx"
    onnx.save(model, network)
    card = {
        "name": name,
        "dimension": DIMENSION,
        "mel": asdict(SPECCY_MEL),
        "epsilon": 0.03,
        "pooling": "tfidf",
        "sha256": hashlib.sha256(network.read_bytes()).hexdigest(),
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(card), encoding="utf-8")
    return path


WriteEar = Callable[..., Path]


@pytest.fixture
def tiny_ear(tmp_path: Path) -> Ear:
    return load_ear(write_ear(tmp_path))
