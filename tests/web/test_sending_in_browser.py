"""The queue goes to an MPD from a real Chromium; the MPD speaks the protocol over a real socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.mpd_stand_in import MpdStandIn, listening
from tests.web.stand_in import StandIn
from tests.web.test_booth_in_browser import Serve, Visit, play_first, wait

pytestmark = pytest.mark.browser


def ask(page: Any) -> None:
    page.click("[data-act=export]")
    page.click("#opinions >> text=Send to MPD")
    page.wait_for_selector("#mpd-host")


def test_the_queue_is_sent_and_the_password_is_kept_but_never_shown(
    long_songs: StandIn, serve: Serve, visit: Visit
) -> None:
    files = [Path(*track.paths[0].parts[-2:]) for track in long_songs.shelf]
    mpd = MpdStandIn({str(file) for file in files[1:]}, password="quiet engine")
    page = visit(serve(long_songs))
    play_first(page)
    with listening(mpd) as place:
        host, port = place.split(":")
        ask(page)
        page.fill("#mpd-host", host)
        page.fill("#mpd-port", port)
        page.fill("#mpd-password", "wrong")
        page.click("#mpd-send")
        page.wait_for_selector(f"#mpd-says >> text=MPD at {place} refuses the password")
        page.fill("#mpd-password", "quiet engine")
        page.click("#mpd-send")
        page.wait_for_selector(f"#mpd-says >> text=5 songs sent to {place}")
        page.wait_for_selector("#mpd-says >> text=1 song it does not have")
        page.wait_for_selector(f"#mpd-says >> text={long_songs.shelf[0].info.title}")
        assert (len(mpd.queue), mpd.playing) == (5, 0)
        page.reload()
        wait(page, "Boolean(window.segue?.deck)")
        ask(page)
        wait(page, f"document.getElementById('mpd-host').value === {host!r}")
        assert page.input_value("#mpd-password") == ""
        assert page.get_attribute("#mpd-password", "placeholder") == "Kept; leave it empty to use it"
        assert "quiet engine" not in page.content()
        page.click("text=Add to its queue")
        page.click("#mpd-send")
        page.wait_for_selector(f"#mpd-says >> text=5 songs sent to {place}")
        assert len(mpd.queue) == 10
        page.click("#mpd-forget")
        wait(page, "document.getElementById('mpd-password').placeholder === 'If it wants one'")
        page.click("#mpd-send")
        page.wait_for_selector("#mpd-says >> text=wants a password for this")


def test_what_cannot_be_reached_is_told_in_the_dialog_on_a_narrow_page_too(
    long_songs: StandIn, serve: Serve, visit: Visit
) -> None:
    page = visit(serve(long_songs), viewport={"width": 390, "height": 844}, has_touch=True)
    play_first(page)
    page.click(".bar-nav [data-act=queue]")
    ask(page)
    page.fill("#mpd-host", "127.0.0.1")
    page.fill("#mpd-port", "1")
    page.click("#mpd-send")
    page.wait_for_selector("#mpd-says >> text=no MPD listens at 127.0.0.1:1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
