"""How long the queue goes on, in a real Chromium: for songs or minutes, over a reload, and on again at its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.web.player_sounds import LENGTH_S, noises
from tests.web.stand_in import StandIn
from tests.web.test_booth_in_browser import AUDIO, Serve, Visit, song, wait
from tests.web.test_player_bar_in_browser import begin

pytestmark = pytest.mark.browser


def near_its_end(page: Any) -> None:
    page.evaluate(f"segue.player.seek({LENGTH_S - 1.0})")


def ended(page: Any) -> None:
    page.wait_for_selector("#ending-over >> text=It has ended, as you wished")
    wait(page, f"!segue.isWaiting() && {AUDIO}.paused")


def test_it_ends_with_the_song_where_that_is_wished_and_goes_on_again(
    services: StandIn, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    page = visit(serve(noises(services, tmp_path)))
    titles = begin(page, fade_s=3.0)
    page.select_option("#ending-kind", "song")
    assert page.inner_text(".next-word").strip() == "It ends before"
    assert page.inner_text("#ending-left").startswith("1 song, 0:")
    page.evaluate(f"segue.player.seek({LENGTH_S - 2.0})")
    page.wait_for_timeout(1000)
    assert song(page) == titles[0]  # no fade: it is heard to its end
    ended(page)
    assert song(page) == titles[1]
    page.reload()
    ended(page)
    assert page.input_value("#ending-kind") == "song"  # what was chosen, until the listener goes on
    page.click("text=Go on")
    wait(page, f"{AUDIO}.currentTime > 0.2")
    assert not page.is_visible("#ending-over")
    assert page.input_value("#ending-kind") == "endless"


def test_so_many_songs_are_counted_over_a_reload_and_skips_do_not_count(
    services: StandIn, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    page = visit(serve(noises(services, tmp_path)))
    titles = begin(page, fade_s=0.0)
    page.select_option("#ending-kind", "songs")
    page.fill("#ending-count", "2")
    page.keyboard.press("Tab")
    wait(page, "document.getElementById('ending-left').textContent.startsWith('2 songs, 0:')")
    ends = "getComputedStyle(document.querySelector('.next-songs > .row:nth-child(2)'), '::before').content"
    assert page.evaluate(ends) == '"It ends here"'
    page.keyboard.press("Escape")
    page.click("[data-act=next]")
    wait(page, f"document.getElementById('player-title').textContent === {json.dumps(titles[1])}")
    page.reload()
    wait(page, "Boolean(window.segue?.deck) && document.getElementById('ending-count')?.value === '2'")
    page.click("#player-toggle")
    wait(page, f"{AUDIO}.currentTime > 0.2")
    near_its_end(page)
    wait(page, "document.getElementById('ending-kind').value === 'song'")
    wait(page, f"{AUDIO}.currentTime > 0.2 && !segue.isWaiting()")
    near_its_end(page)
    ended(page)
    page.keyboard.press("Space")  # to play is to go on
    wait(page, f"{AUDIO}.currentTime > 0.2")
    assert not page.is_visible("#ending-over")


def test_when_the_minutes_are_over_the_sound_dies_away(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    page = visit(serve(long_songs))
    begin(page)
    page.select_option("#ending-kind", "minutes")
    assert page.inner_text("#ending-left") in ("30:00 left", "29:59 left")
    page.evaluate("segue.ending.set('minutes', 0.005)")
    wait(page, "segue.sound.lead.fade.gain.value < 0.7 && segue.sound.lead.fade.gain.value > 0.1")
    ended(page)
    assert page.input_value("#ending-kind") == "minutes"
    assert not page.is_visible("#ending-count")
    page.keyboard.press("Space")
    wait(page, f"!{AUDIO}.paused && segue.sound.lead.fade.gain.value === 1")


def test_it_can_end_and_go_on_where_nothing_follows(
    services: StandIn, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    noises(services, tmp_path)
    services.shelf = services.shelf[:1]
    page = visit(serve(services))
    page.click("#results .row-main")
    wait(page, f"{AUDIO}.currentTime > 0.2 && !segue.isWaiting()")
    page.select_option("#ending-kind", "song")
    near_its_end(page)
    ended(page)
    page.click("text=Go on")
    wait(page, "!document.getElementById('ending-over').checkVisibility() && !segue.isWaiting()")


def test_on_a_narrow_page_it_is_in_the_queue(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    page = visit(serve(long_songs), viewport={"width": 390, "height": 844}, has_touch=True)
    page.click("#results .row-main")
    wait(page, f"{AUDIO}.currentTime > 0.2")
    page.click(".bar-nav [data-act=queue]")
    page.select_option("#ending-kind", "songs")
    assert page.locator("#ending-count").bounding_box()["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
