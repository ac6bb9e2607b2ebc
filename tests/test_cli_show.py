"""What the command line says of tempo, key and loudness, where they are known and where they are not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from segue.cli.start import main
from segue.store.library import Library
from segue.values import UNKNOWN_RHYTHM as UNKNOWN
from segue.values import TrackInfo
from tests.store_heard import KNOWN, add, heard

RHYTHM = replace(KNOWN, tempo_alternatives=(175.0,), outro_start_s=180.0, outro_confidence=0.25)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three songs: one of known rhythm, one of which nothing could be said, one that was never measured."""
    with Library.open(tmp_path / "data") as library:
        info = TrackInfo("Known", "Band", "First", "jazz", 1999, 201.5)
        add(library, replace(heard(1, info), rhythm=RHYTHM), "/music/1.mp3")
        add(library, replace(heard(2, TrackInfo("Vague", "Band")), rhythm=UNKNOWN), "/music/2.mp3")
        add(library, heard(3, TrackInfo("Unmeasured", "Band")), "/music/3.mp3")
    return tmp_path / "data"


def told(data: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main([*words, "--data", str(data)]) == 0
    return capsys.readouterr().out


def test_what_is_known_is_said_with_how_sure_it_is(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [" ".join(line.split()) for line in told(data, capsys, "show", "known").splitlines()]
    assert lines[0] == "Band - Known"
    assert "tempo 87.5 BPM, 75% sure; may be felt as 175.0" in lines
    assert "key A minor (8A), 50% sure" in lines
    assert "loudness -9.2 LUFS" in lines
    assert "outro begins 180.0 s, 25% sure" in lines
    assert "length 3:22" in lines
    assert "file /music/1.mp3" in lines


@pytest.mark.parametrize("song", ["vague", "unmeasured"])
def test_what_is_not_known_is_said_to_be_unknown(song: str, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = {" ".join(line.split()) for line in told(data, capsys, "show", song).splitlines()}
    assert {"tempo unknown", "key unknown", "loudness unknown"} <= lines


def test_json_answers_carry_it(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = json.loads(told(data, capsys, "show", "known", "--json"))
    assert (known["tempo_bpm"], known["key"], known["camelot"], known["loudness_lufs"]) == (
        87.5,
        "A minor",
        "8A",
        -9.25,
    )
    assert known["rhythm"]["beats"] == 3
    assert known["paths"] == ["/music/1.mp3"]
    near = {row["title"]: row for row in json.loads(told(data, capsys, "similar", "unmeasured", "--json"))}
    assert near["Known"]["camelot"] == "8A"
    assert near["Vague"]["tempo_bpm"] is None


def test_the_export_carries_it(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(data, capsys, "export", str(tmp_path / "all.json"))
    rows = {row["title"]: row for row in json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))}
    assert rows["Known"]["rhythm"]["tempo_alternatives"] == [175.0]
    assert rows["Vague"]["rhythm"]["key"] is None
    assert rows["Unmeasured"]["rhythm"] is None
