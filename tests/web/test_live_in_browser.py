"""The room in which Segue listens, in a real Chromium whose microphone hears a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from segue.services import Services
from tests.browsing import launch
from tests.songs import RATE_HZ, band_song, write_samples
from tests.web.test_booth_in_browser import Serve, wait

pytestmark = pytest.mark.browser
SONGS = range(6)
PLAYED = 2
LEFT = """((part) => {
    const words = document.createRange();
    words.selectNodeContents(document.querySelector(`#live-next ${part}`));
    return Math.round(words.getBoundingClientRect().left);
})"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of six songs of 36 seconds, heard by the ear that comes with Segue."""
    folder = tmp_path_factory.mktemp("live")
    for seed in SONGS:
        write_samples(folder / "music" / f"Band {seed} - Song {seed}.wav", band_song(seed))
    services = Services(folder / "data", workers=1)
    assert services.scan([folder / "music"]).scanned == len(SONGS)
    services.close()
    return folder / "data"


@pytest.fixture
def services(data: Path) -> Iterator[Services]:
    opened = Services(data)
    yield opened
    opened.close()


@pytest.fixture
def hearing(chromium: Any, tmp_path: Path) -> Iterator[Any]:
    """A page of a browser of its own, whose microphone hears one of the songs."""
    song = write_samples(tmp_path / "room.wav", band_song(PLAYED)[2 * RATE_HZ :])
    browser = launch(
        chromium.browser_type,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={song}",
    )
    problems: list[str] = []
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.on("console", lambda m: problems.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.problems = problems
    yield page
    browser.close()
    assert problems == []


def enter(page: Any, url: str) -> None:
    page.goto(f"{url}/live")
    wait(page, "Boolean(window.segue?.deck)")
    page.wait_for_selector("#live-toggle")


def test_what_the_microphone_hears_is_recognised_and_followed(services: Services, serve: Serve, hearing: Any) -> None:
    enter(hearing, serve(services))
    hearing.click("#live-toggle")
    hearing.wait_for_selector("#live-says >> text=The first answer takes")
    wait(hearing, "Number(document.getElementById('live-meter').getAttribute('aria-valuenow')) > 20")
    hearing.wait_for_selector("#live-now >> text=Music", timeout=30_000)
    hearing.wait_for_selector("#live-next .row", timeout=40_000)
    wait(hearing, "document.getElementById('live-says').textContent === 'Listening.'")
    assert hearing.evaluate(LEFT + "('.why') === " + LEFT + "('.title')")
    hearing.wait_for_selector(f"#live-now >> text=Song {PLAYED}", timeout=60_000)
    wait(
        hearing,
        f"![...document.querySelectorAll('#live-next .title')].some((one) => one.textContent === 'Song {PLAYED}')",
    )
    hearing.click("#live-next .row-main")
    wait(hearing, "segue.player.isPlaying")
    assert not list((services.data / "cache").rglob("*.wav"))
    hearing.evaluate("segue.go('/')")
    wait(hearing, "document.querySelector('#live-toggle') === null")
    hearing.evaluate("segue.go('/live')")
    hearing.wait_for_selector("#live-toggle[aria-label='Listen to the room']")


def test_a_refused_and_a_missing_microphone_are_said(services: Services, serve: Serve, chromium: Any) -> None:
    url = serve(services)
    for refusal, words in (("NotAllowedError", "was not allowed"), ("NotFoundError", "There is no microphone")):
        context = chromium.new_context(viewport={"width": 390, "height": 844})
        page = context.new_page()
        page.add_init_script(
            f"navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('', '{refusal}'); }};"
        )
        enter(page, url)
        page.click("#live-toggle")
        page.wait_for_selector(f"#live-says >> text={words}")
        assert page.get_attribute("#live-toggle", "aria-pressed") == "false"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        context.close()


def test_a_session_that_the_server_forgot_is_said(services: Services, serve: Serve, hearing: Any) -> None:
    enter(hearing, serve(services))
    hearing.route("**/api/live/*", lambda route: route.fulfill(status=400, json={"error": "it is gone. Listen again"}))
    hearing.click("#live-toggle")
    hearing.wait_for_selector("#live-says.problem >> text=it is gone")
    hearing.problems[:] = [line for line in hearing.problems if "400" not in line]  # Chromium tells of each


def test_what_waits_for_a_slow_server_is_sent_in_bounded_pieces_and_a_loss_is_said(
    services: Services, serve: Serve, hearing: Any
) -> None:
    """Ten seconds wait: at 44.1 or 48 kHz more than one piece may hold."""
    held: list[Any] = []
    sizes: list[int] = []

    def answer(route: Any) -> None:
        sizes.append(len(route.request.post_data_buffer))
        if held:
            route.fulfill(json={"moments": [], "lost": 1})
        else:
            held.append(route)

    enter(hearing, serve(services))
    hearing.route("**/api/live/*?rate=*", answer)
    hearing.click("#live-toggle")
    while not held:
        hearing.wait_for_timeout(100)
    hearing.wait_for_timeout(10_000)
    held[0].fulfill(json={"moments": [], "lost": 0})
    hearing.wait_for_selector("#live-says.problem >> text=Some of the sound was lost")
    assert max(sizes) <= 100 * 4096 * 2
    assert hearing.get_attribute("#live-toggle", "aria-pressed") == "true"


def test_a_browser_without_a_microphone_is_told_so(services: Services, serve: Serve, visit: Any) -> None:
    page = visit(serve(services), permissions=["microphone"])
    page.evaluate("segue.go('/live')")
    page.click("#live-toggle")
    page.wait_for_selector("#live-says.problem >> text=There is no microphone")


def test_an_empty_library_is_said_and_the_microphone_let_go(tmp_path: Path, serve: Serve, hearing: Any) -> None:
    empty = Services(tmp_path / "empty")
    enter(hearing, serve(empty))
    hearing.click("#live-toggle")
    hearing.wait_for_selector("#live-says.problem >> text=Scan a folder")
    assert hearing.get_attribute("#live-toggle", "aria-pressed") == "false"
    hearing.problems[:] = [line for line in hearing.problems if "Failed to load resource" not in line]
    empty.close()
