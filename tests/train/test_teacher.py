from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

from segue.config import MUSICNN_MEL
from segue.embed.ears.musicnn import find_weights
from segue.embed.ears.musicnn_network import musicnn_network, read_weights
from segue.errors import ModelError
from segue.train.architectures import build
from segue.train.distil import Target
from segue.train.inherit import BAND_STEP, TIME_STEP, carried, inherit
from segue.train.teacher import Teacher


def plain_musicnn(weights: dict[str, np.ndarray], slices: np.ndarray) -> np.ndarray:
    """The penultimate layer, layer by layer as the paper draws it."""

    def norm(x: object, k: int) -> object:
        name = f"batch_normalization_{k}" if k else "batch_normalization"
        parts = (weights[f"{name}/{part}"] for part in ("moving_mean", "moving_variance", "beta", "gamma"))
        return tf.nn.batch_normalization(x, *parts, 1e-3)

    def conv(x: object, k: int, padding: str) -> object:
        name = f"conv2d_{k}" if k else "conv2d"
        return norm(tf.nn.relu(tf.nn.conv2d(x, weights[f"{name}/kernel"], 1, padding) + weights[f"{name}/bias"]), k + 1)

    heard = norm(tf.transpose(slices, (0, 2, 1))[..., None], 0)
    in_time = [[0, 0], [3, 3], [0, 0], [0, 0]]
    front = [tf.reduce_max(conv(tf.pad(heard, in_time), k, "VALID"), 2) for k in (0, 1)]
    front += [tf.reduce_max(conv(heard, k, "SAME"), 2) for k in (2, 3, 4)]
    found = [tf.concat(front, 2)[..., None]]
    for k in (5, 6, 7):
        fresh = tf.transpose(conv(tf.pad(found[-1], in_time), k, "VALID"), (0, 1, 3, 2))
        found.append(fresh if k == 5 else fresh + found[-1])
    every = tf.concat(found, 2)
    pooled = tf.concat([tf.reduce_max(every, 1), tf.reduce_mean(every, 1)], 2)
    flat = norm(tf.reshape(pooled, (len(slices), -1)), 9)
    return norm(tf.nn.relu(flat @ weights["dense/kernel"] + weights["dense/bias"]), 10).numpy()


def random_slices(count: int) -> np.ndarray:
    shape = (count, MUSICNN_MEL.mel_bands, MUSICNN_MEL.slice_frames)
    return np.random.default_rng(1).random(shape, dtype=np.float32) * 3.0


def test_the_fast_form_agrees_with_the_plain_one(teacher_weights: dict[str, np.ndarray], teacher_folder: Path) -> None:
    slices = random_slices(2)
    wanted = plain_musicnn(teacher_weights, slices)
    lesson = Teacher(teacher_folder).hear(slices)
    assert lesson.vectors.shape == (2, 200)
    np.testing.assert_allclose(lesson.vectors, wanted, atol=1e-4 * np.abs(wanted).max())
    assert lesson.tags.shape == (2, 50)
    assert ((lesson.tags >= 0.0) & (lesson.tags <= 1.0)).all()


def assert_graph_and_teacher_agree(folder: Path) -> None:
    """The ear at run time and the teacher at training time are one network in two forms."""
    slices, none = random_slices(2), np.zeros(200, np.float32)
    session = onnxruntime.InferenceSession(musicnn_network(read_weights(folder), none))
    wanted = Teacher(folder).hear(slices).vectors
    np.testing.assert_allclose(session.run(None, {"slices": slices})[0], wanted, atol=1e-4 * np.abs(wanted).max())


def test_the_ear_at_run_time_hears_what_the_teacher_hears(teacher_folder: Path) -> None:
    assert_graph_and_teacher_agree(teacher_folder)


def test_so_it_does_with_the_real_weights() -> None:
    try:
        folder = find_weights()
    except ModelError as error:
        pytest.skip(f"LEFT OUT: {error}")
    assert_graph_and_teacher_agree(folder)


def test_half_precision_points_the_same_way(teacher_weights: dict[str, np.ndarray], teacher_folder: Path) -> None:
    slices = random_slices(2)
    wanted, found = (
        plain_musicnn(teacher_weights, slices),
        Teacher(teacher_folder, precision="bfloat16").hear(slices).vectors,
    )
    cosine = np.sum(wanted * found, 1) / np.linalg.norm(wanted, axis=1) / np.linalg.norm(found, axis=1)
    assert (cosine > 0.995).all()  # bfloat16 keeps eight bits


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"musicnn 0\.1\.0"):
        Teacher(tmp_path / "nowhere")


def test_a_carried_filter_hears_what_the_old_one_heard() -> None:
    """On a signal that both grids resolve, the filter's answer stays the same."""
    kernel = np.random.default_rng(0).standard_normal((7, 1)).astype(np.float32)
    fresh = carried(kernel, step=TIME_STEP, centre=3, taps=7, to=3)
    old_times, new_times = (np.arange(7) - 3.0) * TIME_STEP, np.arange(7) - 3.0
    for slope in (0.0, 1.0, -2.0):
        assert kernel[:, 0] @ (1.0 + slope * old_times) == pytest.approx(
            fresh[:, 0] @ (1.0 + slope * new_times), abs=1e-4
        )
    assert abs(BAND_STEP - 0.9065) < 0.001


def test_the_heir_takes_over_the_teachers_weights(teacher_folder: Path) -> None:
    teacher, model = Teacher(teacher_folder), build("heir")
    target = Target(mean=np.zeros(200, np.float32), basis=np.eye(200, 100, dtype=np.float32))
    rng = np.random.default_rng(0)
    pairs = [(rng.random((96, 216), dtype=np.float32), theirs) for theirs in random_slices(2)]
    inherit(model, teacher, target, pairs=pairs)
    dense, _ = model.get_layer("features").get_weights()
    kernel, _ = teacher.dense()
    scale, _ = teacher.batch_norm(9)
    np.testing.assert_allclose(dense[:753], kernel[0::2] * scale[0::2, None], rtol=1e-5)
    assert model.get_layer("timbre_35").kernel.shape == (1, 5, 35, 204)
    vectors = np.asarray(model.predict_on_batch(np.stack([ours for ours, _ in pairs])))
    assert np.isfinite(vectors).all()
