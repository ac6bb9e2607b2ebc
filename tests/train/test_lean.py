"""Filters that say nothing of their own are left out, and nobody hears the difference."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from segue.train.architectures import HeirSizes, Sizes, build
from segue.train.lean import lightened, make_lean

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras 3, numpy 1's way

OWN = Sizes(body_channels=16, body_blocks=1, dense_units=8)
WIDE = HeirSizes(timbre_filters=(12, 10), tempo_filters=9, own=OWN)
NARROW = HeirSizes(timbre_filters=(5, 4), tempo_filters=4, width_step=4, own=OWN)


def some_slices(count: int, seed: int = 0) -> np.ndarray:
    """Of every loudness, so that the filters differ in what they say."""
    rng = np.random.default_rng(seed)
    slices = rng.random((count, 96, 216)) * rng.random((count, 96, 1)) * rng.random((count, 1, 216))
    return slices.astype(np.float32)


def shaken(model: keras.Model) -> keras.Model:
    """Weights that are nowhere those of a network that was only built."""
    rng = np.random.default_rng(5)
    for layer in model.layers:
        layer.set_weights([w + 0.1 * np.abs(rng.standard_normal(w.shape)) for w in layer.get_weights()])
    return model


def silence(model: keras.Model, name: str, *, all_but: int) -> None:
    """Give all filters but some a bias so low that they never speak."""
    scale, shift = model.get_layer(f"{name}_before").get_weights()
    shift[all_but:] = -1e3
    model.get_layer(f"{name}_before").set_weights([scale, shift])


@pytest.fixture
def heir() -> keras.Model:
    """An heir many of whose filters say the same whatever they hear."""
    model = shaken(build("heir", WIDE))
    silence(model, "timbre_35", all_but=5)
    silence(model, "timbre_62", all_but=3)
    silence(model, "tempo", all_but=4)
    return model


def test_silent_filters_are_left_out_without_a_difference(heir: keras.Model) -> None:
    lean = build("lean", NARROW)
    make_lean(heir, lean, some_slices(40))
    fresh = some_slices(6, seed=1)
    np.testing.assert_allclose(lean.predict_on_batch(fresh), heir.predict_on_batch(fresh), atol=1e-5)
    assert lean.count_params() < heir.count_params()


def test_filters_that_say_what_others_say_are_told_from_them(heir: keras.Model) -> None:
    """A fourth of them speaks, but as a copy of the first: three are enough."""
    kernel = heir.get_layer("timbre_62").get_weights()[0]
    kernel[..., 3] = kernel[..., 0]
    heir.get_layer("timbre_62").set_weights([kernel])
    for part in ("before", "after"):
        weights = heir.get_layer(f"timbre_62_{part}").get_weights()
        for weight in weights:
            weight[3] = weight[0]  # it was silent
        heir.get_layer(f"timbre_62_{part}").set_weights(weights)
    lean = build("lean", HeirSizes(timbre_filters=(5, 3), tempo_filters=4, width_step=4, own=OWN))
    make_lean(heir, lean, some_slices(40))
    fresh = some_slices(6, seed=2)
    np.testing.assert_allclose(lean.predict_on_batch(fresh), heir.predict_on_batch(fresh), atol=1e-3)


def test_an_heir_that_would_hear_otherwise_stays_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    """Untrained, all 561 filters speak: 144 cannot stand for them to a cosine of 0.999."""
    keras.utils.set_random_seed(2)
    heir = shaken(build("heir"))
    with caplog.at_level("INFO"):
        assert lightened(heir, some_slices(24), some_slices(4, seed=3)) is heir
    assert "cosine" in caplog.text
