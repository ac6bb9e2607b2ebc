from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segue.config import SPECCY_MEL
from segue.embed.encoder import Ear, load_ear
from segue.embed.tagger import Tagger, find_tagger, group_of, logit, sigmoid, tagger_path, write_tagger
from segue.errors import ModelError, ParameterError
from segue.values import Fingerprint, Floats

NAMES = ("jazz", "mellow", "acoustic")


@pytest.fixture
def ear(tmp_path: Path) -> Ear:
    return Ear("small", tmp_path / "small.onnx", 4, SPECCY_MEL, 0.03, "mean", Fingerprint("small001", "mel00001"))


def written(ear: Ear, **parts: Floats) -> Path:
    facts = {"kernel": np.eye(4, 3), "bias": np.zeros(3), "thresholds": np.array([0.7, 0.1, 0.5])} | parts
    return write_tagger(ear, **facts, card={"names": NAMES, "scores": {}})


def read(ear: Ear) -> Tagger:
    found = find_tagger(ear)
    assert found is not None
    return found


def test_a_quick_look_has_the_tags_of_its_ear(ear: Ear) -> None:
    written(ear)
    assert read(ear.quick()).names == NAMES


def test_a_tracks_probability_is_the_mean_over_its_slices(ear: Ear) -> None:
    written(ear)
    found = read(ear).probabilities(np.eye(4, dtype=np.float32)[[0, 1, 1]])
    up, level = 1 / (1 + np.exp(-1.0)), 0.5
    np.testing.assert_allclose(found, [(up + 2 * level) / 3, (level + 2 * up) / 3, level], rtol=1e-6)


def test_tags_come_surest_first_and_say_what_is_confident(ear: Ear) -> None:
    written(ear)
    tagger = read(ear)
    found = tagger.heard(np.array([0.6, 0.3, 0.5], np.float32))
    assert [(tag.name, tag.group, tag.confident) for tag in found] == [
        ("mellow", "mood", True),
        ("acoustic", "other", True),
        ("jazz", "genre", False),
    ]
    assert tagger.confident(np.array([0.6, 0.3, 0.5], np.float32)) == ("mellow", "acoustic")


def test_an_ear_without_tags_has_none(ear: Ear) -> None:
    assert find_tagger(ear) is None


def test_tags_of_another_ear_are_refused_and_both_are_named(ear: Ear) -> None:
    written(ear)
    other = replace(ear, fingerprint=Fingerprint("other001", "mel00001"))
    with pytest.raises(ModelError, match=r"small001/mel00001.*other001/mel00001"):
        find_tagger(other)


@pytest.mark.parametrize("damage", [lambda c: c[: len(c) // 2], lambda c: b"", lambda c: b"not an archive"])
def test_damaged_tags_are_refused(ear: Ear, damage: object) -> None:
    path = written(ear)
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(ModelError, match="damaged"):
        find_tagger(ear)


def test_parts_that_do_not_fit_together_are_refused(ear: Ear) -> None:
    written(ear, kernel=np.eye(5, 3))
    with pytest.raises(ModelError, match="shapes"):
        find_tagger(ear)


def test_another_fit_has_another_fingerprint(ear: Ear) -> None:
    written(ear)
    first = read(ear).fingerprint
    written(ear, bias=np.ones(3))
    assert read(ear).fingerprint != first


@pytest.mark.parametrize("shape", [(2, 5), (0, 4), (4,)])
def test_vectors_of_another_shape_are_refused(ear: Ear, shape: tuple[int, ...]) -> None:
    written(ear)
    with pytest.raises(ParameterError, match="tag head for 4 dimensions"):
        read(ear).probabilities(np.ones(shape, np.float32))


def test_sigmoid_and_logit_undo_each_other_and_never_overflow() -> None:
    values = np.linspace(-8.0, 8.0, 33)
    np.testing.assert_allclose(logit(sigmoid(values)), values, atol=1e-6)
    np.testing.assert_array_equal(sigmoid(np.array([-1e9, 1e9], np.float32)), [0.0, 1.0])
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()


def test_the_bundled_ear_has_tags_of_its_own() -> None:
    ear = load_ear()
    tagger = read(ear)
    assert {"jazz", "metal", "electronic", "ambient"} <= set(tagger.names)
    assert {group_of(name) for name in tagger.names} >= {"genre", "mood", "other"}
    assert ((tagger.thresholds > 0.0) & (tagger.thresholds < 1.0)).all()
    assert tagger_path(ear).stat().st_size < 100_000
