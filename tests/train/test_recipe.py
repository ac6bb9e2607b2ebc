"""The whole recipe at its smallest, on made-up noise and a teacher of random weights, and the shell around it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from segue.embed.encoder import load_ear
from segue.train.recipe import Recipe, run_recipe
from segue.train.shards import Lessons, write_shard
from tests.train.conftest import write_wav
from train_speccy import main

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning",  # Keras 3 reads TensorFlow variables in the way of numpy 1
    "ignore:.*np.object.*:FutureWarning",  # tf2onnx under numpy 2
)


@pytest.mark.slow
def test_the_recipe_ends_in_an_ear_with_honest_scores(tmp_path: Path, teacher_folder: Path) -> None:
    for k in range(8):
        package = "held" if k < 6 else "learned"
        write_wav(tmp_path / "music" / package / f"{k}.wav", seconds=31, level=0.1 + 0.1 * k, seed=k)
    rng = np.random.default_rng(0)
    lessons = Lessons(
        slices=rng.integers(0, 255, (64, 96, 216), dtype=np.uint8),
        vectors=rng.standard_normal((64, 200)).astype(np.float16),
    )
    write_shard(tmp_path / "work" / "shards", 0, lessons)
    recipe = Recipe(
        music=tmp_path / "music",
        work=tmp_path / "work",
        teacher=teacher_folder,
        out=tmp_path / "out",
        hours=0.0005,
        held_out=("held",),
        pieces=0,
        midi_files=0,
        speeches=0,
        with_demo=False,
        first_shards=1,
        check_windows=8,
    )
    scores = run_recipe(recipe)
    assert scores["tracks"] == 6
    assert scores["speccy_p_at_5"] == 1.0  # all six are of one package
    assert -1.0 <= scores["held_out_cosine"] <= 1.0
    assert json.loads((tmp_path / "out" / "speccy.json").read_text(encoding="utf-8"))["scores"] == scores
    assert load_ear(tmp_path / "out" / "speccy.json").dimension == 100


def test_missing_music_is_one_line_and_exit_code_1(
    tmp_path: Path, teacher_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "--music",
        str(tmp_path / "nowhere"),
        "--teacher",
        str(teacher_folder),
        "--work",
        str(tmp_path / "work"),
    ]
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("train_speccy: ")
    assert "nowhere" in said
