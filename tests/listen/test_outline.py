from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from segue.config import PLAYER, PlayerSpec
from segue.errors import NotAudioError, TooLongError
from segue.listen import outline
from segue.listen.outline import outline_of


def write_levels(path: Path, levels: list[float], *, each_s: float, rate_hz: int = 8000) -> Path:
    t = np.arange(int(each_s * rate_hz)) / rate_hz
    tone = np.sin(2 * np.pi * 440 * t)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((np.concatenate([level * tone for level in levels]) * 30_000).astype("<i2").tobytes())
    return path


def test_an_outline_follows_the_loudness(tmp_path: Path) -> None:
    found = outline_of(write_levels(tmp_path / "a.wav", [0.0, 0.25, 1.0, 0.5], each_s=30.0))
    assert found.shape == (PLAYER.outline_columns,)
    parts = found.reshape(4, -1)[:, 5:-5]
    assert [int(np.median(part)) for part in parts] == pytest.approx([0, 64, 255, 128], abs=2)


def test_a_song_shorter_than_its_columns_and_a_silent_one_have_outlines(tmp_path: Path) -> None:
    short = outline_of(write_levels(tmp_path / "short.wav", [1.0], each_s=0.2))
    assert short.min() > 200
    assert outline_of(write_levels(tmp_path / "silent.wav", [0.0], each_s=2.0)).max() == 0


def test_what_is_too_long_or_no_song_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outline, "PLAYER", PlayerSpec(longest_outline_s=3.0))
    with pytest.raises(TooLongError, match="too long to be drawn"):
        outline_of(write_levels(tmp_path / "long.wav", [1.0], each_s=5.0))
    (tmp_path / "words.mp3").write_text("no song")
    with pytest.raises(NotAudioError):
        outline_of(tmp_path / "words.mp3")
