"""The room of mixes in a real Chromium: from the queue to a file, through a reload, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.services import Services
from tests.embed.conftest import write_ear
from tests.play.mix.sounds import decoded, song, write_song
from tests.web.test_booth_in_browser import FIRST, Serve, Visit, wait

pytestmark = pytest.mark.browser
DONE = ".mix[data-state=done]"
MIX = "document.querySelector('.mix-audio')"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("music")
    for name, bpm in (("Alder", 120.0), ("Birch", 121.0), ("Cedar", 122.0)):
        write_song(made / f"{name}.flac", song(bpm))
    return made


@pytest.fixture
def services(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    monkeypatch.setattr("segue.gathering.available_cores", lambda: 1)
    house = Services(tmp_path / "data", ear=str(write_ear(tmp_path)), workers=1)
    house.scan([folder])
    yield house
    house.close()


def test_the_queue_becomes_a_mix_that_a_reload_does_not_stop(
    services: Services, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    page = visit(serve(services))
    page.click(FIRST)
    wait(page, "document.querySelectorAll('#queue-list .row').length >= 2")
    page.click("[data-act=mix]")
    page.wait_for_selector(".mix-list li:nth-child(3)")
    page.fill("input[placeholder='A mix']", "Trees")
    page.click("#mix-order")
    page.wait_for_selector(".mix >> text=Trees")
    page.reload()
    page.wait_for_selector(DONE, timeout=90_000)
    with page.expect_download() as download:
        page.click(f"{DONE} a[title^='Save Trees.mp3']")
    target = tmp_path / "got.mp3"
    download.value.save_as(target)
    (mix,) = services.mixes.all()
    assert len(decoded(target)[0]) / 44_100 == pytest.approx(mix.length_s, abs=0.1)
    page.evaluate("segue.player.toggle()")
    wait(page, "segue.player.audio.paused === false")
    page.evaluate(f"{MIX}.play()")
    wait(page, f"segue.player.audio.paused && {MIX}.currentTime > 0.1")
    page.click("#player-toggle")
    wait(page, f"segue.player.isPlaying && {MIX}.paused")
    page.evaluate(f"{MIX}.currentTime = 9")
    wait(page, f"!{MIX}.seeking && {MIX}.currentTime === 9")
    page.wait_for_timeout(300)
    page.evaluate("segue.go('/library')")
    wait(page, f"{MIX} === null")
    page.evaluate("segue.go('/mix')")
    wait(page, f"{MIX}?.currentTime === 9")  # it began anew
    page.evaluate(f"{MIX}.play()")
    wait(page, f"{MIX}.currentTime > 9.1 && segue.player.audio.paused")
    page.click(f"{DONE} >> text=Delete")
    wait(page, "document.querySelector('.mix') === null")


def test_a_list_is_mixed_and_its_wrong_lines_are_said(services: Services, serve: Serve, visit: Visit) -> None:
    page = visit(serve(services), viewport={"width": 390, "height": 844}, has_touch=True)
    page.evaluate("segue.go('/mix')")
    page.fill("#mix-text", "Alder\n/etc/passwd\nBirch")
    page.click("#mix-order")
    page.wait_for_selector(".mix[data-state=failed] >> text=line 2")
    page.wait_for_selector("#mix-says >> text=“A mix” could not be made.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_label("Leave out what cannot be mixed").check()
    page.click("#mix-order")
    page.wait_for_selector(DONE, timeout=90_000)
    page.wait_for_selector("#mix-says >> text=“A mix” is ready.")  # it was still said to be ordered
    page.click(f"{DONE} summary")
    assert page.inner_text(f"{DONE} details ol").count("Alder") >= 1
    page.fill("#mix-text", "")
    page.click("#mix-order")
    page.wait_for_selector("#mix-says >> text=a mix of 0 songs")


def test_a_half_written_list_survives_a_look_at_another_room(services: Services, serve: Serve, visit: Visit) -> None:
    page = visit(serve(services))
    page.evaluate("segue.go('/mix')")
    page.fill("#mix-text", "Alder\nBirch")
    page.fill("input[placeholder='A mix']", "Trees")
    page.get_by_label("In the order that flows best").check()
    minutes = page.get_by_label("About how long, in minutes")
    minutes.press_sequentially("4,5")
    assert minutes.input_value() == "4.5"  # it was 45
    minutes.fill("4,5")
    page.evaluate("segue.go('/library')")
    wait(page, "document.querySelector('#mix-text') === null")
    page.evaluate("segue.go('/mix')")
    page.wait_for_selector("#mix-text")
    assert page.input_value("#mix-text") == "Alder\nBirch"
    assert page.input_value("input[placeholder='A mix']") == "Trees"
    assert page.get_by_label("In the order that flows best").is_checked()
    assert page.get_by_label("About how long, in minutes").input_value() == "4.5"
    page.click("#mix-order")
    page.wait_for_selector(".mix >> text=Trees")
