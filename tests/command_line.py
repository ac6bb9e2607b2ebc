"""The command line as tests use it: from words to an answer, or to one line that says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from segue.cli.start import main


def answer(capsys: pytest.CaptureFixture[str], *words: str | Path, code: int = 0) -> Any:
    """What a command with `--json` answers."""
    capsys.readouterr()
    assert main([str(word) for word in words]) == code
    return json.loads(capsys.readouterr().out)


def refusal(capsys: pytest.CaptureFixture[str], *words: str | Path, code: int = 1) -> str:
    """What a command that fails says, in one line."""
    capsys.readouterr()
    assert main([str(word) for word in words]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("segue: ")
    assert said.err.count("\n") == 1
    return said.err
