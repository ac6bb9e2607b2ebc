"""The booth in a real Chromium, on a library of a hundred thousand songs, and with twenty listeners at once."""

from __future__ import annotations

import contextlib
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figures import Bench, Figure, child_environment, memory_bytes
from benchmarks.library import make_library
from segue.demo.writer import write_audio
from tests.browsing import launch

_TRACKS = 100_000
_VISITS = 3
_WORDS = ("song", "song 4", "song 42", "artist 7", "artist 77", "album 12", "album 1234", "song 99999", "son", "9")
_LAYOUT_MS = 600_000  # the first visit waits for the places of all songs
_LISTENERS = 20
_LISTENING_S = 20.0
_BYTES_A_SECOND = 40_000  # 320 kbit/s
_ROW = "#results .row-main"
_LINKS_EACH = 25_000  # of one file: a file system allows 65,000


def _run(music: Path, scratch: Path) -> list[Figure]:
    from playwright.sync_api import sync_playwright

    data = scratch / "hundred-thousand"
    make_library(data, _TRACKS, files=_files(scratch / "songs"))
    reference = f"library of {_TRACKS:,} songs"
    with _served(data) as (url, server), sync_playwright() as driver:
        browser = launch(driver.chromium, "--mute-audio")
        interactive_s = statistics.median(_interactive_s(browser, url) for _ in range(_VISITS))
        page = browser.new_page()
        page.goto(url)
        page.wait_for_selector(_ROW)
        search_ms = statistics.median(_search_ms(page, words) for words in _WORDS)
        sound_ms = statistics.median(_click_to_sound_ms(page, place) for place in (1, 4, 7, 2, 5))
        page.close()  # it plays, and the map is to be measured by itself
        map_s = _map_s(browser, url)
        browser.close()
        stall_ms = _worst_wait_ms(url)
        memory_mb = memory_bytes(server) / 1e6
    waits = f"longest wait of a page for the server while {_LISTENERS} listen"
    return [
        Figure("web.interactive_s.100000", interactive_s, "s", f"empty cache to songs to click, {reference}", goal=2.0),
        Figure("web.search_ms.100000", search_ms, "ms", f"median, last key to rows, {reference}", goal=150.0),
        Figure("web.click_to_sound_ms", sound_ms, "ms", f"click to a playing element, {reference}", goal=500.0),
        Figure("web.map_s.100000", map_s, "s", f"address to a drawn map whose places are known, {reference}", goal=3.0),
        Figure("web.rss_mb.100000", memory_mb, "MB", f"the server after all of this, {reference}", goal=500.0),
        Figure("web.listeners", stall_ms, "ms", waits, goal=1000.0),
    ]


def _files(folder: Path) -> list[Path]:
    """As many files as there are songs: a minute of sound under many names."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    found: list[Path] = []
    while len(found) < _TRACKS:
        first = folder / f"{len(found):06d}.mp3"
        tone = np.sin(2 * np.pi * rng.uniform(200.0, 400.0) * np.arange(60 * 44_100) / 44_100)
        write_audio(first, np.stack([tone, tone]).astype(np.float32) * 0.3, extension="mp3")
        found.append(first)
        for number in range(len(found), min(_TRACKS, len(found) + _LINKS_EACH - 1)):
            link = folder / f"{number:06d}.mp3"
            os.link(first, link)
            found.append(link)
    return found


@contextlib.contextmanager
def _served(data: Path) -> Iterator[tuple[str, int]]:
    """The booth as a listener starts it: its address and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "segue.cli", "serve", "--data", str(data), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=child_environment())
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_for(url: str) -> None:
    for _ in range(3000):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=30).read(1)
            return
        time.sleep(0.02)
    raise RuntimeError("the booth did not answer within a minute")


def _interactive_s(browser: Any, url: str) -> float:
    """From an empty cache to songs on the page whose buttons answer."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    started = time.perf_counter()
    page.goto(url)
    page.wait_for_function(f"Boolean(window.segue?.deck) && document.querySelector({_ROW!r}) !== null", polling=20)
    seconds = time.perf_counter() - started
    context.close()
    return seconds


def _search_ms(page: Any, words: str) -> float:
    """From the last key of some words to their songs, measured by the page itself."""
    page.fill("#search", words[:-1])
    page.wait_for_timeout(700)
    page.evaluate("""
        () => {
            const search = document.getElementById("search");
            window.measured = null;
            search.addEventListener("input", () => {
                const began = performance.now();
                new MutationObserver((_, watcher) => {
                    watcher.disconnect();
                    requestAnimationFrame(() => (window.measured = performance.now() - began));
                }).observe(document.getElementById("results"), { childList: true, subtree: true });
            }, { once: true });
        }
    """)
    page.press("#search", "End")
    page.type("#search", words[-1])
    return float(page.wait_for_function("window.measured", polling=20).json_value())


def _click_to_sound_ms(page: Any, place: int) -> float:
    """From a click on a song to an element that plays it."""
    page.fill("#search", "")
    page.wait_for_timeout(700)
    page.evaluate("""
        (place) => {
            window.measured = null;
            const began = performance.now();
            const row = document.querySelectorAll("#results .row-main")[place];
            row.click();
            const look = () => {
                const sounds = [...document.querySelectorAll("audio")].some(
                    (one) => one.src.includes(row.dataset.track) && !one.paused && one.currentTime > 0,
                );
                if (sounds) window.measured = performance.now() - began;
                else requestAnimationFrame(look);
            };
            look();
        }
    """, place)  # fmt: skip
    return float(page.wait_for_function("window.measured", polling=20).json_value())


def _map_s(browser: Any, url: str) -> float:
    """From the map's address to its points, once the places of the songs are known."""
    seconds = []
    for visit in range(1 + _VISITS):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        started = time.perf_counter()
        page.goto(f"{url}/map")
        drawn = f"document.getElementById('map')?.dataset.points === '{_TRACKS}'"
        page.wait_for_function(drawn, polling=20, timeout=_LAYOUT_MS if visit == 0 else 60_000)
        seconds.append(time.perf_counter() - started)
        context.close()
    return statistics.median(seconds[1:])


def _worst_wait_ms(url: str) -> float:
    """The longest time that a page waits for a short answer while many stream as fast as they play."""
    ids = [f"{number:016x}" for number in range(_LISTENERS)]
    stop = threading.Event()
    listeners = [threading.Thread(target=_listen, args=(f"{url}/media/{i}/audio", stop), daemon=True) for i in ids]
    for listener in listeners:
        listener.start()
    waits: list[float] = []
    ends = time.perf_counter() + _LISTENING_S
    while time.perf_counter() < ends:
        began = time.perf_counter()
        urllib.request.urlopen(f"{url}/media/{ids[len(waits) % _LISTENERS]}/cover?size=96", timeout=60).read()
        waits.append(time.perf_counter() - began)
        time.sleep(0.05)
    stop.set()
    return 1000.0 * max(waits)


def _listen(url: str, stop: threading.Event) -> None:
    """Read a song no faster than it plays, again and again."""
    while not stop.is_set():
        with urllib.request.urlopen(url, timeout=60) as song:
            while not stop.is_set() and song.read(_BYTES_A_SECOND // 4):
                time.sleep(0.25)


measure_web = Bench(
    (
        "web.interactive_s.100000",
        "web.search_ms.100000",
        "web.click_to_sound_ms",
        "web.map_s.100000",
        "web.rss_mb.100000",
        "web.listeners",
    ),
    _run,
)
