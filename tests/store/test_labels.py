"""Labels from a CSV and from tags, and what is said of those that fit nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.errors import FileAccessError, ParameterError
from segue.store.labels import labels_from_tags, read_labels
from segue.values import Track, TrackId, TrackInfo


def track(number: int, folder: Path, *, artist: str = "", album: str = "") -> Track:
    info = TrackInfo(f"Song {number}", artist=artist, album=album)
    return Track(TrackId(f"{number:016x}"), (folder / f"{number}.mp3",), info)


def test_a_table_by_absolute_and_relative_paths(tmp_path: Path) -> None:
    tracks = [track(n, tmp_path / "music", artist="From the tag") for n in range(4)]
    table = tmp_path / "labels.csv"
    table.write_text(
        "\ufeffpath,label,artist\n"
        f"{tmp_path}/music/0.mp3,rock,Ann\n"
        "music/1.mp3,jazz,\n"
        "music/2.mp3,,Bob\n"
        "elsewhere/9.mp3,jazz,Bob\n",
        encoding="utf-8",
    )
    found = read_labels(table, tracks)
    assert found.labels == {tracks[0].id: "rock", tracks[1].id: "jazz"}
    assert [found.artists[t.id].strip() for t in tracks[:2]] == ["ann", "from the tag"]
    assert (found.source, found.unmatched) == ("labels.csv", 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "path and label"),
        ("path,genre\na,b\n", r"\(path, genre\)"),
        ("path,label\nnowhere.mp3,rock\n", r"no file of the library \(1 rows\)"),
        ("path,label\n" + "x" * 200_000 + ",rock\n", "no CSV"),
    ],
)
def test_tables_that_say_nothing(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "labels.csv").write_text(content)
    with pytest.raises(ParameterError, match=said):
        read_labels(tmp_path / "labels.csv", [track(1, tmp_path)])


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="not there"):
        read_labels(tmp_path / "none.csv", [])


def test_tags_by_artist_or_else_by_album(tmp_path: Path) -> None:
    by_artist = labels_from_tags([track(n, tmp_path, artist=("Ann", "ANN", "Bob")[n]) for n in range(3)])
    assert by_artist.source == "artist tags"
    assert len(set(by_artist.labels.values())) == 2
    assert by_artist.artists == {}  # neighbours by the same artist are what is looked for
    sampler = [track(n, tmp_path, artist=f"Artist {n}", album="") for n in range(3)]
    with pytest.raises(ParameterError, match="no two tracks"):
        labels_from_tags(sampler)
    soundtrack = [track(n, tmp_path, album="The Film") for n in range(3)]
    assert labels_from_tags(soundtrack).source == "album tags"
