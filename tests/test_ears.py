"""Which ear a library goes by, and how it comes to go by another: real networks, real files, real processes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segue.choose.playlist import ContinueSpec
from segue.config import SCAN
from segue.ears import (
    Selection,
    compare_ears,
    forget,
    heard_by,
    in_use,
    list_ears,
    select,
    shelf_of,
)
from segue.embed.shelf import Shelf
from segue.errors import ModelError, ParameterError, UnknownTrackError
from segue.labelling import Label, Labelling
from segue.services import Services
from segue.store.heard_tags import TagRow
from segue.store.ingest import ScanOptions
from segue.store.library import Library
from segue.values import FileStat, Fingerprint, Hearing, ScanProgress
from tests.embed.conftest import DIMENSION, write_ear
from tests.songs import write_song, write_songs

ONE_WORKER = ScanOptions(settings=replace(SCAN, workers=1))
STRANGER = Fingerprint("deadbeef", "mel00001")


@pytest.fixture(scope="module")
def scanned_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four songs heard by the ear ``first``; ``second`` and ``third`` are here too."""
    folder = tmp_path_factory.mktemp("ears")
    shelf = shelf_of(folder / "data")
    for seed, name in enumerate(("first", "second", "third")):
        shelf.add(write_ear(folder, name=name, weights=np.random.default_rng(seed).normal(size=(96, DIMENSION))))
    services = Services(folder / "data", ear="first", workers=1)
    services.scan([write_songs(folder / "music", each=2)])
    services.close()
    return folder


@pytest.fixture
def data(scanned_once: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change; the music is shared."""
    return Path(shutil.copytree(scanned_once / "data", tmp_path / "data"))


@pytest.fixture
def shelf(data: Path) -> Shelf:
    return shelf_of(data)


@pytest.fixture
def library(data: Path) -> Iterator[Library]:
    with Library.open(data) as opened:
        yield opened


def choose(library: Library, shelf: Shelf, name: str = "second", *, anyway: bool = False) -> Selection:
    return select(library, shelf, name, options=ONE_WORKER, anyway=anyway)


def name_in_use(library: Library, shelf: Shelf) -> str:
    return in_use(library, shelf).name


def put_stranger(library: Library, *, tracks: int) -> None:
    """As if an ear that is no longer here had heard so many of the tracks."""
    rng = np.random.default_rng(5)
    library.name_ear("speccy", STRANGER)
    for track in library.tracks()[:tracks]:
        vectors = rng.normal(size=(2, 5)).astype(np.float32)
        hearing = Hearing(track.id, track.info, vectors, STRANGER)
        stat = track.paths[0].stat()
        library.add(hearing, track.paths[0], stat=FileStat(stat.st_size, stat.st_mtime_ns), vector=vectors[0])


class TestInUse:
    def test_the_one_asked_for_comes_first(self, library: Library, shelf: Shelf) -> None:
        assert in_use(library, shelf, wanted="third").name == "third"
        assert in_use(library, shelf, wanted=str(shelf.folder / "third.json")).name == "third"
        with pytest.raises(ModelError, match="no ear is called 'tuba'"):
            in_use(library, shelf, wanted="tuba")

    def test_the_first_that_heard_it_is_the_librarys(self, library: Library, shelf: Shelf, data: Path) -> None:
        assert name_in_use(library, shelf) == "first"
        with_no_ear_named = Services(data, read_only=True)
        assert with_no_ear_named.ear.name == "first"
        assert len(with_no_ear_named.choosing.similar(library.tracks()[0].id, 9)) == 3

    def test_an_empty_library_goes_by_speccy(self, tmp_path: Path) -> None:
        with Library.open(tmp_path / "new") as library:
            assert name_in_use(library, shelf_of(tmp_path / "new")) == "speccy"

    def test_a_library_that_never_chose_goes_by_the_ear_that_heard_most(self, library: Library, shelf: Shelf) -> None:
        put_stranger(library, tracks=3)
        with library._database.writing() as db:
            db.execute("DELETE FROM meta WHERE key = 'ear'")
        assert name_in_use(library, shelf) == "first"
        library.forget_ear(in_use(library, shelf).fingerprint)
        assert in_use(library, shelf).fingerprint == STRANGER


class TestSelect:
    def test_the_library_goes_by_it_once_all_is_heard(self, library: Library, shelf: Shelf) -> None:
        seen = []
        chosen = select(
            library,
            shelf,
            "second",
            options=ONE_WORKER,
            on_progress=lambda p: seen.append((p.phase, name_in_use(library, shelf))),
        )
        assert chosen.switched
        assert (chosen.before.name, chosen.result.heard, chosen.result.missing) == ("first", 4, 0)
        assert {name for _, name in seen} == {"first"}
        assert seen[-1][0] == "pooling"
        assert name_in_use(library, shelf) == "second"
        back = choose(library, shelf, "first")
        assert (back.switched, back.result.heard, back.result.known) == (True, 0, 4)

    def test_many_that_are_away_hold_it_up(self, shelf: Shelf, scanned_once: Path, tmp_path: Path) -> None:
        music = Path(shutil.copytree(scanned_once / "music", tmp_path / "mine"))
        with Library.open(tmp_path / "other") as other:
            mine = shelf_of(tmp_path / "other")
            for name in ("first", "second"):
                mine.add(shelf.folder / f"{name}.json")
            services = Services(tmp_path / "other", ear="first", workers=1)
            services.scan([music])
            services.close()
            (music / "dark" / "Dark 0 - Low 0.wav").unlink()
            refused = choose(other, mine)
            assert (refused.switched, refused.result.heard, len(refused.result.away)) == (False, 3, 1)
            assert name_in_use(other, mine) == "first"
            assert len(other.vectors(in_use(other, mine).fingerprint).ids) == 4
            assert choose(other, mine, anyway=True).switched
            assert name_in_use(other, mine) == "second"

    def test_nothing_within_reach_never_switches(
        self, library: Library, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("segue.store.rehearing._Work._present", lambda self, track_id, files: None)
        assert not choose(library, shelf, anyway=True).switched
        assert name_in_use(library, shelf) == "first"

    def test_an_empty_library_chooses_for_the_scan_to_come(self, shelf: Shelf, tmp_path: Path) -> None:
        (tmp_path / "new").mkdir()
        shutil.copytree(shelf.folder, tmp_path / "new" / "models")
        with Library.open(tmp_path / "new") as library:
            assert choose(library, shelf_of(tmp_path / "new"), "third").switched
        services = Services(tmp_path / "new", workers=1)
        services.scan([write_song(tmp_path / "song.wav", 1)])
        assert services.ear.name == "third"
        assert services.counts().tracks == len(services.library.vectors(services.ear.fingerprint).ids) == 1
        services.close()

    def test_a_damaged_ear_is_refused_before_anything_is_heard(self, library: Library, shelf: Shelf) -> None:
        (shelf.folder / "second.onnx").write_bytes(b"")
        with pytest.raises(ModelError, match="not the one on its card"):
            choose(library, shelf)
        assert name_in_use(library, shelf) == "first"


class TestForget:
    def test_never_the_ear_in_use(self, library: Library, shelf: Shelf) -> None:
        with pytest.raises(ParameterError, match=r"goes by first.*models select"):
            forget(library, shelf, heard_by(library, shelf, "first"))

    def test_what_it_heard_goes_and_the_tracks_stay(self, library: Library, shelf: Shelf) -> None:
        choose(library, shelf)
        assert forget(library, shelf, heard_by(library, shelf, "first")) == 4
        assert [by.name for by in library.heard()] == ["second"]
        assert library.counts().tracks == 4
        assert len(library.vectors(in_use(library, shelf).fingerprint).ids) == 4
        with pytest.raises(ModelError, match="no ear called 'first' has heard"):
            heard_by(library, shelf, "first")

    def test_its_tags_go_too(self, library: Library, shelf: Shelf) -> None:
        choose(library, shelf)
        first, track_id = shelf.take("first").fingerprint, library.tracks()[0].id
        library.heard_tags.put({track_id: TagRow(np.ones(2, np.float32), ["polka"])}, first, "head")
        assert library.search("polka")
        forget(library, shelf, heard_by(library, shelf, "first"))
        assert not library.search("polka")

    def test_by_fingerprint_and_by_a_name_of_old(self, library: Library, shelf: Shelf) -> None:
        put_stranger(library, tracks=2)
        assert heard_by(library, shelf, "speccy").fingerprint == STRANGER
        assert heard_by(library, shelf, str(STRANGER)).tracks == 2


class TestABoothThatRuns:
    """It must notice what another process chooses, at the next question it is asked."""

    def test_it_follows_the_choice(self, data: Path, library: Library, shelf: Shelf, tmp_path: Path) -> None:
        booth = Services(data, workers=1)
        seed = booth.search("low 0")[0].id
        before = booth.choosing.similar(seed, 3)
        dropped = booth.drop(write_song(tmp_path / "drop.wav", 40), name="drop.wav")
        assert booth.choosing.continue_queue([dropped.token], ContinueSpec(), rng=np.random.default_rng(0)).picks
        choose(library, shelf)
        assert booth.ear.name == "second"
        after = booth.choosing.similar(seed, 3)
        assert [s for _, s in after] != [s for _, s in before]
        # What the old ear heard of a dropped file means nothing to the new one.
        with pytest.raises(UnknownTrackError, match="any more"):
            booth.choosing.continue_queue([dropped.token], ContinueSpec(), rng=np.random.default_rng(0))
        assert booth.choosing.continue_queue([dropped.token, seed], ContinueSpec(), rng=np.random.default_rng(0)).picks
        booth.close()

    def test_it_stays_with_an_ear_that_was_asked_for(self, data: Path, library: Library, shelf: Shelf) -> None:
        booth = Services(data, ear="first")
        choose(library, shelf)
        assert booth.ear.name == "first"
        booth.close()


def test_a_scan_during_which_another_ear_is_chosen_leaves_nothing_unheard(
    data: Path, library: Library, shelf: Shelf, tmp_path: Path
) -> None:
    write_song(tmp_path / "more" / "New - One.wav", 60)
    services = Services(data, workers=1)

    def choose_meanwhile(progress: ScanProgress) -> None:
        if progress.done == progress.total and name_in_use(library, shelf) == "first":
            choose(library, shelf)

    services.scan([tmp_path / "more"], on_progress=choose_meanwhile)
    assert services.ear.name == "second"
    assert len(library.vectors(services.ear.fingerprint).ids) == 5
    services.close()


class TestAnEarThatIsGone:
    """A newer Segue brings another network under the same name: what the old one heard must go on serving."""

    @pytest.fixture
    def old(self, data: Path, library: Library, shelf: Shelf) -> Library:
        put_stranger(library, tracks=4)
        library.choose_ear(STRANGER)
        library.forget_ear(shelf.take("first").fingerprint)
        return library

    def test_its_vectors_serve_and_what_it_cannot_do_is_said(self, old: Library, data: Path, tmp_path: Path) -> None:
        services = Services(data, workers=1)
        assert len(services.choosing.similar(old.tracks()[0].id, 9)) == 3
        with pytest.raises(ModelError, match=r"speccy deadbeef/mel00001, is not here.*models select speccy"):
            services.drop(write_song(tmp_path / "new.wav", 3), name="new.wav")
        services.close()

    def test_a_scan_of_everything_lets_its_successor_take_over(
        self, old: Library, data: Path, scanned_once: Path
    ) -> None:
        services = Services(data, workers=1)
        services.scan([scanned_once / "music" / "dark"])
        assert services.ear_in_use().fingerprint == STRANGER
        assert len(services.choosing.similar(old.tracks()[0].id, 9)) == 3
        services.scan([scanned_once / "music"])
        assert services.ear.name == "speccy"
        services.close()

    def test_an_ear_of_ones_own_has_no_successor(self, old: Library, data: Path, scanned_once: Path) -> None:
        old.name_ear("mine", STRANGER)
        services = Services(data, workers=1)
        with pytest.raises(ModelError, match="mine deadbeef"):
            services.scan([scanned_once / "music"])
        services.close()


class TestList:
    def test_each_with_what_it_is_and_what_it_has_heard(self, library: Library, shelf: Shelf) -> None:
        put_stranger(library, tracks=3)
        (shelf.folder / "third.onnx").write_bytes(b"")
        rows = {(row.name, row.kind): row for row in list_ears(shelf, library)}
        first, gone = rows["first", "added"], rows["speccy", "gone"]
        assert (first.tracks, first.in_use) == (4, True)
        assert first.ms_a_slice is not None
        assert 0 < first.ms_a_slice < 50
        assert first.size_bytes == (shelf.folder / "first.onnx").stat().st_size
        assert (gone.tracks, gone.in_use, gone.fingerprint) == (3, False, STRANGER)
        assert rows["speccy", "with Segue"].tracks == 0
        assert rows["third", "added"].error is not None

    def test_without_a_library(self, shelf: Shelf) -> None:
        assert [row.tracks for row in list_ears(shelf, None) if row.name == "second"] == [0]


class TestCompare:
    def test_two_ears_on_what_both_heard(self, library: Library, shelf: Shelf) -> None:
        choose(library, shelf)
        labels = Labelling("a table", {track.id: Label(track.info.artist.split()[0], "") for track in library.tracks()})
        found = compare_ears(library, shelf, ("first", "second"), labels=labels)
        assert (found.tracks, found.labelled, found.agreement) == (4, 4, 1.0)  # each has but three others
        assert [measured.ear.name for measured in found.ears] == ["first", "second"]
        assert found.ears[0].scores is None  # P@5 among four says nothing
        assert all(measured.ms_a_slice > 0 for measured in found.ears)
        itself = compare_ears(library, shelf, ("first", "first"), labels=None)
        assert itself.agreement == 1.0

    def test_an_ear_that_has_heard_nothing(self, library: Library, shelf: Shelf) -> None:
        with pytest.raises(ModelError, match=r"'third' has heard nothing.*--ear third"):
            compare_ears(library, shelf, ("first", "third"), labels=None)
