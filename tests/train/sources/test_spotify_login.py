"""OAuth with PKCE by the real spotipy: a scripted browser agrees, refuses, or never comes."""

from __future__ import annotations

import json
import os
import socket
import stat
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from segue.errors import FetchError, FileAccessError, ParameterError
from segue.train.sources.loopback import Loopback
from segue.train.sources.spotify import SpotifySpec, fetch_spotify
from segue.train.sources.tokens import TokenFile, settings_folder
from tests.train.sources.fake_spotify import CLIENT_ID, FakePlaylist, FakeSpotify
from tests.train.sources.spotify_driver import agree, free_port, spec_for

Spec = Callable[..., SpotifySpec]


@pytest.fixture
def fake() -> FakeSpotify:
    with FakeSpotify([FakePlaylist("p", [1])]) as server:
        yield server


@pytest.fixture
def spec(fake: FakeSpotify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SpotifySpec:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return spec_for(fake.url, tmp_path / "settings", free_port())


def the_login(tmp_path: Path) -> Path:
    return tmp_path / "settings" / f"spotify-{CLIENT_ID}.json"


def visit(address: str) -> int:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=5) as page:
            return page.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_one_agreement_serves_later_runs(fake: FakeSpotify, spec: SpotifySpec, tmp_path: Path) -> None:
    shown: list[str] = []
    for _ in range(2):
        fetch_spotify(tmp_path / "out", client_id=CLIENT_ID, spec=replace(spec, on_login=shown.append))
    assert fake.logins == 1
    asked = parse_qs(urlsplit(shown[0]).query)
    assert len(shown) == 1
    assert asked["redirect_uri"] == [f"http://127.0.0.1:{spec.manners.login_port}/callback"]
    assert asked["scope"] == ["playlist-read-collaborative playlist-read-private"]
    assert stat.S_IMODE(the_login(tmp_path).stat().st_mode) == 0o600
    assert stat.S_IMODE(the_login(tmp_path).parent.stat().st_mode) == 0o700
    assert list(the_login(tmp_path).parent.iterdir()) == [the_login(tmp_path)]


def test_a_token_that_has_run_out_is_renewed(fake: FakeSpotify, spec: SpotifySpec, tmp_path: Path) -> None:
    fetch_spotify(tmp_path / "out", client_id=CLIENT_ID, spec=spec)
    token = json.loads(the_login(tmp_path).read_text())
    the_login(tmp_path).write_text(json.dumps({**token, "expires_at": 1}))
    fetch_spotify(tmp_path / "out", client_id=CLIENT_ID, spec=spec)
    assert (fake.logins, fake.refreshes) == (1, 1)
    assert stat.S_IMODE(the_login(tmp_path).stat().st_mode) == 0o600


def test_a_withdrawn_login_is_asked_for_again(fake: FakeSpotify, spec: SpotifySpec, tmp_path: Path) -> None:
    fetch_spotify(tmp_path / "out", client_id=CLIENT_ID, spec=spec)
    fake.withdraw()
    with pytest.raises(FetchError, match=r"does not accept the login any more .*Run the same command again"):
        fetch_spotify(tmp_path / "out", client_id=CLIENT_ID, spec=spec)
    assert not the_login(tmp_path).exists()
    fetch_spotify(tmp_path / "out", client_id=CLIENT_ID, spec=spec)
    token = json.loads(the_login(tmp_path).read_text())
    the_login(tmp_path).write_text(json.dumps({**token, "expires_at": 1, "refresh_token": "another"}))
    fetch_spotify(tmp_path / "out", client_id=CLIENT_ID, spec=spec)
    assert (fake.logins, fake.refreshes) == (3, 0)


def test_a_login_withdrawn_in_mid_run_ends_it_in_words(fake: FakeSpotify, spec: SpotifySpec, tmp_path: Path) -> None:
    fake.token_s = 30  # spotipy renews what has less than a minute left
    fake.playlists = [FakePlaylist(f"p{n}", [n]) for n in range(5)]

    def withdraw(progress: object) -> None:
        if progress.done == 3:
            fake.withdraw()

    with pytest.raises(FetchError, match="does not renew the login"):
        fetch_spotify(tmp_path / "out", client_id=CLIENT_ID, spec=spec, on_progress=withdraw)
    report = fetch_spotify(tmp_path / "out", client_id=CLIENT_ID, spec=spec)
    assert (report.playlists, report.unchanged) == (5, 3)


@pytest.mark.parametrize("damage", ["{", "[]", '{"access_token": "a"}', '{"access_token": 1, "expires_at": "x"}', ""])
def test_a_damaged_login_is_none(fake: FakeSpotify, spec: SpotifySpec, tmp_path: Path, damage: str) -> None:
    the_login(tmp_path).parent.mkdir()
    the_login(tmp_path).write_text(damage)
    fetch_spotify(tmp_path / "out", client_id=CLIENT_ID, spec=spec)
    assert fake.logins == 1


def test_a_user_who_says_no(spec: SpotifySpec, tmp_path: Path) -> None:
    def refuse(address: str) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        visit(f"{asked['redirect_uri']}?error=access_denied&state={asked['state']}")

    with pytest.raises(FetchError, match=r"the login was refused \(access_denied\)"):
        fetch_spotify(tmp_path / "out", client_id=CLIENT_ID, spec=replace(spec, open_browser=refuse))
    assert not the_login(tmp_path).exists()


def test_strangers_at_the_door_are_sent_away(fake: FakeSpotify, spec: SpotifySpec, tmp_path: Path) -> None:
    """Another page in the browser must not slip in the code of another account, and a lingering one not block."""
    seen: list[int] = []

    def knock_first(address: str) -> None:
        port = spec.manners.login_port
        with socket.create_connection(("127.0.0.1", port)):  # as browsers do that expect to need it
            paths = ("/", "/favicon.ico", "/callback", "/callback?code=theirs&state=guessed", "/callback?code=x")
            seen.extend(visit(f"http://127.0.0.1:{port}{path}") for path in paths)
            agree(address)

    fetch_spotify(tmp_path / "out", client_id=CLIENT_ID, spec=replace(spec, open_browser=knock_first))
    assert seen == [400] * 5
    assert fake.logins == 1


def test_a_code_that_spotify_does_not_take(spec: SpotifySpec, tmp_path: Path) -> None:
    def wrong_code(address: str) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        visit(f"{asked['redirect_uri']}?code=old&state={asked['state']}")

    with pytest.raises(FetchError, match=r"refuses the login .*invalid_grant.*redirect URI \(http://127.0.0.1"):
        fetch_spotify(tmp_path / "out", client_id=CLIENT_ID, spec=replace(spec, open_browser=wrong_code))


def test_nobody_comes(spec: SpotifySpec, tmp_path: Path) -> None:
    patience = replace(spec.manners, login_s=0.05)
    with pytest.raises(FetchError, match="nobody agreed in the browser within 1 minute"):
        fetch_spotify(
            tmp_path / "out", client_id=CLIENT_ID, spec=replace(spec, manners=patience, open_browser=lambda _: False)
        )


def test_a_port_in_use(spec: SpotifySpec, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="port 70000 of this machine"):
        Loopback(70_000)
    with Loopback(spec.manners.login_port), pytest.raises(FetchError, match=r"cannot be used \(.*in use.*Choose"):
        fetch_spotify(tmp_path / "out", client_id=CLIENT_ID, spec=spec)


def test_no_login_within_a_repository(spec: SpotifySpec, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(ParameterError, match="within the repository"):
        fetch_spotify(tmp_path / "out", client_id=CLIENT_ID, spec=spec)
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(ParameterError, match="within the repository"):
        TokenFile(tmp_path / "link" / "settings" / "login.json")


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    login = TokenFile(tmp_path / "file" / "login.json")
    with pytest.raises(FileAccessError, match=r"a file, not a folder|File exists"):
        login.save({"access_token": "secret"})


def test_the_folder_for_settings_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", os.fspath(tmp_path))
    assert settings_folder() == tmp_path / "segue"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert settings_folder() == Path.home() / ".config" / "segue"
