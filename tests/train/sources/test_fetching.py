"""Patience with servers, in its own right; what Spotify's and ListenBrainz's tests see of it is not repeated."""

from __future__ import annotations

import email.utils
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from segue.config import FetchSpec
from segue.errors import FetchError
from segue.train.sources.fetching import PatientSession, asked_wait_s, in_words

WHOLE = b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{"a": 10}'


@pytest.fixture
def rude(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[bytes]]]:
    """A server that sends what it is given, as it stands, one answer a connection; b"" hangs up."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    answers: list[bytes] = []
    door = socket.create_server(("127.0.0.1", 0))
    door.settimeout(10.0)

    def serve() -> None:
        while True:
            try:
                guest, _ = door.accept()
            except OSError:
                return
            with guest:
                guest.recv(65_536)
                guest.sendall(answers.pop(0) if answers else WHOLE)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{door.getsockname()[1]}/", answers
    door.shutdown(socket.SHUT_RDWR)
    door.close()
    thread.join()


def session(waits: list[float] | None = None, **changes) -> PatientSession:
    return PatientSession(
        spec=FetchSpec(first_wait_s=0.01, **changes), sleep=(waits if waits is not None else []).append
    )


def test_answers_that_break_off_are_asked_for_again(rude: tuple[str, list[bytes]]) -> None:
    url, answers = rude
    waits: list[float] = []
    with session(waits) as patient:
        assert patient.get_json(url) == {"a": 10}
        answers += [b"", WHOLE[:-4], b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{", b"what?\r\n\r\n"]
        assert patient.get_json(url) == {"a": 10}
        assert (patient.sent, patient.retried, patient.limited) == (6, 4, 0)
    assert waits == pytest.approx([0.01, 0.02, 0.04, 0.08])


def test_what_may_have_been_done_is_not_sent_twice(rude: tuple[str, list[bytes]]) -> None:
    """A login's code is good for one time only."""
    url, answers = rude
    with session() as patient:
        patient.get(url)
        answers += [b""]
        with pytest.raises(FetchError, match=r"the connection to 127.0.0.1 broke off") as caught:
            patient.post(url, data={"code": "1"})
        assert patient.sent == 2
    assert "in a row" not in str(caught.value)


def test_an_unreadable_address_is_an_error_in_words() -> None:
    with session() as patient, pytest.raises(FetchError, match="broke off"):
        patient.get("http://127.0.0.1:1/\x00", proxies={"http": "nonsense://"})


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": " 0.5 "}, 0.5),
        ({"Retry-After": "-7"}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"Retry-After": "soon", "X-RateLimit-Reset-In": "2"}, 2.0),
        ({"Retry-After": "nan"}, 9.0),
        ({"Retry-After": ""}, 9.0),
        ({}, 9.0),
    ],
)
def test_how_long_a_server_asks_for(headers: dict[str, str], wait_s: float) -> None:
    answer = requests.Response()
    answer.headers.update(headers)
    assert asked_wait_s(answer, otherwise_s=9.0) == wait_s


def test_a_date_is_counted_from_now() -> None:
    answer = requests.Response()
    answer.headers["Retry-After"] = email.utils.formatdate(time.time() + 100, usegmt=True)
    assert asked_wait_s(answer, otherwise_s=0.0) == pytest.approx(100, abs=2)  # the date has whole seconds


@given(st.text())
def test_any_nonsense_is_a_wait_of_some_length(text: str) -> None:
    answer = requests.Response()
    answer.headers["Retry-After"] = text
    assert asked_wait_s(answer, otherwise_s=1.0) >= 0.0


def test_lengths_of_time_as_people_say_them() -> None:
    assert [in_words(s) for s in (1, 61, 7100, 7200, 86_400, 200_000)] == [
        "1 minute", "2 minutes", "119 minutes", "2 hours", "24 hours", "2 days",
    ]  # fmt: skip
