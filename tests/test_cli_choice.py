"""The words of the command line that say how to choose, and `segue why`, on real files and the bundled ear."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from segue.choose.wishes import Wishes
from segue.cli.choice_words import direction_words, join_words, number_range, wish_words, wishes_of
from segue.cli.start import main
from segue.files import real_path
from segue.play.m3u import read_playlist
from segue.store.library import Library
from tests.songs import write_song, write_songs


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder over six songs, in the folders "dark" and "bright"."""
    folder = tmp_path_factory.mktemp("choice")
    write_songs(folder / "music")
    assert main(["scan", str(folder / "music"), "--data", str(folder / "data"), "--json"]) == 0
    return folder / "data"


def answer(capsys: pytest.CaptureFixture[str], *words: str | Path) -> Any:
    capsys.readouterr()
    assert main([str(word) for word in words]) == 0
    return json.loads(capsys.readouterr().out)


def wishes(*words: str) -> Wishes:
    parser = argparse.ArgumentParser()
    direction_words(parser)
    join_words(parser)
    wish_words(parser)
    return wishes_of(parser.parse_args(words))


def test_what_is_not_said_is_as_usual() -> None:
    assert wishes() == Wishes()


def test_the_words_become_wishes() -> None:
    said = wishes(
        *("--year", "1970-1989", "--tempo", "118-126", "--octaves", "--min-length", "10", "--genre", "jazz"),
        *(
            "--genre",
            "soul",
            "--not-in",
            "Audiobooks",
            "--in",
            "/m/../n",
            "--no-repeat-hours",
            "2",
            "--album-spacing",
            "4",
        ),
        *("--versions", "once", "--christmas", "never", "--spoken", "--strict", "--not-tag", "metal"),
    )
    assert said == Wishes(
        first_year=1970,
        last_year=1989,
        slowest_bpm=118.0,
        fastest_bpm=126.0,
        octaves=True,
        shortest_s=10.0,
        genres=frozenset({"jazz", "soul"}),
        folders=frozenset({str(real_path("/n"))}),
        not_folders=frozenset({"Audiobooks"}),
        not_tags=frozenset({"metal"}),
        repeat_after_hours=2.0,
        album_spacing=4,
        versions=False,
        christmas="never",
        spoken=True,
        strict=True,
    )


@pytest.mark.parametrize(
    ("text", "ends"),
    [("1970-1989", (1970, 1989)), ("1970-", (1970, None)), ("-1989", (None, 1989)), ("99.5", (99.5, 99.5))],
)
def test_ranges_may_be_open(text: str, ends: tuple[float | None, float | None]) -> None:
    assert number_range(text) == ends


@pytest.mark.parametrize("text", ["", "-", "x", "1970-x", "nineteen", "nan-", "1970-inf"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="no range"):
        number_range(text)


def test_folders_keep_a_playlist_to_themselves(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dark = scanned.parent / "music" / "dark"
    base = ["playlist", "high 1", "--min-length", "0", "--data", scanned, "--json"]
    for words in (["--in", dark], ["--in", "dark"], ["--not-in", "BRIGHT"]):
        picks = answer(capsys, *base, *words)["picks"]
        assert {Path(pick["path"]).parent.name for pick in picks} == {"dark"}
        assert len(picks) == 3
        assert all("folders" in pick["rules"] for pick in picks)


def test_what_a_playlist_cannot_hear_is_told_and_set_aside(
    scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One file that was gone from a list used to end `playlist` and `why`."""
    song = scanned.parent / "music" / "dark" / "Dark 0 - Low 0.wav"
    (tmp_path / "list.m3u").write_text(f"{tmp_path / 'gone.mp3'}\n{song}\n")
    for words in (["playlist", tmp_path / "list.m3u", "--count", "1"], ["why", tmp_path / "list.m3u", "high 1"]):
        capsys.readouterr()
        assert main([*map(str, words), "--min-length", "0", "--data", str(scanned), "--json"]) == 0
        said = capsys.readouterr()
        assert "gone.mp3" in said.err
        assert json.loads(said.out)


def test_what_is_written_is_all_that_plays(scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files from outside the library that it begins with, and songs that come again, used to be left out."""
    outside = write_song(tmp_path / "Else - Where.wav", 77)
    words = ["playlist", outside, "high 1", "--count", "9", "--repeat-after-tracks", "3", "--min-length", "0"]
    found = answer(capsys, *words, "--data", scanned, "--out", tmp_path / "out.m3u8", "--json")
    assert len(found["picks"]) == 9
    written = [entry.path.name for entry in read_playlist(tmp_path / "out.m3u8").entries]
    picks = [Path(pick["path"]).name for pick in found["picks"]]
    assert written == ["Else - Where.wav", "Bright 1 - High 1.wav", *picks]


def test_likes_pull_and_dislikes_are_not_chosen(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = ["playlist", "high 1", "--count", "1", "--min-length", "0", "--data", scanned, "--json"]
    usual = answer(capsys, *base)["picks"][0]
    assert usual["title"].startswith("High")
    assert answer(capsys, *base, "--dislike", usual["title"])["picks"][0]["title"] != usual["title"]
    weights = ["--join-weight", "0", "--tempo-weight", "0", "--key-weight", "0"]
    plain = answer(capsys, *base, *weights, "--like", "low 0", "--like", "low 1")["picks"][0]
    assert "what you liked" in plain["why"]


def test_adventure_needs_a_seed_and_repeats_with_it(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = ["playlist", "high 1", "--min-length", "0", "--adventure", "1", "--data", scanned, "--json"]
    assert answer(capsys, *base, "--rng-seed", "4") == answer(capsys, *base, "--rng-seed", "4")


def test_why_agrees_with_the_playlist(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--min-length", "0", "--data", scanned]
    first = answer(capsys, "playlist", "high 1", "--count", "1", *words, "--json")["picks"][0]
    told = answer(capsys, "why", "high 1", first["title"], *words, "--json")
    assert (told["id"], told["place"], told["refusals"]) == (first["id"], 1, [])
    assert told["why"] == f"It comes next. {first['why']}"
    assert main(["why", "high 1", "low 0", "--max-length", "5", *map(str, words)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("It does not come next because it lasts 0:11. By sound it is number ")
    assert said[1].endswith("to High 1")


def test_the_words_of_the_booth_hold_on_the_command_line(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--min-length", "0", "--count", "3", "--data", scanned, "--json"]
    booth = answer(capsys, "playlist", "high 1", "--keep-on", "1", "--drunk", "0.4", *words)
    assert booth == answer(capsys, "playlist", "high 1", "--lookback", "1", "--noise", "0.4", *words)


def test_a_ban_holds_on_the_command_line_too(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--min-length", "0", "--data", scanned, "--json"]
    first = answer(capsys, "playlist", "high 1", "--count", "1", *words)["picks"][0]
    with Library.open(scanned) as library:
        library.bans.put(first["id"], at_s=1.0)
    try:
        picks = answer(capsys, "playlist", "high 1", *words)["picks"]
        assert first["id"] not in [pick["id"] for pick in picks]
        assert picks[0]["refused"][0]["reason"] == "you banned it"
        assert not [pick["why"] for pick in picks if "banned" in pick["why"]]
    finally:
        with Library.open(scanned) as library:
            library.bans.drop(first["id"])


def test_what_cannot_be_meant_is_one_line(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--like", "polka"], ["--genre", "!?"], ["--in", ""]):
        capsys.readouterr()
        assert main(["playlist", "high 1", *words, "--data", str(scanned)]) == 1
        assert capsys.readouterr().err.count("\n") == 1


def test_to_add_to_no_mpd_is_refused_and_nothing_written(
    scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was passed over without a word."""
    words = ["low 0", "--mpd-add", "--out", str(tmp_path / "a.m3u8"), "--data", str(scanned)]
    for command in ("playlist", "expand"):
        assert main([command, *words]) == 1
        assert "--mpd-add says to no MPD. Say which: --mpd HOST" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
