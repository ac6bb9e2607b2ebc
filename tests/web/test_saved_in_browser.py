"""What is saved of a queue in a real Chromium: played, renamed, deleted, taken back."""

from __future__ import annotations

from typing import Any

import pytest

from segue.choose.playlist import ContinueSpec
from segue.choose.schedule import read_slot
from segue.profiles import Beginning, Profile
from tests.web.stand_in import StandIn
from tests.web.test_booth_in_browser import Serve, Visit, play_first, song, wait

pytestmark = pytest.mark.browser


def save(page: Any, what: str, name: str) -> None:
    page.click("[data-act=export]")
    page.click(f"#opinions >> text={what}")
    wait(page, "document.activeElement?.id === 'name-field'")
    page.keyboard.type(name)
    page.keyboard.press("Enter")


def test_a_queue_is_saved_and_played_again(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    page = visit(serve(long_songs))
    play_first(page)
    first = song(page)
    page.keyboard.press("n")
    wait(page, f"document.getElementById('player-title').textContent !== {first!r} && !segue.isWaiting()")
    page.click("[data-act=export]")
    page.click("#opinions >> text=Save as playlist")
    page.wait_for_selector("#name-songs >> text=From here on: 6")
    page.click("#name-songs >> text=With what has played: 7")
    page.fill("#name-field", "Sunday morning")
    page.click("[data-act=name]")
    page.wait_for_selector(".toast >> text=Saved as “Sunday morning”: 7 songs")
    page.click(".rail >> text=Saved")
    page.wait_for_selector(".saved-part .row:has-text('Sunday morning') >> text=7 songs, 4:40")
    page.click(".rail >> text=Music")
    page.click("#results .row:nth-child(9) .row-main")
    wait(page, f"document.getElementById('player-title').textContent !== {first!r}")
    page.click(".rail >> text=Saved")
    page.click(".saved-part .row-main")
    wait(page, f"document.getElementById('player-title').textContent === {first!r} && segue.player.isPlaying")


def test_a_list_is_renamed_and_deleted_and_undo_brings_it_back(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    long_songs.lists.save("Sunday", [track.id for track in long_songs.shelf[:3]])
    address = serve(long_songs)
    page = visit(address, viewport={"width": 390, "height": 844}, has_touch=True)
    page.click(".bar-nav [data-act=rooms]")
    page.click("#room-menu >> text=Saved")
    page.click(".saved-part [data-act=saved_more]")
    page.click("#opinions >> text=Rename")
    wait(page, "document.activeElement?.id === 'name-field' && document.activeElement.value === 'Sunday'")
    page.fill("#name-field", "")
    page.click("[data-act=name]")
    page.wait_for_selector("text=Give it a name")
    page.fill("#name-field", "Monday")
    page.click("[data-act=name]")
    page.wait_for_selector(".saved-part .row >> text=Monday")
    page.click(".saved-part [data-act=saved_more]")
    page.click("#opinions >> text=Delete")
    page.wait_for_selector(".saved-part >> text=Save the songs of the queue")
    page.click(".toast:has-text('is deleted') >> text=Undo")
    page.wait_for_selector(".saved-part .row >> text=Monday")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_radio_is_saved_and_started_and_shows_its_times(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    page = visit(serve(long_songs))
    play_first(page)
    save(page, "Save as radio", "Evening")
    page.wait_for_selector(".toast >> text=Radio “Evening” is saved")
    seed = Beginning(long_songs.shelf[8].id, "The Cartographers - North by Night")
    long_songs.profiles.save("Always", Profile((seed,), ContinueSpec(noise=0.5), (read_slot("daily 00:00-24:00"),)))
    page.click(".rail >> text=Saved")
    assert "daily 00:00-24:00" in page.inner_text(".saved-part .row:has-text('Always')")
    page.wait_for_selector(".saved-part >> text=“Always” holds until")
    page.click(".saved-part .row:has-text('Always') .row-main")
    page.wait_for_selector(".grew >> text=Radio “Always”")
    wait(page, "document.getElementById('noise-value').textContent === '50\\u00a0%' && segue.player.isPlaying")
    page.reload()
    page.wait_for_selector(".grew >> text=Radio “Always”")
