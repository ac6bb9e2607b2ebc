from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segue.config import SCAN, SPECCY_MEL
from segue.embed.encoder import Ear, Encoder, load_ear
from segue.errors import ModelError, ParameterError
from tests.embed.conftest import DIMENSION, write_ear


def some_slices(count: int) -> np.ndarray:
    return np.random.default_rng(1).random((count, 96, 216), np.float32)


def test_vectors_are_unit_rows_whatever_the_batch(tiny_ear: Ear) -> None:
    encoder = Encoder(tiny_ear)
    slices = some_slices(19)
    vectors = encoder.encode(slices)
    assert vectors.shape == (19, DIMENSION)
    assert vectors.dtype == np.float32
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6
    one_by_one = np.concatenate([encoder.encode(slices[i : i + 1]) for i in range(19)])
    assert np.abs(vectors - one_by_one).max() < 1e-6
    assert encoder.encode(slices[:0]).shape == (0, DIMENSION)


def test_other_shapes_are_refused(tiny_ear: Ear) -> None:
    with pytest.raises(ParameterError, match=r"\(3, 216, 96\)"):
        Encoder(tiny_ear).encode(np.zeros((3, 216, 96), np.float32))


def test_the_card_and_the_network_belong_together(tmp_path: Path) -> None:
    card = write_ear(tmp_path)
    ear = load_ear(card)
    assert (ear.name, ear.dimension, ear.mel, ear.pooling) == ("tiny", DIMENSION, SPECCY_MEL, "tfidf")
    other = load_ear(write_ear(tmp_path, name="other", weights=np.eye(96, DIMENSION)))
    assert other.fingerprint != ear.fingerprint
    ear.network.write_bytes(other.network.read_bytes())
    with pytest.raises(ModelError, match="not the one on its card"):
        load_ear(card)


def test_missing_and_damaged_ears(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not there"):
        load_ear(tmp_path / "none.json")
    card = write_ear(tmp_path)
    content = json.loads(card.read_text(encoding="utf-8"))
    for broken in ("{", {**content, "pooling": "magic"}, {**content, "mel": {}}):
        card.write_text(broken if isinstance(broken, str) else json.dumps(broken), encoding="utf-8")
        with pytest.raises(ModelError, match=r"tiny\.json"):
            load_ear(card)
    card.write_text(json.dumps({**content, "sha256": None}), encoding="utf-8")
    with pytest.raises(ModelError, match="not the one on its card"):
        load_ear(card)


def test_a_damaged_network_is_refused(tmp_path: Path) -> None:
    import hashlib

    card = write_ear(tmp_path)
    content = json.loads(card.read_text(encoding="utf-8"))
    network = card.with_suffix(".onnx")
    network.write_bytes(network.read_bytes()[:-50])
    content["sha256"] = hashlib.sha256(network.read_bytes()).hexdigest()
    card.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be loaded"):
        Encoder(load_ear(card))


def test_a_network_that_answers_zeros_is_refused(tmp_path: Path) -> None:
    ear = load_ear(write_ear(tmp_path, weights=np.zeros((96, DIMENSION))))
    with pytest.raises(ModelError, match="not made of finite vectors"):
        Encoder(ear).encode(some_slices(2))


def test_nothing_is_reported_to_anybody(tiny_ear: Ear, tmp_path: Path) -> None:
    """ONNX Runtime 1.29 and later keep a device identifier under HOME and send events, unless told not to."""
    home = tmp_path / "home"
    home.mkdir()
    code = (
        "import sys; import numpy as np; from pathlib import Path; from segue.embed.encoder import Encoder, load_ear;"
        "Encoder(load_ear(Path(sys.argv[1]))).encode(np.ones((1, 96, 216), np.float32))"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("CI", "ORT_DISABLE_TELEMETRY")} | {
        "HOME": str(home)
    }
    card = str(tiny_ear.network.with_suffix(".json"))
    done = subprocess.run(
        [sys.executable, "-c", code, card], env=environment, capture_output=True, text=True, check=True
    )
    assert "telemetry" not in done.stderr.lower()
    assert list(home.rglob("*")) == []


def test_the_bundled_ear() -> None:
    ear = load_ear()
    assert (ear.name, ear.dimension, ear.mel) == ("speccy", 100, SPECCY_MEL)
    assert 2_000_000 < ear.network.stat().st_size < 8_000_000
    vectors = Encoder(ear).encode(some_slices(3))
    assert vectors.shape == (3, 100)
    assert ear.network.with_suffix(".md").read_text(encoding="utf-8").startswith("# ")


def test_a_quick_look_is_an_ear_of_its_own_with_the_same_network(tiny_ear: Ear) -> None:
    quick = tiny_ear.quick()
    assert (quick.network, quick.mel, quick.quick_of) == (tiny_ear.network, tiny_ear.mel, tiny_ear.fingerprint)
    assert quick.fingerprint != tiny_ear.fingerprint
    assert (quick.windows, quick.pooling) == (SCAN.quick_windows, "mean")
    assert quick.quick() == quick
    assert tiny_ear.windows is None


def test_another_number_of_windows_is_another_quick_look(tiny_ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tiny_ear.quick().fingerprint
    monkeypatch.setattr("segue.embed.encoder.SCAN", replace(SCAN, quick_windows=SCAN.quick_windows + 1))
    assert tiny_ear.quick().fingerprint != before
