from __future__ import annotations

import numpy as np
import pytest

from segue.errors import ParameterError
from segue.train.corpus import Recording
from segue.train.evaluate import (
    find_epsilon,
    listen,
    mean_tf,
    mean_vectors,
    retrieval,
    standardised,
    tfidf_vectors,
)


def test_two_kinds_of_music_far_apart_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    vectors = np.concatenate([np.eye(8)[0] + 0.01 * rng.standard_normal((6, 8)), np.eye(8)[1] + np.zeros((6, 8))])
    found = retrieval(vectors.astype(np.float32), ["a"] * 6 + ["b"] * 6)
    assert found.p_at_5 == 1.0
    assert found.first == 1.0
    lost = retrieval(vectors.astype(np.float32), ["a", "b"] * 6)
    assert lost.p_at_5 == pytest.approx(0.4)  # of five others in its heap two share its label


def test_too_few_tracks_are_refused() -> None:
    with pytest.raises(ParameterError, match="5 tracks"):
        retrieval(np.eye(5, dtype=np.float32), list("abcde"))


def test_epsilon_is_where_a_slice_has_seven_of_its_kind() -> None:
    rng = np.random.default_rng(0)
    tracks = [rng.standard_normal(16) + 0.3 * rng.standard_normal((40, 16)) for _ in range(5)]
    unit = [(t / np.linalg.norm(t, axis=1, keepdims=True)).astype(np.float32) for t in tracks]
    epsilon = find_epsilon(unit, wanted_tf=7.0)
    assert mean_tf(unit, epsilon=epsilon) == pytest.approx(7.0, rel=0.15)
    assert find_epsilon(unit, wanted_tf=2.0) < epsilon
    assert tfidf_vectors(unit, epsilon=epsilon).shape == mean_vectors(unit).shape == (5, 16)


def test_standardised_features_have_mean_nought_and_spread_one() -> None:
    found = standardised(np.random.default_rng(0).normal(7.0, 3.0, (50, 4)))
    np.testing.assert_allclose(found.mean(axis=0), 0.0, atol=1e-9)
    np.testing.assert_allclose(found.std(axis=0), 1.0, atol=1e-9)


def test_listening_cuts_the_same_stretches_for_both_ears(music: list[Recording]) -> None:
    heard = listen(music[3:5], most=3)
    assert [track.label for track in heard] == ["package-1", "package-2"]
    for track in heard:
        assert track.ours.shape == (2, 96, 216)
        assert track.theirs.shape == (2, 96, 313)  # 12 s hold two windows
        assert track.mfcc.shape == (40,)
    tone, noise = (np.asarray(track.theirs.mean(axis=(0, 2))) for track in heard)
    assert tone[60:].mean() < noise[60:].mean()  # a tone has little above 4 kHz
