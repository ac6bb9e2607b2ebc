"""An heir as ONNX Runtime runs it quickest: its graph written out, channels first from end to end.

Keras keeps channels last, so that an export of it turns the layout round before each convolution and back after it,
and ONNX Runtime finds nothing to fold. Here a convolution is followed by its scale, shift and rectifier and by nothing
else, and all that lies between the first convolutions and the last pooling stays in one layout.
"""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from segue.config import SPECCY_MEL
from segue.train.architectures import DIMENSION, HEIR_BANDS, HEIR_TEMPO_FRAMES, HEIR_TIMBRES
from segue.values import Floats

ARCHITECTURES = ("heir", "lean")
_OPSET, _IR_VERSION = 15, 8  # what ONNX Runtime 1.10 reads, and every later one


def plain_graph(heir: keras.Model) -> onnx.ModelProto:
    """Write out a network of one of `ARCHITECTURES`: slices ``(n, 96, 216)`` in, unit vectors ``(n, 100)`` out.

    Nodes bear the names of their layers, ``lean/timbre_35/Conv``, by which `segue.train.bundled` reads them back.
    """
    graph = _Graph(heir)
    bands = graph.affine("slices", "loudness", rectified=True)
    bands = graph.affine(bands, "input_norm")
    bands = graph.node("input_norm", "Unsqueeze", bands, _whole(1))  # (n, 1, 96, 216)
    found = [graph.node("front", "Concat", *_front(graph, bands), axis=1)]  # (n, f, 1, 108)
    for k in range(3):
        said = graph.convolved(found[-1], f"middle_{k}")
        said = graph.affine(graph.scaled(said, f"middle_{k}_before", rectified=True), f"middle_{k}_after")
        found.append(said if k == 0 else graph.node(f"middle_{k}", "Add", said, found[-1]))
    every = graph.node("every", "Concat", *found, axis=1)
    features = graph.node("features", "Relu", graph.dense(graph.pooled(every, "GlobalMaxPool"), "features"))
    both = graph.node("both", "Concat", features, _body(graph, every), axis=1)
    return graph.finish(graph.dense(both, "vector"))


def own_layers(model: keras.Model, kind: str) -> list[Any]:
    """The layers of a kind that Keras named, in the order in which they were made."""
    found = [layer for layer in model.layers if re.fullmatch(rf"{kind}(_\d+)?", layer.name)]
    return sorted(found, key=lambda layer: int(layer.name.removeprefix(kind).removeprefix("_") or 0))


def _front(graph: _Graph, bands: str) -> list[str]:
    """What the timbre and the tempo filters say, at most among their places in frequency: ``(n, f, 1, 108)`` each."""
    said = []
    widths = [graph.weights(f"timbre_{width}")[0].shape[2] for width, _ in HEIR_TIMBRES]
    places = [len(range(0, HEIR_BANDS - width + 1, step)) for width, step in HEIR_TIMBRES]
    last = max((n - 1) * step + wide for n, (_, step), wide in zip(places, HEIR_TIMBRES, widths, strict=True))
    seen = graph.node("front", "Slice", bands, _whole(0), _whole(last), _whole(2))
    for (width, step), count in zip(HEIR_TIMBRES, places, strict=True):
        name = f"timbre_{width}"
        kernel = graph.weights(name)[0].transpose(3, 0, 2, 1)  # (f, 1, wide, 5): the bands are the height
        look = graph.node(name, "Conv", seen, kernel, strides=[step, 2], pads=[0, 1, 0, 2])
        said.append(_loudest(graph, look, name, places=count))
    few = graph.node("tempo", "Slice", bands, _whole(1), _whole(HEIR_BANDS), _whole(2), _whole(4))  # (n, 1, 22, 216)
    kernel = graph.weights("tempo")[0]  # (22, 1, 4, f): four frames lie side by side
    kernel = kernel.transpose(3, 1, 0, 2).reshape(kernel.shape[3], 1, 1, HEIR_TEMPO_FRAMES)
    margin = HEIR_TEMPO_FRAMES // 2 - 2
    look = graph.node("tempo", "Conv", few, kernel, strides=[1, 4], pads=[0, margin, 0, margin])
    fourth = _loudest(graph, look, "tempo", places=len(range(1, HEIR_BANDS, 4)))  # (n, f, 1, 54)
    twice = np.array([1, 1, 1, 2], np.float32)
    nearest = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    said.append(graph.node("tempo", "Resize", fourth, None, twice, **nearest))
    return said


def _loudest(graph: _Graph, look: str, name: str, *, places: int) -> str:
    loudest = graph.node(name, "MaxPool", look, kernel_shape=[places, 1], strides=[places, 1])
    return graph.affine(graph.affine(loudest, f"{name}_before", rectified=True), f"{name}_after")


def _body(graph: _Graph, every: str) -> str:
    """The body of its own: see `segue.train.architectures`."""
    first, *rest = (layer.name for layer in own_layers(graph.heir, "conv1d"))
    *norms, last = (layer.name for layer in own_layers(graph.heir, "batch_normalization"))
    said = graph.scaled(graph.convolved(every, first), norms[0], rectified=True)
    for block in range(len(rest) // 2):
        if block in {0, 2}:
            said = graph.node("body", "MaxPool", said, kernel_shape=[1, 2], strides=[1, 2])
        one, two = (slice(2 * block + turn, 2 * block + turn + 1) for turn in (0, 1))
        fresh = graph.scaled(graph.convolved(said, *rest[one]), *norms[1:][one], rectified=True)
        fresh = graph.scaled(graph.convolved(fresh, *rest[two]), *norms[1:][two])
        said = graph.node("body", "Relu", graph.node("body", "Add", fresh, said))
    (dense,) = (layer.name for layer in own_layers(graph.heir, "dense"))
    return graph.scaled(graph.dense(graph.pooled(said, "GlobalAveragePool"), dense), last, rectified=True)


def _whole(number: int) -> np.ndarray:
    return np.array([number], np.int64)


class _Graph:
    """A graph in the making, whose nodes and constants are named after the layers of an heir."""

    def __init__(self, heir: keras.Model) -> None:
        self.heir = heir
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def weights(self, layer: str) -> list[Floats]:
        """As Keras has them."""
        return [np.asarray(part) for part in self.heir.get_layer(layer).get_weights()]

    def node(self, layer: str, kind: str, *inputs: str | np.ndarray | None, **attributes: Any) -> str:
        """Add a node and return its output; inputs that are arrays become constants, None is one left out."""
        name = f"{self.heir.name}/{layer}/{kind}_{len(self._nodes)}"
        named = []
        for number, value in enumerate(inputs):
            if isinstance(value, np.ndarray):
                self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), f"{name}/{number}"))
                value = self._constants[-1].name
            named.append(value or "")
        self._nodes.append(helper.make_node(kind, named, [name], name=name, **attributes))
        return name

    def convolved(self, said: str, layer: str) -> str:
        """A convolution in time, of which Keras's kernel is ``(frames, in, out)``."""
        kernel = self.weights(layer)[0].transpose(2, 1, 0)[:, :, None]  # (out, in, 1, frames)
        margin = kernel.shape[3] // 2
        return self.node(layer, "Conv", said, kernel, pads=[0, margin, 0, margin])

    def scaled(self, said: str, layer: str, *, rectified: bool = False) -> str:
        """Scale and shift what a product says, in a form that is folded into the product."""
        scale, shift = self._scale_and_shift(layer)
        if self.heir.get_layer(layer).input.shape[1:] != scale.shape:
            scale, shift = scale[:, None, None], shift[:, None, None]  # each channel; a vector has no more than these
        moved = self.node(layer, "Add", self.node(layer, "Mul", said, scale), shift)
        return self.node(layer, "Relu", moved) if rectified else moved

    def affine(self, said: str, layer: str, *, rectified: bool = False) -> str:
        """Scale and shift whatever it is, in one pass and without leaving the layout."""
        scale, shift = self._scale_and_shift(layer)
        neutral = np.zeros_like(scale), np.ones_like(scale)
        moved = self.node(layer, "BatchNormalization", said, scale, shift, *neutral, epsilon=0.0)
        return self.node(layer, "Relu", moved) if rectified else moved

    def dense(self, said: str, layer: str) -> str:
        """A product with a matrix, and its bias where it has one."""
        return self.node(layer, "Gemm", said, *self.weights(layer))

    def pooled(self, said: str, first: str) -> str:
        """Maximum and mean over time, of which ``first`` comes first: ``(n, 2 f)``."""
        kinds = (first, *({"GlobalMaxPool", "GlobalAveragePool"} - {first}))
        parts = [self.node("pooled", "Flatten", self.node("pooled", kind, said), axis=1) for kind in kinds]
        return self.node("pooled", "Concat", *parts, axis=1)

    def finish(self, vector: str) -> onnx.ModelProto:
        """The whole, with the vector brought to unit length."""
        unit = self.node("embedding", "LpNormalization", vector, axis=-1, p=2)
        shape = ["n", SPECCY_MEL.mel_bands, SPECCY_MEL.slice_frames]
        ends = (("slices", shape), (unit, ["n", DIMENSION]))
        ins, outs = ([helper.make_tensor_value_info(name, TensorProto.FLOAT, of)] for name, of in ends)
        graph = helper.make_graph(self._nodes, self.heir.name, ins, outs, self._constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
        onnx.checker.check_model(model)
        return model

    def _scale_and_shift(self, layer: str) -> tuple[Floats, Floats]:
        weights = self.weights(layer)
        if len(weights) == 2:
            return weights[0], weights[1]
        gain, shift, mean, variance = (part.astype(np.float64) for part in weights)
        scale = gain / np.sqrt(variance + self.heir.get_layer(layer).epsilon)
        return scale.astype(np.float32), (shift - mean * scale).astype(np.float32)
