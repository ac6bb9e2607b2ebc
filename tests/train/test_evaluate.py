from __future__ import annotations

import numpy as np
import pytest

from segue.train.corpus import Recording
from segue.train.evaluate import (
    find_epsilon,
    listen,
    mean_tf,
    mean_vectors,
    tfidf_vectors,
)


def test_epsilon_is_where_a_slice_has_seven_of_its_kind() -> None:
    rng = np.random.default_rng(0)
    tracks = [rng.standard_normal(16) + 0.3 * rng.standard_normal((40, 16)) for _ in range(5)]
    unit = [(t / np.linalg.norm(t, axis=1, keepdims=True)).astype(np.float32) for t in tracks]
    epsilon = find_epsilon(unit, wanted_tf=7.0)
    assert mean_tf(unit, epsilon=epsilon) == pytest.approx(7.0, rel=0.15)
    assert find_epsilon(unit, wanted_tf=2.0) < epsilon
    assert tfidf_vectors(unit, epsilon=epsilon).shape == mean_vectors(unit).shape == (5, 16)


def test_listening_cuts_the_same_stretches_for_both_ears(music: list[Recording]) -> None:
    heard = listen(music[3:5], most=3)
    assert [track.label for track in heard] == ["package-1", "package-2"]
    for track in heard:
        assert track.ours.shape == (2, 96, 216)
        assert track.theirs.shape == (2, 96, 313)  # 12 s hold two windows
        assert track.mfcc.shape == (40,)
    tone, noise = (np.asarray(track.theirs.mean(axis=(0, 2))) for track in heard)
    assert tone[60:].mean() < noise[60:].mean()  # a tone has little above 4 kHz
