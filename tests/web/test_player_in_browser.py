"""The player in a real Chromium: what comes out of it is recorded, and its level measured."""

from __future__ import annotations

import json
import time
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segue.files import track_id_of
from segue.store.events import Event
from segue.values import Track
from tests.play.mix.known_facts import rhythm
from tests.web.conftest import served
from tests.web.stand_in import RATE_HZ, StandIn
from tests.web.test_booth_in_browser import AUDIO, FIRST, song, upcoming, wait

pytestmark = pytest.mark.browser

Serve = Callable[[Any], str]
Visit = Callable[..., Any]

LENGTH_S = 9.0
WINDOW_S = 0.05
DYING = "document.getElementById('segue-audio-rest')"
# What the listener hears, as the audio thread renders it: recorded, decoded again, and its level in steps of 50 ms.
RECORD = """
async (seconds) => {
    while (!segue.sound.out) await new Promise((done) => setTimeout(done, 20));
    const { context, out } = segue.sound;
    const tape = new MediaStreamAudioDestinationNode(context);
    out.connect(tape);
    const recorder = new MediaRecorder(tape.stream, { audioBitsPerSecond: 256000 });
    const pieces = [];
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    recorder.start();
    await new Promise((done) => setTimeout(done, 1000 * seconds));
    const stopped = new Promise((done) => (recorder.onstop = done));
    recorder.stop();
    await stopped;
    out.disconnect(tape);
    const sound = await context.decodeAudioData(await new Blob(pieces).arrayBuffer());
    const samples = sound.getChannelData(0);
    const step = Math.round(0.05 * sound.sampleRate);
    const levels = [];
    for (let at = 0; at + step <= samples.length; at += step) {
        let power = 0;
        for (let i = at; i < at + step; i += 1) power += samples[i] ** 2;
        levels.push(Math.sqrt(power / step));
    }
    return levels;
}
"""
GAIN = "segue.sound.lead.even.gain.value"


def write_noise(path: Path, seed: int, *, seconds: float, silent_s: float = 0.0, level: float = 0.1) -> Path:
    """Noise that no other seed's is like, with silence at both ends."""
    sound = level * np.random.default_rng(seed).standard_normal(int(seconds * RATE_HZ))
    edge = int(silent_s * RATE_HZ)
    sound[:edge] = 0.0
    sound[len(sound) - edge :] = 0.0
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((np.clip(sound, -1, 1) * 32_000).astype("<i2").tobytes())
    return path


def noises(services: StandIn, folder: Path, *, silent_s: float = 0.0, seconds: float = LENGTH_S) -> StandIn:
    """The same library with other sound in it, measured."""
    shelf = []
    for place, track in enumerate(services.shelf):
        path = write_noise(folder / f"{place:02d}-noise.wav", place, seconds=seconds, silent_s=silent_s)
        shelf.append(Track(track_id_of(path), (path,), replace(track.info, duration_s=seconds)))
        services.rhythms[shelf[-1].id] = rhythm(
            camelot=None, lufs=-14.0, peak_dbtp=-6.0, silence_s=(silent_s, silent_s), outro_s=None
        )
    services.shelf = tuple(shelf)
    return services


def begin(page: Any, *, fade_s: float | None = None) -> list[str]:
    """Play the first song, and give the titles from it on."""
    page.wait_for_selector(FIRST)
    if fade_s is not None:
        page.evaluate(f"segue.player.setSound({{fade_s: {fade_s}}})")
    page.click(FIRST)
    wait(page, f"{AUDIO}.currentTime > 0.2 && document.querySelectorAll('#queue-list > div > ol > li').length === 5")
    wait(page, "segue.sound.out && segue.sound.rest.audio.readyState > 3 && !segue.isWaiting()")
    return [song(page), *upcoming(page)]


def in_fade(page: Any, *, fade_s: float = 3.0) -> list[str]:
    """Be in the middle of the first fade, which lasts so long."""
    titles = begin(page, fade_s=fade_s)
    page.evaluate(f"segue.player.seek({LENGTH_S - fade_s - 2.2})")  # a quarter must be heard to count
    wait(page, f"segue.sound.dying && !{DYING}.paused && {AUDIO}.currentTime > {0.3 * fade_s}")
    assert song(page) == titles[1]
    return titles


def events(services: StandIn, count: int) -> list[tuple[str, str]]:
    """What was noted of the songs, as soon as there are so many."""
    until = time.monotonic() + 10.0
    while len(found := services.listening._library.events.all().events) < count and time.monotonic() < until:
        time.sleep(0.05)
    return [_told(services, event) for event in found]


def _told(services: StandIn, event: Event) -> tuple[str, str]:
    return event.kind, services.track(event.track_id).info.title


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
    page.witness.problems.clear()  # Chromium notes each refused connection
    with served(services, port=int(url.rsplit(":", 1)[1])):
        wait(page, "document.getElementById('player-away').textContent === '' && !segue.isWaiting()")
        wait(page, f"{AUDIO}.currentTime > 0.3 && !{AUDIO}.paused")
        assert song(page) == titles[1]
        assert upcoming(page)[:4] == titles[2:]
        assert len(upcoming(page)) == 5
        page.keyboard.press("n")
        wait(page, f"document.getElementById('player-title').textContent === {json.dumps(titles[2])}")
        wait(page, f"{AUDIO}.currentTime > 0.1 && !segue.isWaiting()")
        page.witness.problems[:] = [p for p in page.witness.problems if "ERR_CONNECTION" not in p and "fetch" not in p]
        page.close()


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
    services: StandIn, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    services = StandIn(tmp_path / "short", services.shelf, only_s=3.0)
    noises(services, tmp_path, seconds=40.0)
    page = visit(serve(services))
    titles = begin(page, fade_s=1.0)
    assert page.inner_text("#player-length") == "0:03"
    began = time.monotonic()
    wait(page, f"document.getElementById('player-title').textContent === {json.dumps(titles[2])}")
    assert 2.0 < time.monotonic() - began < 8.0
    assert events(services, 0) == []  # what was broken off tells nothing of the listener


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


def test_it_stops_after_the_song_where_that_is_wished(
    services: StandIn, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    page = visit(serve(noises(services, tmp_path)))
    titles = begin(page, fade_s=3.0)
    page.click("[data-act=sound]")
    page.select_option("#sound-sleep", "song")
    assert page.get_attribute("[data-act=sound]", "aria-label") == "Sound. Stops after this song"
    page.evaluate(f"segue.player.seek({LENGTH_S - 2.0})")
    page.wait_for_timeout(1000)
    assert song(page) == titles[0]  # no fade: it is heard to its end
    wait(page, f"document.getElementById('player-title').textContent === {json.dumps(titles[1])}")
    wait(page, "!segue.isWaiting()")
    page.wait_for_timeout(400)
    assert page.evaluate(f"{AUDIO}.paused && {AUDIO}.currentTime < 0.1")
    assert page.get_attribute("[data-act=sound]", "aria-label") == "Sound: crossfade and loudness"
    page.keyboard.press("Escape")
    page.click("#player-toggle")
    wait(page, f"{AUDIO}.currentTime > 0.2")


def test_time_to_sleep_lets_the_sound_die_away(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    page = visit(serve(long_songs))
    begin(page)
    page.evaluate("segue.player.sleepAfter('0.005')")
    wait(page, "segue.sound.lead.fade.gain.value < 0.7 && segue.sound.lead.fade.gain.value > 0.1")
    wait(page, f"{AUDIO}.paused")
    page.keyboard.press("Space")
    wait(page, f"!{AUDIO}.paused && segue.sound.lead.fade.gain.value === 1")


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
    page.witness.problems.clear()  # Chromium notes each refused connection
    with served(services, port=int(url.rsplit(":", 1)[1])):
        wait(page, "document.getElementById('player-away').textContent === ''")
        wait(page, f"{AUDIO}.currentTime > 600.3 && !{AUDIO}.paused && !{AUDIO}.error")
        page.witness.problems[:] = [p for p in page.witness.problems if "ERR_CONNECTION" not in p and "fetch" not in p]
        page.close()


def test_a_page_that_is_paused_lets_the_sound_card_rest(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    page = visit(serve(long_songs))
    begin(page)
    page.keyboard.press("Space")
    wait(page, "segue.sound.context.state === 'suspended'")
    at = page.evaluate(f"{AUDIO}.currentTime")
    page.keyboard.press("Space")
    wait(page, f"segue.sound.context.state === 'running' && {AUDIO}.currentTime > {at} + 0.3")
    assert float(np.median(page.evaluate(RECORD, 0.8))) > 0.05
