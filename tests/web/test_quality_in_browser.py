"""The room of quality in a real Chromium, over a real library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.embed.encoder import load_ear
from segue.services import Services
from tests.test_gauging import fill
from tests.web.stand_in import failure
from tests.web.test_booth_in_browser import Serve, Visit, wait

pytestmark = pytest.mark.browser


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Two dozen songs whose files state genre and artist, but no album."""
    house = Services(fill(tmp_path / "data", load_ear()), workers=1)
    yield house
    house.close()


def test_how_well_the_ear_does_is_measured_shown_and_kept(services: Services, serve: Serve, visit: Visit) -> None:
    page = visit(serve(services))
    page.click(".rail >> text=Quality")
    page.wait_for_selector("#quality-state >> text=Nothing is measured yet")
    page.locator("#quality-measure").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#quality-state >> text=Measuring")
    page.wait_for_selector("#quality-stop", state="visible")
    assert page.evaluate("document.activeElement.id") == "quality-measure"
    page.wait_for_selector(".apart", timeout=180_000)
    rows = page.locator(".apart tbody th").all_inner_texts()
    assert [row.split("\n")[0] for row in rows] == ["Genre", "Genre, other artists only", "Artist"]
    assert "100\N{NO-BREAK SPACE}%" in page.inner_text(".apart tbody tr:first-child")
    assert "no better than chance" in page.inner_text(".apart tbody tr:last-child")
    assert "Album: no two of the 24 tracks share a label" in page.inner_text("#quality-figures")
    assert "24 of 24 are not there" in page.inner_text("#quality-figures .findings")
    page.reload()
    page.wait_for_selector(".apart")
    assert page.inner_text("#quality-measure") == "Measure again"


def test_measuring_is_given_up_on_a_narrow_page(services: Services, serve: Serve, visit: Visit) -> None:
    page = visit(serve(services), viewport={"width": 390, "height": 844}, has_touch=True)
    page.evaluate("segue.go('/quality')")
    page.click("#quality-measure")
    page.click("#quality-stop")
    page.wait_for_selector("#quality-stop", state="hidden")
    assert not services.gauge.status.running
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_taste_and_failures_lead_to_where_something_can_be_done(services: Services, serve: Serve, visit: Visit) -> None:
    for name in ("a.mp3", "b.mp3"):
        services.library.add_failure(failure(name))
    page = visit(serve(services))
    page.evaluate("segue.go('/quality')")
    page.wait_for_selector("#quality-failures >> text=2 hold no audio that can be decoded")
    page.click("#quality-failures [data-act=failures]")
    page.wait_for_selector(".failures >> text=Remove it")
    page.keyboard.press("Escape")
    page.wait_for_selector("#quality-taste >> text=Nothing is learnt before")
    page.click("[aria-label='What was learnt of your taste'] [data-act=taste]")
    page.click("#taste-switch >> text=Never")
    page.wait_for_selector("#quality-taste >> text=It is switched off.")
    assert services.taste_report().switch == "off"


def test_an_empty_library_has_nothing_to_measure(tmp_path: Path, serve: Serve, visit: Visit) -> None:
    house = Services(tmp_path / "empty", workers=1)
    try:
        page = visit(serve(house))
        page.evaluate("segue.go('/quality')")
        wait(page, "document.querySelector('#quality-state')?.textContent.includes('add music first')")
        assert not page.is_visible("#quality-measure")
    finally:
        house.close()
