"""The journey's room in a real Chromium, over the real choice."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tests.web.stand_in import StandIn
from tests.web.test_booth_in_browser import AUDIO, Serve, Visit, play_first, song, upcoming, wait

pytestmark = pytest.mark.browser

STOPS = "[...document.querySelectorAll('.stop')]"


@pytest.fixture
def services(long_songs: StandIn) -> StandIn:
    return long_songs


def stops(page: Any) -> list[str]:
    return list(page.evaluate(f"{STOPS}.map((row) => row.dataset.of)"))


def journey_of(page: Any, url: str, *tracks: str) -> list[str]:
    """Go through these songs, and the stops of the way."""
    page.goto(f"{url}/journey?via={','.join(tracks)}")
    wait(page, f"{STOPS}.length > {len(tracks)}")
    return stops(page)


def shelf_ids(services: StandIn, *places: int) -> list[str]:
    return [services.shelf[place].id for place in places]


def test_a_journey_is_built_by_search_and_played(services: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(services)
    page = visit(url)
    page.goto(f"{url}/journey")
    for words in ("morning", "late return"):
        page.fill("#journey-search", words)
        page.wait_for_selector("#journey-choices [role=option]")
        assert page.get_attribute("#journey-search", "aria-expanded") == "true"
        page.keyboard.press("Enter")
        wait(page, "document.querySelector('#journey-choices').hidden")
    wait(page, f"{STOPS}.length === 6")
    found = stops(page)
    assert [found[0], found[-1]] == shelf_ids(services, 0, 11)
    assert "like the song before it" in page.inner_text(".stop:nth-child(2) .why")
    assert page.locator(".step-bar").count() == 5
    page.click(".journey-way >> text=Play >> nth=0")
    wait(page, f"{AUDIO}.currentTime > 0.2")
    assert song(page) == "Morning Ferry"
    titles = {track.id: track.info.title for track in services.shelf}
    assert upcoming(page)[:5] == [titles[track] for track in found[1:]]  # type: ignore[index]


def test_one_stop_is_chosen_anew_and_that_is_taken_back(services: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(services)
    page = visit(url)
    before = journey_of(page, url, *shelf_ids(services, 0, 11))
    page.hover(".stop:nth-child(3)")
    page.click(".stop:nth-child(3) [data-act=journey_reroll]")
    wait(page, f"{STOPS}[2].dataset.of !== '{before[2]}'")
    after = stops(page)
    assert [*after[:2], *after[3:]] == [*before[:2], *before[3:]]
    page.click("[data-act=journey_undo]")
    wait(page, f"{STOPS}[2].dataset.of === '{before[2]}'")
    page.click("[data-act=journey_redo]")
    wait(page, f"{STOPS}[2].dataset.of === '{after[2]}'")


def test_a_stop_is_kept_at_its_place_and_another_is_taken_out(services: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(services)
    page = visit(url)
    before = journey_of(page, url, *shelf_ids(services, 0, 11))
    page.locator(".stop:nth-child(3) [data-act=journey_pin]").press("Enter")
    page.wait_for_selector(".stop:nth-child(3).is-pinned")
    page.locator(".stop:nth-child(4) [data-act=journey_take]").press("Enter")
    wait(page, f"{STOPS}.length === 5")
    assert stops(page) == [*before[:3], *before[4:]]
    page.click("[data-act=journey_wish][data-value=wave]")
    page.wait_for_selector("[data-value=wave][aria-pressed=true]")
    wait(page, f"{STOPS}.length === 6")
    assert stops(page)[2] == before[2]
    assert before[3] not in stops(page)


def test_waypoints_are_put_in_another_order_by_keyboard_and_mouse(
    services: StandIn, serve: Serve, visit: Visit
) -> None:
    url = serve(services)
    page = visit(url)
    journey_of(page, url, *shelf_ids(services, 0, 5, 11))
    names = "[...document.querySelectorAll('.waypoint .title')].map((name) => name.textContent)"
    page.locator(".waypoint:nth-child(1) [data-by='1']").press("Enter")
    wait(page, f"{names}[0] === 'Second Platform'")
    wait(page, "document.activeElement.closest('.waypoint')?.dataset.place === '1'")
    page.drag_and_drop(".waypoint:nth-child(3) .title", ".waypoint:nth-child(1) .title")
    wait(page, f"{names}[0] === 'Late Return'")
    page.click(".waypoint:nth-child(1) [data-act=waypoint_remove]")
    wait(page, f"{names}.length === 2")
    wait(page, f"{STOPS}.length === 6")


def test_a_reload_keeps_the_half_built_journey(services: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(services)
    page = visit(url)
    page.goto(f"{url}/journey")
    page.fill("#journey-search", "glass")
    page.wait_for_selector("#journey-choices [role=option]")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=One more song, and there is a way.")
    page.click("[data-act=journey_wish][data-name=loop][data-value=yes]")
    wait(page, f"{STOPS}.length === 5")
    page.hover(".stop:nth-child(2)")
    first = stops(page)
    page.click(".stop:nth-child(2) [data-act=journey_reroll]")
    wait(page, f"{STOPS}[1].dataset.of !== '{first[1]}'")
    kept = stops(page)
    page.reload()
    wait(page, f"{STOPS}.length === 5")
    assert stops(page) == kept
    assert page.get_attribute("[data-name=loop][data-value=yes]", "aria-pressed") == "true"


def test_a_song_of_the_queue_becomes_a_waypoint(services: StandIn, serve: Serve, visit: Visit) -> None:
    page = visit(serve(services))
    play_first(page)
    row = page.locator("#queue-list .row").nth(1)
    named = row.locator(".title").text_content().removeprefix("Play ")
    row.hover()
    row.locator("[data-act=more]").click()
    page.click("#opinions >> text=Waypoint of a journey")
    page.wait_for_selector("text=Waypoint 1 of your journey.")
    page.click("a.place[href='/journey'] >> visible=true")
    page.wait_for_selector(f".waypoint >> text={named}")


def test_what_cannot_be_had_is_told(services: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(services)
    page = visit(url)
    journey_of(page, url, *shelf_ids(services, 0, 11))
    page.click("[data-name=by][data-value=minutes]")
    page.wait_for_selector(".shortfalls >> text=nothing nearer to 45 was found")
    services.shelf = services.shelf[:-1]
    page.click("[data-name=by][data-value=songs]")
    page.wait_for_selector(".journey-way [role=alert]")
    assert "No longer in the library" in page.inner_text(".waypoints")


def test_it_is_saved_as_xspf(services: StandIn, serve: Serve, visit: Visit, tmp_path: Path) -> None:
    url = serve(services)
    page = visit(url)
    found = journey_of(page, url, *shelf_ids(services, 0, 11))
    with page.expect_download() as download:
        page.click("[data-act=journey_save][data-kind=xspf]")
    download.value.save_as(tmp_path / "saved.xspf")
    assert download.value.suggested_filename == "Journey.xspf"
    titles = {track.id: track.info.title for track in services.shelf}
    named = ET.parse(tmp_path / "saved.xspf").iter("{http://xspf.org/ns/0/}title")
    assert [title.text for title in named][-len(found) :] == [titles[track] for track in found]  # type: ignore[index]


def test_it_stands_on_a_phone(services: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(services)
    page = visit(url, viewport={"width": 390, "height": 844}, has_touch=True)
    journey_of(page, url, *shelf_ids(services, 0, 11))
    assert page.evaluate("document.documentElement.scrollWidth <= 390")
    assert page.evaluate("document.getElementById('music').scrollWidth <= 390")
    small = """[...document.querySelectorAll('#journey button')].filter((b) => b.offsetWidth)
        .filter((b) => b.getBoundingClientRect().height < 44 || b.getBoundingClientRect().width < 44)
        .map((b) => b.ariaLabel)"""
    assert page.evaluate(small) == []
    page.tap(".stop:nth-child(2) [data-act=journey_reroll]")
    page.wait_for_timeout(300)
