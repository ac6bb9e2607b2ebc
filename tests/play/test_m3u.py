from __future__ import annotations

import json
import os
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from segue.errors import PlaylistError
from segue.play.m3u import Kind, PlaylistEntry, format_playlist, parse_playlist, read_playlist, write_playlist

BASE = Path("/music/lists")
KINDS: tuple[Kind, ...] = get_args(Kind)


def _write(folder: Path, data: bytes, name: str = "list.m3u") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _paths(text: str, kind: Kind = "m3u8") -> list[str]:
    return [str(entry.path) for entry in parse_playlist(text, BASE, kind).entries]


def test_m3u_with_all_that_it_may_say() -> None:
    text = (
        "#EXTM3U\n#PLAYLIST:Sunday\n#EXTINF:123,Björk - Hyperballad\n/music/a.mp3\n"
        '\n# a remark\n#EXTINF:-1 logo="a,b" x="y",Untitled\nb.mp3\nc.mp3\n'
    )
    found = parse_playlist(text, BASE, "m3u8")
    assert found.name == "Sunday"
    assert found.entries == (
        PlaylistEntry(Path("/music/a.mp3"), "Hyperballad", "Björk", 123.0),
        PlaylistEntry(BASE / "b.mp3", "Untitled"),
        PlaylistEntry(BASE / "c.mp3"),
    )


def test_headerless_m3u_keeps_its_first_song() -> None:
    """Earlier programs dropped the first line, taking it for the header."""
    assert _paths("a.mp3\nb.mp3") == ["/music/lists/a.mp3", "/music/lists/b.mp3"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["", "\n \r\n"])
def test_an_empty_file_is_an_empty_list(kind: Kind, text: str) -> None:
    assert parse_playlist(text, BASE, kind).entries == ()


def test_line_ends_and_byte_order_marks(tmp_path: Path) -> None:
    for data in (
        b"\xef\xbb\xbf#EXTM3U\r\na.mp3\r\nb.mp3\r\n",
        b"\xef\xbb\xbfa.mp3\rb.mp3",
        "\ufeffa.mp3\nb.mp3".encode("utf-16-le"),
        "\ufeffa.mp3\nb.mp3".encode("utf-16-be"),
    ):
        found = read_playlist(_write(tmp_path, data))
        assert [entry.path for entry in found.entries] == [tmp_path / "a.mp3", tmp_path / "b.mp3"]


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("../b/c.mp3", "/music/b/c.mp3"),
        ("./#1 hit.mp3", "/music/lists/#1 hit.mp3"),
        ("file:///m/a%20b%23%C3%A9.mp3", "/m/a b#é.mp3"),
        ("file://localhost/m/a.mp3", "/m/a.mp3"),
        ("FILE:/m/a.mp3", "/m/a.mp3"),
        ("file:///m/100% #1?.mp3", "/m/100% #1?.mp3"),
        ("file:///m/%FF.mp3", "/m/\udcff.mp3"),
        ("sub\\dir\\a.mp3", "/music/lists/sub/dir/a.mp3"),
        ("..\\a.mp3", "/music/a.mp3"),
        ("C:\\Music\\a.mp3", "C:/Music/a.mp3"),
        ("file:///C:/Music/a.mp3", "C:/Music/a.mp3"),
        ("\\\\server\\share\\a.mp3", "//server/share/a.mp3"),
        ("/m/AC\\DC.mp3", "/m/AC\\DC.mp3"),
        ("AC:DC.mp3", "/music/lists/AC:DC.mp3"),
        ("100%25.mp3", "/music/lists/100%25.mp3"),
        ("  a b.mp3 ", "/music/lists/a b.mp3"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="these are the readings of a POSIX machine")
def test_ways_of_naming_a_file(location: str, path: str) -> None:
    assert _paths(f"#EXTM3U\n{location}\n") == [path]
    assert _paths(f"[playlist]\nFile1={location}\n", "pls") == [path]


def test_places_that_are_no_files_are_told(tmp_path: Path) -> None:
    text = "a.mp3\nhttp://radio.example/live\nfile://elsewhere/a.mp3\nfile:///m/%00.mp3\n"
    found = parse_playlist(text, BASE, "m3u")
    assert [entry.path.name for entry in found.entries] == ["a.mp3"]
    assert found.skipped == ("http://radio.example/live", "file://elsewhere/a.mp3", "file:///m/%00.mp3")


def test_latin_1_is_read_and_bytes_that_are_there_win(tmp_path: Path) -> None:
    data = "#EXTINF:5,Motörhead - Überfall\nÜber.mp3\n".encode("latin-1")
    entry = read_playlist(_write(tmp_path, data)).entries[0]
    assert entry == PlaylistEntry(tmp_path / "Über.mp3", "Überfall", "Motörhead", 5.0)
    raw = tmp_path / os.fsdecode(b"\xdcber.mp3")
    raw.touch()
    assert read_playlist(_write(tmp_path, data)).entries[0].path == raw
    (tmp_path / "Über.mp3").touch()
    raw.unlink()
    assert read_playlist(_write(tmp_path, data, "list.m3u8")).entries[0].path == tmp_path / "Über.mp3"
    (tmp_path / "Über.mp3").unlink()
    assert read_playlist(_write(tmp_path, data, "list.m3u8")).entries[0].path == raw


def test_escapes_that_are_not_announced_are_resolved_if_the_file_is_there(tmp_path: Path) -> None:
    playlist = _write(tmp_path, b"a%20b.mp3\n")
    assert read_playlist(playlist).entries[0].path == tmp_path / "a%20b.mp3"
    (tmp_path / "a b.mp3").touch()
    assert read_playlist(playlist).entries[0].path == tmp_path / "a b.mp3"
    (tmp_path / "a%20b.mp3").touch()
    assert read_playlist(playlist).entries[0].path == tmp_path / "a%20b.mp3"


def test_pls_in_any_order() -> None:
    text = "[playlist]\r\nTitle2=X - Y\r\nfile10=c.mp3\r\nFile2=b.mp3\r\nFile1=a.mp3\r\nLength2=7\r\nVersion=2\r\n"
    found = parse_playlist(text, BASE, "pls")
    assert [(e.path.name, e.artist, e.title, e.duration_s) for e in found.entries] == [
        ("a.mp3", "", "", 0.0),
        ("b.mp3", "X", "Y", 7.0),
        ("c.mp3", "", "", 0.0),
    ]


def test_xspf_as_others_write_it() -> None:
    text = """<?xml version="1.0" encoding="ISO-8859-1"?><!-- x -->
    <x:playlist version="1" xmlns:x="http://xspf.org/ns/0/"><x:title> Été &amp; hiver </x:title><x:trackList>
    <x:track><x:location>file:///m/a%20b.mp3</x:location><x:location>file:///m/other.mp3</x:location>
    <x:title>A <![CDATA[& B]]></x:title><x:creator>X</x:creator><x:duration>1500</x:duration>
    <x:extension application="y"><location>no</location></x:extension></x:track>
    <x:track><x:title>nothing to play</x:title></x:track>
    <x:track><x:location>c%2Fd/é.mp3</x:location></x:track></x:trackList></x:playlist>"""
    found = parse_playlist(text, BASE, "xspf")
    assert found.name == "Été & hiver"
    assert found.entries == (
        PlaylistEntry(Path("/m/a b.mp3"), "A & B", "X", 1.5),
        PlaylistEntry(BASE / "c/d/é.mp3"),
    )


def test_jspf_as_others_write_it() -> None:
    tracks = [
        {"location": "a.mp3", "duration": 1500},
        {"location": ["b.mp3"], "title": 5},
        7,
        {"title": "x"},
        {"location": []},
    ]
    found = parse_playlist(json.dumps({"playlist": {"title": "T", "track": tracks}}), BASE, "jspf")
    assert found.name == "T"
    assert [(e.path.name, e.duration_s, e.title) for e in found.entries] == [("a.mp3", 1.5, ""), ("b.mp3", 0.0, "")]
    assert parse_playlist('{"playlist": {}}', BASE, "jspf").entries == ()


XML = '<?xml version="1.0"?><!DOCTYPE playlist [{}]><playlist><title>&b;</title></playlist>'
BOMB = XML.format('<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">')
STEAL = XML.format('<!ENTITY b SYSTEM "file:///etc/passwd">')


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:4,\nfile:///etc/passwd\n", "HLS stream"),
        (BOMB.encode(), "document type"),
        (STEAL.encode(), "document type"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "document type"),
        (b"<?xml version='1.0'?><rss/>", "no XSPF"),
        (b"<playlist><trackList>", "XML is broken"),
        (b'{"playlist": [1]}', "no JSPF"),
        (b'{"playlist": ', "Expecting value"),
        (b'{"playlist": ' + b"[" * 100_000, "nested|no JSPF|Expecting"),
        (b"ID3\x03\x00\x00\x00\x00", "no text"),
    ],
)
def test_what_is_no_playlist_is_refused(tmp_path: Path, data: bytes, match: str) -> None:
    path = _write(tmp_path, data)
    with pytest.raises(PlaylistError, match=match) as caught:
        read_playlist(path)
    assert caught.value.path == path
    assert caught.value.remedy


def test_a_pls_needs_its_section() -> None:
    with pytest.raises(PlaylistError, match="no \\[playlist\\] section"):
        parse_playlist("File1=a.mp3\n", BASE, "pls")


def test_kinds_are_known_by_content(tmp_path: Path) -> None:
    for kind in KINDS:
        text = format_playlist([PlaylistEntry(tmp_path / "{live} <1>.mp3", "T")], kind, tmp_path)
        found = read_playlist(_write(tmp_path, text.encode(), "list.txt"))
        assert [(e.path, e.title) for e in found.entries] == [(tmp_path / "{live} <1>.mp3", "T")]
    assert read_playlist(_write(tmp_path, b"{live}.mp3\n", "tracks.txt")).entries[0].path.name == "{live}.mp3"


def test_missing_and_unreadable_playlists_are_explained(tmp_path: Path) -> None:
    with pytest.raises(PlaylistError, match="it is not there"):
        read_playlist(tmp_path / "gone.m3u")
    with pytest.raises(PlaylistError, match="it is a folder"):
        read_playlist(tmp_path)
    with pytest.raises(PlaylistError, match=r"\.txt is no kind of playlist\. Use \.m3u, \.m3u8"):
        write_playlist(tmp_path / "a.txt", [])
    (tmp_path / "file").touch()
    with pytest.raises(PlaylistError, match=r"not a folder|File exists"):
        write_playlist(tmp_path / "file" / "a.m3u", [])


def test_writing_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.m3u8"
    write_playlist(target, [PlaylistEntry(tmp_path / "x" / "é.mp3", "T", "A", 61.4)], name="N")
    before = target.read_bytes()
    assert before == "#EXTM3U\n#PLAYLIST:N\n#EXTINF:61,A - T\nx/é.mp3\n".encode()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(PlaylistError, match="the disk is full"):
        write_playlist(target, [])
    assert target.read_bytes() == before
    assert list(tmp_path.iterdir()) == [target]


def test_absolute_places_if_asked(tmp_path: Path) -> None:
    target = tmp_path / "a.m3u8"
    write_playlist(target, [PlaylistEntry(tmp_path / "x.mp3")], relative=False)
    assert target.read_text(encoding="utf-8") == f"#EXTM3U\n{tmp_path}/x.mp3\n"


names = st.binary(min_size=1, max_size=12).map(lambda b: os.fsdecode(b.translate(None, b"/\0"))) | st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="/\0"), min_size=1, max_size=12
)
folders = st.sampled_from(["/music/lists", "/music", "/music/lists/deep er", "/elsewhere", "/"])
paths = st.builds(lambda folder, name: Path(folder) / name, folders, names.filter(lambda n: n.strip(".") != ""))
words = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=10).map(lambda t: " ".join(t.split()))
entries = st.lists(
    st.builds(PlaylistEntry, paths, words, words.filter(lambda t: " - " not in t), st.integers(0, 10_000).map(float)),
    max_size=4,
)
TRAPS = [
    "#1.mp3",
    "a\nb.mp3",
    " a ",
    "http:",
    "C:\\a.mp3",
    "a\\b",
    "%41",
    "\ufeffa",
    "é",
    "\udcff",
    "\x85",
    "~",
    "A:b",
    "[playlist]",
]


@pytest.mark.skipif(os.name == "nt", reason="any bytes but / and NUL are a name on POSIX only")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("base", [BASE, None])
@settings(max_examples=50, deadline=None)
@given(listed=entries, name=words)
@example(listed=[PlaylistEntry(BASE / trap, "T", "A", 1.0) for trap in TRAPS], name="N")
@example(listed=[PlaylistEntry(BASE / "a", "A - B", "")], name="")
def test_what_is_written_is_read_back(kind: Kind, base: Path | None, listed: list[PlaylistEntry], name: str) -> None:
    found = parse_playlist(format_playlist(listed, kind, base, name=name), BASE, kind)
    assert [entry.path for entry in found.entries] == [entry.path for entry in listed]
    assert found.skipped == ()
    assert [entry.duration_s for entry in found.entries] == [entry.duration_s for entry in listed]
    if kind != "pls":  # which has no name, and shows artist and title as one
        assert found.name == name
        assert [(e.title, e.artist) for e in found.entries] == [(e.title, e.artist) for e in listed]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=50, deadline=None)
@given(text=st.text(st.characters(), max_size=60) | st.sampled_from([BOMB, STEAL]))
@example(text="\ud800")
@example(text="file:\ud800")
def test_any_text_is_a_playlist_or_refused(kind: Kind, text: str) -> None:
    try:
        found = parse_playlist(text, BASE, kind)
    except PlaylistError:
        return
    for entry in found.entries:
        os.fsencode(entry.path)
