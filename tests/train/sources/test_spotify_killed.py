"""A thousand playlists from a moody Spotify, by a real process that is killed in the midst of it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from segue.train.sources.jsonl import read_playlists
from tests.train.sources.fake_spotify import FakePlaylist, FakeSpotify
from tests.train.sources.spotify_driver import free_port

ROOT = Path(__file__).parents[3]
PAGE = 50


def a_thousand(rng: random.Random) -> list[FakePlaylist]:
    """Playlists of 1 to 180 tracks out of 20,000, some of them twice in a playlist."""
    return [
        FakePlaylist(f"playlist{n:04}", [rng.randrange(20_000) for _ in range(rng.choice((1, 30, 50, 51, 120, 180)))])
        for n in range(1000)
    ]


def start(fake: FakeSpotify, folder: Path, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-m", "tests.train.sources.spotify_driver", fake.url]
    return subprocess.Popen(
        [*command, str(folder / "out"), str(folder / "tokens"), str(port)],
        cwd=ROOT,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
        stdout=subprocess.PIPE,
        text=True,
    )


def kill_at(run: subprocess.Popen[str], fake: FakeSpotify, requests: int) -> None:
    with run:
        while run.poll() is None and len(fake.log) < requests:
            time.sleep(0.02)
        run.send_signal(signal.SIGKILL)
    assert run.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_a_thousand_playlists_through_limits_failures_and_two_kills(tmp_path: Path) -> None:
    """Every track once and in its order, nothing fetched twice but the pages in flight, no pause cut short."""
    made = a_thousand(random.Random(3))
    waits = iter(["1", "1", "1"])
    port = free_port()
    began_s = time.monotonic()
    with FakeSpotify(made, limited=0.05, broken=0.02, retry_after=lambda: next(waits, "0")) as fake:
        for requests in (300, 1200):
            kill_at(start(fake, tmp_path, port), fake, requests)
            assert not (tmp_path / "out" / "playlists.jsonl").exists()
        run = start(fake, tmp_path, port)
        said, _ = run.communicate(timeout=550)
    assert run.returncode == 0
    got = list(read_playlists(tmp_path / "out" / "playlists.jsonl"))
    assert [playlist.id for playlist in got] == [playlist.id for playlist in made]
    assert [[int(t.uri[-22:]) for t in playlist.tracks] for playlist in got] == [playlist.rows for playlist in made]
    assert (fake.logins, fake.too_early) == (1, 0)
    pages = sum(-(-len(playlist.rows) // PAGE) for playlist in made)
    assert pages <= fake.pages <= pages + 2  # each kill may cost the page in flight
    tracks = sum(len(playlist.tracks) for playlist in got)
    print(
        f"{time.monotonic() - began_s:.1f} s, {len(fake.log)} requests, {dict(fake.answered)}, {tracks} tracks; {said}"
    )
