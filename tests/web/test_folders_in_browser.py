"""A folder is chosen in a real Chromium: by clicks, by keyboard, typed, and never outside of what may be chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from segue.reach import Reach
from tests.web.stand_in import StandIn
from tests.web.test_access_in_browser import violations
from tests.web.test_booth_in_browser import Serve, Visit, wait

pytestmark = pytest.mark.browser
WAY = "document.querySelector('.folder-way').textContent"
FOCUS = "document.activeElement"


@pytest.fixture
def music(tmp_path: Path) -> Path:
    for name in ("Rock/Live", "Jazz", "Ängstlich & “so”", ".hidden"):
        (tmp_path / "music" / name).mkdir(parents=True)
    (tmp_path / "music" / "Jazz" / "one.mp3").write_bytes(b"")
    (tmp_path / "outside").mkdir()
    (tmp_path / "music" / "way out").symlink_to(tmp_path / "outside")
    return tmp_path / "music"


def names(page: Any) -> list[str]:
    return list(page.locator(".folder-row .title").all_text_contents())


def opened(serve: Serve, visit: Visit, services: StandIn, music: Path, **options: Any) -> Any:
    page = visit(serve(services, reach=Reach((music,), usual=False)), **options)
    page.click("text=Choose a folder")
    page.wait_for_selector(".folder-row")
    return page


def test_a_folder_is_chosen_by_keyboard_alone(empty: StandIn, music: Path, serve: Serve, visit: Visit) -> None:
    page = visit(serve(empty, reach=Reach((music,), usual=False)))
    page.focus("text=Choose a folder")
    page.keyboard.press("Enter")
    wait(page, f"{FOCUS}.matches('.folder-row')")
    assert page.is_disabled("#folder-scan")
    page.keyboard.press("Enter")
    wait(page, f"{WAY} === 'All placesmusic' && {FOCUS}.textContent.startsWith('Jazz')")
    assert names(page) == ["Jazz", "Rock", "Ängstlich & “so”"]
    for key in ("End", "ArrowUp", "ArrowRight"):
        page.keyboard.press(key)
    wait(page, f"{WAY} === 'All placesmusicRock' && {FOCUS}.textContent === 'Live'")
    page.keyboard.press("Backspace")
    wait(page, f"{WAY} === 'All placesmusic' && {FOCUS}.textContent.startsWith('Jazz')")
    page.keyboard.press("Enter")
    wait(page, f"{FOCUS}.id === 'folder-scan'")
    assert "1 music file right here" in page.inner_text("#folder-view")
    page.keyboard.press("Enter")
    page.wait_for_selector("#folder-view", state="detached")
    assert empty.began == [str(music / "Jazz")]


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_the_dialog_keeps_to_the_rules_and_to_its_width(
    empty: StandIn, music: Path, serve: Serve, visit: Visit, width: int, scheme: str
) -> None:
    (music / ("long " * 40)).mkdir()
    page = opened(serve, visit, empty, music, viewport={"width": width, "height": 844})
    if scheme == "light":
        page.evaluate("document.querySelector('[data-act=theme]').click()")
    page.click(".folder-row")
    wait(page, "document.querySelectorAll('.folder-row').length === 4")
    page.wait_for_timeout(400)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_is_typed_is_held_to_the_same_folders(empty: StandIn, music: Path, serve: Serve, visit: Visit) -> None:
    page = opened(serve, visit, empty, music)
    for text, said in (
        (str(music.parent / "outside"), "it lies outside the folders that may be chosen"),
        (str(music / ".." / "outside"), "segue serve --allow DIR"),
        (str(music / "way out"), "it lies outside the folders that may be chosen"),
        ("music", "this is not a full path"),
        ("~nobody-at-all/Music", "this is not a full path"),  # was answered with "a fault"
        (str(music / "gone"), "it is not there"),
    ):
        page.fill("#folder-path", text)
        page.evaluate("segue.showFolder(); 0")  # an answer that was late once took the focus from who typed
        page.wait_for_timeout(500)  # nobody presses Enter within the same frame
        page.keyboard.press("Enter")
        wait(page, f"document.querySelector('.folder-field .mantine-TextInput-error')?.textContent.includes('{said}')")
    page.fill("#folder-path", str(music / "Rock"))
    page.wait_for_timeout(200)
    page.click("#folder-open")
    page.click("text=Listen to “Rock”")
    page.wait_for_selector("#folder-view", state="detached")
    assert empty.began == [str(music / "Rock")]


def test_a_page_that_names_a_folder_outside_is_refused(empty: StandIn, music: Path, serve: Serve, visit: Visit) -> None:
    """The scan is held to the reach as well, whatever the page says that it looks at."""
    page = opened(serve, visit, empty, music)
    page.click(".folder-row")
    page.wait_for_selector("text=Listen to “music”")
    forged = "btoa(" + repr(str(music.parent / "outside")) + ").replaceAll('+', '-').replaceAll('/', '_')"
    page.evaluate(f"dash_clientside.set_props('folder-here', {{data: {forged}}})")
    page.wait_for_timeout(300)
    page.click("#folder-scan")
    page.wait_for_selector("#folder-says >> text=it lies outside the folders that may be chosen")
    page.evaluate("segue.acts.folder({folder: 'a'})")
    page.wait_for_selector("text=this page named a folder in a way Segue does not know")
    assert empty.began == []


def test_where_nothing_may_be_chosen_the_remedy_is_said(empty: StandIn, serve: Serve, visit: Visit) -> None:
    page = visit(serve(empty, reach=Reach(usual=False)))
    page.click("text=Choose a folder")
    page.wait_for_selector("text=segue serve --allow DIR")
    assert page.is_disabled("#folder-scan")


def test_a_folder_is_added_in_the_settings(services: StandIn, music: Path, serve: Serve, visit: Visit) -> None:
    page = visit(serve(services, reach=Reach((music,), usual=False)), viewport={"width": 390, "height": 844})
    page.click("header [data-act=add-music]")
    page.click(".folder-row")
    page.click("text=Listen to “music”")
    page.wait_for_selector("#folder-view", state="detached")
    assert services.began == [str(music)]


def test_the_demo_library_does_not_go_unsaid(services: StandIn, music: Path, serve: Serve, visit: Visit) -> None:
    """Nothing but the settings said that it makes way, before or after."""
    services.is_demo = True
    page = visit(serve(services, reach=Reach((music,), usual=False)))
    page.click("header [data-act=add-music]")
    page.click(".folder-row")
    page.wait_for_selector("#folder-view >> text=The demo library makes way for your own music")
    page.click("text=Listen to “music”")
    page.wait_for_selector(".toast >> text=Listening to “music”: the demo library makes way")
