"""Mel-frequency cepstral coefficients: the hand-made description of timbre that an ear has to be better than."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from segue.config import SPECCY_MEL
from segue.values import Floats

MFCC_MEL = replace(SPECCY_MEL, scale="log10")
_COEFFICIENTS = 20  # what the literature on music similarity takes


def mfcc_statistics(log_mel: Floats) -> Floats:
    """Describe one slice by how its cepstral coefficients lie and spread.

    Parameters
    ----------
    log_mel : (96, frames) float32
        A slice of `MFCC_MEL`.

    Returns
    -------
    (40,) float32
        Means, then standard deviations over time, of the first 20 coefficients of the cosine transform (Davis and
        Mermelstein, 1980).
    """
    from scipy.fft import dct  # half a second to import; see mel.py

    found = dct(log_mel, axis=0, norm="ortho")[:_COEFFICIENTS]  # (20, frames)
    return np.concatenate([found.mean(axis=1), found.std(axis=1)]).astype(np.float32)
