"""The shell train_track2vec.py, from the words to the files."""

from __future__ import annotations

import io
import json
from dataclasses import fields
from pathlib import Path

import pytest
from tqdm import tqdm

import train_track2vec
from segue.train.sources.jsonl import write_playlists
from segue.train.track2vec import Track2VecSpec, load_vectors
from segue.train.track2vec_run import RunSpec
from segue.train.track2vec_words import parse
from tests.conftest import ROOT
from tests.train.playlists import CLUSTERS, TRACKS_A_CLUSTER, clustered

QUICK = ["--size", "8", "--epochs", "3", "--min-count", "2"]


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lists") / "lists.jsonl"
    write_playlists(path, clustered(150))
    return path


def test_playlists_become_a_model_with_a_card(lists: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "model"
    assert train_track2vec.main([str(lists), "--out", str(out), *QUICK]) == 0
    said = capsys.readouterr().out
    assert "| popularity | - |" in said
    assert "| Track2Vec, what follows | 20 |" in said
    card = json.loads((out / "track2vec.json").read_text(encoding="utf-8"))
    assert len(load_vectors(out)) == card["learned_tracks"] > 0.9 * CLUSTERS * TRACKS_A_CLUSTER
    assert card["facts"]["playlists"] == 150
    assert card["learned_playlists"] + card["held_out_playlists"] == 150
    assert card["sources"] == ["lists.jsonl"]
    assert card["spec"]["epochs"] == 3
    assert card["same_again"] is True
    assert {row["name"] for row in card["judged"]} > {"popularity", "co-occurrence, cosine", "Track2Vec, likeness"}
    assert card["fingerprint"] in (out / "track2vec.md").read_text(encoding="utf-8")
    assert not (out / ".work").exists()


def test_validation_leaves_the_held_out_playlists_untouched(lists: Path, tmp_path: Path) -> None:
    words = ["train", str(lists), "--split", "date", *QUICK, "--order", "bag"]
    assert train_track2vec.main([*words, "--out", str(tmp_path / "a")]) == 0
    assert train_track2vec.main([*words, "--out", str(tmp_path / "b"), "--judge-by", "validation"]) == 0
    final, trial = (json.loads((tmp_path / n / "track2vec.json").read_text(encoding="utf-8")) for n in "ab")
    assert "popularity, last 28 days" in {row["name"] for row in final["judged"]}
    assert trial["held_out_from"] < final["held_out_from"]
    assert trial["learned_playlists"] + trial["held_out_playlists"] == final["learned_playlists"]


def test_all_playlists_can_be_learned_and_none_held_out(
    lists: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train_track2vec.main([str(lists), "--out", str(tmp_path), *QUICK, "--hold-out", "0"]) == 0
    assert "there are no scores" in capsys.readouterr().out
    card = json.loads((tmp_path / "track2vec.json").read_text(encoding="utf-8"))
    assert (card["learned_playlists"], card["judged"]) == (150, [])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--min-count", "1000"], "tracks left: 160 at 1"),
        (["--hold-out", "1"], "hold_out is 1.0"),
        (["--window", "0"], "window is 0. Give 1 or more"),
    ],
)
def test_what_cannot_be_done_is_told_in_words(
    lists: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], message: str
) -> None:
    assert train_track2vec.main([str(lists), "--out", str(tmp_path / "m"), *QUICK, *more]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "m" / "track2vec.kv").exists()


def test_match_says_what_is_there(lists: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train_track2vec.main(["match", str(lists)]) == 1
    assert "Name --music DIR or --data DIR" in capsys.readouterr().err
    assert train_track2vec.main(["match", str(lists), "--music", str(tmp_path)]) == 1
    assert "none of 160 tracks in 150 playlists was found among 0 files" in capsys.readouterr().err


@pytest.mark.parametrize("spec", [Track2VecSpec, RunSpec])
def test_the_options_are_documented(spec: type) -> None:
    page = (ROOT / "docs/track2vec.md").read_text(encoding="utf-8")
    rows = [
        f"| `--{option.name.replace('_', '-')}` | {option.default} | {option.metadata['doc']} |"
        for option in fields(spec)
        if "doc" in option.metadata
    ]
    assert len(rows) > 4
    assert [row for row in rows if row not in page] == []


def test_ctrl_c_ends_it_with_a_word(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("segue.train.track2vec_words.parse", interrupt)
    assert train_track2vec.main(["x.m3u"]) == 130
    assert "run the same command again and it goes on" in capsys.readouterr().err


def test_the_bar_shows_each_stage_from_its_start() -> None:
    drawn = io.StringIO()
    with tqdm(file=drawn, mininterval=0.0, miniters=1) as bar:
        train_track2vec._show(bar, "epoch 1 of 2", 5, 10)
        train_track2vec._show(bar, "epoch 2 of 2", 2, 10)
        assert (bar.n, bar.total) == (2, 10)
        train_track2vec._show(bar, "playlists", 3, None)
        assert (bar.n, bar.total) == (3, None)
    assert "epoch 2 of 2:  20%" in drawn.getvalue()


def test_words_without_a_command_train() -> None:
    assert parse(["x.m3u"]).run is parse(["train", "x.m3u"]).run
    assert parse(["fetch", "listenbrainz", "somebody", "--no-listens"]).listens is False
    assert parse(["fetch", "spotify", "--client-id", "abc"]).playlists == []
    with pytest.raises(SystemExit):
        parse(["fetch"])
