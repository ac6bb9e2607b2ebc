"""Fine-tuning on a network small enough to learn in no time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from segue.config import MelSpec
from segue.errors import ModelError, ParameterError
from segue.train.finetune import Course, TuneSpec, constant_cosine, fine_tune, turned, validate
from segue.train.tracks import LearnTrack

MEL = MelSpec(mel_bands=4, slice_frames=5)
WIDE = 6
SPEC = TuneSpec(epochs=3, batch=16, rate=0.01, slices_an_epoch=4, patience=3)


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def small_network() -> keras.Model:
    keras.utils.set_random_seed(3)
    heard = keras.Input((4, 5))
    flat = keras.layers.BatchNormalization()(keras.layers.Flatten()(heard))
    return keras.Model(heard, keras.layers.UnitNormalization()(keras.layers.Dense(WIDE)(flat)))


def course(folder: Path, tracks: int, *, seed: int, unpulled: int = 0) -> Course:
    """Tracks whose slices are near one of two patterns; playlists pull each pattern to a place of its own."""
    patterns = np.random.default_rng(0).integers(40, 215, (2, 4, 5))
    aims = unit(np.random.default_rng(4).standard_normal((2, WIDE)))
    rng = np.random.default_rng(seed)
    found, targets = [], {}
    for number in range(tracks):
        kind = number % 2
        array = folder / f"{seed}-{number}.npy"
        np.save(array, (patterns[kind] + rng.integers(-30, 30, (5, 4, 5))).astype(np.uint8))
        found.append(LearnTrack(f"{seed}-{number}", Path(f"/{number}.mp3"), f"artist {number}", array, 5, MEL))
        if number >= unpulled:
            targets[found[-1].key] = aims[kind]
    network = small_network()
    heard = [np.asarray(network.predict_on_batch(track.read()), np.float32) for track in found]
    return Course(tuple(found), heard, targets)


def silent(_what: str, _done: int, _total: int) -> None:
    """For who does not ask how far it is."""


def test_it_moves_towards_the_playlists_and_keeps_the_best(tmp_path: Path) -> None:
    learn, held_out, network = course(tmp_path, 20, seed=1), course(tmp_path, 6, seed=2), small_network()
    told: list[str] = []
    tuned = fine_tune(
        network,
        learn,
        held_out,
        spec=SPEC,
        checkpoint=tmp_path / "own.npz",
        on_progress=lambda what, *_: told.append(what),
    )
    assert tuned.first.before == pytest.approx(1.0, abs=1e-5)
    assert tuned.best.playlists > tuned.first.playlists + 0.1
    assert tuned.best.score > tuned.first.score
    assert tuned.best_epoch > 0
    assert tuned.slices == 80 * tuned.epochs
    assert validate(network, held_out, SPEC).score == pytest.approx(tuned.best.score, abs=1e-5)
    assert told[0] == "epoch 1 of at most 3"
    assert constant_cosine(learn, held_out) < 0.95


def test_batch_normalisation_stays_as_it_was(tmp_path: Path) -> None:
    network = small_network()
    before = [np.array(w) for w in network.layers[2].get_weights()]
    spec = replace(SPEC, epochs=1)
    courses = (course(tmp_path, 8, seed=1, unpulled=3), course(tmp_path, 4, seed=2))
    fine_tune(network, *courses, spec=spec, checkpoint=tmp_path / "own.npz", on_progress=silent)
    for was, now in zip(before, network.layers[2].get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


def test_what_does_not_help_held_out_artists_changes_nothing(tmp_path: Path) -> None:
    learn, held_out, network = course(tmp_path, 8, seed=1), course(tmp_path, 4, seed=2), small_network()
    against = Course(held_out.tracks, held_out.heard, {key: -aim for key, aim in held_out.targets.items()})
    weights = [np.array(w) for w in network.get_weights()]
    tuned = fine_tune(
        network, learn, against, spec=replace(SPEC, patience=1), checkpoint=tmp_path / "own.npz", on_progress=silent
    )
    assert (tuned.best_epoch, tuned.epochs, tuned.best) == (0, 1, tuned.first)
    for was, now in zip(weights, network.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


def test_a_stopped_training_goes_on_and_another_one_is_refused(tmp_path: Path) -> None:
    learn, held_out, checkpoint = course(tmp_path, 8, seed=1), course(tmp_path, 4, seed=2), tmp_path / "own.npz"

    def stop(what: str, _done: int, _total: int) -> None:
        if what.startswith("epoch 2"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fine_tune(small_network(), learn, held_out, spec=SPEC, checkpoint=checkpoint, on_progress=stop)
    told: list[str] = []
    tuned = fine_tune(
        small_network(),
        learn,
        held_out,
        spec=SPEC,
        checkpoint=checkpoint,
        on_progress=lambda what, *_: told.append(what),
    )
    assert told[0].startswith("epoch 2")
    assert tuned.epochs == 3
    with pytest.raises(ModelError, match="of other tracks, playlists or numbers"):
        fine_tune(small_network(), held_out, learn, spec=SPEC, checkpoint=checkpoint, on_progress=silent)
    checkpoint.write_bytes(checkpoint.read_bytes()[:200])
    with pytest.raises(ModelError, match="the checkpoint is damaged"):
        fine_tune(small_network(), learn, held_out, spec=SPEC, checkpoint=checkpoint, on_progress=silent)


def test_a_loss_that_is_no_number_and_nothing_to_learn_are_errors(tmp_path: Path) -> None:
    learn, held_out = course(tmp_path, 4, seed=1), course(tmp_path, 4, seed=2)
    nothing = Course(learn.tracks, learn.heard, {})
    with pytest.raises(ParameterError, match="no track to learn from stands in a playlist"):
        fine_tune(small_network(), nothing, held_out, checkpoint=tmp_path / "a.npz", on_progress=silent)
    bad = Course(learn.tracks, learn.heard, {key: aim * np.nan for key, aim in learn.targets.items()})
    with pytest.raises(ModelError, match="the loss became nan"):
        fine_tune(small_network(), bad, held_out, spec=SPEC, checkpoint=tmp_path / "b.npz", on_progress=silent)


def test_no_epoch_begins_that_would_end_too_late(tmp_path: Path) -> None:
    courses, spec = (course(tmp_path, 4, seed=1), course(tmp_path, 4, seed=2)), replace(SPEC, minutes=1e-9)
    tuned = fine_tune(small_network(), *courses, spec=spec, checkpoint=tmp_path / "own.npz", on_progress=silent)
    assert tuned.epochs == 1
    with pytest.raises(ParameterError, match="epochs is 0"):
        TuneSpec(epochs=0)


def test_track2vec_is_turned_without_changing_its_distances() -> None:
    """What the ear hears is Track2Vec's own space turned and shifted: the turn is found."""
    rng = np.random.default_rng(0)
    keys = [f"{k}" for k in range(30)]
    places = rng.standard_normal((30, WIDE))
    vectors = {key: unit(row + 3.0) for key, row in zip(keys, places, strict=True)}
    middle = np.mean([vectors[key] for key in keys[:20]], axis=0)
    turn = np.linalg.qr(rng.standard_normal((WIDE, WIDE)))[0]
    heard = {key: unit((vector - middle) @ turn)[None].repeat(2, axis=0) for key, vector in vectors.items()}
    found = turned(vectors, heard, learn=keys[:20])
    for key in keys:
        np.testing.assert_allclose(found[key], heard[key][0], atol=1e-4)
