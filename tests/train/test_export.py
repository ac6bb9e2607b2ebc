from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segue.config import SPECCY_MEL
from segue.embed.encoder import Encoder, load_ear
from segue.train.architectures import build
from segue.train.export import Card, export
from segue.train.networks import Cnn2d

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


def test_an_ear_in_another_form_keeps_its_fingerprint(tmp_path: Path) -> None:
    """What a library holds by the network as it was need not be heard again."""
    small = build("cnn2d", Cnn2d(channels=(4, 8), pools=((4, 4), (4, 4)), dense_units=16))
    card = Card(epsilon=0.05, pooling="mean", trained="2026-01-01", scores={}, identity="0123456789abcdef")
    assert load_ear(export(small, tmp_path, card)).fingerprint.model == "01234567"
    assert load_ear(export(small, tmp_path, replace(card, identity=None))).fingerprint.model != "01234567"
