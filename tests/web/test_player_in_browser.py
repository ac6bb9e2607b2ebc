"""The player in a real Chromium: what comes out of it is recorded, and its level measured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segue.files import track_id_of
from segue.values import Track
from tests.play.mix.known_facts import rhythm
from tests.web.conftest import forgive_absence, served
from tests.web.player_sounds import (
    DYING,
    GAIN,
    LENGTH_S,
    RECORD,
    WINDOW_S,
    Serve,
    Visit,
    begin,
    events,
    in_fade,
    noises,
    write_noise,
)
from tests.web.stand_in import StandIn
from tests.web.test_booth_in_browser import AUDIO, FIRST, song, upcoming, wait

pytestmark = pytest.mark.browser


def test_in_a_fade_both_songs_sound_and_the_level_holds(
    services: StandIn, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    page = visit(serve(noises(services, tmp_path)))
    titles = begin(page, fade_s=3.0)
    page.evaluate(f"segue.player.seek({LENGTH_S - 5.0})")
    page.evaluate(f"window.tape = ({RECORD})(6.5); 0")
    wait(page, f"segue.sound.dying && {AUDIO}.currentTime > 1.2")
    assert page.evaluate(f"!{AUDIO}.paused && !{DYING}.paused")
    gains = page.evaluate("[segue.sound.lead, segue.sound.rest].map(({fade}) => fade.gain.value)")
    assert all(0.2 < gain < 0.98 for gain in gains)
    assert gains[0] ** 2 + gains[1] ** 2 == pytest.approx(1.0, abs=0.03)
    assert song(page) == titles[1]
    levels = np.array(page.evaluate("window.tape"))[4:-4]
    below_db = 20 * np.log10(levels / np.median(levels[:10]))
    assert below_db.min() > -3.0
    assert below_db.max() < 3.0
    wait(page, f"{DYING}.paused")
    assert page.evaluate("segue.sound.lead.fade.gain.value") == pytest.approx(1.0)


def test_without_a_fade_there_is_no_gap(services: StandIn, serve: Serve, visit: Visit, tmp_path: Path) -> None:
    """The files have two seconds of silence between the one sound and the next."""
    page = visit(serve(noises(services, tmp_path, silent_s=1.0)))
    titles = begin(page, fade_s=0)
    page.evaluate("segue.player.seek(6)")
    levels = np.array(page.evaluate(RECORD, 4.0))[4:-4]
    assert song(page) == titles[1]
    quiet = levels < 0.1 * np.median(levels)
    assert int(quiet.sum()) * WINDOW_S <= 0.15  # two windows, and one more on a busy machine
    assert page.evaluate(f"{AUDIO}.currentTime") > 1.0


def test_songs_come_at_one_loudness(services: StandIn, serve: Serve, visit: Visit, tmp_path: Path) -> None:
    noises(services, tmp_path, seconds=40.0)
    soft, loud = services.shelf[:2]
    services.rhythms[soft.id] = rhythm(lufs=-20.0, peak_dbtp=-12.0)
    services.rhythms[loud.id] = rhythm(lufs=-8.0, peak_dbtp=0.0)
    page = visit(serve(services))
    begin(page)
    assert page.evaluate(GAIN) == pytest.approx(10 ** (6.0 / 20))
    raised = float(np.median(page.evaluate(RECORD, 1.0)))
    page.click("[data-act=sound]")
    page.click("text=Even loudness")
    wait(page, f"Math.abs({GAIN} - 1) < 0.01")
    plain = float(np.median(page.evaluate(RECORD, 1.0)))
    assert 20 * np.log10(raised / plain) == pytest.approx(6.0, abs=0.7)
    page.reload()
    wait(page, f"Boolean(window.segue?.deck) && {AUDIO}?.readyState > 0")
    assert page.evaluate("segue.sound.isEven") is False
    page.evaluate("segue.player.setSound({even: true})")
    page.click("#results li:nth-child(2) .row-main")
    wait(page, "document.getElementById('player-title').textContent === 'Low Tide' && Boolean(segue.sound.out)")
    wait(page, f"{AUDIO}.currentTime > 0.1 && !segue.sound.isFading")
    assert page.evaluate(GAIN) == pytest.approx(10 ** (-6.0 / 20), abs=0.01)


def test_a_fade_goes_on_once_and_each_song_is_told_once(
    services: StandIn, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    page = visit(serve(noises(services, tmp_path)))
    titles = in_fade(page, fade_s=2.0)
    page.evaluate(f"{DYING}.dispatchEvent(new Event('ended'))")  # an element that ends in its fade is heard no more
    wait(page, "!segue.sound.isFading && !segue.isWaiting()")
    assert song(page) == titles[1]
    assert upcoming(page)[0] == titles[2]
    assert events(services, 1) == [("played", titles[0])]
    page.keyboard.press("n")
    wait(page, f"document.getElementById('player-title').textContent === {json.dumps(titles[2])}")
    assert [title for _, title in events(services, 2)] == titles[:2]


def test_pause_holds_a_fade_and_play_goes_on_with_it(
    services: StandIn, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    page = visit(serve(noises(services, tmp_path)))
    in_fade(page)
    page.keyboard.press("Space")
    wait(page, f"{AUDIO}.paused && {DYING}.paused")
    held = page.evaluate("[segue.sound.lead, segue.sound.rest].map(({fade}) => fade.gain.value)")
    at = page.evaluate(f"[{AUDIO}.currentTime, {DYING}.currentTime]")
    page.wait_for_timeout(2500)  # longer than the rest of the fade
    assert page.evaluate(f"[{AUDIO}.currentTime, {DYING}.currentTime]") == at
    after = page.evaluate("[segue.sound.lead, segue.sound.rest].map(({fade}) => fade.gain.value)")
    assert after == pytest.approx(held, abs=0.05)
    page.keyboard.press("Space")
    wait(page, f"!{AUDIO}.paused && !{DYING}.paused")
    wait(page, f"!segue.sound.isFading && {DYING}.paused")
    wait(page, "segue.sound.lead.fade.gain.value > 0.99")


def test_seeking_in_a_fade_leaves_one_song(services: StandIn, serve: Serve, visit: Visit, tmp_path: Path) -> None:
    page = visit(serve(noises(services, tmp_path)))
    titles = in_fade(page)
    page.evaluate("segue.player.seek(4)")
    wait(page, f"{DYING}.paused && {AUDIO}.currentTime > 4.2")
    wait(page, "segue.sound.lead.fade.gain.value > 0.99")
    assert song(page) == titles[1]
    assert events(services, 1) == [("played", titles[0])]


def test_next_in_a_fade_goes_on_to_the_third_song(
    services: StandIn, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    page = visit(serve(noises(services, tmp_path)))
    titles = in_fade(page)
    wait(page, "!segue.isWaiting()")
    page.keyboard.press("n")
    wait(page, f"document.getElementById('player-title').textContent === {json.dumps(titles[2])}")
    wait(page, f"{AUDIO}.currentTime > 0.3 && !segue.isWaiting() && !segue.sound.isFading")
    wait(page, "segue.sound.lead.fade.gain.value > 0.99")
    assert page.evaluate("document.querySelectorAll('audio').length") == 2
    assert upcoming(page)[0] == titles[3]
    assert sorted(events(services, 2)) == [("played", titles[0]), ("skipped_early", titles[1])]


def test_a_reload_in_a_fade_keeps_the_song_that_came(
    services: StandIn, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    page = visit(serve(noises(services, tmp_path)))
    titles = in_fade(page)
    page.reload()
    wait(page, f"{AUDIO}?.readyState >= 1 && {AUDIO}.currentTime > 0.5")
    assert song(page) == titles[1]
    assert page.evaluate(f"{AUDIO}.paused")
    assert events(services, 1) == [("played", titles[0])]


def test_a_left_song_dies_away_quickly(services: StandIn, serve: Serve, visit: Visit, tmp_path: Path) -> None:
    page = visit(serve(noises(services, tmp_path)))
    titles = begin(page)
    page.evaluate(f"window.tape = ({RECORD})(2); 0")
    page.wait_for_timeout(700)
    page.keyboard.press("n")
    wait(page, f"{DYING}.paused && {AUDIO}.currentTime > 0.3")
    levels = np.array(page.evaluate("window.tape"))[4:-4]
    assert 20 * np.log10(levels.min() / np.median(levels)) > -6.0  # a song takes the other's place without a hole
    assert song(page) == titles[1]
    assert events(services, 1) == [("skipped_early", titles[0])]


def test_the_page_goes_on_by_itself_when_the_server_is_back(services: StandIn, visit: Visit, tmp_path: Path) -> None:
    noises(services, tmp_path, seconds=40.0)
    with served(services) as url:
        page = visit(url)
        titles = begin(page)
    page.keyboard.press("n")
    page.wait_for_selector("text=Segue does not answer. Is it still running? The music goes on when it is back.")
    page.keyboard.press("l")
    page.wait_for_selector(".toast >> text=Segue does not answer")
    with served(services, port=int(url.rsplit(":", 1)[1])):
        wait(page, "document.getElementById('player-away').textContent === '' && !segue.isWaiting()")
        wait(page, f"{AUDIO}.currentTime > 0.3 && !{AUDIO}.paused")
        assert song(page) == titles[1]
        assert upcoming(page)[:4] == titles[2:]
        assert len(upcoming(page)) == 5
        page.keyboard.press("n")
        wait(page, f"document.getElementById('player-title').textContent === {json.dumps(titles[2])}")
        wait(page, f"{AUDIO}.currentTime > 0.1 && !segue.isWaiting()")
        forgive_absence(page)
        page.close()


def test_an_album_runs_on_as_it_is_and_keeps_its_balance(
    services: StandIn, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    noises(services, tmp_path)
    pair = []
    for number, track in enumerate(services.shelf[:2], start=1):
        path = track.paths[0].rename(track.paths[0].with_name(f"0{number} - Part.wav"))
        pair.append(Track(track.id, (path,), replace(track.info, album="One record", artist="Somebody")))
    services.shelf = (*pair, *services.shelf[2:])
    services.rhythms[pair[0].id] = rhythm(lufs=-18.0, peak_dbtp=-8.0)
    services.rhythms[pair[1].id] = rhythm(lufs=-12.0, peak_dbtp=-6.0)
    page = visit(serve(services))
    page.wait_for_selector(FIRST)
    page.click("#player")  # a gesture
    page.evaluate(f"segue.send('play_list', {{tracks: {json.dumps([track.id for track in pair])}}})")
    wait(page, "!segue.isWaiting() && segue.sound.out && segue.deck.fade?.gapless")
    wait(page, f"{AUDIO}.currentTime > 0.1 && segue.sound.rest.audio.readyState > 3")
    page.evaluate("segue.player.seek(6)")
    levels = np.array(page.evaluate(RECORD, 4.5))[4:-4]
    assert song(page) == pair[1].info.title
    assert int((levels < 0.1 * np.median(levels)).sum()) * WINDOW_S <= 0.15
    assert page.evaluate(GAIN) == pytest.approx(10 ** (4.0 / 20), abs=0.01)


@pytest.mark.parametrize("seconds_away", [0, 7])
def test_a_song_that_broke_off_goes_on_where_it_was(
    services: StandIn, visit: Visit, tmp_path: Path, seconds_away: int
) -> None:
    path = write_noise(tmp_path / "long.wav", 1, seconds=900.0)  # more than a browser fetches ahead
    services.shelf = (
        Track(track_id_of(path), (path,), replace(services.shelf[0].info, duration_s=900.0)),
        *services.shelf[1:],
    )
    with served(services) as url:
        page = visit(url)
        begin(page)
    page.evaluate("segue.player.seek(600)")
    page.wait_for_selector("text=The music goes on when it is back.", timeout=60_000)
    page.wait_for_timeout(seconds_away * 1000)
    with served(services, port=int(url.rsplit(":", 1)[1])):
        wait(page, "document.getElementById('player-away').textContent === ''")
        wait(page, f"{AUDIO}.currentTime > 600.3 && !{AUDIO}.paused && !{AUDIO}.error")
        forgive_absence(page)
        page.close()
