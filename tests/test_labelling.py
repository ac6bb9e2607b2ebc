from __future__ import annotations

import os
from pathlib import Path

import pytest

from segue.errors import ParameterError
from segue.labelling import Label, Labelling, label_by_folder, label_by_table, label_by_tags
from segue.values import Track, TrackId, TrackInfo


def track(path: str, *, artist: str = "", album: str = "", genre: str = "") -> Track:
    return Track(TrackId(Path(path).stem), (Path(path),), TrackInfo("x", artist, album, genre))


def names(found: Labelling) -> dict[str, str]:
    return {str(track_id): label.name for track_id, label in found.labels.items()}


def write(folder: Path, *rows: str) -> Path:
    path = folder / "labels.csv"
    path.write_text("\n".join(["path,label,artist", *rows]), encoding="utf-8")
    return path


def test_a_table_labels_what_the_library_holds_and_says_what_it_does_not(tmp_path: Path) -> None:
    (tmp_path / "new.mp3").touch()
    tracks = [track(f"{tmp_path}/{i}.mp3", artist=f"Band {i}") for i in range(6)]
    table = write(
        tmp_path, "0.mp3,rock,Zero", f"{tmp_path}/1.mp3,rock,", "2.mp3,jazz,", "3.mp3,jazz,", "3.mp3,rock,",
        "4.mp3,soul,", "gone.mp3,rock,", "new.mp3,jazz,",
    )  # fmt: skip
    found = label_by_table(tracks, table)
    assert found.labels == {TrackId("0"): Label("rock", "Zero"), TrackId("1"): Label("rock", "Band 1")}
    assert (found.single, found.contradictory, found.unlabelled) == (2, 1, 1)
    assert (found.missing, found.unheard) == ((tmp_path / "gone.mp3",), (tmp_path / "new.mp3",))
    assert found.source == "the labels in labels.csv"


def test_links_in_a_tables_paths_lead_to_the_tracks(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    tracks = [track(f"{os.path.realpath(tmp_path)}/real/{i}.mp3") for i in range(2)]
    found = label_by_table(tracks, write(tmp_path, "link/0.mp3,rock,", "link/1.mp3,rock,"))
    assert names(found) == {"0": "rock", "1": "rock"}


def test_folders_right_below_the_root_are_labels(tmp_path: Path) -> None:
    root = Path(os.path.realpath(tmp_path))
    tracks = [track(f"{root}/{p}.mp3") for p in ("Rock/a", "Rock/Album/b", "jazz/c", "jazz/d", "e")]
    found = label_by_folder(tracks, tmp_path)
    assert names(found) == {"a": "rock", "b": "rock", "c": "jazz", "d": "jazz"}
    assert found.unlabelled == 1
    assert names(label_by_folder(tracks, None)) == {"c": "jazz", "d": "jazz"}  # each file's own folder


def test_tags_label_by_what_is_asked_for() -> None:
    tracks = [
        track(f"/{i}.mp3", artist=f"Band {i // 2}", album=f"Album {i // 3}", genre="Rock " * (i < 3)) for i in range(6)
    ]
    assert names(label_by_tags(tracks, "artist")) == {str(i): f"band {i // 2}" for i in range(6)}
    genres = label_by_tags(tracks, "genre")
    assert (set(names(genres).values()), genres.unlabelled, genres.filters) == ({"rock"}, 3, True)
    albums = label_by_tags(tracks, "album")  # of two artists each: Album 0 is two albums
    assert (albums.single, albums.filters) == (2, False)


def test_the_first_tag_that_tells_tracks_apart_is_taken() -> None:
    genres = [track(f"/{i}.mp3", artist=f"Band {i // 2}", genre=("rock", "jazz")[i % 2]) for i in range(8)]
    assert label_by_tags(genres, "auto").source == "the genre in the files' tags"
    alike = [track(f"/{i}.mp3", artist=f"Band {i // 2}", genre="game") for i in range(8)]
    assert label_by_tags(alike, "auto").source == "the artist in the files' tags"
    lone = [track(f"/{i}.mp3", artist=f"Band {i}") for i in range(8)]
    with pytest.raises(ParameterError, match=r"do not tell them apart.*--labels"):
        label_by_tags(lone, "auto")
