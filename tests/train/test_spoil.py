from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segue.config import SPECCY_MEL, WAVEFORM
from segue.train.spoil import AS_HEARD, SpoilSpec, spoil

EVERYTHING = SpoilSpec(tilt_share=1.0, pitch_share=1.0, tempo_share=1.0)


@pytest.mark.parametrize("mel", [SPECCY_MEL, WAVEFORM])
def test_a_spoiled_slice_is_a_slice_and_the_original_stays(mel) -> None:
    rng = np.random.default_rng(0)
    heard = rng.random((mel.mel_bands, mel.slice_frames), dtype=np.float32)
    before = heard.copy()
    for _ in range(10):
        found = spoil(heard, EVERYTHING, rng)
        assert found.shape == heard.shape
        assert found.dtype == np.float32
        assert np.isfinite(found).all()
        if mel == SPECCY_MEL:
            assert found.min() >= 0.0
            assert found.max() <= 1.0
        assert not np.array_equal(found, heard)
    np.testing.assert_array_equal(heard, before)
    np.testing.assert_array_equal(spoil(heard, AS_HEARD, rng), heard)
    again = [spoil(heard, EVERYTHING, np.random.default_rng(5)) for _ in range(2)]
    np.testing.assert_array_equal(*again)


def test_pitch_moves_bands_and_tempo_moves_frames() -> None:
    heard = np.zeros((96, 216), np.float32)
    heard[40] = 1.0
    higher = spoil(heard, replace(AS_HEARD, pitch_share=1.0, pitch_bands=3.0), np.random.default_rng(1))
    middle = float((higher.mean(axis=1) * np.arange(96)).sum() / higher.mean(axis=1).sum())
    assert 37.0 <= middle <= 43.0
    assert middle != pytest.approx(40.0, abs=0.05)
    beats = np.zeros((96, 216), np.float32)
    beats[:, ::20] = 1.0
    bent = [spoil(beats, replace(AS_HEARD, tempo_share=1.0, tempo=0.2), np.random.default_rng(k)) for k in range(6)]
    peaks = [int((np.diff(np.sign(np.diff(b[0]))) < 0).sum()) for b in bent]
    assert min(peaks) < 10 <= max(peaks)


def test_a_tilt_is_a_gain_in_decibels_below_the_loudest() -> None:
    heard = np.full((96, 216), 0.5, np.float32)
    heard[:, 7] = 1.0
    found = spoil(heard, replace(AS_HEARD, tilt_share=1.0, tilt_db=8.0), np.random.default_rng(2))
    assert found.max() == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(found[:, 7] - found[:, 8], 0.5, atol=1e-5)


def test_holes_are_silence() -> None:
    heard = np.ones((96, 216), np.float32)
    found = spoil(heard, replace(AS_HEARD, holes=2), np.random.default_rng(0))
    assert set(np.unique(found)) == {0.0, 1.0}
    assert (found == 0.0).all(axis=1).sum() <= 20
    assert (found == 0.0).all(axis=0).sum() <= 48
