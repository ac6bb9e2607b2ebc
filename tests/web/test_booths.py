"""What pages say of booths, as requests: within bounds, and by whoever has the key."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from segue.errors import UnknownBoothError
from segue.values import Track
from segue.web.booths import booth_of
from tests.web.stand_in import StandIn

KEY = "0123456789abcdef" * 2


def hold(client: FlaskClient, **said: Any) -> Any:
    return client.post("/api/booths", json={"key": KEY, "name": "Kitchen", "takes": True, **said})


def test_a_booth_opens_plays_is_asked_and_closes(client: FlaskClient, shelf: tuple[Track, ...]) -> None:
    song, wanted = shelf[0].id, shelf[3].id
    booth_id = hold(client, entry=7, track=song, at_s=12.5, plays=True).json["id"]
    face = client.get(f"/api/booths/{booth_id}?by=me").json
    assert (face["name"], face["open"], face["entry"], face["track"], face["plays"]) == ("Kitchen", True, 7, song, True)
    assert face["at_s"] >= 12.5
    assert client.post(f"/api/booths/{booth_id}/songs", json={"track": wanted}).status_code == 204
    report = hold(client).json
    assert (report["asked"], report["followers"]) == ([{"track": wanted, "title": "Quiet Engine"}], 1)
    assert client.post("/api/booths/closed", json={"key": KEY}).status_code == 204
    assert client.get(f"/api/booths/{booth_id}").json["open"] is False
    assert client.post(f"/api/booths/{booth_id}/songs", json={"track": wanted}).status_code == 400


def test_what_is_no_booth_is_not_found(client: FlaskClient, shelf: tuple[Track, ...]) -> None:
    for booth_id in ("0" * 16, "..", "%00", "x" * 5000):
        assert client.get(f"/api/booths/{booth_id}").status_code == 404
        assert client.post(f"/api/booths/{booth_id}/songs", json={"track": shelf[0].id}).status_code == 404


def test_a_queue_is_not_brought_from_half_a_character(client: FlaskClient, services: StandIn) -> None:
    """SQLite takes no such name, and the browser was told of a fault in Segue."""
    with pytest.raises(UnknownBoothError, match="not kept any more"):
        booth_of(services, "\ud800")  # type: ignore[arg-type]
    assert client.get("/api/booths/%ED%A0%80").status_code == 404


@pytest.mark.parametrize(
    "said",
    [
        {"key": "short"},
        {"key": None},
        {"name": ""},
        {"name": ["Kitchen"] * 50},
        {"track": "../etc", "entry": 1, "at_s": 1},
        {"track": "0123456789abcdef", "entry": "1", "at_s": 1},
        {"track": "0123456789abcdef", "entry": 1, "at_s": -1},
        {"track": "0123456789abcdef", "entry": 1, "at_s": "soon"},
        {"track": "0123456789abcdef", "entry": 1, "at_s": 10**400},
    ],
    ids=lambda said: str(said)[:60],
)
def test_what_a_page_may_not_say_is_refused(client: FlaskClient, services: StandIn, said: dict[str, Any]) -> None:
    assert hold(client, **said).status_code == 400
    assert client.post("/api/booths", json=[1]).status_code == 400
    assert services.booths.all() == ()


def test_a_song_that_is_none_is_not_asked_for(client: FlaskClient) -> None:
    booth_id = hold(client).json["id"]
    assert client.post(f"/api/booths/{booth_id}/songs", json={"track": 7}).status_code == 400
    assert client.post(f"/api/booths/{booth_id}/songs", json={"track": "f" * 16}).status_code == 404
    assert hold(client).json["asked"] == []
