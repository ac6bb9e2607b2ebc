from __future__ import annotations

import re
from pathlib import Path

import pytest

from segue.choose.rules import GIVES_WAY
from segue.config import CHOICE, JOURNEY

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
        f"among the last {CHOICE.album_spacing},",
        f"the {CHOICE.join_reach} nearest",
        f"within {CHOICE.same_recording_s:g} s",
        f"w = `join_weight`, {CHOICE.join_weight} |",
        f"`tempo_weight`, {CHOICE.tempo_weight} |",
        f"`key_weight`, {CHOICE.key_weight} |",
        f"**{CHOICE.join_weight}, {CHOICE.tempo_weight}, {CHOICE.key_weight}**",
        f"1 up to {100 * CHOICE.same_tempo:g} % of difference, -1 from {100 * CHOICE.other_tempo:g} % on",
        f"under {CHOICE.shortest_s:g} s and over {CHOICE.longest_s / 60:g} min",
        f"below {CHOICE.same_sound:g}, length within {CHOICE.same_sound_s:g} s",
        f"`1 + adventure * {CHOICE.adventure_reach - 1}`",
        f"`adventure * {CHOICE.adventure_margin}`",
        f"(0 to 1, normally {CHOICE.anchor:g}) holds",
        "the first five of",
        "the first three slices of B",
    ):
        assert words in TEXT
    assert (CHOICE.reasons_kept, CHOICE.end_slices) == (5, 3)


def test_what_gives_way_does_so_in_the_stated_order() -> None:
    rows = re.findall(r"^\| ([^|]+?)(?:, if asked for)? \|[^|]+\| (\d)\w\w \|$", TEXT, re.MULTILINE)
    assert [name for name, _ in sorted(rows, key=lambda row: row[1])] == list(GIVES_WAY)


def test_the_numbers_of_journeys_are_those_of_the_config() -> None:
    text = (Path(__file__).parents[2] / "docs" / "journeys.md").read_text(encoding="utf-8")
    for words in (
        f"and {JOURNEY.spare_candidates} more",
        f"cost {CHOICE.spacing_margin:g} for each missing track",
        f"more than {JOURNEY.spacing_tries} assignments",
        f"Among the {JOURNEY.nearby_tracks:,} tracks",
        f"about every {JOURNEY.wave_stops} stops",
        f"`--arc-weight` ({JOURNEY.arc_weight:g})",
        f"Up to {JOURNEY.exact_tracks} songs",
        f"disturbed {JOURNEY.reorder_kicks} times",
        f"out of the {JOURNEY.expand_candidates} that",
        f"{JOURNEY.longest_reorder:,}, the most",
    ):
        assert words in text
