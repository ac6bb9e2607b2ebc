"""The booth watches the folders it was given: songs come, move and go while one plays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.config import WatchSpec
from segue.services import Services
from segue.store import background
from segue.store import watch as watching
from tests.embed.conftest import write_ear
from tests.web.stand_in import write_chord
from tests.web.test_booth_in_browser import AUDIO, FIRST, Serve, Visit, loaded, play_first, wait

pytestmark = pytest.mark.browser

LINE = "document.getElementById('watch-line')?.textContent"
ROWS = f"document.querySelectorAll('{FIRST}').length"


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "my music"
    folder.mkdir()
    for place in range(7):
        write_chord(
            folder / f"Artist {place} - Song {place}.wav", 150 * 1.2**place, seconds=40.0 if place == 0 else 6.0
        )
    return folder


@pytest.fixture
def services(tmp_path: Path, music: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """A library that watches, more impatiently than usual."""
    quick = WatchSpec(settle_s=0.3, longest_hold_s=2.0)
    monkeypatch.setattr(watching, "_TURN_S", 0.1)
    monkeypatch.setattr(background, "Watch", lambda roots, *, own: watching.Watch(roots, own=own, spec=quick))
    house = Services(tmp_path / "data", ear=str(write_ear(tmp_path)), workers=1)
    house.scan([music])
    house.watch.start()
    yield house
    house.close()


def test_songs_come_move_and_go_while_one_plays(services: Services, music: Path, serve: Serve, visit: Visit) -> None:
    page = visit(serve(services))
    wait(page, f"{ROWS} === 7")
    play_first(page)
    page.evaluate("segue.go('/settings')")
    wait(page, f"{LINE} === 'Watching 1 folder'")
    playing = loaded(page)
    began_s = page.evaluate(f"{AUDIO}.currentTime")

    write_chord(music / "Newcomer - Fresh.wav", 333.0, seconds=6.0)
    wait(page, f"{ROWS} === 8", seconds=60)
    track = services.find_one("fresh")
    (music / "Newcomer - Fresh.wav").rename(music / "Newcomer - Elsewhere.wav")
    wait(page, f"{LINE} === 'Watching 1 folder'")
    page.wait_for_timeout(1500)
    assert services.track(track.id).paths == (music / "Newcomer - Elsewhere.wav",)
    (music / "Newcomer - Elsewhere.wav").unlink()
    wait(page, f"{ROWS} === 7", seconds=60)

    assert loaded(page) == playing
    assert page.evaluate(f"!{AUDIO}.paused && {AUDIO}.currentTime > {began_s} + 1")
    assert page.locator(".scan-job").count() == 0  # one song is not made much of


def test_the_watch_can_be_switched_off_and_on(services: Services, music: Path, serve: Serve, visit: Visit) -> None:
    url = serve(services)
    page = visit(url)
    page.click(".rail >> text=Settings")
    wait(page, f"{LINE} === 'Watching 1 folder'")
    page.click("#watch")
    wait(page, f"{LINE}.startsWith('New songs are found')")
    assert not services.watch.wanted
    write_chord(music / "Newcomer - Fresh.wav", 333.0, seconds=6.0)
    page.reload()
    page.wait_for_selector("#watch", state="attached")
    assert not page.is_checked("#watch")
    page.wait_for_timeout(1500)
    assert services.counts().tracks == 7
    page.click("#watch")
    wait(page, f"{ROWS} === 8", seconds=60)


def test_a_drive_that_is_not_connected_is_named_and_nothing_is_forgotten(
    services: Services, music: Path, serve: Serve, visit: Visit
) -> None:
    page = visit(serve(services), viewport={"width": 390, "height": 844})
    page.evaluate("segue.go('/settings')")
    wait(page, f"{LINE} === 'Watching 1 folder'")
    music.rename(music.with_name("away"))
    wait(page, f"{LINE} === 'Nothing is in my music: is its drive connected?'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    music.with_name("away").rename(music)
    wait(page, f"{LINE} === 'Watching 1 folder'", seconds=40)
    assert services.counts().tracks == 7
