"""The booth in a real Chromium, over a real server and real sound; the library stands in memory."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segue.store.background import ScanStatus
from segue.values import ScanProgress, Track
from tests.web.conftest import forgive_absence, served
from tests.web.stand_in import StandIn, failure, write_chord

pytestmark = pytest.mark.browser

Serve = Callable[..., str]
Visit = Callable[..., Any]

AUDIO = "document.getElementById('segue-audio')"
FIRST = "#results .row-main"
LOUDNESS = """
async () => {
    if (!window.ear) {
        while (!segue.sound.out) await new Promise((done) => setTimeout(done, 20));
        window.ear = new AnalyserNode(segue.sound.context, {fftSize: 2048});
        segue.sound.out.connect(ear);
    }
    const samples = new Float32Array(2048);
    for (let i = 0; i < 100; i += 1) {
        await new Promise((done) => setTimeout(done, 50));
        ear.getFloatTimeDomainData(samples);
        if (samples.some((x) => Math.abs(x) > 0.05)) return Math.max(...samples.map(Math.abs));
    }
    return 0;
}
"""


def wait(page: Any, condition: str, *, seconds: float = 20.0) -> None:
    """Wait for a condition, and name it where it never comes true."""
    until = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < until, f"never came true: {condition}"
        page.wait_for_timeout(40)


def loaded(page: Any) -> str:
    """The id of the track in the player."""
    return str(page.evaluate(f"{AUDIO}.src.split('/').at(-2)"))


def song(page: Any) -> str:
    return str(page.inner_text("#player-title"))


def upcoming(page: Any) -> list[str]:
    return [name.removeprefix("Play ") for name in page.locator("#queue-list > div > ol .title").all_text_contents()]


def play_first(page: Any) -> None:
    page.click(FIRST)
    wait(page, f"{AUDIO}.currentTime > 0.2 && document.querySelectorAll('#queue-list > div > ol > li').length === 5")


def test_the_song_that_plays_shows_what_it_is_heard_as(
    services: StandIn, serve: Serve, visit: Visit, shelf: tuple[Track, ...]
) -> None:
    services.tags |= {track.id: (f"as {track.info.title}", "mellow", "piano", "slow") for track in shelf}
    page = visit(serve(services))
    play_first(page)
    assert page.inner_text("#now .badges").split("\n") == [f"as {song(page)}", "mellow", "piano"]
    services.tags.clear()
    page.keyboard.press("n")
    wait(page, "document.querySelectorAll('#now .badges').length === 0")


def test_escape_clears_the_search_and_then_leaves_it(address: str, visit: Visit) -> None:
    page = visit(address)
    page.wait_for_selector(FIRST)
    page.keyboard.press("/")
    page.keyboard.type("quiet eng")
    wait(page, "document.querySelectorAll('#results .row-main').length === 1")
    page.keyboard.press("Escape")
    wait(page, "document.querySelectorAll('#results .row-main').length > 1")
    wait(page, "document.querySelector('#search').value === ''")
    page.keyboard.press("Escape")
    wait(page, "document.activeElement !== document.querySelector('#search')")


def test_search_click_hear_and_the_next_song_starts_by_itself(
    address: str, visit: Visit, shelf: tuple[Track, ...]
) -> None:
    page = visit(address)
    page.wait_for_selector(FIRST)
    page.keyboard.press("/")
    page.keyboard.type("quiet eng")
    wait(page, f"document.querySelectorAll('{FIRST}').length === 1")
    page.click(FIRST)
    wait(page, f"{AUDIO}.currentTime > 0.3")
    assert song(page) == "Quiet Engine"
    assert page.inner_text("#player-length") == page.inner_text("#results .length")  # one was rounded, one cut off
    assert page.evaluate(LOUDNESS) > 0.05
    first = loaded(page)
    assert first == shelf[3].id
    following = upcoming(page)
    assert len(following) == 5
    wait(page, f"!{AUDIO}.src.includes('{first}') && {AUDIO}.currentTime > 0.2")
    assert song(page) == following[0]
    assert page.evaluate(LOUDNESS) > 0.05
    wait(page, "!segue.isWaiting()")
    assert upcoming(page)[:4] == following[1:]
    assert len(upcoming(page)) == 5
    assert page.title().startswith(following[0])


def test_a_click_is_heard_soon(address: str, visit: Visit) -> None:
    page = visit(address)
    page.wait_for_selector(FIRST)
    began = time.monotonic()
    page.click(FIRST)
    wait(page, f"{AUDIO}.currentTime > 0")
    assert time.monotonic() - began < 5  # half a second on a quiet machine


def test_skip_previous_jump_and_undo(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(long_songs)
    page = visit(url)
    play_first(page)
    first, following = song(page), upcoming(page)
    page.keyboard.press("n")
    wait(page, f"document.getElementById('player-title').textContent === {json.dumps(following[0])}")
    wait(page, "!segue.isWaiting()")
    assert len(upcoming(page)) == 5
    page.keyboard.press("p")
    wait(page, f"document.getElementById('player-title').textContent === {json.dumps(first)}")
    third = "#queue-list > div > ol > li:nth-child(3)"
    wait(page, f"document.querySelector({third!r}).textContent.includes({json.dumps(following[2])})")
    page.click(f"{third} .row-main")
    wait(page, f"document.getElementById('player-title').textContent === {json.dumps(following[2])}")
    wait(page, "!segue.isWaiting()")
    before = upcoming(page)
    page.hover("#queue-list > div > ol > li")
    page.click("#queue-list > div > ol > li [data-act=remove]")
    wait(page, f"!document.getElementById('queue-list').textContent.includes({json.dumps(before[0])})")
    wait(page, "!segue.isWaiting()")
    page.click("[data-act=undo]")
    wait(page, f"document.querySelector('#queue-list ol .title').textContent === {json.dumps('Play ' + before[0])}")


def test_two_ends_at_once_skip_one_song(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(long_songs)
    page = visit(url)
    play_first(page)
    following = upcoming(page)
    page.evaluate("segue.send('advance', {entry: 1}); segue.send('advance', {entry: 1})")
    wait(page, "!segue.isWaiting()")
    assert song(page) == following[0]


def test_a_reload_keeps_queue_and_position_and_does_not_blare(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(long_songs)
    page = visit(url)
    play_first(page)
    page.evaluate(f"{AUDIO}.currentTime = 21")
    wait(page, f"{AUDIO}.currentTime > 21.2")
    title, following = song(page), upcoming(page)
    page.reload()
    wait(page, f"{AUDIO}?.readyState >= 1 && {AUDIO}.currentTime > 20")
    assert (song(page), upcoming(page)) == (title, following)
    assert page.evaluate(f"{AUDIO}.paused")
    page.keyboard.press("Space")
    wait(page, f"!{AUDIO}.paused")


def test_the_queue_outlives_the_server(long_songs: StandIn, visit: Visit) -> None:
    with served(long_songs) as url:
        page = visit(url)
        play_first(page)
        following = upcoming(page)
    page.keyboard.press("n")
    page.wait_for_selector("text=Segue does not answer. Is it still running?")
    with served(long_songs, port=int(url.rsplit(":", 1)[1])) as url:
        page.reload()
        wait(page, "Boolean(window.segue?.deck)")  # the server hears only now that the listener went on
        wait(page, f"document.getElementById('player-title').textContent === {json.dumps(following[0])}")
        wait(page, "!segue.isWaiting()")
        assert upcoming(page)[:4] == following[1:]
        assert len(upcoming(page)) == 5
        forgive_absence(page)
        page.close()


def test_a_browser_that_refuses_to_play_is_explained(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(long_songs)
    page = visit(url)
    refuse = "async () => { throw new DOMException('no gesture', 'NotAllowedError'); }"
    page.evaluate(
        f"() => {{ window.play = HTMLMediaElement.prototype.play; HTMLMediaElement.prototype.play = {refuse}; }}"
    )
    page.click(FIRST)
    page.wait_for_selector("text=The browser waits for you: press play.")
    page.evaluate("() => { HTMLMediaElement.prototype.play = window.play; }")
    page.click("#player-toggle")
    wait(page, f"{AUDIO}.currentTime > 0.2")


def test_two_browsers_have_two_queues(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(long_songs)
    one, two = visit(url), visit(url)
    play_first(one)
    two.click("#results li:nth-child(9) .row-main")
    wait(two, f"{AUDIO}.currentTime > 0.1")
    assert song(one) != song(two)
    assert upcoming(one) != upcoming(two)


def test_add_and_play_next_and_the_dials(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(long_songs)
    page = visit(url)
    play_first(page)
    page.hover("#results li:nth-child(12)")
    page.click("#results li:nth-child(12) [data-act=add]")
    wait(page, "document.querySelector('#queue-list ol .title').textContent === 'Play Late Return'")
    page.hover("#results li:nth-child(11)")
    page.click("#results li:nth-child(11) [data-act=play_next]")
    wait(page, "document.querySelector('#queue-list ol .title').textContent === 'Play Slow Signal'")
    wait(page, "!segue.isWaiting()")
    before = upcoming(page)
    page.focus("#noise [role=slider]")
    page.keyboard.press("End")
    wait(page, "segue.booth.noise === 1 && !segue.isWaiting()")
    after = upcoming(page)
    assert after[:2] == before[:2] == ["Slow Signal", "Late Return"]
    assert len(after) == 5
    page.reload()
    wait(page, "document.querySelector('#noise [role=slider]')?.getAttribute('aria-valuenow') === '1'")
    page.wait_for_timeout(500)  # the dials' first values were sent as if they had been moved, and "Drunk" was lost
    wait(page, "!segue.isWaiting()")
    assert page.evaluate("segue.booth.noise") == 1
    assert page.get_attribute("#noise [role=slider]", "aria-valuenow") == "1"


def test_two_dials_moved_at_once_both_count(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    """The second dial's command took the first one back, for it began from what the server had last answered."""
    page = visit(serve(long_songs))
    play_first(page)
    wait(page, "!segue.isWaiting()")
    settings = "[segue.booth.lookback, segue.booth.noise].join()"
    page.evaluate("segue.set('lookback', 5); segue.set('noise', 0.5)")
    wait(page, f"!segue.isWaiting() && {settings} === '5,0.5'")
    page.wait_for_timeout(300)
    wait(page, "!segue.isWaiting()")  # the queue may just be looking for news
    assert page.evaluate(settings) == "5,0.5"  # showing them moved nothing
    assert page.get_attribute("#noise [role=slider]", "aria-valuenow") == "0.5"
    page.evaluate("segue.set('lookback', 8); segue.set('noise', 1); segue.set('lookback', 5); segue.set('noise', 0.5)")
    wait(page, "!segue.isWaiting()")
    page.wait_for_timeout(300)
    wait(page, "!segue.isWaiting()")  # the queue may just be looking for news
    assert page.evaluate(settings) == "5,0.5"  # moved back before the answer came


def test_any_file_becomes_a_seed(long_songs: StandIn, serve: Serve, visit: Visit, tmp_path: Path) -> None:
    mine = write_chord(tmp_path / "My own song.wav", 321.0)
    url = serve(long_songs)
    page = visit(url)
    page.wait_for_selector(FIRST)
    page.set_input_files("#seed-file", str(mine))
    wait(page, f"{AUDIO}.currentTime > 0.2")
    assert "Songs that go with “My own song”" in page.inner_text("#now")
    assert len(upcoming(page)) == 5
    drop = """async () => {
        const transfer = new DataTransfer();
        transfer.items.add(new File(["just words"], "notes.txt"));
        for (const type of ["dragenter", "dragover", "drop"])
            document.body.dispatchEvent(new DragEvent(type, {dataTransfer: transfer, bubbles: true}));
    }"""
    page.evaluate(drop)
    page.wait_for_selector("text=notes.txt: there is no sound in it. Choose a song")
    # Chromium itself notes the refusal on the console
    page.witness.problems[:] = [p for p in page.witness.problems if "415" not in p]


def test_a_song_whose_file_is_gone_is_said_and_passed_over(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(long_songs)
    page = visit(url)
    page.wait_for_selector(FIRST)
    long_songs.shelf[0].paths[0].unlink()
    page.click(FIRST)
    page.wait_for_selector("text=it is not there any more. Scan its folder again")
    wait(page, f"{AUDIO}.currentTime > 0.2")
    assert song(page) != "Morning Ferry"
    page.witness.problems[:] = [p for p in page.witness.problems if "404" not in p]


def test_an_empty_library_offers_the_demo(serve: Serve, visit: Visit, empty: StandIn) -> None:
    page = visit(serve(empty))
    page.wait_for_selector("text=A DJ for the music you own")
    assert not page.is_visible("#player")
    page.click("text=Play the demo library")
    page.wait_for_selector("text=Composing the demo library: 12 of 72 songs")
    assert empty.began == ["demo"]


def test_songs_can_be_played_while_the_scan_goes_on(
    serve: Serve, visit: Visit, empty: StandIn, shelf: tuple[Track, ...]
) -> None:
    services = empty
    services.status = ScanStatus(running=True, progress=ScanProgress("listening", 0, 12, 0, None, 0.0, None))
    url = serve(services)
    page = visit(url)
    page.wait_for_selector("text=Listening to your music: 0 of 12")
    services.shelf, services.version = shelf[:1], 2
    services.status = ScanStatus(running=True, progress=ScanProgress("listening", 1, 12, 0, None, 1.0, 240.0))
    page.wait_for_selector("text=Listening to your music: 1 of 12, about 4 min left")
    page.click(FIRST)
    wait(page, f"{AUDIO}.currentTime > 0.1")
    services.shelf, services.version = shelf, 3
    services.status, services.broken = ScanStatus(), (failure("words.mp3"),)
    wait(page, "document.querySelectorAll('#queue-list > div > ol > li').length === 5")
    page.click("text=1 file could not be read")
    page.wait_for_selector("text=there is no sound in it. Remove it")


def test_a_scan_can_be_stopped(services: StandIn, serve: Serve, visit: Visit) -> None:
    services.status = ScanStatus(running=True, progress=ScanProgress("listening", 2, 12, 0, None, 1.0, 240.0))
    url = serve(services)
    page = visit(url)
    page.click("#cancel-scan")
    wait(page, "!document.querySelector('#cancel-scan')")
    assert services.began == ["cancelled"]


def test_the_queue_is_saved_as_a_playlist(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(long_songs)
    page = visit(url)
    play_first(page)
    page.click("[data-act=export]")
    with page.expect_download() as waiting:
        page.click("[data-act=save_as][data-kind=m3u8]")
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert waiting.value.suggested_filename == "Segue.m3u8"
    assert len([line for line in text.splitlines() if not line.startswith("#")]) == 6


def test_keys_seek_mute_and_explain_themselves(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(long_songs)
    page = visit(url)
    play_first(page)
    page.keyboard.press("Space")  # it once pressed the clicked row again, and the song began anew
    wait(page, f"{AUDIO}.paused")
    page.wait_for_selector("#now >> text=Paused")
    page.keyboard.press("Space")
    page.wait_for_selector("#now >> text=Now playing")
    page.keyboard.press("ArrowRight")
    wait(page, f"{AUDIO}.currentTime > 10")
    page.keyboard.press("ArrowLeft")
    wait(page, f"{AUDIO}.currentTime < 9")
    page.keyboard.press("m")
    wait(page, f"{AUDIO}.muted")
    page.keyboard.press("?")
    page.wait_for_selector("text=Ten seconds back or on")
    page.focus("#shortcuts")
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    page.wait_for_selector("text=Ten seconds back or on", state="hidden")
    page.keyboard.press("m")
    assert page.evaluate(f"{AUDIO}.muted")


def test_seeking_goes_where_it_is_dragged(long_songs: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(long_songs)
    page = visit(url)
    play_first(page)
    box = page.locator("#player-seek").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait(page, f"Math.abs({AUDIO}.currentTime - 20) < 3")
    assert re.fullmatch(r"0:(1[7-9]|2\d) of 0:40", page.get_attribute("#player-seek", "aria-valuetext"))


def test_a_fault_shows_one_line_and_the_page_goes_on(
    services: StandIn, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    url = serve(services)
    page = visit(url)
    page.wait_for_selector(FIRST)
    choose = services.choosing.continue_queue

    def break_down(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret")

    services.choosing.continue_queue = break_down  # type: ignore[method-assign, assignment]
    page.click(FIRST)
    page.wait_for_selector("text=Something went wrong inside Segue")
    assert "secret" not in page.content()
    services.choosing.continue_queue = choose  # type: ignore[method-assign]
    play_first(page)


def held_back(services: StandIn, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Let no search be answered before that is set: the server is busy."""
    answers, search = threading.Event(), services.search

    def wait_and_search(words: str, *, limit: int = 50) -> tuple[Track, ...]:
        answers.wait(20)
        return search(words, limit=limit)

    monkeypatch.setattr(services, "search", wait_and_search)
    return answers


def test_songs_come_as_soon_as_a_busy_server_answers(
    services: StandIn, serve: Serve, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two looks shared one answer that only one could read, and the page stood empty for six seconds."""
    answers = held_back(services, monkeypatch)
    page = visit(serve(services))
    page.wait_for_timeout(500)
    answers.set()
    page.wait_for_selector(FIRST, timeout=4000)


def test_what_is_typed_before_the_first_answer_counts(
    services: StandIn, serve: Serve, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = held_back(services, monkeypatch)
    page = visit(serve(services))
    page.fill("#search", "no such song")
    page.wait_for_timeout(500)
    answers.set()
    page.wait_for_selector(".nothing >> visible=true", timeout=4000)
    assert page.locator(FIRST).count() == 0
