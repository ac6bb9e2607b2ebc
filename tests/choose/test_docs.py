from __future__ import annotations

import re
from pathlib import Path

import pytest

from segue.config import CHOICE

TEXT = (Path(__file__).parents[2] / "docs" / "choosing.md").read_text(encoding="utf-8")


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    code = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert code is not None
    exec(compile(code[1], "docs/choosing.md", "exec"), {})
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["two", "three"]


def test_the_numbers_are_those_of_the_config() -> None:
    for words in (
        f"normally {CHOICE.lookback})",
        f"among the last {CHOICE.artist_spacing} ",
        f"all of the {CHOICE.join_reach} nearest",
        f"within {CHOICE.same_recording_s:g} s",
        "the first five of",
    ):
        assert words in TEXT
    assert CHOICE.reasons_kept == 5
