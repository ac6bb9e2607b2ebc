"""Each kind of playlist file, as its program writes it, and damaged in the ways that files get damaged."""

from __future__ import annotations

import gzip
import json
import plistlib
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.config import PLAYLISTS
from segue.errors import PlaylistError
from segue.train.sources import jsonl
from segue.train.sources.fields import day_of, isrc_of, mbid_of, row_to_track, seconds_since_1970
from segue.train.sources.playlist import SourcePlaylist, SourceTrack
from segue.train.sources.reading import ReadingReport, read_playlists

MBID = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"
TWO = [("Can", "Halleluhwah"), ("Neu!", "Hallogallo")]


def read(*paths: Path) -> tuple[list[SourcePlaylist], ReadingReport]:
    reading = read_playlists(paths)
    return list(reading), reading.report


def named(playlist: SourcePlaylist) -> list[tuple[str, str]]:
    return [(track.artist, track.title) for track in playlist.tracks]


def put(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


# Players' files ------------------------------------------------------------------------------------------------------


def test_m3u_keeps_places_and_names(tmp_path: Path) -> None:
    text = "#EXTM3U\r\n#EXTINF:183,Can - Halleluhwah\r\ncan/h.mp3\r\n#EXTINF:-1,Neu! - Hallogallo\r\n/m/n.flac\r\n"
    (playlist,), report = read(put(tmp_path / "kraut.m3u8", text + "http://radio.example/stream\r\n", "utf-8-sig"))
    assert (playlist.id, playlist.name, named(playlist)) == ("kraut.m3u8", "kraut", TWO)
    assert playlist.tracks[0].path == tmp_path / "can" / "h.mp3"
    assert (playlist.tracks[0].duration_s, playlist.tracks[1].duration_s) == (183.0, None)
    assert "internet radio" in str(report)


def test_pls(tmp_path: Path) -> None:
    text = "[playlist]\nFile1=a.mp3\nTitle1=Can - Halleluhwah\nFile2=b.mp3\nTitle2=Neu! - Hallogallo\n"
    (playlist,), _ = read(put(tmp_path / "x.pls", text))
    assert named(playlist) == TWO


def test_xspf_gives_ids_also_of_songs_without_a_place(tmp_path: Path) -> None:
    text = f"""<?xml version="1.0" encoding="UTF-8"?><playlist version="1" xmlns="http://xspf.org/ns/0/">
    <title>Kraut</title><trackList>
    <track><creator>Can</creator><title>Halleluhwah</title><album>Tago Mago</album><duration>1108000</duration>
      <identifier>https://musicbrainz.org/recording/{MBID}</identifier><identifier>isrc:DEN960700093</identifier></track>
    <track><location>file:///m/n.flac</location><title>Hallogallo</title><creator>Neu!</creator></track>
    </trackList></playlist>"""
    (playlist,), _ = read(put(tmp_path / "x.xspf", text))
    first, second = playlist.tracks
    assert (playlist.name, named(playlist)) == ("Kraut", TWO)
    assert (first.mbid, first.isrc, first.album, first.duration_s) == (MBID, "DEN960700093", "Tago Mago", 1108.0)
    assert (first.path, second.path) == (None, Path("/m/n.flac"))


def test_jspf_as_listenbrainz_gives_it(tmp_path: Path) -> None:
    tracks = [
        {"creator": "Can", "title": "Halleluhwah", "identifier": [f"https://musicbrainz.org/recording/{MBID}"]},
        {"creator": "Neu!", "title": "Hallogallo", "identifier": f"https://musicbrainz.org/recording/{MBID[::-1]}"},
    ]
    data = {"playlist": {"title": "Weekly", "identifier": "https://listenbrainz.org/playlist/1", "track": tracks}}
    (playlist,), _ = read(put(tmp_path / "x.jspf", json.dumps(data, indent=2)))
    assert (playlist.name, named(playlist), playlist.tracks[0].mbid) == ("Weekly", TWO, MBID)


# Libraries of programs -----------------------------------------------------------------------------------------------


def itunes_library() -> dict[str, object]:
    tracks = {
        "1": {"Track ID": 1, "Name": "Halleluhwah", "Artist": "Can", "Total Time": 1108000,
              "Location": "file://localhost/Users/me/Music/Can/Hallelu%20hwah.m4a"},
        "2": {"Track ID": 2, "Name": "Hallogallo", "Artist": "Neu!", "Album": "Neu!"},
        "3": {"Track ID": 3, "Name": "A talk", "Podcast": True},
    }  # fmt: skip
    items = [{"Track ID": 1}, {"Track ID": 3}, {"Track ID": 2}, {"Track ID": 99}]
    playlists = [
        {"Name": "Library", "Master": True, "Playlist Items": items},
        {"Name": "Downloaded", "Distinguished Kind": 65, "Playlist Items": items},
        {"Name": "Often played", "Smart Info": b"x", "Playlist Items": items},
        {"Name": "A folder", "Folder": True, "Playlist Items": items},
        {"Name": "Kraut", "Playlist Persistent ID": "AB12", "Playlist Items": items},
    ]
    return {"Major Version": 1, "Tracks": tracks, "Playlists": playlists}


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_itunes_playlists_made_by_hand(tmp_path: Path, form: plistlib.PlistFormat) -> None:
    path = tmp_path / "Library.xml"
    path.write_bytes(plistlib.dumps(itunes_library(), fmt=form))
    (playlist,), report = read(path)
    assert (playlist.id, playlist.name, named(playlist)) == ("Library.xml/AB12", "Kraut", TWO)
    assert playlist.tracks[0].path == Path("/Users/me/Music/Can/Hallelu hwah.m4a")
    assert playlist.tracks[0].duration_s == 1108.0
    assert "4 lists that the program made" in str(report)


BOMB = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plist", f'<!DOCTYPE plist [<!ENTITY a0 "ha">{BOMB}]><plist version="1.0"><string>&a9;</string></plist>'),
        ("DJ_PLAYLISTS", f'<!DOCTYPE x [<!ENTITY a0 "ha">{BOMB}]><DJ_PLAYLISTS>&a9;</DJ_PLAYLISTS>'),
        ("playlist", f'<!DOCTYPE x [<!ENTITY a0 "ha">{BOMB}]><playlist><title>&a9;</title></playlist>'),
        ("DJ_PLAYLISTS", '<!DOCTYPE x SYSTEM "file:///etc/passwd"><DJ_PLAYLISTS></DJ_PLAYLISTS>'),
        ("plist", '<plist version="1.0"><dict><key>Tracks</key><dict>'),
        ("DJ_PLAYLISTS", "<DJ_PLAYLISTS><COLLECTION><TRACK"),
    ],
)
def test_bombs_and_damaged_xml_are_refused(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(PlaylistError, match=r"x\.xml"):
        read(put(tmp_path / "x.xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'))


def test_rekordbox_folders_become_names(tmp_path: Path) -> None:
    text = """<?xml version="1.0" encoding="UTF-8"?>
    <DJ_PLAYLISTS Version="1.0.0"><PRODUCT Name="rekordbox"/><COLLECTION Entries="2">
      <TRACK TrackID="11" Name="Halleluhwah" Artist="Can" TotalTime="1108" Location="file://localhost/m/a%20b.mp3">
        <TEMPO Inizio="0.1" Bpm="110.0"/></TRACK>
      <TRACK TrackID="12" Name="Hallogallo" Artist="Neu!" Location="file://localhost/m/n.mp3"/></COLLECTION>
    <PLAYLISTS><NODE Type="0" Name="ROOT" Count="2">
      <NODE Name="Gigs" Type="0"><NODE Name="2024" Type="0">
        <NODE Name="May" Type="1" KeyType="0" Entries="3"><TRACK Key="12"/><TRACK Key="11"/><TRACK Key="77"/></NODE>
      </NODE></NODE>
      <NODE Name="By place" Type="1" KeyType="1">
        <TRACK Key="file://localhost/m/a%20b.mp3"/><TRACK Key="file://localhost/m/n.mp3"/></NODE>
    </NODE></PLAYLISTS></DJ_PLAYLISTS>"""
    (may, by_place), report = read(put(tmp_path / "rekordbox.xml", text))
    assert (may.name, named(may)) == ("Gigs/2024/May", TWO[::-1])
    assert (by_place.name, named(by_place)) == ("By place", TWO)
    assert (may.tracks[1].path, may.tracks[1].duration_s) == (Path("/m/a b.mp3"), 1108.0)
    assert "not in the collection" in str(report)


# Listening histories -------------------------------------------------------------------------------------------------


def listen(when_s: int, artist: str, title: str, **more: object) -> dict[str, object]:
    said = {"artist_name": artist, "track_name": title, "release_name": "R", **more}
    return {"listened_at": when_s, "track_metadata": said}


def test_listenbrainz_export_is_cut_into_sessions(tmp_path: Path) -> None:
    rows = [
        listen(1_700_000_300, *TWO[1], additional_info={"isrc": "DEN960700093"}),
        listen(1_700_000_000, *TWO[0], mbid_mapping={"recording_mbid": MBID}),
        listen(1_700_100_000, "La Düsseldorf", "Silver Cloud"),
        listen(1_700_100_200, "Harmonia", "Deluxe"),
    ]
    path = tmp_path / "listenbrainz_me.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("user.json", json.dumps({"user_id": 1, "username": "me"}))
        archive.writestr("listens/2023/11.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        archive.writestr("feedback.jsonl", json.dumps({"recording_mbid": MBID, "score": 1}) + "\n")
    (first, second), _ = read(path)
    assert (named(first), first.date) == (TWO, "2023-11-14")
    assert (first.tracks[0].mbid, first.tracks[1].isrc) == (MBID, "DEN960700093")
    assert named(second) == [("La Düsseldorf", "Silver Cloud"), ("Harmonia", "Deluxe")]


def test_two_listeners_in_one_file_stay_apart(tmp_path: Path) -> None:
    rows = [{**listen(1_700_000_000 + k, "A", f"{k}"), "user_name": "me" if k % 2 else "you"} for k in range(6)]
    found, _ = read(put(tmp_path / "all.listens", "\n".join(map(json.dumps, rows))))
    assert [[track.title for track in playlist.tracks] for playlist in found] == [["0", "2", "4"], ["1", "3", "5"]]


LASTFM = {
    "with a header": (
        "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n"
        f'1700000000,"14 Nov 2023, 22:13",Can,,Tago Mago,,Halleluhwah,{MBID}\n'
        '1700000300,"14 Nov 2023, 22:18",Neu!,,Neu!,,Hallogallo,\n'
    ),
    "headerless": "Can,Tago Mago,Halleluhwah,14 Nov 2023 22:13\nNeu!,Neu!,Hallogallo,14 Nov 2023 22:18\n",
    "semicolons and milliseconds": (
        "Artist;Album;AlbumId;Track;Date#me\n"
        '"Can";"Tago Mago";"";"Halleluhwah";"1700000000000"\n"Neu!";"Neu!";"";"Hallogallo";"1700000300000"\n'
    ),
}


@pytest.mark.parametrize("kind", LASTFM)
def test_lastfm_tables(tmp_path: Path, kind: str) -> None:
    (session,), _ = read(put(tmp_path / "scrobbles.csv", LASTFM[kind]))
    assert (named(session), session.date) == (TWO, "2023-11-14")


@pytest.mark.parametrize("shape", ["pages", "answers", "scrobbles"])
def test_lastfm_json(tmp_path: Path, shape: str) -> None:
    rows = [
        {"artist": {"#text": a, "mbid": ""}, "name": t, "mbid": "", "album": {"#text": ""}, "date": {"uts": str(when)}}
        for (a, t), when in zip(TWO, (1_700_000_000, 1_700_000_300), strict=True)
    ]
    data: object = [[row] for row in rows]
    if shape == "answers":
        data = [{"recenttracks": {"track": [row], "@attr": {"page": "1"}}} for row in rows]
    if shape == "scrobbles":
        flat = [{"track": t, "artist": a, "album": "", "date": 1_700_000_000_000} for a, t in TWO]
        data = {"username": "me", "scrobbles": flat}
    (session,), _ = read(put(tmp_path / "lastfm.json", json.dumps(data)))
    assert named(session) == TWO


def test_spotify_history_without_what_was_skipped(tmp_path: Path) -> None:
    rows = [
        {"ts": f"2023-11-14T22:1{k}:00Z", "ms_played": played, "master_metadata_track_name": title,
         "master_metadata_album_artist_name": artist, "spotify_track_uri": f"spotify:track:{k}"}
        for k, ((artist, title), played) in enumerate([(TWO[0], 200_000), (("X", "Skipped"), 4_000), (TWO[1], 99_000)])
    ]  # fmt: skip
    (session,), _ = read(put(tmp_path / "Streaming_History_Audio_2023.json", json.dumps(rows)))
    assert (named(session), session.tracks[0].uri) == (TWO, "spotify:track:0")


# Lists in JSON -------------------------------------------------------------------------------------------------------


def mpd_slice(first: int, count: int) -> str:
    playlists = [
        {"name": f"list {pid}", "collaborative": "false", "pid": pid, "num_tracks": 2, "tracks": [
            {"pos": k, "artist_name": a, "track_uri": f"spotify:track:{t}", "artist_uri": "spotify:artist:1",
             "track_name": t, "album_uri": "x", "duration_ms": 1000 * (k + 1), "album_name": "An album"}
            for k, (a, t) in enumerate(TWO)]}
        for pid in range(first, first + count)
    ]  # fmt: skip
    return json.dumps({"info": {"slice": f"{first}-{first + count}"}, "playlists": playlists}, indent=4)


def test_million_playlist_slices(tmp_path: Path) -> None:
    put(tmp_path / "data" / "mpd.slice.0-999.json", mpd_slice(0, 1000))
    put(tmp_path / "data" / "mpd.slice.1000-1999.json", mpd_slice(1000, 1000))
    found, report = read(tmp_path)
    assert (len(found), report.tracks, found[0].id, found[0].name) == (2000, 4000, "0", "list 0")
    track = found[0].tracks[0]
    assert (named(found[0]), track.uri, track.duration_s) == (TWO, "spotify:track:Halleluhwah", 1.0)


def test_a_slice_that_is_cut_off_gives_what_it_holds(tmp_path: Path) -> None:
    text = mpd_slice(0, 3000)
    found, report = read(put(tmp_path / "mpd.json", text[: len(text) // 2]))
    assert 1400 < len(found) < 1600
    assert "damaged or cut off" in str(report)


def test_a_million_playlist_dataset_in_a_zip_is_streamed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "mpd.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/mpd.slice.0-9.json", mpd_slice(0, 10))
    first = next(iter(read_playlists([tmp_path / "mpd.zip"])))
    assert first.id == "0"


def test_lists_of_files_in_json(tmp_path: Path) -> None:
    rows = [{"id": "rome/peace", "files": ["a.ogg", "b.ogg"]}, {"id": "han/peace", "files": ["c.ogg", "d.ogg"]}]
    found, _ = read(put(tmp_path / "lists.json", json.dumps(rows, indent=0)))
    assert [playlist.id for playlist in found] == ["rome/peace", "han/peace"]
    assert found[0].tracks[1].path == tmp_path / "b.ogg"


def test_radio_shows(tmp_path: Path) -> None:
    tracks = [{"artist": artist, "title": title} for artist, title in TWO]
    rows = [{"id": f"show-{k}", "date": "7/02/2012", "program": "Mornings", "tracks": tracks} for k in range(3)]
    path = tmp_path / "shows.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    found, report = read(path)
    assert (len(found), found[0].id, found[0].name, found[0].date) == (3, "show-0", "Mornings", "2012-02-07")
    assert named(found[0]) == TWO
    assert report.kinds == {"JSON Lines": 3}


texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), max_size=20)
tracks = st.builds(
    SourceTrack,
    artist=texts, title=texts.filter(bool), album=texts, uri=texts,
    mbid=st.uuids().map(str) | st.just(""),
    isrc=st.from_regex(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", fullmatch=True) | st.just(""),
    path=st.none() | st.from_regex(r"/[a-z]{1,9}/[a-zéß ]{1,8}x\.mp3", fullmatch=True).map(Path),
    duration_s=st.none() | st.floats(1.0, 1e5),
)  # fmt: skip
playlists = st.builds(
    SourcePlaylist,
    id=texts.filter(bool), name=texts.filter(bool), tracks=st.lists(tracks, min_size=2, max_size=5).map(tuple),
    date=st.dates().filter(lambda day: day.year > 999).map(str) | st.just(""),
)  # fmt: skip


@given(st.lists(playlists, max_size=5))
@settings(max_examples=25, deadline=None)
def test_our_own_lines_come_back(tmp_path_factory: pytest.TempPathFactory, lists: list[SourcePlaylist]) -> None:
    path = tmp_path_factory.mktemp("lines") / "playlists.jsonl.gz"
    assert jsonl.write_playlists(path, lists) == len(lists)
    assert list(jsonl.read_playlists(path)) == lists


def test_a_bad_line_of_ours_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlaylistError, match="line 2 is no playlist"):
        list(jsonl.read_playlists(put(tmp_path / "x.jsonl", '{"id": "a", "tracks": []}\n{"id": \n')))


# Tables --------------------------------------------------------------------------------------------------------------


def test_one_playlist_a_table(tmp_path: Path) -> None:
    text = (
        "Track URI,Track Name,Artist URI(s),Artist Name(s),Album Name,Track Duration (ms),ISRC,Added At\n"
        'spotify:track:1,Halleluhwah,x,Can,"Tago, Mago",1108000,DEN960700093,2020-01-01\n'
        "spotify:track:2,Hallogallo,x,Neu!,Neu!,600000,,2020-01-01\n"
    )
    (playlist,), _ = read(put(tmp_path / "kraut.csv", text, "utf-8-sig"))
    first = playlist.tracks[0]
    assert (playlist.name, named(playlist)) == ("kraut", TWO)
    assert (first.album, first.uri, first.isrc, first.duration_s) == (
        "Tago, Mago",
        "spotify:track:1",
        "DEN960700093",
        1108.0,
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(("delimiter", "end"), [(",", "\n"), (";", "\r\n"), ("\t", "\n")])
def test_many_playlists_in_a_table(tmp_path: Path, encoding: str, delimiter: str, end: str) -> None:
    rows = [("Playlist", "Artist", "Title"), ("a", "Björk", "Jóga"), ("b", "Can", "Vitamin C"), ("a", "Neu!", "Isi"),
            ("b", "Can", "Spoon"), ("b", "", "")]  # fmt: skip
    text = "".join(delimiter.join(row) + end for row in rows)
    (first, second), report = read(put(tmp_path / "all.csv", text, encoding))
    assert (first.name, named(first)) == ("a", [("Björk", "Jóga"), ("Neu!", "Isi")])
    assert (second.name, named(second)) == ("b", [("Can", "Vitamin C"), ("Can", "Spoon")])
    assert "rows that name no track" in str(report)


def test_a_table_without_titles_says_which_columns_it_needs(tmp_path: Path) -> None:
    with pytest.raises(PlaylistError, match="of no kind that holds playlists"):
        read(put(tmp_path / "accounts.csv", "year,sum\n2020,1\n"))


# Words and numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "day"),
    [("7/02/2012", "2012-02-07"), ("12/31/2012", "2012-12-31"), ("2024-05-06T07:08:09Z", "2024-05-06"),
     ("30.06.2014", "2014-06-30"), ("2024-13-01", ""), ("soon", ""), ("", "")],
)  # fmt: skip
def test_days(text: str, day: str) -> None:
    assert day_of(text) == day


@pytest.mark.parametrize(
    ("value", "when_s"),
    [(1_700_000_000, 1.7e9), ("1700000000000", 1.7e9), ("2023-11-14 22:13:20", 1.7e9),
     ("2023-11-14T23:13:20+01:00", 1.7e9), ("14 Nov 2023, 22:13", 1.69999998e9),
     ("2023-11-14 22:13", 1.69999998e9), (None, None), ("", None), (True, None),
     (0, None), (-5, None), ("nan", None), ("now", None), ("9" * 400, None)],
)  # fmt: skip
def test_moments(value: object, when_s: float | None) -> None:
    assert seconds_since_1970(value) == (None if when_s is None else pytest.approx(when_s))


def test_ids_in_texts() -> None:
    assert mbid_of(f"https://musicbrainz.org/recording/{MBID.upper()}") == MBID
    assert (isrc_of("isrc:DE-N96-07-00093"), isrc_of("nothing")) == ("DEN960700093", "")


keys = st.text(max_size=12) | st.sampled_from(["title", "artist", "path", "duration_ms"])
leaves = st.none() | st.booleans() | st.floats() | st.text(max_size=9)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=6
)


@given(st.dictionaries(keys, values, max_size=5))
@settings(deadline=None)
def test_no_row_is_too_odd(row: dict[str, object]) -> None:
    track = row_to_track(row)
    assert track is None or track.title or track.mbid or track.isrc or track.uri or track.path


def test_lines_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.train.sources.opening.PLAYLISTS", type(PLAYLISTS)(longest_line_bytes=1000))
    with pytest.raises(PlaylistError, match="a line of it is longer"):
        read(put(tmp_path / "x.jsonl", '{"id": "' + "a" * 2000))
