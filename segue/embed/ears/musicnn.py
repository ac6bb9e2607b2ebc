"""The second ear: MusiCNN, its weights taken from the package musicnn and its network built once into a cache.

The package is never imported (it wants TensorFlow); only its files are read.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np

from segue.config import MUSICNN_MEL, SCAN
from segue.embed.ears.musicnn_network import MusicnnWeights, musicnn_network, read_weights, without_silent
from segue.errors import ModelError
from segue.files import atomic_write

NAME = "musicnn"
VERSION = "0.1.0"
RECIPE = Path(__file__).parent.parent / "models" / "musicnn.json"
"""What Segue adds to the weights: dimension, front end, pooling, and the mean that is taken off."""

_FORM = 2  # raised when the network is built in another form
_WEIGHTS = "musicnn/MSD_musicnn"
INSTALL = f"pip install --no-deps {NAME}=={VERSION}"

log = logging.getLogger(__name__)


def musicnn_card(cache: Path) -> Path:
    """The card of the network in the cache folder, built first where it is not there or not whole.

    Raises
    ------
    ModelError
        If it has to be built, and the package is not installed, of another version, or damaged.
    FileAccessError
        If the cache cannot be written to.
    """
    recipe = json.loads(RECIPE.read_text(encoding="utf-8"))
    digest = hashlib.sha256(json.dumps([recipe, SCAN.most_slices, _FORM], sort_keys=True).encode()).hexdigest()
    card = cache / f"{NAME}-{VERSION}-{digest[:8]}.json"
    if not _is_whole(card):
        build_musicnn(find_weights(), card, recipe=recipe)
    return card


def find_weights() -> Path:
    """The folder of the installed package that holds the weights; raises ModelError where there is none."""
    try:
        package = importlib.metadata.distribution(NAME)
    except importlib.metadata.PackageNotFoundError as error:
        what = f"the ear '{NAME}' takes its weights from the Python package {NAME}, which is not installed"
        raise ModelError(what, remedy=f"Install it: {INSTALL}") from error
    if package.version != VERSION:
        what = f"the ear '{NAME}' takes its weights from {NAME} {VERSION}, and {package.version} is installed"
        raise ModelError(what, remedy=f"Install that one: {INSTALL}")
    return Path(str(package.locate_file(_WEIGHTS)))


def build_musicnn(weights_folder: Path, card: Path, *, recipe: dict[str, Any]) -> None:
    """Build the network beside ``card``, then write the card; several processes may do so at once.

    Each file takes its place whole, the card last, and whoever builds from the same weights writes the same.
    """
    log.info("building the ear %s in %s", NAME, card.parent)
    weights, mean = read_weights(weights_folder), np.array(recipe["mean"], np.float32)
    content = musicnn_network(without_silent(weights), mean)
    facts = {
        **{key: value for key, value in recipe.items() if key != "mean"},
        "name": NAME,
        "mel": {name: getattr(MUSICNN_MEL, name) for name in MUSICNN_MEL.__dataclass_fields__},
        "most_slices": SCAN.most_slices,
        "identity": _identity(weights, mean),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    with atomic_write(card.with_suffix(".onnx")) as temporary:
        temporary.write_bytes(content)
    with atomic_write(card) as temporary:
        temporary.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def _identity(weights: MusicnnWeights, mean: Any) -> str:
    """A hash of the numbers: the same whichever release of the package onnx wrote the file."""
    digest = hashlib.sha256(np.ascontiguousarray(mean, "<f4").tobytes())
    for name in sorted(weights.tensors):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(weights.tensors[name], "<f4").tobytes())
    return digest.hexdigest()


def _is_whole(card: Path) -> bool:
    try:
        stated = json.loads(card.read_text(encoding="utf-8"))["sha256"]
        return bool(stated == hashlib.sha256(card.with_suffix(".onnx").read_bytes()).hexdigest())
    except (OSError, ValueError, KeyError, TypeError):
        return False
