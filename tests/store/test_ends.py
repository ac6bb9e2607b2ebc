"""How tracks begin and end: kept with each hearing, and made anew where a library lacks it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from segue.config import CHOICE
from segue.store.ends import ends_of
from segue.store.library import FILE_NAME, Library
from tests.store_heard import EAR, KNOWN, add, heard, number, older_library

IDS = [number(3), number(1), number(2)]


def test_the_ends_are_the_mean_directions_of_the_first_and_last_slices() -> None:
    slices = heard(1, slices=8).slice_vectors
    head, tail = ends_of(slices)
    first, last = slices[: CHOICE.end_slices].mean(axis=0), slices[-CHOICE.end_slices :].mean(axis=0)
    assert np.allclose(head, first / np.linalg.norm(first), atol=1e-6)
    assert np.allclose(tail, last / np.linalg.norm(last), atol=1e-6)


def test_a_track_of_one_slice_begins_and_ends_as_it_is() -> None:
    slices = heard(1, slices=1).slice_vectors
    assert np.allclose(ends_of(slices), slices[0], atol=1e-6)


def test_slices_that_cancel_out_leave_the_outermost() -> None:
    up = np.eye(1, 10, dtype=np.float32)
    slices = np.concatenate([up, -up])
    head, tail = ends_of(slices)
    assert (head == up[0]).all()
    assert (tail == -up[0]).all()


def test_they_come_in_the_order_that_is_asked_for(library: Library) -> None:
    for i in (1, 2, 3):
        add(library, heard(i, slices=7), f"/music/{i}.mp3")
    found = library.ends.of(IDS, EAR, dimension=10)
    for row, i in enumerate((3, 1, 2)):
        head, tail = ends_of(heard(i, slices=7).slice_vectors)
        assert np.allclose(found.heads[row], head, atol=2e-3)  # float16
        assert np.allclose(found.tails[row], tail, atol=2e-3)
    assert np.allclose(np.linalg.norm(found.heads, axis=1), 1.0, atol=2e-3)


def test_what_the_ear_has_not_heard_has_none(library: Library) -> None:
    add(library, heard(1), "/music/1.mp3")
    found = library.ends.of([number(1), number(9)], EAR, dimension=10)
    assert found.heads[0].any()
    assert not found.heads[1].any()
    assert not found.tails[1].any()


def test_they_go_with_the_track_and_with_the_ear(library: Library) -> None:
    for i in (1, 2):
        add(library, heard(i), f"/music/{i}.mp3")
    library.forget_paths([Path("/music/1.mp3")])
    assert not library.ends.of([number(1)], EAR, dimension=10).heads.any()
    library.forget_ear(EAR)
    assert not library.ends.of([number(2)], EAR, dimension=10).heads.any()


@pytest.mark.parametrize("damage", ["DELETE FROM ends", "UPDATE ends SET head = x'00'", "UPDATE ends SET tail = x''"])
def test_missing_and_damaged_ones_are_made_anew(library: Library, data: Path, damage: str) -> None:
    for i in (1, 2, 3):
        add(library, heard(i), f"/music/{i}.mp3")
    before = library.ends.of(IDS, EAR, dimension=10)
    with sqlite3.connect(data / FILE_NAME) as connection:
        connection.execute(damage)
    connection.close()
    after = library.ends.of(IDS, EAR, dimension=10)
    assert np.allclose(after.heads, before.heads, atol=2e-3)
    assert np.allclose(after.tails, before.tails, atol=2e-3)
    version = library.version()
    assert np.allclose(library.ends.of(IDS, EAR, dimension=10).heads, before.heads, atol=2e-3)
    assert library.version() == version  # and they are kept now


@pytest.mark.parametrize("read_only", [True, False])
def test_a_library_of_the_third_schema_gets_them(data: Path, read_only: bool) -> None:
    """``library-3.db`` was made by the third schema: three tracks by `EAR`, five slices each, one with a rhythm."""
    with Library.open(older_library(data, 3), read_only=read_only) as library:
        found = library.ends.of(IDS, EAR, dimension=10)
        head, _ = ends_of(heard(3, slices=5).slice_vectors)
        assert np.allclose(found.heads[0], head, atol=2e-3)
        assert found.tails.any(axis=1).all()
        assert [float(tempo) for tempo in library.songs().tempo_bpm if tempo > 0] == [KNOWN.tempo_bpm]
