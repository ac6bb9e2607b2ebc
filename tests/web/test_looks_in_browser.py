"""How the booth looks and is reached in a real Chromium: light and dark, narrow, and by keyboard alone."""

from __future__ import annotations

import pytest

from segue.services import Services
from tests.web.stand_in import StandIn
from tests.web.test_booth_in_browser import AUDIO, FIRST, Serve, Visit, play_first, wait

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
EDGE = """() => {
    const field = document.activeElement.closest(".mantine-Input-input");
    const edge = () => {
        const { outlineStyle, outlineColor } = getComputedStyle(field);
        return outlineStyle === "none" ? "none" : `${outlineStyle} ${outlineColor}`;
    };
    const focused = edge();
    const one = document.activeElement;
    one.blur();
    const unfocused = edge();
    one.focus();
    return [unfocused, focused];
}"""
"""The ring of the field that has the focus, without it and with it."""


def test_dark_light_and_system_are_remembered(address: str, visit: Visit) -> None:
    page = visit(address, color_scheme="light")
    scheme = "document.documentElement.dataset.mantineColorScheme"
    wait(page, f"{scheme} === 'dark'")
    page.click("[data-act=theme]")
    wait(page, f"{scheme} === 'light'")
    page.reload()
    page.wait_for_selector(FIRST)
    wait(page, f"{scheme} === 'light' && getComputedStyle(document.body).backgroundColor === 'rgb(250, 247, 242)'")


def test_a_narrow_page_has_one_column_and_a_bar(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(long_songs)
    page = visit(url, viewport={"width": 390, "height": 844}, has_touch=True)
    page.click(FIRST)
    wait(page, f"{AUDIO}.currentTime > 0.2")
    assert not page.is_visible("#queue")
    page.click(".bar-nav [data-act=queue]")
    assert page.is_visible("#queue")
    assert not page.is_visible("#music")
    assert page.is_visible("#player-toggle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_everything_has_a_name_and_the_keyboard_reaches_it(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(long_songs)
    page = visit(url)
    play_first(page)
    nameless = page.evaluate("""
        () => [...document.querySelectorAll("button, input:not([type=hidden]), a, [role=slider]")].filter((one) => {
            const name = one.getAttribute("aria-label") || one.textContent.trim() || one.labels?.[0]?.textContent;
            return !name && !one.hidden;
        }).map((one) => one.outerHTML)
    """)
    assert nameless == []
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.act") == "add"
    page.keyboard.press("Enter")
    wait(page, "document.querySelector('#queue-list .row')?.dataset.origin === 'picked'")


@pytest.mark.parametrize("room", ["/settings", "/library", "/mix"])
def test_every_field_that_has_the_focus_shows_it(house: Services, serve: Serve, visit: Visit, room: str) -> None:
    """Mantine's own style took the ring off all of its fields."""
    page = visit(serve(house))
    page.evaluate(f"segue.go('{room}')")
    page.wait_for_selector("#room .mantine-Input-input")
    page.evaluate("document.querySelector('#room input, #room textarea').focus()")
    edges = []
    for _ in range(16):
        page.keyboard.press("Tab")
        if page.evaluate("Boolean(document.activeElement.closest('#room .mantine-Input-input'))"):
            edges.append(page.evaluate(EDGE))
    assert len(edges) >= 3
    assert {tuple(edge) for edge in edges} == {("none", "solid rgb(241, 171, 61)")}


def test_the_languages_are_not_cut_in_german(house: Services, serve: Serve, visit: Visit) -> None:
    page = visit(serve(house), locale="de-DE")
    page.evaluate("segue.go('/settings')")
    page.wait_for_selector("#language")
    assert page.evaluate(
        "document.getElementById('language').scrollWidth <= document.getElementById('language').clientWidth"
    )


def test_a_room_of_the_menu_is_marked_on_a_phone(address: str, visit: Visit) -> None:
    page = visit(address, **PHONE)
    more = "document.querySelector('[data-act=rooms]').getAttribute('aria-current')"
    here = "document.querySelector('#room-menu [aria-current=page]')?.textContent"
    assert page.evaluate(more) is None
    page.click("[data-act=rooms]")
    page.click("#room-menu >> text=Live")
    wait(page, f"{more} === 'true' && {here} === 'Live'")
    page.click(".bar-nav > .place >> text=Library")
    wait(page, f"{more} === null && !{here}")


def test_a_phone_has_no_steppers(house: Services, serve: Serve, visit: Visit) -> None:
    page = visit(serve(house), **PHONE)
    page.evaluate("segue.go('/library')")
    page.wait_for_selector("#room .mantine-NumberInput-input")
    assert not page.is_visible("#room .mantine-NumberInput-control")


def test_a_row_of_the_queue_does_not_grow_under_the_mouse(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    """It pushed all rows below it down."""
    page = visit(serve(long_songs))
    play_first(page)
    row = page.locator(".next-songs > .row").first
    row.locator(".why").evaluate("(why) => (why.textContent = 'It goes well with what has played. '.repeat(9))")
    assert row.locator(".why").get_attribute("title")
    before = row.bounding_box()["height"]
    row.hover()
    assert row.bounding_box()["height"] == before
    page.keyboard.press("Tab")
    row.locator(".row-main").focus()
    assert row.bounding_box()["height"] > before
    page.set_viewport_size({"width": 390, "height": 844})
    page.click(".bar-nav [data-act=queue]")
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    assert row.locator(".why").evaluate("(why) => why.scrollHeight <= why.clientHeight")
