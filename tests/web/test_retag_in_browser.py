"""Tags written into real files from a real Chromium: previewed, written, and put back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segue.embed.encoder import load_ear
from segue.files import track_id_of
from segue.listen.tag_writing import TagFile
from segue.services import Services
from segue.store.library import Library
from segue.store.survey import stat_of
from segue.values import Hearing, TrackInfo
from tests.store_heard import KNOWN
from tests.web.stand_in import write_chord
from tests.web.test_access_in_browser import violations
from tests.web.test_booth_in_browser import Serve, Visit, wait
from tests.web.test_library_in_browser import enter

pytestmark = pytest.mark.browser
NAMES = ("Ada", "Bela", "Cora")


@pytest.fixture
def music(tmp_path: Path) -> Path:
    return tmp_path / "music"


@pytest.fixture
def services(tmp_path: Path, music: Path) -> Iterator[Services]:
    """Three songs at 100, 101 and 102 BPM in 8A; the last one's file is write-protected."""
    ear = load_ear()
    music.mkdir()
    with Library.open(tmp_path / "data") as library:
        for number, name in enumerate(NAMES):
            path = write_chord(music / f"{name}.wav", 220.0 + number)
            vector = np.eye(1, ear.dimension, number, dtype=np.float32)
            rhythm = replace(KNOWN, tempo_bpm=100.0 + number)
            hearing = Hearing(track_id_of(path), TrackInfo(name, "Band"), vector, ear.fingerprint, rhythm)
            library.add(hearing, path, stat=stat_of(path), vector=vector[0])
    (music / "Cora.wav").chmod(0o444)
    house = Services(tmp_path / "data", workers=1)
    yield house
    house.close()


def key_in(path: Path) -> list[str] | None:
    path.chmod(0o644)
    return TagFile(path).stored(["TKEY"])["TKEY"]


def rows(page: Any) -> list[str]:
    return [" ".join(text.split()) for text in page.locator(".retag-table tbody tr").all_inner_texts()]


def mark_all_and_ask(page: Any) -> Any:
    enter(page)
    page.click("[data-act=table_retag]")
    page.wait_for_selector("text=Mark some songs first")
    for row in range(3):
        page.locator(f".ag-row[row-index='{row}'] input[type=checkbox]").first.check()
    page.click("[data-act=table_retag]")
    dialog = page.get_by_role("dialog", name="Write tags")
    dialog.get_by_text("Ada.wav").wait_for()
    return dialog


def test_tags_are_previewed_written_and_put_back(services: Services, music: Path, serve: Serve, visit: Visit) -> None:
    page = visit(serve(services))
    before = [track.id for track in services.library.tracks()]
    dialog = mark_all_and_ask(page)
    assert rows(page)[0] == "Ada Ada.wav nothing → 100 nothing → 8A"
    assert "it is write-protected" in rows(page)[2]
    dialog.get_by_text("Am", exact=True).click()
    wait(page, "document.querySelector('.retag-table tbody tr').innerText.includes('Am')")
    dialog.get_by_label("BPM").uncheck()
    wait(page, "document.querySelectorAll('.retag-table thead th').length === 2")
    assert services.retagging.backups() == ()
    dialog.get_by_role("button", name="Write the tags of 3 songs").click()
    dialog.get_by_text("2 files written.").wait_for()
    dialog.get_by_text("1 file could not be written:").wait_for()
    assert violations(page) == []
    wait(page, "document.querySelector('.retag-table tbody tr').innerText.includes('Am stays')")
    assert dialog.get_by_role("button", name="Write the tags of 3 songs").is_disabled()
    assert {track.id for track in services.library.tracks()} == set(before)
    assert [key_in(music / f"{name}.wav") for name in NAMES] == [["Am"], ["Am"], None]
    dialog.get_by_role("button", name="Put the old tags back").click()
    dialog.get_by_text("2 files put back.").wait_for()
    wait(page, "document.querySelectorAll('.retag-backups').length === 0")
    assert [key_in(music / f"{name}.wav") for name in NAMES] == [None, None, None]


def test_on_a_phone_and_where_it_may_not_be(
    services: Services, music: Path, serve: Serve, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit(serve(services), viewport={"width": 390, "height": 844}, has_touch=True)
    dialog = mark_all_and_ask(page)
    for name in ("Mood as heard", "Genre as heard"):
        dialog.get_by_label(name).check()
    wait(page, "document.querySelectorAll('.retag-table thead th').length === 5")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []
    monkeypatch.setattr(services.retagging, "_is_scanning", lambda: True)
    dialog.get_by_role("button", name="Write the tags of 3 songs").click()
    dialog.get_by_role("alert").get_by_text("a scan is running").wait_for()
    for name in ("BPM", "Key", "Mood as heard", "Genre as heard"):
        dialog.get_by_label(name, exact=True).uncheck()
    dialog.get_by_text("Choose what is to be written.").wait_for()
    assert key_in(music / "Ada.wav") is None
