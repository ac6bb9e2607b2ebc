"""Tempo and key corrected by hand in a real Chromium: in the table, in the dialog, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from segue.listen.by_hand import Correction
from segue.services import Services
from segue.values import TrackId
from tests.web.stand_in import write_chord
from tests.web.test_access_in_browser import violations
from tests.web.test_booth_in_browser import AUDIO, Serve, Visit, wait
from tests.web.test_library_in_browser import enter, made_library

pytestmark = pytest.mark.browser


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """A thousand songs by seven artists; the first of the table is number 0, at 80 BPM in 1A, then 7, 14 and so on."""
    made_library(tmp_path / "data", write_chord(tmp_path / "song.wav", 220.0, seconds=40.0))
    house = Services(tmp_path / "data", workers=1)
    yield house
    house.close()


def cell(row: int, column: str) -> str:
    return f".ag-row[row-index='{row}'] [col-id={column}]"


def write(page: Any, text: str) -> None:
    """Write over what the cell that is being edited holds, once the editor has the keyboard."""
    page.wait_for_selector(".ag-cell-editor input:focus")
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def shows(page: Any, row: int, column: str, text: str) -> None:
    """Wait until a cell says so; one that was set by hand says that too."""
    wait(page, f"document.querySelector(`{cell(row, column)}`)?.textContent.trim() === '{text}'")


def mark(page: Any, *rows: int) -> None:
    for row in rows:
        page.locator(f".ag-row[row-index='{row}'] input[type=checkbox]").first.check()


def kept(services: Services, number: int) -> Correction | None:
    return services.library.corrections.of(TrackId(f"{number:016x}"))


def test_cells_are_corrected_in_place_marked_and_taken_back(services: Services, serve: Serve, visit: Visit) -> None:
    page = visit(serve(services))
    enter(page)
    page.dblclick(cell(0, "tempo_bpm"))
    write(page, "87,5")
    shows(page, 0, "tempo_bpm", "87.5 by hand")
    page.click(cell(0, "camelot"))
    page.keyboard.press("F2")
    write(page, "a minor")
    shows(page, 0, "camelot", "8A by hand")
    page.locator(".said", has_text="Corrected").last.get_by_role("button", name="Undo").click()
    shows(page, 0, "camelot", "1A")
    assert page.evaluate(f"{AUDIO}.paused")  # neither the double click nor Enter has played it
    assert violations(page) == []
    assert kept(services, 0) == Correction(87.5)
    page.click(cell(0, "tempo_bpm"))
    page.keyboard.press("Enter")
    write(page, "900")
    page.wait_for_selector(".toast-problem >> text=Give 20 to 400")
    shows(page, 0, "tempo_bpm", "87.5 by hand")
    page.click(cell(0, "tempo_bpm"))
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    shows(page, 0, "tempo_bpm", "80")
    assert kept(services, 0) is None


def test_the_dialog_counts_anew_and_says_what_is_wrong(services: Services, serve: Serve, visit: Visit) -> None:
    page = visit(serve(services), viewport={"width": 390, "height": 844}, has_touch=True)
    enter(page)
    mark(page, 0)
    page.click("[data-act=table_correct]")
    dialog = page.get_by_role("dialog", name="Correct tempo and key")
    dialog.get_by_text("Heard: 80 BPM, 100\N{NO-BREAK SPACE}% sure").wait_for()
    assert dialog.get_by_role("button", name="As it was heard").is_disabled()
    tempo = dialog.get_by_label("Tempo in BPM")
    dialog.get_by_role("button", name="Half the tempo").press("Enter")
    wait(page, "document.getElementById('correct-tempo').value === '40'")
    tempo.fill("7")
    tempo.press("Enter")
    dialog.get_by_role("alert").get_by_text("Give 20 to 400").wait_for()
    assert violations(page) == []
    tempo.fill("160")
    dialog.get_by_label("Key").fill("13A")
    dialog.get_by_role("button", name="Save").click()
    dialog.get_by_role("alert").get_by_text("'13A' is no key").wait_for()
    dialog.get_by_label("Key").fill("1A")  # as it stood, and so left as it was heard
    dialog.get_by_role("button", name="Save").click()
    dialog.wait_for(state="hidden")
    assert kept(services, 0) == Correction(160.0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click("[data-act=table_correct]")
    dialog.get_by_role("button", name="As it was heard").click()
    dialog.wait_for(state="hidden")
    assert kept(services, 0) is None


def test_a_tempo_is_tapped(services: Services, serve: Serve, visit: Visit) -> None:
    page = visit(serve(services))
    enter(page)
    mark(page, 0)
    page.click("[data-act=table_correct]")
    page.wait_for_selector("[data-act=correct_tap]")
    page.evaluate(
        """() => {
            let at = 1000;
            performance.now = () => at;
            for (; at < 5000; at += 500) document.querySelector("[data-act=correct_tap]").click();
            delete performance.now;
        }"""
    )
    wait(page, "document.getElementById('correct-tempo').value === '120.0'")


def test_several_are_corrected_and_taken_back_as_one_and_the_queue_leads_there_too(
    services: Services, serve: Serve, visit: Visit
) -> None:
    page = visit(serve(services))
    enter(page)
    mark(page, 0, 1, 2)
    page.click("[data-act=table_correct]")
    dialog = page.get_by_role("dialog", name="Correct tempo and key")
    dialog.get_by_text("3 songs: what is left empty stays as it is.").wait_for()
    dialog.get_by_role("button", name="Double the tempo").click()
    dialog.get_by_role("button", name="Save").click()
    shows(page, 2, "tempo_bpm", "188 by hand")
    assert [kept(services, number) for number in (0, 7, 14)] == [Correction(bpm) for bpm in (160.0, 174.0, 188.0)]
    page.locator(".said").get_by_role("button", name="Undo").click()
    shows(page, 2, "tempo_bpm", "94")
    page.dblclick(".ag-row[row-index='0'] .title")
    page.locator("#queue-list [data-act=more]").first.click()
    page.get_by_role("menuitem", name="Correct tempo and key").click()
    dialog.get_by_text("Heard: ").wait_for()
