"""Training where a package that it needs is not installed."""

from __future__ import annotations

import sys

import pytest

import train_track2vec
from segue.train.packages import packages_named


def test_the_package_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("segue.train.track2vec_words", "segue.train.track2vec", "gensim"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "gensim", None)
    assert train_track2vec.main(["--help"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("train_track2vec: the package gensim")
    assert "make install-dev" in said


def test_a_part_of_segue_that_is_missing_is_a_fault_of_its_own() -> None:
    with pytest.raises(ModuleNotFoundError), packages_named():
        raise ModuleNotFoundError("No module named 'segue.lost'", name="segue.lost")
