"""The house's rules: kept in a real library, and passed over where they cannot be read or heard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.choose.wishes import Wishes
from segue.errors import ModelError
from segue.house_rules import HouseRules
from segue.store.library import Library

SLOW = Wishes(fastest_bpm=90.0, not_genres=frozenset({"polka"}), not_tags=frozenset({"jazz", "rain"}))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "data") as opened:
        yield opened


def test_rules_hold_until_others_do_and_the_usual_ones_are_not_kept(library: Library) -> None:
    rules = HouseRules(library.kept, lambda: ("jazz", "rain"))
    assert rules.wishes() == Wishes()
    rules.keep(SLOW)
    assert HouseRules(library.kept, lambda: ("jazz", "rain")).wishes() == SLOW
    rules.keep(Wishes())
    assert rules.wishes() == Wishes()
    assert library.kept.all("setting") == {}


def test_tags_that_the_ear_does_not_know_are_left_aside_until_one_does(library: Library) -> None:
    HouseRules(library.kept, tuple).keep(SLOW)
    other = HouseRules(library.kept, lambda: ("jazz", "rock"))
    assert other.wishes().not_tags == {"jazz"}
    assert other.unheard(other.kept()) == {"rain"}
    assert other.kept() == SLOW
    assert other.heard(Wishes(only_tags=frozenset({"Rock ", "rain"}))) == Wishes(only_tags=frozenset({"Rock "}))

    def without_tags() -> tuple[str, ...]:
        raise ModelError("the ear has no tags", remedy="Choose another")

    deaf = HouseRules(library.kept, without_tags)
    assert deaf.wishes().not_tags == frozenset()
    assert deaf.wishes().fastest_bpm == 90.0


@pytest.mark.parametrize("body", [{"fastest_bpm": "quick"}, {"no such rule": 1}, {"slowest_bpm": 9, "fastest_bpm": 1}])
def test_what_cannot_be_read_gives_way_to_the_usual_rules(
    library: Library, body: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    library.kept.put("setting", "rules", body, at_s=1.0)
    assert HouseRules(library.kept, tuple).wishes() == Wishes()
    assert "passed over" in caplog.text
