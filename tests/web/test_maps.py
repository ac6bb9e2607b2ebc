from __future__ import annotations

import base64
import time
from typing import Any

import numpy as np
from flask.testing import FlaskClient

from segue.choose.atlas import Atlas
from segue.mapping import Picture
from segue.values import TrackId
from segue.web.maps import packed
from tests.web.stand_in import StandIn


def drawn(client: FlaskClient) -> dict[str, Any]:
    until = time.monotonic() + 60
    while True:
        state: dict[str, Any] = client.get("/api/map").get_json()
        if state["version"] and not state["running"]:
            return state
        assert time.monotonic() < until
        time.sleep(0.05)


def test_points_take_twelve_bytes_each() -> None:
    places = np.array([[-1.0, 0.0], [1.0, 0.5]], np.float32)
    ids = (TrackId("00112233445566ff"), TrackId("ff00000000000001"))
    data = packed(Picture(1, Atlas(ids, places, np.zeros(2, np.uint8), np.ones((1, 3), np.float32))))
    assert np.frombuffer(data[:8], "<u2").tolist() == [0, 0, 65535, 16384]
    assert data[8:].hex() == "00112233445566ffff00000000000001"


def test_the_page_gets_points_and_colours(client: FlaskClient, services: StandIn) -> None:
    state = drawn(client)
    assert sum(region["count"] for region in state["regions"]) == 12
    assert len(client.get("/api/map/points").data) == 12 * 12
    found = client.get("/api/map/colours?by=year").get_json()
    assert (found["names"][-1], sum(found["counts"]), found["ordered"]) == ("2020s", 12, True)
    assert len(base64.b64decode(found["codes"])) == 12
    assert client.get("/api/map/colours?by=price").status_code == 400
    assert client.post("/api/map/anew").status_code == 204
    assert client.get("/api/songs/" + services.shelf[0].id).get_json()["title"] == "Morning Ferry"
    assert client.get("/api/songs/none").status_code == 404


def test_an_empty_library_has_no_points(client: FlaskClient, services: StandIn) -> None:
    services.shelf = ()
    state = client.get("/api/map").get_json()
    assert (state["version"], state["regions"]) == (None, [])
    assert client.get("/api/map/points").data == b""
    assert client.get("/api/map/colours").status_code in (400, 404, 409)
