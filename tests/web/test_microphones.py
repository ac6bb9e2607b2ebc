"""The microphones of browsers: pieces in order, a bounded number, and none that is kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flask import Flask

from segue.config import WEB
from segue.errors import EmptyLibraryError, ParameterError
from segue.web.guard import Faults, guard
from segue.web.microphones import Microphones, microphone_routes

PIECE = (np.arange(8) * 1000).astype("<i2").tobytes()


class Ear:
    """A session that notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[np.ndarray, int]] = []

    def push(self, samples: np.ndarray, rate_hz: int) -> list[Any]:
        self.heard.append((samples, rate_hz))
        return []


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def ears() -> list[Ear]:
    return []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def microphones(ears: list[Ear], clock: Clock) -> Microphones:
    def begin() -> Any:
        ears.append(Ear())
        return ears[-1]

    return Microphones(begin, clock)


def test_pieces_are_heard_once_in_their_order_and_gaps_are_counted(microphones: Microphones, ears: list[Ear]) -> None:
    token = microphones.begin()
    assert microphones.hear(token, 0, PIECE, rate_hz=48_000) == ([], 0)
    assert microphones.hear(token, 0, PIECE, rate_hz=48_000) == ([], 0)
    assert microphones.hear(token, 3, PIECE, rate_hz=44_100) == ([], 2)
    assert [rate_hz for _, rate_hz in ears[0].heard] == [48_000, 44_100]
    assert ears[0].heard[0][0] == pytest.approx(np.arange(8) * 1000 / 32768)


def test_so_many_may_listen_and_the_silent_ones_make_room(microphones: Microphones, clock: Clock) -> None:
    tokens = [microphones.begin() for _ in range(WEB.most_microphones)]
    with pytest.raises(ParameterError, match="listened to already"):
        microphones.begin()
    clock.now_s += WEB.microphone_silent_s - 1.0
    microphones.hear(tokens[0], 0, PIECE, rate_hz=48_000)
    clock.now_s += 2.0
    microphones.begin()
    microphones.hear(tokens[0], 1, PIECE, rate_hz=48_000)
    with pytest.raises(ParameterError, match="not listened to any more"):
        microphones.hear(tokens[1], 0, PIECE, rate_hz=48_000)


def test_who_begins_while_the_last_place_is_taken_is_refused(clock: Clock) -> None:
    def begin() -> Any:
        if not taken:
            taken.append(True)
            microphones.begin()  # another browser is quicker
        return Ear()

    taken = [True]
    microphones = Microphones(begin, clock)
    for _ in range(WEB.most_microphones - 1):
        microphones.begin()
    taken.clear()
    with pytest.raises(ParameterError, match=f"{WEB.most_microphones} microphones are listened to already"):
        microphones.begin()


@pytest.fixture
def client(microphones: Microphones) -> Any:
    server = Flask(__name__)
    server.register_blueprint(microphone_routes(object(), microphones))  # type: ignore[arg-type]
    guard(server, faults=Faults(), content_policy="")
    return server.test_client()


def test_a_browser_begins_is_heard_and_ends(client: Any, ears: list[Ear]) -> None:
    token = client.post("/api/live").get_json()["session"]
    answer = client.post(f"/api/live/{token}?rate=48000&number=0", data=PIECE)
    assert answer.get_json() == {"moments": [], "lost": 0}
    assert client.post(f"/api/live/{token}/end").status_code == 204
    assert client.post(f"/api/live/{token}?rate=48000&number=1", data=PIECE).status_code == 400
    assert len(ears[0].heard) == 1


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", PIECE),
        ("rate=48000", PIECE),
        ("rate=x&number=0", PIECE),
        ("rate=48000&number=-1", PIECE),
        ("rate=1&number=0", PIECE),
        ("rate=999999&number=0", PIECE),
        ("rate=48000&number=0", b""),
        ("rate=48000&number=0", b"odd"),
        ("rate=48000&number=0", bytes(1_500_002)),
    ],
)
def test_what_is_no_sound_is_refused(client: Any, ears: list[Ear], query: str, body: bytes) -> None:
    token = client.post("/api/live").get_json()["session"]
    answer = client.post(f"/api/live/{token}?{query}", data=body)
    assert answer.status_code == 400
    assert "no sound" in answer.get_json()["error"]
    assert ears[0].heard == []


def test_a_page_elsewhere_may_not_send_sound(client: Any) -> None:
    assert client.post("/api/live", headers={"Origin": "http://elsewhere.example"}).status_code == 403


def test_an_empty_library_is_said() -> None:
    def begin() -> Any:
        raise EmptyLibraryError("the library is empty", remedy="Scan a folder first")

    with pytest.raises(EmptyLibraryError):
        Microphones(begin).begin()
