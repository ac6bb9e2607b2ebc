"""The recipe of the speech model: on traits that are known, and as a whole on a few voices and songs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from segue.errors import ModelError, ParameterError
from segue.listen.sounding import SPEECH_MODEL, SpeechModel, SpeechTraits, read_speech_model, speech_model
from segue.train import speech
from segue.train.speech import SpeechRecipe, called_speech, fit_speech_model, run_speech_recipe
from segue.train.voices import Voice
from tests.songs import tone_song, write_samples
from tests.voices import voice

TRAITS = len(SpeechTraits._fields)


def drawn(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Traits of which the first speaks for speech, the second against it, and the others say nothing."""
    traits = rng.standard_normal((count, TRAITS)) * 3.0 + 10.0
    odds = 2.0 * (traits[:, 0] - 10.0) / 3.0 - 1.0 * (traits[:, 1] - 10.0) / 3.0
    return traits, rng.random(count) < 1.0 / (1.0 + np.exp(-odds))


def test_weights_that_are_known_are_found_again() -> None:
    traits, is_speech = drawn(np.random.default_rng(1), 20_000)
    found = fit_speech_model(traits, is_speech, weights=np.ones(len(traits)))
    assert found.weights[:2] == pytest.approx((2.0, -1.0), abs=0.1)
    assert np.abs(found.weights[2:]).max() < 0.1
    assert found.bias == pytest.approx(0.0, abs=0.1)


def test_what_weighs_nothing_is_not_fitted_to() -> None:
    traits, is_speech = drawn(np.random.default_rng(2), 6_000)
    weights = np.where(np.arange(6_000) < 3_000, 1.0, 0.0)
    wrong = np.where(weights > 0.0, is_speech, ~is_speech)
    assert fit_speech_model(traits, wrong, weights=weights).weights[0] > 1.5


def test_one_kind_alone_is_refused() -> None:
    traits, _ = drawn(np.random.default_rng(3), 100)
    with pytest.raises(ParameterError, match="there is no speech"):
        fit_speech_model(traits, np.zeros(100, bool), weights=np.ones(100))


def test_a_window_alone_is_not_believed() -> None:
    blank = SpeechTraits(*np.zeros(TRAITS))
    model = SpeechModel(blank, SpeechTraits(*np.ones(TRAITS)), blank._replace(beat=1.0), 0.0)
    beats = np.zeros((5, TRAITS))
    beats[:, SpeechTraits._fields.index("beat")] = (1.5, 1.5, -3.0, 3.0, 3.0)
    assert called_speech(model, beats).tolist() == [False, True, False, False, True]


def test_the_recipe_writes_a_model_that_tells_its_voices_from_its_songs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech, "_LONE_S", 10.5)
    for seed in range(4):
        write_samples(tmp_path / "music" / "learned" / f"{seed}.wav", tone_song(seed, seconds=31.0))
        write_samples(tmp_path / "music" / "held" / f"other {seed}.wav", tone_song(10 + seed, seconds=31.0))
        write_samples(tmp_path / "music" / "voices" / "sounds" / f"{seed}" / "a.wav", voice(seed, seconds=21.0))
    voices = [Voice("game", str(k), k > 1, "voices", f"sounds/{k}/*.wav") for k in range(4)]
    absent = Voice("game", "nobody", held_out=False, package="voices", pattern="nowhere/*.wav")
    monkeypatch.setattr(speech, "VOICES", [*voices, absent])
    out = tmp_path / "out" / "speech.json"
    recipe = SpeechRecipe(tmp_path / "music", tmp_path / "work", out, held_out=("held",), mixtures=1, lone=1, seed=5)
    lines = run_speech_recipe(recipe, on_progress=lambda *_: None)
    assert [line.split()[0] for line in lines[1:8]] == ["game", "held", "mixed", "piano", "flute", "drums", "singing"]
    scores = json.loads(out.read_text(encoding="utf-8"))["scores"]
    assert scores["precision"] >= 0.9
    assert scores["recall"] >= 0.5  # the first window of each voice is never believed
    assert read_speech_model(out).weights.steady_210_ms < 0.0  # tones hold, voices glide


def test_a_damaged_model_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "speech.json"
    whole = json.loads(SPEECH_MODEL.read_text(encoding="utf-8"))
    for content in ("", "[]", json.dumps({**whole, "middle": {"beat": 1.0}}), json.dumps({**whole, "bias": "x"})):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(ModelError, match=r"speech.json: the speech model cannot be read"):
            read_speech_model(path)
    with pytest.raises(ModelError):
        read_speech_model(tmp_path / "nowhere.json")
    assert speech_model() == read_speech_model(SPEECH_MODEL)
