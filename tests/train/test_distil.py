from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from segue.errors import ModelError
from segue.train.distil import (
    DistilSpec,
    GrowingLessons,
    Target,
    Trainer,
    constant_cosine,
    cosine_to_target,
    fit_target,
    train,
)
from segue.train.shards import Lessons, write_shard

# Keras 3 reads TensorFlow variables in the way of numpy 1.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
SPEC = DistilSpec(arch="cnn1d", hours=1.0, batch=16, peak_rate=2e-3, warm_up=0.0)


@pytest.fixture(scope="module")
def lessons() -> Lessons:
    """Windows whose loudest band decides where the teacher points."""
    rng = np.random.default_rng(0)
    slices = rng.integers(0, 60, (48, 96, 216), dtype=np.uint8)
    directions = rng.standard_normal((4, 200))
    kinds = np.arange(48) % 4
    for row, kind in enumerate(kinds):
        slices[row, 24 * kind : 24 * kind + 24] += 180
    vectors = directions[kinds] * 3.0 + rng.standard_normal((48, 200)) * 0.1 + 5.0
    return Lessons(slices=slices, vectors=vectors.astype(np.float16))


@pytest.fixture(scope="module")
def target(lessons: Lessons) -> Target:
    return fit_target(lessons.vectors)


def test_targets_are_centred_unit_vectors(lessons: Lessons, target: Target) -> None:
    found = target.of(lessons.vectors)
    assert found.shape == (48, 100)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)
    assert abs(constant_cosine(lessons.vectors, lessons, target)) < 0.5  # without centring it would be nearly 1


def test_learning_lowers_the_loss_and_goes_on_from_the_checkpoint(
    lessons: Lessons, target: Target, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trainer = Trainer(tmp_path, target, SPEC)
    losses = [trainer.step(lessons.slices, lessons.vectors) for _ in range(8)]
    assert losses[-1] < 0.7 * losses[0]
    trainer.save()
    with caplog.at_level(logging.INFO):
        again = Trainer(tmp_path, target, SPEC)
    assert "going on from step 8" in caplog.text
    assert again.steps == 8
    assert again.spent_s == pytest.approx(trainer.spent_s)
    assert again.step(lessons.slices, lessons.vectors) < 0.7 * losses[0]
    np.testing.assert_allclose(again.averaged[0], trainer.averaged[0])
    assert cosine_to_target(again.finished_model(), lessons, target) > -1.0


def test_training_ends_when_the_stop_file_appears(lessons: Lessons, target: Target, tmp_path: Path) -> None:
    write_shard(tmp_path / "shards", 0, lessons)
    (tmp_path / "stop").touch()
    trainer = Trainer(tmp_path / "work", target, SPEC)
    train(trainer, GrowingLessons(tmp_path / "shards"), check=lessons, stop=tmp_path / "stop")
    assert trainer.steps == 0
    assert (tmp_path / "work" / "checkpoint.npz").is_file()


def test_a_checkpoint_of_another_architecture_is_refused(target: Target, tmp_path: Path) -> None:
    Trainer(tmp_path, target, SPEC).save()
    with pytest.raises(ModelError, match="cnn1d, not timbral"):
        Trainer(tmp_path, target, DistilSpec(arch="timbral"))


def test_a_loss_that_is_not_finite_stops_the_training(lessons: Lessons, tmp_path: Path) -> None:
    wild = Target(mean=np.full(200, np.nan, np.float32), basis=np.zeros((200, 100), np.float32))
    with pytest.raises(ModelError, match="loss became nan"):
        Trainer(tmp_path, wild, SPEC).step(lessons.slices[:4], lessons.vectors[:4])


def test_lessons_grow_while_they_are_read(lessons: Lessons, tmp_path: Path) -> None:
    write_shard(tmp_path, 0, lessons)
    growing = GrowingLessons(tmp_path)
    write_shard(tmp_path, 1, lessons)
    assert len(growing) == 48
    growing.refresh()
    assert len(growing) == 96
    batch = growing.batch(10, np.random.default_rng(0))
    assert batch.slices.shape == (10, 96, 216)
    assert batch.vectors.shape == (10, 200)
