"""MusiCNN (Pons and Serra, 2019) as a graph for ONNX Runtime, in the form that one CPU thread runs fastest.

Its five front convolutions have one input channel and many places in frequency, of which only the loudest counts.
Two things make them quick. Neighbouring places of a filter lie side by side in one wider filter, so that what is
copied together for a matrix product serves several of them. And each part is reduced to its loudest before the next is
computed, so that what lies between stays in the processor's cache.

Most of their filters are zero as published; `without_silent` leaves those out, which changes nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from segue.config import MUSICNN_MEL
from segue.embed.ears.checkpoint import read_checkpoint
from segue.errors import ModelError
from segue.values import Floats

DIMENSION = 200
_BATCH_NORM_EPSILON = 1e-3
_TIMBRAL = ((0, 3), (1, 2))  # convolution, and how many places in frequency lie side by side
_FEW_FILTERS, _FEW_PLACES = 64, 6  # of few filters more places fit into the cache
_TEMPORAL = (2, 3, 4)
_MIDDLE = (5, 6, 7)
_PLACES_IN_TIME = 16
_LONGEST = 128  # frames under the longest temporal filter
_SILENT = 1e-5  # published, the silent filters stay below 2e-7 and the others above 9e-4
_OPSET, _IR_VERSION = 18, 9  # what ONNX Runtime 1.14 and later read


@dataclass(frozen=True, slots=True, eq=False)
class MusicnnWeights:
    """The network's numbers by the names that its authors' program gave them."""

    tensors: Mapping[str, Floats]

    def kernel(self, k: int) -> Floats:
        """The filters of the k-th convolution, (frames, bands, 1, filters)."""
        return self.tensors[f"{_numbered('conv2d', k)}/kernel"]

    def bias(self, k: int) -> Floats:
        """The biases of the k-th convolution."""
        return self.tensors[f"{_numbered('conv2d', k)}/bias"]

    def norm(self, k: int) -> tuple[Floats, Floats]:
        """Scale and shift that stand for the k-th batch normalisation when nothing is learned any more."""
        name = _numbered("batch_normalization", k)
        parts = (self.tensors[f"{name}/{part}"] for part in ("gamma", "beta", "moving_mean", "moving_variance"))
        gamma, beta, mean, variance = parts
        scale = gamma / np.sqrt(variance + _BATCH_NORM_EPSILON)
        return scale, beta - mean * scale

    def sign(self, conv: int) -> Floats:
        """-1 for filters whose normalisation turns the loudest into the softest, else 1."""
        return np.where(self.norm(conv + 1)[0] < 0.0, -1.0, 1.0).astype(np.float32)

    def dense(self, k: int = 0) -> tuple[Floats, Floats]:
        """Kernel and bias of the k-th dense layer: the penultimate one, and the tags'."""
        return self.tensors[f"{_numbered('dense', k)}/kernel"], self.tensors[f"{_numbered('dense', k)}/bias"]


def read_weights(folder: Path) -> MusicnnWeights:
    """Read the weights from the folder ``MSD_musicnn`` of the package; raises ModelError if they are not whole."""
    index, data = folder / ".index", folder / ".data-00000-of-00001"
    if not (index.is_file() and data.is_file()):
        raise ModelError(
            "the weights of MusiCNN are not there",
            remedy="Give the folder MSD_musicnn of the package musicnn 0.1.0",
            path=folder,
        )
    tensors = read_checkpoint(index, data, wanted=_is_weight)
    weights = MusicnnWeights(tensors)
    try:
        shapes = [weights.kernel(k).shape for k in (*dict(_TIMBRAL), *_TEMPORAL, *_MIDDLE)]
        complete = shapes[0][:2] == (7, 38) and weights.dense()[0].shape[1] == weights.norm(10)[0].size == DIMENSION
    except KeyError as error:
        complete, shapes = False, [error.args]
    if not complete:
        raise ModelError(
            f"these are not the weights of MusiCNN ({shapes[-1]})",
            remedy="Install it anew: pip install --force-reinstall --no-deps musicnn==0.1.0",
            path=folder,
        )
    return weights


def without_silent(weights: MusicnnWeights) -> MusicnnWeights:
    """Leave out the front's filters that are zero, and add what they always say where it is listened to.

    Of the 561 published filters 497 are zero. The same vectors come out, to float32's precision, at an eighth of the
    cost. (What a silent filter says is next to nothing, so that the zeros beyond a slice's ends do not matter.)
    """
    tensors = dict(weights.tensors)
    speaks, says = [], []
    for conv in (*dict(_TIMBRAL), *_TEMPORAL):
        scale, shift = weights.norm(conv + 1)
        speaks.append(np.abs(weights.kernel(conv)).max(axis=(0, 1, 2)) >= _SILENT)
        says.append(np.maximum(weights.bias(conv), 0.0) * scale + shift)
        for name in (*_names("conv2d", conv), *_names("batch_normalization", conv + 1)):
            tensors[name] = tensors[name][..., speaks[-1]]
    kept, said = np.concatenate(speaks), np.concatenate(says)
    kernel, bias = _names("conv2d", _MIDDLE[0])
    tensors[bias] = tensors[bias] + said[~kept] @ tensors[kernel][:, ~kept, 0].sum(axis=0)
    tensors[kernel] = tensors[kernel][:, kept]
    scale, shift = weights.norm(9)
    others = len(scale) // 2 - len(kept)
    kept = np.repeat(np.concatenate([kept, np.ones(others, bool)]), 2)  # the maximum and the mean of each take turns
    pooled = np.repeat(np.concatenate([said, np.zeros(others)]), 2) * scale + shift
    kernel, bias = _names("dense", 0)
    tensors[bias] = tensors[bias] + pooled[~kept] @ tensors[kernel][~kept]
    for name in _names("batch_normalization", 9):
        tensors[name] = tensors[name][kept]
    tensors[kernel] = tensors[kernel][kept]
    return MusicnnWeights({name: np.asarray(values, np.float32) for name, values in tensors.items()})


def _names(kind: str, k: int) -> tuple[str, ...]:
    """The tensors of the k-th layer of a kind."""
    parts = ("gamma", "beta", "moving_mean", "moving_variance") if kind == "batch_normalization" else ("kernel", "bias")
    return tuple(f"{_numbered(kind, k)}/{part}" for part in parts)


def _is_weight(name: str) -> bool:
    """Whether a tensor is part of the network, and not of the program that trained it."""
    return "Adam" not in name and "power" not in name


def _numbered(name: str, k: int) -> str:
    return name if k == 0 else f"{name}_{k}"


class _Graph:
    """Nodes in the order in which they run, and the constants they use."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def __call__(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of one output and return the output's name."""
        from onnx import helper

        name = f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def floats(self, values: Any) -> str:
        """Add a constant of float32 numbers and return its name."""
        return self._constant(np.ascontiguousarray(values, np.float32))

    def integers(self, *values: int) -> str:
        """Add a constant ``(n,)`` of whole numbers and return its name."""
        return self._constant(np.array(values, np.int64))

    def _constant(self, values: Any) -> str:
        from onnx import numpy_helper

        name = f"constant_{len(self.constants)}"
        self.constants[name] = numpy_helper.from_array(values, name)
        return name

    def span(self, values: str, axis: int, start: int, end: int) -> str:
        """Cut a tensor from ``start`` to ``end`` along one axis."""
        return self("Slice", values, self.integers(start), self.integers(end), self.integers(axis))


def musicnn_network(weights: MusicnnWeights, mean: Floats) -> bytes:
    """Write the network for slices of `MUSICNN_MEL`, up to its penultimate layer, as an ONNX file's content.

    Parameters
    ----------
    weights : MusicnnWeights
        See `read_weights`.
    mean : (200,) float32
        What is subtracted from the penultimate layer.

    Returns
    -------
    bytes
        A network from ``slices`` (n, 96, 313) float32 to vectors (n, 200) float32, of any length.

    Notes
    -----
    J. Pons and X. Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging" (2019).
    """
    from onnx import TensorProto, helper

    graph, frames = _Graph(), MUSICNN_MEL.slice_frames
    scale, shift = weights.norm(0)
    heard = graph("Add", graph("Mul", "slices", graph.floats(scale)), graph.floats(shift))  # (n, 96, 313)
    front = [*(_timbre(graph, heard, weights, *part) for part in _TIMBRAL), *_tempo(graph, heard, weights)]
    layers = [graph("Concat", *front, axis=1)]  # (n, 561, 313), then three of 64
    for k in _MIDDLE:
        kernel = graph.floats(weights.kernel(k)[:, :, 0].transpose(2, 1, 0))
        fresh = _activated(graph, graph("Conv", layers[-1], kernel, pads=[3, 3]), weights, k)
        layers.append(fresh if k == _MIDDLE[0] else graph("Add", fresh, layers[-1]))
    features = graph("Concat", *layers, axis=1)  # (n, 753, 313)
    pooled = (graph(f"Reduce{how}", features, graph.integers(2), keepdims=0) for how in ("Max", "Mean"))
    vectors = _dense(graph, graph("Concat", *pooled, axis=1), weights, mean)
    made = helper.make_graph(
        graph.nodes,
        "musicnn",
        [helper.make_tensor_value_info("slices", TensorProto.FLOAT, ["n", MUSICNN_MEL.mel_bands, frames])],
        [helper.make_tensor_value_info(vectors, TensorProto.FLOAT, ["n", DIMENSION])],
        list(graph.constants.values()),
    )
    opset = helper.make_opsetid("", _OPSET)
    content: bytes = helper.make_model(made, opset_imports=[opset], ir_version=_IR_VERSION).SerializeToString()
    return content


def _timbre(graph: _Graph, heard: str, weights: MusicnnWeights, conv: int, places: int) -> str:
    """Filters of 7 frames by many bands: the loudest place in frequency counts. (n, 204, 313)."""
    kernel = weights.kernel(conv)[:, :, 0] * weights.sign(conv)  # (7, bands, 204)
    bands, filters = kernel.shape[1:]
    places = _FEW_PLACES if filters <= _FEW_FILTERS else places
    width, last = bands + places - 1, MUSICNN_MEL.mel_bands - bands + 1 - places
    wide = np.zeros((places, filters, width, len(kernel)), np.float32)
    for place in range(places):
        wide[place, :, place : place + bands] = kernel.transpose(2, 1, 0)
    matrix = graph.floats(wide.reshape(places * filters, width, -1))
    apart, axis = graph.integers(0, places, filters, MUSICNN_MEL.slice_frames), graph.integers(1)
    loudest = []
    for start in sorted({*range(0, last, places), last}):  # the last may overlap: a maximum does not mind
        products = graph("Conv", graph.span(heard, 1, start, start + width), matrix, pads=[3, 3])
        loudest.append(graph("ReduceMax", graph("Reshape", products, apart), axis, keepdims=0))
    return _activated(graph, graph("Max", *loudest), weights, conv, sign=weights.sign(conv))


def _tempo(graph: _Graph, heard: str, weights: MusicnnWeights) -> list[str]:
    """Filters of 128, 64 and 32 frames by one band: the loudest band counts. Each (n, 51, 313)."""
    frames, places = MUSICNN_MEL.slice_frames, _PLACES_IN_TIME
    blocks = -(-frames // places)
    before, after = (_LONGEST - 1) // 2, _LONGEST // 2 + blocks * places - frames
    padded, axis, found = graph("Pad", heard, graph.integers(0, 0, before, 0, 0, after)), graph.integers(1), []
    for conv in _TEMPORAL:
        kernel = weights.kernel(conv)[:, 0, 0] * weights.sign(conv)  # (taps, 51)
        taps, filters = kernel.shape
        wide = np.zeros((taps + places - 1, places, filters), np.float32)
        for place in range(places):
            wide[place : place + taps, place] = kernel
        matrix, ahead = graph.floats(wide.reshape(len(wide), -1)), before - (taps - 1) // 2
        loudest = []
        for start in range(ahead, ahead + blocks * places, places):
            products = graph("MatMul", graph.span(padded, 2, start, start + len(wide)), matrix)  # (n, 96, 16 * 51)
            loudest.append(graph("ReduceMax", products, axis, keepdims=1))
        joined = graph("Reshape", graph("Concat", *loudest, axis=1), graph.integers(0, blocks * places, filters))
        turned = graph.span(graph("Transpose", joined, perm=[0, 2, 1]), 2, 0, frames)  # (n, 51, 313)
        found.append(_activated(graph, turned, weights, conv, sign=weights.sign(conv)))
    return found


def _activated(graph: _Graph, products: str, weights: MusicnnWeights, conv: int, *, sign: Floats | None = None) -> str:
    """Bias, rectifier and normalisation of a convolution's products (n, filters, 313)."""
    if sign is not None:
        products = graph("Mul", products, graph.floats(sign[:, None]))
    rectified = graph("Relu", graph("Add", products, graph.floats(weights.bias(conv)[:, None])))
    scale, shift = weights.norm(conv + 1)
    return graph("Add", graph("Mul", rectified, graph.floats(scale[:, None])), graph.floats(shift[:, None]))


def _dense(graph: _Graph, pooled: str, weights: MusicnnWeights, mean: Floats) -> str:
    """The penultimate layer from all maxima, then all means (n, 1506); the checkpoint lets the two take turns."""
    kernel, bias = (part.astype(np.float64) for part in weights.dense())
    scale, shift = (part.astype(np.float64) for part in weights.norm(9))
    order = np.concatenate([np.arange(0, len(kernel), 2), np.arange(1, len(kernel), 2)])
    matrix = graph.floats((scale[:, None] * kernel)[order])
    hidden = graph("Relu", graph("Gemm", pooled, matrix, graph.floats(bias + shift @ kernel)))
    last_scale, last_shift = weights.norm(10)
    return graph("Add", graph("Mul", hidden, graph.floats(last_scale)), graph.floats(last_shift - mean))
