"""`segue journey`, `reorder` and `expand`, from words to playlist files, on real files and the bundled ear."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from segue.cli.start import main
from segue.play.m3u import read_playlist
from tests.command_line import answer, refusal
from tests.songs import write_song, write_songs


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder over six songs; the songs lie beside it in ``music``."""
    folder = tmp_path_factory.mktemp("journeys")
    write_songs(folder / "music")
    assert main(["scan", str(folder / "music"), "--data", str(folder / "data"), "--json"]) == 0
    return folder / "data"


def test_a_journey_from_a_file_that_is_not_in_the_library(
    scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = write_song(tmp_path / "unknown.wav", 7, bright=True)
    words = ["journey", outside, "low 0", "--between", "2", "--data", scanned]
    found = answer(capsys, *words, "--json", "--out", tmp_path / "way.m3u8")
    kinds = [stop["kind"] for stop in found["stops"]]
    assert kinds == ["waypoint", "between", "between", "waypoint"]
    assert found["stops"][0]["id"] is None
    assert found["stops"][0]["path"] == str(outside)
    assert found["stops"][-1]["title"] == "Low 0"
    assert found["relaxed"] == ["length limits"]  # the songs last 11 s
    entries = read_playlist(tmp_path / "way.m3u8").entries
    assert [str(entry.path) for entry in entries] == [stop["path"] for stop in found["stops"]]
    capsys.readouterr()
    assert main([str(word) for word in words]) == 0
    said = capsys.readouterr()
    assert "1 of 2 on the way from" in said.out
    assert "4 songs, 1 min; the largest step" in said.err


def test_a_journey_with_all_its_words(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third = (
        row["id"] for row in answer(capsys, "similar", "low 0", "--count", "3", "--data", scanned, "--json")
    )
    words = ["journey", "low 0", first, "--data", scanned, "--json"]
    pinned = answer(capsys, *words, "--between", "2", "--pin", f"2={second}", "--without", third, "--mode", "smoothest")
    assert pinned["stops"][1]["id"] == second
    assert third not in {stop["id"] for stop in pinned["stops"]}
    loop = answer(capsys, *words, "--loop", "--arc", "wave", "--between", "1")
    assert (len(loop["stops"]), loop["loop"], loop["arc"]) == (4, True, "wave")
    timed = answer(capsys, *words, "--minutes", "0.6")
    assert timed["duration_s"] == pytest.approx(33.0, abs=1.0)
    more = answer(capsys, *words, "--between", "20")
    assert len(more["stops"]) == 6
    assert "16 of 20 stops between stay empty" in more["ended"]


def test_what_is_pinned_may_not_be_forbidden(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It was played all the same."""
    words = ["journey", "low 0", "high 0", "--pin", "2=low 1", "--without", "low 1", "--data", scanned]
    assert "--pin 2=low 1 wants a track that --without forbids" in refusal(capsys, *words, code=2)


def test_words_that_are_no_journey(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "needs two waypoints" in refusal(capsys, "journey", "low 0", "--data", scanned)
    assert "pins nothing" in refusal(capsys, "journey", "low 0", "low 1", "--pin", "x", "--data", scanned)
    assert "Scan a folder" in refusal(capsys, "journey", "a", "b", "--data", scanned / "none")


def test_a_playlist_is_reordered_and_expanded(
    scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be heard stays, at the end, and is told."""
    music = sorted((scanned.parent / "music").rglob("*.wav"))
    mixed = [music[0], music[3], music[1], music[4], tmp_path / "gone.mp3"]
    (tmp_path / "list.m3u").write_text("\n".join(map(str, mixed)))
    capsys.readouterr()
    assert (
        main(
            [
                "reorder",
                str(tmp_path / "list.m3u"),
                "--keep-first",
                "--out",
                str(tmp_path / "new.xspf"),
                "--data",
                str(scanned),
                "--json",
            ]
        )
        == 0
    )
    said = capsys.readouterr()
    assert "gone.mp3" in said.err
    found = json.loads(said.out)
    assert found["is_exact"]
    assert found["after"]["mean"] >= found["before"]["mean"]
    assert found["songs"][0]["path"] == str(music[0])
    assert [song["artist"].split()[0] for song in found["songs"]] in (
        ["Bright"] * 2 + ["Dark"] * 2,
        ["Dark"] * 2 + ["Bright"] * 2,
    )
    entries = read_playlist(tmp_path / "new.xspf").entries
    assert [str(e.path) for e in entries] == [*(song["path"] for song in found["songs"]), str(tmp_path / "gone.mp3")]
    grown = answer(
        capsys,
        "expand",
        tmp_path / "new.xspf",
        "--by",
        "5",
        "--out",
        tmp_path / "grown.m3u8",
        "--data",
        scanned,
        "--json",
    )
    assert len(grown["songs"]) == 6
    assert "3 songs fewer than wanted" in grown["ended"]
    assert [song["id"] for song in grown["songs"] if song["was"] is not None] == [song["id"] for song in found["songs"]]
    assert len(read_playlist(tmp_path / "grown.m3u8").entries) == 7
    capsys.readouterr()
    assert main(["expand", "low 0", "--data", str(scanned)]) == 0
    said = capsys.readouterr()
    assert "follow each other at" in said.err
    lines = said.out.splitlines()
    assert lines[0].startswith("  Dark")
    assert lines[1].startswith("+ ")
    assert "Put after 'Low 0'" in lines[2]


def test_a_playlist_of_nothing(scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.m3u").write_text("#EXTM3U\n")
    assert "no song in it that can be heard" in refusal(capsys, "reorder", tmp_path / "empty.m3u", "--data", scanned)
