"""Playlists of a made library, made and measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from segue.choose.catalogue import Catalogue
from segue.choose.index import Index
from segue.cli.start import main
from segue.embed.encoder import load_ear
from segue.errors import ParameterError
from segue.evaluation import Question
from segue.playlist_quality import PlaylistReport, Trial, evaluate_playlists
from segue.store.library import Library
from segue.values import FileStat, Hearing, TrackId, TrackInfo

EAR = load_ear()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty tracks by thirty artists: rock near one direction, jazz near another; heard by the bundled ear."""
    folder = tmp_path_factory.mktemp("playlists")
    with Library.open(folder) as library:
        for i in range(60):
            rng = np.random.default_rng(i)
            rows = (np.eye(EAR.dimension)[i % 2] + 0.04 * rng.standard_normal((4, EAR.dimension))).astype(np.float32)
            info = TrackInfo(f"Song {i}", f"Band {i // 2}", genre=("Rock", "Jazz")[i % 2], duration_s=120.0 + 2 * i)
            hearing = Hearing(TrackId(f"{i:016x}"), info, rows, EAR.fingerprint)
            library.add(hearing, Path(f"/music/{i}.mp3"), stat=FileStat(1000, i), vector=rows.mean(axis=0))
    return folder


@pytest.fixture
def library(data: Path) -> Iterator[Library]:
    with Library.open(data) as opened:
        yield opened


def measured(library: Library, question: Question, trial: Trial) -> PlaylistReport:
    held = library.vectors(EAR.fingerprint)
    infos = {track.id: track.info for track in library.tracks()}
    catalogue = Catalogue.plain(Index.build(held.ids, held.matrix), infos)
    return evaluate_playlists(library, EAR, catalogue, question=question, trial=trial)


def test_playlists_keep_to_a_kind_and_are_the_same_each_time(library: Library) -> None:
    trial = Trial(playlists=25)
    report = measured(library, Question(), trial)
    assert report.labelled_by == "the genre in the files' tags"
    assert [row.hub_weight for row in report.rows] == [0.0, 0.5]
    for row in report.rows:
        assert row.kinds is not None
        assert row.kinds.next == 1.0
        assert row.kinds.chance == pytest.approx(29 / 59)
        assert row.artists == 1.0
        assert 0.3 < row.coverage.played <= 1.0
        assert list(row.drift) == [10, 50]  # sixty tracks make no list of a hundred
        assert row.drift[10] > 0.5 > row.drift[50]  # after thirty, only the other kind is left
    assert report.journeys.rising is not None
    assert report.journeys.rising > 0.6
    assert report == measured(library, Question(), trial)


def test_labels_are_wanted_but_not_needed(library: Library, tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("path,label\n/music/1.mp3,one\n", encoding="utf-8")
    with pytest.raises(ParameterError, match="share a label"):
        measured(library, Question(table=table), Trial(playlists=1))
    with Library.open(tmp_path / "plain") as plain:
        rows = np.eye(EAR.dimension, dtype=np.float32)
        hearing = Hearing(TrackId("0" * 16), TrackInfo("Song"), rows, EAR.fingerprint)
        plain.add(hearing, Path("/music/a.mp3"), stat=FileStat(1000, 1), vector=rows[0])
        report = measured(plain, Question(), Trial(playlists=3))
    assert report.labelled_by is None
    assert report.journeys.rising is None
    assert [(row.kinds, row.steps, row.drift, row.coverage.played) for row in report.rows] == 2 * [
        (None, None, {}, 0.0)
    ]


def test_the_command_line_tells_it(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["evaluate", "playlists", "--data", str(data), "--playlists", "12", "--hub-weight", "0.25"]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["tracks"], found["playlists"], found["labelled_by"]) == (60, 12, "the genre in the files' tags")
    assert [row["hub_weight"] for row in found["rows"]] == [0.25]
    assert set(found["rows"][0]) == {"hub_weight", "steps", "kinds", "artists", "coverage", "hubness", "drift"}
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "12 playlists of 60 tracks" in said
    assert "label the same as the song before" in said
    assert "of the steps lead on" in said
    with pytest.raises(SystemExit) as stopped:
        main([*words, "--hub-weight", "2"])
    assert stopped.value.code == 2
    assert "--hub-weight: 2 is not from 0 to 1" in capsys.readouterr().err
