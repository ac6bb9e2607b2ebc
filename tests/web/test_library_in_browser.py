"""The room of the library in a real Chromium: a table that is scrolled, sorted, filtered, marked and played."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segue.embed.encoder import load_ear
from segue.services import Services
from segue.store.library import Library
from segue.values import FileStat, Hearing, Rhythm, TrackId, TrackInfo
from tests.web.stand_in import write_chord
from tests.web.test_booth_in_browser import AUDIO, Serve, Visit, song, wait

pytestmark = pytest.mark.browser
SONGS = 1_000
JAZZ = range(0, SONGS, 3)
FIRST_CELL = "document.querySelector('.ag-row[row-index=\"0\"] .title')?.textContent"


def made_library(data: Path, file: Path) -> None:
    """A thousand songs, all the same file; every third is jazz, and their tempos and keys go round."""
    ear, rng = load_ear(), np.random.default_rng(1)
    none = np.zeros(0, np.float32)
    with Library.open(data) as library:
        for number in range(SONGS):
            vector = rng.normal(size=ear.dimension).astype(np.float32)
            vector /= np.linalg.norm(vector)
            tempo, camelot = float(80 + number % 100), f"{number % 12 + 1}A"
            rhythm = Rhythm(tempo, 1.0, (), none, None, camelot, 1.0, -14.0, -1.0, 0.0, 0.0, None, 0.0, None, 0.0)
            genre = "jazz" if number % 3 == 0 else "rock"
            info = TrackInfo(f"Song {number:04d}", f"Artist {number % 7}", "Album", genre, 1950 + number % 70, 40.0)
            hearing = Hearing(TrackId(f"{number:016x}"), info, vector[None], ear.fingerprint, rhythm)
            path = file.with_name(f"{number:04d}.wav")
            os.link(file, path)
            library.add(hearing, path, stat=FileStat(1, number), vector=vector)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made_library(tmp_path / "data", write_chord(tmp_path / "song.wav", 220.0, seconds=40.0))
    house = Services(tmp_path / "data", workers=1)
    yield house
    house.close()


def enter(page: Any) -> None:
    page.evaluate("segue.go('/library')")
    page.wait_for_selector(".ag-row .title")


def test_a_thousand_songs_are_scrolled_sorted_filtered_and_played(
    services: Services, serve: Serve, visit: Visit
) -> None:
    page = visit(serve(services))
    enter(page)
    page.wait_for_selector("#table-count >> text=1,000 songs")
    page.evaluate("dash_ag_grid.getApi('table').ensureIndexVisible(950)")
    page.wait_for_selector(".ag-row[row-index='950'] .title")
    page.click(".ag-header-cell[col-id=title] .ag-header-cell-label")
    page.click(".ag-header-cell[col-id=title] .ag-header-cell-label")
    page.evaluate("dash_ag_grid.getApi('table').ensureIndexVisible(0)")
    wait(page, f"{FIRST_CELL} === 'Song 0999'")
    page.get_by_role("textbox", name="Genre").click()
    page.get_by_role("option", name="jazz").click()
    page.wait_for_selector(f"#table-count >> text={len(JAZZ)} songs")
    page.get_by_label("BPM from").fill("120")
    page.wait_for_selector(f"#table-count >> text={len([n for n in JAZZ if n % 100 >= 40])} songs")
    page.get_by_label("BPM from").fill("")
    page.get_by_label("Words").fill("song 0000")
    page.wait_for_selector("#table-count >> text=1 song")
    wait(page, f"{FIRST_CELL} === 'Song 0000'")
    page.dblclick(".ag-row[row-index='0'] .title")
    wait(page, f"{AUDIO}.currentTime > 0.2")
    assert song(page) == "Song 0000"


def test_marked_songs_are_added_and_mixed_and_the_keyboard_plays(
    services: Services, serve: Serve, visit: Visit
) -> None:
    page = visit(serve(services), viewport={"width": 390, "height": 844}, has_touch=True)
    enter(page)
    page.click("[data-act=table_add]")
    page.wait_for_selector("text=Mark some songs first")
    for row in (0, 1):
        page.locator(f".ag-row[row-index='{row}'] input[type=checkbox]").first.check()
    assert page.inner_text("#table-marked") == "2 songs marked"
    page.click("[data-act=table_add]")
    page.wait_for_selector("text=2 songs added to the queue.")
    wait(page, "document.querySelectorAll('.next-songs .row[data-origin=picked]').length === 2")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click(".ag-row[row-index='0'] .title")
    page.keyboard.press("Enter")
    wait(page, f"{AUDIO}.currentTime > 0.2")
    page.click("[data-act=table_mix]")
    page.wait_for_selector(".mix-list li:nth-child(2)")
