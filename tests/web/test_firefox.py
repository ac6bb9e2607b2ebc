"""The booth in a real Firefox, driven by Mozilla's own Marionette: every room, sound, keyboard and a reload."""

from __future__ import annotations

import gc
import os
import re
import shutil
import socket
import subprocess
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from segue.services import Services
from segue.values import Track
from segue.web.rooms import ROOMS
from tests.tools import find_firefox
from tests.web.stand_in import StandIn
from tests.web.test_booth_in_browser import AUDIO, FIRST, LOUDNESS

pytestmark = pytest.mark.firefox

QUEUED = "#queue-list > div > ol > li"
READY = "Boolean(window.segue?.deck) && document.querySelector('._dash-loading-callback') === null"


class Firefox:
    """A window of a Firefox without a screen, and what its pages said on the console."""

    def __init__(self, marionette: Any, log: Path) -> None:
        self.marionette = marionette
        self._log = log

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page, a promise's when it has come."""
        script = f"const [done] = arguments; Promise.resolve({expression}).then(done);"
        return self.marionette.execute_async_script(script, sandbox=None, script_timeout=30_000)

    def wait(self, condition: str, *, seconds: float = 30.0) -> None:
        """Wait for a condition, and name it where it never comes true."""
        until = time.monotonic() + seconds
        while not self.evaluate(condition):
            assert time.monotonic() < until, f"never came true: {condition}"
            time.sleep(0.05)

    def visit(self, url: str) -> None:
        """Open a page and wait until it is ready."""
        self.marionette.navigate(url)
        self.wait(READY)

    def press(self, keys: str) -> None:
        """Type on whatever has the focus."""
        self.marionette.execute_script("(document.activeElement ?? document.body).focus()")
        self.marionette.get_active_element().send_keys(keys)

    def click(self, selector: str) -> None:
        """Click the first that there is."""
        self.marionette.find_element("css selector", selector).click()

    def complaints(self, url: str) -> list[str]:
        """The errors that the pages of an address have had; a page that is left breaks off what it waits for."""
        lines = self._log.read_text(errors="replace").splitlines()
        errors = [line for line in lines if url in line and re.match(r"JavaScript error|console\.error", line)]
        return [line for line in errors if "the server did not respond" not in line]


@pytest.fixture(scope="module")
def loudspeaker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Where sound may go on a machine without a sound card: Firefox plays nothing into nothing."""
    program = shutil.which("pulseaudio")
    if program is None:  # a desktop, which has its own
        yield {}
        return
    home = tmp_path_factory.mktemp("sound")
    environment = {"XDG_RUNTIME_DIR": str(home), "PULSE_COOKIE": str(home / "cookie"), "HOME": str(home)}
    words = [program, "-n", "--daemonize=no", "--exit-idle-time=-1", "--load=module-null-sink"]
    with subprocess.Popen(
        [*words, "--load=module-native-protocol-unix"],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as player:
        until = time.monotonic() + 20.0
        while not (home / "pulse" / "native").exists():
            assert time.monotonic() < until, "PulseAudio does not start"
            time.sleep(0.05)
        yield environment
        player.terminate()


@contextmanager
def leaving_sockets() -> Iterator[None]:
    """Marionette is old, and leaves sockets for the collector: neither is a fault of a test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
        gc.collect()


@pytest.fixture(scope="module")
def firefox(loudspeaker: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """A real Firefox that may play without being clicked."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("firefox") / "log"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in loudspeaker.items():
            patch.setenv(name, value)
        with leaving_sockets():
            from marionette_driver.marionette import Marionette

            marionette = Marionette(
                bin=find_firefox(),
                port=port,
                headless=True,
                gecko_log=str(log),
                prefs={"media.autoplay.default": 0, "devtools.console.stdout.content": True},
            )
            marionette.start_session()
        marionette.set_window_rect(width=1440, height=900)
        driven = Firefox(marionette, log)
        yield driven
        with leaving_sockets():
            marionette.quit(in_app=False)
            marionette.cleanup()
            del marionette, driven.marionette


def test_every_room_opens_without_a_complaint(firefox: Firefox, house: Services, serve: Callable[[Any], str]) -> None:
    url = serve(house)
    firefox.visit(url)
    for room in ROOMS:
        firefox.evaluate(f"segue.go('{room.path}')")
        firefox.wait(f"location.pathname === '{room.path}' && {READY}")
        firefox.wait("[...document.querySelectorAll('main h1, main h2')].some((title) => title.offsetHeight)")
        assert not firefox.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert firefox.complaints(url) == []


def test_a_song_sounds_and_the_queue_survives_a_reload(
    firefox: Firefox, services: StandIn, serve: Callable[[Any], str]
) -> None:
    url = serve(services)
    firefox.visit(url)
    firefox.wait(f"document.querySelector('{FIRST}') !== null")
    firefox.click(FIRST)
    firefox.wait(f"{AUDIO}.currentTime > 0.2 && document.querySelectorAll('{QUEUED}').length === 5")
    assert firefox.evaluate(f"({LOUDNESS})()") > 0.05
    titles = "[...document.querySelectorAll('#queue-list > div > ol .title')].map((title) => title.textContent)"
    before = firefox.evaluate(titles)
    firefox.visit(url)
    firefox.wait(f"document.querySelectorAll('{QUEUED}').length === 5")
    assert firefox.evaluate(titles) == before
    assert firefox.complaints(url) == []


def test_the_keyboard_alone_finds_and_plays(
    firefox: Firefox, services: StandIn, shelf: tuple[Track, ...], serve: Callable[[Any], str]
) -> None:
    url = serve(services)
    wanted = shelf[5].info.title
    firefox.visit(url)
    firefox.press("/")
    firefox.wait("document.activeElement.id === 'search'")
    firefox.press(wanted)
    firefox.wait(f"document.querySelectorAll('{FIRST}').length === 1")
    firefox.press("\ue004")  # Tab
    firefox.evaluate(f"document.querySelector('{FIRST}').focus()")
    firefox.press("\ue007")  # Enter
    firefox.wait(f"{AUDIO}.currentTime > 0.2")
    assert firefox.evaluate("document.getElementById('player-title').textContent") == wanted
    assert firefox.complaints(url) == []
