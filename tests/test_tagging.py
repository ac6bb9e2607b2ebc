"""What a library is heard as: reckoned once, kept, and asked in many ways."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from segue.config import SPECCY_MEL
from segue.ears import InUse
from segue.embed.encoder import Ear
from segue.embed.tagger import write_tagger
from segue.errors import ModelError, ParameterError
from segue.store.library import Library
from segue.tagging import Tags
from segue.values import FileStat, Fingerprint, Hearing, TrackId, TrackInfo

DIMENSION = 4


@pytest.fixture
def ear(tmp_path: Path) -> Ear:
    """An ear whose tags are its first three numbers."""
    found = Ear("small", tmp_path / "small.onnx", DIMENSION, SPECCY_MEL, 0.03, "mean", Fingerprint("s0001", "m0001"))
    write_tags(found)
    return found


def write_tags(ear: Ear, *, bias: float = -3.0) -> None:
    card = {"names": ["jazz", "mellow", "hip-hop"]}
    kernel = 6.0 * np.eye(DIMENSION, 3)
    write_tagger(ear, kernel=kernel, bias=np.full(3, bias), thresholds=np.array([0.9, 0.5, 0.5]), card=card)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Tracks 0 to 3, each all of one of the ear's numbers."""
    with Library.open(tmp_path / "data") as opened:
        for i in range(4):
            add(opened, i, np.eye(DIMENSION)[i])
        yield opened


def number(i: int) -> TrackId:
    return TrackId(f"{i:016x}")


def add(library: Library, i: int, vector: np.ndarray) -> None:
    hearing = Hearing(
        number(i), TrackInfo(f"Song {i}", "Band"), vector[None].astype(np.float32), Fingerprint("s0001", "m0001")
    )
    library.add(hearing, Path(f"/music/{i}.mp3"), stat=FileStat(1000, 5), vector=vector)


def tags_of(library: Library, ear: Ear, *, read_only: bool = False) -> Tags:
    return Tags(library, lambda: InUse(ear.fingerprint, ear.name, ear), read_only=read_only)


def test_a_track_is_heard_as_what_its_slices_say(library: Library, ear: Ear) -> None:
    tags = tags_of(library, ear)
    found = tags.of(number(2))
    assert [(tag.name, tag.confident) for tag in found] == [("hip-hop", True), ("mellow", False), ("jazz", False)]
    assert found[0].probability == pytest.approx(1 / (1 + np.exp(-3.0)), rel=1e-3)
    assert tags.confident() == {number(0): ("jazz",), number(1): ("mellow",), number(2): ("hip-hop",), number(3): ()}
    assert tags.counts() == (("hip-hop", 1), ("jazz", 1), ("mellow", 1))


def test_what_is_kept_is_told_without_reckoning(library: Library, ear: Ear) -> None:
    tags = tags_of(library, ear)
    assert tags.kept(number(0)) == ()
    tags.renew(ear)
    assert [tags.kept(number(i)) for i in range(4)] == [("jazz",), ("mellow",), ("hip-hop",), ()]
    assert [track_id for track_id, _ in tags.top("Jazz", 2)] == [number(0), number(1)]
    assert tags.of(number(9)) == ()


def test_only_what_lacks_tags_is_reckoned(library: Library, ear: Ear) -> None:
    tags = tags_of(library, ear)
    assert tags.renew(ear) == 4
    assert tags.renew(ear) == 0
    add(library, 4, np.ones(DIMENSION))
    assert tags.renew(ear) == 1
    assert [track.id for track in library.search("jazz")] == [number(0)]


def test_a_head_that_was_fitted_anew_has_all_reckoned_anew(library: Library, ear: Ear) -> None:
    tags_of(library, ear).renew(ear)
    write_tags(ear, bias=3.0)
    tags = tags_of(library, ear)
    assert tags.renew(ear) == 4
    assert tags.confident()[number(3)] == ("mellow", "hip-hop", "jazz")  # now all are heard in everything


def test_a_library_that_is_only_read_has_its_tags_reckoned_for_the_moment(
    library: Library, ear: Ear, tmp_path: Path
) -> None:
    with Library.open(tmp_path / "data", read_only=True) as read:
        tags = tags_of(read, ear, read_only=True)
        assert tags.of(number(0))[0].name == "jazz"
        assert tags.confident()[number(1)] == ("mellow",)
    assert list(library.search("jazz")) == []  # nothing was kept


def test_a_change_of_the_library_is_noticed(library: Library, ear: Ear) -> None:
    tags = tags_of(library, ear)
    assert len(tags.confident()) == 4
    library.forget_paths([Path("/music/0.mp3")])
    assert number(0) not in tags.confident()


def test_unknown_tags_are_refused_and_the_nearest_named(library: Library, ear: Ear) -> None:
    tags = tags_of(library, ear)
    with pytest.raises(ParameterError, match=r"no tag 'hiphop'\. Did you mean hip-hop"):
        tags.check(["hiphop"])
    with pytest.raises(ParameterError, match="Choose from: hip-hop, jazz, mellow"):
        tags.top("qqq", 3)


def test_an_ear_without_tags_says_so_and_a_scan_goes_on_without(
    library: Library, ear: Ear, caplog: pytest.LogCaptureFixture
) -> None:
    ear.network.with_suffix(".tags.npz").unlink()
    assert tags_of(library, ear).renew(ear) == 0
    with pytest.raises(ModelError, match="small has no genre and mood tags"):
        tags_of(library, ear).confident()
    ear.network.with_suffix(".tags.npz").write_bytes(b"nothing")
    with caplog.at_level(logging.WARNING):
        assert tags_of(library, ear).renew(ear) == 0
    assert "damaged" in caplog.text


def test_reckoning_can_be_stopped_and_goes_on_later(
    library: Library, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segue.tagging._TRACKS_AT_ONCE", 3)
    stop = threading.Event()
    stop.set()
    tags = tags_of(library, ear)
    assert tags.renew(ear, cancel=stop) == 3
    assert tags.renew(ear) == 1


@pytest.mark.slow
def test_two_thousand_tracks_take_a_second_or_two(tmp_path: Path, ear: Ear) -> None:
    vectors = np.random.default_rng(0).standard_normal((48, DIMENSION)).astype(np.float32)
    with Library.open(tmp_path / "large") as library:
        for i in range(2000):
            hearing = Hearing(number(i), TrackInfo(f"Song {i}"), vectors, ear.fingerprint)
            library.add(hearing, Path(f"/music/{i}.mp3"), stat=FileStat(1000, 5), vector=vectors[0])
        began = time.monotonic()
        assert tags_of(library, ear).renew(ear) == 2000
        assert time.monotonic() - began < 15.0  # it may have to share the machine
