"""What the booth notes of its listener, and how that is shown, in a real Chromium."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from segue.store.events import Event
from segue.values import Track
from tests.web.stand_in import StandIn
from tests.web.test_booth_in_browser import AUDIO, FIRST, Serve, Visit, play_first, song, upcoming, wait

pytestmark = pytest.mark.browser

PRESSED = "document.querySelector('#now [data-act={}]')?.getAttribute('aria-pressed') === '{}'"


def kept(services: StandIn, count: int) -> tuple[Event, ...]:
    """The events, as soon as there are so many: the page reports them aside."""
    until = time.monotonic() + 20
    while True:
        events = services.listening._library.events.all().events
        if len(events) >= count or time.monotonic() > until:
            return events
        time.sleep(0.05)


def titled(services: StandIn, events: tuple[Event, ...]) -> list[tuple[str, str]]:
    return [(event.kind, services.track(event.track_id).info.title) for event in events]


def test_a_song_heard_to_its_end_is_noted_with_the_one_before(
    services: StandIn, serve: Serve, visit: Visit, shelf: tuple[Track, ...]
) -> None:
    page = visit(serve(services))
    page.click(FIRST)
    wait(page, f"{AUDIO}.currentTime > 0.2")
    first, second = kept(services, 2)[:2]
    assert (first.kind, first.track_id, first.before_id, first.origin) == ("played", shelf[0].id, None, "picked")
    assert (second.kind, second.before_id, second.origin) == ("played", shelf[0].id, "chosen")
    assert second.track_id != shelf[0].id
    assert second.heard_share == pytest.approx(1.0, abs=0.1)


def test_what_is_skipped_is_noted_once_and_what_is_kept_on_is_not(
    long_songs: StandIn, serve: Serve, visit: Visit
) -> None:
    page = visit(serve(long_songs))
    play_first(page)
    page.keyboard.press("n")
    wait(page, f"{AUDIO}.currentTime > 0.3 && !segue.isWaiting()")
    skipped = song(page)
    page.click("#results li:nth-child(9) .row-main")
    wait(page, "!segue.isWaiting()")
    page.keyboard.press("Space")
    page.wait_for_timeout(300)
    events = kept(long_songs, 2)
    assert titled(long_songs, events) == [("skipped_early", "Morning Ferry"), ("skipped_early", skipped)]
    assert events[0].heard_share is not None
    assert 0 < events[0].heard_share < 0.25
    page.reload()  # the song goes on where it was, so that nothing has become of it
    wait(page, f"Boolean(window.segue?.deck) && {AUDIO}?.readyState >= 1")
    assert len(kept(long_songs, 0)) == 2


def test_a_song_that_will_not_play_tells_nothing(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    page = visit(serve(long_songs))
    page.wait_for_selector(FIRST)
    long_songs.shelf[0].paths[0].unlink()
    page.click(FIRST)
    wait(page, f"{AUDIO}.currentTime > 0.2")
    assert kept(long_songs, 0) == ()
    page.witness.problems[:] = [p for p in page.witness.problems if "404" not in p]


def test_l_and_d_rate_what_plays_and_take_it_back(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    page = visit(serve(long_songs))
    play_first(page)
    page.keyboard.press("l")
    wait(page, PRESSED.format("like", "true"))
    page.wait_for_selector("text=Liked: “Morning Ferry”")
    assert page.get_attribute("#player-opinions [data-act=like]", "aria-pressed") == "true"
    page.keyboard.press("d")
    wait(page, f"{PRESSED.format('dislike', 'true')} && {PRESSED.format('like', 'false')}")
    assert list(long_songs.listening.ratings().values()) == ["disliked"]
    page.locator(".said:has-text('Disliked') button").click()
    wait(page, f"{PRESSED.format('dislike', 'false')} && {PRESSED.format('like', 'true')}")
    assert list(long_songs.listening.ratings().values()) == ["liked"]  # as it was before
    page.reload()
    wait(page, PRESSED.format("like", "true"))  # it is the library that remembers


def test_the_menu_of_a_row_and_never_again(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    page = visit(serve(long_songs))
    play_first(page)
    wait(page, "!segue.isWaiting()")
    following = upcoming(page)
    page.hover("#queue-list > div > ol > li:nth-child(2)")
    page.click("#queue-list > div > ol > li:nth-child(2) [data-act=more]")
    page.wait_for_selector("#opinions:popover-open")
    offered = ["Like", "Dislike", "Never again", "Waypoint of a journey", "Correct tempo and key"]
    offered += ["More like this", "Less like this", "To the top", "Earlier", "Later", "Keep it at this place"]
    assert page.locator("#opinions button").all_inner_texts() == offered
    box = page.locator("#opinions").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1440
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"text=Never again: “{following[1]}”")
    wait(page, "!segue.isWaiting()")
    assert following[1] not in upcoming(page)
    assert len(upcoming(page)) == 5
    assert len(long_songs.listening.bans()) == 1
    page.click("[data-act=taste]")
    page.click("text=Never again (1)")
    page.click("text=Allow again")
    wait(page, "!document.querySelector('#taste-body .banned')")
    assert long_songs.listening.bans() == frozenset()


def test_the_taste_is_shown_switched_and_forgotten(
    long_songs: StandIn, serve: Serve, visit: Visit, shelf: tuple[Track, ...]
) -> None:
    """A listener who wants the songs of one end of the arc."""
    rng = np.random.default_rng(0)
    ids = [track.id for track in long_songs.shelf]
    for place in rng.integers(1, 12, 400):
        kind = "played" if rng.random() < (0.9 if place < 6 else 0.1) else "skipped_early"
        long_songs.listening._library.events.add(Event(1.0, kind, ids[place], ids[rng.integers(12)]))
    long_songs.tags = dict.fromkeys(ids[:6], ("mellow",)) | dict.fromkeys(ids[6:], ("noisy",))
    page = visit(serve(long_songs))
    page.click("[data-act=taste]")
    page.wait_for_selector("text=It helps. Of the newest 80 songs")
    said = page.inner_text("#taste-body")
    assert "mellow" in said.casefold().partition("and rather not")[0]
    assert "noisy" in said.casefold().partition("and rather not")[2]
    page.click("#taste-switch >> text=Never")
    page.wait_for_selector("text=It is switched off.")
    assert long_songs.listening._library.events.switch() == "off"
    page.click("text=Forget what was noted")
    page.click("#taste-body >> text=Forget it all")
    page.wait_for_selector("text=400 plays, skips and ratings are forgotten")
    wait(page, "!document.querySelector('#taste-body .leanings')")
    page.keyboard.press("Escape")
    page.click("[data-act=taste]")
    wait(page, "document.querySelector('#taste-switch input:checked')?.value === 'off'")
    assert long_songs.taste_report().events == 0


def test_it_fits_a_telephone(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    page: Any = visit(serve(long_songs), viewport={"width": 390, "height": 844}, has_touch=True)
    page.click(FIRST)
    wait(page, f"{AUDIO}.currentTime > 0.2")
    page.click(".bar-nav [data-act=queue]")
    page.click("#now [data-act=like]")
    wait(page, PRESSED.format("like", "true"))
    page.click("#queue-list > div > ol > li:nth-child(1) [data-act=more]")
    box = page.locator("#opinions").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
