from __future__ import annotations

import numpy as np
import pytest

from segue.choose.index import Index
from segue.values import TrackId, TrackInfo

NAMES = "abcdefghij"


@pytest.fixture
def fan() -> Index:
    """Ten tracks at 0, 10, ... 90 degrees in a plane: the neighbours of any are known by heart."""
    angles = np.deg2rad(np.arange(10) * 10.0)
    return Index.build([TrackId(n) for n in NAMES], np.stack([np.cos(angles), np.sin(angles)], axis=1))


@pytest.fixture
def infos() -> dict[TrackId, TrackInfo]:
    """Every track by an artist of its own."""
    return {TrackId(n): TrackInfo(title=f"Song {n}", artist=f"Artist {n}", duration_s=200.0) for n in NAMES}
