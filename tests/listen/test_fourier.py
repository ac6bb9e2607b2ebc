"""The same numbers by both ways to SciPy, and no long import on the short one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
import scipy.fft

from segue.listen import fourier


@pytest.fixture(params=["direct", "public"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if request.param == "public":
        monkeypatch.setattr(fourier, "_NAME", "of_another_version")
    fourier._pocketfft.cache_clear()
    yield
    fourier._pocketfft.cache_clear()


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_numbers_are_those_of_scipy(kind: type) -> None:
    wide = np.random.default_rng(1).standard_normal((2, 3, 2_205)).astype(kind)
    for frames in (wide, wide[:, ::2], wide[..., 100:1_300]):
        spectra = fourier.rfft(frames)
        np.testing.assert_array_equal(spectra, scipy.fft.rfft(frames, axis=-1))
        assert spectra.dtype == (np.complex64 if kind is np.float32 else np.complex128)
        length = frames.shape[-1]
        np.testing.assert_array_equal(fourier.irfft(spectra, length), scipy.fft.irfft(spectra, length, axis=-1))
    for length in (1, 97, 1_103, 5_120, 22_291):
        assert fourier.longest_fast(length) == scipy.fft.prev_fast_len(length, real=True)


def test_a_worker_is_spared_the_rest_of_scipy_fft() -> None:
    code = (
        "import sys, numpy as np; from segue.listen.mel import slices; from segue.config import SPECCY_MEL;"
        "from segue.listen.loudness import LevelMeter; m = LevelMeter(44_100, 2, on_spectra=lambda *_: None);"
        "m.take(np.ones((2, 99_000), np.float32)); m.finish();"
        "slices(np.ones(150_000, np.float32), SPECCY_MEL); print('scipy.fft' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "False"
