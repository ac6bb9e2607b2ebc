from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import segue.train.tagging as module
from segue.embed.encoder import Ear, load_ear
from segue.embed.tagger import find_tagger, sigmoid
from segue.errors import FileAccessError, ParameterError
from segue.train.shards import Lessons, write_shard
from segue.train.tagging import (
    Said,
    TagLayer,
    average_precision,
    fit_head,
    fit_tags,
    floors,
    layer_of,
    threshold_for,
)
from segue.train.teacher import TAGS, Teacher


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def taught(count: int, *, seed: int = 0) -> Said:
    """Windows whose three tags really are a matter of the vector."""
    rng = np.random.default_rng(seed)
    vectors = unit(rng.standard_normal((count, 8)))
    kernel = 6.0 * np.random.default_rng(7).standard_normal((8, 3))
    return Said(vectors, sigmoid(vectors @ kernel - 1.0 + 0.1 * rng.standard_normal((count, 3))).astype(np.float32))


def test_a_head_learns_what_a_head_can_say() -> None:
    fit, unseen = fit_head(taught(2000)), taught(500, seed=1)
    assert np.abs(fit.probabilities(unseen.vectors) - unseen.tags).mean() < 0.03


def test_probabilities_are_right_on_average_even_where_logits_mislead() -> None:
    """The mean of a sigmoid is not the sigmoid of the mean: without calibration a rare tag would be found too rare."""
    rng = np.random.default_rng(0)
    vectors = unit(rng.standard_normal((4000, 8)))
    tags = sigmoid(vectors[:, :1] * 2.0 - 4.0 + 2.0 * rng.standard_normal((4000, 1))).astype(np.float32)
    found = fit_head(Said(vectors, tags)).probabilities(vectors)
    assert found.mean() == pytest.approx(tags.mean(), rel=0.01)


def test_a_threshold_is_the_lowest_that_is_right_often_enough() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4], np.float32)
    wanted = np.array([True, True, False, True, False, False])
    assert threshold_for(scores, wanted) == pytest.approx(0.6)  # three of four
    assert threshold_for(scores, ~wanted) == np.inf
    assert threshold_for(scores, np.zeros(6, bool)) == np.inf


def test_average_precision_of_known_rankings() -> None:
    scores = np.array([4.0, 3.0, 2.0, 1.0], np.float32)
    assert average_precision(scores, np.array([True, True, False, False])) == 1.0
    assert average_precision(scores, np.array([False, True, False, True])) == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert np.isnan(average_precision(scores, np.zeros(4, bool)))


def test_moods_are_said_at_lower_probabilities_than_genres() -> None:
    tags = np.full((10, 3), 0.02, np.float32)
    tags[:, 2] = 0.5
    np.testing.assert_allclose(floors(tags, ("jazz", "mellow", "chill")), [0.2, 0.06, 0.2])


@pytest.fixture
def ear(tmp_path: Path) -> Ear:
    """A copy of the bundled ear, beside which tags may be written."""
    bundled = load_ear()
    for suffix in (".onnx", ".json"):
        (tmp_path / f"speccy{suffix}").write_bytes(bundled.network.with_suffix(suffix).read_bytes())
    return load_ear(tmp_path / "speccy.json")


def write_lessons(folder: Path, *, seed: int, shards: int = 2) -> None:
    """Bright and dark slices; the teacher's first two numbers tell which is which."""
    rng = np.random.default_rng(seed)
    for number in range(shards):
        bright = rng.random(24) < 0.5
        slices = rng.integers(0, 120, (24, 96, 216)).astype(np.uint8)
        slices[bright, 60:] += 130
        slices[~bright, :30] += 130
        vectors = rng.normal(0.0, 0.05, (24, 200)).astype(np.float16)
        vectors[:, 0] += np.where(bright, 1.0, -1.0)
        write_shard(folder, number, Lessons(slices=slices, vectors=vectors))


def layer() -> TagLayer:
    kernel = np.zeros((200, 3), np.float32)
    kernel[0] = (4.0, -4.0, 0.0)
    return TagLayer(("jazz", "metal", "happy"), kernel, np.array([0.0, 0.0, -9.0], np.float32))


def test_tags_are_fitted_measured_and_written_beside_the_ear(ear: Ear, tmp_path: Path) -> None:
    write_lessons(tmp_path / "lessons", seed=0)
    write_lessons(tmp_path / "unseen", seed=1, shards=1)
    scores = fit_tags(ear, tmp_path / "lessons", held_out=tmp_path / "unseen", layer=layer())
    assert scores["tags"] == 2.0  # the teacher never says "happy"
    assert scores["windows"] == 48.0
    assert scores["tags_map"] > 0.95
    assert scores["tags_precision"] > 0.9
    assert scores["tags_recall"] > 0.9
    tagger = find_tagger(ear)
    assert tagger is not None
    assert tagger.names == ("jazz", "metal")
    assert tagger.card["left_out"] == ["happy"]
    assert tagger.card["scores"] == scores


def test_a_fit_takes_no_more_windows_than_it_needs(ear: Ear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_lessons(tmp_path / "lessons", seed=0, shards=4)
    monkeypatch.setattr(module, "TAGGING", module.TAGGING.__class__(most_windows=40))
    scores = fit_tags(ear, tmp_path / "lessons", held_out=tmp_path / "lessons", layer=layer())
    assert scores["windows"] == 48.0  # whole shards


def test_no_lessons_and_no_certainty_are_said(ear: Ear, tmp_path: Path) -> None:
    write_lessons(tmp_path / "lessons", seed=0)
    with pytest.raises(FileAccessError, match="no lessons"):
        fit_tags(ear, tmp_path / "nothing", held_out=tmp_path / "lessons", layer=layer())
    never = TagLayer(("happy",), np.zeros((200, 1), np.float32), np.array([-9.0], np.float32))
    with pytest.raises(ParameterError, match="no tag can be told"):
        fit_tags(ear, tmp_path / "lessons", held_out=tmp_path / "lessons", layer=never)
    assert find_tagger(ear) is None


def test_the_layer_is_the_teachers(teacher_folder: Path) -> None:
    teacher = Teacher(teacher_folder)
    slices = np.random.default_rng(0).random((2, 96, 313), dtype=np.float32)
    lesson = teacher.hear(slices)
    found = layer_of(teacher)
    assert found.names == TAGS
    np.testing.assert_allclose(found.probabilities(lesson.vectors), lesson.tags, atol=1e-5)
