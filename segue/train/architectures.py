"""All networks by their names: slices, mostly ``(n, 96, 216)`` log-mel in [0, 1], to ``(n, 100)`` unit vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

from segue.config import SPECCY_MEL, MelSpec
from segue.errors import ParameterError
from segue.train.networks import MOMENTUM, PLANS, Plan, dense

DIMENSION = 100


@dataclass(frozen=True, slots=True)
class Sizes:
    """How wide and how deep: the numbers that an architecture is free to choose."""

    tall_filters: int = 96
    body_channels: int = 224
    body_blocks: int = 4
    dense_units: int = 384


@dataclass(frozen=True, slots=True)
class HeirSizes:
    """How many filters of each kind an heir has, from the narrowest to the widest, and its own body.

    The widths of the filters are rounded up to a multiple of ``width_step``: where the channels are a multiple of four,
    ONNX Runtime has a quicker convolution.
    """

    timbre_filters: tuple[int, int] = (204, 204)
    tempo_filters: int = 153
    width_step: int = 1
    own: Sizes = Sizes(body_channels=144, body_blocks=3, dense_units=256)


HEIR_BANDS = 87  # of Speccy's 96: what lies below MusiCNN's 8 kHz
HEIR_TIMBRES = ((35, 7), (62, 6))  # widths in bands, MusiCNN's 38 and 67; and from place to place
HEIR_TEMPO_FRAMES = 88  # MusiCNN's 128 frames
HEIR_FEATURES = 200  # MusiCNN's penultimate layer; what the heir finds for itself comes after
_LEAN = HeirSizes(timbre_filters=(48, 32), tempo_filters=64, width_step=4)


@keras.saving.register_keras_serializable(package="segue")
class Affine(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """A scale and a shift for each channel: the last axis, or another."""

    def __init__(self, *, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights; untrained, they change nothing."""
        self._spread = (input_shape[self.axis], *(1 for _ in input_shape[self.axis :][1:]))
        self.scale = self.add_weight(shape=(input_shape[self.axis],), initializer="ones", name="scale")
        self.shift = self.add_weight(shape=(input_shape[self.axis],), initializer="zeros", name="shift")

    def call(self, inputs: Any) -> Any:
        """Scale, then shift."""
        scale, shift = (keras.ops.reshape(weight, self._spread) for weight in (self.scale, self.shift))
        return inputs * scale + shift

    def get_config(self) -> dict[str, Any]:
        """What the layer is made from."""
        return {**super().get_config(), "axis": self.axis}


def build(name: str = "heir", config: Any = None) -> keras.Model:
    """Build an untrained network by the name of its architecture; the last layer has unit length.

    ``config`` takes the place of the one that the architecture comes with; see `segue.train.networks`.
    """
    plan = _plan(name)
    heard = keras.Input((plan.mel.mel_bands, plan.mel.slice_frames), name="slices")
    features = plan.network(heard, config or plan.config)
    vector = layers.Dense(DIMENSION, name="vector")(features)
    return keras.Model(heard, layers.UnitNormalization(name="embedding", dtype="float32")(vector), name=name)


def front_end(name: str) -> MelSpec:
    """What an architecture hears."""
    return _plan(name).mel


def _plan(name: str) -> Plan:
    if name not in ARCHITECTURES:
        raise ParameterError(
            f"there is no architecture {name!r}", remedy=f"Choose {' or '.join(sorted(ARCHITECTURES))}"
        )
    return ARCHITECTURES[name]


def _timbral(heard: Any, sizes: Sizes) -> Any:
    """Tall filters that look at much of the spectrum and keep their loudest place, beside the spectrum as a whole.

    The front end follows MusiCNN's thought (a timbre is a shape in frequency, wherever it lies) at a tenth of the cost;
    the body treats what it finds as channels over time.
    """
    frames = layers.Permute((2, 1))(heard)  # (n, 216, 96)
    found = [
        *(_tall(frames, width=width, step=8, filters=sizes.tall_filters) for width in (40, 72)),
        _unit1d(frames, filters=128, kernel=5, strides=2),
    ]
    return _body(_unit1d(layers.Concatenate()(found), filters=sizes.body_channels, kernel=3), sizes)


def _tall(frames: Any, *, width: int, step: int, filters: int) -> Any:
    """The same filters, 7 frames by ``width`` bands, tried at every ``step``-th band: (n, 108, filters)."""
    look = layers.Conv1D(filters, 7, strides=2, padding="same", use_bias=False)
    places = range(0, SPECCY_MEL.mel_bands - width + 1, step)
    loudest = layers.Maximum()([look(frames[:, :, at : at + width]) for at in places])
    return layers.Activation("relu")(layers.BatchNormalization(momentum=MOMENTUM)(loudest))


def _heir(heard: Any, sizes: HeirSizes) -> Any:
    """MusiCNN's own plan on Speccy's coarser grid, so that `segue.train.inherit` can start it from MusiCNN's weights.

    Half the frames and a fifth of the places in frequency: a fifteenth of the teacher's work. A body of its own beside
    the teacher's last layers makes up for what the coarser grid loses. ``lean`` is the same without the filters that
    have nothing to say, most of which are zero in MusiCNN too; `segue.train.lean` makes it from a trained heir.
    """
    # These two are not trained: the filters can absorb what they lack, and the gradient need not reach the input.
    loudness = Affine(axis=-2, name="loudness", dtype="float32", trainable=False)(heard)
    loudness = layers.Activation("relu", dtype="float32")(loudness)
    bands = Affine(axis=-2, name="input_norm", trainable=False)(loudness)  # (n, 96, 216)
    found = [layers.Concatenate()([*_heir_timbres(bands, sizes), _heir_tempo(bands, sizes.tempo_filters)])]
    for k in range(3):
        middle = layers.Conv1D(64, 3, padding="same", use_bias=False, name=f"middle_{k}")(found[-1])
        middle = _heir_norm(middle, f"middle_{k}")
        found.append(middle if k == 0 else layers.Add()([middle, found[-1]]))
    every = layers.Concatenate()(found)  # (n, 108, 753)
    pooled = layers.Concatenate()([layers.GlobalMaxPooling1D()(every), layers.GlobalAveragePooling1D()(every)])
    own = _body(_unit1d(every, filters=sizes.own.body_channels, kernel=1), sizes.own)
    return layers.Concatenate()([layers.Dense(HEIR_FEATURES, activation="relu", name="features")(pooled), own])


def _heir_timbres(bands: Any, sizes: HeirSizes) -> Iterator[Any]:
    """Filters of 5 frames by some bands, tried at every few bands: (n, 108, 204) for each width."""
    for filters, (width, step) in zip(sizes.timbre_filters, HEIR_TIMBRES, strict=True):
        places, wide = range(0, HEIR_BANDS - width + 1, step), -(-width // sizes.width_step) * sizes.width_step
        seen = np.add.outer(np.arange(wide), places)  # (wide, places)
        # Bands, places, frames is the order that ONNX Runtime wants: the transposition is not part of the export.
        patches = keras.ops.transpose(keras.ops.take(bands, seen, axis=1), (0, 2, 3, 1))  # (n, places, 216, wide)
        look = layers.Conv2D(filters, (1, 5), strides=(1, 2), padding="same", use_bias=False, name=f"timbre_{width}")
        loudest = layers.MaxPooling2D((len(places), 1))(look(patches))
        yield _heir_norm(layers.Reshape((SPECCY_MEL.slice_frames // 2, filters))(loudest), f"timbre_{width}")


def _heir_tempo(bands: Any, filters: int) -> Any:
    """Filters of 88 frames by one band at every fourth frame and band: (n, 108, 153). Four frames lie side by side."""
    few = layers.Permute((2, 1))(bands[:, 1:HEIR_BANDS:4])  # (n, 216, 22)
    margin = HEIR_TEMPO_FRAMES // 2 - 2
    padded = layers.ZeroPadding1D(margin)(few)  # (n, 300, 22)
    fours = layers.Reshape((padded.shape[1] // 4, 4, few.shape[2]))(padded)
    fours = layers.Permute((1, 3, 2))(fours)  # (n, 75, 22, 4)
    look = layers.Conv2D(filters, (HEIR_TEMPO_FRAMES // 4, 1), use_bias=False, name="tempo")
    loudest = layers.MaxPooling2D((1, few.shape[2]))(look(fours))  # (n, 54, 1, 153)
    loudest = layers.Reshape((SPECCY_MEL.slice_frames // 4, filters))(loudest)
    return layers.UpSampling1D(2)(_heir_norm(loudest, "tempo"))


def _heir_norm(sequence: Any, name: str) -> Any:
    """Sign and bias, the rectifier, then what stands for the batch normalisation after it."""
    sequence = layers.Activation("relu")(Affine(name=f"{name}_before")(sequence))
    return Affine(name=f"{name}_after")(sequence)


def _body(sequence: Any, sizes: Sizes) -> Any:
    """Residual blocks over time, which is halved at the first and the third, then pooling."""
    for block in range(sizes.body_blocks):
        if block in {0, 2}:
            sequence = layers.MaxPooling1D(2)(sequence)
        fresh = _unit1d(sequence, filters=sizes.body_channels, kernel=3)
        fresh = layers.Conv1D(sizes.body_channels, 3, padding="same", use_bias=False)(fresh)
        fresh = layers.BatchNormalization(momentum=MOMENTUM)(fresh)
        sequence = layers.Activation("relu")(layers.Add()([sequence, fresh]))
    return _pooled(sequence, sizes)


def _pooled(sequence: Any, sizes: Sizes) -> Any:
    both = layers.Concatenate()([layers.GlobalAveragePooling1D()(sequence), layers.GlobalMaxPooling1D()(sequence)])
    return dense(both, sizes.dense_units)


def _unit1d(sequence: Any, *, filters: int, kernel: int, strides: int = 1) -> Any:
    sequence = layers.Conv1D(filters, kernel, strides=strides, padding="same", use_bias=False)(sequence)
    return layers.Activation("relu")(layers.BatchNormalization(momentum=MOMENTUM)(sequence))


ARCHITECTURES: dict[str, Plan] = {
    "heir": Plan(_heir, HeirSizes()),
    "lean": Plan(_heir, _LEAN),
    "timbral": Plan(_timbral, Sizes()),
    **PLANS,
}
