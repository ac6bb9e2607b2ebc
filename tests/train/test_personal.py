"""A head from playlists to the ear that a library goes by: real playlists, library and networks, but no audio."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from segue.embed.encoder import Ear
from segue.embed.head import read_head
from segue.errors import ModelError, ParameterError, PlaylistError
from segue.store.library import Library
from segue.store.rehearing import hear_again
from segue.train.own import OwnSpec
from segue.train.personal import run_head
from segue.values import FileStat, Fingerprint, Hearing, TrackId, TrackInfo
from tests.train.test_finetune import silent
from tests.train.test_head import QUICK, WIDE, small_ear, some_music
from train_speccy import main

TRACKS = 40


@pytest.fixture(scope="module")
def kinds() -> np.ndarray:
    return some_music(TRACKS)[2]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of forty songs by twenty artists, heard by the ear `small`; their files are gone."""
    folder = tmp_path_factory.mktemp("own") / "data"
    ear = in_models(folder)
    with Library.open(folder) as library:
        for number, vectors in enumerate(some_music(TRACKS)[0]):
            info = TrackInfo(f"Song {number}", artist=f"Artist {number // 2}", duration_s=60.0)
            hearing = Hearing(TrackId(f"{number:016x}"), info, vectors, ear.fingerprint)
            library.add(hearing, song(number), stat=FileStat(1, 1), vector=vectors.mean(axis=0))
    return folder


@pytest.fixture(scope="module")
def playlists(tmp_path_factory: pytest.TempPathFactory, kinds: np.ndarray) -> Path:
    """Thirty lists, each of songs of one kind; kinds are told by the faintest numbers of the slice vectors."""
    folder, rng = tmp_path_factory.mktemp("playlists"), np.random.default_rng(1)
    for number in range(30):
        members = rng.permutation(np.flatnonzero(kinds == number % 4))[:6]
        lines = ["#EXTM3U", *(str(song(int(k))) for k in members), "/not/here.mp3"]
        (folder / f"{number}.m3u8").write_text("\n".join(lines), encoding="utf-8")
    (folder / "lonely.m3u8").write_text(f"#EXTM3U\n{song(0)}\n", encoding="utf-8")
    return folder


def song(number: int) -> Path:
    return Path(f"/gone/Artist {number // 2}/{number}.mp3")


def in_models(folder: Path) -> Ear:
    """The ear `small` among the ears of a data folder."""
    folder.mkdir(exist_ok=True)
    ear = small_ear(folder / "models")
    digest = hashlib.sha256(ear.network.read_bytes()).hexdigest()
    facts = {"name": "small", "dimension": WIDE, "mel": asdict(ear.mel), "epsilon": 0.03, "pooling": "mean"}
    card = ear.network.with_suffix(".json")
    card.write_text(json.dumps({**facts, "sha256": digest}), encoding="utf-8")
    return replace(ear, fingerprint=Fingerprint(digest[:8], ear.mel.fingerprint))


def spec_for(data: Path, playlists: Path, work: Path) -> OwnSpec:
    return OwnSpec((playlists,), "mine", work, ear="small", data=data)


def test_a_head_learns_what_the_playlists_go_by_and_the_library_goes_by_it(
    data: Path, playlists: Path, tmp_path: Path
) -> None:
    spec = spec_for(data, playlists, tmp_path)
    made = run_head(spec, head=QUICK, on_progress=silent)
    assert made.card == data / "models" / "mine.json"
    scores = made.scores
    assert scores["validation_cosine"] > 1.1 * scores["constant_cosine"]
    assert scores["cosine_ratio"] == pytest.approx(scores["validation_cosine"] / scores["constant_cosine"])
    assert scores["after_hit10"] > scores["before_hit10"]
    assert scores["after_new_artists_mrr"] > scores["before_new_artists_mrr"]
    assert any("playlists with fewer than" in line for line in made.lines)
    assert any("40 of 41 different tracks were matched" in line for line in made.lines)
    assert any("ratio" in line for line in made.lines)
    ear = spec.shelf.take("mine")
    assert ear.fingerprint.model != in_models(data).fingerprint.model
    head = read_head(ear)
    assert head is not None
    with Library.open(data) as library:
        assert head.of in library.fingerprints()
        assert hear_again(library, ear).missing == 0
        assert len(library.vectors(ear.fingerprint).ids) == TRACKS
    with pytest.raises(ModelError, match="there is an ear called 'mine' already"):
        run_head(spec, head=QUICK, on_progress=silent)


def test_the_command_says_what_came_of_it(
    data: Path, playlists: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--arch", "head", "--ear", "small", "--playlists", str(playlists), "--data", str(data)]
    words += ["--name", "told", "--work", str(tmp_path)]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "validation cosine" in said
    assert "constant answer" in said
    assert f"written: {data / 'models' / 'told.json'}" in said
    assert main(words) == 1
    assert "there is an ear called 'told' already" in capsys.readouterr().err


def test_playlists_of_other_music_are_refused_with_the_count(data: Path, tmp_path: Path) -> None:
    (tmp_path / "other.m3u8").write_text("#EXTM3U\n/a.mp3\n/b.mp3\n/c.mp3\n", encoding="utf-8")
    spec = replace(spec_for(data, tmp_path / "other.m3u8", tmp_path / "work"), name="other")
    with pytest.raises(PlaylistError, match="none of the 3 different tracks in 1 playlists was found among 40 files"):
        run_head(spec, on_progress=silent)
    assert (tmp_path / "work" / "matching.json").is_file()


def test_too_few_tracks_are_refused(data: Path, tmp_path: Path) -> None:
    (tmp_path / "few.m3u8").write_text(f"#EXTM3U\n{song(0)}\n{song(1)}\n{song(2)}\n", encoding="utf-8")
    spec = replace(spec_for(data, tmp_path / "few.m3u8", tmp_path / "work"), name="few")
    with pytest.raises(PlaylistError, match="3 tracks of the playlists are in the library"):
        run_head(spec, on_progress=silent)


def test_what_cannot_be_kept_is_refused_before_any_work(data: Path, playlists: Path, tmp_path: Path) -> None:
    spec = spec_for(data, playlists, tmp_path)
    with pytest.raises(ParameterError, match="there is no music to learn from"):
        run_head(replace(spec, data=None), on_progress=silent)
    with pytest.raises(ParameterError, match="cannot be called 'speccy'"):
        run_head(replace(spec, name="speccy"), on_progress=silent)
    with pytest.raises(ModelError, match="no ear is called 'nobody'"):
        run_head(replace(spec, name="new", ear="nobody"), on_progress=silent)
    with pytest.raises(ModelError, match="made by"):
        run_head(replace(spec, name="new", ear="speccy"), on_progress=silent)


def test_a_damaged_ear_is_refused(data: Path, playlists: Path, tmp_path: Path) -> None:
    network = in_models(tmp_path / "data").network
    network.write_bytes(network.read_bytes()[:-30])
    spec = replace(spec_for(data, playlists, tmp_path), name="new", ear=str(network.with_suffix(".json")))
    with pytest.raises(ModelError, match="is not the one on its card"):
        run_head(spec, on_progress=silent)
