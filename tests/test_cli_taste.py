"""`segue taste` and `segue profile`, from words to answer, on real files and the bundled ear."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from segue.cli.start import main
from segue.play.m3u import read_playlist
from segue.services import Services
from segue.store.events import Event
from tests.songs import write_songs

_KNOWN = ("tempo_bpm", "key", "camelot", "loudness_lufs")


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder over six songs."""
    folder = tmp_path_factory.mktemp("taste")
    write_songs(folder / "music")
    assert main(["scan", str(folder / "music"), "--data", str(folder / "data"), "--json"]) == 0
    return folder / "data"


@pytest.fixture
def data(scanned: Path) -> Iterator[Path]:
    """The same, with nothing noted of anybody, before and after."""
    yield scanned
    with closing(sqlite3.connect(scanned / "library.db", isolation_level=None)) as db:
        for table in ("events", "bans", "profiles"):
            db.execute(f"DELETE FROM {table}")
        db.execute("DELETE FROM meta WHERE key = 'taste'")


def answer(capsys: pytest.CaptureFixture[str], data: Path, *words: str | Path) -> Any:
    capsys.readouterr()
    assert main([*map(str, words), "--data", str(data), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def said(capsys: pytest.CaptureFixture[str], data: Path, *words: str | Path, code: int = 0) -> str:
    capsys.readouterr()
    assert main([*map(str, words), "--data", str(data)]) == code
    both = capsys.readouterr()
    return both.err if code else both.out


def picks(capsys: pytest.CaptureFixture[str], data: Path, *words: str | Path) -> list[str]:
    return [pick["title"] for pick in answer(capsys, data, *words, "--min-length", "0")["picks"]]


# Taste ----------------------------------------------------------------------------------------------------------------


def test_opinions_count_at_once_and_can_be_taken_back(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, data, "taste", "dislike", "low 1")[0]["opinion"] == "disliked"
    assert {row["opinion"] for row in answer(capsys, data, "taste", "ban", "high 1", "high 2")} == {"banned"}
    assert sorted(picks(capsys, data, "playlist", "low 0")) == ["High 0", "Low 2"]
    listed = said(capsys, data, "taste", "list")
    assert sorted(line.split()[0] for line in listed.splitlines()) == ["banned", "banned", "disliked"]
    assert answer(capsys, data, "taste", "unrate", "low 1")[0]["opinion"] == "unrated"
    assert answer(capsys, data, "taste", "allow", "high 1", "high 2")[0]["opinion"] == "unrated"
    assert answer(capsys, data, "taste", "list") == []
    assert len(picks(capsys, data, "playlist", "low 0")) == 5


def test_what_is_known_of_a_song_is_told_with_the_opinion(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Tempo, key and loudness were null."""
    known = {name: fact for name, fact in answer(capsys, data, "show", "low 1").items() if name in _KNOWN}
    assert known["loudness_lufs"] is not None
    for words in (["like", "low 1"], ["list"]):
        row = answer(capsys, data, "taste", *words)[0]
        assert {name: row[name] for name in _KNOWN} == known


def test_to_allow_says_whether_there_was_a_ban(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It said "unrated" of either."""
    answer(capsys, data, "taste", "ban", "low 1")
    assert said(capsys, data, "taste", "allow", "low 1") == "allowed again   Dark 1 - Low 1\n"
    assert said(capsys, data, "taste", "allow", "low 1") == "was not banned  Dark 1 - Low 1\n"
    assert answer(capsys, data, "taste", "allow", "low 1")[0]["was"] == "unrated"


def test_one_name_that_is_wrong_changes_nothing(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "polka" in said(capsys, data, "taste", "like", "low 1", "polka", code=1)
    assert answer(capsys, data, "taste", "list") == []


def test_where_learning_stands(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Nothing is learnt before 30 songs" in said(capsys, data, "taste")
    with closing(Services(data)) as services:
        dark, bright = ([t.id for t in services.search(word)] for word in ("dark", "bright"))
        wanted = [Event(i, "played", dark[i % 3], bright[i % 2], 1.0, "chosen") for i in range(60)]
        unwanted = [Event(i, "skipped_early", bright[i % 3], dark[i % 2], 0.1, "chosen") for i in range(60)]
        services.library.events.add(*(event for pair in zip(wanted, unwanted, strict=True) for event in pair))
    report = answer(capsys, data, "taste")
    assert report["in_force"]
    assert report["verdict"]["low"] > 0
    assert "It helps." in said(capsys, data, "taste")
    turned = answer(capsys, data, "playlist", "high 0", "--count", "1", "--min-length", "0")["picks"][0]
    assert "turned to your taste" in turned["why"]
    assert answer(capsys, data, "taste", "off") == {"switch": "off", "in_force": False, "why": "It is switched off."}
    plain = answer(capsys, data, "playlist", "high 0", "--count", "1", "--min-length", "0")["picks"][0]
    assert "taste" not in plain["why"]
    assert "Say --yes" in said(capsys, data, "taste", "forget", code=1)
    assert answer(capsys, data, "taste", "forget", "--yes") == {"forgotten": 120}
    assert answer(capsys, data, "taste")["events"] == 0


def test_where_there_is_no_library_none_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["taste"],
        ["taste", "off"],
        ["taste", "ban", "x"],
        ["profile", "list"],
        ["profile", "save", "a", "x"],
    ):
        assert "no library yet" in said(capsys, tmp_path / "data", *words, code=1)
    assert list(tmp_path.iterdir()) == []


# Profiles -------------------------------------------------------------------------------------------------------------


def test_a_profile_keeps_all_that_was_said(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--count", "2", "--lookback", "1", "--min-length", "0", "--artist-spacing", "0", "--like", "low 2"]
    assert answer(capsys, data, "profile", "save", "Sunday  morning", "low 0", "low 1", *words)["seeds"] == 2
    straight = answer(capsys, data, "playlist", "low 0", "low 1", *words)["picks"]
    out = tmp_path / "sunday.m3u8"
    played = answer(capsys, data, "profile", "play", "sunday morning", "--out", out)["picks"]
    assert [pick["id"] for pick in played] == [pick["id"] for pick in straight]
    assert len(read_playlist(out).entries) == 4
    assert len(answer(capsys, data, "profile", "play", "Sunday morning", "--count", "3")["picks"]) == 3
    shown = answer(capsys, data, "profile", "show", "Sunday morning")
    assert [seed["name"] for seed in shown["seeds"]] == ["Dark 0 - Low 0", "Dark 1 - Low 1"]
    assert (shown["spec"]["lookback"], shown["spec"]["wishes"]["shortest_s"]) == (1, 0.0)
    text = said(capsys, data, "profile", "show", "Sunday morning")
    assert "lookback     1" in text
    assert "noise" not in text  # it is as usual


def test_a_tag_that_the_ear_does_not_know_is_told_and_left_aside(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(capsys, data, "profile", "save", "Sunday", "low 0", "--min-length", "0", "--not-tag", "another ear's word")
    assert main(["profile", "play", "Sunday", "--data", str(data), "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["picks"]
    assert "the ear knows no tag 'another ear's word', which is left aside" in told.err


def test_times_of_the_week(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("Sunday", "Days"):
        answer(capsys, data, "profile", "save", name, "low 0")
    assert answer(capsys, data, "profile", "schedule", "sunday", "Sun 9-12")["times"] == ["Sun 09:00-12:00"]
    answer(capsys, data, "profile", "schedule", "days", "daily 8-20")
    held = answer(capsys, data, "profile", "now", "--at", "2026-11-29 10:00")
    assert held["holds"] == {
        "name": "Sunday", "by": "Sun 09:00-12:00", "until": "2026-11-29 12:00", "before": ["Days"]
    }  # fmt: skip
    assert held["next"]["at"] == "2026-11-30 08:00"
    assert "more specific" in said(capsys, data, "profile", "now", "--at", "2026-11-29 10:00")
    assert "No profile holds now" in said(capsys, data, "profile", "now", "--at", "2026-11-29 21:00")
    assert "picks" in answer(capsys, data, "profile", "play", "--at", "2026-11-29 10:00")
    assert "no profile holds now" in said(capsys, data, "profile", "play", "--at", "2026-11-29 21:00", code=1)
    answer(capsys, data, "profile", "save", "SUNDAY", "low 1")  # saved anew, it keeps its times
    listed = answer(capsys, data, "profile", "list")["profiles"]
    assert {(row["name"], *row["times"]) for row in listed} == {
        ("SUNDAY", "Sun 09:00-12:00"), ("Days", "daily 08:00-20:00")
    }  # fmt: skip
    assert answer(capsys, data, "profile", "schedule", "sunday")["times"] == []
    assert "whenever" in said(capsys, data, "profile", "schedule", "sunday", "whenever", code=1)
    with pytest.raises(SystemExit, match="2"):
        main(["profile", "now", "--at", "noon", "--data", str(data)])


def test_where_there_is_nothing_to_list_that_is_said(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, what in (("profile", "No profile is saved yet"), ("taste", "Nothing is liked, disliked or banned")):
        capsys.readouterr()
        assert main([words, "list", "--data", str(data)]) == 0
        told = capsys.readouterr()
        assert (told.out, what in told.err) == ("", True)


def test_what_is_wrong_with_a_profile_is_said(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Save one first" in said(capsys, data, "profile", "show", "Sunday", code=1)
    answer(capsys, data, "profile", "save", "Sunday", "low 0", "low 1")
    assert "Did you mean 'Sunday'?" in said(capsys, data, "profile", "show", "sundy", code=1)
    assert "is no name" in said(capsys, data, "profile", "save", " ", "low 0", code=1)
    write_songs(tmp_path / "more", each=1)
    outside = tmp_path / "more" / "bright" / "Bright 0 - High 0.wav"
    outside.write_bytes(outside.read_bytes() + b"\0\0")
    assert "not in it" in said(capsys, data, "profile", "save", "Other", outside, code=1)
    song = next((data.parent / "music").rglob("*.wav"))
    (tmp_path / "all.m3u").write_text(f"{song}\n" * 10_001)
    assert "10,001 songs" in said(capsys, data, "profile", "save", "Other", tmp_path / "all.m3u", code=1)
    with closing(sqlite3.connect(data / "library.db", isolation_level=None)) as db:
        body = json.loads(db.execute("SELECT body FROM profiles").fetchone()[0])
        gone = {**body, "seeds": [["f" * 16, "Nobody - Nothing"], *body["seeds"]]}
        away = {**body, "seeds": [["f" * 16, "Nobody - Nothing"]]}
        wrong = {**body, "spec": {"lookback": 99}}
        for name, value in (("gone", gone), ("away", away), ("wrong", wrong), ("times", {**body, "times": ["never"]})):
            db.execute("INSERT INTO profiles VALUES (?, ?)", (name, json.dumps(value)))
        db.execute("INSERT INTO profiles VALUES ('broken', '{')")
    capsys.readouterr()
    assert main(["profile", "play", "gone", "--data", str(data), "--json"]) == 0
    assert "Nobody - Nothing has left the library" in capsys.readouterr().err
    assert "(has left the library)" in said(capsys, data, "profile", "show", "gone")
    assert "(Nobody - Nothing)" in said(capsys, data, "profile", "play", "away", code=1)
    assert "lookback is 99" in said(capsys, data, "profile", "play", "wrong", code=1)
    assert "no JSON object" in said(capsys, data, "profile", "show", "broken", code=1)
    assert set(answer(capsys, data, "profile", "list")["damaged"]) == {"broken", "wrong", "times"}
    assert answer(capsys, data, "profile", "remove", "broken") == {"removed": "broken"}
    assert "no profile" in said(capsys, data, "profile", "remove", "broken", code=1)
