"""A head becomes part of an ear: one network from slices to the head's vectors, with a card of its own."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import TensorProto, helper, numpy_helper

from segue import __version__
from segue.embed.encoder import Ear, Encoder, load_ear
from segue.embed.head import Head, HeadWeights, write_head
from segue.errors import ModelError
from segue.files import atomic_write
from segue.values import PoolingMethod

TOLERANCE = 1e-4
_LEAST_OPSET = 13
_CHECKED_SLICES = 4


def write_headed_ear(
    ear: Ear, weights: HeadWeights, path: Path, *, epsilon: float, pooling: PoolingMethod, scores: Mapping[str, float]
) -> Ear:
    """Write ``<name>.onnx``, ``.head.npz`` and ``.json`` at ``path`` (the card's), and return the new ear.

    Raises
    ------
    ModelError
        If the ear's network is damaged, or what ONNX Runtime makes of the new one differs from the head's own
        arithmetic by more than 1e-4; no card is written then.
    FileAccessError
        If the folder cannot be written to.
    """
    model, name = append_head(ear, weights), path.stem
    network = path.with_suffix(".onnx")
    path.unlink(missing_ok=True)  # a card must not speak for a network that is being replaced
    with atomic_write(network) as temporary:
        onnx.save(model, str(temporary))
    facts = {
        "name": name,
        "dimension": int(weights.out.shape[1]),
        "mel": asdict(ear.mel),
        "most_slices": ear.most_slices,
        "epsilon": epsilon,
        "pooling": pooling,
        "sha256": hashlib.sha256(network.read_bytes()).hexdigest(),
        "input": model.graph.input[0].name,
        "output": model.graph.output[0].name,
        "trained": dt.datetime.now(dt.UTC).date().isoformat(),
        "segue_version": __version__,
        "scores": {key: round(float(value), 4) for key, value in scores.items()},
        "head": {"name": ear.name, **write_head(Head(ear.fingerprint, weights), network)},
    }
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    made = load_ear(path)
    _check(ear, made, weights)
    return made


def _check(ear: Ear, made: Ear, weights: HeadWeights) -> None:
    shape = (_CHECKED_SLICES, ear.mel.mel_bands, ear.mel.slice_frames)
    slices = np.random.default_rng(0).random(shape, dtype=np.float32)
    apart = float(np.abs(Encoder(made).encode(slices) - weights.apply(Encoder(ear).encode(slices))).max())
    if not apart <= TOLERANCE:
        made.network.with_suffix(".json").unlink()
        raise ModelError(
            f"the network with the head and the head itself differ by {apart:.2g}",
            remedy=f"They must agree to {TOLERANCE:g}; report this with the versions of onnx and onnxruntime",
            path=made.network,
        )


def read_network(ear: Ear) -> onnx.ModelProto:
    """An ear's network as a graph; raises ModelError if it is damaged."""
    try:
        model = onnx.load(str(ear.network))
        onnx.checker.check_model(model)
    except (DecodeError, ValueError, OSError, onnx.checker.ValidationError) as error:
        what = f"the network cannot be read ({error})"
        raise ModelError(what, remedy="Install or train the ear anew", path=ear.network) from error
    return model


def append_head(ear: Ear, weights: HeadWeights) -> onnx.ModelProto:
    """The ear's network with the head after it: slices in, unit vectors of the head's space out.

    Raises
    ------
    ModelError
        If the network is damaged, or its output is not one vector a slice.
    """
    model = read_network(ear)
    opset = next((item.version for item in model.opset_import if item.domain in ("", "ai.onnx")), 0)
    if opset < _LEAST_OPSET or len(model.graph.output) != 1:
        raise ModelError(
            f"a head cannot be added to a network of ONNX's version {opset} with {len(model.graph.output)} outputs",
            remedy=f"Export it with version {_LEAST_OPSET} or later and one output",
            path=ear.network,
        )
    graph = model.graph
    before = graph.output[0].name
    for name in ("straight", "bias", "hidden", "hidden_bias", "out"):
        graph.initializer.append(numpy_helper.from_array(np.asarray(getattr(weights, name)), f"head/{name}"))
    graph.node.extend(
        [
            _node("LpNormalization", [before], "unit", axis=-1, p=2),
            _node("MatMul", ["head/unit", "head/straight"], "straight_product"),
            _node("MatMul", ["head/unit", "head/hidden"], "hidden_product"),
            _node("Add", ["head/hidden_product", "head/hidden_bias"], "hidden_sum"),
            _node("Relu", ["head/hidden_sum"], "rectified"),
            _node("MatMul", ["head/rectified", "head/out"], "out_product"),
            _node("Add", ["head/straight_product", "head/out_product"], "both"),
            _node("Add", ["head/both", "head/bias"], "aim"),
            _node("LpNormalization", ["head/aim"], "vector", axis=-1, p=2),
        ]
    )
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("head/vector", TensorProto.FLOAT, ["n", weights.out.shape[1]]))
    onnx.checker.check_model(model)
    return model


def _node(kind: str, inputs: list[str], output: str, **attributes: int) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, [f"head/{output}"], name=f"head/{output}", **attributes)
