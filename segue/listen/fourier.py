"""Fourier transforms by SciPy, in float32 where the signal is, without the half second of importing `scipy.fft`.

Nearly all of that half second goes into parts that no transform needs, and each worker of a scan would spend it. So the
compiled module that does the work is loaded by itself. Where a version of SciPy has it elsewhere, or otherwise,
`scipy.fft` serves as well: it gives the same numbers.
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DIVIDED = 2  # of the ways to scale: by the length
_PLAIN = 0
_HOME = Path("fft", "_pocketfft")
_NAME = "pypocketfft"


def rfft(frames: NDArray[np.floating]) -> NDArray[np.complexfloating]:
    """The spectra ``(..., n // 2 + 1)`` of real frames ``(..., n)``, along the last axis; as `scipy.fft.rfft`."""
    direct = _pocketfft()
    if direct is None:
        return _public().rfft(frames, axis=-1)  # type: ignore[no-any-return]
    return direct.r2c(frames, (frames.ndim - 1,), True, _PLAIN, None, 1)  # type: ignore[no-any-return]


def irfft(spectra: NDArray[np.complexfloating], length: int) -> NDArray[np.floating]:
    """The frames ``(..., length)`` of spectra ``(..., length // 2 + 1)``; as `scipy.fft.irfft`."""
    direct = _pocketfft()
    if direct is None:
        return _public().irfft(spectra, length, axis=-1)  # type: ignore[no-any-return]
    return direct.c2r(spectra, (spectra.ndim - 1,), length, False, _DIVIDED, None, 1)  # type: ignore[no-any-return]


def longest_fast(length: int) -> int:
    """The largest length up to ``length`` that is transformed fast; as `scipy.fft.prev_fast_len` of real signals."""
    direct = _pocketfft()
    if direct is None:
        return int(_public().prev_fast_len(length, real=True))
    return int(direct.prev_good_size(length, True))


@lru_cache(maxsize=1)
def _pocketfft() -> ModuleType | None:
    """SciPy's compiled transforms by themselves, or None where they do not say what they should."""
    package = importlib.util.find_spec("scipy")
    for folder in package.submodule_search_locations or () if package else ():
        for path in sorted((Path(folder) / _HOME).glob(f"{_NAME}.*")):
            spec = importlib.util.spec_from_file_location(_NAME, path)
            if spec is None or spec.loader is None:
                continue
            try:
                module = importlib.util.module_from_spec(spec)
                spec.loader.exec_module(module)
                if _agrees(module):
                    return module
            except (ImportError, AttributeError, TypeError, ValueError):  # of another version: see above
                continue
    return None


def _agrees(module: Any) -> bool:
    """Whether a transform there and back, and a length, come out as they must."""
    frame = np.arange(6, dtype=np.float32)
    spectrum = module.r2c(frame, (0,), True, _PLAIN, None, 1)
    back = module.c2r(spectrum, (0,), len(frame), False, _DIVIDED, None, 1)
    whole = np.allclose(spectrum, np.fft.rfft(frame), atol=1e-5) and np.allclose(back, frame, atol=1e-5)
    return whole and spectrum.dtype == np.complex64 and module.prev_good_size(1103, True) == 1080


def _public() -> Any:
    import scipy.fft

    return scipy.fft
