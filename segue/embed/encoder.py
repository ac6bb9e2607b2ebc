"""An ear at work: its network through ONNX Runtime, and the fingerprint that its vectors carry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort

from segue.config import SCAN, MelSpec
from segue.embed.ears.musicnn import NAME as MUSICNN
from segue.embed.ears.musicnn import musicnn_card
from segue.errors import ModelError, ParameterError
from segue.values import Fingerprint, Floats, PoolingMethod

MODELS = Path(__file__).parent / "models"
MUSICNN_ALL = f"{MUSICNN}-all"
QUICK_LOOK = " (quick look)"
"""What the name of an ear ends in that takes a quick look."""

_NETWORK_ERRORS = (
    ort.Fail,
    ort.InvalidGraph,
    ort.InvalidProtobuf,
    ort.NoSuchFile,
    ort.NotImplemented,
    ort.RuntimeException,
)
_POOLING: dict[str, PoolingMethod] = {"tfidf": "tfidf", "mean": "mean"}
_REMEDY = "Install Segue anew, or train one with `make model`"
_REMEDY_ADDED = "Check the path: the card, NAME.json, and the network, NAME.onnx, lie side by side as they were made"


@dataclass(frozen=True, slots=True)
class Ear:
    """What an ear's card states: front end, network, dimension, and how its slices are pooled."""

    name: str
    network: Path
    dimension: int
    mel: MelSpec
    epsilon: float
    pooling: PoolingMethod
    fingerprint: Fingerprint
    most_slices: int | None = None
    """How many slices of a track it hears, spread evenly; None: every one."""
    windows: int | None = None
    """At how many places a quick look listens, by seeking; None: it hears the track from end to end."""
    quick_of: Fingerprint | None = None
    """The ear whose quick look this is: its network, and what is fitted to that, serve both."""

    def quick(self) -> Ear:
        """The same ear taking a quick look: an ear of its own, whose vectors never meet those of the whole hearing."""
        if self.windows is not None:
            return self
        windows = SCAN.quick_windows
        model = hashlib.sha256(f"{self.fingerprint.model} quick {windows}".encode()).hexdigest()[:8]
        mark = Fingerprint(model, self.fingerprint.mel)
        name = f"{self.name}{QUICK_LOOK}"
        return replace(self, name=name, windows=windows, pooling="mean", fingerprint=mark, quick_of=self.fingerprint)


def load_ear(name_or_path: str | Path = "speccy", *, cache: Path | None = None) -> Ear:
    """Read the card of an ear by its name, or of any ear by the path of its ``.json``, and check its network.

    ``speccy`` comes with Segue. ``musicnn`` is built into the folder ``cache`` when it is first asked for;
    ``musicnn-all`` is the same, hearing every slice.

    Raises
    ------
    ModelError
        If the card or the network is missing or damaged, or one does not belong to the other.
    """
    if name_or_path in (MUSICNN, MUSICNN_ALL):
        if cache is None:
            raise ParameterError(f"there is no folder to build the ear '{name_or_path}' in", remedy="Give a cache")
        return _read_ear(musicnn_card(cache), hears_all=name_or_path == MUSICNN_ALL)
    return _read_ear(Path(name_or_path) if str(name_or_path).endswith(".json") else MODELS / f"{name_or_path}.json")


def _read_ear(card_path: Path, *, hears_all: bool = False) -> Ear:
    network = card_path.with_suffix(".onnx")
    remedy = _REMEDY if card_path.parent == MODELS else _REMEDY_ADDED
    try:
        card = json.loads(card_path.read_text(encoding="utf-8"))
        digest = hashlib.sha256(network.read_bytes()).hexdigest()
    except OSError as error:
        missing = Path(error.filename or card_path)
        raise ModelError(f"the ear is not there ({error.strerror})", remedy=remedy, path=missing) from error
    except ValueError as error:
        raise ModelError(f"the card is not JSON ({error})", remedy=remedy, path=card_path) from error
    if not isinstance(card, dict):
        raise ModelError("the card does not hold facts by name", remedy=remedy, path=card_path)
    if card.get("sha256") != digest:
        raise ModelError(
            f"the network ({digest[:8]}) is not the one on its card ({str(card.get('sha256', ''))[:8]})",
            remedy=remedy,
            path=network,
        )
    if hears_all:
        card = {**card, "name": f"{card.get('name')}-all", "most_slices": None}
    return _ear_of(card, network, card_path)


def _ear_of(card: dict[str, Any], network: Path, card_path: Path) -> Ear:
    try:
        mel = MelSpec(**{f.name: card["mel"][f.name] for f in fields(MelSpec)})
        return Ear(
            name=str(card["name"]),
            network=network,
            dimension=int(card["dimension"]),
            mel=mel,
            epsilon=float(card["epsilon"]),
            pooling=_POOLING[card["pooling"]],
            fingerprint=Fingerprint(_model_fingerprint(card), mel.fingerprint),
            most_slices=None if card.get("most_slices") is None else int(card["most_slices"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"the card lacks or mangles {error}", remedy=_REMEDY, path=card_path) from error


def _model_fingerprint(card: dict[str, Any]) -> str:
    """Eight hexadecimal digits of the network (by its card's ``identity``, or its file) and of how much it hears."""
    model, most = str(card.get("identity", card["sha256"])), card.get("most_slices")
    return model[:8] if most is None else hashlib.sha256(f"{model} {most}".encode()).hexdigest()[:8]


class Encoder:
    """An ear's network, loaded; one a process, on one thread, since workers are the parallelism."""

    def __init__(self, ear: Ear) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(ear.network), options, providers=["CPUExecutionProvider"])
        except _NETWORK_ERRORS as error:
            raise ModelError(f"the network cannot be loaded ({error})", remedy=_REMEDY, path=ear.network) from error
        self._input = self._session.get_inputs()[0].name
        self.ear = ear

    def encode(self, slices: Floats) -> Floats:
        """Place slices in the ear's space.

        Parameters
        ----------
        slices : (s, mel_bands, slice_frames) float32
            As `segue.listen.mel.slices` makes them for ``ear.mel``.

        Returns
        -------
        (s, dimension) float32
            Unit rows.

        Raises
        ------
        ParameterError
            If the slices are of another shape.
        ModelError
            If the network answers with anything but finite, non-zero vectors.
        """
        wanted = (self.ear.mel.mel_bands, self.ear.mel.slice_frames)
        if slices.ndim != 3 or slices.shape[1:] != wanted:
            raise ParameterError(f"slices have the shape {slices.shape}", remedy=f"Give (s, {wanted[0]}, {wanted[1]})")
        return self.encode_stream(iter(slices))

    def encode_stream(self, slices: Iterable[Floats]) -> Floats:
        """As `encode`, for slices ``(mel_bands, slice_frames)`` that come one by one; no more than a batch is held."""
        rows = [self._run(np.stack(batch)) for batch in _batches(slices, SCAN.encode_batch_slices)]
        return np.concatenate(rows) if rows else np.zeros((0, self.ear.dimension), np.float32)

    def _run(self, batch: Floats) -> Floats:
        vectors: Floats = self._session.run(None, {self._input: np.ascontiguousarray(batch, np.float32)})[0]
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if vectors.shape != (len(batch), self.ear.dimension) or not np.isfinite(lengths).all() or not lengths.all():
            raise ModelError(
                f"the network's answer {vectors.shape} is not made of finite vectors",
                remedy=_REMEDY,
                path=self.ear.network,
            )
        unit: Floats = vectors / lengths
        return unit


def _batches(items: Iterable[Floats], size: int) -> Iterator[list[Floats]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
