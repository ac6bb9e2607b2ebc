"""A server that goes away under an open page, and a door that is locked under it."""

from __future__ import annotations

from typing import Any

import pytest

from segue.services import Services
from tests.web.conftest import forgive_absence, served
from tests.web.stand_in import StandIn
from tests.web.test_booth_in_browser import AUDIO, FIRST, Serve, Visit, wait

pytestmark = pytest.mark.browser
AWAY = "document.getElementById('player-away').textContent"
ROWS = "document.querySelectorAll('#table .ag-center-cols-container [role=row] .title').length"


def again(services: Any, url: str) -> Any:
    """The same server once more, at the same place."""
    return served(services, port=int(url.rsplit(":", 1)[1]))


def test_that_the_server_is_gone_is_said_unasked_and_a_room_is_filled_when_it_is_back(
    house: Services, visit: Visit
) -> None:
    """Nothing was said while music played, and a room stood empty for good."""
    with served(house) as url:
        page = visit(url)
        page.click(FIRST)
        wait(page, f"{AUDIO}.currentTime > 0.2")
    wait(page, f"{AWAY}.startsWith('Segue does not answer. Is it still running?')", seconds=8)
    page.click(".rail >> text=Library")
    page.wait_for_timeout(1000)
    with again(house, url):
        wait(page, f"{AWAY} === ''")
        wait(page, f"{ROWS} > 3")
        forgive_absence(page)
        page.close()


def test_a_room_that_stood_when_the_server_went_stays_as_it_was(house: Services, visit: Visit) -> None:
    with served(house) as url:
        page = visit(url)
        page.click(".rail >> text=Library")
        wait(page, f"{ROWS} > 3")
        page.evaluate("document.querySelector('#room > *').isTheSame = true")
    wait(page, f"{AWAY} !== ''", seconds=8)
    with again(house, url):
        wait(page, f"{AWAY} === ''")
        page.wait_for_timeout(1000)
        assert page.evaluate("document.querySelector('#room > *').isTheSame")
        forgive_absence(page)
        page.close()


def test_what_was_sought_while_the_server_was_away_is_found_when_it_is_back(services: StandIn, visit: Visit) -> None:
    with served(services) as url:
        page = visit(url)
        wait(page, f"document.querySelectorAll('{FIRST}').length === 12")
        page.wait_for_timeout(7000)  # the page looks once more, six seconds after it began
    page.fill("#search", "ferry")
    wait(page, f"{AWAY} !== ''")
    with again(services, url):
        wait(page, f"document.querySelectorAll('{FIRST}').length === 1")
        assert "Morning Ferry" in page.inner_text("#results")
        forgive_absence(page)
        page.close()


def test_a_password_set_under_an_open_page_leads_to_the_form(services: StandIn, serve: Serve, visit: Visit) -> None:
    """Dash stumbled over the refusal and said so on the console."""
    page = visit(serve(services))
    page.wait_for_selector(FIRST)
    services.door.set_password("quiet engine")
    page.wait_for_selector("#password")
    page.witness.problems[:] = [problem for problem in page.witness.problems if "401" not in problem]
