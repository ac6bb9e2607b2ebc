"""The teacher: MusiCNN (Pons and Serra, 2019), trained on the Million Song Dataset, rebuilt for fast labelling.

Its five front-end convolutions have one input channel and pool over every frequency (or keep every frequency), which
ordinary convolution code runs at a fraction of the machine's speed. Here each becomes one matrix product: several
neighbouring positions of a filter are laid side by side in one wider matrix. In bfloat16 that uses the tile units of
recent processors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from segue.config import MUSICNN_MEL
from segue.embed.ears.musicnn_network import MusicnnWeights, read_weights, without_silent
from segue.values import Floats

TAGS = (
    *(
        "rock",
        "pop",
        "alternative",
        "indie",
        "electronic",
        "female vocalists",
        "dance",
        "00s",
        "alternative rock",
        "jazz",
    ),
    *(
        "beautiful",
        "metal",
        "chillout",
        "male vocalists",
        "classic rock",
        "soul",
        "indie rock",
        "mellow",
        "electronica",
    ),
    *("80s", "folk", "90s", "chill", "instrumental", "punk", "oldies", "blues", "hard rock", "ambient", "acoustic"),
    *("experimental", "female vocalist", "guitar", "hip-hop", "70s", "party", "country", "easy listening", "sexy"),
    *(
        "catchy",
        "funk",
        "electro",
        "heavy metal",
        "progressive rock",
        "60s",
        "rnb",
        "indie pop",
        "sad",
        "house",
        "happy",
    ),
)
_TIMBRAL = ((0, 8), (1, 10))  # convolution, filter positions laid side by side
_TEMPORAL = (2, 3, 4)
_POSITIONS_IN_TIME = 16


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the teacher says of some windows: ``vectors`` (n, 200) float32 and ``tags`` (n, 50) in [0, 1]."""

    vectors: Floats
    tags: Floats


class Teacher:
    """MusiCNN's penultimate layer and tags for slices ``(n, 96, 313)`` of `MUSICNN_MEL`."""

    def __init__(self, folder: Path, *, precision: Literal["float32", "bfloat16"] = "float32") -> None:
        """Read the weights from ``folder``: the ``MSD_musicnn`` folder of the PyPI package ``musicnn``."""
        self._weights = read_weights(folder)
        self._spoken = without_silent(self._weights)
        self._dtype = tf.dtypes.as_dtype(precision)
        self._timbral = [_timbral_matrix(self._spoken, *part) for part in _TIMBRAL]
        self._temporal = _temporal_matrix(self._spoken)
        self._run = tf.function(
            self._forward,
            input_signature=[tf.TensorSpec((None, MUSICNN_MEL.mel_bands, MUSICNN_MEL.slice_frames), tf.float32)],
        )

    def hear(self, slices: Floats) -> Lesson:
        """Return what the teacher makes of slices ``(n, 96, 313)`` float32."""
        vectors, tags = self._run(tf.constant(slices))
        return Lesson(vectors=vectors.numpy(), tags=tags.numpy())

    def kernel(self, k: int) -> Floats:
        """The filters of the k-th convolution, (height, width, in, out)."""
        return self._weights.kernel(k)

    def bias(self, k: int) -> Floats:
        """The biases of the k-th convolution."""
        return self._weights.bias(k)

    def batch_norm(self, k: int) -> tuple[Floats, Floats]:
        """Scale and shift of the k-th normalisation."""
        return self._weights.norm(k)

    def dense(self) -> tuple[Floats, Floats]:
        """Kernel and bias of the penultimate layer."""
        return self._weights.dense()

    def tag_layer(self) -> tuple[Floats, Floats]:
        """Kernel and bias of the last layer, which turns vectors into the logits of `TAGS`."""
        return self._weights.dense(1)

    def _forward(self, slices: Any) -> tuple[Any, Any]:
        scale, shift = self._spoken.norm(0)
        heard = tf.cast(tf.transpose(slices, (0, 2, 1)) * scale + shift, self._dtype)  # (n, 313, 96)
        front = tf.concat([*(self._timbre(heard, k) for k in range(len(_TIMBRAL))), self._tempo(heard)], 2)
        layers = [front]  # (n, 313, filters), then three of 64
        for k in range(3):
            fresh = self._middle(layers[-1], k)
            layers.append(fresh if k == 0 else fresh + layers[-1])
        features = tf.concat(layers, 2)
        pooled = tf.stack([tf.reduce_max(features, 1), tf.reduce_mean(features, 1)], 2)
        scale, shift = self._spoken.norm(9)
        flat = tf.reshape(pooled, (-1, scale.shape[0])) * scale + shift  # max and mean take turns
        kernel, bias = self._spoken.dense()
        hidden = tf.nn.relu(flat @ kernel + bias)
        scale, shift = self._spoken.norm(10)
        vectors = hidden * scale + shift
        kernel, bias = self._spoken.dense(1)
        return vectors, tf.sigmoid(vectors @ kernel + bias)

    def _timbre(self, heard: Any, k: int) -> Any:
        """Filters of 7 frames by many bands: the loudest place in frequency counts. (n, 313, filters)."""
        matrix, starts, width = self._timbral[k]
        frames = heard.shape[1]
        padded = tf.pad(heard, [[0, 0], [3, 3], [0, 0]])
        taps = tf.stack([padded[:, i : i + frames] for i in range(7)], 2)  # (n, 313, 7, 96)
        patches = tf.stack([taps[:, :, :, at : at + width] for at in starts], 2)  # (n, 313, starts, 7, width)
        rows = tf.reshape(patches, (-1, 7 * width))
        conv, _ = _TIMBRAL[k]
        sign = self._spoken.sign(conv)
        places = matrix.shape[1] // len(sign) * len(starts)
        products = tf.reshape(rows @ tf.cast(matrix, self._dtype), (-1, places, 1, len(sign)))
        loudest = tf.reshape(_loudest(products), (-1, frames, len(sign))) * sign
        return self._activated(loudest, conv)

    def _tempo(self, heard: Any) -> Any:
        """Filters of 128, 64 and 32 frames by one band: the loudest band counts. (n, 313, filters)."""
        matrix, frames = self._temporal, heard.shape[1]
        filters = matrix.shape[1] // _POSITIONS_IN_TIME
        blocks = -(-frames // _POSITIONS_IN_TIME)
        padded = tf.pad(heard, [[0, 0], [63, 64 + blocks * _POSITIONS_IN_TIME - frames], [0, 0]])
        reach = matrix.shape[0]
        turned = tf.transpose(padded, (0, 2, 1))  # (n, 96, time)
        rows = tf.stack([turned[:, :, b * _POSITIONS_IN_TIME :][:, :, :reach] for b in range(blocks)], 1)
        products = tf.matmul(tf.reshape(rows, (-1, reach)), tf.cast(matrix, self._dtype))
        loudest = _loudest(tf.reshape(products, (-1, heard.shape[2], 1, _POSITIONS_IN_TIME * filters)))
        loudest = tf.reshape(loudest, (-1, blocks * _POSITIONS_IN_TIME, filters))[:, :frames]
        signs = [self._spoken.sign(conv) for conv in _TEMPORAL]
        each = tf.split(loudest, [len(sign) for sign in signs], axis=2)
        parts = [self._activated(mine * sign, conv) for mine, sign, conv in zip(each, signs, _TEMPORAL, strict=True)]
        return tf.concat(parts, 2)

    def _middle(self, features: Any, k: int) -> Any:
        """One of the three dense layers of 7 frames. (n, 313, 64)."""
        kernel = np.swapaxes(self._spoken.kernel(5 + k), 1, 2)[:, 0]  # (7, in, 64)
        padded = tf.cast(tf.pad(features, [[0, 0], [3, 3], [0, 0]]), self._dtype)
        frames = features.shape[1]
        taps = tf.concat([padded[:, i : i + frames] for i in range(7)], 2)  # (n, 313, 7 * in)
        rows = tf.reshape(taps, (-1, taps.shape[2]))
        products = rows @ tf.cast(kernel.reshape(-1, kernel.shape[2]), self._dtype)
        return self._activated(tf.reshape(tf.cast(products, tf.float32), (-1, frames, 64)), 5 + k)

    def _activated(self, products: Any, conv: int) -> Any:
        scale, shift = self._spoken.norm(conv + 1)
        return tf.nn.relu(products + self._spoken.bias(conv)) * scale + shift


def _loudest(products: Any) -> Any:
    """Maximum over axis 1, by pooling: seven times faster than a reduction. float32."""
    places = products.shape[1]
    return tf.cast(tf.nn.max_pool2d(products, (places, 1), 1, "VALID"), tf.float32)


def _timbral_matrix(weights: MusicnnWeights, conv: int, positions: int) -> tuple[Floats, Sequence[int], int]:
    """Lay ``positions`` neighbouring places of each filter side by side: (7 * width, positions * filters)."""
    kernel = weights.kernel(conv)[:, :, 0] * weights.sign(conv)  # (7, bands, filters)
    bands = kernel.shape[1]
    width, last = bands + positions - 1, MUSICNN_MEL.mel_bands - bands + 1 - positions
    matrix = np.zeros((7, width, positions, kernel.shape[2]), np.float32)
    for place in range(positions):
        matrix[:, place : place + bands, place] = kernel
    starts = sorted({*range(0, last, positions), last})  # the last may overlap: a maximum does not mind
    return matrix.reshape(7 * width, -1), starts, width


def _temporal_matrix(weights: MusicnnWeights) -> Floats:
    """All three temporal convolutions at 16 neighbouring frames: (143, 16 * filters)."""
    longest, parts = 128, []
    for conv in _TEMPORAL:
        kernel = weights.kernel(conv)[:, 0, 0] * weights.sign(conv)  # (taps, filters)
        part = np.zeros((longest + _POSITIONS_IN_TIME - 1, _POSITIONS_IN_TIME, kernel.shape[1]), np.float32)
        ahead = (longest - 1) // 2 - (len(kernel) - 1) // 2
        for place in range(_POSITIONS_IN_TIME):
            part[place + ahead : place + ahead + len(kernel), place] = kernel
        parts.append(part)
    matrix = np.concatenate(parts, axis=2)
    return matrix.reshape(len(matrix), -1)
