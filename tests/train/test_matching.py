"""Which spellings mean one recording, which do not, and which file a playlist's track is."""

from __future__ import annotations

import json
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.errors import PlaylistError
from segue.listen.tags import TrackNumbers
from segue.train.local import LocalTrack, read_folder
from segue.train.matching import LocalIndex, Matcher, local_key, match_playlists, write_match_report
from segue.train.naming import first_artist, normal_artist, normal_title, track_key
from segue.train.sources.playlist import SourcePlaylist, SourceTrack
from segue.values import TrackId, TrackInfo
from tests.songs import write_song

MBID = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"
ISRC = "DEN960700093"


@pytest.mark.parametrize(
    "spellings",
    [
        ["The Beatles", "Beatles, The", "beatles", "THE  BEATLES"],
        ["Simon & Garfunkel", "Simon and Garfunkel", "Simon, Garfunkel", "Simon + Garfunkel", "Simon / Garfunkel"],
        ["Sigur Rós", "Sigur Ros", "SIGUR ROS"],
        ["Jay-Z feat. Rihanna", "Jay Z", "JAY-Z ft. Rihanna & Kanye West", "Jay-Z (featuring Rihanna)"],
        ["Tom Petty & The Heartbreakers", "Tom Petty and the Heartbreakers"],
        ["R.E.M.", "REM", "R.E.M"],
        ["Møme", "Mome"],
        ["Guns N' Roses", "Guns n Roses", "Guns & Roses"],
        ["blink-182", "Blink 182"],
        ["P!nk", "Pink"],
    ],
)
def test_one_artist(spellings: list[str]) -> None:
    assert len({normal_artist(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    "spellings",
    [
        ["Hey Jude", "Hey Jude - Remastered 2015", "Hey Jude (2015 Remaster)", "hey jude [Remastered]",
         "Hey Jude - 2015 Digital Remaster", "Hey Jude (Mono)", "Hey Jude - Album Version", "Hey Jude (Radio Edit)"],
        ["I Love It {Ft. Sia}", "I Love It", "I Love It feat. Sia", "I Love It (with Sia)"],
        ["Don’t Stop", "Don't Stop", "Dont Stop", "Don't  stop!"],
        ["Rock & Roll", "Rock and Roll", "Rock 'n' Roll", "Rock n Roll"],
        ["(I Can't Get No) Satisfaction", "I Can't Get No Satisfaction"],
        ["Let It Go (From \"Frozen\")", "Let It Go"],
        ["V.E.N.O.M", "VENOM"],
    ],
)  # fmt: skip
def test_one_title(spellings: list[str]) -> None:
    assert len({normal_title(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("Hey Jude", "Hey Jude (Live)"), ("Hey Jude", "Hey Jude - Live at Wembley"), ("Blue", "Blue (X Remix)"),
     ("One", "One - Acoustic"), ("Song", "Song 2"), ("Part 1", "Part 2"), ("With You", "You"),
     ("Live Forever", "Forever"),
     ("Remastered", "Hey Jude"), ("From the Morning", "Morning"), ("!!!", "???"), ("が", "か")],
)  # fmt: skip
def test_two_titles(one: str, other: str) -> None:
    assert normal_title(one) != normal_title(other)


@pytest.mark.parametrize(
    "name", ["!!!", "The", "The The", "+", "&", "feat.", "宇多田ヒカル", "Remastered", "(Live)", "And", ",", "X"]
)
def test_no_name_is_lost(name: str) -> None:
    assert all((normal_artist(name), first_artist(name), normal_title(name)))


@given(st.text(max_size=40))
@settings(deadline=None)
def test_any_name_has_one_form(text: str) -> None:
    for normal in (normal_artist, normal_title):
        form = normal(text)
        assert bool(form) == bool(text.strip())
        assert form == normal(f"  {text}\t")
        assert not any(letter.isspace() for letter in form)


@given(st.text(st.sampled_from("aé ()-[]&.'20remaster") | st.characters(categories=["L"]), max_size=30))
@settings(deadline=None)
def test_both_ways_to_write_accents_are_one(text: str) -> None:
    assert normal_title(unicodedata.normalize("NFD", text)) == normal_title(unicodedata.normalize("NFC", text))


def test_long_names_are_quick() -> None:
    """Patterns over blanks and brackets may take exponential time."""
    began = time.perf_counter()
    for nasty in (
        "remaster" + " " * 480,
        "(" * 500,
        "2015 " * 100 + "x",
        " - ".join("a" * 160),
        "feat " * 100,
        "\u00a0(" * 250,
    ):
        normal_title(nasty)
        normal_artist(nasty)
    assert time.perf_counter() - began < 2.0


def test_the_word_for_a_track_is_the_surest_that_there_is() -> None:
    everything = SourceTrack("The Can", "Halleluhwah (Remastered)", "", MBID, ISRC, "spotify:track:1", Path("/m/x.mp3"))
    assert track_key(everything) == f"mbid:{MBID}"
    assert track_key(SourceTrack("The Can", "Halleluhwah (Remastered)", isrc=ISRC)) == f"isrc:{ISRC}"
    assert (
        track_key(SourceTrack("The Can", "Halleluhwah (Remastered)", uri="spotify:track:1")) == "name:can/halleluhwah"
    )
    assert track_key(SourceTrack(title="Intro", uri="spotify:track:1")) == "uri:spotify:track:1"
    assert track_key(SourceTrack(title="Intro", path=Path("/m/x.mp3"))) == "path:/m/x.mp3"
    assert track_key(SourceTrack(title="Intro")) == "name:/intro"
    assert track_key(SourceTrack(artist="Can")) == ""


def local(path: str, artist: str = "", title: str = "", **more: object) -> LocalTrack:
    numbers = TrackNumbers(str(more.get("mbid", "")), str(more.get("isrc", "")))
    info = TrackInfo(title, artist, str(more.get("album", "")), duration_s=float(str(more.get("duration_s", 0.0))))
    return LocalTrack(Path(path), info, numbers)


FILES = (
    local("/m/can/01.mp3", "Can", "Halleluhwah", mbid=MBID),
    local("/m/neu/01.mp3", "Neu!", "Hallogallo", isrc=ISRC),
    local("/m/simon/05.mp3", "Simon & Garfunkel", "America", album="Bookends", duration_s=215.0),
    local("/m/best/05.mp3", "Simon and Garfunkel", "America - Remastered", album="Best", duration_s=217.0),
    local("/m/bowie/9.mp3", "Queen & David Bowie", "Under Pressure"),
    local("/m/live/9.mp3", "Can", "Spoon (Live)", duration_s=900.0),
    local("/m/nameless/only.ogg", "", "only"),
)


@pytest.mark.parametrize(
    ("wanted", "path", "how"),
    [
        (SourceTrack("X", "Y", path=Path("/m/can/../neu/01.mp3")), "/m/neu/01.mp3", "path"),
        (SourceTrack("X", "Y", mbid=MBID), "/m/can/01.mp3", "mbid"),
        (SourceTrack("Can", "Halleluhwah", isrc=ISRC), "/m/neu/01.mp3", "isrc"),
        (SourceTrack("CAN", "Halleluhwah (2004 Remaster)", mbid=MBID[::-1]), "/m/can/01.mp3", "name"),
        (SourceTrack("Queen", "Under Pressure (feat. David Bowie)"), "/m/bowie/9.mp3", "first artist"),
        (SourceTrack(path=Path("/other/disk/neu/01.mp3")), "/m/neu/01.mp3", "file name"),
        (SourceTrack(path=Path("C:/music/ONLY.ogg")), "/m/nameless/only.ogg", "file name"),
        (SourceTrack(path=Path("/other/disk/01.mp3")), None, "unmatched"),
        (SourceTrack("Can", "Spoon"), None, "unmatched"),
        (SourceTrack("Can", "Spoon - Live", duration_s=180.0), None, "unmatched"),
        (SourceTrack("Can", "Spoon - Live", duration_s=910.0), "/m/live/9.mp3", "name"),
        (SourceTrack("Simon & Garfunkel", "America", album="Best (Deluxe)"), "/m/best/05.mp3", "name"),
        (SourceTrack("Simon & Garfunkel", "America", duration_s=218.0), "/m/best/05.mp3", "name"),
        (SourceTrack(), None, "unmatched"),
    ],
)
def test_which_file_it_is(wanted: SourceTrack, path: str | None, how: str) -> None:
    match = LocalIndex(FILES).find(wanted)
    assert (match.how, match.track and str(match.track.path)) == (how, path)


def playlists(*lists: list[SourceTrack]) -> list[SourcePlaylist]:
    return [SourcePlaylist(str(k), f"list {k}", tuple(tracks)) for k, tracks in enumerate(lists)]


def test_the_report_says_what_matched_and_how(tmp_path: Path) -> None:
    can, neu = SourceTrack("Can", "Halleluhwah"), SourceTrack("X", "Y", isrc=ISRC)
    america, missing = SourceTrack("Simon & Garfunkel", "America"), SourceTrack("La Düsseldorf", "Silver Cloud")
    matcher = Matcher(FILES)
    found = list(match_playlists(playlists([can, missing, neu], [america, can], [missing]), matcher))
    assert [[track.path.parent.name for track in playlist.tracks] for playlist in found] == [
        ["can", "neu"],
        ["simon", "can"],
    ]
    assert [playlist.lost for playlist in found] == [1, 0]
    report = matcher.report
    assert (report.playlists, report.whole_playlists, report.unmatched_playlists) == (3, 1, 1)
    assert (report.places, report.matched_places, report.files, report.files_in_playlists) == (6, 4, 7, 3)
    assert report.how == {"name": 2, "isrc": 1, "unmatched": 1}
    said = str(report)
    for words in ("3 of 4 different tracks were matched (2 by name, 1 by isrc)", "La Düsseldorf - Silver Cloud",
                  "Simon & Garfunkel - America: /m/simon/05.mp3 and 1 more"):  # fmt: skip
        assert words in said
    write_match_report(report, tmp_path / "match.json")
    stored = json.loads((tmp_path / "match.json").read_text(encoding="utf-8"))
    assert (stored["how"]["isrc"], stored["unmatched_examples"]) == (1, ["La Düsseldorf - Silver Cloud"])


def test_nothing_found_is_an_error_with_examples() -> None:
    with pytest.raises(PlaylistError, match=r"none of 1 tracks in 1 playlists was found among 7 files .*Silver Cloud"):
        list(match_playlists(playlists([SourceTrack("La Düsseldorf", "Silver Cloud")]), Matcher(FILES)))


def test_two_names_for_a_file_are_one_word() -> None:
    matcher = Matcher(FILES)
    words = {matcher.key_of(track) for track in (SourceTrack("Can", "Halleluhwah"), SourceTrack("", "", mbid=MBID))}
    assert words == {"path:/m/can/01.mp3"}
    assert matcher.key_of(SourceTrack("Nobody", "Nothing")) == "name:nobody/nothing"
    assert matcher.files == {"path:/m/can/01.mp3": Path("/m/can/01.mp3")}
    known = LocalTrack(Path("/m/a.mp3"), TrackInfo("a"), track_id=TrackId("0" * 16), other_paths=(Path("/m/b.mp3"),))
    assert local_key(known) == f"track:{'0' * 16}"
    assert LocalIndex([known]).find(SourceTrack(path=Path("/m/b.mp3"))).track == known


def test_real_files_are_found_by_name_and_place(tmp_path: Path) -> None:
    write_song(tmp_path / "one" / "02 - Sigur Rós - Glósóli.wav", 1, seconds=0.7)
    write_song(tmp_path / "two" / "x.wav", 2, seconds=0.7)
    index = LocalIndex(read_folder(tmp_path, on_error=lambda error: pytest.fail(str(error))))
    assert index.find(SourceTrack("Sigur Ros", "Glosoli")).how == "name"
    assert index.find(SourceTrack(path=tmp_path / "two" / "x.wav")).how == "path"


def test_time_grows_with_the_tracks_only() -> None:
    def seconds(count: int) -> float:
        files = [local(f"/m/{k}/{k % 12}.mp3", f"Artist {k % 99}", f"Title {k} word") for k in range(count)]
        wanted = [SourceTrack(f"The Artist {k % 99}", f"Title {k} word (Remastered)") for k in range(count)]
        normal_title.cache_clear()
        began = time.process_time()
        index = LocalIndex(files)
        assert all(index.find(track).track for track in wanted)
        return time.process_time() - began

    few, many = (min(seconds(count) for _ in range(3)) for count in (1_000, 8_000))  # the least disturbed of three
    assert many < 40 * few  # eight times the tracks; a square law would be 64 times
