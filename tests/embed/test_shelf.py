"""The ears that are here, and what may be put beside them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from segue.embed.encoder import MODELS, load_ear
from segue.embed.head import Head, read_head, write_head
from segue.embed.shelf import Shelf, scores_of
from segue.embed.tagger import find_tagger, write_tagger
from segue.errors import ModelError, ParameterError, SegueError
from segue.values import Fingerprint
from tests.embed.conftest import DIMENSION, write_ear
from tests.embed.test_head import some_weights


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "data" / "models", tmp_path / "data" / "cache" / "ears")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def rewrite(card: Path, **facts: object) -> None:
    card.write_text(json.dumps({**json.loads(card.read_text(encoding="utf-8")), **facts}), encoding="utf-8")


def test_an_added_ear_is_here_by_its_name(shelf: Shelf, elsewhere: Path) -> None:
    card = write_ear(elsewhere, name="mine")
    ear = shelf.add(card)
    for file in elsewhere.iterdir():
        file.unlink()
    assert ear.network.parent == shelf.folder
    held = shelf.take("mine")
    assert (held.name, held.dimension, held.fingerprint) == ("mine", DIMENSION, ear.fingerprint)
    assert shelf.names()[0] == "speccy"
    assert shelf.names()[-1] == "mine"
    assert sorted(path.name for path in shelf.folder.iterdir()) == ["mine.json", "mine.onnx"]
    assert shelf.add(shelf.folder / "mine.json").fingerprint == ear.fingerprint  # again, and from where it lies


def test_an_added_ear_may_be_called_otherwise(shelf: Shelf, elsewhere: Path) -> None:
    card = write_ear(elsewhere, name="mine")
    assert shelf.add(card, name="jazz-2").name == "jazz-2"
    assert shelf.take("jazz-2").fingerprint == load_ear(card).fingerprint


def test_another_ear_of_that_name_stays(shelf: Shelf, elsewhere: Path) -> None:
    first = shelf.add(write_ear(elsewhere, name="mine"))
    card = write_ear(elsewhere, name="mine", weights=np.eye(96, DIMENSION))
    with pytest.raises(ModelError, match=rf"another ear called 'mine' \({first.fingerprint}.*--name"):
        shelf.add(card)
    assert shelf.take("mine").fingerprint == first.fingerprint


@pytest.mark.parametrize("name", ["speccy", "musicnn", "a b", "../mine", ".hidden", ""])
def test_names_that_cannot_be(shelf: Shelf, elsewhere: Path, name: str) -> None:
    with pytest.raises(ParameterError, match="--name"):
        shelf.add(write_ear(elsewhere, name="mine"), name=name)
    assert not shelf.folder.exists()


def cut_off(card: Path) -> None:
    network = card.with_suffix(".onnx")
    network.write_bytes(network.read_bytes()[:200])


def noise_with_the_right_checksum(card: Path) -> None:
    network = card.with_suffix(".onnx")
    network.write_bytes(b"no network at all" * 99)
    rewrite(card, sha256=hashlib.sha256(network.read_bytes()).hexdigest())


def another_dimension(card: Path) -> None:
    rewrite(card, dimension=DIMENSION + 1)


def no_numbers(card: Path) -> None:
    write_ear(card.parent, name="mine", weights=np.full((96, DIMENSION), np.nan))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut_off, "is not the one on its card"),
        (noise_with_the_right_checksum, "cannot be loaded"),
        (another_dimension, "answer"),
        (no_numbers, "not made of finite"),
        (lambda card: card.with_suffix(".onnx").unlink(), "not there"),
        (lambda card: card.unlink(), "not there"),
        (lambda card: card.write_text("{"), "not JSON"),
        (lambda card: card.write_text("[]"), "facts by name"),
        (lambda card: rewrite(card, mel={}), "lacks"),
    ],
)
def test_a_damaged_ear_is_refused_and_nothing_is_left(shelf: Shelf, elsewhere: Path, damage, said: str) -> None:
    card = write_ear(elsewhere, name="mine")
    damage(card)
    with pytest.raises(ModelError, match=said):
        shelf.add(card)
    assert not shelf.folder.exists() or not list(shelf.folder.iterdir())
    assert "mine" not in shelf.names()


def test_a_network_that_leans_on_another_file(shelf: Shelf, elsewhere: Path) -> None:
    """Where it was trained it works, and the copy would not."""
    card = write_ear(elsewhere, name="mine", weights=np.random.default_rng(1).normal(size=(96, 200)))
    network = card.with_suffix(".onnx")
    model = onnx.load(network)
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 200
    network.unlink()
    onnx.save_model(model, network, save_as_external_data=True, location="mine.data", size_threshold=0)
    rewrite(card, sha256=hashlib.sha256(network.read_bytes()).hexdigest(), dimension=200)
    with pytest.raises(ModelError, match="cannot be loaded"):
        shelf.add(card)
    assert "mine" not in shelf.names()


def test_a_card_must_be_named(shelf: Shelf, elsewhere: Path) -> None:
    with pytest.raises(ModelError, match=r"Name its \.json"):
        shelf.add(write_ear(elsewhere, name="mine").with_suffix(".onnx"))


def test_an_unknown_name_is_answered_with_those_that_are_here(shelf: Shelf) -> None:
    with pytest.raises(ModelError, match=r"no ear is called 'tuba'.*speccy"):
        shelf.take("tuba")


def test_one_that_was_damaged_later_is_listed_with_the_reason(shelf: Shelf, elsewhere: Path) -> None:
    shelf.add(write_ear(elsewhere, name="mine"))
    cut_off(shelf.folder / "mine.json")
    (shelf.folder / "not a name.json").write_text("{}")
    listed = {row.name: row for row in shelf.ears()}
    assert isinstance(listed["mine"].error, SegueError)
    assert listed["mine"].ear is None
    assert listed["speccy"].ear is not None
    assert "not a name" not in listed


def test_scores_stand_on_the_card(tiny_ear) -> None:
    assert scores_of(tiny_ear) == {}
    assert scores_of(load_ear(MODELS / "speccy.json"))
    tiny_ear.network.with_suffix(".json").write_text('{"scores": {"a": 1, "b": "x"}}')
    assert scores_of(tiny_ear) == {"a": 1.0}


def test_a_head_comes_along(shelf: Shelf, elsewhere: Path) -> None:
    card = write_ear(elsewhere, name="mine")
    rewrite(card, head=write_head(Head(Fingerprint("11111111", "mel00001"), some_weights()), card.with_suffix(".onnx")))
    head = read_head(shelf.add(card))
    assert head is not None
    assert head.of.model == "11111111"
    head_file = card.with_suffix(".head.npz")
    head_file.write_bytes(head_file.read_bytes()[:-9])
    with pytest.raises(ModelError, match="head"):
        shelf.add(card, name="other")


def test_tags_come_along(shelf: Shelf, elsewhere: Path) -> None:
    card = write_ear(elsewhere, name="mine")
    ear = load_ear(card)
    parts = np.zeros((ear.dimension, 1), np.float32), np.zeros(1, np.float32), np.full(1, 0.5, np.float32)
    write_tagger(ear, kernel=parts[0], bias=parts[1], thresholds=parts[2], card={"names": ["jazz"]})
    tagger = find_tagger(shelf.add(card, name="other"))
    assert tagger is not None
    assert tagger.names == ("jazz",)
