"""Sessions and playlists over HTTP from ListenBrainz as it answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segue.config import FetchSpec
from segue.errors import FetchError, ParameterError
from segue.train.sources.fetching import FetchProgress, FetchReport
from segue.train.sources.jsonl import read_playlists
from segue.train.sources.listenbrainz import ListenBrainzSpec, fetch_listenbrainz, iter_listens
from segue.train.sources.pages import PageStore
from segue.train.sources.playlist import SourceTrack
from tests.train.sources.fake_listenbrainz import USER, FakeListenBrainz, listen_json, mbid, playlist_json

HOUR = 3600
MANNERS = FetchSpec(first_wait_s=0.01, timeout_s=10.0, tries=3)


@pytest.fixture
def fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., FetchReport]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("LISTENBRAINZ_TOKEN", raising=False)

    def call(fake: FakeListenBrainz, *, user: str = USER, on_progress=None, **changes) -> FetchReport:
        spec = ListenBrainzSpec(api_url=fake.url, manners=MANNERS, **changes)
        return fetch_listenbrainz(tmp_path / "out", user=user, spec=spec, on_progress=on_progress)

    return call


def titles(tmp_path: Path) -> list[list[str]]:
    return [[track.title for track in p.tracks] for p in read_playlists(tmp_path / "out" / "playlists.jsonl")]


def three_evenings(start: int = 1_700_000_000) -> list[dict]:
    """Evenings of ten plays, four minutes apart."""
    return [
        listen_json(start + evening * 24 * HOUR + play * 240, evening * 10 + play)
        for evening in range(3)
        for play in range(10)
    ]


def evening(number: int) -> list[str]:
    return [f"Track {number * 10 + play}" for play in range(10)]


def test_plays_become_sessions_and_playlists_come_along(fetch, tmp_path: Path) -> None:
    made = [playlist_json(n, [n, n + 1, n], changed="2025-01-01T00:00:00+00:00") for n in range(5)]
    seen: list[FetchProgress] = []
    with FakeListenBrainz(three_evenings(), made, most=7) as fake:
        report = fetch(fake, on_progress=seen.append)
    got = list(read_playlists(tmp_path / "out" / "playlists.jsonl"))
    assert [p.id for p in got[:5]] == [mbid(n) for n in range(5)]
    assert (got[1].name, got[1].date) == ("List 1", "2024-03-05")
    assert got[1].tracks[0] == SourceTrack("Artist 1", "Track 1", "Album 1", mbid=mbid(1), duration_s=200.0)
    assert [t.title for t in got[1].tracks] == ["Track 1", "Track 2", "Track 1"]
    assert [[t.title for t in p.tracks] for p in got[5:]] == [evening(0), evening(1), evening(2)]
    assert got[5].tracks[3] == SourceTrack(
        "Artist 3", "Track 3", "Album 3", mbid=mbid(3), isrc="GBAYE0000003", duration_s=200.0
    )
    assert (got[5].date, got[6].date) == ("2023-11-14", "2023-11-15")
    assert (report.playlists, report.tracks, report.skipped) == (8, 45, ())
    assert seen[-1] == FetchProgress(30, 30, "plays")
    assert fake.seen_tokens == {None}


def test_only_what_is_new_is_fetched(fetch, tmp_path: Path) -> None:
    made = [playlist_json(n, [n, n + 1], changed="2025-01-01T00:00:00+00:00") for n in range(3)]
    with FakeListenBrainz(three_evenings(), made, most=7) as fake:
        fetch(fake)
        first = len(fake.log)
        fake.listens += [listen_json(1_700_000_000 + 96 * HOUR + n * 240, 100 + n) for n in range(3)]
        made[1] = playlist_json(1, [8, 9], changed="2025-01-02T00:00:00+00:00")
        fake.log.clear()
        report = fetch(fake)
    assert titles(tmp_path)[1] == ["Track 8", "Track 9"]
    assert titles(tmp_path)[3:] == [evening(0), evening(1), evening(2), ["Track 100", "Track 101", "Track 102"]]
    assert report.unchanged == 2
    assert sum("/listens?" in path for path in fake.log) == 2  # the newest, and whether there are older ones
    assert len(fake.log) < first


def test_what_a_stopped_run_has_fetched_is_kept(fetch, tmp_path: Path) -> None:
    with FakeListenBrainz(three_evenings(), most=7) as fake:

        def stop(progress: FetchProgress) -> None:
            if progress.done >= 14:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            fetch(fake, on_progress=stop)
        fetched = sum("/listens?" in path for path in fake.log)
        fake.log.clear()
        fetch(fake)
    assert titles(tmp_path) == [evening(0), evening(1), evening(2)]
    assert fetched == 3
    assert sum("/listens?" in path for path in fake.log) == 5  # the newest anew, the three missing, the end


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.integers(1, 60), max_size=40),
    st.lists(st.integers(40, 90), max_size=10),
    st.integers(3, 9),
    st.integers(0, 6),
)
def test_every_play_comes_once_whatever_is_on_disk(
    tmp_path_factory: pytest.TempPathFactory, times: list[int], later: list[int], most: int, stopped: int
) -> None:
    """Also where a second holds several plays, a run was stopped, and plays were added since; but a second that holds
    more plays than an answer may be cut short.
    """
    store = PageStore(tmp_path_factory.mktemp("store"))
    kept = [time for time in sorted(times) if times.count(time) < most]
    plays = [{"listened_at": when, "track_metadata": n} for n, when in enumerate(kept)]

    def ask(before: int | None) -> list[dict]:
        found = sorted(
            (p for p in plays if before is None or p["listened_at"] < before), key=lambda p: -p["listened_at"]
        )
        return found[:most]

    for _, _ in zip(range(stopped), iter_listens(store, ask), strict=False):
        pass
    newest = max(kept, default=0)
    plays += [
        {"listened_at": newest + when, "track_metadata": 100 + n}
        for n, when in enumerate(later)
        if later.count(when) < most
    ]
    got = [play for block in iter_listens(store, ask) for play in block]
    assert sorted(p["track_metadata"] for p in got) == sorted(p["track_metadata"] for p in plays)


def test_damaged_blocks_are_fetched_again(fetch, tmp_path: Path) -> None:
    with FakeListenBrainz(three_evenings(), most=7) as fake:
        fetch(fake)
        blocks = [path for path in (tmp_path / "out").rglob("*.json") if "listened_at" in path.read_text()]
        for path, damage in zip(
            blocks, ("", "{", "[]", '{"to": 3}', '{"to": "x", "from": 1, "listens": []}'), strict=False
        ):
            path.write_text(damage)
        fetch(fake)
    assert len(blocks) > 4
    assert titles(tmp_path) == [evening(0), evening(1), evening(2)]


def test_limits_are_kept_before_they_bite(fetch) -> None:
    with FakeListenBrainz(three_evenings(), most=20) as fake:
        fake.headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-In": "0.1"}
        began_s = time.monotonic()
        report = fetch(fake)
        assert time.monotonic() - began_s >= 0.1 * (report.requests - 1)
        fake.headers = {"X-RateLimit-Remaining": "3", "X-RateLimit-Reset-In": "900"}
        fake.scripted = [(429, {"X-RateLimit-Reset-In": "0.2"}, ""), (502, {}, "<html>")]
        report = fetch(fake)
    assert (report.limited, report.retried) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "scripted", "words"),
    [
        ({"user": "nobody"}, [], "does not know the user 'nobody'"),
        ({}, [(401, {}, '{"error": "Invalid authorization token."}')], r"401 \(Invalid authorization token.\).*token"),
        ({}, [(200, {}, "<html>hotel</html>")], "network want a login"),
        ({}, [(500, {}, "")] * 3, "answers 500 .*3 times in a row.*goes on from there"),
        ({"listens": False}, [], "no playlist to be had"),
    ],
)
def test_refusals_in_words(fetch, changes: dict, scripted: list, words: str) -> None:
    with FakeListenBrainz(three_evenings()) as fake:
        fake.scripted = scripted
        with pytest.raises(FetchError, match=words):
            fetch(fake, **changes)


def test_the_token_is_sent_and_never_shown(fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTENBRAINZ_TOKEN", " secret-1 \n")
    with FakeListenBrainz(three_evenings()) as fake:
        fetch(fake)
        fetch(fake, token="secret-2")
        assert fake.seen_tokens == {"Token secret-1", "Token secret-2"}
        with pytest.raises(ParameterError, match="holds characters that no token has") as caught:
            fetch(fake, token="secret\n3")
    assert "secret" not in str(caught.value) + repr(ListenBrainzSpec(token="secret"))


def test_a_playlist_that_is_withheld_is_passed_over(fetch, tmp_path: Path) -> None:
    made = [playlist_json(n, [n], changed="") for n in range(2)]
    with FakeListenBrainz([], made) as fake:
        answer = fake.answer
        fake.answer = lambda path, asked: (
            (404, {"error": "Cannot find playlist"}) if path.endswith(mbid(1)) else answer(path, asked)
        )
        report = fetch(fake)
    assert titles(tmp_path) == [["Track 0"]]
    assert [(s.id, s.reason) for s in report.skipped] == [(mbid(1), "127.0.0.1 answers 404 (Cannot find playlist)")]


def test_a_folder_belongs_to_one_source(fetch, tmp_path: Path) -> None:
    """Two sources write a file of the same name: the second must not take the first one's place."""
    with FakeListenBrainz(three_evenings()) as fake:
        with pytest.raises(FetchError, match="does not know the user"):
            fetch(fake, user="robb")  # a slip that leaves no trace
        fetch(fake)
        with pytest.raises(ParameterError, match=r"holds the playlists of rob / ü at ListenBrainz.*--out"):
            fetch(fake, user="another")
        (tmp_path / "own").mkdir()
        (tmp_path / "own" / "playlists.jsonl").write_text("mine")
        with pytest.raises(ParameterError, match=r"holds a playlists.jsonl of your own"):
            fetch_listenbrainz(tmp_path / "own", user=USER)
    assert (tmp_path / "own" / "playlists.jsonl").read_text() == "mine"
    assert len(titles(tmp_path)) == 3


@pytest.mark.parametrize("user", ["", "   ", "x" * 300])
def test_a_name_that_cannot_be(fetch, user: str) -> None:
    with FakeListenBrainz([]) as fake, pytest.raises(ParameterError, match="no name of a user"):
        fetch(fake, user=user)
