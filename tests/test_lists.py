from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from segue.errors import ParameterError
from segue.lists import Backs, SavedLists
from segue.store.library import Library
from tests.store_heard import number

SONGS = [number(1), number(2), number(3)]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path) as library:
        yield library


@pytest.fixture
def lists(library: Library) -> SavedLists:
    return SavedLists(library.kept, now_s=lambda: 1000.0)


def test_a_list_is_kept_under_its_name_and_another_process_reads_it(lists: SavedLists, library: Library) -> None:
    saved = lists.save("  Sunday   morning ", SONGS)
    assert saved.name == "Sunday morning"
    assert SavedLists(library.kept).all() == (saved,)
    assert lists.named("SUNDAY morning") == saved
    assert lists.named("Monday") is None


def test_a_list_of_the_same_name_gives_way_and_keeps_its_id(lists: SavedLists) -> None:
    first = lists.save("Sunday", SONGS)
    second = lists.save("sunday", SONGS[:1])
    assert (second.id, second.tracks) == (first.id, (number(1),))
    assert lists.all() == (second,)


def test_renaming_takes_no_name_of_another(lists: SavedLists) -> None:
    one, other = lists.save("One", SONGS), lists.save("Other", SONGS)
    assert lists.change(one.id, name="ONE").name == "ONE"
    for taking in (
        partial(lists.change, one.id, tracks=lambda _: SONGS[:1], name="other"),
        partial(lists.create, "other", []),
    ):
        with pytest.raises(ParameterError, match="another playlist is called 'Other'"):
            taking()
    assert lists.get(one.id).tracks == tuple(SONGS)
    lists.delete(other.id)
    assert lists.change(one.id, name="Other").id == one.id


def test_changes_from_many_threads_lose_nothing(lists: SavedLists) -> None:
    songs = [number(n) for n in range(20)]
    saved = lists.save("Sunday", [])
    with ThreadPoolExecutor(10) as threads:
        adding = [threads.submit(lists.change, saved.id, tracks=lambda held, s=s: [*held, s]) for s in songs]
    assert {len(done.result().tracks) for done in adding} == set(range(1, 21))
    assert set(lists.get(saved.id).tracks) == set(songs)


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\nb\0"])
def test_a_name_is_short_and_of_one_line(lists: SavedLists, name: str) -> None:
    with pytest.raises(ParameterError, match="is no name to save under"):
        lists.save(name, SONGS)


def test_a_list_may_be_empty_and_is_not_endless(lists: SavedLists) -> None:
    assert lists.get(lists.save("Empty", []).id).tracks == ()
    with pytest.raises(ParameterError, match="Choose at most 2,000"):
        lists.save("Sunday", [number(1)] * 2001)


def test_what_cannot_be_read_is_passed_over(lists: SavedLists, library: Library) -> None:
    saved = lists.save("Sunday", SONGS)
    for number_, body in enumerate(({}, {**saved.to_json(), "tracks": ["../x"]}, {**saved.to_json(), "name": 3})):
        library.kept.put("list", f"bad{number_}", body, at_s=0.0)
    assert lists.all() == (saved,)
    with pytest.raises(ParameterError, match="is not kept any more"):
        lists.get("bad0")
    with pytest.raises(ParameterError, match="is not kept any more"):
        lists.delete("none")


def test_a_change_is_taken_back_once(lists: SavedLists) -> None:
    backs, saved = Backs(), lists.save("Sunday", SONGS)
    lists.delete(saved.id)
    word = backs.note(lambda: lists.put(saved))
    backs.take(word)
    assert lists.all() == (saved,)
    with pytest.raises(ParameterError, match="cannot be taken back any more"):
        backs.take(word)


def test_only_the_last_changes_can_be_taken_back() -> None:
    backs, done = Backs(), list[int]()
    words = [backs.note(lambda number=number: done.append(number)) for number in range(60)]  # type: ignore[misc]
    backs.take(words[-1])
    with pytest.raises(ParameterError):
        backs.take(words[0])
    assert done == [59]
