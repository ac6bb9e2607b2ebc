"""Vectors carried over by a head: without audio, as far as the ear without it has heard."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segue.errors import ModelError
from segue.store.carrying import carry_over
from segue.store.library import Library
from segue.store.rehearing import hear_again
from segue.values import FileStat, Hearing, TrackId, TrackInfo
from tests.embed.test_head import OLD, some_ear, some_weights

STAT = FileStat(1000, 5)


def add(library: Library, number: int) -> np.ndarray:
    rng = np.random.default_rng(number)
    vectors = rng.standard_normal((4, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    hearing = Hearing(TrackId(f"{number:016x}"), TrackInfo(f"Song {number}", artist="She"), vectors, OLD)
    library.add(hearing, Path(f"/gone/{number}.mp3"), stat=STAT, vector=vectors.mean(axis=0))
    return vectors


def test_every_track_gets_what_the_head_makes_of_its_vectors(tmp_path: Path) -> None:
    ear = some_ear(tmp_path, some_weights())
    with Library.open(tmp_path / "data") as library:
        vectors = {TrackId(f"{number:016x}"): add(library, number) for number in range(3)}
        heard: list[Path] = []
        assert carry_over(library, ear, on_track=heard.append, cancel=threading.Event()) == 3
        for track_id, placed in library.iter_slice_vectors(ear.fingerprint):
            wanted = some_weights().apply(vectors[track_id])
            np.testing.assert_allclose(placed, wanted, atol=5e-3)  # half precision, on both sides of the head
        assert [path.name for path in sorted(heard)] == ["0.mp3", "1.mp3", "2.mp3"]
        assert library.track(TrackId(f"{0:016x}")).info.title == "Song 0"
        assert set(library.fingerprints()) == {OLD, ear.fingerprint}
        assert carry_over(library, ear, on_track=heard.append, cancel=threading.Event()) == 0


def test_it_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    ear, cancel = some_ear(tmp_path, some_weights()), threading.Event()
    with Library.open(tmp_path / "data") as library:
        for number in range(3):
            add(library, number)
        assert carry_over(library, ear, on_track=lambda _: cancel.set(), cancel=cancel) == 1
        assert carry_over(library, ear, on_track=lambda _: None, cancel=threading.Event()) == 2


def test_hearing_again_needs_no_audio_for_what_the_head_can_carry(tmp_path: Path) -> None:
    """The files are gone, and still the library can go by the new ear."""
    ear = some_ear(tmp_path, some_weights())
    with Library.open(tmp_path / "data") as library:
        for number in range(6):
            add(library, number)
        report = hear_again(library, ear)
        assert (report.heard, report.missing, report.away) == (6, 0, ())
        assert library.vectors(ear.fingerprint).matrix.shape == (6, 3)


def test_an_ear_of_another_kind_gets_nothing(tmp_path: Path) -> None:
    ear = some_ear(tmp_path, some_weights())
    other = replace(ear, network=tmp_path / "other.onnx")
    with Library.open(tmp_path / "data") as library:
        add(library, 0)
        assert carry_over(library, other, on_track=lambda _: None, cancel=threading.Event()) == 0
        (tmp_path / "own.json").write_text("no JSON", encoding="utf-8")
        with pytest.raises(ModelError, match="card cannot be read"):
            carry_over(library, ear, on_track=lambda _: None, cancel=threading.Event())
