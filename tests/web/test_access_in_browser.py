"""Every room, dark and light, wide and narrow, by the rules of axe-core: nothing serious may stand against it."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from segue.services import Services
from segue.web.rooms import HOME, ROOMS
from tests.web.test_booth_in_browser import AUDIO, FIRST, Serve, Visit, wait

pytestmark = pytest.mark.browser
PATHS = [HOME, *(room.path for room in ROOMS)]
SERIOUS = ("serious", "critical")
MISNAMED = """
[...document.querySelectorAll('button[aria-label]')].filter((button) => {
    const words = button.innerText.trim().toLowerCase();
    return button.checkVisibility() && !button.getAttribute('aria-label').toLowerCase().includes(words);
}).map((button) => `${button.getAttribute('aria-label')}: ${button.innerText}`)
"""
"""Buttons that cannot be pressed by saying what stands on them."""

STICKING_OUT = """
(width) => document.documentElement.scrollWidth <= width ? [] : [
    `${document.documentElement.scrollWidth} px wide`,
    ...[...document.querySelectorAll('body *')]
        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > width)
        .map((one) => one.outerHTML.slice(0, 200)),
]
"""
"""That a page is wider than its window, and what sticks out."""


def violations(page: Any) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found if one["impact"] in SERIOUS for node in one["nodes"]]


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_nothing_serious_stands_against_a_room(
    house: Services, serve: Serve, visit: Visit, width: int, scheme: str
) -> None:
    page = visit(serve(house), viewport={"width": width, "height": 900})
    page.click(FIRST)
    wait(page, f"{AUDIO}.currentTime > 0.2")
    if scheme == "light":
        page.click("[data-act=theme]")
    told: dict[str, list[str]] = {}
    for path in PATHS:
        page.evaluate(f"segue.go({path!r})")
        page.wait_for_timeout(1500)
        told[path] = violations(page) + page.evaluate(MISNAMED) + page.evaluate(STICKING_OUT, width)
    assert {path: said for path, said in told.items() if said} == {}
