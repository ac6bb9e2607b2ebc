from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from segue.errors import FileAccessError, ModelError, ParameterError, PlaylistError
from segue.train.sentences import Corpus, write_corpus
from segue.train.track2vec import (
    Track2VecSpec,
    TrackVectors,
    fingerprint_of,
    load_vectors,
    save_vectors,
    train_vectors,
)
from tests.conftest import ROOT
from tests.train.playlists import CLUSTERS, TRACKS_A_CLUSTER, clustered, key_of, playlist

SPEC = Track2VecSpec(size=16, epochs=12, min_count=2)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return write_corpus(clustered(300), tmp_path_factory.mktemp("corpus"), key_of=key_of)


@pytest.fixture(scope="module")
def learned(corpus: Corpus) -> TrackVectors:
    return train_vectors(corpus, np.arange(len(corpus)), SPEC)


def share_in_own_cluster(found: TrackVectors) -> float:
    """Of each track's nearest ten, how many are of its cluster."""
    unit = found.vectors / np.linalg.norm(found.vectors, axis=1, keepdims=True)
    likeness = unit @ unit.T
    np.fill_diagonal(likeness, -2.0)
    clusters = np.asarray([artist for artist, _ in found.names])
    return float((clusters[np.argsort(-likeness, axis=1)[:, :10]] == clusters[:, None]).mean())


@pytest.mark.parametrize("order", ["list", "bag"])
@pytest.mark.parametrize("skip_gram", [True, False])
def test_tracks_that_people_put_together_lie_together(corpus: Corpus, order: str, skip_gram: bool) -> None:
    spec = replace(SPEC, order=order, skip_gram=skip_gram, epochs=SPEC.epochs if skip_gram else 60)
    found = train_vectors(corpus, np.arange(len(corpus)), spec)
    assert len(found) == CLUSTERS * TRACKS_A_CLUSTER
    assert share_in_own_cluster(found) > 0.9  # 0.12 by chance


def test_the_same_seed_gives_the_same_vectors_in_every_process(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from segue.train.sentences import write_corpus\n"
        "from segue.train.track2vec import Track2VecSpec, save_vectors, train_vectors\n"
        "from tests.train.playlists import clustered, key_of\n"
        "corpus = write_corpus(clustered(60), Path(sys.argv[1]) / 'corpus', key_of=key_of)\n"
        "spec = Track2VecSpec(size=8, epochs=2, min_count=1, seed=5)\n"
        "save_vectors(train_vectors(corpus, np.arange(60), spec), Path(sys.argv[1]))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / name)], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}
        )
        for name, seed in (("a", "1"), ("b", "2"))
    ]
    assert [process.wait() for process in processes] == [0, 0]
    same = sorted(path.name for path in (tmp_path / "a").iterdir() if path.is_file())
    assert len(same) == 4
    for name in same:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_a_training_that_was_stopped_goes_on_as_if_it_had_not_been(
    corpus: Corpus, learned: TrackVectors, tmp_path: Path
) -> None:
    def stop(epoch: int, plays: int, total: int) -> None:
        if epoch == 7 and plays > total // 2:
            raise KeyboardInterrupt

    lists = np.arange(len(corpus))
    with pytest.raises(KeyboardInterrupt):
        train_vectors(corpus, lists, SPEC, checkpoint=tmp_path / "c.npz", on_plays=stop)
    epochs = set()
    resumed = train_vectors(
        corpus, lists, SPEC, checkpoint=tmp_path / "c.npz", on_plays=lambda epoch, *_: epochs.add(epoch)
    )
    assert epochs == set(range(7, 12))
    assert fingerprint_of(resumed) == fingerprint_of(learned)


def test_another_seed_gives_other_vectors(corpus: Corpus) -> None:
    few = np.arange(30)
    spec = replace(SPEC, epochs=1, min_count=1)
    one, other = (train_vectors(corpus, few, replace(spec, seed=seed)) for seed in (1, 2))
    assert not np.allclose(one.vectors, other.vectors)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_training_that_was_killed_goes_on(corpus: Corpus, learned: TrackVectors, tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; import numpy as np\n"
        "from segue.train.sentences import read_corpus\n"
        "from segue.train.track2vec import train_vectors\n"
        "from tests.train.test_track2vec import SPEC\n"
        "train_vectors(read_corpus(Path(sys.argv[1])), np.arange(300), SPEC, checkpoint=Path(sys.argv[2]),\n"
        "    on_plays=lambda epoch, *_: time.sleep(60 if epoch == 3 else 0))"
    )
    checkpoint = tmp_path / "c.npz"
    folder = write_corpus(clustered(300), tmp_path / "corpus", key_of=key_of) and tmp_path / "corpus"
    with subprocess.Popen([sys.executable, "-c", code, str(folder), str(checkpoint)], cwd=ROOT) as process:
        deadline = time.monotonic() + 120
        while not (checkpoint.exists() and int(np.load(checkpoint)["epoch"]) == 3) and time.monotonic() < deadline:
            time.sleep(0.1)
        os.kill(process.pid, signal.SIGKILL)
    epochs = set()
    resumed = train_vectors(
        corpus, np.arange(300), SPEC, checkpoint=checkpoint, on_plays=lambda epoch, *_: epochs.add(epoch)
    )
    assert epochs == set(range(3, 12))
    assert fingerprint_of(resumed) == fingerprint_of(learned)


def test_a_checkpoint_of_another_training_or_a_damaged_one_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    path, lists = tmp_path / "c.npz", np.arange(len(corpus))
    spec = replace(SPEC, epochs=1)
    train_vectors(corpus, lists, spec, checkpoint=path)
    with pytest.raises(ModelError, match=r"another training: window was 20, is 3, seed was 0, is 4\. .*--fresh"):
        train_vectors(corpus, lists, replace(spec, window=3, seed=4), checkpoint=path)
    with pytest.raises(ModelError, match="learned lists was"):
        train_vectors(corpus, lists[1:], spec, checkpoint=path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ModelError, match="damaged checkpoint"):
        train_vectors(corpus, lists, spec, checkpoint=path)


def test_too_high_a_min_count_says_what_would_be_left(tmp_path: Path) -> None:
    corpus = write_corpus([playlist("1", "x", "y", "z"), playlist("2", "x", "y")], tmp_path, key_of=key_of)
    with pytest.raises(PlaylistError, match=r"0 tracks are played 5 times .* \(tracks left: 3 at 1, 2 at 2, 0 at 3"):
        train_vectors(corpus, np.arange(2), Track2VecSpec(min_count=5))


def test_a_training_that_diverges_is_stopped(corpus: Corpus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("segue.train.track2vec.Word2Vec.train", lambda self, *_, **__: self.wv.vectors.fill(np.nan))
    with pytest.raises(ModelError, match=r"diverged in epoch 1: 160 of 160 vectors"):
        train_vectors(corpus, np.arange(300), SPEC, checkpoint=tmp_path / "c.npz")
    assert not (tmp_path / "c.npz").exists()


def test_playlists_that_vanish_from_the_disk_end_the_training(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """gensim reads in a thread; an error there once left the training waiting for ever."""

    def vanished(*_: object) -> None:
        raise OSError(5, "Input/output error")

    lists = np.arange(300)
    calls = iter(range(1000))
    original = Corpus.list_tokens
    monkeypatch.setattr(Corpus, "list_tokens", lambda self, k: vanished() if next(calls) > 450 else original(self, k))
    with pytest.raises(FileAccessError, match="could not be read to the end"):
        train_vectors(corpus, lists, SPEC)


@pytest.mark.parametrize(
    "wrong",
    [
        *({"window": 0}, {"min_count": 0}, {"ns_exponent": 2.0}, {"rate": 0.0}, {"sample": -1.0}, {"epochs": 0}),
        *({"seed": 2**32}, {"size": 10**11}, {"workers": 10**6}),
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        replace(SPEC, **wrong)


def test_vectors_are_read_by_gensim_and_without_unpickling(learned: TrackVectors, tmp_path: Path) -> None:
    save_vectors(learned, tmp_path)
    keyed = KeyedVectors.load(str(tmp_path / "track2vec.kv"))
    assert keyed.index_to_key == learned.keys
    assert np.array_equal(keyed.vectors, learned.vectors)
    assert keyed.get_vecattr(learned.keys[0], "count") == learned.plays[0]
    (tmp_path / "track2vec.kv").unlink()
    again = load_vectors(tmp_path)
    assert fingerprint_of(again) == fingerprint_of(learned)
    assert again.names == learned.names


def test_a_model_that_is_missing_or_damaged_is_told(learned: TrackVectors, tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="no Track2Vec model here"):
        load_vectors(tmp_path)
    save_vectors(learned, tmp_path)
    np.save(tmp_path / "track2vec.kv.vectors.npy", np.full_like(learned.vectors, np.nan))
    with pytest.raises(ModelError, match="not finite"):
        load_vectors(tmp_path)
    (tmp_path / "track2vec.tracks.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(ModelError, match="damaged"):
        load_vectors(tmp_path)
