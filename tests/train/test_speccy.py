from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segue.errors import FileAccessError, ModelError, ParameterError
from segue.train.options import LearnSpec
from segue.train.speccy import Batches, SpeccyTrainer, encode_tracks, measure, use_all_devices
from segue.train.tracks import LearnTrack, Split, TrackSet

# Keras 3 reads TensorFlow variables in the way of numpy 1.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
SPEC = LearnSpec(arch="cnn1d", epochs=3, batch=16, slices_a_track=4, augment=False)


def make_split(folder: Path, seed: int = 0) -> Split:
    """Sixteen tracks of eight artists; the loudest bands decide where a track lies."""
    rng = np.random.default_rng(seed)
    places = rng.standard_normal((4, 100)).astype(np.float32) + 0.3
    tracks, targets = [], []
    for k in range(16):
        slices = rng.integers(0, 60, (6, 96, 216), dtype=np.uint8)
        slices[:, 24 * (k % 4) : 24 * (k % 4) + 24] += 180
        np.save(folder / f"{k}.npy", slices)
        tracks.append(LearnTrack(f"t{k}", folder / f"{k}.ogg", f"artist {k // 2}", folder / f"{k}.npy", 6))
        targets.append(places[k % 4] / np.linalg.norm(places[k % 4]))
    every = TrackSet(tuple(tracks), np.stack(targets))
    return Split(every.subset(range(12)), every.subset(range(12, 16)))


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Split:
    return make_split(tmp_path_factory.mktemp("cache"))


def test_it_learns_beats_the_constant_answer_and_goes_on_where_it_stopped(
    split: Split, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = SpeccyTrainer(tmp_path, split, SPEC)
    epochs = []
    with caplog.at_level(logging.INFO):
        score = first.train(epochs.append)
    assert [epoch.number for epoch in epochs] == [1, 2, 3]
    assert epochs[-1].loss < epochs[0].loss
    assert "ratio" in caplog.text
    assert "constant answer" in caplog.text
    assert score == measure(first.finished_model(), split, SPEC)
    assert score.cosine == pytest.approx(max(epoch.score.cosine for epoch in epochs), abs=1e-5)
    assert b"validation_cosine" in next((tmp_path / "logs").glob("events.out.tfevents.*")).read_bytes()

    longer = SpeccyTrainer(tmp_path, split, replace(SPEC, epochs=10, patience=10))
    assert (longer.epochs, longer.best) == (3, first.best)
    np.testing.assert_array_equal(longer.model.get_weights()[0], first.model.get_weights()[0])
    better = longer.train()
    assert longer.epochs == 10
    assert better.cosine > better.constant
    assert better.ratio == pytest.approx(better.cosine / better.constant)


def test_it_stops_when_nothing_gets_better(split: Split, tmp_path: Path) -> None:
    trainer = SpeccyTrainer(tmp_path, split, replace(SPEC, patience=1, epochs=50, rate=1e-9))
    trainer.best, trainer.best_epoch = 1.0, 0
    trainer.train()
    assert trainer.epochs == 1


def test_it_stops_when_the_time_is_over(split: Split, tmp_path: Path) -> None:
    trainer = SpeccyTrainer(tmp_path, split, replace(SPEC, epochs=10_000, minutes=1e-4))
    trainer.train()
    assert trainer.epochs == 1


def test_checkpoints_of_others_are_refused(split: Split, tmp_path: Path) -> None:
    SpeccyTrainer(tmp_path, split, SPEC)._save()
    with pytest.raises(ModelError, match="architecture cnn1d, not origin"):
        SpeccyTrainer(tmp_path, split, replace(SPEC, arch="origin"))
    with pytest.raises(ModelError, match="loss cosine, not triplet"):
        SpeccyTrainer(tmp_path, split, replace(SPEC, loss="triplet"))
    with pytest.raises(ModelError, match="learned from 12 tracks, which are not these 8"):
        SpeccyTrainer(tmp_path, Split(split.learn.subset(range(8)), split.held_out), SPEC)
    turned = TrackSet(split.learn.tracks, -split.learn.targets)
    with pytest.raises(ModelError, match="other vectors of the same tracks"):
        SpeccyTrainer(tmp_path, Split(turned, split.held_out), SPEC)
    whole = (tmp_path / "checkpoint.npz").read_bytes()
    for damaged in (b"half of it", whole[: len(whole) // 2]):
        (tmp_path / "checkpoint.npz").write_bytes(damaged)
        with pytest.raises(ModelError, match="damaged"):
            SpeccyTrainer(tmp_path, split, SPEC)


@pytest.mark.parametrize("loss", ["triplet", "distillation"])
def test_the_other_losses_train_in_mixed_precision_too(loss, split: Split, tmp_path: Path) -> None:
    spec = replace(SPEC, loss=loss, epochs=1, precision="mixed_bfloat16", augment=True)
    trainer = SpeccyTrainer(tmp_path, split, spec)
    trainer.train()
    assert trainer.finished_model().dtype == "float32"
    assert trainer.finished_model().get_layer("vector").compute_dtype == "float32"


def test_a_loss_that_is_no_number_ends_the_training_in_words(split: Split, tmp_path: Path) -> None:
    targets = np.full_like(split.learn.targets, np.nan)
    wild = Split(TrackSet(split.learn.tracks, targets), split.held_out)
    with pytest.raises(ModelError, match=r"the loss became nan at batch 1.*Lower --rate"):
        SpeccyTrainer(tmp_path, wild, SPEC).train()


def test_a_slice_that_vanished_is_an_error_in_words(tmp_path: Path) -> None:
    split = make_split(tmp_path)
    trainer = SpeccyTrainer(tmp_path / "work", split, SPEC)
    split.learn.tracks[3].array.unlink()
    with pytest.raises(FileAccessError, match="cache of slices could not be read"):
        trainer.train()


def test_other_vectors_and_slices_are_refused(split: Split, tmp_path: Path) -> None:
    short = TrackSet(split.learn.tracks, split.learn.targets[:, :64])
    with pytest.raises(ParameterError, match=r"64 numbers.*--size 100"):
        SpeccyTrainer(tmp_path, Split(short, split.held_out), SPEC)
    with pytest.raises(ParameterError, match="hears other slices"):
        SpeccyTrainer(tmp_path, split, replace(SPEC, arch="sample_cnn"))


def test_long_tracks_count_no_more_than_short_ones(split: Split) -> None:
    batches = Batches(split.learn, replace(SPEC, batch=8, slices_a_track=2), 0)
    drawn = np.concatenate([targets for _, targets in batches])
    assert len(drawn) == 24
    first, again = (next(iter(Batches(split.learn, replace(SPEC, augment=True), 5)))[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_tracks_are_encoded_by_slices_spread_evenly(split: Split, tmp_path: Path) -> None:
    model = SpeccyTrainer(tmp_path, split, SPEC).finished_model()
    found = encode_tracks(model, split.held_out.tracks, replace(SPEC, slices_a_track=3, batch=5))
    assert [vectors.shape for vectors in found] == [(3, 100)] * 4
    wanted = model.predict_on_batch(split.held_out.tracks[2].read([0, 2, 5]))
    np.testing.assert_allclose(found[2], wanted, atol=1e-5)


def test_one_device_is_no_reason_to_distribute() -> None:
    assert use_all_devices(10) == 1


def test_a_killed_training_goes_on(split: Split, tmp_path: Path) -> None:
    """Kill -9 right after the second checkpoint: three epochs in all, and the third is not the first again."""
    code = (
        "import sys; from pathlib import Path\n"
        "from tests.train.test_speccy import SPEC, SpeccyTrainer, make_split\n"
        "cache = Path(sys.argv[1]); trainer = SpeccyTrainer(cache / 'work', make_split(cache), SPEC)\n"
        "trainer.train(lambda epoch: print(epoch.number, flush=True))\n"
    )
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "2":
                process.send_signal(signal.SIGKILL)
                break
    trainer = SpeccyTrainer(tmp_path / "work", make_split(tmp_path), SPEC)
    assert trainer.epochs in (2, 3)
    trainer.train()
    assert trainer.epochs == 3
