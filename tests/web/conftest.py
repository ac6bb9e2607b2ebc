from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import waitress.server
from flask.testing import FlaskClient
from waitress import wasyncore

from segue.reach import Reach
from segue.services import Services
from segue.values import Track
from segue.web.factory import create_app
from segue.web.growing import Desk
from tests.embed.conftest import write_ear
from tests.play.mix.sounds import song, write_song
from tests.web.stand_in import StandIn, make_shelf


class ReadingClient(FlaskClient):
    """Reads every answer to its end, so that no file stays open."""

    def open(self, *args: Any, **options: Any) -> Any:
        return super().open(*args, **{"buffered": True, **options})


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> tuple[Track, ...]:
    """Twelve songs of four seconds."""
    return make_shelf(tmp_path_factory.mktemp("shelf"))


@pytest.fixture
def services(tmp_path: Path, shelf: tuple[Track, ...]) -> Iterator[StandIn]:
    with closing(StandIn(tmp_path / "data", shelf)) as services:
        yield services


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[StandIn]:
    """A library without a song."""
    with closing(StandIn(tmp_path / "data")) as services:
        yield services


def reading_client(services: Any) -> FlaskClient:
    """A client of the booth, without a server, that reads every answer to its end."""
    server = create_app(services).server
    server.test_client_class = ReadingClient
    return server.test_client()


@pytest.fixture
def desk(services: StandIn) -> Desk:
    return Desk(services, np.random.default_rng(7))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Services]:
    """The real thing over four songs, which have been heard."""
    (tmp_path / "music").mkdir()
    for number in range(4):
        write_song(tmp_path / "music" / f"Band - Song {number}.flac", song(110.0 + number))
    services = Services(tmp_path / "data", ear=str(write_ear(tmp_path)), workers=1)
    services.scan([tmp_path / "music"])
    yield services
    services.close()


@pytest.fixture
def client(services: StandIn) -> FlaskClient:
    return reading_client(services)


def _break_off(server: Any) -> None:
    """Take nobody in any more, and break off what was still being sent, or its file would stay open."""
    wasyncore.dispatcher.close(server)
    for channel in list(server.active_channels.values()):
        channel.handle_close()


@contextmanager
def served(services: Any, *, port: int = 0, reach: Reach | None = None) -> Iterator[str]:
    """The booth on a port of its own, by the server it has in use."""
    app = create_app(services, reach=reach)
    server = waitress.server.create_server(app.server, host="127.0.0.1", port=port, threads=8, asyncore_use_poll=True)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.trigger.pull_trigger(lambda: _break_off(server))
        server.task_dispatcher.shutdown(timeout=30)
        assert not server.task_dispatcher.threads, "the server is still at work on a request"
        # Only now, for who is at work wakes the loop by the number of a file, which would soon be another file's. And
        # not by the loop, which may come to it before this pull has written to that file.
        left = dict(server._map)
        server.trigger.pull_trigger(server._map.clear)
        thread.join(30)
        assert not thread.is_alive(), "the server's loop does not end"
        wasyncore.close_all(left, ignore_all=True)


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Serve a booth until the test has ended and its pages are closed."""
    with ExitStack() as stack:
        yield lambda services, **options: stack.enter_context(served(services, **options))


@pytest.fixture
def address(services: StandIn, serve: Callable[..., str]) -> str:
    return serve(services)


@dataclass
class Witness:
    """What a page did that it should not: errors on its console, requests to elsewhere."""

    problems: list[str]
    strangers: list[str]


def is_problem(message: Any) -> bool:
    """Whether the page said what it should not; that WebGL is slow without a graphics card is no fault of the page."""
    return message.type in ("error", "warning") and "GL Driver Message (OpenGL, Performance" not in message.text


def forgive_absence(page: Any) -> None:
    """Forget what a page complained of because its server was away: refused connections, and answers broken off."""
    signs = ("ERR_CONNECTION", "ERR_EMPTY_RESPONSE", "fetch", "the server did not respond")
    problems = page.witness.problems
    problems[:] = [problem for problem in problems if not any(sign in problem for sign in signs)]


@pytest.fixture
def visit(chromium: Any, serve: Callable[..., str]) -> Iterator[Callable[..., Any]]:
    """Open a page as a visitor of one's own; at the end its console must be empty and no request have left.

    It needs ``serve`` only so that the pages are closed before their server is.
    """
    contexts: list[Any] = []
    witness = Witness([], [])

    def open_page(url: str, **options: Any) -> Any:
        context = chromium.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: witness.problems.append(m.text) if is_problem(m) else None)
        page.on("pageerror", lambda error: witness.problems.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith((url, "blob:")) else witness.strangers.append(r.url))
        page.witness = witness
        page.goto(url)
        while not page.evaluate("Boolean(window.segue?.deck)"):  # until the page has had its first answer
            page.wait_for_timeout(40)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert witness.strangers == []
    assert witness.problems == []


@pytest.fixture
def long_songs(services: StandIn, tmp_path: Path) -> StandIn:
    """The same library with songs of forty seconds, so that nothing ends by itself."""
    services.shelf = make_shelf(tmp_path, seconds=40.0)
    return services
