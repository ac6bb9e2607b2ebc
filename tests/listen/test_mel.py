from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.config import MUSICNN_MEL, SPECCY_MEL
from segue.errors import ParameterError
from segue.listen.mel import hz_to_mel, iter_power, iter_slices, iter_spread_slices, slices
from tests.listen.conftest import sweep


def oracle(samples: np.ndarray) -> np.ndarray:
    """Slices by librosa, as docs/architecture.md defines them."""
    spec = SPECCY_MEL
    mel = librosa.feature.melspectrogram(
        y=samples, sr=spec.sample_rate_hz, n_fft=spec.n_fft_samples, hop_length=spec.hop_samples, n_mels=spec.mel_bands
    )
    found = []
    for start in range(0, mel.shape[1] - spec.slice_frames + 1, spec.slice_frames):
        level_db = librosa.power_to_db(mel[:, start : start + spec.slice_frames], ref=np.max, top_db=spec.floor_db)
        if level_db.max() > level_db.min():
            found.append((level_db - level_db.min()) / (level_db.max() - level_db.min()))
    return np.array(found)


def noise(n: int) -> np.ndarray:
    return np.random.default_rng(3).normal(scale=0.1, size=n).astype(np.float32)


def clicks(n: int) -> np.ndarray:
    samples = np.zeros(n, np.float32)
    samples[::11_025] = 0.9
    return samples


def chord(n: int) -> np.ndarray:
    t = np.arange(n) / 22_050
    return sum(0.2 * np.sin(2 * np.pi * f * t) for f in (220.0, 277.2, 329.6, 9000.0)).astype(np.float32)


@pytest.mark.parametrize(
    "make", [noise, clicks, chord, lambda n: sweep(n / 22_050, rate_hz=22_050), lambda n: 1e-4 * noise(n)]
)
def test_slices_are_librosas(make: Callable[[int], np.ndarray]) -> None:
    samples = make(12 * 22_050 + 321)
    ours, theirs = slices(samples, SPECCY_MEL), oracle(samples)
    assert ours.shape == theirs.shape == (2, 96, 216)
    assert ours.dtype == np.float32
    assert np.abs(ours - theirs).max() < 1e-3  # float32 against librosa's mixed precision; seen: 1e-5
    assert ours.min() == 0.0
    assert ours.max() == 1.0


@pytest.mark.parametrize(
    ("samples", "count"), [(110_079, 0), (110_080, 1), (110_080 + 216 * 512 - 1, 1), (110_080 + 216 * 512, 2)]
)
def test_whole_slices_only(samples: int, count: int) -> None:
    """Earlier programs compared samples with frames here: short files passed the check and gave nothing."""
    assert SPECCY_MEL.slice_samples == 110_080
    assert len(slices(noise(samples), SPECCY_MEL)) == len(oracle(noise(samples))) == count


def test_silent_slices_are_left_out() -> None:
    samples = noise(4 * 110_592)
    samples[110_592 - 2048 : 2 * 110_592 + 2048] = 0.0
    assert len(slices(samples, SPECCY_MEL)) == len(slices(noise(4 * 110_592), SPECCY_MEL)) - 1
    assert len(slices(np.zeros(300_000, np.float32), SPECCY_MEL)) == 0


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 120_000), min_size=1, max_size=6))
def test_the_cut_of_the_blocks_does_not_matter(lengths: list[int]) -> None:
    samples = noise(300_000)
    blocks = np.split(samples, np.clip(np.cumsum(lengths), 0, len(samples)))
    streamed = list(iter_slices(blocks, SPECCY_MEL))
    assert np.array_equal(np.stack(streamed), slices(samples, SPECCY_MEL))


def test_the_power_of_all_frames_is_handed_out_in_their_order() -> None:
    samples = noise(3 * 110_592 + 50_000)
    samples[110_592 - 2048 : 2 * 110_592 + 2048] = 0.0
    stretches: list[np.ndarray] = []
    found = list(iter_slices(np.split(samples, [7, 200_000]), SPECCY_MEL, on_power=stretches.append))
    assert len(found) == 2  # the silent one is no slice, yet its frames have their place
    assert [stretch.shape for stretch in stretches] == [(216, 1025)] * 3
    assert not stretches[1].any()
    power = np.concatenate(stretches)
    theirs = np.abs(librosa.stft(samples, n_fft=2048, hop_length=512)) ** 2
    assert np.abs(power - theirs.T[: 3 * 216]).max() < 1e-5 * theirs.max()  # float32
    assert np.array_equal(np.concatenate(list(iter_power([samples], SPECCY_MEL))), power)


def test_level_does_not_matter() -> None:
    samples = noise(120_000)
    assert np.abs(slices(samples, SPECCY_MEL) - slices(0.01 * samples, SPECCY_MEL)).max() < 1e-4


def test_the_other_front_end() -> None:
    samples = noise(5 * 16_000 + 100)
    ours = slices(samples, MUSICNN_MEL)
    mel = librosa.feature.melspectrogram(y=samples, sr=16_000, n_fft=512, hop_length=256, n_mels=96)
    assert ours.shape == (1, 96, 313)
    assert np.abs(ours[0] - np.log10(10_000 * mel + 1)[:, :313]).max() < 1e-3


def test_stereo_is_refused() -> None:
    with pytest.raises(ParameterError, match="shape"):
        slices(np.zeros((2, 110_080), np.float32), SPECCY_MEL)


def test_fingerprints_tell_front_ends_apart() -> None:
    assert SPECCY_MEL.fingerprint != MUSICNN_MEL.fingerprint
    assert len(SPECCY_MEL.fingerprint) == 8


def test_the_mel_scale_is_slaneys() -> None:
    hz = np.array([[0.0, 60.0, 999.0], [1000.0, 4000.0, 11025.0]])
    np.testing.assert_allclose(hz_to_mel(hz), librosa.hz_to_mel(hz), rtol=1e-12)


SHORT = replace(MUSICNN_MEL, slice_frames=3)
STEP = 3 * 256


def steps(count: int) -> np.ndarray:
    """Noise that is louder in each slice than in the one before."""
    samples = noise(count * STEP)
    return samples * np.repeat(np.linspace(0.1, 1.0, count), STEP).astype(np.float32)


def places(found: list[np.ndarray], every: np.ndarray) -> list[int]:
    return [next(k for k, mel in enumerate(every) if np.array_equal(mel, one)) for one in found]


@pytest.mark.parametrize(
    ("count", "most"), [(1, 16), (9, 16), (16, 16), (17, 16), (40, 16), (130, 16), (700, 16), (50, 5)]
)
def test_some_slices_evenly_spread(count: int, most: int) -> None:
    samples = steps(count)
    every = slices(samples, SHORT)
    found = list(iter_spread_slices([samples], SHORT, most=most))
    kept = places(found, every)
    assert len(kept) == count if count <= most else most / 2 <= len(kept) <= most
    assert len(set(np.diff(kept))) <= 1
    gap = count / len(kept)
    assert kept[0] < gap
    assert count - 1 - kept[-1] < 2 * gap  # a track ends where it likes
    blocks = np.split(samples, [100, 5000, 5001]) if len(samples) > 5001 else [samples]
    assert np.array_equal(np.stack(list(iter_spread_slices(iter(blocks), SHORT, most=most))), np.stack(found))


def test_the_spread_lies_in_the_middle_of_what_it_stands_for() -> None:
    """Keeping the first of every pair each time would always hear the first five seconds, and less of the end."""
    for count in (33, 100, 300, 640):
        samples = steps(count)
        kept = places(list(iter_spread_slices([samples], SHORT, most=16)), slices(samples, SHORT))
        assert abs(np.mean(kept) - (count - 1) / 2) < 0.06 * count


def test_silence_takes_no_place_in_the_spread() -> None:
    samples = steps(20)
    with_pause = np.concatenate([np.zeros(50 * STEP, np.float32), samples, np.zeros(500 * STEP, np.float32)])
    assert 8 <= len(list(iter_spread_slices([with_pause], SHORT, most=16))) <= 16
    assert list(iter_spread_slices([np.zeros(100 * STEP, np.float32)], SHORT, most=16)) == []
