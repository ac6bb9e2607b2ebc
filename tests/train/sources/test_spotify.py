"""The real spotipy, over HTTP, against Spotify as it answers in 2026."""

from __future__ import annotations

import email.utils
import json
import logging
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from segue.errors import FetchError, ParameterError
from segue.train.sources.fetching import FetchProgress, FetchReport
from segue.train.sources.jsonl import read_playlists
from segue.train.sources.playlist import SourcePlaylist, SourceTrack
from segue.train.sources.spotify import fetch_spotify
from tests.train.sources.fake_spotify import CLIENT_ID, FakePlaylist, FakeSpotify, track_json
from tests.train.sources.spotify_driver import free_port, spec_for

Fetch = Callable[..., FetchReport]


@pytest.fixture
def fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fetch:
    """Fetch from a fake into ``tmp_path/out``; the login is kept from one call to the next."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    port = free_port()

    def call(
        fake: FakeSpotify, *, on_progress: Callable[[FetchProgress], None] | None = None, **changes
    ) -> FetchReport:
        spec = spec_for(fake.url, tmp_path / "tokens", port)
        manners = {name: changes.pop(name) for name in list(changes) if hasattr(spec.manners, name)}
        spec = replace(spec, manners=replace(spec.manners, **manners), **changes)
        return fetch_spotify(tmp_path / "out", client_id=CLIENT_ID, spec=spec, on_progress=on_progress)

    return call


def written(tmp_path: Path) -> list[SourcePlaylist]:
    return list(read_playlists(tmp_path / "out" / "playlists.jsonl"))


def uris(playlist: SourcePlaylist) -> list[str]:
    return [track.uri for track in playlist.tracks]


def expected(numbers: list[int]) -> list[str]:
    return [f"spotify:track:{number:022}" for number in numbers]


@pytest.mark.parametrize("extended", [False, True], ids=["development", "extended"])
def test_every_track_comes_once_and_in_its_order(fetch: Fetch, tmp_path: Path, extended: bool) -> None:
    rows = [list(range(230, 0, -1)), [5, 5, 7], list(range(50)), list(range(100))]
    made = [FakePlaylist(f"p{n}", r, name=f"No {n}") for n, r in enumerate(rows)]
    with FakeSpotify(made, extended=extended) as fake:
        report = fetch(fake)
    got = written(tmp_path)
    assert [(p.id, p.name) for p in got] == [(f"p{n}", f"No {n}") for n in range(4)]
    assert [uris(p) for p in got] == [expected(r) for r in rows]
    assert got[1].tracks[2] == SourceTrack(
        artist="Artist 7", title="Track 7", album="Album 7", isrc="GBAYE0000007", uri=f"spotify:track:{7:022}",
        duration_s=180.007,
    )  # fmt: skip
    assert (report.playlists, report.tracks, report.left_out, report.skipped) == (4, 383, 0, ())
    assert fake.answered[404] == (1 if extended else 0)  # an address that never answers is not tried again


def test_rows_of_all_shapes_in_one_playlist(fetch: Fetch, tmp_path: Path) -> None:
    local = {"name": "Demo", "uri": "spotify:local:Band:Tape:Demo:63", "type": "track", "artists": [{"name": "Band"}]}
    episode = {"name": "Talk", "uri": "spotify:episode:1", "type": "episode", "track": False}
    gone = {**track_json(4), "name": "", "artists": [{"name": ""}]}
    moved = {**track_json(5), "linked_from": {"uri": f"spotify:track:{55:022}"}, "is_playable": True}
    away = {**track_json(6), "is_playable": False, "external_ids": {}, "restrictions": {"reason": "market"}}
    both = {**track_json(8), "artists": [{"name": "A"}, {"name": "B"}, {"name": "C"}]}
    rows = [1, None, {"item": None}, {"track": track_json(2)}, {"item": episode}, {"item": local, "is_local": True}]
    rows += [{"track": None}, {"item": gone}, {"item": moved, "track": True}, {"item": away}, {"item": both}, {}]
    with FakeSpotify([FakePlaylist("p", rows)]) as fake:
        report = fetch(fake)
    tracks = written(tmp_path)[0].tracks
    assert [track.title for track in tracks] == ["Track 1", "Track 2", "Demo", "Track 5", "Track 6", "Track 8"]
    assert tracks[2] == SourceTrack("Band", "Demo", uri="spotify:local:Band:Tape:Demo:63")
    assert tracks[3].uri == f"spotify:track:{55:022}"
    assert tracks[4].isrc == ""
    assert tracks[5].artist == "A feat. B, C"
    assert (report.tracks, report.left_out) == (6, 6)


def test_playlists_of_others_are_passed_over_and_counted(fetch: Fetch, tmp_path: Path) -> None:
    made = [FakePlaylist(f"p{n}", [n], own=n % 3 == 0) for n in range(9)]
    with FakeSpotify(made) as fake:
        report = fetch(fake)
    assert [p.id for p in written(tmp_path)] == ["p0", "p3", "p6"]
    assert [skipped.id for skipped in report.skipped] == ["p1", "p2", "p4", "p5", "p7", "p8"]
    assert report.skipped[0].reason == "Spotify gives this app only playlists that you own or collaborate on"
    assert fake.answered[403] == 7  # the old address is tried once


def test_where_nothing_is_given_the_file_of_before_stays(fetch: Fetch, tmp_path: Path) -> None:
    with FakeSpotify([FakePlaylist("p", [1, 2])]) as fake:
        fetch(fake)
        fake.playlists[0] = FakePlaylist("q", [3], own=False)
        with pytest.raises(FetchError, match=r"no playlist to be had; 1 were refused .*own or collaborate on"):
            fetch(fake)
        fake.playlists.clear()
        with pytest.raises(FetchError, match="no playlist to be had"):
            fetch(fake)
    assert uris(written(tmp_path)[0]) == expected([1, 2])


def test_an_unchanged_playlist_is_not_fetched_again(fetch: Fetch, tmp_path: Path) -> None:
    made = [FakePlaylist(f"p{n}", [n, n + 1]) for n in range(5)]
    with FakeSpotify(made) as fake:
        fetch(fake)
        made[2].rows, made[2].snapshot = [9, 8], "BBBBBQ=="
        made[3].snapshot = None
        made.insert(0, made.pop())
        fake.log.clear()
        report = fetch(fake)
        again = fetch(fake)
    assert (report.unchanged, again.unchanged) == (3, 4)  # one has no version that could tell
    assert sum("/p2/" in path for path in fake.log) == 1
    assert [p.id for p in written(tmp_path)] == ["p4", "p0", "p1", "p2", "p3"]
    assert uris(written(tmp_path)[3]) == expected([9, 8])


def test_a_damaged_page_is_fetched_again(fetch: Fetch, tmp_path: Path) -> None:
    with FakeSpotify([FakePlaylist("p", list(range(120)))]) as fake:
        fetch(fake)
        pages = sorted((tmp_path / "out" / ".fetched" / "home").rglob("*.json"))
        pages[0].write_text("{", encoding="utf-8")
        pages[1].write_text('{"tracks": 3}', encoding="utf-8")
        report = fetch(fake)
    assert (report.unchanged, report.requests) == (0, 3)
    assert uris(written(tmp_path)[0]) == expected(list(range(120)))


def test_playlists_by_link_and_market(fetch: Fetch, tmp_path: Path) -> None:
    made = [FakePlaylist(name, [1], own=name != "mix") for name in ("one", "two", "three", "mix")]
    links = ("https://open.spotify.com/playlist/two?si=abc", "spotify:playlist:one", "mix", "nowhere", "two")
    with FakeSpotify(made) as fake:
        report = fetch(fake, playlists=links, market="DE")
        assert [p.id for p in written(tmp_path)] == ["two", "one"]
        assert [(skipped.id, skipped.reason.split(",")[0]) for skipped in report.skipped] == [
            ("mix", "Spotify gives this app only playlists that you own or collaborate on"),
            ("nowhere", "Spotify does not give it"),
        ]
        assert all("market=DE" in path for path in fake.log if "/items" in path)
        assert not any("/me/" in path for path in fake.log)
        for wrong in ("https://open.spotify.com/album/two", "my songs", ""):
            with pytest.raises(ParameterError, match="names no playlist of Spotify"):
                fetch(fake, playlists=(wrong,))
        with pytest.raises(ParameterError, match="'Germany' is no country"):
            fetch(fake, market="Germany")
        with pytest.raises(ParameterError, match="is no client id"):
            fetch_spotify(tmp_path, client_id="my app")


def test_it_waits_as_long_as_it_is_told(fetch: Fetch) -> None:
    soon = email.utils.formatdate(time.time() + 3, usegmt=True)
    with FakeSpotify([FakePlaylist("p", [1])]) as fake:
        fetch(fake)
        fake.scripted = [(429, {"Retry-After": "1"}, ""), (429, {"Retry-After": soon}, ""), (429, {}, "")]
        seen: list[FetchProgress] = []
        began_s = time.monotonic()
        report = fetch(fake, on_progress=seen.append)
    assert time.monotonic() - began_s >= 1.9
    assert (report.limited, report.retried) == (3, 0)
    waits = [step.waiting_s for step in seen if step.waiting_s]
    assert waits[0] == 1.0
    assert 0.0 < waits[1] <= 2.0
    assert waits[2] == pytest.approx(0.04)  # none named: the first wait, doubled twice
    assert seen[-1] == FetchProgress(1, 1, "")


@pytest.mark.parametrize(
    ("asked", "words"),
    [("86400", "24 hours"), ("1e300", "days"), ("Fri, 31 Dec 2100 23:59:59 GMT", "days")],
)
def test_an_absurd_pause_ends_the_run_in_words(fetch: Fetch, asked: str, words: str) -> None:
    with FakeSpotify([FakePlaylist("p", [1])]) as fake:
        fake.scripted = [(429, {"Retry-After": asked}, "")]
        with pytest.raises(FetchError, match=f"wants to be left alone for .*{words}.*what was|.*goes on from there"):
            fetch(fake)


def test_a_server_that_never_recovers_is_given_up(fetch: Fetch) -> None:
    with FakeSpotify([FakePlaylist("p", [1])], broken=1.0) as fake:
        with pytest.raises(FetchError, match=r"127.0.0.1 answers 50\d .*, 3 times in a row"):
            fetch(fake, tries=3)
        fake.broken, fake.limited = 0.0, 1.0
        with pytest.raises(FetchError, match=r"answers 429 \(Too Many Requests\), 3 times in a row"):
            fetch(fake, tries=3)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, '{"error": {"status": 400, "message": "Invalid limit"}}', r"Spotify answers 400 \(Invalid limit\)"),
        (403, '{"error": {"status": 403, "message": "Active premium required"}}', r"\(Active premium required\)"),
        (403, "the user may not be registered", r"\(the user may not be registered\).*app's users"),
        (200, "<html>Welcome to the hotel's network</html>", "is not Spotify.*network want a login"),
        (200, "[]", "is not Spotify"),
        (400, '{"error": "invalid_request"}', "Spotify's answer cannot be read"),
    ],
)  # fmt: skip
def test_refusals_in_words(fetch: Fetch, status: int, body: str, words: str) -> None:
    with FakeSpotify([FakePlaylist("p", [1])]) as fake:
        fake.scripted = [(status, {}, body)]
        with pytest.raises(FetchError, match=words):
            fetch(fake)


def test_an_answer_that_leads_elsewhere_gets_no_token(fetch: Fetch) -> None:
    page = {"items": [], "next": "https://example.org/v1/me/playlists?offset=50"}
    with FakeSpotify([FakePlaylist("p", [1])]) as fake:
        fake.scripted = [(200, {}, json.dumps(page))]
        with pytest.raises(FetchError, match="leads to another server"):
            fetch(fake)


def test_pages_that_lead_back_do_not_go_on_for_ever(fetch: Fetch) -> None:
    with FakeSpotify([FakePlaylist("p", [1])]) as fake:
        here = f"{fake.url}/v1/playlists/p/items?offset=50"
        fetch(fake)
        fake.playlists[0].snapshot = "new"
        loop = (200, {}, json.dumps({"items": [], "next": here}))
        listing = (
            200,
            {},
            json.dumps({"items": [{"id": "p", "snapshot_id": "new"}, None, {"id": None}], "next": None}),
        )
        fake.scripted = [listing, loop, loop, loop]
        with pytest.raises(FetchError, match="leads back"):
            fetch(fake)


def test_offline_in_words(fetch: Fetch, tmp_path: Path) -> None:
    with FakeSpotify([FakePlaylist("p", [1])]) as fake:
        fetch(fake)
    with pytest.raises(FetchError, match=r"127.0.0.1 refuses the connection, 2 times in a row"):
        fetch(fake)
    with pytest.raises(FetchError, match=r"nowhere.invalid cannot be looked up \(is this machine online"):
        fetch(fake, api_url="http://nowhere.invalid/v1/")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/v1/"
        with pytest.raises(FetchError, match="does not answer in time"):
            fetch(fake, api_url=address, timeout_s=0.1)


def test_nothing_secret_is_ever_logged(fetch: Fetch, caplog: pytest.LogCaptureFixture, capfd) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeSpotify([FakePlaylist("p", [1]), FakePlaylist("q", [1], own=False)], token_s=30, limited=0.3) as fake:
        report = fetch(fake)
        assert fake.refreshes > 1
    shown = caplog.text + "".join(capfd.readouterr()) + repr(report)
    assert "trying again in" in shown
    assert not any(secret in shown for secret in ("access-secret", "refresh-secret", "Bearer", "code0", "verifier"))
