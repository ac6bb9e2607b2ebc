"""From a plan to one finished file, as ffmpeg hears it."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segue.errors import DamagedAudioError, FileAccessError, MixCancelledError, MixError, NotAudioError
from segue.listen.tags import read_artwork, read_tags
from segue.play.mix.labels import Label, chapters_of
from segue.play.mix.plan import Join, JoinStyle, MixPlan, Part
from segue.play.mix.preview import render_preview
from segue.play.mix.render import RenderProgress, render
from segue.play.mix.timeline import iter_mix
from segue.values import Artwork, Floats, TrackInfo
from tests.play.mix.sounds import (
    RATE_HZ,
    chapters,
    decoded,
    ebur128,
    hats,
    plan_of,
    song,
    square_tune,
    write_song,
)

STYLES: tuple[JoinStyle, ...] = ("cut", "fade", "eq")
# What a file may be longer or shorter than its plan by: players play the last of AAC's frames of 23 ms whole.
SLACK_S = 0.02


def sound_of(plan: MixPlan) -> Floats:
    return np.concatenate(list(iter_mix(plan)), axis=1)


def hot(parts: list[Part]) -> MixPlan:
    """A mix that is 5 dB too loud, so that the limiter has to work all along."""
    return plan_of([replace(part, gain_db=part.gain_db + 5.0) for part in parts], "fade")


@pytest.mark.ffmpeg
@pytest.mark.parametrize("ending", ["mp3", "m4a", "opus", "flac", "wav"])
def test_a_file_of_each_kind_is_what_was_planned(parts: list[Part], tmp_path: Path, ending: str) -> None:
    plan, target = hot(parts), tmp_path / f"mix.{ending}"
    cover = Artwork("image/png", (Path(__file__).parents[3] / "docs/screenshots/booth-dark-1440.png").read_bytes())
    done = render(plan, target, label=Label("2026-11-25", "By hand", cover))
    assert done.length_s == plan.length_s
    assert decoded(target).shape[1] / RATE_HZ == pytest.approx(plan.length_s, abs=SLACK_S)
    assert ebur128(target)[1] < -1.0
    info = read_tags(target)
    assert (info.title, info.artist, info.year) == ("Known sounds", "Segue", 2026)
    wanted = [(pytest.approx(found.begin_s, abs=0.0011), found.title) for found in chapters_of(plan)]
    assert chapters(target) == wanted
    assert read_artwork(target) == cover
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


@pytest.mark.ffmpeg
@pytest.mark.parametrize("more", [1, 159, 160, 1023])
def test_aac_ends_within_twenty_milliseconds(parts: list[Part], tmp_path: Path, more: int) -> None:
    begin_s = parts[0].begin_s
    part = replace(parts[0], end_s=begin_s + (3 * 44_032 + more) / RATE_HZ)  # 129 frames and so many samples
    plan = MixPlan((part,), ())
    render(plan, tmp_path / "mix.m4a")
    assert decoded(tmp_path / "mix.m4a").shape[1] / RATE_HZ == pytest.approx(plan.length_s, abs=SLACK_S)


@pytest.mark.ffmpeg
def test_a_variable_bit_rate_is_as_long_and_seeks(parts: list[Part], tmp_path: Path) -> None:
    plan = plan_of(parts, "eq")
    render(plan, tmp_path / "mix.mp3", vbr=True)
    assert decoded(tmp_path / "mix.mp3").shape[1] == plan.length_samples


@pytest.mark.ffmpeg
@pytest.mark.parametrize("style", STYLES)
def test_a_mix_is_as_loud_as_its_target(parts: list[Part], tmp_path: Path, style: JoinStyle) -> None:
    render(plan_of(parts, style), tmp_path / "mix.flac")
    loudness, peak = ebur128(tmp_path / "mix.flac")
    assert loudness == pytest.approx(-14.0, abs=0.5)
    assert peak < -1.0


@pytest.mark.ffmpeg
@pytest.mark.parametrize("ending", ["mp3", "m4a", "opus", "flac"])
def test_no_material_decodes_to_peaks_above_the_ceiling(tmp_path: Path, ending: str) -> None:
    """Square waves in AAC were still above it after four rounds of encoding, and hiss in any file from the first on."""
    noise = np.random.default_rng(0).standard_normal((2, 3 * RATE_HZ)).astype(np.float32) / 5.0
    for number, sound in enumerate((square_tune(3), hats(3), noise, np.clip(song(120.0) * 30.0, -1.0, 1.0))):
        path = write_song(tmp_path / f"{number}.flac", sound[:, : 3 * RATE_HZ])
        plan = MixPlan((Part(path, TrackInfo("nasty"), 0.0, 3.0, 3.0),), ())
        _, peak = ebur128(render(plan, tmp_path / f"mix.{ending}").path)
        assert peak <= -1.0  # it says tenths: -1.04 for noise in FLAC


@pytest.mark.parametrize("ending", ["mp3", "m4a", "opus", "flac"])
def test_the_same_plan_gives_the_same_bytes(parts: list[Part], tmp_path: Path, ending: str) -> None:
    plan = plan_of([replace(part, end_s=9.0) for part in parts], "fade", overlap_s=2.0)
    for name in ("a", "b"):
        render(plan, tmp_path / f"{name}.{ending}", label=Label("2026"))
    assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


@pytest.mark.parametrize("style", STYLES)
def test_nothing_clicks_and_nothing_is_silent_at_a_join(parts: list[Part], style: JoinStyle) -> None:
    plan = plan_of(parts, style)
    mix = sound_of(plan)
    for number in range(len(plan.joins)):
        begin, end = (round(at_s * RATE_HZ) for at_s in plan.joined_at_s(number))
        steps = np.abs(np.diff(mix[:, begin - 2 * RATE_HZ : end + 2 * RATE_HZ])).max(axis=0)
        for edge in (2 * RATE_HZ, steps.size + 1 - 2 * RATE_HZ):
            around = np.concatenate([steps[edge - RATE_HZ : edge - 300], steps[edge + 300 : edge + RATE_HZ]])
            assert steps[edge - 300 : edge + 300].max() <= around.max()
        rows = np.abs(mix[:, begin - RATE_HZ : end + RATE_HZ]).max(axis=0)
        loud = np.flatnonzero(rows > 10.0 ** (-60.0 / 20.0))
        assert np.diff(loud).max() < 0.5 * RATE_HZ


def test_a_mix_is_the_same_from_any_sample_on(parts: list[Part]) -> None:
    plan = plan_of(parts, "eq")
    whole = sound_of(plan)
    assert whole.shape[1] == plan.length_samples
    for begin in (1, 20 * RATE_HZ + 7, plan.placements[1].begin_samples + 12_345, plan.length_samples - 5):
        part = np.concatenate(list(iter_mix(plan, begin_samples=begin, end_samples=begin + 50_000)), axis=1)
        np.testing.assert_array_equal(part, whole[:, begin : begin + 50_000])


def test_progress_is_told_and_cancelling_leaves_nothing(parts: list[Part], tmp_path: Path) -> None:
    told: list[RenderProgress] = []
    cancel = threading.Event()

    def hear(progress: RenderProgress) -> None:
        if progress.phase == "rendering":
            told.append(progress)
            if progress.done_s >= 12.0:
                cancel.set()

    (tmp_path / "mix.mp3").write_bytes(b"an older one")
    with pytest.raises(MixCancelledError, match="called off"):
        render(plan_of(parts, "fade"), tmp_path / "mix.mp3", on_progress=hear, cancel=cancel)
    assert [progress.done_s for progress in told] == [float(n) for n in range(1, 13)]
    assert told[-1].eta_s is not None
    assert [path.name for path in tmp_path.iterdir()] == ["mix.mp3"]
    assert (tmp_path / "mix.mp3").read_bytes() == b"an older one"


def test_what_cannot_be_rendered_is_said_before_anything_is(parts: list[Part], tmp_path: Path) -> None:
    def refuse(error: type[Exception], match: str, plan: MixPlan, name: str = "mix.mp3") -> None:
        with pytest.raises(error, match=match):
            render(plan, tmp_path / name, on_progress=lambda _: pytest.fail("it was rendered"))

    text, copy = tmp_path / "notes.mp3", tmp_path / "copy.flac"
    text.write_text("no sound " * 1000, encoding="utf-8")
    copy.write_bytes(parts[0].path.read_bytes())
    plan = plan_of(parts, "fade")
    refuse(MixError, r"'\.aiff'.*\.mp3, \.m4a, \.opus, \.flac, \.wav", plan, "mix.aiff")
    refuse(
        MixError, "take the place of a track", plan_of([replace(parts[0], path=copy), *parts[1:]], "fade"), "copy.flac"
    )
    refuse(
        FileAccessError,
        r"gone\.mp3: it is not there",
        plan_of([*parts, replace(parts[0], path=tmp_path / "gone.mp3")], "fade"),
    )
    (tmp_path / "folder.mp3").mkdir()
    refuse(FileAccessError, "it is a folder", plan, "folder.mp3")
    (tmp_path / "folder.mp3").rmdir()
    refuse(NotAudioError, r"notes\.mp3", plan_of([replace(parts[0], path=text), *parts], "fade"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.flac", "notes.mp3"]


def test_a_file_that_ends_early_stops_the_mix_by_its_name(parts: list[Part], tmp_path: Path) -> None:
    long = replace(parts[1], end_s=40.0)
    with pytest.raises(DamagedAudioError, match=r"125\.flac: it ends after 24\.0 s, and the mix plays it to 40\.0 s"):
        render(plan_of([parts[0], long, parts[2]], "fade"), tmp_path / "mix.mp3")
    assert list(tmp_path.iterdir()) == []


def test_one_track_is_a_mix_and_has_no_joins_to_hear(parts: list[Part], tmp_path: Path) -> None:
    plan = MixPlan((parts[0],), ())
    assert render(plan, tmp_path / "mix.wav").length_s == pytest.approx(23.6)
    with pytest.raises(MixError, match="no joins"):
        render_preview(plan, tmp_path / "joins.wav")


@pytest.mark.ffmpeg
def test_a_preview_plays_the_joins_as_the_mix_does(parts: list[Part], tmp_path: Path) -> None:
    quiet = tuple(replace(part, gain_db=-10.0) for part in parts)  # nothing is limited
    plan = MixPlan(quiet, (Join("fade", 4.0), Join("cut")))
    done = render_preview(plan, tmp_path / "joins.flac")
    assert done.length_s == pytest.approx(34.0 + 30.0)
    assert chapters(tmp_path / "joins.flac") == [
        (0.0, "Somebody - 120 / Somebody - 125"),
        (34.0, "Somebody - 125 / Somebody - 118"),
    ]
    begin = plan.placements[1].begin_samples - 15 * RATE_HZ
    heard = decoded(tmp_path / "joins.flac")[:, RATE_HZ : 30 * RATE_HZ]
    mix = sound_of(plan)[:, begin + RATE_HZ : begin + 30 * RATE_HZ]
    assert np.abs(heard - mix).max() < 2e-4  # 16 bits, dithered
