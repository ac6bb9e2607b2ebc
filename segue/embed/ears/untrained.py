"""An ear that has learned nothing: another's network with random weights, a floor for those that have."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from segue.embed.encoder import Ear
from segue.errors import ModelError
from segue.values import Fingerprint, Floats

_PRODUCTS = ("Conv", "MatMul", "Gemm")


def untrained_ear(ear: Ear, folder: Path, *, seed: int = 0) -> Ear:
    """Write the network of an ear anew into ``folder``, with weights that are drawn at random, and return that ear.

    Kernels are drawn as He et al. ("Delving deep into rectifiers", 2015) begin a training: normal, with the variance
    two over the number of inputs. Biases and shifts are zero, scales one, and normalisations leave things as they are.

    Raises
    ------
    ModelError
        If the package onnx is not installed, or the network is not one that consists of convolutions and products.
    """
    onnx, numpy_helper = _onnx()
    model = onnx.load(ear.network)
    rng = np.random.default_rng(seed)
    held = {tensor.name: tensor for tensor in model.graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT}
    drawn = 0
    for name, value in _fresh(model.graph, {n: numpy_helper.to_array(t) for n, t in held.items()}, rng):
        held[name].CopyFrom(numpy_helper.from_array(np.asarray(value, np.float32), name))
        drawn += value.ndim > 1 and bool(value.std() > 0.0)
    if not drawn:
        raise ModelError("no weights were found to draw anew", remedy="Measure without --floors", path=ear.network)
    network = folder / "untrained.onnx"
    onnx.save(model, network)
    digest = hashlib.sha256(network.read_bytes()).hexdigest()
    fingerprint = Fingerprint(digest[:8], ear.mel.fingerprint)
    return replace(ear, name="untrained", network=network, pooling="mean", fingerprint=fingerprint)


def _onnx() -> tuple[Any, Any]:
    """The package onnx, which nothing else needs at run time but building an ear; imported when it is asked for."""
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError as error:
        raise ModelError("the package onnx is not installed", remedy="Install it: pip install onnx") from error
    return onnx, numpy_helper


def _fresh(graph: Any, held: dict[str, Floats], rng: np.random.Generator) -> Iterator[tuple[str, Floats]]:
    """New values for the constants of a graph, by the nodes that use them; those of a single number stay."""
    done: set[str] = set()
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name not in held or name in done or held[name].size == 1:
                continue
            value = _value(node.op_type, place, held[name], rng)
            if value is not None:
                done.add(name)
                yield name, value


def _value(operation: str, place: int, value: Floats, rng: np.random.Generator) -> Floats | None:
    """What a constant becomes: a kernel is drawn, a scale one, a shift or a bias nothing; else it stays."""
    if operation in _PRODUCTS and place < 2 and value.ndim > 1:
        inputs = value[0].size if operation == "Conv" else value.shape[0]
        return rng.normal(0.0, np.sqrt(2.0 / inputs), value.shape).astype(np.float32)
    if operation == "Mul" or (operation == "BatchNormalization" and place in (1, 4)):
        return np.ones_like(value)
    if operation in ("Add", "Sub", "Conv", "Gemm") or (operation == "BatchNormalization" and place in (2, 3)):
        return np.zeros_like(value)
    return None
