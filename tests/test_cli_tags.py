"""`segue tags`, and playlists by tags, on real files and the bundled ear."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.cli.start import main
from segue.services import Services
from tests.command_line import answer
from tests.songs import write_songs


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder over four songs."""
    folder = tmp_path_factory.mktemp("tags")
    write_songs(folder / "music", each=2)
    assert main(["scan", str(folder / "music"), "--data", str(folder / "data"), "--json"]) == 0
    return folder / "data"


def test_a_scan_leaves_tags_that_searches_find(scanned: Path) -> None:
    services = Services(scanned, read_only=True)
    ear, tagger = services.ear, services.tags
    heard = dict(services.library.heard_tags.items(ear.fingerprint, tagger._tagger()[1].fingerprint))
    assert len(heard) == 4
    name = tagger.counts()[0][0]
    sure = {track_id for track_id, names in tagger.confident().items() if name in names}
    assert sure
    assert {track.id for track in services.search(name)} == sure
    services.close()


def test_the_tags_of_a_track_and_of_the_library(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = answer(capsys, "tags", "Dark 0", "--data", scanned, "--json")
    assert one["title"]
    assert {"tag", "group", "probability", "confident"} == set(one["tags"][0])
    counts = answer(capsys, "tags", "--data", scanned, "--json")
    assert {row["tag"] for row in one["tags"]} == {row["tag"] for row in counts}
    assert main(["tags", "--data", str(scanned)]) == 0
    told = [int(line.split()[0]) for line in capsys.readouterr().out.splitlines()]
    assert told == [row["tracks"] for row in counts if row["tracks"]]
    assert len(told) < len(counts)
    top = answer(capsys, "tags", "--top", "electronic", "--data", scanned, "--json")
    assert [row["probability"] for row in top] == sorted((row["probability"] for row in top), reverse=True)
    assert main(["tags", "Dark 0", "--data", str(scanned)]) == 0
    assert "confidence" in capsys.readouterr().out


def test_a_playlist_keeps_to_what_was_asked_for(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, count = next((row["tag"], row["tracks"]) for row in answer(capsys, "tags", "--data", scanned, "--json"))
    kept = answer(capsys, "playlist", "Dark 0", "--only-tag", name, "--data", scanned, "--json")
    assert len(kept["picks"]) <= count
    none = answer(capsys, "playlist", "Dark 0", "--not-tag", name, "--data", scanned, "--json")
    assert {pick["id"] for pick in kept["picks"]}.isdisjoint(pick["id"] for pick in none["picks"])
    assert f" is heard as {name}" in none["ended"]
    nothing = answer(capsys, "playlist", "Dark 0", "--only-tag", "country", "--data", scanned, "--json")
    assert nothing["picks"] == []
    assert " is not heard as country" in nothing["ended"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["tags", "--top", "jaz"], 1),
        (["playlist", "Dark 0", "--not-tag", "jaz"], 1),
        (["tags", "Dark 0", "--top", "jazz"], 2),
    ],
)
def test_what_cannot_be_meant_is_refused(
    scanned: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int
) -> None:
    capsys.readouterr()
    assert main([*words, "--data", str(scanned)]) == code
    assert capsys.readouterr().err.count("\n") == 1
