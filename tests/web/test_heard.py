"""What the player reports, and what is kept of it."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from segue.store.events import Event
from segue.values import Track
from tests.web.stand_in import StandIn


def kept(services: StandIn) -> tuple[Event, ...]:
    return services.listening._library.events.all().events


def test_a_report_becomes_an_event(client: FlaskClient, services: StandIn, shelf: tuple[Track, ...]) -> None:
    """The songs last four seconds."""
    report = {"track": shelf[0].id, "before": None, "heard_s": 3.9, "ended": True, "origin": "picked"}
    assert client.post("/api/heard", json=report).status_code == 204
    skipped = {"track": shelf[1].id, "before": shelf[0].id, "heard_s": 1, "ended": False, "origin": "chosen"}
    assert client.post("/api/heard", json=skipped).status_code == 204
    played, left = kept(services)
    assert (played.kind, played.track_id, played.before_id, played.origin) == ("played", shelf[0].id, None, "picked")
    assert played.heard_share == pytest.approx(3.9 / 4, abs=0.01)
    assert (left.kind, left.before_id, left.origin) == ("skipped_early", shelf[0].id, "chosen")
    assert played.at_s <= left.at_s


@pytest.mark.parametrize(
    "wrong",
    [
        {"track": "../etc/passwd"},
        {"track": None},
        {"before": "x"},
        {"heard_s": -1},
        {"heard_s": True},
        {"heard_s": "1"},
        {"heard_s": 1e999},
        {"heard_s": 10**400},
    ],
)
def test_what_no_player_sends_is_refused(
    client: FlaskClient, services: StandIn, shelf: tuple[Track, ...], wrong: dict[str, Any]
) -> None:
    report = {"track": shelf[0].id, "before": None, "heard_s": 1.0, "ended": False, "origin": "picked", **wrong}
    answer = client.post("/api/heard", json=report)
    assert answer.status_code == 400
    assert "Reload the page" in answer.json["error"]
    assert kept(services) == ()


def test_the_end_of_a_song_that_has_left_the_library_is_taken_quietly(client: FlaskClient, services: StandIn) -> None:
    """The browser's console had a 404 for it, whenever the demo made way while it played."""
    report = {"track": "0" * 16, "before": None, "heard_s": 1.0, "ended": False, "origin": "picked"}
    assert client.post("/api/heard", json=report).status_code == 204
    assert client.post("/api/heard", json=[1]).status_code == 400
    assert kept(services) == ()
