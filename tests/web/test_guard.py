from __future__ import annotations

import logging

import pytest
from flask.testing import FlaskClient

from segue.values import Track
from segue.web.guard import is_own_name
from segue.web.present import FAULT_TEXT
from tests.web.stand_in import StandIn

OTHER_SITES = (
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://["},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:9999"},
)


@pytest.mark.parametrize("headers", OTHER_SITES, ids=str)
@pytest.mark.parametrize("address", ["/api/seeds?name=x", "/api/playlist.m3u8", "/_dash-update-component"])
def test_orders_from_other_sites_are_refused(client: FlaskClient, address: str, headers: dict[str, str]) -> None:
    assert client.post(address, data=b"x", headers=headers).status_code == 403


def test_a_malformed_origin_is_no_fault(client: FlaskClient) -> None:
    """``Origin: http://[`` raised ValueError, was logged as a fault and answered with 500."""
    assert client.post("/api/playlist.m3u8", json=[], headers={"Origin": "http://["}).status_code == 403
    assert client.application.extensions["segue_faults"].count == 0


def test_orders_from_the_own_page_and_from_programs_are_taken(client: FlaskClient) -> None:
    for headers in ({}, {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}):
        assert client.post("/api/playlist.m3u8", json=[], headers=headers).status_code == 200


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8050", "localhost", "[::1]:8050", "192.168.1.20:8050", "segue.localhost", "localhost."]
)
def test_own_names_are_known(host: str) -> None:
    assert is_own_name(host)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "localhost.evil.example:8050"])
def test_a_rebound_domain_is_not_answered(client: FlaskClient, host: str) -> None:
    assert not is_own_name(host)
    if host == "evil.example":
        assert client.get("/", headers={"Host": host}).status_code == 403


def test_the_page_may_load_from_this_machine_only(client: FlaskClient) -> None:
    answer = client.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe-inline" not in scripts
    assert "http" not in scripts
    assert "'sha256-" in scripts
    assert "https://" not in answer.text.replace("https://dash.plotly.com", "")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_fault_is_logged_counted_and_shown_as_one_line(
    client: FlaskClient, services: StandIn, shelf: tuple[Track, ...], caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(track_id: str) -> None:
        raise ZeroDivisionError(f"secret {track_id}")

    services.audio = break_down  # type: ignore[method-assign, assignment]
    with caplog.at_level(logging.ERROR):
        answer = client.get(f"/media/{shelf[0].id}/audio")
    assert (answer.status_code, answer.text) == (500, f"{FAULT_TEXT}\n")
    assert "ZeroDivisionError" in caplog.text
    assert client.application.extensions["segue_faults"].count == 1


def test_nonsense_addresses_get_one_line(client: FlaskClient) -> None:
    answer = client.post("/api/nothing")
    assert answer.status_code in (404, 405)
    assert "Traceback" not in answer.text
    broken = client.post("/_dash-update-component", data=b"{", content_type="application/json")
    assert broken.status_code in (400, 500)
    assert "Traceback" not in broken.text
