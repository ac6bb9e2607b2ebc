"""The booth as an app: what Chromium makes of its manifest, its service worker and its form."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from segue.values import Track
from tests.web.conftest import served
from tests.web.stand_in import StandIn

pytestmark = pytest.mark.browser
DARK, LIGHT = "rgb(19, 17, 19)", "rgb(250, 247, 242)"


def test_the_booth_can_be_installed_and_says_so_when_it_is_not_running(chromium: Any, services: StandIn) -> None:
    context = chromium.new_context()
    page = context.new_page()
    with ExitStack() as stack:
        url = stack.enter_context(served(services))
        page.goto(url)
        page.evaluate("navigator.serviceWorker.ready.then((worker) => worker.active.scriptURL)")
        session = context.new_cdp_session(page)
        manifest = session.send("Page.getAppManifest")
        assert manifest["errors"] == []
        assert manifest["url"] == f"{url}/manifest.webmanifest"
        problems = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
        assert [p for p in problems if p["errorId"] != "in-incognito"] == []  # each test's context is one
        page.reload()
        page.wait_for_function("Boolean(window.segue?.deck)")
        kept = page.evaluate(
            "caches.keys().then(async (names) => (await Promise.all(names.map(async (name) =>"
            " (await (await caches.open(name)).keys()).map((r) => new URL(r.url).pathname)))).flat())"
        )
        assert "/assets/js/all.js" in kept
        assert [path for path in kept if not path.startswith(("/assets/", "/_dash-component-suites/"))] == []
        page.evaluate("localStorage.setItem('segue.theme', JSON.stringify('light'))")
    page.goto(url)
    assert page.text_content("h1") == "Segue is not running"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == LIGHT
    context.close()


def test_one_logs_in_by_keyboard_alone_and_comes_back_to_where_one_was(
    chromium: Any, services: StandIn, serve: Callable[[Any], str]
) -> None:
    services.door.set_password("quiet engine")
    url = serve(services)
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{url}/map")
    page.wait_for_selector("#password:focus")
    page.keyboard.type("wrong password")
    page.keyboard.press("Enter")
    page.wait_for_selector("#problem")
    assert page.text_content("#problem") == "That is not the password."
    page.fill("#password", "quiet engine")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/map")
    context.close()


@pytest.mark.parametrize(
    ("theme", "system", "ground"),
    [(None, "light", DARK), ("light", "dark", LIGHT), ("system", "light", LIGHT), ("system", "dark", DARK)],
)
def test_the_form_has_the_colours_of_the_booth(
    chromium: Any, services: StandIn, serve: Callable[[Any], str], theme: str | None, system: str, ground: str
) -> None:
    services.door.set_password("quiet engine")
    context = chromium.new_context(color_scheme=system)
    if theme is not None:
        context.add_init_script(f"localStorage.setItem('segue.theme', JSON.stringify('{theme}'))")
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(serve(services))
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
    assert problems == []
    context.close()


@pytest.mark.parametrize(("width", "menu"), [(1440, None), (390, ".bar-nav [data-act=rooms]")])
def test_who_came_in_by_the_password_finds_the_way_out(
    chromium: Any, services: StandIn, serve: Callable[[Any], str], width: int, menu: str | None
) -> None:
    services.door.set_password("quiet engine")
    context = chromium.new_context(viewport={"width": width, "height": 844})
    page = context.new_page()
    page.goto(serve(services))
    page.wait_for_selector("#password:focus")
    page.keyboard.type("quiet engine")
    page.keyboard.press("Enter")
    page.wait_for_function("Boolean(window.segue?.deck)")
    if menu:
        page.click(menu)
    page.locator(".way-out:visible").click()
    page.click("button >> text=Log out")
    page.wait_for_selector("#password")
    context.close()


def test_paused_listeners_hold_no_thread(address: str, services: StandIn, shelf: tuple[Track, ...]) -> None:
    """Each part of a large song that was not read held one of the server's threads; eight, and nobody was answered."""
    song = services.shelf[0].paths[0].with_name("large.wav")
    with song.open("wb") as file:
        file.truncate(60_000_000)
    real = services.audio(shelf[0].id)
    services.audio = lambda track_id: type(real)(song, real.mime)  # type: ignore[method-assign, assignment]
    host, port = address.removeprefix("http://").split(":")
    with ExitStack() as stack:
        for _ in range(20):
            listener = stack.enter_context(socket.create_connection((host, int(port))))
            listener.settimeout(10)
            listener.sendall(
                f"GET /media/{shelf[0].id}/audio HTTP/1.1\r\nHost: {host}\r\nRange: bytes=100-\r\n\r\n".encode()
            )
            assert listener.recv(12) == b"HTTP/1.1 206"
        with urllib.request.urlopen(f"{address}/api/ping", timeout=5) as answer:
            assert answer.read() == b"segue"
