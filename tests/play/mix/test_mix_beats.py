"""Beat joins: the tempo bends, the pitch stays, and the beats of both fall together in what is rendered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.play.mix.plan import BeatPair, Join, MixPlan, Part, to_samples
from segue.play.mix.stretch import MARGIN_SAMPLES, bent, position_of
from segue.play.mix.timeline import iter_mix
from segue.values import Floats, TrackInfo
from tests.play.mix.sounds import RATE_HZ, song, write_song

LENGTH_S = 40.0


def clicks(beats_s: np.ndarray, hz: float, *, over: Floats) -> Floats:
    """A song, softly, with a burst of one pitch on each beat."""
    t = np.arange(int(0.02 * RATE_HZ)) / RATE_HZ
    burst = 0.5 * np.sin(2.0 * np.pi * hz * t) * np.hanning(len(t))
    samples = 0.15 * over
    for at in np.rint(beats_s * RATE_HZ).astype(int):
        if at + len(burst) <= samples.shape[1]:
            samples[:, at : at + len(burst)] += burst
    return samples.astype(np.float32)


def heard_at_s(mix: Floats, wanted_s: np.ndarray, hz: float) -> np.ndarray:
    """When the bursts of a pitch are heard, each near where it is wanted."""
    t = np.arange(int(0.02 * RATE_HZ)) / RATE_HZ
    envelope = np.hanning(len(t))
    found = []
    for time_s in wanted_s:
        begin = round((time_s - 0.06) * RATE_HZ)
        near = mix[0, begin : begin + round(0.14 * RATE_HZ)]
        parts = [np.convolve(near, (envelope * wave(2.0 * np.pi * hz * t))[::-1], "valid") for wave in (np.sin, np.cos)]
        found.append((begin + int(np.argmax(np.hypot(*parts)))) / RATE_HZ)
    return np.array(found)


@pytest.mark.parametrize(("a_bpm", "b_bpm"), [(120.0, 126.0), (128.0, 121.0), (100.0, 100.4)])
def test_beats_fall_together_throughout_the_overlap(tmp_path: Path, a_bpm: float, b_bpm: float) -> None:
    a_beats = np.arange(0.5, LENGTH_S - 0.1, 60.0 / a_bpm)
    b_beats = np.arange(0.3, LENGTH_S - 0.1, 60.0 / b_bpm)
    over = song(110.0, seconds=LENGTH_S)
    a, b = (tmp_path / name for name in ("a.flac", "b.flac"))
    write_song(a, clicks(a_beats, 2000.0, over=over))
    write_song(b, clicks(b_beats, 5000.0, over=over))
    first, count = len(a_beats) - 33, 32  # A's last eight bars
    a_now, b_now = a_beats[first : first + count + 1], b_beats[: count + 1]
    pairs = tuple(BeatPair(float(x), float(y)) for x, y in zip(a_now[::4], b_now[::4], strict=True))
    join = Join("beat", float(a_now[-1] - a_now[0]), speed=a_bpm / b_bpm, ease_s=8.0, beats=pairs)
    plan = MixPlan(
        (
            Part(a, TrackInfo("A"), 0.0, float(a_now[-1]), 0.0),
            Part(b, TrackInfo("B"), float(b_now[0]), LENGTH_S, 0.0),
        ),
        (join,),
    )
    mix = np.concatenate(list(iter_mix(plan)), axis=1)
    assert mix.shape[1] == plan.length_samples
    middle = slice(4, count - 3)  # where both are loud enough to be told apart
    a_heard = heard_at_s(mix, a_now[middle], 2000.0)
    b_heard = heard_at_s(mix, a_now[middle], 5000.0)
    assert np.abs(a_heard - a_now[middle]).max() < 0.001
    assert np.abs(b_heard - a_heard).max() < 0.015
    after = b_beats[np.searchsorted(b_beats, LENGTH_S - 8.0) : -1]  # its own tempo again
    shift_s = plan.length_s - LENGTH_S
    assert np.abs(heard_at_s(mix, after + shift_s, 5000.0) - after - shift_s).max() < 0.001


def bent_plan(speed: float, overlap_s: float, ease_s: float) -> MixPlan:
    part = Part(Path("a"), TrackInfo("a"), 0.0, 300.0, 0.0)
    return MixPlan((part, part), (Join("beat", overlap_s, speed=speed, ease_s=ease_s),))


@given(st.floats(0.94, 1.06), st.floats(0.5, 60.0), st.floats(0.0, 60.0))
@settings(max_examples=50)
def test_a_bend_rises_and_ends_where_the_original_goes_on(speed: float, overlap_s: float, ease_s: float) -> None:
    bend = bent_plan(speed, overlap_s, ease_s).placements[1].bend
    assert bend is not None
    places = position_of(bend, np.arange(0.0, bend.mix_samples + 44_100.0, 441.0))
    speeds = np.diff(places) / 441.0
    assert speeds.min() > 0.93
    assert speeds.max() < 1.07
    assert np.abs(np.diff(speeds))[: -round(44_100 / 441)].max(initial=0.0) <= abs(speed - 1.0) + 1e-6
    assert position_of(bend, np.array([float(bend.mix_samples)]))[0] == pytest.approx(bend.part_samples, abs=0.51)


@pytest.mark.parametrize("speed", [0.94, 0.97, 1.03, 1.06])
def test_pitch_and_level_stay(speed: float) -> None:
    t = np.arange(30 * RATE_HZ) / RATE_HZ
    tone = np.tile(
        (0.3 * np.sin(2.0 * np.pi * 440.0 * t) + 0.2 * np.sin(2.0 * np.pi * 659.0 * t)).astype(np.float32), (2, 1)
    )
    bend = bent_plan(speed, 10.0, 6.0).placements[1].bend
    assert bend is not None
    out = bent(tone[:, : bend.part_samples + MARGIN_SAMPLES], bend)
    joined = np.concatenate([out, tone[:, bend.part_samples : bend.part_samples + RATE_HZ]], axis=1)[0]
    assert np.abs(np.diff(joined)).max() <= 1.05 * np.abs(np.diff(tone[0])).max()  # no step, at the seam neither
    piece = joined[to_samples(2.0) : to_samples(8.0)]
    spectrum = np.abs(np.fft.rfft(piece * np.hanning(len(piece))))
    for hz in (440.0, 659.0):
        near = round(hz * len(piece) / RATE_HZ)
        assert abs(int(np.argmax(spectrum[near - 60 : near + 60])) - 60) * RATE_HZ / len(piece) < 1.0
    assert np.std(piece) == pytest.approx(np.std(tone), rel=0.05)


def test_at_its_own_speed_the_copy_is_the_original() -> None:
    sound = song(120.0)
    bend = bent_plan(1.0, 8.0, 4.0).placements[1].bend
    assert bend is not None
    out = bent(sound[:, : bend.part_samples + MARGIN_SAMPLES], bend)
    assert np.abs(out - sound[:, : out.shape[1]])[:, 1024:].max() < 1e-6
