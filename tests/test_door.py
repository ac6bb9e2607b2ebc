from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.door import DOOR, Door, Patience
from segue.errors import ParameterError
from segue.store.library import Library

WORD = "quiet engine"


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = Library.open(tmp_path)
    yield library
    library.close()


@pytest.fixture
def door(library: Library, clock: Clock) -> Door:
    return Door(library.kept, now_s=clock)


def test_a_password_opens_and_only_hashes_are_kept(door: Door, library: Library) -> None:
    assert not door.is_locked()
    door.set_password(WORD)
    secrets = (WORD, door.open_session(), door.make_token())
    assert door.is_locked()
    assert door.is_password(WORD)
    assert [door.is_password(word) for word in ("", "quiet", WORD + "x", "\ud800", "x" * 100_000)] == [False] * 5
    assert not any(secret in str(library.kept.all("setting")) for secret in secrets)


@pytest.mark.parametrize("word", ["", "short", "x" * 257])
def test_a_password_is_neither_short_nor_endless(door: Door, word: str) -> None:
    with pytest.raises(ParameterError, match=f"has {len(word)} characters. Choose one of 8 to 256"):
        door.set_password(word)
    assert not door.is_locked()


def test_a_session_outlives_a_restart_and_ends_in_time(door: Door, library: Library, clock: Clock) -> None:
    door.set_password(WORD)
    session = door.open_session()
    again = Door(library.kept, now_s=clock)
    assert again.is_session(session)
    assert not again.is_session("")
    clock.now_s += DOOR.session_s + 1
    assert not again.is_session(session)


def test_a_session_ends_by_logging_out_and_by_a_new_password(door: Door) -> None:
    door.set_password(WORD)
    one, other = door.open_session(), door.open_session()
    door.close_session(one)
    assert (door.is_session(one), door.is_session(other)) == (False, True)
    door.set_password("another engine")
    assert not door.is_session(other)


def test_a_new_token_ends_the_old_one_and_all_ends_with_the_password(door: Door) -> None:
    door.set_password(WORD)
    assert not door.is_token("")
    old, new = door.make_token(), door.make_token()
    assert (door.is_token(old), door.is_token(new)) == (False, True)
    assert door.remove_password()
    assert not door.is_token(new)
    assert not door.remove_password()


def test_waits_grow_by_address_and_are_forgotten(clock: Clock) -> None:
    patience = Patience(now_s=clock)
    waits = []
    for _ in range(DOOR.free_tries + 12):
        wait_s = patience.wait_s("a")
        waits.append(wait_s)
        if wait_s:
            clock.now_s += wait_s
            assert patience.wait_s("a") == 0.0
    assert waits[: DOOR.free_tries] == [0.0] * DOOR.free_tries
    assert waits[DOOR.free_tries : DOOR.free_tries + 4] == [1.0, 2.0, 4.0, 8.0]
    assert waits[-1] == DOOR.longest_wait_s
    assert patience.wait_s("b") == 0.0
    clock.now_s += DOOR.forgotten_s
    assert patience.wait_s("a") == 0.0


def test_all_addresses_together_wait_a_little(clock: Clock) -> None:
    patience = Patience(now_s=clock)
    for number in range(DOOR.free_tries_of_all):
        assert patience.wait_s(f"address {number}") == 0.0
    assert patience.wait_s("yet another") == 1.0


def test_who_was_right_starts_anew(clock: Clock) -> None:
    patience = Patience(now_s=clock)
    for _ in range(DOOR.free_tries_of_all * 2):
        assert patience.wait_s("a") == 0.0
        patience.was_right("a")


def test_without_togetherness_each_address_waits_for_itself(clock: Clock) -> None:
    patience = Patience(together=False, now_s=clock)
    for number in range(DOOR.free_tries_of_all * 2):
        assert patience.wait_s(f"address {number}") == 0.0


def test_a_household_of_ipv6_counts_as_one(clock: Clock) -> None:
    patience = Patience(now_s=clock)
    for number in range(DOOR.free_tries):
        assert patience.wait_s(f"2001:db8::{number}") == 0.0
    assert patience.wait_s("2001:db8::ffff") == 1.0
    assert patience.wait_s("2001:db8:0:1::1") == 0.0
