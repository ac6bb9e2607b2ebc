"""A head: a small network that turns one ear's slice vectors into another's, so that no music has to be heard again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from segue.embed.encoder import Ear
from segue.errors import ModelError, ParameterError
from segue.files import atomic_write
from segue.values import Fingerprint, Floats

HEAD_SUFFIX = ".head.npz"
_REMEDY = "Train the head anew with `train_speccy.py --arch head`"


@dataclass(frozen=True, slots=True, eq=False)
class HeadWeights:
    """A straight way from d to e numbers, and beside it one through h rectified ones; both are added."""

    straight: Floats  # (d, e)
    bias: Floats  # (e,)
    hidden: Floats  # (d, h)
    hidden_bias: Floats  # (h,)
    out: Floats  # (h, e)

    def apply(self, vectors: Floats) -> Floats:
        """Place slice vectors in the head's space.

        Parameters
        ----------
        vectors : (s, d) float32
            Unit rows.

        Returns
        -------
        (s, e) float32
            Unit rows.

        Raises
        ------
        ParameterError
            If the rows have another length, or what comes out is zero or not finite.
        """
        if vectors.ndim != 2 or vectors.shape[1] != len(self.straight):
            raise ParameterError(
                f"vectors {vectors.shape} do not fit a head for {len(self.straight)} numbers", remedy=_REMEDY
            )
        with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is refused below
            placed = vectors @ self.straight + self.bias
            placed = placed + np.maximum(vectors @ self.hidden + self.hidden_bias, 0.0) @ self.out
            lengths = np.linalg.norm(placed, axis=1, keepdims=True)
        if not (np.isfinite(lengths).all() and lengths.all()):
            raise ParameterError("the head's answer is zero or not finite", remedy=_REMEDY)
        unit: Floats = np.asarray(placed / lengths, np.float32)
        return unit


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """An ear's head: whose slice vectors it takes, and its weights."""

    of: Fingerprint
    weights: HeadWeights


def read_head(ear: Ear) -> Head | None:
    """Read the head of an ear that was made from another by adding one; None for an ear that has none.

    An ear that was copied without its head's file hears as well as before; it only has to hear the music again.

    Raises
    ------
    ModelError
        If the head's file is damaged, or not the one that the ear's card names.
    """
    path = _beside(ear.network)
    stated = read_card(ear).get("head") if path.exists() else None
    if stated is None:
        return None
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != stated["sha256"]:
            raise ModelError(
                f"the head ({digest[:8]}) is not the one on the ear's card ({stated['sha256'][:8]})",
                remedy=_REMEDY,
                path=path,
            )
        with np.load(path) as stored:
            weights = HeadWeights(**{field.name: stored[field.name] for field in fields(HeadWeights)})
        return Head(Fingerprint(str(stated["model"]), str(stated["mel"])), weights)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"the head cannot be read ({error})", remedy=_REMEDY, path=path) from error


def write_head(head: Head, network: Path) -> dict[str, str]:
    """Write a head beside an ear's network; returns what the ear's card states of it."""
    path = _beside(network)
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **{field.name: getattr(head.weights, field.name) for field in fields(HeadWeights)})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"model": head.of.model, "mel": head.of.mel, "sha256": digest}


def read_card(ear: Ear) -> dict[str, Any]:
    """All that an ear's card states."""
    path = ear.network.with_suffix(".json")
    try:
        card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"the ear's card cannot be read ({error})", remedy=_REMEDY, path=path) from error
    return card


def _beside(network: Path) -> Path:
    return network.with_suffix(HEAD_SUFFIX)
