"""Pooling a library as it changes: whatever came and went, the vectors are those of pooling it afresh."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_standins import EAR

from segue.embed.pooling import pool
from segue.store import pooled
from segue.store.kept_counts import file_of
from segue.store.library import Library
from segue.store.pooled import is_pooled, pool_library
from segue.values import FileStat, Floats, Hearing, TrackId, TrackInfo

MOTIFS = np.random.default_rng(0).normal(size=(5, 12))


def rows_of(seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    return (MOTIFS[rng.integers(5, size=rng.integers(1, 9))] + 0.15 * rng.normal(size=12)).astype(np.float32)


def put(library: Library, number: int, *, seed: int) -> None:
    rows = rows_of(seed)
    hearing = Hearing(TrackId(f"{number:016x}"), TrackInfo(f"Song {number}"), rows, EAR.fingerprint)
    library.add(hearing, path_of(number), stat=FileStat(1, 1), vector=rows[0])


def path_of(number: int) -> Path:
    return Path(f"/music/{number}.mp3")


def pool_it(library: Library) -> bool:
    return pool_library(library, EAR, on_begin=lambda: None)


def assert_pooled(library: Library) -> None:
    """The very numbers of pooling afresh."""
    wanted = pool(dict(library.iter_slice_vectors(EAR.fingerprint)), epsilon=EAR.epsilon)
    vectors = library.vectors(EAR.fingerprint)
    assert list(vectors.ids) == sorted(wanted)
    for track_id, vector in zip(*vectors, strict=True):
        np.testing.assert_array_equal(vector, pool_and_store(wanted[track_id]))


def pool_and_store(vector: Floats) -> Floats:
    """What the library makes of a vector: unit length once more."""
    length = np.linalg.norm(vector.astype(np.float64))
    return (vector / length).astype(np.float32)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    with Library.open(tmp_path / "data") as opened:
        for number in range(12):
            put(opened, number, seed=number)
        assert pool_it(opened)
        yield opened


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["add", "drop", "change"]), st.integers(0, 19)), max_size=6))
def test_whatever_comes_and_goes(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]) -> None:
    with Library.open(tmp_path_factory.mktemp("pooled") / "data") as library:
        for number in range(10):
            put(library, number, seed=number)
        pool_it(library)
        for at, (step, number) in enumerate(steps):
            if step == "drop":
                library.forget_paths([path_of(number)])
            else:
                put(library, number, seed=number if step == "add" else 100 + at)
            if at % 2:
                pool_it(library)
        pool_it(library)
        assert_pooled(library)


def test_only_new_tracks_are_joined(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def noting(slices, *, epsilon, work, known):
        sizes.append(len(slices.owners) if known is None else int((known.tf == 0).sum()))
        return counted(slices, epsilon=epsilon, work=work, known=known)

    counted = pooled.count
    monkeypatch.setattr(pooled, "count", noting)
    put(library, 50, seed=50)
    library.forget_paths([path_of(3)])
    assert pool_it(library)
    assert sizes == [len(rows_of(50))]
    assert_pooled(library)


@pytest.mark.parametrize("damage", [b"", b"no zip", None])
def test_counts_that_are_damaged_or_missing_are_made_anew(library: Library, damage: bytes | None) -> None:
    path = file_of(library.folder, EAR.fingerprint)
    whole = path.read_bytes()
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    put(library, 50, seed=50)
    assert pool_it(library)
    assert_pooled(library)
    assert len(path.read_bytes()) > len(whole)


def test_counts_cut_short_or_altered_are_made_anew(library: Library) -> None:
    path = file_of(library.folder, EAR.fingerprint)
    whole = bytearray(path.read_bytes())
    put(library, 50, seed=50)
    for place in (len(whole) // 3, len(whole) // 2):
        path.write_bytes(whole[:place])
        assert pool_it(library)
        assert_pooled(library)
        whole[place] ^= 0xFF
        path.write_bytes(whole)
        put(library, 51 + place, seed=1)
        assert pool_it(library)
        assert_pooled(library)


def test_another_epsilon_counts_anew(library: Library) -> None:
    wider = replace(EAR, epsilon=0.2)
    put(library, 50, seed=50)
    assert pool_library(library, wider, on_begin=lambda: None)
    wanted = pool(dict(library.iter_slice_vectors(EAR.fingerprint)), epsilon=0.2)
    for track_id, vector in zip(*library.vectors(EAR.fingerprint), strict=True):
        np.testing.assert_array_equal(vector, pool_and_store(wanted[track_id]))


def test_a_cache_that_cannot_be_written_costs_nothing_else(tmp_path: Path) -> None:
    with Library.open(tmp_path) as library:
        (tmp_path / "cache").write_bytes(b"a file in the folder's place")
        for number in range(4):
            put(library, number, seed=number)
        assert pool_it(library)
        assert_pooled(library)


def test_a_cancelled_pooling_loses_nothing(library: Library) -> None:
    before = library.vectors(EAR.fingerprint)
    put(library, 50, seed=50)
    cancel = threading.Event()
    cancel.set()
    assert not pool_library(library, EAR, on_begin=lambda: None, cancel=cancel)
    assert not is_pooled(library, EAR)
    after = dict(zip(*library.vectors(EAR.fingerprint), strict=True))
    assert all(np.array_equal(after[track_id], row) for track_id, row in zip(*before, strict=True))
    shares: list[float] = []
    assert pool_library(library, EAR, on_begin=lambda: None, on_share=shares.append)
    assert shares[-1] == 1.0
    assert_pooled(library)
    assert pool_library(library, EAR, on_begin=lambda: pytest.fail("there is nothing to do"))
