"""The queue's rows in a real Chromium: dragged, moved by keys and menu, steered by, saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.web.stand_in import StandIn
from tests.web.test_booth_in_browser import Serve, Visit, play_first, upcoming, wait

pytestmark = pytest.mark.browser
ROWS = ".next-songs > .row"


def titles(page: Any) -> list[str]:
    return list(upcoming(page))


def await_titles(page: Any, wanted: list[str]) -> None:
    wait(
        page,
        f"[...document.querySelectorAll('{ROWS} .title')].every((one, at) => one.textContent.endsWith({wanted}[at]))",
    )


def test_nothing_is_chosen_anew_for_who_has_not_seen_the_library_before(
    long_songs: StandIn, serve: Serve, visit: Visit
) -> None:
    """A second after the first visit it was, as if the library had changed."""
    page = visit(serve(long_songs))
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    play_first(page)
    page.evaluate("[sessionStorage, localStorage].forEach((place) => place.removeItem('segue.library'))")
    page.reload()
    wait(page, "segue.deck?.current && segue.kept('library')")
    page.wait_for_timeout(2000)
    assert any('"kind":"restore"' in body for body in sent)
    assert not any('"kind":"refresh"' in body for body in sent)


def test_a_row_is_dragged_to_another_place_and_undo_puts_it_back(
    long_songs: StandIn, serve: Serve, visit: Visit
) -> None:
    page = visit(serve(long_songs))
    play_first(page)
    before = titles(page)
    grip, over = (page.locator(f"{ROWS}:nth-child({place})") for place in (1, 3))
    start, end = grip.locator(".grip").bounding_box(), over.bounding_box()
    page.mouse.move(start["x"] + 8, start["y"] + 20)
    page.mouse.down()
    page.mouse.move(start["x"] + 8, end["y"] + end["height"] - 4, steps=6)
    assert page.locator(f"{ROWS}.comes-after").count() == 1
    page.mouse.up()
    await_titles(page, [before[1], before[2], before[0], *before[3:]])
    assert page.locator(f"{ROWS}[data-origin=picked]").count() == 3
    page.click("[data-act=undo]")
    await_titles(page, before)


def test_the_keyboard_moves_a_row_and_the_focus_goes_with_it(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    page = visit(serve(long_songs))
    play_first(page)
    before = titles(page)
    page.focus(f"{ROWS}:nth-child(2) .row-main")
    page.keyboard.press("Alt+ArrowUp")
    await_titles(page, [before[1], before[0], *before[2:]])
    wait(page, f"document.activeElement.closest('{ROWS}') === document.querySelector('{ROWS}:nth-child(1)')")
    page.keyboard.press("Alt+ArrowUp")  # it is the first already
    page.keyboard.press("Alt+ArrowDown")
    await_titles(page, before)


def test_the_menu_moves_keeps_and_steers(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    page = visit(serve(long_songs), viewport={"width": 390, "height": 844}, has_touch=True)
    play_first(page)
    page.click(".bar-nav [data-act=queue]")
    before = titles(page)
    page.click(f"{ROWS}:nth-child(3) [data-act=more]")
    page.click("#opinions >> text=To the top")
    await_titles(page, [before[2], before[0], before[1], *before[3:]])
    page.click(f"{ROWS}:nth-child(2) [data-act=more]")
    page.click("#opinions >> text=Keep it at this place")
    wait(page, f"document.querySelectorAll('{ROWS}[data-origin=picked]').length === 2")
    page.click(f"{ROWS}:nth-child(4) [data-act=more]")
    page.click("#opinions >> text=More like this")
    page.wait_for_selector(".steering >> text=More like")
    page.click(".steering button")
    wait(page, "document.querySelector('.steering') === null")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_queue_is_saved_as_any_kind_of_playlist(
    long_songs: StandIn, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    page = visit(serve(long_songs))
    play_first(page)
    for kind, mark in (("m3u8", "#EXTM3U"), ("xspf", "<playlist"), ("jspf", '"playlist"')):
        page.click("[data-act=export]")
        with page.expect_download() as download:
            page.click(f"#opinions >> text=As {kind.upper()}")
        target = tmp_path / download.value.suggested_filename
        download.value.save_as(target)
        assert target.suffix == f".{kind}"
        assert mark in target.read_text(encoding="utf-8")
