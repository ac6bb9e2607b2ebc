from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.embed.ears.standin import random_weights, write_checkpoint


@pytest.fixture(scope="session")
def weights() -> dict[str, np.ndarray]:
    return random_weights()


@pytest.fixture(scope="session")
def checkpoint(weights: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as MSD_musicnn of the package musicnn, of random weights."""
    return write_checkpoint(tmp_path_factory.mktemp("weights") / "MSD_musicnn", weights)
