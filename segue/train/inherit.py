"""A head start: the teacher's filters, carried over to Speccy's grid of time and frequency.

MusiCNN hears a frame every 16 ms and 96 mel bands up to 8 kHz; Speccy a frame every 23.2 ms and 96 bands up to 11 kHz.
A filter is carried over by the transpose of linear interpolation: what Speccy's filter makes of Speccy's frames is what
the teacher's would make of frames interpolated between them. The training then mends what that approximates.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from segue.config import MUSICNN_MEL, SPECCY_MEL
from segue.listen.mel import hz_to_mel
from segue.train.architectures import HEIR_BANDS, HEIR_FEATURES, HEIR_TEMPO_FRAMES, HEIR_TIMBRES
from segue.train.distil import Target
from segue.train.teacher import Teacher
from segue.values import Floats

_DECADES = SPECCY_MEL.floor_db / 10.0  # of power, between 0 and 1 in a slice
_STRIDE = 2
# Frames of Speccy a frame of the teacher, and bands a band.
_RATES = SPECCY_MEL.sample_rate_hz / MUSICNN_MEL.sample_rate_hz
TIME_STEP = MUSICNN_MEL.hop_samples / SPECCY_MEL.hop_samples * _RATES
_TOP_MEL = hz_to_mel(np.array([MUSICNN_MEL.sample_rate_hz / 2.0, SPECCY_MEL.sample_rate_hz / 2.0]))
BAND_STEP = float(_TOP_MEL[0] / _TOP_MEL[1])


def inherit(model: keras.Model, teacher: Teacher, target: Target, *, pairs: Sequence[tuple[Floats, Floats]]) -> None:
    """Set the weights of an untrained ``heir`` from the teacher's.

    Parameters
    ----------
    model : keras.Model
        As `segue.train.architectures.build` makes it from "heir".
    teacher : Teacher
        Where the weights come from.
    target : Target
        What the training aims at; it becomes part of the last layer.
    pairs : sequence of ((96, 216), (96, 313)) float32
        What Speccy and the teacher hear of the same windows, to match their loudness.
    """
    _set_affine(model, "loudness", np.full(SPECCY_MEL.mel_bands, np.log(10.0) * _DECADES), _loudness_shift(pairs))
    scale, shift = teacher.batch_norm(0)
    bands = np.ones(SPECCY_MEL.mel_bands)
    _set_affine(model, "input_norm", bands * scale / np.log(10.0), bands * shift)
    for k, (width, _) in enumerate(HEIR_TIMBRES):
        kernel = teacher.kernel(k)[:, :, 0]  # (7, 38, 204)
        in_time = carried(kernel, step=TIME_STEP, centre=3, taps=5, to=2)
        in_both = np.swapaxes(carried(np.swapaxes(in_time, 0, 1), step=BAND_STEP, centre=0, taps=width, to=0), 0, 1)
        _set_block(model, f"timbre_{width}", teacher, conv=k, kernel=in_both)
    _set_tempo(model, teacher)
    for k in range(3):
        kernel = np.swapaxes(teacher.kernel(5 + k), 1, 2)[:, 0]  # (7, in, 64)
        in_time = carried(kernel, step=TIME_STEP / _STRIDE, centre=3, taps=3, to=1)
        _set_block(model, f"middle_{k}", teacher, conv=5 + k, kernel=in_time)
    _set_head(model, teacher, target)


def carried(kernel: Floats, *, step: float, centre: int, taps: int, to: int) -> Floats:
    """Carry a filter over to another spacing along its first axis.

    Parameters
    ----------
    kernel : (k, ...) float32
        The filter.
    step : float
        New places an old place.
    centre, to : int
        The old place that falls upon the new place ``to``.
    taps : int
        New length; what falls outside is lost.

    Returns
    -------
    (taps, ...) float32
    """
    shares = np.zeros((taps + 1, len(kernel)))
    for old in range(len(kernel)):
        place = to + (old - centre) * step
        below = int(np.floor(place))
        for new, share in ((below, below + 1 - place), (below + 1, place - below)):
            if 0 <= new < taps:
                shares[new, old] += share
    return np.asarray(np.tensordot(shares[:taps], kernel, axes=1), np.float32)


def _loudness_shift(pairs: Sequence[tuple[Floats, Floats]]) -> NDArray[np.float64]:
    """For each band the shift that makes the mean of max(0, shift + 8 decades * slice) what the teacher hears."""
    ours, theirs = np.stack([a for a, _ in pairs]), np.stack([b for _, b in pairs])
    places = (np.arange(SPECCY_MEL.mel_bands) + 1.0) / BAND_STEP - 1.0  # the teacher's band of each of ours
    wanted = np.interp(places, np.arange(MUSICNN_MEL.mel_bands), theirs.mean(axis=(0, 2))) * np.log(10.0)
    low, high = np.full(SPECCY_MEL.mel_bands, -40.0), np.full(SPECCY_MEL.mel_bands, 20.0)
    grown = ours.transpose(1, 0, 2).reshape(SPECCY_MEL.mel_bands, -1)[:, ::7] * np.log(10.0) * _DECADES
    for _ in range(24):
        middle = (low + high) / 2.0
        short = np.maximum(0.0, grown + middle[:, None]).mean(axis=1) < wanted
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    shift = (low + high) / 2.0
    shift[HEIR_BANDS:] = shift[HEIR_BANDS - 1]
    return np.asarray(shift)


def _set_block(model: keras.Model, name: str, teacher: Teacher, *, conv: int, kernel: Floats) -> None:
    """A convolution, then sign and bias, the rectifier, and the normalisation."""
    scale, shift = teacher.batch_norm(conv + 1)
    sign = np.where(scale < 0.0, -1.0, 1.0) if name.startswith("timbre") else np.ones(len(scale))
    layer = model.get_layer(name)
    layer.set_weights([(kernel * sign).astype(np.float32).reshape(layer.kernel.shape)])
    _set_affine(model, f"{name}_before", sign, teacher.bias(conv))
    _set_affine(model, f"{name}_after", scale, shift)


def _set_tempo(model: keras.Model, teacher: Teacher) -> None:
    """All three temporal convolutions in one, padded to the longest."""
    kernel = np.zeros((HEIR_TEMPO_FRAMES, 153), np.float32)
    signs: list[Floats] = []
    biases: list[Floats] = []
    scales: list[Floats] = []
    shifts: list[Floats] = []
    for part, conv in enumerate((2, 3, 4)):
        scale, shift = teacher.batch_norm(conv + 1)
        sign = np.where(scale < 0.0, -1.0, 1.0)
        taps = teacher.kernel(conv)[:, 0, 0] * sign  # (128, 51)
        kernel[:, 51 * part : 51 * (part + 1)] = carried(
            taps, step=TIME_STEP, centre=(len(taps) - 1) // 2, taps=HEIR_TEMPO_FRAMES, to=HEIR_TEMPO_FRAMES // 2
        )
        signs, biases = [*signs, sign], [*biases, teacher.bias(conv)]
        scales, shifts = [*scales, scale], [*shifts, shift]
    model.get_layer("tempo").set_weights([kernel.reshape(HEIR_TEMPO_FRAMES // 4, 1, 4, 153)])
    _set_affine(model, "tempo_before", np.concatenate(signs), np.concatenate(biases))
    _set_affine(model, "tempo_after", np.concatenate(scales), np.concatenate(shifts))


def _set_head(model: keras.Model, teacher: Teacher, target: Target) -> None:
    """The dense layers, with the normalisations around them and the target's turn folded in.

    What the heir finds for itself counts for nothing until it has learned.
    """
    scale, shift = teacher.batch_norm(9)
    kernel, bias = teacher.dense()
    apart = np.concatenate([kernel[0::2] * scale[0::2, None], kernel[1::2] * scale[1::2, None]])  # maxima, then means
    model.get_layer("features").set_weights([apart.astype(np.float32), (bias + shift @ kernel).astype(np.float32)])
    scale, shift = teacher.batch_norm(10)
    last = model.get_layer("vector")
    kernel = np.zeros(last.kernel.shape, np.float32)
    kernel[:HEIR_FEATURES] = scale[:, None] * target.basis
    last.set_weights([kernel, ((shift - target.mean) @ target.basis).astype(np.float32)])


def _set_affine(model: keras.Model, name: str, scale: NDArray[np.floating], shift: NDArray[np.floating]) -> None:
    model.get_layer(name).set_weights([scale.astype(np.float32), shift.astype(np.float32)])
