from __future__ import annotations

import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from segue.errors import LibraryError, ModelError, UnknownTrackError
from segue.store.library import FILE_NAME, Library
from segue.values import Fingerprint, Hearing, ScanFailure, Track, TrackInfo
from tests.store_heard import EAR, STAT, add, heard, number

OTHER = Fingerprint("model002", "mel00001")


def titles(found: tuple[Track, ...]) -> list[str]:
    return [track.info.title for track in found]


def failure(path: str, kind: str = "NotAudioError") -> ScanFailure:
    return ScanFailure(Path(path), kind, "no audio", "Leave it out", STAT, 12.5)


class TestKeeping:
    def test_a_track_comes_back_as_it_went_in(self, data: Path) -> None:
        info = TrackInfo("Überjazz", "Mø & ł", "アルバム", "d'n'b", 1999, 201.5, has_artwork=True)
        with Library.open(data) as library:
            add(library, heard(1, info), "/music/a.mp3")
        with Library.open(data) as library:
            assert library.tracks() == (Track(number(1), (Path("/music/a.mp3"),), info),)
            assert library.track(number(1)).info == info

    def test_slice_vectors_lose_no_more_than_float16_takes(self, library: Library) -> None:
        hearing = heard(1, slices=40)
        add(library, hearing, "/music/a.mp3")
        back = dict(library.iter_slice_vectors(EAR))[number(1)]
        assert back.dtype == np.float32
        np.testing.assert_allclose(back, hearing.slice_vectors, atol=5e-4)  # float16 has 11 bits: 2**-11 relative
        np.testing.assert_allclose(np.linalg.norm(back, axis=1), 1.0, atol=1e-6)  # though float16 rows were not

    def test_track_vectors_are_one_unit_matrix_in_the_order_of_the_ids(self, library: Library) -> None:
        for i in (3, 1, 2):
            add(library, heard(i), f"/music/{i}.mp3")
        ids, matrix = library.vectors(EAR)
        assert ids == (number(1), number(2), number(3))
        assert matrix.shape == (3, 10)
        assert matrix.flags.c_contiguous
        np.testing.assert_allclose(np.linalg.norm(matrix, axis=1), 1.0, atol=1e-6)

    def test_an_empty_library_has_no_vectors(self, library: Library) -> None:
        assert library.vectors(EAR).ids == ()
        assert library.vectors(EAR).matrix.shape == (0, 0)
        assert library.tracks() == ()
        assert library.counts().tracks == 0

    @pytest.mark.parametrize("bad", [0.0, np.nan, np.inf, -np.inf])
    def test_zero_and_non_finite_vectors_are_never_stored(self, library: Library, bad: float) -> None:
        good = heard(1)
        row = np.full((1, 10), bad, np.float32)
        broken = Hearing(number(1), good.info, np.concatenate([good.slice_vectors, row]), EAR)
        with pytest.raises(LibraryError, match="zero or non-finite"):
            add(library, broken, "/music/a.mp3")
        with pytest.raises(LibraryError, match="zero or non-finite"):
            library.add(good, Path("/music/a.mp3"), stat=STAT, vector=row[0])
        add(library, good, "/music/a.mp3")
        with pytest.raises(LibraryError, match="zero or non-finite"):
            library.set_track_vectors({number(1): row[0]}, EAR, recipe="mean", content=1)
        assert np.isfinite(library.vectors(EAR).matrix).all()

    def test_what_fails_half_way_leaves_nothing_behind(self, library: Library) -> None:
        with pytest.raises(LibraryError, match="absolute"):
            add(library, heard(1), "relative.mp3")
        assert library.counts().tracks == 0
        assert library.counts().slices == 0

    def test_names_that_are_not_utf8_and_tags_that_are_not_text(self, library: Library) -> None:
        path = Path(os.fsdecode(b"/music/caf\xe9 \xff.mp3"))
        add(library, heard(1, TrackInfo("half \ud800 \udce9 a letter\0")), os.fspath(path))
        assert library.tracks()[0].paths == (path,)
        assert "\ud800" not in library.tracks()[0].info.title
        assert library.find(path)[0].id == number(1)
        assert titles(library.search("half letter")) == titles(library.tracks())

    def test_counts(self, library: Library) -> None:
        add(library, heard(1, slices=3), "/music/a.mp3")
        add(library, heard(2, slices=5), "/music/b.mp3")
        library.attach_path(number(2), Path("/music/c.mp3"), stat=STAT)
        library.add_failure(failure("/music/d.txt"))
        counts = library.counts()
        assert (counts.tracks, counts.files, counts.slices, counts.failures) == (2, 3, 8, 1)


class TestPaths:
    def test_both_paths_of_a_recording_are_kept(self, library: Library) -> None:
        """Earlier programs kept one path of a duplicate and lost the other."""
        add(library, heard(1), "/music/b/copy.mp3")
        library.attach_path(number(1), Path("/music/a/original.mp3"), stat=STAT)
        assert library.tracks()[0].paths == (Path("/music/a/original.mp3"), Path("/music/b/copy.mp3"))

    def test_names_that_an_underscore_would_make_equal_stay_apart(self, library: Library) -> None:
        """Earlier programs made one file name of ``a/b_c`` and ``a_b/c``."""
        add(library, heard(1), "/music/a/b_c.mp3")
        add(library, heard(2), "/music/a_b/c.mp3")
        assert [t.id for t in library.find(Path("/music/a/b_c.mp3"))] == [number(1)]
        assert [t.id for t in library.find(Path("/music/a_b/c.mp3"))] == [number(2)]

    def test_a_track_goes_with_its_last_path(self, library: Library) -> None:
        add(library, heard(1), "/music/a.mp3")
        library.attach_path(number(1), Path("/music/b.mp3"), stat=STAT)
        assert library.forget_paths([Path("/music/a.mp3"), Path("/music/never.mp3")]) == 1
        assert library.tracks()[0].paths == (Path("/music/b.mp3"),)
        assert library.forget_paths([Path("/music/b.mp3")]) == 1
        assert library.counts().tracks == 0
        assert library.counts().slices == 0
        assert library.vectors(EAR).ids == ()

    def test_a_changed_file_takes_the_place_of_what_it_was(self, library: Library) -> None:
        add(library, heard(1), "/music/a.mp3")
        add(library, heard(2), "/music/a.mp3")
        assert [t.id for t in library.tracks()] == [number(2)]

    def test_unknown_tracks_are_said_to_be_unknown(self, library: Library) -> None:
        with pytest.raises(UnknownTrackError, match=r"0000000000000001.*[Ss]can"):
            library.track(number(1))
        with pytest.raises(UnknownTrackError):
            library.attach_path(number(1), Path("/music/a.mp3"), stat=STAT)

    def test_files_say_whether_this_ear_has_heard_them(self, library: Library) -> None:
        add(library, heard(1), "/music/a.mp3")
        assert library.files(EAR)[Path("/music/a.mp3")].heard
        assert library.files(EAR)[Path("/music/a.mp3")].stat == STAT
        assert not library.files(OTHER)[Path("/music/a.mp3")].heard
        assert library.holds(number(1), EAR)
        assert not library.holds(number(1), OTHER)


class TestFailures:
    def test_they_are_kept_until_the_file_is_heard_or_gone(self, library: Library) -> None:
        library.add_failure(failure("/music/b.mp3"))
        library.add_failure(failure("/music/a.mp3"))
        assert library.failures() == (failure("/music/a.mp3"), failure("/music/b.mp3"))
        add(library, heard(1), "/music/a.mp3")
        library.forget_paths([Path("/music/b.mp3")])
        assert library.failures() == ()

    def test_a_file_that_became_unhearable_gives_up_its_track_if_asked(self, library: Library) -> None:
        add(library, heard(1), "/music/a.mp3")
        library.add_failure(failure("/music/a.mp3", "FileAccessError"))
        assert library.counts().tracks == 1
        library.add_failure(failure("/music/a.mp3"), drop_path=True)
        assert library.counts().tracks == 0


@pytest.fixture
def shelf(library: Library) -> Library:
    """A small library to search in."""
    entries = [
        TrackInfo("Svefn-g-englar", "Sigur Rós", "Ágætis byrjun", "Post-rock", 1999),
        TrackInfo("Ace of Spades", "Motörhead", "Ace of Spades", "Rock", 1980),
        TrackInfo("Back in Black", "AC/DC", "Back in Black", "Rock", 1980),
        TrackInfo("Don't Say You Love Me", "Mø", "Bikini Daze", "Pop", 2013),
        TrackInfo("夜に駆ける", "YOASOBI", "THE BOOK", "J-Pop", 2021),
        TrackInfo("Louden Up Now", "!!!", "Louden Up Now", "Dance", 2004),
        TrackInfo("Glove", "Anyone", "Straßenmusik", "", None),
    ]
    for i, info in enumerate(entries):
        add(library, heard(i, info), f"/music/archive/{i}.mp3")
    return library


class TestFinding:
    @pytest.mark.parametrize(
        ("words", "title"),
        [
            ("sigur ros", "Svefn-g-englar"),
            ("ROS agaet", "Svefn-g-englar"),
            ("englar svefn", "Svefn-g-englar"),
            ("motorhead", "Ace of Spades"),
            ("Motörhead - Ace of Spades", "Ace of Spades"),
            ("ac/dc", "Back in Black"),
            ("ac dc black", "Back in Black"),
            ("mo love", "Don't Say You Love Me"),
            ("DON'T", "Don't Say You Love Me"),
            ("駆ける", "夜に駆ける"),
            ("!!!", "Louden Up Now"),
            ("2013", "Don't Say You Love Me"),
            ("strassen", "Glove"),
            ("archive/5", "Louden Up Now"),
        ],
    )
    def test_every_word_may_stand_anywhere(self, shelf: Library, words: str, title: str) -> None:
        assert titles(shelf.search(words))[:1] == [title]

    def test_all_words_must_be_there(self, shelf: Library) -> None:
        assert shelf.search("motorhead black") == ()

    def test_beginnings_of_words_come_before_their_middles(self, shelf: Library) -> None:
        assert titles(shelf.search("love")) == ["Don't Say You Love Me", "Glove"]

    def test_no_words_give_the_first_tracks(self, shelf: Library) -> None:
        assert shelf.search("", limit=3) == shelf.tracks()[:3]
        assert shelf.search("  ", limit=3) == shelf.tracks()[:3]

    @pytest.mark.parametrize("words", ['"', "%", "_", "a'b", "* OR 1", "\0", "\ud800", "x " * 5000, ") --"])
    def test_nothing_that_is_typed_breaks_it(self, shelf: Library, words: str) -> None:
        assert isinstance(shelf.search(words), tuple)

    def test_a_slip_is_forgiven_where_nothing_else_fits(self, shelf: Library) -> None:
        assert titles(shelf.search("motorehad spades")) == ["Ace of Spades"]
        assert titles(shelf.search("englra")) == ["Svefn-g-englar"]
        assert titles(shelf.search("glove")) == ["Glove"]
        assert titles(shelf.search("gloev")) == ["Glove"]
        assert shelf.search("gl0v") == shelf.search("motoerhda") == ()

    def test_find_takes_an_id_a_path_or_words(self, shelf: Library, tmp_path: Path) -> None:
        assert titles(shelf.find(number(3))) == ["Don't Say You Love Me"]
        assert titles(shelf.find("/music/archive/3.mp3")) == ["Don't Say You Love Me"]
        assert titles(shelf.find("rock")) == ["Back in Black", "Ace of Spades", "Svefn-g-englar"]
        with pytest.raises(UnknownTrackError, match="polka"):
            shelf.find("polka")
        with pytest.raises(UnknownTrackError):
            shelf.find(Path("/music/archive"))

    def test_a_path_is_found_through_a_symbolic_link(self, library: Library, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")
        add(library, heard(1), str(tmp_path / "real" / "a.mp3"))
        assert library.find(tmp_path / "link" / "a.mp3")[0].id == number(1)


class TestEars:
    def test_vectors_of_another_ear_are_refused_with_both_named(self, library: Library) -> None:
        add(library, heard(1), "/music/a.mp3")
        for read in (
            lambda: library.vectors(OTHER),
            lambda: list(library.iter_slice_vectors(OTHER)),
        ):
            with pytest.raises(ModelError, match=r"model001/mel00001.*model002/mel00001.*[Ss]can"):
                read()

    def test_two_ears_live_side_by_side(self, library: Library) -> None:
        add(library, heard(1), "/music/a.mp3")
        add(library, heard(1, ear=OTHER, slices=7), "/music/a.mp3")
        assert library.fingerprints() == (EAR, OTHER)
        assert [len(s) for _, s in library.iter_slice_vectors(EAR)] == [3]
        assert [len(s) for _, s in library.iter_slice_vectors(OTHER)] == [7]


class TestPooled:
    def test_it_holds_until_the_slices_change(self, library: Library) -> None:
        add(library, heard(1), "/music/a.mp3")
        assert not library.is_pooled(EAR, "mean")
        vector = np.eye(10, dtype=np.float32)[0]
        gone = {number(1): vector, number(9): vector}
        library.set_track_vectors(gone, EAR, recipe="mean", content=library.content())
        assert library.vectors(EAR).ids == (number(1),)
        np.testing.assert_array_equal(library.vectors(EAR).matrix[0], vector)
        assert library.is_pooled(EAR, "mean")
        assert not library.is_pooled(EAR, "tfidf")
        assert not library.is_pooled(OTHER, "mean")
        library.attach_path(number(1), Path("/music/b.mp3"), stat=STAT)
        assert library.is_pooled(EAR, "mean")
        add(library, heard(2), "/music/c.mp3")
        assert not library.is_pooled(EAR, "mean")

    def test_a_track_that_goes_unsettles_it(self, library: Library) -> None:
        for i in (1, 2):
            add(library, heard(i), f"/music/{i}.mp3")
        library.set_track_vectors(dict(zip(*library.vectors(EAR), strict=True)), EAR, recipe="mean", content=2)
        assert library.is_pooled(EAR, "mean")
        library.forget_paths([Path("/music/2.mp3")])
        assert not library.is_pooled(EAR, "mean")


class TestManyAtOnce:
    def test_version_tells_of_changes_by_others(self, library: Library, data: Path) -> None:
        before = library.version()
        with Library.open(data) as other:
            assert library.version() == before
            add(other, heard(1), "/music/a.mp3")
            assert library.version() > before
            before = library.version()
            other.add_failure(failure("/music/b.mp3"))
            assert library.version() > before

    def test_threads_read_whole_states_while_others_write(self, library: Library) -> None:
        done = threading.Event()

        def write(first: int) -> None:
            for i in range(first, first + 40):
                add(library, heard(i), f"/music/{i}.mp3")

        def read() -> bool:
            whole = True
            while not done.is_set():
                ids, matrix = library.vectors(EAR)
                whole &= all(track.paths for track in library.tracks()) and len(ids) == len(matrix)
            return whole

        with ThreadPoolExecutor() as threads:
            readers = [threads.submit(read) for _ in range(3)]
            writers = [threads.submit(write, first) for first in (0, 100, 200)]
            for writer in writers:
                writer.result()
            done.set()
            assert all(reader.result() for reader in readers)
        assert library.counts().tracks == 120

    def test_an_iteration_sees_one_state(self, library: Library) -> None:
        for i in range(5):
            add(library, heard(i), f"/music/{i}.mp3")
        seen = []
        for track_id, _ in library.iter_slice_vectors(EAR):
            if not seen:
                add(library, heard(99), "/music/99.mp3")
                library.forget_paths([Path("/music/3.mp3")])
            seen.append(track_id)
        assert seen == [number(i) for i in range(5)]

    def test_a_closed_library_says_so(self, data: Path) -> None:
        library = Library.open(data)
        library.close()
        with pytest.raises(LibraryError, match="closed"):
            library.tracks()

    def test_a_stuck_writer_is_named_after_a_while(
        self, library: Library, data: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("segue.store.database._BUSY_TIMEOUT_S", 0.1)
        holder = sqlite3.connect(data / FILE_NAME, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with Library.open(data, read_only=True) as reader:
            assert reader.tracks() == ()  # readers are not held up
        with pytest.raises(LibraryError, match="another program"), Library.open(data):
            pass
        holder.execute("ROLLBACK")
        holder.close()


def test_folders_that_all_share_do_not_fit_every_search(library: Library) -> None:
    """A search for "7" found the whole library of somebody whose music lay below /home/user7."""
    add(library, heard(1, TrackInfo("One")), "/home/user7/Music/Artist/Album/First.mp3")
    add(library, heard(2, TrackInfo("Two")), "/home/user7/Music/Artist/Album/Take 7.mp3")
    assert titles(library.search("7")) == ["Two"]
    assert len(library.search("artist album")) == 2
