"""A head by itself: its arithmetic, and its file beside an ear's network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from segue.config import SPECCY_MEL
from segue.embed.encoder import Ear
from segue.embed.head import Head, HeadWeights, read_head, write_head
from segue.errors import ModelError, ParameterError
from segue.values import Fingerprint

OLD = Fingerprint("11111111", SPECCY_MEL.fingerprint)


def some_weights(wide: int = 6, units: int = 4, out: int = 3, seed: int = 0) -> HeadWeights:
    rng = np.random.default_rng(seed)
    shapes = ((wide, out), (out,), (wide, units), (units,), (units, out))
    return HeadWeights(*(rng.standard_normal(shape).astype(np.float32) for shape in shapes))


def some_ear(folder: Path, weights: HeadWeights) -> Ear:
    ear = Ear("own", folder / "own.onnx", 3, SPECCY_MEL, 0.03, "mean", Fingerprint("22222222", SPECCY_MEL.fingerprint))
    stated = write_head(Head(OLD, weights), ear.network)
    (folder / "own.json").write_text(json.dumps({"head": stated}), encoding="utf-8")
    return ear


def test_it_adds_the_straight_and_the_hidden_way() -> None:
    weights = some_weights()
    vectors = np.random.default_rng(1).standard_normal((5, 6)).astype(np.float32)
    for vector, placed in zip(vectors, weights.apply(vectors), strict=True):
        rectified = np.maximum(vector @ weights.hidden + weights.hidden_bias, 0.0)
        wanted = vector @ weights.straight + weights.bias + rectified @ weights.out
        np.testing.assert_allclose(placed, wanted / np.linalg.norm(wanted), atol=1e-6)


def test_it_refuses_what_it_cannot_place() -> None:
    weights = some_weights()
    with pytest.raises(ParameterError, match="do not fit a head for 6"):
        weights.apply(np.ones((2, 5), np.float32))
    with pytest.raises(ParameterError, match="zero or not finite"):
        weights.apply(np.full((2, 6), np.nan, np.float32))
    nothing = HeadWeights(*(np.zeros_like(part) for part in (weights.straight, weights.bias, weights.hidden)),
                          weights.hidden_bias * 0, weights.out)  # fmt: skip
    with pytest.raises(ParameterError, match="zero or not finite"):
        nothing.apply(np.ones((1, 6), np.float32))


def test_its_file_comes_back_with_whose_vectors_it_takes(tmp_path: Path) -> None:
    weights = some_weights()
    head = read_head(some_ear(tmp_path, weights))
    assert head is not None
    assert head.of == OLD
    vectors = np.eye(6, dtype=np.float32)
    np.testing.assert_array_equal(head.weights.apply(vectors), weights.apply(vectors))


def test_an_ear_without_a_head_or_without_its_file_has_none(tmp_path: Path) -> None:
    ear = some_ear(tmp_path, some_weights())
    (tmp_path / "own.json").write_text("{}", encoding="utf-8")
    assert read_head(ear) is None
    ear = some_ear(tmp_path, some_weights())
    (tmp_path / "own.head.npz").unlink()
    assert read_head(ear) is None


def test_a_damaged_head_and_another_one_are_refused(tmp_path: Path) -> None:
    ear = some_ear(tmp_path, some_weights())
    path = tmp_path / "own.head.npz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ModelError, match="not the one on the ear's card"):
        read_head(ear)
    (tmp_path / "own.json").write_text('{"head": {"sha256": "0"}}', encoding="utf-8")
    with pytest.raises(ModelError, match="not the one"):
        read_head(ear)
    (tmp_path / "own.json").write_text('{"head": {}}', encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be read"):
        read_head(ear)
