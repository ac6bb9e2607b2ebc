from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.command_line import answer, refusal


def test_a_password_is_set_given_a_token_and_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("password", "--data", tmp_path, "--json")
    assert "no password" in refusal(capsys, *words[:-1], "--token")
    assert "nobody can be asked" in refusal(capsys, *words[:-1])
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert "has 5 characters" in refusal(capsys, *words[:-1], "--stdin")
    monkeypatch.setenv("SEGUE_PASSWORD", "quiet engine")
    assert answer(capsys, *words) == {"password": True}
    assert len(answer(capsys, *words, "--token")["token"]) == 43
    assert answer(capsys, *words, "--remove") == {"password": False}
