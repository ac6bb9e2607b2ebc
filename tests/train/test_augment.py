from __future__ import annotations

import numpy as np
import pytest

from segue.config import MUSICNN_MEL, SPECCY_MEL
from segue.errors import ParameterError
from segue.listen.mel import single_slice, slices
from segue.train.augment import AS_RECORDED, TEACHER_SAMPLES, WINDOW_SAMPLES, Augmenter, AugmentSpec
from segue.train.corpus import Recording
from segue.train.shards import window_slices

EVERYTHING = AugmentSpec(
    mix_shares=(0.0, 0.0, 1.0),
    bend_share=1.0,
    tilt_share=1.0,
    low_pass_share=1.0,
    high_pass_share=1.0,
    hiss_share=1.0,
    saturation_share=1.0,
    reverb_share=1.0,
    speech_share=1.0,
    made_share=0.5,
)


@pytest.mark.parametrize("spec", [AugmentSpec(), AS_RECORDED, EVERYTHING])
def test_windows_keep_their_length_and_stay_finite(music: list[Recording], spec: AugmentSpec) -> None:
    augmenter = Augmenter(music[:4], made=music[4:6], speech=music[6:], spec=spec)
    rng = np.random.default_rng(0)
    for _ in range(8):
        window = augmenter.draw(rng)
        assert window.samples.shape == (WINDOW_SAMPLES,)
        assert window.teacher_samples.shape == (TEACHER_SAMPLES,)
        for samples in (window.samples, window.teacher_samples):
            assert samples.dtype == np.float32
            assert np.isfinite(samples).all()
        assert np.abs(window.samples).max() <= 1.0 + 1e-5


def test_the_same_seed_draws_the_same_windows(music: list[Recording]) -> None:
    first, second = (Augmenter(music).draw(np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(first.samples, second.samples)
    assert not np.array_equal(first.samples, Augmenter(music).draw(np.random.default_rng(8)).samples)


def test_both_ears_hear_the_same_sound(music: list[Recording]) -> None:
    """The teacher's window is the same stretch: its low bands rise and fall with Speccy's."""
    augmenter, rng = Augmenter(music, spec=AS_RECORDED), np.random.default_rng(2)
    heard = window_slices(augmenter.draw(rng))
    assert heard is not None
    ours, theirs = heard
    assert ours.shape == (SPECCY_MEL.mel_bands, SPECCY_MEL.slice_frames)
    assert theirs.shape == (MUSICNN_MEL.mel_bands, MUSICNN_MEL.slice_frames)
    in_frequency = np.corrcoef(
        np.interp(np.arange(80) / 0.905, np.arange(96), theirs.mean(axis=1)), ours.mean(axis=1)[:80]
    )
    assert in_frequency[0, 1] > 0.8


def test_packages_are_drawn_more_evenly_than_their_lengths(music: list[Recording]) -> None:
    """A package with three times the music is drawn about 1.7 times as often, so that no game drowns the others."""
    augmenter = Augmenter([*music[:1], *music[4:7]], spec=AS_RECORDED)
    pieces = [augmenter._piece(np.random.default_rng(k)).package for k in range(400)]
    share = np.mean([piece == "package-0" for piece in pieces])
    assert 0.22 < share < 0.36


def test_a_window_is_cut_as_the_library_cuts_a_track() -> None:
    """The second slice of a track, where no padding reaches, is what a window of the same samples gives."""
    samples = np.random.default_rng(0).standard_normal(3 * WINDOW_SAMPLES).astype(np.float32)
    step = SPECCY_MEL.slice_frames * SPECCY_MEL.hop_samples
    cut = single_slice(samples[step - SPECCY_MEL.n_fft_samples // 2 :], SPECCY_MEL)
    assert cut is not None
    np.testing.assert_allclose(cut, slices(samples, SPECCY_MEL)[1], atol=1e-6)
    with pytest.raises(ParameterError, match="less than a slice"):
        single_slice(samples[:1000], SPECCY_MEL)
