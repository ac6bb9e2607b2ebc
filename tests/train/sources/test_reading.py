"""Many files at once: bad ones cost themselves only, nothing is read twice, and nothing ends silently with nothing."""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from segue.config import PLAYLISTS
from segue.errors import PlaylistError
from segue.listen.tags import TrackNumbers
from segue.store.library import Library
from segue.train.local import LocalTrack, read_library
from segue.train.matching import LocalIndex, local_key
from segue.train.sources.folders import iter_albums
from segue.train.sources.playlist import SourceTrack
from segue.train.sources.reading import read_playlists
from segue.values import FileStat, Fingerprint, Hearing, TrackId, TrackInfo
from tests.songs import write_song


def line(identity: str, *titles: str) -> str:
    return (
        json.dumps({"id": identity, "name": identity, "tracks": [{"artist": "A", "title": t} for t in titles]}) + "\n"
    )


def test_bad_files_cost_themselves_only(tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_text(line("good", "1", "2"))
    (tmp_path / "cut.jsonl.gz").write_bytes(
        gzip.compress(b"".join(line(str(k), "1", "2").encode() for k in range(99)))[:-40]
    )
    (tmp_path / "broken.xspf").write_text("<?xml version='1.0'?><playlist><trackList>")
    (tmp_path / "no.zip").write_bytes(b"PK\x03\x04 and then nothing")
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "notes.json").write_text('{"colour": "blue"}')
    (tmp_path / "page.xml").write_text("<html><body>hello</body></html>")
    (tmp_path / "radio.m3u").write_text("#EXTM3U\n#EXT-X-VERSION:3\nx.ts\n")
    reading = read_playlists([tmp_path])
    names = {playlist.name for playlist in reading}
    said = str(reading.report)
    assert "good" in names
    for cause in ("cut.jsonl.gz: it is damaged or cut off", "broken.xspf: its XML is broken",
                  "radio.m3u: it is an HLS stream", "entries that are neither playlists nor plays"):  # fmt: skip
        assert cause in said
    assert (reading.report.failed_files, reading.report.unknown_files) == (3, 3)


def test_nothing_at_all_is_an_error_with_its_causes(tmp_path: Path) -> None:
    (tmp_path / "short.jsonl").write_text(line("one", "1") + line("none"))
    (tmp_path / "odd.xml").write_text("<html/>")
    with pytest.raises(PlaylistError, match="2 playlists have fewer than 2 tracks; 1 files are of no kind"):
        list(read_playlists([tmp_path]))


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 5000, b"\xff\xfe", b"{", b"[", b"[{}", b"\x1f\x8b\x08", b"PK\x05\x06", os.urandom(3000)]
)
@pytest.mark.parametrize("name", ["x.json", "x.jsonl", "x.csv", "x.xml", "x.zip", "x.m3u8"])
def test_garbage_is_an_error_in_words(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(PlaylistError, match=r"x\."):
        list(read_playlists([path]))


def test_what_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(PlaylistError, match=r"gone\.m3u: it is not there"):
        read_playlists([tmp_path / "gone.m3u"])
    with pytest.raises(PlaylistError, match="no playlists were named"):
        read_playlists([])


def test_every_id_is_its_own_and_nothing_comes_twice(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(line("same", "1", "2") + line("other", "1", "2"))
    (tmp_path / "b.jsonl").write_text(line("same", "1", "2") + line("same", "3", "4"))
    reading = read_playlists([tmp_path])
    ids = [playlist.id for playlist in reading]
    assert (len(ids), len(set(ids)), ids[:2]) == (3, 3, ["same", "other"])
    assert (reading.report.repeated_playlists, reading.report.renamed_playlists) == (1, 1)
    assert [playlist.id for playlist in reading] == ids  # read anew, and the report is not added up
    assert reading.report.playlists == 3


def test_progress_names_each_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text(line(name, "1", "2"))
    told: list[tuple[int, int, str]] = []
    list(read_playlists([tmp_path], on_file=lambda done, total, name: told.append((done, total, Path(name).name))))
    assert told == [(0, 2, "a.jsonl"), (1, 2, "b.jsonl")]


def test_a_large_slice_stays_out_of_memory(tmp_path: Path) -> None:
    row = line("{}", *(f"{k} " + "la" * 700 for k in range(20))).strip()
    with zipfile.ZipFile(tmp_path / "mpd.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        rows = ",\n".join(row.replace("{}", str(k)) for k in range(1000))
        archive.writestr("mpd.slice.json", '{"info": {}, "playlists": [' + rows + "]}")
        size = archive.getinfo("mpd.slice.json").file_size
    tracemalloc.start()
    count = sum(1 for _ in read_playlists([tmp_path / "mpd.zip"]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 1000
    assert peak < size / 2


def test_documents_that_are_too_large_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.train.sources.opening.PLAYLISTS", type(PLAYLISTS)(largest_document_bytes=100))
    (tmp_path / "x.xspf").write_text("<playlist>" + " " * 200)
    with pytest.raises(PlaylistError, match="it is larger than"):
        list(read_playlists([tmp_path / "x.xspf"]))


def test_a_password_is_named(tmp_path: Path) -> None:
    """zipfile raises a bare RuntimeError for an encrypted member."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "artist,title\nA,1\nA,2\n")
    data = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + flags] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(PlaylistError, match="cannot be unpacked"):
        list(read_playlists([path]))


def test_songs_give_their_folders_and_albums(tmp_path: Path) -> None:
    for folder, number in (("mix", 2), ("mix", 10), ("mix", 1), ("other", 1)):
        write_song(tmp_path / folder / f"{number} - Artist - Title {number}.wav", number, seconds=0.7)
    reading = read_playlists([tmp_path])
    (playlist,) = reading
    assert (playlist.id, playlist.name) == ("folder/mix", "mix")
    assert [track.title for track in playlist.tracks] == ["Title 1", "Title 2", "Title 10"]
    assert reading.report.short_playlists == 1


def test_a_library_gives_its_folders_and_albums(tmp_path: Path) -> None:
    ear = Fingerprint("model", "mel")
    row = np.eye(1, 4, dtype=np.float32)
    with Library.open(tmp_path / "Pickles") as library:
        for number in range(3):
            info = TrackInfo(f"Song {number}", "Can", "Tago Mago", duration_s=200.0)
            hearing = Hearing(TrackId(f"{number:016x}"), info, row, ear)
            path = tmp_path / ("a" if number < 2 else "b") / f"{number}.mp3"
            library.add(hearing, path, stat=FileStat(1, 1), vector=row[0])
    reading = read_playlists([tmp_path / "Pickles"])
    found = {playlist.name: [track.title for track in playlist.tracks] for playlist in reading}
    assert found == {"a": ["Song 0", "Song 1"], "Can - Tago Mago": ["Song 0", "Song 1", "Song 2"]}
    tracks = list(read_library(tmp_path / "Pickles"))
    match = LocalIndex(tracks).find(SourceTrack("CAN", "Song 2 (2004 Remaster)", duration_s=205.0))
    assert match.track is not None
    assert local_key(match.track) == "track:0000000000000002"


def test_an_album_that_is_a_folder_counts_once() -> None:
    def track(path: str, album: str) -> LocalTrack:
        return LocalTrack(Path(path), TrackInfo(title=path, artist="A", album=album), TrackNumbers(mbid="m"))

    tracks = [
        track("/m/x/1", "X"),
        track("/m/x/2", "X"),
        track("/m/y/1", "Y"),
        track("/m/y/2", ""),
        track("/m/z/1", "Y"),
    ]
    found = {playlist.id: len(playlist.tracks) for playlist in iter_albums(tracks, Path("/m"))}
    assert found == {"folder/x": 2, "folder/y": 2, "folder/z": 1, "album/a/y": 2}
