"""What a mix is before it is rendered."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import MixError, ParameterError
from segue.play.mix.plan import (
    BeatPair,
    Join,
    MixPlan,
    Part,
    gain_to_target_db,
    plan_from_json,
    plan_to_json,
    to_samples,
)
from segue.values import TrackId, TrackInfo


def part(name: str = "a.mp3", *, begin_s: float = 1.5, end_s: float = 61.5) -> Part:
    return Part(Path("/music") / name, TrackInfo("Title", "Artist"), begin_s, end_s, gain_db=-3.25)


def test_a_plan_reads_back_as_it_was_written() -> None:
    odd = Path(os.fsdecode(b"/music/-AC:DC \xff \xc3\xa9.mp3"))
    first = Part(odd, TrackInfo("Ä \u2028", year=1999), 0.1, 40.0, 2.0, TrackId("0" * 16), -16.0, -0.3, 124.02, "8A")
    beats = (BeatPair(30.5, 2.01), BeatPair(32.5, 4.05))
    beat = Join("beat", 10.0, speed=1.02, ease_s=8.0, beats=beats, why="124 and 126 BPM, 8A and 9A")
    plan = MixPlan((first, part(), part()), (beat, Join("cut")), title="Friday")
    text = plan_to_json(plan)
    assert plan_from_json(text) == plan
    assert plan_to_json(plan_from_json(text)) == text
    assert plan_from_json(text).fingerprint == plan.fingerprint
    assert MixPlan(plan.parts, plan.joins, title="Saturday").fingerprint != plan.fingerprint


@given(
    st.lists(st.tuples(st.floats(0, 100), st.floats(60, 900)), min_size=1, max_size=8),
    st.lists(st.floats(0, 25), min_size=8, max_size=8),
)
def test_parts_follow_each_other_to_the_sample(spans: list[tuple[float, float]], overlaps: list[float]) -> None:
    parts = tuple(part(begin_s=begin, end_s=begin + length) for begin, length in spans)
    joins = tuple(Join("fade" if to_samples(s) else "cut", s) for s in overlaps[: len(parts) - 1])
    plan = MixPlan(parts, joins)
    for before, join, after in zip(plan.placements, joins, plan.placements[1:], strict=False):
        assert before.end_samples - after.begin_samples == to_samples(join.overlap_s)
    assert plan.length_s == pytest.approx(
        sum(length for _, length in spans) - sum(join.overlap_s for join in joins), abs=3e-5 * len(parts)
    )


def test_a_bent_part_lasts_as_long_as_its_speed_says() -> None:
    """10 s at 1.04 and 8 s that glide to 1 take 10.4 + 8.16 s of the file."""
    plan = MixPlan((part(), part()), (Join("beat", 10.0, speed=1.04, ease_s=8.0),))
    bend = plan.placements[1].bend
    assert bend is not None
    assert bend.part_samples == to_samples(10.4 + 8.16)
    assert plan.length_s == pytest.approx(60 + 60 - 10 - 0.56, abs=1e-4)
    assert plan.joined_at_s(0) == pytest.approx((50.0, 60.0))
    assert plan.placements[1].lead_s == pytest.approx(55.0)


def test_a_bend_goes_through_its_beats() -> None:
    """B starts at 1.5 s of its file, when A is at 51.5 s of its own."""
    beats = tuple(BeatPair(51.5 + 2.0 * k, 1.5 + 2.04 * k) for k in range(5))
    plan = MixPlan((part(), part()), (Join("beat", 10.0, speed=1.02, ease_s=4.0, beats=beats),))
    bend = plan.placements[1].bend
    assert bend is not None
    assert [(node.mix_samples, node.part_samples) for node in bend.nodes] == [
        pytest.approx((44_100 * 2.0 * k, 44_100 * 2.04 * k)) for k in range(6)
    ]


@pytest.mark.parametrize(
    ("join", "said"),
    [
        (Join("cut", 1.0), "cannot last 1 s"),
        (Join("fade"), "cannot last 0 s"),
        (Join("fade", -1.0), "cannot last -1 s"),
        (Join("eq", 200.0), "too long"),
        (Join("fade", 61.0), "too short for joins"),
        (Join("fade", 10.0, speed=1.02), "bends no tempo"),
        (Join("beat", 10.0, speed=1.07), "bent to 1.070"),
        (Join("beat", 10.0, beats=(BeatPair(55.0, 5.0), BeatPair(54.0, 6.0))), "do not rise"),
        (Join("beat", 10.0, beats=(BeatPair(52.5, 2.5), BeatPair(53.5, 4.5))), r"played at 2\.000"),
        (Join("beat", 30.0, ease_s=31.0), "too short for joins"),
        (Join("fade", 10.0, gapless=True), "by fade is not gapless"),
    ],
)
def test_what_cannot_be_rendered_is_refused_before(join: Join, said: str) -> None:
    with pytest.raises(MixError, match=said):
        MixPlan((part(), part("b.mp3")), (join,))


def test_numbers_that_make_no_mix() -> None:
    with pytest.raises(ParameterError, match="0 parts"):
        MixPlan((), ())
    with pytest.raises(ParameterError, match="no join is called 'scratch'"):
        MixPlan((part(), part()), (Join("scratch", 3.0),))  # type: ignore[arg-type]
    with pytest.raises(MixError, match=r"a\.mp3: it would be played from 5 to 5 s"):
        MixPlan((part(begin_s=5.0, end_s=5.0),), ())
    with pytest.raises(MixError, match="gain is nan"):
        MixPlan((Part(Path("a"), TrackInfo("a"), 0.0, 1.0, float("nan")),), ())


@pytest.mark.parametrize("change", [{"segue_mix": 99}, {"joins": None}, {"parts": [{}]}, {"colour": "red"}])
def test_a_file_that_is_no_plan(change: dict[str, object]) -> None:
    document = {**json.loads(plan_to_json(MixPlan((part(),), ()))), **change}
    with pytest.raises(MixError, match=r"mix\.json: it is (no plan|a plan of version 99)"):
        plan_from_json(json.dumps(document), path=Path("mix.json"))
    with pytest.raises(MixError, match="no plan"):
        plan_from_json("[1, 2", path=Path("mix.json"))


def test_gain_brings_to_the_target_within_reason() -> None:
    assert gain_to_target_db(-9.0, target_lufs=-14.0) == -5.0
    assert gain_to_target_db(-60.0, target_lufs=-14.0) == 20.0
    assert gain_to_target_db(None, target_lufs=-14.0) == 0.0


def test_a_quiet_track_is_raised_no_further_than_the_limiter_can_bear() -> None:
    """Peaks may pass the ceiling of -1 dBTP by 10 dB; what is too loud is lowered whatever its peaks."""
    assert gain_to_target_db(-30.0, target_lufs=-14.0, true_peak_dbtp=-3.0) == 12.0
    assert gain_to_target_db(-20.0, target_lufs=-14.0, true_peak_dbtp=-3.0) == 6.0
    assert gain_to_target_db(-9.0, target_lufs=-14.0, true_peak_dbtp=0.5) == -5.0
    assert gain_to_target_db(-40.0, target_lufs=-14.0, true_peak_dbtp=12.0) == 0.0


def test_a_part_knows_where_its_sound_runs_on() -> None:
    plan = MixPlan((part(), part(), part()), (Join("cut", gapless=True), Join("cut")))
    assert [(placed.runs_in, placed.runs_out) for placed in plan.placements] == [
        (False, True), (True, False), (False, False),
    ]  # fmt: skip
