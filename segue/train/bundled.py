"""From an ear's ONNX file back to a Keras network that can go on learning: weights are found by their layers' names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from onnx import numpy_helper

from segue.embed.encoder import Ear, Encoder
from segue.embed.head import read_card
from segue.errors import ModelError
from segue.train.architectures import ARCHITECTURES, Affine, build, front_end
from segue.train.attach import read_network
from segue.values import Floats

TOLERANCE = 1e-4
_CHECKED_SLICES = 4
_PRODUCTS = ("Conv", "MatMul", "Gemm")
_AFFINE = {1: "Mul", 2: "Add"}  # what the inputs of a normalisation are whose mean is 0 and variance 1
_READABLE = (Affine, keras.layers.BatchNormalization, keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D)
_REMEDY = "Fine-tune an ear that this version of Segue trained, or the bundled one"


class _UnlikeError(Exception):
    """The graph is not of the architecture that is tried; says why."""


@dataclass(frozen=True, slots=True)
class _Constant:
    """A constant that a node of the graph applies, and the node's kind."""

    kind: str
    value: Floats


def load_network(ear: Ear) -> keras.Model:
    """Rebuild the Keras network of an ear that was exported from one of the registered architectures.

    The architecture is the one that the card or the graph names; where neither names one, all are tried. Batch
    normalisations come back as the scale and shift that the export made of them, so keep them frozen when the network
    goes on learning.

    Raises
    ------
    ModelError
        If its graph fits no architecture, or Keras and ONNX Runtime then differ by more than 1e-4 on random slices.
    """
    constants = _constants(ear)
    reasons = []
    for name in _candidates(ear, constants):
        model = build(name)
        try:
            _set_weights(model, _scopes(constants))
            _check(model, ear)
        except _UnlikeError as reason:
            reasons.append(f"{name}: {reason}")
            continue
        return model
    raise ModelError(
        f"the network is of none of the architectures that can learn on ({'; '.join(reasons) or 'another front end'})",
        remedy=_REMEDY,
        path=ear.network,
    )


def _candidates(ear: Ear, constants: Mapping[str, list[_Constant]]) -> list[str]:
    """The architectures that the card or the graph names, or else all that hear the same."""
    named = [str(read_card(ear).get("architecture", ""))]
    named += [re.sub(r"_\d+$", "", scope.split("/")[0]) for scope in constants]
    fitting = [name for name in sorted(ARCHITECTURES) if front_end(name) == ear.mel]
    return [name for name in dict.fromkeys(named) if name in fitting] or fitting


def _constants(ear: Ear) -> dict[str, list[_Constant]]:
    """What the products, sums and scalings of each scope ``model/layer`` apply, in the graph's order."""
    graph = read_network(ear).graph
    known = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    found: dict[str, list[_Constant]] = defaultdict(list)
    for node in graph.node:
        scope = "/".join(node.name.split("/")[:2])
        for number, name in enumerate(node.input):
            value = known.get(name)
            kind = _AFFINE.get(number, "") if node.op_type == "BatchNormalization" else node.op_type
            if value is not None and value.dtype == np.float32 and kind in (*_PRODUCTS, "Mul", "Add"):
                found[scope].append(_Constant(kind, value))
    return found


def _scopes(constants: Mapping[str, list[_Constant]]) -> dict[str, list[_Constant]]:
    """By layer names as Keras gave them: the export puts the model's name before and its own number after them."""
    layers = {scope.split("/")[1]: values for scope, values in constants.items() if "/" in scope}
    last = next((re.sub("^vector", "", name) for name in layers if re.fullmatch(r"vector(_\d+)?", name)), "")
    return {name.removesuffix(last): values for name, values in layers.items()}


def _set_weights(model: keras.Model, scopes: Mapping[str, list[_Constant]]) -> None:
    for layer, scope in _paired(model, scopes):
        wanted = layer.get_weights()
        try:
            fresh = [
                np.asarray(new, np.float32).reshape(old.shape)
                for new, old in zip(_weights(layer, scopes[scope]), wanted, strict=True)
            ]
        except (ValueError, StopIteration) as error:
            raise _UnlikeError(f"the layer {layer.name} has other weights ({error})") from error
        layer.set_weights(fresh)


def _paired(model: keras.Model, scopes: Mapping[str, list[_Constant]]) -> Iterator[tuple[Any, str]]:
    """Each layer with weights, and its scope: by its own name, or, where Keras numbered it, by its turn in its kind."""
    layers = [layer for layer in model.layers if layer.get_weights()]
    numbered: dict[str, list[Any]] = defaultdict(list)
    for layer in layers:
        if not isinstance(layer, _READABLE):
            raise _UnlikeError(f"layers of the kind {type(layer).__name__} cannot be read back")
        kind = _auto_name(layer)
        if re.fullmatch(rf"{kind}(_\d+)?", layer.name):
            numbered[kind].append(layer)
        elif layer.name in scopes:
            yield layer, layer.name
        else:
            raise _UnlikeError(f"there is no layer {layer.name}")
    for kind, members in numbered.items():
        names = sorted((name for name in scopes if re.fullmatch(rf"{kind}(_\d+)?", name)), key=_number)
        if len(names) != len(members):
            raise _UnlikeError(f"there are {len(names)} layers {kind}, not {len(members)}")
        yield from zip(sorted(members, key=lambda layer: _number(layer.name)), names, strict=True)


def _auto_name(layer: Any) -> str:
    """The name that Keras gives to layers of a class, without the number: "batch_normalization"."""
    split = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", type(layer).__name__)
    return re.sub("([a-z])([A-Z])", r"\1_\2", split).lower()


def _number(name: str) -> int:
    found = re.search(r"_(\d+)$", name)
    return int(found[1]) if found else 0


def _weights(layer: Any, constants: list[_Constant]) -> list[Floats]:
    """A layer's weights in Keras's order and axes; raises StopIteration or ValueError where they are not there."""
    product = next((c for c in constants if c.kind in _PRODUCTS), None)
    scale = next((c.value for c in constants if c.kind == "Mul"), None)
    shift = next((c.value for c in constants if c.kind == "Add"), None)
    if isinstance(layer, Affine | keras.layers.BatchNormalization):
        if scale is None or shift is None:
            raise ValueError("a scale or a shift is missing")
        if isinstance(layer, Affine):
            return [scale, shift]
        neutral = np.zeros_like(shift)
        return [scale, shift, neutral, neutral + np.float32(1.0 - layer.epsilon)]
    if product is None:
        raise ValueError("its kernel is missing")
    is_flat = isinstance(layer, keras.layers.Dense)  # else (out, in, height, width), for (height, width, in, out)
    kernel = product.value if is_flat else np.transpose(product.value, _axes(product.value, layer.kernel.shape))
    if not layer.use_bias:
        return [kernel]
    biases = [c.value for c in constants if c.kind in _PRODUCTS and c is not product]
    if shift is None and not biases:
        raise ValueError("its bias is missing")
    return [kernel, biases[0] if biases else np.asarray(shift)]


def _axes(kernel: Floats, wanted: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The order of axes that Keras has; where it has channels, the graph may have the height of a single one."""
    stands = kernel.shape[1] == 1 < wanted[-2] == kernel.shape[2]
    return (1, 3, 2, 0) if stands else (2, 3, 1, 0)


def _check(model: keras.Model, ear: Ear) -> None:
    """Compare Keras with ONNX Runtime on random slices."""
    shape = (_CHECKED_SLICES, ear.mel.mel_bands, ear.mel.slice_frames)
    slices = np.random.default_rng(0).random(shape, dtype=np.float32)
    apart = float(np.abs(np.asarray(model.predict_on_batch(slices)) - Encoder(ear).encode(slices)).max())
    if not apart <= TOLERANCE:
        raise _UnlikeError(f"rebuilt, it answers otherwise, by {apart:.2g}")
