from __future__ import annotations

import librosa
import numpy as np

from segue.listen.mel import single_slice
from segue.listen.mfcc import MFCC_MEL, mfcc_statistics


def test_coefficients_are_librosas() -> None:
    samples = np.random.default_rng(0).standard_normal(MFCC_MEL.slice_samples + MFCC_MEL.n_fft_samples)
    log_mel = single_slice(samples.astype(np.float32), MFCC_MEL)
    assert log_mel is not None
    found = mfcc_statistics(log_mel)
    theirs = librosa.feature.mfcc(S=log_mel, n_mfcc=20)
    np.testing.assert_allclose(found, np.concatenate([theirs.mean(axis=1), theirs.std(axis=1)]), atol=1e-4)
    assert found.dtype == np.float32


def test_a_steady_sound_has_no_spread() -> None:
    steady = np.repeat(np.linspace(3.0, 0.0, 96, dtype=np.float32)[:, None], 216, axis=1)
    np.testing.assert_allclose(mfcc_statistics(steady)[20:], 0.0, atol=1e-5)  # float32 sums
