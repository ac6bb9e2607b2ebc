from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from segue.embed.encoder import Encoder, load_ear
from segue.embed.hearing import hear
from segue.errors import FileAccessError, ModelError, ParameterError
from segue.listen.tags import read_tags
from segue.train.local import LocalTrack
from segue.train.options import LearnSpec
from segue.train.supervised import find_files, read_targets
from tests.train.conftest import write_wav
from train_speccy import main

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # Keras 3 on numpy 1's way
    pytest.mark.filterwarnings("ignore:.*np.object.*:FutureWarning"),  # tf2onnx under numpy 2
]
LEARN = ["--epochs", "2", "--batch", "8", "--slices-a-track", "2"]


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fourteen songs by seven artists, and one file that is none."""
    folder = tmp_path_factory.mktemp("music")
    for k in range(14):
        write_wav(folder / f"Band {k // 2} - Song {k}.wav", seconds=11.0, seed=k)
    (folder / "Band 9 - Song 99.wav").write_bytes(b"no sound at all" * 100)
    return folder


@pytest.fixture(scope="module")
def vectors(music: Path) -> Path:
    """Some tracks are named by their place, some by artist and title; one is not here."""
    rng = np.random.default_rng(0)
    ids = [str(music / f"Band {k // 2} - Song {k}.wav") for k in range(7)]
    ids += [f"Band {k // 2} - Song {k}" for k in range(7, 14)] + ["Band 9 - Song 99", "Nobody - Nothing"]
    np.savez(music.parent / "vectors.npz", ids=np.asarray(ids), vectors=rng.standard_normal((16, 100)) + 0.5)
    return music.parent / "vectors.npz"


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one training has left, the next one finds."""
    return tmp_path_factory.mktemp("work")


def test_from_music_and_vectors_to_an_ear(
    music: Path, vectors: Path, work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--vectors", str(vectors), "--music", str(music), "--work", str(work), *LEARN]
    words += ["--out", str(tmp_path / "ears"), "--name", "ours"]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "15 of 16 vectors belong to one of 15 files" in said
    assert "12 tracks learned from, 2 of other artists held out, 1 failed" in said
    assert "validation cosine" in said
    assert "ratio" in said
    ear = load_ear(tmp_path / "ears" / "ours.json")
    heard = hear(music / "Band 0 - Song 0.wav", Encoder(ear))
    assert heard.slice_vectors.shape == (2, 100)
    assert main(words) == 1  # there is an ear of that name
    assert "Choose another name" in capsys.readouterr().err


def test_architectures_are_compared_in_one_table(
    music: Path, vectors: Path, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--compare", "--arch", "cnn1d", "--vectors", str(vectors), "--music", str(music), *LEARN]
    assert main([*words, "--work", str(work)]) == 0
    head, _, row = capsys.readouterr().out.strip().splitlines()
    assert "validation cosine | constant | ratio" in head
    assert row.startswith("| `cnn1d` |")
    assert len(row.split("|")) == len(head.split("|"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--vectors", "x"], "give --music"),
        (["--teacher", "x"], "required: --music"),
        (["--vectors", "x", "--music", "y", "--arch", "head"], "learn from --playlists"),
        (["--playlists", "x", "--music", "y", "--from", "bundled", "--arch", "cnn1d"], "keeps its network"),
        (["--recipe", "bundled", "--music", "x", "--music", "y", "--teacher", "z"], "one folder"),
        (["--recipe", "bundled", "--music", "x", "--teacher", "z", "--epochs", "3"], "--epochs means nothing"),
        (["--from", "bundled", "--data", "x"], "give --playlists"),
        (["--arch", "head", "--music", "x"], "give --playlists"),
        (["--playlists", "x", "--vectors", "y", "--music", "z"], "not both"),
        (["--playlists", "x", "--data", "y", "--music", "z"], "not both"),
        (["--playlists", "x", "--music", "y", "--held-out", "z"], "--held-out means something to the recipe alone"),
        (["--playlists", "x", "--music", "y", "--windows", "0"], "1 or more"),
        (["--playlists", "x", "--music", "y", "--from", "bundled", "--compare"], "networks from nothing"),
    ],
)
def test_what_does_not_go_together_is_said(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


def test_too_few_vectors_with_music_and_several_networks_are_errors_in_words(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "few.npz", **{"Band 0 - Song 0": np.ones(100), "X - Y": np.ones(100)})
    words = ["--vectors", str(tmp_path / "few.npz"), "--music", str(music), "--work", str(tmp_path / "work")]
    assert main(words) == 1
    assert "1 of 2 vectors belong to one of 15 files, and 8 are needed" in capsys.readouterr().err
    assert main([*words, "--arch", "cnn1d,origin"]) == 1
    assert "add --compare" in capsys.readouterr().err


@pytest.mark.parametrize("way", [["--from", "bundled"], ["--arch", "head"]])
def test_a_number_that_this_training_lacks_is_refused(
    way: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--playlists", str(tmp_path), "--music", str(tmp_path), "--work", str(tmp_path), *way]
    assert main([*words, "--loss", "triplet", "--epochs", "3"]) == 1
    assert "--loss means nothing in this training" in capsys.readouterr().err
    assert main([*words, "--seed", "-1"]) == 1
    assert "seed is -1" in capsys.readouterr().err


def test_what_would_be_known_too_late_is_refused_before_anything_is_heard(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    words = ["--playlists", str(tmp_path), "--music", str(tmp_path)]
    assert main([*words, "--work", str(tmp_path / "work"), "--arch", "no_such"]) == 1
    assert "there is no architecture 'no_such'" in capsys.readouterr().err
    assert main([*words, "--work", str(tmp_path / "file")]) == 1
    assert "a file, not a folder, is in its place already" in capsys.readouterr().err
    assert main([*words, "--work", str(tmp_path / "work"), "--out", str(tmp_path / "file" / "x")]) == 1
    assert "train_speccy: " in capsys.readouterr().err


def test_vectors_are_read_or_refused_in_words(tmp_path: Path) -> None:
    np.savez(tmp_path / "each.npz", **{"A - B": np.ones(4), "C": np.zeros(4)})
    targets, names = read_targets(tmp_path / "each.npz")
    assert set(targets) == {"A - B", "C"}
    assert names == {"A - B": ("A", "B"), "C": ("", "")}
    with pytest.raises(FileAccessError, match="no vectors"):
        read_targets(tmp_path / "gone.npz")
    half = (tmp_path / "each.npz").read_bytes()[:300]
    np.save(tmp_path / "one.npy", np.ones(4))
    for name, data in (("bad.npz", b"text"), ("half.npz", half), ("one.npz", (tmp_path / "one.npy").read_bytes())):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ModelError, match="these are no vectors"):
            read_targets(tmp_path / name)
    np.savez(tmp_path / "uneven.npz", a=np.ones(3), b=np.ones(4))
    with pytest.raises(ModelError, match="not of one length"):
        read_targets(tmp_path / "uneven.npz")


def test_files_are_found_by_place_and_by_name(music: Path) -> None:
    tracks = {f"path:{path}": LocalTrack(path, read_tags(path)) for path in sorted(music.glob("Band [01]*.wav"))}
    first = music / "Band 0 - Song 0.wav"
    names = {f"path:{first}": ("", ""), "any": ("band 1", "SONG 3"), "Nobody - Nothing": ("Nobody", "Nothing")}
    assert find_files(names, tracks) == {f"path:{first}": first, "any": music / "Band 1 - Song 3.wav"}


@pytest.mark.parametrize(
    "wrong",
    [{"rate": 0.0}, {"epochs": 0}, {"hold_out": 1.0}, {"minutes": -1.0}, {"seed": 2**32}, {"margin": float("nan")}],
)
def test_options_that_cannot_be_meant_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        LearnSpec(**wrong)


def test_the_docs_name_every_option() -> None:
    page = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
    for option in fields(LearnSpec):
        name = option.name.replace("_", "-")
        assert f"| `--{name}` | {option.default} | {option.metadata['doc']} |" in page
