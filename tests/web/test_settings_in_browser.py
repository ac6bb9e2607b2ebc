"""The room of settings in a real Chromium, over a real library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from segue.choose.wishes import Wishes
from segue.services import Services
from tests.embed.conftest import write_ear
from tests.web.stand_in import write_chord
from tests.web.test_booth_in_browser import AUDIO, Serve, Visit, wait

pytestmark = pytest.mark.browser
FOLDERS = "document.querySelectorAll('.folders > li').length"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    for place, name in enumerate(("first", "second")):
        (tmp_path / name).mkdir()
        write_chord(tmp_path / name / "song.wav", 200.0 + 40 * place, seconds=40.0)
    house = Services(tmp_path / "data", ear=str(write_ear(tmp_path)), workers=1)
    house.scan([tmp_path / "first", tmp_path / "second"])
    yield house
    house.close()


def test_a_folder_is_looked_through_again_and_another_taken_out(
    services: Services, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    page = visit(serve(services))
    page.click(".rail >> text=Settings")
    wait(page, f"{FOLDERS} === 2")
    write_chord(tmp_path / "first" / "another.wav", 333.0, seconds=6.0)
    page.click(f"[aria-label='Look through it again: {tmp_path / 'first'}']")
    page.wait_for_selector(".folders >> text=2 files", timeout=60_000)
    assert services.counts().tracks == 3
    page.wait_for_selector("[aria-label^='Look through']:enabled")
    page.locator(f"[aria-label='Remove {tmp_path / 'second'}']").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait(page, f"{FOLDERS} === 1")
    assert "is taken out" in page.inner_text("#settings-says")
    assert services.counts().tracks == 2
    assert (tmp_path / "second" / "song.wav").is_file()


@pytest.mark.parametrize("width", [1440, 390])
def test_without_any_folder_left_the_music_can_be_stopped_and_the_first_page_is_reached(
    services: Services, serve: Serve, visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """The player went with the last song and its sound did not; no way led out of the room."""
    for name in ("_REFRESH_S", "_REFRESH_SHARE"):
        monkeypatch.setattr(f"segue.choosing.{name}", 0.0)
    services.choosing.rules.keep(Wishes(shortest_s=None))
    rooms = ".rail" if width > 860 else ".bar-nav"
    page = visit(serve(services), viewport={"width": width, "height": 844})
    page.click("#results .row-main")
    wait(page, f"{AUDIO}.currentTime > 0.1")
    page.evaluate("segue.go('/settings')")
    wait(page, f"{FOLDERS} === 2")
    page.wait_for_selector("text=By these rules 2 of 2 songs may come")
    for name in ("first", "second"):
        page.locator(f"[aria-label='Remove {tmp_path / name}']").click()
        page.click("text=Take it out of the library >> visible=true")
        page.wait_for_selector(f"[aria-label='Remove {tmp_path / name}']", state="detached")
    wait(page, f"{FOLDERS} === 0 && document.querySelector('#page.is-empty')")
    page.wait_for_selector("text=By these rules", state="detached")
    assert page.is_visible("#player-toggle")
    page.evaluate("dash_clientside.set_props('settings-pulse', {disabled: true})")  # no answer is to come too late
    page.wait_for_timeout(1600)  # nor one to the queue, which is asked anew once the library has settled
    wait(page, "!segue.isWaiting()")
    page.wait_for_timeout(400)
    page.click(f"{rooms} >> text=Music")
    page.wait_for_selector("text=Choose a folder >> visible=true")
    page.click("#player-toggle")
    page.wait_for_selector("#player-toggle", state="hidden")
    assert page.evaluate(f"{AUDIO}.paused")
    page.witness.problems[:] = [p for p in page.witness.problems if "404" not in p]  # covers of songs that are gone


def test_what_could_not_be_read_is_tried_again(services: Services, serve: Serve, visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "first" / "bad.mp3").write_bytes(b"\0" * 5000)
    services.scan([tmp_path / "first"])
    (before,) = services.failures()
    page = visit(serve(services), viewport={"width": 390, "height": 844})
    page.click("[data-act=failures]")
    page.click("#failures-retry")
    page.wait_for_selector("#failures-retry", state="hidden")
    for _ in range(200):
        (after,) = services.failures()
        if after.when_s > before.when_s and not services.scan_status().running:
            break
        page.wait_for_timeout(100)
    assert after.when_s > before.when_s
    assert services.counts().tracks == 2


def test_colours_are_chosen_here_and_by_the_header_alike(services: Services, serve: Serve, visit: Visit) -> None:
    page = visit(serve(services), viewport={"width": 390, "height": 844}, has_touch=True)
    page.evaluate("segue.go('/settings')")
    page.click("#theme-choice >> text=Light")
    wait(page, "document.documentElement.dataset.mantineColorScheme === 'light'")
    page.reload()
    wait(page, "document.querySelector('#theme-choice input:checked')?.value === 'light'")
    assert page.evaluate("document.documentElement.dataset.mantineColorScheme") == "light"
    page.evaluate("document.querySelector('[data-act=theme]').click()")
    wait(page, "document.querySelector('#theme-choice input:checked').value === 'system'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_answer_that_comes_when_its_room_is_left_harms_no_other_room(
    services: Services, serve: Serve, visit: Visit
) -> None:
    page = visit(serve(services))
    held: list[Any] = []

    def hold(route: Any) -> None:
        if "settings-says.children" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.click(".rail >> text=Settings")
    wait(page, f"{FOLDERS} === 2")
    page.route(re.compile("_dash-update-component"), hold)
    for _ in range(200):
        if held:
            break
        page.wait_for_timeout(50)
    page.click(".rail >> text=Music")
    wait(page, "document.getElementById('room').textContent === ''")
    held[0].fulfill(json={"multi": True, "response": {"settings-says": {"children": "too late"}}})
    page.wait_for_timeout(200)
    page.unroute_all(behavior="ignoreErrors")
    page.click(".rail >> text=Saved")
    wait(page, "document.getElementById('room').textContent.includes('Playlists')")
