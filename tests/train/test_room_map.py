"""The recipe of the room map: on pairs that are known, and as a whole on a few songs and the real ear."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segue.embed.encoder import load_ear
from segue.embed.rooms import find_room_map
from segue.errors import ParameterError
from segue.train.room_map import Pairs, RoomRecipe, fit_room_map, run_room_recipe
from tests.songs import tone_song, write_samples


def unit(rows: np.ndarray) -> np.ndarray:
    found: np.ndarray = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return found


def known_pairs(rng: np.random.Generator, *, count: int, turn: np.ndarray) -> Pairs:
    """Music that spreads widely in a few directions, and rooms that turn and shift it."""
    dry = unit(rng.standard_normal((count, 12)) * np.geomspace(3.0, 0.3, 12))
    return Pairs(dry, unit(dry @ turn + 0.5 + 0.05 * rng.standard_normal(dry.shape)))


def test_a_known_room_is_undone_for_slices_that_were_not_fitted_to() -> None:
    rng = np.random.default_rng(1)
    turn = np.linalg.qr(rng.standard_normal((12, 12)))[0]
    found = fit_room_map(known_pairs(rng, count=2000, turn=turn))
    other = known_pairs(rng, count=500, turn=turn)
    assert np.sum(other.dry * other.heard, axis=1).mean() < 0.5
    assert np.sum(other.dry * found.dry(other.heard), axis=1).mean() > 0.9


def test_whitening_to_the_power_of_one_spreads_music_alike_in_all_directions() -> None:
    pairs = known_pairs(np.random.default_rng(2), count=3000, turn=np.eye(12))
    plain, whole = (
        (pairs.dry - found.centre) @ found.whitening
        for found in (fit_room_map(pairs, power=0.0), fit_room_map(pairs, power=1.0))
    )
    assert np.ptp(np.log(np.linalg.svd(plain, compute_uv=False))) > 1.0
    assert np.ptp(np.log(np.linalg.svd(whole, compute_uv=False))) < 0.02


def test_too_few_pairs_are_refused() -> None:
    with pytest.raises(ParameterError, match="11 pairs"):
        fit_room_map(known_pairs(np.random.default_rng(3), count=11, turn=np.eye(12)))


def test_the_recipe_leaves_a_map_that_the_ear_finds_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    for seed in range(8):
        package = "held" if seed > 5 else "learned"
        write_samples(tmp_path / "music" / package / f"{seed}.wav", tone_song(seed, seconds=31.0))
    ear = load_ear()
    recipe = RoomRecipe(
        tmp_path / "music", tmp_path / "work", ear, tmp_path / "out", held_out=("held",), rooms=3, seed=3
    )
    steps: list[int] = []
    lines = run_room_recipe(recipe, on_progress=lambda _what, done, _of: steps.append(done))
    assert steps == [0, 1, 2, 3, 4, 5, 6]
    assert [line.split("  ")[0] for line in lines[1:5]] == ["decay", "image", "image, AGC", "hard"]
    assert "of 2 held-out tracks" in lines
    first = (tmp_path / "out" / "speccy.room.npz").read_bytes()
    found = find_room_map(replace(ear, network=tmp_path / "out" / "speccy.onnx"))
    assert found is not None
    for kept in sorted((tmp_path / "work").glob("rooms-*/*.npz"))[:2]:
        kept.unlink()  # as if it had been stopped
    run_room_recipe(recipe, on_progress=lambda *_: None)
    assert (tmp_path / "out" / "speccy.room.npz").read_bytes() == first
