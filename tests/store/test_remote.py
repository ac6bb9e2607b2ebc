from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np
import pytest
from dask_parts import file_server

from segue.embed.encoder import Ear, load_ear
from segue.errors import FileAccessError, NotAudioError, ParameterError
from segue.files import is_url
from segue.store.ingest import scan
from segue.store.library import Library
from segue.store.remote import fetching, survey_url, url_of
from segue.values import ScanReport
from tests.songs import write_song

pytestmark = pytest.mark.filterwarnings(
    # fsspec's WebHDFS keeps its HTTP connection for as long as the process lives.
    "ignore:unclosed <socket:ResourceWarning",
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning",
)


@pytest.fixture(scope="module")
def ear() -> Ear:
    return load_ear()


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[tuple[Path, Path, list[str]]]:
    """What a server holds, the path that stands for its address, and what is asked of it."""
    held = tmp_path / "held"
    write_song(held / "music/first/One - Song.wav", 1, seconds=6)
    write_song(held / "music/second song.wav", 2, seconds=6)
    (held / "music/cover.jpg").write_bytes(b"no song")
    write_song(held / "music/.hidden/song.wav", 3, seconds=6)
    with file_server(held) as (address, requests):
        yield held / "music", Path(f"{address}/music"), requests


@pytest.mark.parametrize("url", ["s3://bucket/a b/song.mp3", "gs://b/x", "abfs+x://b/x", "webhdfs://host:9870/x"])
def test_a_url_is_kept_as_a_path_and_comes_back(url: str) -> None:
    assert is_url(Path(url))
    assert url_of(Path(url)) == url


@pytest.mark.parametrize("place", ["/music/a.mp3", "music/s3:/x", "C:/Music", "s3:", "a:b", "/s3:/bucket/x"])
def test_a_path_on_disk_is_no_url(place: str) -> None:
    assert not is_url(Path(place))
    with pytest.raises(ParameterError, match="is no URL"):
        url_of(Path(place))


def test_a_url_of_this_machine_is_sent_back_to_the_folder() -> None:
    with pytest.raises(ParameterError, match="Name the folder: /music/x"):
        url_of(Path("file:///music/x"))


def test_what_a_server_holds_is_found_with_what_changes(bucket: tuple[Path, Path, list[str]]) -> None:
    held, place, _ = bucket
    found = survey_url(place, on_error=pytest.fail)
    assert list(found) == [place / "first/One - Song.wav", place / "second song.wav"]
    assert [stat.size_bytes for stat in found.values()] == [(held / p.relative_to(place)).stat().st_size for p in found]
    os.utime(held / "second song.wav", (1, 1))
    again = survey_url(place, on_error=pytest.fail)
    assert again[place / "first/One - Song.wav"] == found[place / "first/One - Song.wav"]
    assert again[place / "second song.wav"] != found[place / "second song.wav"]


def test_a_single_file_may_be_named(bucket: tuple[Path, Path, list[str]]) -> None:
    _, place, _ = bucket
    assert list(survey_url(place / "second song.wav", on_error=pytest.fail)) == [place / "second song.wav"]


def test_names_that_no_path_can_hold_are_told_of() -> None:
    system = fsspec.filesystem("memory")
    for name in ("/odd/a//b.mp3", "/odd/good.mp3"):
        system.pipe(name, b"x")
    errors: list[FileAccessError] = []
    try:
        assert list(survey_url(Path("memory://odd"), on_error=errors.append)) == [Path("memory:/odd/good.mp3")]
    finally:
        system.store.clear()
    assert "a/b.mp3: its name cannot be written as a path" in str(errors[0])


def test_an_address_without_anything_is_said(bucket: tuple[Path, Path, list[str]]) -> None:
    _, place, _ = bucket
    with pytest.raises(FileAccessError, match="nothing at this address"):
        survey_url(place / "elsewhere", on_error=pytest.fail)


def test_a_server_that_does_not_answer_is_said() -> None:
    with pytest.raises(FileAccessError, match=r"could not be asked .*Connection"):
        survey_url(Path("webhdfs://127.0.0.1:9/music"), on_error=pytest.fail)


@pytest.mark.parametrize(
    ("url", "words"),
    [("s3://bucket/x", "pip install s3fs"), ("spaceship://x/y", "Write it as s3://")],
)
def test_an_address_that_nothing_here_understands_is_said(
    url: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(ParameterError, match=words):
        survey_url(Path(url), on_error=pytest.fail)


def test_fsspec_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(ParameterError, match=r"fsspec.*segue-dj\[cluster\]"):
        survey_url(Path("s3://bucket/x"), on_error=pytest.fail)


def test_a_file_is_fetched_under_its_own_name_and_not_kept(bucket: tuple[Path, Path, list[str]]) -> None:
    held, place, _ = bucket
    seen = []

    def work(path: Path) -> bytes:
        seen.append(path)
        return path.read_bytes()

    assert fetching(work)(place / "second song.wav") == (held / "second song.wav").read_bytes()
    assert seen[0].name == "second song.wav"
    assert not seen[0].parent.exists()
    assert fetching(work)(held / "second song.wav") == (held / "second song.wav").read_bytes()
    assert seen[1] == held / "second song.wav"


def test_what_is_wrong_with_a_file_is_said_of_its_address(bucket: tuple[Path, Path, list[str]]) -> None:
    held, place, _ = bucket
    (held / "text.mp3").write_text("no song")

    def work(path: Path) -> None:
        raise NotAudioError("there is no audio in it", remedy="Leave it out", path=path)

    with pytest.raises(NotAudioError) as caught:
        fetching(work)(place / "text.mp3")
    assert caught.value.path == place / "text.mp3"


def test_a_bucket_is_scanned_like_a_folder_and_again_only_where_it_changed(
    bucket: tuple[Path, Path, list[str]], tmp_path: Path, ear: Ear
) -> None:
    held, place, requests = bucket

    def numbers(report: ScanReport) -> tuple[int, int, int, int]:
        return (report.scanned, report.skipped, report.removed, len(report.failures))

    with Library.open(tmp_path / "Pickles") as library:
        assert numbers(scan([place], library, ear=ear)) == (2, 0, 0, 0)
        slices = dict(library.iter_slice_vectors(ear.fingerprint))
        titles = [track.info.title for track in library.tracks()]
        requests.clear()
        assert numbers(scan([place], library, ear=ear)) == (0, 2, 0, 0)
        assert "OPEN" not in requests
        (held / "second song.wav").unlink()
        assert numbers(scan([place], library, ear=ear)) == (0, 1, 1, 0)
    with Library.open(tmp_path / "local") as local:
        write_song(held / "second song.wav", 2, seconds=6)
        scan([held], local, ear=ear)
        assert [track.info.title for track in local.tracks()] == titles
        for track_id, vectors in local.iter_slice_vectors(ear.fingerprint):
            assert np.array_equal(vectors, slices[track_id])


def test_a_bucket_that_is_away_loses_nothing(tmp_path: Path, ear: Ear) -> None:
    write_song(tmp_path / "held/music/song.wav", 1, seconds=6)
    with Library.open(tmp_path / "Pickles") as library:
        with file_server(tmp_path / "held") as (address, _):
            scan([Path(f"{address}/music")], library, ear=ear)
        report = scan([Path(f"{address}/music")], library, ear=ear)
        assert (report.removed, len(report.failures), report.exit_code) == (0, 1, 1)
        assert library.counts().tracks == 1
