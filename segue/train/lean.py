"""From a trained heir to one that hears the same for half the cost: without the filters that say nothing of their own.

Which filters stay, and how the rest are made up for, is an interpolative decomposition of what the filters say of real
music: a pivoted QR names those that the others can be told from, and least squares tells how. What listened to a filter
that goes listens to those that stay instead. (Cheng, Gimbutas, Martinsson and Rokhlin, On the compression of low rank
matrices, 2005; for networks: Chee, Flynn, Damle and De Sa, Model preserving compression for neural networks, 2022.)
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import keras
import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from segue.train.architectures import HEIR_TIMBRES, build
from segue.train.plain_graph import own_layers
from segue.values import Floats

log = logging.getLogger(__name__)

LEAST_COSINE = 0.999  # between what a slice was and what it becomes: below, the heir stays as it is
_FRAMES_A_SLICE = 18  # of the places in time of a slice that are looked at: neighbours say much the same
_RIDGE = 1e-3  # of the mean variance: keeps the least squares from leaning on differences of filters that agree
_UNTOUCHED = (
    *("loudness", "input_norm", "vector", "middle_1", "middle_2", "middle_1_before", "middle_2_before"),
    *(f"middle_{k}_after" for k in range(3)),
)
_FRONT = (*(f"timbre_{width}" for width, _ in HEIR_TIMBRES), "tempo")


@dataclass(frozen=True, slots=True)
class _Fold:
    """What all filters say, told from those that stay: ``all = kept @ turn + shift``."""

    turn: NDArray[np.float64]
    shift: NDArray[np.float64]


def lightened(heir: keras.Model, learned: Floats, check: Floats) -> keras.Model:
    """Return the lean form of a trained heir where it answers the same, or else the heir itself.

    Parameters
    ----------
    heir : keras.Model
        As the recipe trains it.
    learned, check : (n, 96, 216) float32
        Slices to find out by what its filters say, and others to compare the answers on.
    """
    lean = build("lean")
    make_lean(heir, lean, learned)
    ours, theirs = (np.asarray(model.predict(check, batch_size=64, verbose=0)) for model in (lean, heir))
    cosine = float(np.mean(np.sum(ours * theirs, axis=1)))
    log.info("lean, the ear answers as before with a mean cosine of %.6f", cosine)
    return lean if cosine >= LEAST_COSINE else heir


def make_lean(heir: keras.Model, lean: keras.Model, slices: Floats) -> None:
    """Set the weights of an untrained ``lean`` so that it answers much as a trained ``heir`` does.

    Parameters
    ----------
    heir, lean : keras.Model
        As `segue.train.architectures.build` makes them from "heir", then trained, and from "lean".
    slices : (n, 96, 216) float32
        Some music, a few hundred slices or more.
    """
    said, loudest = _front(heir, slices)
    kept = _kept(heir, lean, said)
    running, peak = _fold(said, kept), _fold(loudest, kept)
    for name, part in zip(_FRONT, _by_layer(heir, kept), strict=True):
        lean.get_layer(name).set_weights([_widened(heir.get_layer(name).get_weights()[0][..., part], lean, name)])
        for layer in (f"{name}_before", f"{name}_after"):
            lean.get_layer(layer).set_weights([weights[part] for weights in heir.get_layer(layer).get_weights()])
    for name in _UNTOUCHED:
        lean.get_layer(name).set_weights(heir.get_layer(name).get_weights())
    _set_middle(heir, lean, running)
    _set_features(heir, lean, running, peak)
    _set_own(heir, lean, running)


def _widened(kernel: Floats, lean: keras.Model, name: str) -> Floats:
    """A kernel ``(1, 5, 62, f)`` with zeros for the bands that its filters see only since their width is rounded up."""
    more = lean.get_layer(name).kernel.shape[2] - kernel.shape[2]
    return np.pad(kernel, ((0, 0), (0, 0), (0, more), (0, 0)))


def _front(heir: keras.Model, slices: Floats) -> tuple[Floats, Floats]:
    """What the filters say at some places in time, ``(m, 561)``, and at most in each slice, ``(n, 561)``."""
    probe = keras.Model(heir.input, heir.get_layer("middle_0").input)
    found = [np.asarray(probe.predict_on_batch(slices[at : at + 64])) for at in range(0, len(slices), 64)]
    every = np.concatenate([part[:, :: part.shape[1] // _FRAMES_A_SLICE] for part in found])
    return every.reshape(-1, every.shape[-1]), np.concatenate([part.max(axis=1) for part in found])


def _kept(heir: keras.Model, lean: keras.Model, said: Floats) -> NDArray[np.intp]:
    """The places of the filters that stay: of each layer those that a pivoted QR, weighted by use, names first."""
    filters = said.shape[1]
    kernels = [heir.get_layer("middle_0"), own_layers(heir, "conv1d")[0]]
    heard = sum(np.square(np.asarray(layer.kernel)[:, :filters]).sum(axis=(0, 2)) for layer in kernels)
    weighted = (said - said.mean(axis=0)) * np.sqrt(heard)
    kept, at = [], 0
    for name in _FRONT:
        before, after = (model.get_layer(name).kernel.shape[-1] for model in (heir, lean))
        _, order = scipy.linalg.qr(weighted[:, at : at + before], mode="r", pivoting=True)
        kept.append(at + np.sort(order[:after]))
        at += before
    return np.concatenate(kept)


def _by_layer(heir: keras.Model, kept: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """The places that stay, counted within each layer of the front."""
    parts, at = [], 0
    for name in _FRONT:
        width = heir.get_layer(name).kernel.shape[-1]
        parts.append(kept[(kept >= at) & (kept < at + width)] - at)
        at += width
    return parts


def _fold(said: Floats, kept: NDArray[np.intp]) -> _Fold:
    wide = said.astype(np.float64)
    mean = wide.mean(axis=0)
    centred = wide - mean
    product = centred[:, kept].T @ centred
    gram = product[:, kept]
    turn = np.linalg.solve(gram + _RIDGE * np.trace(gram) / len(kept) * np.eye(len(kept)), product)
    turn[:, kept] = np.eye(len(kept))
    return _Fold(turn=turn, shift=mean - mean[kept] @ turn)


def _folded(kernel: Floats, fold: _Fold) -> tuple[Floats, Floats]:
    """A kernel ``(..., in, out)`` for what stays, and the constant ``(out,)`` that goes with it.

    ``in`` begins with all filters of the front; what comes after them stays as it is.
    """
    filters = fold.turn.shape[1]
    front, rest = kernel[..., :filters, :], kernel[..., filters:, :]
    new = np.concatenate([fold.turn @ front, rest], axis=-2).astype(np.float32)
    constant = (fold.shift @ front).reshape(-1, kernel.shape[-1]).sum(axis=0)
    return new, constant.astype(np.float32)


def _set_middle(heir: keras.Model, lean: keras.Model, fold: _Fold) -> None:
    kernel, constant = _folded(heir.get_layer("middle_0").get_weights()[0], fold)
    scale, shift = heir.get_layer("middle_0_before").get_weights()
    lean.get_layer("middle_0").set_weights([kernel])
    lean.get_layer("middle_0_before").set_weights([scale, shift + scale * constant])


def _set_features(heir: keras.Model, lean: keras.Model, running: _Fold, peak: _Fold) -> None:
    kernel, bias = heir.get_layer("features").get_weights()
    half = len(kernel) // 2  # maxima, then means
    (maxima, first), (means, second) = _folded(kernel[:half], peak), _folded(kernel[half:], running)
    lean.get_layer("features").set_weights([np.concatenate([maxima, means]), bias + first + second])


def _set_own(heir: keras.Model, lean: keras.Model, fold: _Fold) -> None:
    """The body of its own, of which only the first layer listens to the filters."""
    for kind in ("conv1d", "batch_normalization", "dense"):
        for old, new in zip(own_layers(heir, kind), own_layers(lean, kind), strict=True):
            if old.get_weights()[0].shape == new.get_weights()[0].shape:
                new.set_weights(old.get_weights())
    kernel, constant = _folded(own_layers(heir, "conv1d")[0].get_weights()[0], fold)
    own_layers(lean, "conv1d")[0].set_weights([kernel])
    gain, shift, mean, variance = own_layers(heir, "batch_normalization")[0].get_weights()
    own_layers(lean, "batch_normalization")[0].set_weights([gain, shift, mean - constant, variance])
