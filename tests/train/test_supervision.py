"""What playlists teach, and how next tracks are asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segue.errors import PlaylistError
from segue.train.sources.playlist import SourcePlaylist, SourceTrack
from segue.train.supervision import foretell, teach


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def two_tastes(lists: int = 30, *, seed: int = 0) -> list[SourcePlaylist]:
    """Playlists of six out of ten tracks of one taste: a0 to a9, or b0 to b9."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(lists):
        taste = "ab"[number % 2]
        tracks = tuple(SourceTrack(title=f"{taste}{k}") for k in rng.permutation(10)[:6])
        made.append(SourcePlaylist(f"{number}", f"list {number}", tracks))
    return made


def title_of(track: SourceTrack) -> str:
    return track.title


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all: the first test trains, the others go on from what it left."""
    return tmp_path_factory.mktemp("work")


HERE = {f"{taste}{k}" for taste in "ab" for k in range(10)}


def test_tracks_that_stand_together_come_to_lie_together(work: Path) -> None:
    teaching = teach(two_tastes(), title_of, work, heard=HERE)
    assert teaching.vectors.keys() == HERE
    found = {key: unit(vector) for key, vector in teaching.vectors.items()}
    same = np.mean([found["a0"] @ found[f"a{k}"] for k in range(1, 10)])
    other = np.mean([found["a0"] @ found[f"b{k}"] for k in range(10)])
    assert same > other + 0.3
    assert 1 <= len(teaching.held_out) <= 15  # a fifth of thirty, drawn by their ids
    assert len(teaching.learned) + len(teaching.held_out) == 30
    assert foretell(teaching.vectors, teaching.held_out).hit10 > 0.9


def test_tracks_that_are_not_here_teach_without_being_learned_from(work: Path) -> None:
    here = {key for key in HERE if key[1] in "01234"}
    teaching = teach(two_tastes(), title_of, work, heard=here)
    assert teaching.vectors.keys() == here
    assert teaching.words == 20
    assert {key for playlist in teaching.learned for key in playlist} <= here


def test_a_second_run_is_the_same_and_goes_on_from_the_first(work: Path) -> None:
    first = teach(two_tastes(), title_of, work, heard=HERE)
    told: list[int] = []
    second = teach(two_tastes(), title_of, work, heard=HERE, on_plays=lambda epoch, *_: told.append(epoch))
    assert told == []
    np.testing.assert_array_equal(first.vectors["a3"], second.vectors["a3"])


def test_too_few_tracks_and_lonely_ones_are_refused_with_counts(work: Path, tmp_path: Path) -> None:
    with pytest.raises(PlaylistError, match=r"7 tracks of the playlists are in the library .20 that Track2Vec learned"):
        teach(two_tastes(), title_of, work, heard=set(sorted(HERE)[:7]))
    lonely = [SourcePlaylist(f"{k}", "", (SourceTrack(title=f"a{k}"),)) for k in range(10)]
    with pytest.raises(PlaylistError, match="10 playlists"):
        teach(lonely, title_of, tmp_path, heard=HERE)


def test_the_next_track_is_ranked_among_all_that_were_not_just_heard() -> None:
    ring = {f"{k:02d}": np.asarray([np.cos(k / 10), np.sin(k / 10)], np.float32) for k in range(30)}
    ring["03 again"] = ring["03"]
    near = foretell(ring, [["03", "03 again"]])
    assert (near.hit10, near.mrr, near.queries, near.candidates) == (1.0, 1.0, 1, 31)
    assert near.chance == pytest.approx(10 / 30)
    far = foretell(ring, [["00", "29"]])
    assert (far.hit10, far.mrr) == (0.0, pytest.approx(1 / 30))


def test_equals_share_their_places() -> None:
    """Otherwise a head that says the same of every track would seem to foretell them all."""
    same = {f"{k:02d}": np.asarray([1.0, 0.0], np.float32) for k in range(41)}
    found = foretell(same, [["00", "01"]])
    assert (found.hit10, found.mrr) == (0.0, pytest.approx(1 / 20.5))


def test_only_the_tracks_asked_about_count_and_repeats_do_not() -> None:
    ring = {f"{k:02d}": np.asarray([np.cos(k / 10), np.sin(k / 10)], np.float32) for k in range(30)}
    lists = [["01", "02", "20", "01", "02"], ["nowhere", "05"]]
    assert foretell(ring, lists).queries == 2
    assert foretell(ring, lists, only={"20"}).queries == 1
    assert foretell(ring, lists, only={"07"}) == foretell(ring, [], only={"07"})
