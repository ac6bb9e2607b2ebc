"""The form of the house's rules in a real Chromium, over a real library."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from segue.choose.wishes import Wishes
from segue.services import Services
from tests.songs import write_songs
from tests.store_heard import KNOWN
from tests.web.test_booth_in_browser import Serve, Visit, wait

pytestmark = pytest.mark.browser


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Ten songs, every other one quick."""
    house = Services(tmp_path / "data", workers=1)
    house.scan([write_songs(tmp_path / "music", each=5)])
    for place, track in enumerate(house.search("")):
        house.library.set_rhythm(track.id, replace(KNOWN, tempo_bpm=150.0 if place % 2 else 90.0))
    house.choosing.rules.keep(Wishes(shortest_s=None, strict=True))
    yield house
    house.close()


def fill(page: Any, label: str, text: str) -> None:
    page.get_by_role("textbox", name=label, exact=True).fill(text)


def says(page: Any, words: str) -> None:
    page.wait_for_selector(f"#rules-says >> text={words}")


def tempi(page: Any, services: Services) -> set[float | None]:
    """Of what Segue chose to come."""
    tracks = page.evaluate("""
        () => segue.booth.queue.table
            .filter(([id, , origin]) => origin === "chosen" && segue.booth.queue.entries.includes(id))
            .map(([, track]) => track)
    """)
    return {rhythm.tempo_bpm for track in tracks if (rhythm := services.rhythm(track)) is not None}


def test_a_tempo_range_limits_what_is_queued_and_the_why_tells_it(
    services: Services, serve: Serve, visit: Visit
) -> None:
    page = visit(serve(services))
    page.click("#results .row-main >> nth=0")
    wait(page, "segue.deck?.upcoming === 5 && !segue.isWaiting()")
    assert tempi(page, services) == {90.0, 150.0}
    page.click(".rail >> text=Settings")
    says(page, "10 of 10 songs may come")
    fill(page, "BPM from", "160")
    fill(page, "BPM to", "140")
    page.click("#rules-keep")
    says(page, "“BPM from” is 160, “BPM to” only 140. Swap the two")
    assert services.choosing.rules.kept().slowest_bpm is None
    fill(page, "BPM from", "140")
    fill(page, "BPM to", "160")
    page.locator("#rules-keep").focus()
    page.keyboard.press("Enter")
    says(page, "5 of 10 songs may come")
    wait(page, "document.querySelector('#queue-list').innerText.includes('its tempo is 90 BPM') && !segue.isWaiting()")
    assert tempi(page, services) == {150.0}
    page.reload()
    says(page, "5 of 10 songs may come")
    assert page.get_by_role("textbox", name="BPM from", exact=True).input_value() == "140"


def test_minutes_may_have_a_comma(services: Services, serve: Serve, visit: Visit) -> None:
    """Put in at one go, "0,75" was taken for 75."""
    page = visit(serve(services))
    page.evaluate("segue.go('/settings')")
    fill(page, "Minutes to", "0,75")
    page.get_by_role("textbox", name="Minutes from", exact=True).press_sequentially("0.50")
    page.click("#rules-keep")
    page.wait_for_selector("#rules-undo", state="visible", timeout=15_000)
    kept = services.choosing.rules.kept()
    assert (kept.shortest_s, kept.longest_s) == (30.0, 45.0)


def test_the_defaults_come_back_and_so_do_the_rules_before(services: Services, serve: Serve, visit: Visit) -> None:
    page = visit(serve(services), viewport={"width": 390, "height": 844}, has_touch=True)
    page.evaluate("segue.go('/settings')")
    genres = page.get_by_role("textbox", name="None of these genres")
    genres.fill("polka")
    genres.press("Enter")
    page.click("#rules-keep")
    page.wait_for_selector("#rules-undo", state="visible")
    assert services.choosing.rules.kept().not_genres == {"polka"}
    page.click("#rules-reset")
    wait(page, "document.querySelectorAll('.rules .mantine-Pill-root').length === 0")
    assert services.choosing.rules.kept() == Wishes()
    page.click("#rules-undo")
    page.wait_for_selector("#rules-undo", state="hidden")
    assert services.choosing.rules.kept().not_genres == {"polka"}
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_is_never_to_come_may_come_again_and_that_is_undone(
    services: Services, serve: Serve, visit: Visit
) -> None:
    first = services.search("")[0]
    services.listening.ban(first.id)
    page = visit(serve(services))
    page.evaluate("segue.go('/settings')")
    page.click("#rules-never >> text=Never again (1)")
    page.click(f"#rules-never [data-act=allow][data-track='{first.id}']")
    page.wait_for_selector("#rules-never:empty", state="attached")
    assert services.listening.bans() == frozenset()
    page.click(".toast >> text=Undo")
    page.wait_for_selector("#rules-never >> text=Never again (1)")
    assert services.listening.bans() == {first.id}
