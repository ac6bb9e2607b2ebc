"""A head on a frozen ear: what it learns, and the ear that comes of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from segue.config import MelSpec
from segue.embed.encoder import Ear, Encoder, load_ear
from segue.embed.head import HeadWeights, read_head
from segue.errors import ModelError, ParameterError
from segue.train.attach import append_head, write_headed_ear
from segue.train.head import HeadSpec, Lessons, cosine, fit_head
from segue.train.supervision import foretell
from segue.values import Fingerprint

WIDE = 12
MEL = MelSpec(mel_bands=3, slice_frames=4)
QUICK = HeadSpec(hidden_units=32, epochs=12, slices_a_track=4, batch=64, rate=5e-3)


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def some_music(tracks: int, *, bent: bool = False, seed: int = 0) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Slices whose loud numbers say nothing of the playlists, and whose faint ones say all; targets; kinds 0 to 3."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(4, size=tracks)
    faint = np.stack([kinds % 2 * 2.0 - 1.0, kinds // 2 * 2.0 - 1.0], axis=1)
    aims = unit(np.random.default_rng(99).standard_normal((4, 8)))
    slices = []
    for row in range(tracks):
        loud = rng.standard_normal(WIDE - 2) + 0.2 * rng.standard_normal((6, WIDE - 2))
        slices.append(unit(np.concatenate([loud, np.tile(0.5 * faint[row], (6, 1))], axis=1)))
    wanted = (faint[:, 0] * faint[:, 1] > 0).astype(int) if bent else kinds  # bent: no straight line parts them
    return slices, aims[wanted], wanted


def lessons(tracks: int, *, bent: bool = False, seed: int = 0) -> Lessons:
    slices, targets, _ = some_music(tracks, bent=bent, seed=seed)
    return Lessons(slices, targets)


def test_it_finds_what_playlists_go_by_and_tells_next_tracks_better_than_the_ear() -> None:
    learn, held_out = lessons(120), lessons(60, seed=1)
    weights, fit = fit_head(learn, held_out, spec=QUICK)
    assert fit.cosine > fit.constant + 0.2
    assert fit.ratio == pytest.approx(fit.cosine / fit.constant)
    assert fit.cosine == pytest.approx(cosine(weights, held_out))
    slices, _, kinds = some_music(60, seed=1)
    playlists = [[str(row) for row in np.flatnonzero(kinds == kind)] for kind in range(4)]
    before = foretell({str(row): unit(part.mean(axis=0)) for row, part in enumerate(slices)}, playlists)
    after = foretell({str(row): unit(weights.apply(part).mean(axis=0)) for row, part in enumerate(slices)}, playlists)
    assert after.hit10 > before.hit10 + 0.15
    assert after.mrr > before.mrr


def test_the_hidden_way_learns_what_no_straight_one_can() -> None:
    _, fit = fit_head(lessons(200, bent=True), lessons(80, bent=True, seed=1), spec=QUICK)
    assert fit.epochs > 0
    assert fit.cosine > fit.straight + 0.03


def test_it_is_never_worse_than_its_straight_way() -> None:
    """With nothing to learn, the gradient only fits noise: what regression made of it stays."""
    rng = np.random.default_rng(5)
    learn = Lessons([unit(rng.standard_normal((3, WIDE))) for _ in range(20)], unit(rng.standard_normal((20, 8))))
    held_out = Lessons([unit(rng.standard_normal((3, WIDE))) for _ in range(8)], unit(rng.standard_normal((8, 8))))
    _, fit = fit_head(learn, held_out, spec=QUICK)
    assert fit.cosine >= fit.straight


def test_the_same_seed_gives_the_same_head() -> None:
    first, second = (fit_head(lessons(30), lessons(10, seed=1), spec=QUICK)[0] for _ in range(2))
    np.testing.assert_array_equal(first.out, second.out)


def test_it_refuses_nothing_and_nan() -> None:
    good = lessons(10)
    with pytest.raises(ParameterError, match="no tracks to measure on"):
        fit_head(good, Lessons([], np.zeros((0, 8), np.float32)), spec=QUICK)
    bad = Lessons(good.slices, np.full_like(good.targets, np.nan))
    with pytest.raises(ParameterError, match="not finite"):
        fit_head(bad, good, spec=QUICK)


def test_a_rate_that_runs_away_is_an_error() -> None:
    with pytest.raises((ModelError, ParameterError), match=r"became nan|not finite"):
        fit_head(lessons(30), lessons(10, seed=1), spec=HeadSpec(rate=1e38, epochs=5, hidden_units=8))


def small_ear(folder: Path, *, opset: int = 17) -> Ear:
    """An ear whose network is one matrix: (n, 3, 4) to (n, 12), not of unit length."""
    matrix = np.random.default_rng(0).standard_normal((WIDE, WIDE)).astype(np.float32)
    shape = numpy_helper.from_array(np.asarray([-1, WIDE], np.int64), "shape")
    graph = helper.make_graph(
        [
            helper.make_node("Reshape", ["slices", "shape"], ["flat"]),
            helper.make_node("MatMul", ["flat", "matrix"], ["vector"]),
        ],
        "small",
        [helper.make_tensor_value_info("slices", TensorProto.FLOAT, ["n", 3, 4])],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["n", WIDE])],
        [shape, numpy_helper.from_array(matrix, "matrix")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    folder.mkdir(exist_ok=True)
    onnx.save(model, str(folder / "small.onnx"))
    return Ear("small", folder / "small.onnx", WIDE, MEL, 0.03, "tfidf", Fingerprint("0ld0ld00", MEL.fingerprint), 16)


def small_weights() -> HeadWeights:
    rng = np.random.default_rng(3)
    shapes = ((WIDE, 5), (5,), (WIDE, 7), (7,), (7, 5))
    return HeadWeights(*(rng.standard_normal(shape).astype(np.float32) for shape in shapes))


def test_the_new_ear_hears_what_the_head_makes_of_the_old_one(tmp_path: Path) -> None:
    ear, weights = small_ear(tmp_path / "old"), small_weights()
    scores = {"validation_cosine": 0.61234567}
    made = write_headed_ear(ear, weights, tmp_path / "own.json", epsilon=0.05, pooling="mean", scores=scores)
    slices = np.random.default_rng(1).random((9, 3, 4), dtype=np.float32)
    np.testing.assert_allclose(Encoder(made).encode(slices), weights.apply(Encoder(ear).encode(slices)), atol=1e-4)
    assert made == load_ear(tmp_path / "own.json")
    assert (made.name, made.dimension, made.epsilon, made.pooling, made.most_slices) == ("own", 5, 0.05, "mean", 16)
    assert made.fingerprint.model != ear.fingerprint.model
    assert made.mel == ear.mel
    head = read_head(made)
    assert head is not None
    assert head.of == ear.fingerprint
    card = json.loads((tmp_path / "own.json").read_text(encoding="utf-8"))
    assert card["scores"] == {"validation_cosine": 0.6123}
    assert card["head"]["name"] == "small"


def test_other_weights_make_an_ear_of_another_fingerprint(tmp_path: Path) -> None:
    ear, weights = small_ear(tmp_path), small_weights()
    other = HeadWeights(weights.straight * 2, weights.bias, weights.hidden, weights.hidden_bias, weights.out)
    made = [
        write_headed_ear(ear, w, tmp_path / f"{name}.json", epsilon=0.05, pooling="mean", scores={})
        for name, w in (("a", weights), ("b", other))
    ]
    assert made[0].fingerprint != made[1].fingerprint


def test_a_damaged_or_old_network_is_refused(tmp_path: Path) -> None:
    ear = small_ear(tmp_path, opset=11)
    with pytest.raises(ModelError, match="version 11"):
        append_head(ear, small_weights())
    ear.network.write_bytes(ear.network.read_bytes()[:100])
    with pytest.raises(ModelError, match="cannot be read"):
        append_head(ear, small_weights())
