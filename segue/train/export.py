"""From a trained network to the files of an ear: ``speccy.onnx`` and its card ``speccy.json``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import onnx
import onnxruntime

from segue import __version__
from segue.config import SPECCY_MEL, MelSpec
from segue.errors import ModelError
from segue.train.architectures import DIMENSION
from segue.train.plain_graph import ARCHITECTURES, plain_graph
from segue.values import Floats

TOLERANCE = 1e-4
_CHECKED_SLICES = 8


@dataclass(frozen=True, slots=True)
class Card:
    """What the card states beside what the network itself says."""

    epsilon: float
    pooling: Literal["tfidf", "mean"]
    trained: str
    scores: Mapping[str, float]
    name: str = "speccy"
    mel: MelSpec = SPECCY_MEL
    identity: str | None = None
    """The digest of another network that gives the same vectors: what that one has heard need not be heard again."""


def export(model: keras.Model, folder: Path, card: Card) -> Path:
    """Write ``<name>.onnx`` and ``<name>.json`` into ``folder`` and return the card's path.

    Raises
    ------
    ModelError
        If ONNX Runtime's answers differ from Keras's by more than 1e-4; then nothing is replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{card.name}.onnx"
    slices = np.random.default_rng(0).random(
        (_CHECKED_SLICES, card.mel.mel_bands, card.mel.slice_frames), dtype=np.float32
    )
    wanted = np.asarray(model.predict_on_batch(slices))
    write_onnx(model, partial)
    session = onnxruntime.InferenceSession(str(partial), providers=["CPUExecutionProvider"])
    ends = {"input": session.get_inputs()[0].name, "output": session.get_outputs()[0].name}
    apart = _largest_difference(session, slices, wanted)
    if not apart <= TOLERANCE:
        partial.unlink()
        raise ModelError(
            f"ONNX and Keras differ by {apart:.2g}", remedy=f"They must agree to {TOLERANCE:g}", path=folder
        )
    facts: dict[str, Any] = {
        "name": card.name,
        "dimension": DIMENSION,
        "architecture": model.name,
        "mel": asdict(card.mel),
        "epsilon": card.epsilon,
        "pooling": card.pooling,
        "sha256": hashlib.sha256(partial.read_bytes()).hexdigest(),
        **({} if card.identity is None else {"identity": card.identity}),
        **ends,
        "trained": card.trained,
        "segue_version": __version__,
        "scores": dict(card.scores),
    }
    partial.replace(folder / f"{card.name}.onnx")
    path = folder / f"{card.name}.json"
    path.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return path


def write_onnx(model: keras.Model, path: Path) -> None:
    """Write a network that has been called at least once.

    Raises
    ------
    ModelError
        If this backend of Keras lacks what the export needs.
    """
    if model.name in ARCHITECTURES:
        onnx.save(plain_graph(model), str(path))
        return
    try:
        model.export(path, format="onnx", verbose=False)
    except ImportError as error:
        raise ModelError(
            f"the network cannot be exported with the backend {keras.backend.backend()} ({error})",
            remedy="Run the same command with KERAS_BACKEND=tensorflow: it goes on from the checkpoint",
            path=path,
        ) from error


def _largest_difference(session: Any, slices: Floats, wanted: Floats) -> float:
    """Between Keras's vectors and ONNX Runtime's, for all slices at once and for one alone."""
    name = session.get_inputs()[0].name
    together, alone = (session.run(None, {name: part})[0] for part in (slices, slices[:1]))
    return float(max(np.abs(together - wanted).max(), np.abs(alone - wanted[:1]).max()))
