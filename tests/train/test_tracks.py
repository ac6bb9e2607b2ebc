from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segue.config import MUSICNN_MEL, SCAN, SPECCY_MEL, WAVEFORM, MelSpec
from segue.errors import FileAccessError, NotAudioError, ParameterError
from segue.listen.audio import read_samples
from segue.listen.mel import slices
from segue.train.tracks import (
    HearSpec,
    LearnTrack,
    TrackSet,
    from_stored,
    group_of,
    hear_tracks,
    pair,
    split_by_group,
    to_stored,
)
from tests.train.conftest import write_wav

ONE = replace(SCAN, workers=1)


def test_tracks_are_heard_once_and_a_bad_file_costs_itself(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    good = write_wav(tmp_path / "band" / "song.wav", seconds=12)
    bad = tmp_path / "band" / "broken.ogg"
    bad.write_bytes(b"no sound at all" * 100)
    files = {"song": good, "again": good, "broken": bad, "gone": tmp_path / "gone.mp3"}
    calls: list[tuple[int, int, int]] = []
    spec = HearSpec(scan=ONE)
    heard = hear_tracks(files, tmp_path / "cache", spec=spec, on_heard=lambda *at: calls.append(at))
    assert [track.key for track in heard.tracks] == ["again", "song"]
    assert {type(failure) for failure in heard.failures} == {NotAudioError, FileAccessError}
    assert calls[-1] == (4, 4, 2)
    assert "broken.ogg" in caplog.text
    wanted = slices(read_samples(good), SPECCY_MEL)
    assert heard.tracks[0].slices == len(wanted) == 2
    np.testing.assert_allclose(heard.tracks[0].read(), wanted, atol=0.5 / 255 + 1e-6)
    np.testing.assert_array_equal(heard.tracks[0].read([1]), heard.tracks[0].read()[1:])

    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.npy")}
    assert hear_tracks({"song": good}, tmp_path / "cache", spec=spec).tracks == heard.tracks[1:]
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.npy")} == stamps
    write_wav(good, seconds=18)  # a changed file is another one
    assert hear_tracks({"song": good}, tmp_path / "cache", spec=spec).tracks[0].slices == 3


def test_only_some_slices_may_be_kept_and_they_span_the_track(tmp_path: Path) -> None:
    long = write_wav(tmp_path / "long.wav", seconds=61)
    every = slices(read_samples(long), SPECCY_MEL)
    (track,) = hear_tracks({"x": long}, tmp_path / "cache", spec=HearSpec(most_slices=3, scan=ONE)).tracks
    assert track.slices == 3
    kept = track.read()
    places = [int(np.argmin(np.abs(every - row).mean(axis=(1, 2)))) for row in kept]
    assert places == sorted(set(places))
    assert places[0] == 0
    assert places[-1] >= len(every) // 2


def test_nothing_heard_is_an_error_that_tells_the_first_reason(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"none of 1 files could be heard; the first: .*gone"):
        hear_tracks({"x": tmp_path / "gone.mp3"}, tmp_path / "cache")


@pytest.mark.parametrize(("mel", "step"), [(SPECCY_MEL, 0.5 / 255), (MUSICNN_MEL, 2e-3), (WAVEFORM, 0.5 / 32_767)])
def test_the_cache_keeps_slices_of_every_front_end(mel: MelSpec, step: float) -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 14 * mel.sample_rate_hz).astype(np.float32)
    made = slices(samples, mel)
    assert made.shape[1:] == (mel.mel_bands, mel.slice_frames)
    np.testing.assert_allclose(from_stored(np.stack([to_stored(s, mel) for s in made]), mel), made, atol=step + 1e-6)


def test_a_waveform_slice_is_what_a_mel_slice_covers() -> None:
    samples = np.random.default_rng(0).standard_normal(250_000).astype(np.float32)
    heard = slices(samples, WAVEFORM)
    np.testing.assert_array_equal(heard.reshape(-1), samples[: 2 * 110_592])
    assert WAVEFORM.slice_s == pytest.approx(SPECCY_MEL.slice_s)
    assert len(slices(np.zeros(300_000, np.float32), WAVEFORM)) == 0


def test_the_group_is_artist_else_folder(tmp_path: Path) -> None:
    named = write_wav(tmp_path / "music" / "The  Band - Song.wav", seconds=1)
    bare = write_wav(tmp_path / "music" / "song.wav", seconds=1)
    assert group_of(named) == "artist the band"
    assert group_of(bare) == f"folder {tmp_path / 'music'}"


def track_set(groups: list[str]) -> TrackSet:
    tracks = tuple(LearnTrack(f"t{k}", Path(f"{k}.ogg"), g, Path(f"{k}.npy"), 2) for k, g in enumerate(groups))
    targets = {track.key: np.eye(5, dtype=np.float32)[k % 5] * 3.0 for k, track in enumerate(tracks)}
    return pair(tracks, targets)


def test_targets_become_unit_vectors_and_tracks_without_one_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    tracks = track_set(["a", "b"]).tracks
    paired = pair(tracks, {"t1": np.array([3.0, 4.0], np.float32)})
    np.testing.assert_allclose(paired.targets, [[0.6, 0.8]])
    assert "1 of 2 tracks have no vector" in caplog.text
    with pytest.raises(ParameterError, match="none of the 2 tracks"):
        pair(tracks, {})
    with pytest.raises(ParameterError, match="vector of t1 is zero"):
        pair(tracks, {"t0": np.ones(2, np.float32), "t1": np.zeros(2, np.float32)})


def test_no_artist_stands_on_both_sides() -> None:
    groups = [f"artist {k % 12}" for k in range(60)]
    found = track_set(groups)
    split = split_by_group(found, share=0.2, rng=np.random.default_rng(3))
    assert not set(split.learn.groups) & set(split.held_out.groups)
    assert len(split.learn) + len(split.held_out) == 60
    assert 6 <= len(split.held_out) <= 18
    again = split_by_group(found, share=0.2, rng=np.random.default_rng(3))
    assert again.held_out.tracks == split.held_out.tracks


def test_one_huge_artist_does_not_swallow_the_split() -> None:
    split = split_by_group(track_set(["a"] * 40 + ["b"] * 5), share=0.1, rng=np.random.default_rng(0))
    assert set(split.held_out.groups) == {"b"}
    only_two_large = split_by_group(track_set(["a"] * 9 + ["b"] * 8), share=0.1, rng=np.random.default_rng(0))
    assert set(only_two_large.held_out.groups) == {"b"}


def test_one_artist_alone_cannot_be_split() -> None:
    with pytest.raises(ParameterError, match="one artist"):
        split_by_group(track_set(["a"] * 6), rng=np.random.default_rng(0))
    with pytest.raises(ParameterError, match="share to hold out is 1"):
        split_by_group(track_set(["a", "b"]), share=1.0, rng=np.random.default_rng(0))
