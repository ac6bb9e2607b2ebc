"""One slip in a long word is forgiven, two are not."""

from __future__ import annotations

import time

import pytest

from segue.store.typos import is_slip, other_spellings


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("beatels", "beatles"),  # changed over
        ("beetles", "beatles"),  # wrong
        ("beatls", "beatles"),  # missing
        ("beattles", "beatles"),  # too many
        ("zeatles", "beatles"),
        ("ebatles", "beatles"),
        ("eatles", "beatles"),
        ("beetho", "beatho"),
        ("bethov", "beethoven"),  # not typed to the end yet
    ],
)
def test_one_slip(typed: str, meant: str) -> None:
    assert is_slip(typed, meant)
    assert [meant] in list(other_spellings([typed], [meant, "something"]))


@pytest.mark.parametrize(("typed", "meant"), [("betels", "beatles"), ("quartz", "beatles"), ("beatl", "zx")])
def test_two_slips_or_another_word(typed: str, meant: str) -> None:
    assert not is_slip(typed, meant)


def test_short_words_are_taken_as_typed() -> None:
    assert list(other_spellings(["boby"], ["body"])) == []
    assert list(other_spellings(["the", "beatels"], ["the", "tie", "beatles"])) == [["the", "beatles"]]


def test_many_words_take_no_time() -> None:
    words = [f"{a}{b}{c}{d}{e}" for a in "abcdefghij" for b in "aeiou" for c in "klmnopqrst" for d in "aeiou" for e in
             ("rstuv", "lmnop", "ing")]  # fmt: skip
    began_s = time.process_time()
    assert len(list(other_spellings(["abcdefgh", "zzzzzzz"] * 3, words))) <= 24
    assert time.process_time() - began_s < 1.0
