"""What the choice is worth: on the demo library, whose styles are known, and on real music."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from segue.choose.itinerary import Itinerary
from segue.demo.library import demo_manifest, make_demo
from segue.services import Services
from segue.values import TrackId
from tests.command_line import answer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The whole demo library, composed and scanned."""
    folder = tmp_path_factory.mktemp("quality")
    services = Services(folder / "data")
    make_demo(services.demo_folder)
    report = services.scan([services.demo_folder])
    assert not report.failures
    yield services
    services.close()


def styles_by_id(services: Services) -> dict[str, str]:
    style = {services.demo_folder / song.file: song.style for song in demo_manifest(services.demo_folder)}
    return {track.id: style[track.paths[0]] for track in services.library.tracks()}


def test_there_is_enough_of_each(demo: Services) -> None:
    songs = demo_manifest(demo.demo_folder)
    assert len(songs) >= 60
    assert len({song.style for song in songs}) >= 10
    for style in {song.style for song in songs}:
        assert len({song.artist for song in songs if song.style == style}) >= 4


def test_neighbours_share_the_style(demo: Services) -> None:
    """For nine tracks in ten, four or more of the five nearest are of the same style."""
    styles = styles_by_id(demo)
    good = [
        sum(styles[near.id] == style for near, _ in demo.choosing.similar(track_id, 5)) >= 4  # type: ignore[arg-type]
        for track_id, style in styles.items()
    ]
    assert sum(good) / len(good) >= 0.9


def test_playlists_stay_in_style(demo: Services, capsys: pytest.CaptureFixture[str]) -> None:
    """From each style's first track, eight of the ten that follow, though only nine more are of its style."""
    styles = styles_by_id(demo)
    ids = {track.paths[0]: track.id for track in demo.library.tracks()}
    first: dict[str, str] = {}
    for song in demo_manifest(demo.demo_folder):
        first.setdefault(song.style, ids[demo.demo_folder / song.file])
    for style, seed in first.items():
        found = answer(capsys, "playlist", seed, "--count", "10", "--data", str(demo.data), "--json")
        inside = sum(styles[pick["id"]] == style for pick in found["picks"])
        assert inside >= 8, style


@pytest.mark.music
def test_real_music_is_heard_or_reasoned(real_music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Tracker modules among it; the second scan finds nothing to do."""
    folders = (str(real_music / name) for name in ("zaz-data", "pingus-data"))
    words = ["scan", *folders, "--data", str(tmp_path / "data"), "--json"]
    report = answer(capsys, *words)
    assert report["scanned"] > 20
    assert all(failure["what"] and failure["remedy"] for failure in report["failures"])
    heard = {path.suffix for track in Services(tmp_path / "data").library.tracks() for path in track.paths}
    assert ".it" in heard
    again = answer(capsys, *words)
    assert (again["scanned"], again["failed"]) == (0, 0)
    assert again["unchanged"] == report["scanned"] + report["attached"]


def test_journeys_change_style_a_few_times(demo: Services) -> None:
    """Between every pair of styles, there and back: no style is left and come back to, and the ends are as asked."""
    styles = styles_by_id(demo)
    first: dict[str, TrackId] = {}
    for track_id, style in sorted(styles.items()):
        first.setdefault(style, TrackId(track_id))
    changes: dict[str, list[int]] = {"shortest": [], "smoothest": []}
    for one, other in itertools.permutations(first, 2):
        for mode, counts in changes.items():
            way = Itinerary(between=4, mode=mode)  # type: ignore[arg-type]
            found = demo.choosing.journey([first[one], first[other]], way)
            path = [styles[stop.track_id] for stop in found.stops if stop.track_id is not None]
            assert (len(path), path[0], path[-1]) == (6, one, other)
            counts.append(sum(a != b for a, b in itertools.pairwise(path)))
            assert counts[-1] == len(set(path)) - 1, path
    assert max(changes["shortest"]) <= 3
    assert np.mean(changes["shortest"]) < 1.5
    assert np.mean(changes["smoothest"]) < 3.0
