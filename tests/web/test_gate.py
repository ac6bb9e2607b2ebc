from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from segue.door import DOOR, Patience
from segue.values import Track
from segue.web.factory import create_app
from segue.web.gate import COOKIE, gate
from tests.web.conftest import reading_client
from tests.web.stand_in import StandIn

WORD = "quiet engine"


@pytest.fixture
def locked(client: FlaskClient, services: StandIn) -> FlaskClient:
    services.door.set_password(WORD)
    return client


def test_without_a_password_all_is_open(client: FlaskClient) -> None:
    assert client.get("/").status_code == 200
    assert client.get("/login").status_code == 302


def test_what_others_can_reach_is_closed_once_its_password_is_gone(services: StandIn) -> None:
    client = create_app(services, must_lock=True).server.test_client()
    answer = client.get("/")
    assert (answer.status_code, "segue password" in answer.text) == (403, True)


@pytest.mark.parametrize("path", ["/", "/map", "/_dash-component-suites/x", "/_dash-layout", "/assets/js/player.js",
                                  "/api/nothing", "/media/x/audio", "/assets/css/../js/player.js"])  # fmt: skip
def test_nothing_is_had_without_a_session(locked: FlaskClient, path: str) -> None:
    answer = locked.get(path)
    if path in ("/", "/map"):
        assert answer.status_code == 302
        assert answer.headers["Location"] in ("/login", "/login?next=/map")
    else:
        assert answer.status_code == 401
        assert answer.is_json is path.startswith("/api/")
        if answer.is_json:
            assert set(answer.get_json()) == {"error", "remedy"}
    assert locked.post("/_dash-update-component", json={}).status_code == 401


@pytest.mark.parametrize("path", ["/login", "/manifest.webmanifest", "/service-worker.js", "/api/ping",
                                  "/assets/css/tokens.css", "/assets/icons/segue-192.png"])  # fmt: skip
def test_the_way_in_is_open(locked: FlaskClient, path: str) -> None:
    assert locked.get(path).status_code == 200


def test_the_password_opens_a_session_and_logging_out_ends_it(locked: FlaskClient, shelf: tuple[Track, ...]) -> None:
    answer = locked.post("/login", data={"password": WORD, "next": "/map?x=1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/map?x=1")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    assert locked.get(f"/media/{shelf[0].id}/audio").status_code == 200
    assert "Log out" in locked.get("/login").text
    held = locked.get_cookie(COOKIE)
    assert locked.post("/logout").status_code == 303
    assert held is not None
    locked.set_cookie(COOKIE, held.value)
    assert locked.get("/").status_code == 302


def test_by_https_the_cookie_is_for_https_alone(locked: FlaskClient) -> None:
    answer = locked.post("/login", data={"password": WORD}, headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("then", ["//evil.example", "https://evil.example", "/\\evil.example", "", "/\t/evil.example"])
def test_the_form_leads_to_no_other_site(locked: FlaskClient, then: str) -> None:
    assert locked.post("/login", data={"password": WORD, "next": then}).headers["Location"] == "/"


def test_who_guesses_waits(services: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.web.gate.Patience", lambda: Patience(now_s=lambda: 1000.0))
    services.door.set_password(WORD)
    locked = reading_client(services)
    for _ in range(DOOR.free_tries):
        assert locked.post("/login", data={"password": "wrong"}).status_code == 401
    answer = locked.post("/login", data={"password": WORD})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    elsewhere = locked.post("/login", data={"password": WORD}, environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert elsewhere.status_code == 303


def test_a_script_comes_in_by_its_token(locked: FlaskClient, services: StandIn) -> None:
    token = services.door.make_token()
    assert locked.get("/", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert locked.get("/", headers={"Authorization": "Bearer x"}).status_code == 302


def test_addresses_with_a_check_of_their_own_are_left_to_it(services: StandIn) -> None:
    services.door.set_password(WORD)
    server = Flask(__name__)
    server.add_url_rule("/rest/<name>", view_func=lambda name: name)
    gate(server, services.door, own_check=("/rest/",))
    assert server.test_client().get("/rest/ping").text == "ping"
    assert server.test_client().get("/else").status_code == 302


def test_one_more_name_is_answered_to(services: StandIn) -> None:
    client = create_app(services, name="Music.local").server.test_client()
    assert client.get("/api/ping", headers={"Host": "music.local:8050"}).status_code == 200
    assert client.get("/api/ping", headers={"Host": "music.example"}).status_code == 403
