from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segue.choose.catalogue import Catalogue
from segue.choose.index import Index
from segue.ears import InUse
from segue.errors import EmptyLibraryError, ModelError, ParameterError
from segue.mapping import LibraryMap, Picture, read_atlas
from segue.values import Fingerprint, TrackId, TrackInfo

EAR = Fingerprint("model", "mel")


def library(count: int) -> Catalogue:
    vectors = np.random.default_rng(3).normal(size=(400, 12)).astype(np.float32)[:count]
    ids = [TrackId(f"{n:016x}") for n in range(count)]
    infos = {i: TrackInfo(f"T{n}", genre=("Rock", "", "Dub")[n % 3], year=1990 + n % 40) for n, i in enumerate(ids)}
    places = {i: (f"/music/Artist {n % 5}/Album",) for n, i in enumerate(ids)}
    plain = replace(Catalogue.plain(Index.build(ids, vectors), infos), places=places)
    tempo_bpm = np.array([70.0 + n if n % 4 else np.nan for n in range(count)], np.float32)
    return replace(plain, tempo_bpm=tempo_bpm)


class House:
    """A library that grows, and its map."""

    def __init__(self, folder: Path) -> None:
        self.held = library(60)
        self.ear = EAR
        self.heard: Callable[[], dict[TrackId, tuple[str, ...]]] = dict
        self.folder = folder
        self.map = self.open()

    def open(self) -> LibraryMap:
        return LibraryMap(
            lambda: self.held, lambda: InUse(self.ear, "test"), lambda: self.heard(), cache=self.folder / "map"
        )

    def close(self) -> None:
        self.map.close()

    def drawn(self, count: int) -> Picture:
        until = time.monotonic() + 240
        while True:
            picture = self.map.picture()
            if picture is not None and len(picture.atlas.ids) == count and not self.map.status.running:
                return picture
            assert time.monotonic() < until
            assert not self.map.status.error
            time.sleep(0.05)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with closing(House(tmp_path)) as found:
        yield found


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a map of sixty songs is kept: drawing it takes a process of its own and some seconds."""
    with closing(House(tmp_path_factory.mktemp("drawn"))) as found:
        found.drawn(60)
    return found.folder


@pytest.fixture
def mapped(drawn: Path, tmp_path: Path) -> Iterator[House]:
    """A library whose map is there already."""
    shutil.copytree(drawn, tmp_path, dirs_exist_ok=True)
    with closing(House(tmp_path)) as found:
        yield found


def test_it_is_drawn_aside_and_kept(house: House) -> None:
    assert house.map.picture() is None
    assert house.map.status.running
    first = house.drawn(60)
    again = house.open().picture()
    assert again is not None
    assert np.array_equal(again.atlas.places, first.atlas.places)


def test_new_songs_join_it_and_the_others_stay(mapped: House) -> None:
    first = mapped.drawn(60)
    mapped.held = library(66)
    second = mapped.drawn(66)
    assert second.version != first.version
    assert np.array_equal(second.atlas.places[:60], first.atlas.places)
    mapped.held = library(50)
    assert np.array_equal(mapped.drawn(50).atlas.places, first.atlas.places[:50])


def test_another_ear_has_another_map(mapped: House) -> None:
    mapped.drawn(60)
    mapped.ear = Fingerprint("other", "mel")
    assert mapped.map.picture() is None
    mapped.drawn(60)
    assert len(list((mapped.folder / "map").glob("*.npz"))) == 2


def test_a_damaged_file_is_drawn_again(mapped: House) -> None:
    (kept,) = (mapped.folder / "map").glob("*.npz")
    for damage in (b"", b"no map", kept.read_bytes()[:700]):
        kept.write_bytes(damage)
        assert read_atlas(kept) is None
    assert mapped.map.picture() is None
    mapped.drawn(60)


def test_drawing_ends_with_the_house(house: House) -> None:
    house.held = library(400)
    house.map.picture()
    began_s = time.monotonic()
    house.map.close()
    assert time.monotonic() - began_s < 5
    assert not house.map.status.running


def test_a_folder_that_takes_no_file_is_told(house: House) -> None:
    (house.folder / "map").write_text("in the way")
    house.map.picture()
    until = time.monotonic() + 240
    while not house.map.status.error:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert "could not be drawn" in house.map.status.error


def test_an_empty_library_has_no_map(house: House) -> None:
    def nothing() -> Catalogue:
        raise EmptyLibraryError("the library is empty", remedy="Scan a folder first")

    empty = LibraryMap(nothing, lambda: InUse(EAR, "test"), dict, cache=house.folder)
    assert empty.picture() is None
    assert not empty.status.running


def test_colours_tell_what_is_known(mapped: House) -> None:
    picture = mapped.drawn(60)
    mapped.heard = lambda: dict.fromkeys(picture.atlas.ids[:30], ("jazz", "piano", "mellow"))
    genre = mapped.map.colours(picture, "genre")
    assert dict(zip(genre.names, genre.counts, strict=True)) == {"jazz": 30, "rock": 10, "dub": 10, "Unknown": 10}
    mood = mapped.map.colours(picture, "mood")
    assert dict(zip(mood.names, mood.counts, strict=True)) == {"mellow": 30, "Unknown": 30}
    tempo = mapped.map.colours(picture, "tempo")
    assert tempo.is_ordered
    assert tempo.names[:2] == ("Below 80 BPM", "80 to 100 BPM")
    assert sum(tempo.counts) == 60
    assert tempo.counts[-1] == 15  # unknown
    year = mapped.map.colours(picture, "year")
    assert year.names == ("Before 1980", "1980s", "1990s", "2000s", "2010s", "2020s")
    assert year.counts == (0, 0, 20, 20, 10, 10)
    folder = mapped.map.colours(picture, "folder")
    assert folder.names[0] == "Artist 0 / Album"
    region = mapped.map.colours(picture, "region")
    assert sum(region.counts) == 60
    with pytest.raises(ParameterError, match="cannot be coloured by 'price'"):
        mapped.map.colours(picture, "price")


def test_regions_are_called_by_what_they_have_more_of(mapped: House) -> None:
    picture = mapped.drawn(60)

    def no_tags() -> dict[TrackId, tuple[str, ...]]:
        raise ModelError("no tags", remedy="none")

    mapped.heard = no_tags
    regions = mapped.map.regions(picture)
    assert sum(region.count for region in regions) == 60
    assert len({region.name for region in regions}) == len(regions)
    assert all(set(region.name.partition(" (")[0].split(", ")) <= {"rock", "dub", "Mixed"} for region in regions)
    assert {track for region in regions for track in region.tracks} <= set(picture.atlas.ids)
