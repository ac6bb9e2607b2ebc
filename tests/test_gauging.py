"""What is measured of a library that is made for it: aside, by a real process, and kept."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from segue.ears import InUse
from segue.embed.encoder import Ear, load_ear
from segue.errors import ModelError
from segue.gauging import Gauge, Gauged, read_gauged
from segue.store.library import Library
from segue.values import FileStat, Hearing, TrackId, TrackInfo

NOW_S = 1_764_000_000.0


def fill(folder: Path, ear: Ear, *, tracks: int = 24) -> Path:
    """Tracks by half as many artists, rock near one direction and jazz near another; none states an album."""
    with Library.open(folder) as library:
        for i in range(tracks):
            rng = np.random.default_rng(i)
            rows = (np.eye(ear.dimension)[i % 2] + 0.04 * rng.standard_normal((4, ear.dimension))).astype(np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            info = TrackInfo(f"Song {i}", f"Band {i // 2}", genre=("Rock", "Jazz")[i % 2], duration_s=120.0 + 2 * i)
            hearing = Hearing(TrackId(f"{i:016x}"), info, rows, ear.fingerprint)
            library.add(hearing, Path(f"/music/{i}.mp3"), stat=FileStat(1000, i), vector=rows.mean(axis=0))
    return folder


@pytest.fixture(scope="module")
def ear() -> Ear:
    return load_ear()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, ear: Ear) -> Path:
    """A data folder whose library was measured."""
    data = fill(tmp_path_factory.mktemp("gauge") / "data", ear)
    assert measured(gauge_of(data, ear)) is not None
    return data


@pytest.fixture
def gauge(kept: Path, tmp_path: Path, ear: Ear) -> Iterator[Gauge]:
    made = gauge_of(shutil.copytree(kept, tmp_path / "data"), ear)
    yield made
    made.stop()


def gauge_of(data: Path, ear: Ear) -> Gauge:
    return Gauge(data, lambda: InUse(ear.fingerprint, ear.name, ear), None, clock=lambda: NOW_S)


def measured(gauge: Gauge) -> Gauged | None:
    gauge.measure()
    until = time.monotonic() + 120
    while gauge.status.running:
        assert time.monotonic() < until
        time.sleep(0.05)
    return gauge.last()


def test_what_was_measured_is_kept(gauge: Gauge) -> None:
    found = gauge.last()
    assert found is not None
    assert (found.at_s, found.ear, found.tracks, gauge.status.error) == (NOW_S, "speccy", 24, "")
    genre, artist, album = found.apart
    assert (genre.by, genre.tracks, genre.labels, genre.nearest, genre.of_five) == ("genre", 24, 2, 1.0, 5.0)
    assert genre.chance == pytest.approx(11 / 23)
    assert genre.others == 1.0
    assert (artist.labels, artist.nearest, artist.others) == (12, 0.0, None)  # each band plays both
    assert "share a label, by the album" in album.lacking
    assert found.lists.same == 1.0
    assert 0.0 < found.lists.played <= 1.0
    assert next(finding for finding in found.findings if finding.what == "library").good


def test_an_empty_library_says_so_and_what_was_measured_stays(gauge: Gauge, tmp_path: Path) -> None:
    before = gauge.last()
    with Library.open(tmp_path / "data") as library:
        library.forget_paths([path for track in library.tracks() for path in track.paths])
    assert measured(gauge) == before
    assert "the library is empty" in gauge.status.error


def test_it_is_given_up_and_leaves_nothing(gauge: Gauge, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "data" / "cache")
    gauge.measure()
    gauge.stop()
    assert not gauge.status.running
    assert gauge.status.error == ""
    assert gauge.last() is None


def test_without_an_ear_nothing_is_under_way(kept: Path) -> None:
    """It said "Measuring" until a restart."""

    def gone() -> InUse:
        raise ModelError("the ear is gone", remedy="Choose another")

    gauge = Gauge(kept, gone, None)
    with pytest.raises(ModelError):
        gauge.measure()
    assert not gauge.status.running


@pytest.mark.parametrize("change", [{"format": 0}, {"tracks": "many"}, {"apart": None}, {"lists": {}}, {"at_s": None}])
def test_what_cannot_be_read_was_never_measured(gauge: Gauge, tmp_path: Path, change: dict[str, object]) -> None:
    assert gauge.last() is not None
    (path,) = (tmp_path / "data" / "cache" / "quality").iterdir()
    body = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(body | change), encoding="utf-8")
    assert read_gauged(path) is None
    path.write_text("{", encoding="utf-8")
    assert gauge.last() is None
