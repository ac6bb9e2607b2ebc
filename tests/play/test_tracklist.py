"""The list that a mix is made of, in all the ways in which people and programs write one."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from segue.errors import FileAccessError, PlaylistError
from segue.play.tracklist import Wanted, read_tracklist


def read(folder: Path, data: str | bytes, name: str = "tracks.txt") -> tuple[Wanted, ...]:
    path = folder / name
    path.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
    return read_tracklist(path).wanted


def song(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


def test_lines_as_people_write_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    one, home = song(tmp_path, "a b.mp3"), song(tmp_path, "home/c.mp3")
    lines = [
        "# a remark",
        "",
        "a b.mp3",
        "  ./a b.mp3  ",
        '"a b.mp3"',
        "'a b.mp3'   # my favourite",
        "a b.mp3   # my favourite",
        "file 'a b.mp3'",
        str(one),
        one.as_uri(),
        "a%20b.mp3",
        "sub\\..\\a b.mp3",
        "~/c.mp3",
        '"~/c.mp3"',
    ]
    for end in ("\n", "\r\n", "\r"):
        found = read(tmp_path, "\ufeff" + end.join(lines))
        assert [wanted.path for wanted in found] == [one] * 10 + [home] * 2
        assert [wanted.line for wanted in found] == list(range(3, 15))


@pytest.mark.parametrize(
    "name", ["#1 hit.mp3", '"Heroes".mp3', "'Round Midnight.mp3", "100% #1.mp3", "file it.mp3", "AC:DC.mp3"]
)
def test_odd_names_that_are_there(name: str, tmp_path: Path) -> None:
    path = song(tmp_path, name)
    assert [wanted.path for wanted in read(tmp_path, f'{path}\n./{name}\n"{path}"\n')] == [path] * 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    path = song(tmp_path, "Björk – Jóga.mp3" if encoding != "latin-1" else "Björk - Jóga.mp3")
    assert read(tmp_path, f"{path.name}\n".encode(encoding))[0].path == path


def test_accents_as_one_sign_or_two(tmp_path: Path) -> None:
    path = song(tmp_path, unicodedata.normalize("NFD", "Jóga.mp3"))
    assert read(tmp_path, unicodedata.normalize("NFC", "Jóga.mp3"))[0].path == path


def test_names_that_are_no_utf_8(tmp_path: Path) -> None:
    path = song(tmp_path, os.fsdecode(b"\xff\xe9.mp3"))
    assert read(tmp_path, b"\xff\xe9.mp3\n")[0].path == path


@pytest.mark.parametrize(
    "line",
    ["Nina Simone - Sinnerman", "AC/DC - Thunderstruck", "R.E.M.", "Prince - 1999", '"Heroes"', "Mr. Brightside"],
)
def test_what_is_no_path_is_words(line: str, tmp_path: Path) -> None:
    (wanted,) = read(tmp_path, line)
    assert (wanted.path, wanted.words) == (None, line.strip('"'))


@pytest.mark.parametrize("line", ["gone.mp3", "/music/gone", "./gone", "../gone.flac", "C:\\Music\\gone.wma", "~/gone"])
def test_what_is_not_there_stays_a_path(line: str, tmp_path: Path) -> None:
    (wanted,) = read(tmp_path, line)
    assert wanted.path is not None
    assert wanted.words == ""


def test_what_lies_elsewhere_is_neither(tmp_path: Path) -> None:
    for wanted in read(tmp_path, "https://radio.example/stream.mp3\nfile://server/share/a.mp3\n"):
        assert (wanted.path, wanted.words) == (None, "")


def test_playlists_are_known_by_name_or_content(tmp_path: Path) -> None:
    path = song(tmp_path, "a.mp3")
    assert read(tmp_path, "#EXTM3U\n#EXTINF:1,x\na.mp3\n")[0].path == path
    assert read(tmp_path, "[playlist]\nFile1=a.mp3\n")[0].path == path
    assert read(tmp_path, "Words\n", "x.m3u")[0].path == tmp_path / "Words"
    xspf = '<?xml version="1.0"?><playlist xmlns="http://xspf.org/ns/0/"><trackList><track><location>a.mp3</location>'
    assert read(tmp_path, f"{xspf}</track></trackList></playlist>")[0].path == path
    assert read(tmp_path, '{"playlist": {"track": [{"location": ["a.mp3"]}]}}')[0].path == path
    assert read(tmp_path, "#EXTM3U\nhttps://radio.example/\n") == (Wanted(0, "https://radio.example/"),)


def test_what_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="it is a folder"):
        read_tracklist(tmp_path)
    with pytest.raises(FileAccessError, match="it is not there"):
        read_tracklist(tmp_path / "gone.txt")
    with pytest.raises(PlaylistError, match="it is no text"):
        read(tmp_path, b"RIFF\0\0\0\0WAVE")


_NAMES = st.text(st.characters(blacklist_characters="/\0\r\n", blacklist_categories=("Cs",)), min_size=1, max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@example("#x")
@example("'")
@example("\\")
@example("%41")
@example("~")
@given(_NAMES.filter(lambda name: name not in (".", "..") and len(name.encode()) < 200))
def test_any_name_is_found_by_its_whole_path_in_quotes(tmp_path: Path, name: str) -> None:
    path = song(tmp_path, name)
    try:
        assert [wanted.path for wanted in read(tmp_path, f'"{path}"\n', "list of tracks")] == [path]
    finally:
        path.unlink()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_text_is_read_or_refused(tmp_path: Path, data: bytes) -> None:
    try:
        found = read(tmp_path, data)
    except PlaylistError:
        return
    for wanted in found:
        assert wanted.said
        assert wanted.path is None or not wanted.words
