"""The whole way, on real parts: a folder is chosen in the browser, heard, and becomes a queue that plays."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.reach import Reach
from segue.services import Services
from tests.embed.conftest import write_ear
from tests.web.stand_in import write_chord
from tests.web.test_booth_in_browser import AUDIO, FIRST, LOUDNESS, Serve, Visit, loaded, song, upcoming, wait

pytestmark = [pytest.mark.browser, pytest.mark.ffmpeg]


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Eight songs of six seconds; one is Apple Lossless, which no browser plays as it is; one is none."""
    folder = tmp_path / "my music"
    folder.mkdir()
    for place in range(8):
        write_chord(
            folder / f"Artist {place} - {'Zebra' if place == 7 else f'Song {place}'}.wav", 150 * 1.2**place, seconds=6.0
        )
    wave = folder / "Artist 7 - Zebra.wav"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(wave), "-c:a", "alac", str(wave.with_suffix(".m4a"))]
    subprocess.run(command, check=True, timeout=60)
    wave.unlink()
    (folder / "words.mp3").write_text("no music, only words")
    return folder


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    house = Services(tmp_path / "data", ear=str(write_ear(tmp_path)), workers=1)
    yield house
    house.close()


def test_a_folder_becomes_a_queue_that_plays(
    services: Services, serve: Serve, visit: Visit, music: Path, tmp_path: Path
) -> None:
    page = visit(serve(services, reach=Reach((tmp_path,), usual=False)))
    page.click("text=Choose a folder")
    page.click(".folder-row")
    page.click(".folder-row >> text=my music")
    page.click("text=Listen to “my music”")
    wait(page, f"document.querySelectorAll('{FIRST}').length === 8", seconds=90)
    page.wait_for_selector("text=1 file could not be read", timeout=60_000)

    page.fill("#search", "zebra")
    wait(page, f"document.querySelectorAll('{FIRST}').length === 1")
    page.click(FIRST)
    wait(page, f"{AUDIO}.currentTime > 0.2 && document.querySelectorAll('#queue-list > div > ol > li').length === 5")
    assert song(page) == "Zebra"
    assert page.evaluate(LOUDNESS) > 0.05
    first, following = loaded(page), upcoming(page)
    wait(page, f"!{AUDIO}.src.includes('{first}') && {AUDIO}.currentTime > 0.2")
    assert song(page) == following[0]
    assert page.evaluate(LOUDNESS) > 0.05

    page.set_input_files("#seed-file", str(write_chord(tmp_path / "from elsewhere.wav", 222.0, seconds=6.0)))
    page.wait_for_selector("#now >> text=Songs that go with “from elsewhere”")
    assert page.evaluate(LOUDNESS) > 0.05
    assert not list((services.data / "cache" / "uploads").iterdir())
