"""Whether a library's neighbours share labels: on made vectors, and on real files for the floors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from segue.config import SPECCY_MEL
from segue.embed.encoder import Ear
from segue.errors import EmptyLibraryError, ParameterError
from segue.evaluation import EvaluationReport, Question, evaluate
from segue.services import Services
from segue.store.library import Library
from segue.store.pooled import pool_library
from segue.values import FileStat, Fingerprint, Hearing, TrackId, TrackInfo
from tests.songs import write_songs

EAR = Ear("made", Path("made.onnx"), 16, SPECCY_MEL, 0.03, "tfidf", Fingerprint("made0001", "mel00001"))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Forty tracks by twenty artists: rock near one direction, jazz near another."""
    with Library.open(tmp_path / "data") as opened:
        for i in range(40):
            rng = np.random.default_rng(i)
            vectors = np.eye(16)[i % 2] + 0.15 * rng.standard_normal((4, 16))
            info = TrackInfo(f"Song {i}", f"Band {i // 2 % 20}", genre=("Rock", "Jazz")[i % 2])
            hearing = Hearing(TrackId(f"{i:016x}"), info, vectors.astype(np.float32), EAR.fingerprint)
            path = Path(f"/music/{i}.mp3")
            opened.add(hearing, path, stat=FileStat(1000, 5), vector=vectors.mean(axis=0).astype(np.float32))
        yield opened


def rows(report: EvaluationReport) -> dict[str, float]:
    return {row.name: row.comparison.plain.p_at_5 for row in report.rows}


def test_tags_that_match_the_sound_score_full_marks(library: Library) -> None:
    report = evaluate(library, EAR, Question())
    assert report.labelling.source == "the genre in the files' tags"
    assert (report.tracks, report.labels) == (40, 2)
    assert rows(report) == {"TF-IDF": 1.0, "mean": 1.0}
    assert [row.in_use for row in report.rows] == [True, False]
    assert report.rows[0].comparison.filtered is not None
    by_artist = evaluate(library, EAR, Question(label_by="artist"))
    assert by_artist.rows[0].comparison.filtered is None
    assert by_artist.rows[0].comparison.plain.p_at_5 < 0.2  # each band plays both


def test_a_table_decides_over_the_tags(library: Library, tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    lines = [f"/music/{i}.mp3,{'early' if i < 20 else 'late'}" for i in range(40)]
    table.write_text("\n".join(["path,label", *lines, "/music/gone.mp3,late"]), encoding="utf-8")
    report = evaluate(library, EAR, Question(table=table))
    found = report.to_json()
    assert found["left_out"]["missing"] == ["/music/gone.mp3"]
    assert 0.3 < found["rows"][0]["all"]["p_at_5"] < 0.7
    assert found["rows"][0]["all"]["chance"] == pytest.approx(19 / 39, abs=1e-4)


def test_stored_vectors_are_used_where_they_are_pooled_as_the_card_says(library: Library) -> None:
    before = evaluate(library, EAR, Question())
    pool_library(library, EAR, on_begin=lambda: None)
    assert evaluate(library, EAR, Question()).rows == before.rows


def test_what_cannot_be_measured_is_said(library: Library, tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("path,label\nelsewhere.mp3,rock\n", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"no two of the 40 tracks.*1 of its files are missing"):
        evaluate(library, EAR, Question(table=table))
    table.write_text("path,label\n/music/1.mp3,rock\n/music/2.mp3,rock\n", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"only 2 of the 40 tracks share a label.*0 of its files are missing"):
        evaluate(library, EAR, Question(table=table))
    with Library.open(tmp_path / "empty") as empty, pytest.raises(EmptyLibraryError):
        evaluate(empty, EAR, Question())


def test_floors_are_heard_from_the_files_and_what_is_gone_is_left_out_of_all_rows(tmp_path: Path) -> None:
    music = write_songs(tmp_path / "music", each=4)
    services = Services(tmp_path / "data", workers=1)
    services.scan([music])
    gone = next(music.rglob("Dark 3*"))
    gone.unlink()
    told: list[tuple[str, int, int]] = []
    report = services.evaluate(
        Question(label_by="folder", root=music, floors=True, workers=1), on_progress=lambda *step: told.append(step)
    )
    services.close()
    assert list(rows(report)) == ["TF-IDF", "mean", "MFCC statistics", "random weights"]
    assert {row.comparison.plain.queries for row in report.rows} == {7}
    assert len(report.unreadable) == 1
    assert gone.name in report.unreadable[0]
    assert rows(report)["MFCC statistics"] > report.rows[0].comparison.plain.chance
    assert ("listening", 8, 8) in told
    assert told[-1] == ("comparing", 28, 28)
