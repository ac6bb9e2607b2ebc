from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from segue.config import SPECCY_MEL
from segue.embed.encoder import Encoder, load_ear
from segue.train.architectures import build
from segue.train.export import Card, export

pytestmark = pytest.mark.filterwarnings("ignore:.*np.object.*:FutureWarning")  # tf2onnx under numpy 2


def test_an_exported_ear_is_an_ear_that_agrees_with_keras(tmp_path: Path) -> None:
    model = build("heir")
    card_path = export(model, tmp_path, Card(epsilon=0.05, pooling="mean", trained="2026-01-01", scores={"x": 0.5}))
    card = json.loads(card_path.read_text(encoding="utf-8"))
    assert card["scores"] == {"x": 0.5}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["speccy.json", "speccy.onnx"]
    ear = load_ear(card_path)
    assert (ear.name, ear.dimension, ear.epsilon, ear.pooling, ear.mel) == ("speccy", 100, 0.05, "mean", SPECCY_MEL)
    slices = np.random.default_rng(3).random((11, SPECCY_MEL.mel_bands, SPECCY_MEL.slice_frames), dtype=np.float32)
    np.testing.assert_allclose(Encoder(ear).encode(slices), model.predict_on_batch(slices), atol=1e-4)
