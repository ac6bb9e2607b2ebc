"""Networks as the literature has them, each a pure function of a frozen config: from slices to features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from segue.config import SPECCY_MEL, WAVEFORM, MelSpec

MOMENTUM = 0.97  # of batch normalisation: the statistics of a short training must settle quickly


@dataclass(frozen=True, slots=True)
class Cnn1d:
    """Channels and pooling of each convolution over time, and the width of the last layer."""

    channels: tuple[int, ...] = (256, 256, 256, 512)
    pools: tuple[int, ...] = (4, 2, 2, 1)
    kernel: int = 4
    dense_units: int = 384


@dataclass(frozen=True, slots=True)
class Cnn2d:
    """Channels of each 3 x 3 convolution, pooling (bands, frames) after it, and the width of the last layer."""

    channels: tuple[int, ...] = (32, 64, 128, 192)
    pools: tuple[tuple[int, int], ...] = ((2, 4), (3, 4), (2, 3), (2, 1))
    separable: bool = False
    dense_units: int = 384


@dataclass(frozen=True, slots=True)
class Crnn:
    """Convolutions that shrink 96 bands to one and 216 frames to 27, then recurrent layers over what is left."""

    channels: tuple[int, ...] = (32, 64, 96, 96)
    pools: tuple[tuple[int, int], ...] = ((2, 2), (3, 2), (4, 2), (4, 1))
    recurrent_units: tuple[int, ...] = (128, 128)


@dataclass(frozen=True, slots=True)
class ResnetSe:
    """Channels of each stage, its residual blocks, how much the excitation squeezes, and the last layer's width."""

    channels: tuple[int, ...] = (32, 64, 128, 192)
    blocks: int = 1
    squeeze: int = 8
    dense_units: int = 384


@dataclass(frozen=True, slots=True)
class SampleCnn:
    """How many samples each step merges into one, and its channels: 110,592 samples become 16 places."""

    steps: tuple[tuple[int, int], ...] = ((9, 32), (3, 64), (4, 64), (4, 128), (4, 128), (4, 256))
    dense_units: int = 384


@dataclass(frozen=True, slots=True)
class Plan:
    """An architecture: its function, the config that it is built from unless told otherwise, and what it hears."""

    network: Callable[[Any, Any], Any]
    config: Any
    mel: MelSpec = SPECCY_MEL


def cnn1d(heard: Any, config: Cnn1d) -> Any:
    """Bands as channels throughout: convolutions over time alone, then the mean, the maximum and the energy over it.

    Van den Oord, Dieleman and Schrauwen, Deep content-based music recommendation (2013), as Dieleman pooled it in 2014.
    """
    sequence = layers.Permute((2, 1))(heard)  # (n, 216, 96)
    for channels, pool in zip(config.channels, config.pools, strict=True):
        sequence = layers.Conv1D(channels, config.kernel, padding="same", use_bias=False)(sequence)
        sequence = _activated(sequence)
        sequence = layers.MaxPooling1D(pool)(sequence) if pool > 1 else sequence
    energy = keras.ops.sqrt(layers.GlobalAveragePooling1D()(keras.ops.square(sequence)) + 1e-6)
    pooled = [layers.GlobalAveragePooling1D()(sequence), layers.GlobalMaxPooling1D()(sequence), energy]
    return dense(layers.Concatenate()(pooled), config.dense_units)


def cnn2d(heard: Any, config: Cnn2d) -> Any:
    """A slice as a picture: 3 x 3 convolutions and pooling in both directions, nothing but the average at the end.

    Choi, Fazekas and Sandler, Automatic tagging using deep convolutional neural networks (2016); ``separable`` gives
    the depth-wise convolutions of the first Deej-A.I., with global pooling in place of its layer of 40 million weights.
    """
    kind = layers.SeparableConv2D if config.separable else layers.Conv2D
    picture = layers.Reshape((*heard.shape[1:], 1))(heard)  # (n, 96, 216, 1)
    for channels, pool in zip(config.channels, config.pools, strict=True):
        picture = _activated(kind(channels, 3, padding="same", use_bias=False)(picture))
        picture = layers.MaxPooling2D(pool)(picture)
    return _pooled2d(picture, config.dense_units)


def crnn(heard: Any, config: Crnn) -> Any:
    """Convolutions that see what is there, then recurrent layers that hear how it goes on.

    Choi, Fazekas, Sandler and Cho, Convolutional recurrent neural networks for music classification (2017).
    """
    picture = layers.Reshape((*heard.shape[1:], 1))(heard)  # (n, 96, 216, 1)
    for channels, pool in zip(config.channels, config.pools, strict=True):
        picture = _activated(layers.Conv2D(channels, 3, padding="same", use_bias=False)(picture))
        picture = layers.MaxPooling2D(pool)(picture)
    sequence = layers.Reshape((picture.shape[1] * picture.shape[2], picture.shape[3]))(picture)  # (n, 27, 96)
    for k, units in enumerate(config.recurrent_units):
        last = k == len(config.recurrent_units) - 1
        # Unrolled: as a loop it would neither convert to a plain ONNX graph nor run fast.
        sequence = layers.GRU(units, return_sequences=not last, unroll=True)(sequence)
    return sequence


def resnet_se(heard: Any, config: ResnetSe) -> Any:
    """Residual blocks of 3 x 3 convolutions whose channels are weighed by what the whole picture holds.

    He and others, Deep residual learning (2016); Hu, Shen and Sun, Squeeze-and-excitation networks (2018); for music
    Kim, Lee and Nam, Sample-level CNN architectures (2018).
    """
    picture = layers.Reshape((*heard.shape[1:], 1))(heard)  # (n, 96, 216, 1)
    picture = layers.Conv2D(config.channels[0], 5, strides=2, padding="same", use_bias=False)(picture)
    picture = layers.MaxPooling2D(2)(_activated(picture))  # (n, 24, 54, 32)
    for stage, channels in enumerate(config.channels):
        for block in range(config.blocks):
            picture = _residual(picture, channels, config.squeeze, strides=2 if stage and not block else 1)
    return _pooled2d(picture, config.dense_units)


def sample_cnn(heard: Any, config: SampleCnn) -> Any:
    """The samples themselves, with filters of a few samples from the first layer on.

    Lee, Park, Kim and Nam, Sample-level deep convolutional neural networks (2017), narrower near the samples.
    """
    (first, channels), *rest = config.steps
    sequence = layers.Permute((2, 1))(heard)  # (n, 110592, 1)
    sequence = layers.Conv1D(channels, first, strides=first, padding="same", use_bias=False)(sequence)
    sequence = _activated(sequence)
    for merged, channels in rest:
        sequence = _activated(layers.Conv1D(channels, 3, padding="same", use_bias=False)(sequence))
        sequence = layers.MaxPooling1D(merged)(sequence)
    both = [layers.GlobalAveragePooling1D()(sequence), layers.GlobalMaxPooling1D()(sequence)]
    return dense(layers.Concatenate()(both), config.dense_units)


def dense(features: Any, units: int) -> Any:
    """The last hidden layer."""
    return _activated(layers.Dense(units, use_bias=False)(features))


def _pooled2d(picture: Any, units: int) -> Any:
    both = [layers.GlobalAveragePooling2D()(picture), layers.GlobalMaxPooling2D()(picture)]
    return dense(layers.Concatenate()(both), units)


def _residual(picture: Any, channels: int, squeeze: int, *, strides: int) -> Any:
    """Two convolutions, their channels weighed, beside a short cut."""
    fresh = layers.Conv2D(channels, 3, strides=strides, padding="same", use_bias=False)(picture)
    fresh = layers.Conv2D(channels, 3, padding="same", use_bias=False)(_activated(fresh))
    fresh = layers.BatchNormalization(momentum=MOMENTUM)(fresh)
    whole = layers.GlobalAveragePooling2D(keepdims=True)(fresh)  # (n, 1, 1, channels)
    weights = layers.Dense(channels // squeeze, activation="relu")(whole)
    fresh = layers.Multiply()([fresh, layers.Dense(channels, activation="sigmoid")(weights)])
    if picture.shape != fresh.shape:
        picture = layers.Conv2D(channels, 1, strides=strides, padding="same", use_bias=False)(picture)
        picture = layers.BatchNormalization(momentum=MOMENTUM)(picture)
    return layers.Activation("relu")(layers.Add()([picture, fresh]))


def _activated(features: Any) -> Any:
    return layers.Activation("relu")(layers.BatchNormalization(momentum=MOMENTUM)(features))


PLANS: dict[str, Plan] = {
    "cnn1d": Plan(cnn1d, Cnn1d()),
    "cnn2d": Plan(cnn2d, Cnn2d()),
    "origin": Plan(cnn2d, Cnn2d(channels=(32, 64, 128), pools=((2, 2), (2, 2), (2, 2)), separable=True)),
    "crnn": Plan(crnn, Crnn()),
    "resnet_se": Plan(resnet_se, ResnetSe()),
    "sample_cnn": Plan(sample_cnn, SampleCnn(), mel=WAVEFORM),
}
