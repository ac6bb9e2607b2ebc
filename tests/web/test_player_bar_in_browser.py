"""The player's bar in a real Chromium: what it shows, what it remembers, and how the system steers it."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segue.values import Track
from tests.play.mix.known_facts import rhythm
from tests.web.conftest import served
from tests.web.player_sounds import (
    DYING,
    LENGTH_S,
    RECORD,
    Serve,
    Visit,
    begin,
    events,
    noises,
)
from tests.web.stand_in import StandIn
from tests.web.test_booth_in_browser import AUDIO, FIRST, wait

pytestmark = pytest.mark.browser


def test_the_bar_draws_the_song_and_its_cue_points(
    services: StandIn, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    noises(services, tmp_path, seconds=40.0)
    services.rhythms[services.shelf[0].id] = rhythm(intro_s=10.0, outro_s=30.0)
    page = visit(serve(services))
    begin(page)
    wait(page, "document.getElementById('seek-place').classList.contains('has-outline')")
    places = page.evaluate("[...document.querySelectorAll('#seek-cues .cue')].map(({style}) => style.left)")
    assert places == ["25%", "75%"]
    page.keyboard.press("Space")
    wait(page, f"{AUDIO}.paused")
    page.keyboard.press("5")
    wait(page, "document.getElementById('player-seek').getAttribute('aria-valuetext') === '0:20 of 0:40'")
    page.focus("#player-seek")
    page.keyboard.press("End")
    wait(page, "document.getElementById('player-seek').getAttribute('aria-valuetext') === '0:39 of 0:40'")
    page.keyboard.press("ArrowLeft")
    wait(page, f"{AUDIO}.currentTime < 39.4")
    (services.data / "outlines" / f"{services.shelf[5].id}.outline").unlink(missing_ok=True)
    services.shelf[5].paths[0].write_bytes(b"RIFF but no song")
    assert page.evaluate(f"fetch('/media/{services.shelf[5].id}/outline').then(({{status}}) => status)") == 204


def test_the_next_song_is_shown_with_its_why_and_a_click_goes_there(
    long_songs: StandIn, serve: Serve, visit: Visit
) -> None:
    page = visit(serve(long_songs))
    titles = begin(page)
    assert page.inner_text("#next-title") == titles[1]
    assert page.inner_text("#next-why") == page.evaluate("segue.deck.next.why")
    assert page.is_visible("#next-cover img")
    page.click("#player-next")
    wait(page, f"document.getElementById('player-title').textContent === {json.dumps(titles[1])}")
    wait(page, f"!segue.isWaiting() && document.getElementById('next-title').textContent === {json.dumps(titles[2])}")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.is_visible("#next-title")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_how_the_sound_is_wished_for_is_remembered(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    page = visit(serve(long_songs))
    begin(page)
    page.click("[data-act=sound]")
    assert page.evaluate("document.activeElement.id") == "sound-fade"
    page.keyboard.press("End")
    assert page.get_attribute("#sound-fade", "aria-valuetext") == "12 seconds"
    page.keyboard.press("Home")
    assert page.get_attribute("#sound-fade", "aria-valuetext") == "none, without a gap"
    page.keyboard.press("Escape")
    page.reload()
    wait(page, "Boolean(window.segue?.deck)")
    assert page.evaluate("segue.player.fade_s") == 0


def test_only_the_first_seconds_are_played_where_that_is_wished(
    shelf: tuple[Track, ...], visit: Visit, tmp_path: Path
) -> None:
    with closing(StandIn(tmp_path / "short", shelf, only_s=3.0)) as services:
        noises(services, tmp_path, seconds=40.0)
        with served(services) as url:
            page = visit(url)
            titles = begin(page, fade_s=1.0)
            assert page.inner_text("#player-length") == "0:03"
            began = time.monotonic()
            wait(page, f"document.getElementById('player-title').textContent === {json.dumps(titles[2])}")
            assert 2.0 < time.monotonic() - began < 40.0
            assert events(services, 0) == []  # what was broken off tells nothing of the listener
            page.close()


def test_the_system_knows_what_plays_and_steers_it(long_songs: StandIn, chromium: Any, serve: Serve) -> None:
    context = chromium.new_context()
    context.add_init_script(
        """window.handlers = {};
        navigator.mediaSession.setActionHandler = (action, handler) => (window.handlers[action] = handler);
        navigator.mediaSession.setPositionState = (state) => (window.position = state);"""
    )
    page = context.new_page()
    page.goto(serve(long_songs))
    wait(page, "Boolean(window.segue?.deck)")
    titles = begin(page)
    told = page.evaluate("[navigator.mediaSession.metadata.title, navigator.mediaSession.playbackState]")
    assert told == [titles[0], "playing"]
    page.evaluate("handlers.seekto({seekTime: 20})")
    wait(page, f"{AUDIO}.currentTime > 20 && window.position.position >= 20 && window.position.duration === 40")
    page.evaluate("handlers.seekbackward({seekOffset: 5})")
    wait(page, f"{AUDIO}.currentTime < 19")
    page.evaluate("handlers.pause()")
    wait(page, f"{AUDIO}.paused && navigator.mediaSession.playbackState === 'paused'")
    page.evaluate("handlers.play()")
    wait(page, f"!{AUDIO}.paused")
    page.evaluate("handlers.nexttrack()")
    wait(page, f"navigator.mediaSession.metadata.title === {json.dumps(titles[1])}")
    context.close()


def test_plain_volume_serves_where_the_browser_has_no_more(
    services: StandIn, chromium: Any, serve: Serve, tmp_path: Path
) -> None:
    context = chromium.new_context()
    context.add_init_script("delete window.AudioContext;")
    page = context.new_page()
    page.goto(serve(noises(services, tmp_path)))
    wait(page, "Boolean(window.segue?.deck)")
    page.wait_for_selector(FIRST)
    page.evaluate("segue.player.setSound({fade_s: 3}); segue.player.setVolume(0.5)")
    page.click(FIRST)
    wait(page, f"{AUDIO}.currentTime > 0.2 && segue.sound.rest.audio.readyState > 3 && !segue.isWaiting()")
    page.evaluate(f"segue.player.seek({LENGTH_S - 3.5})")
    wait(page, f"segue.sound.dying && {AUDIO}.currentTime > 1")
    volumes = page.evaluate(f"[{AUDIO}.volume, {DYING}.volume]")
    assert 0.1 < min(volumes) < max(volumes) < 0.5
    assert volumes[0] ** 2 + volumes[1] ** 2 == pytest.approx(0.25, abs=0.02)
    wait(page, f"{DYING}.paused && {AUDIO}.volume === 0.5")
    context.close()


def test_a_page_that_is_paused_lets_the_sound_card_rest(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    page = visit(serve(long_songs))
    begin(page)
    page.keyboard.press("Space")
    wait(page, "segue.sound.context.state === 'suspended'")
    at = page.evaluate(f"{AUDIO}.currentTime")
    page.keyboard.press("Space")
    wait(page, f"segue.sound.context.state === 'running' && {AUDIO}.currentTime > {at} + 0.3")
    assert float(np.median(page.evaluate(RECORD, 0.8))) > 0.05
