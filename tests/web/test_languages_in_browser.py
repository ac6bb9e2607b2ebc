"""The booth in another language, in a real Chromium: nothing that a person sees is left in English, nothing is cut."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from segue.reach import Reach
from segue.services import Services
from segue.web.languages import COOKIE
from segue.words import PSEUDO
from tests import catalogues
from tests.web.stand_in import StandIn
from tests.web.test_access_in_browser import MISNAMED, PATHS
from tests.web.test_booth_in_browser import AUDIO, FIRST, Serve, Visit, wait

pytestmark = pytest.mark.browser

SEEN = """() => {
    const seen = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const holder = node.parentElement;
        if (!holder.closest("script, style, code, kbd, option") && holder.checkVisibility()) seen.push(node.data);
    }
    for (const one of document.querySelectorAll("*")) {
        if (!one.checkVisibility()) continue;
        for (const name of ["title", "placeholder", "aria-label", "aria-valuetext", "alt"]) {
            if (one.hasAttribute(name)) seen.push(one.getAttribute(name));
        }
    }
    for (const choice of document.querySelectorAll("option")) seen.push(choice.text);
    return seen.map((text) => text.trim()).filter(Boolean);
}"""
"""All that a page shows or has screen readers say."""

DATA = (
    "Segue", "Song", "Band", "music", "rock", "tmp", "home", "you", "Music", "nina simone", "sinnerman", "localhost",
    "tiny", "BPM", "LUFS", "Hz", "kHz", "min", "kB", "MB", "GB", "dB", "TF-IDF", "MPD", "JSON", "MP3", "FLAC",
    "WAV", "Opus", "M4A", "AAC", "ALAC", "AIFF", "OGG", "M3U8", "XSPF", "JSPF", "tracks", "txt", "M3U", "Deutsch",
    "English",
    "minor", "major", "Am",
)  # fmt: skip
"""What of these tests' library and of the world's words stands in every language."""

QUEUE = "[...document.querySelectorAll('.next-songs > .row')].map((row) => [row.dataset.entry, row.dataset.origin])"

CUT = """() => [...document.querySelectorAll("button, a, h1, h2, h3, label, legend, p, summary, dt, dd, th, li")]
    .filter((one) => one.checkVisibility() && one.textContent.trim() && !one.closest(".sr-only, .skip-link"))
    .filter((one) => !one.closest(".rows, .segue-table, .player, .mix-list, .now"))
    .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline")
    .map((one) => `${one.className}: ${one.textContent.slice(0, 80)}`)
"""
"""Words that have too little room; lists of songs cut titles on purpose."""


def unmarked(texts: list[str]) -> list[str]:
    """Texts of which something stands outside of the brackets and is no data."""
    return sorted({text for text in texts if re.search(r"[^\W\d_]{2}", _without_data(_outside(text)))})


def _outside(text: str) -> str:
    """What no bracket holds; a sentence may be parted by what stands in its places."""
    while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = shorter
    return re.sub(r"^.*⟧|⟦.*$", " ", text, flags=re.DOTALL)


def _without_data(text: str) -> str:
    known = "|".join(map(re.escape, sorted(DATA, key=len, reverse=True)))
    return re.sub(rf"(?<!\w)(?:{known})(?!\w)|\S*/\S+|\S+\.(?:flac|mp3)", " ", text)


def test_the_test_tells_what_is_marked() -> None:
    assert unmarked(["⟦Play {x}⟧", "Song 1", "⟦⟦12 songs⟧ with “a”⟧", "120 BPM", "⟦Set it: ", ".⟧", "· ⟦a⟧"]) == []
    assert unmarked(["Play", "⟦Play⟧ now", "⟦a⟧ and ⟦b⟧"]) == ["Play", "⟦Play⟧ now", "⟦a⟧ and ⟦b⟧"]


def told(page: Any) -> list[str]:
    return unmarked(page.evaluate(SEEN))


def in_language(code: str) -> dict[str, Any]:
    """The browser in which somebody has chosen a language."""
    cookie = {"name": COOKIE, "value": code, "domain": "127.0.0.1", "path": "/"}
    return {"storage_state": {"cookies": [cookie], "origins": []}}


def begin(page: Any) -> None:
    """Let a song play."""
    page.click(FIRST)
    wait(page, f"{AUDIO}.currentTime > 0.2 && !segue.isWaiting()")


def test_every_text_of_a_room_is_marked(house: Services, serve: Serve, visit: Visit) -> None:
    page = visit(serve(house), **in_language(PSEUDO))
    begin(page)
    left = {}
    for path in PATHS:
        page.evaluate(f"segue.go({path!r})")
        page.wait_for_timeout(1500)
        left[path] = told(page)
    assert {path: texts for path, texts in left.items() if texts} == {}


DIALOGS = {
    "[data-act=help]": ".keys",
    "[data-act=add-music]": ".folder-rows",
    "[data-act=taste]": ".taste-why",
    "#queue [data-act=party]": "#party-name",
    "#queue [data-act=more]": "#opinions:popover-open",
    "#queue [data-act=export]": "#opinions:popover-open",
    "#queue [data-act=export], #opinions >> text=⟦Save as playlist⟧": "#name-field",
    "#queue [data-act=export], #opinions >> text=⟦Send to MPD⟧": "#mpd-host",
    "[data-act=sound]": "#sound:popover-open",
    "[data-act=failures]": ".failures",
    "[data-act=like] >> visible=true": ".toast",
}
"""What is pressed, and what then is there."""


def test_every_text_of_a_dialog_is_marked(house: Services, serve: Serve, visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "music" / "words.flac").write_text("no music, only words")
    house.scan([tmp_path / "music"])
    page = visit(serve(house, reach=Reach((tmp_path / "music",), usual=False)), **in_language(PSEUDO))
    begin(page)
    left = {}
    for press, opened in DIALOGS.items():
        for each in press.split(", "):
            page.click(each)
        page.wait_for_selector(opened)
        page.wait_for_timeout(500)
        left[press] = told(page)
        page.reload()
        wait(page, "Boolean(window.segue?.deck?.current)")
    assert {press: texts for press, texts in left.items() if texts} == {}


def test_every_text_of_what_is_done_is_marked(house: Services, serve: Serve, visit: Visit) -> None:
    page = visit(serve(house), **in_language(PSEUDO))
    begin(page)
    tracks = page.evaluate("[...document.querySelectorAll('#results li')].map((row) => row.dataset.of)")
    ways = (
        "document.querySelector('#results [data-act=add]').click()",
        "segue.send('dislike', {track: segue.deck.current.track})",
        "segue.send('remove', {entry: segue.deck.next.entry})",
        "segue.send('save_list', {name: 'Song', played: 'yes'})",
        "segue.send('save_radio', {name: 'Band'})",
        "segue.go('/saved')",
        f"segue.go('/journey?via={tracks[0]},{tracks[2]}')",
        "document.querySelector('[data-act=journey_wish][data-value=minutes]').click()",
        f"segue.go('/mix?tracks={tracks[0]}')",
        "segue.go('/nowhere')",
        "segue.go('/')",
        "segue.music.find('zzz')",
        "segue.music.find('song 1')",
    )
    for way in ways:
        page.evaluate(way)
        page.wait_for_timeout(1200)
        assert told(page) == [], way


def test_every_text_of_the_first_page_and_of_the_door_is_marked(
    services: StandIn, serve: Serve, visit: Visit, chromium: Any
) -> None:
    services.shelf = ()
    url = serve(services)
    first = visit(url, **in_language(PSEUDO))
    assert told(first) == []
    first.close()  # it would knock at the door
    services.door.set_password("quiet engine")
    context = chromium.new_context(**in_language(PSEUDO))
    page = context.new_page()
    page.goto(url)
    page.fill("#password", "wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("#problem")
    assert told(page) == []
    page.goto(f"{url}/assets/worker/offline.html")
    assert told(page) == []
    context.close()


@pytest.mark.parametrize("act", ["table_correct", "table_retag"])
def test_every_text_of_what_is_done_to_marked_songs_is_marked(
    house: Services, serve: Serve, visit: Visit, act: str
) -> None:
    page = visit(serve(house), **in_language(PSEUDO))
    page.evaluate("segue.go('/library')")
    page.click(".ag-selection-checkbox input >> nth=0")
    page.click(f"[data-act={act}]")
    page.wait_for_selector(".correct-body, .retag-table table")
    page.wait_for_timeout(500)
    assert told(page) == []


@pytest.mark.parametrize("width", [1440, 390])
def test_a_german_browser_sees_german_in_every_room_and_nothing_is_cut(
    house: Services, serve: Serve, visit: Visit, width: int
) -> None:
    english = {message.id for message in catalogues.read("de") if message.id != message.string} - {"English"}
    page = visit(serve(house), locale="de-DE", viewport={"width": width, "height": 900})
    assert page.evaluate("document.documentElement.lang") == "de"
    begin(page)
    left, cut = {}, {}
    for path in PATHS:
        page.evaluate(f"segue.go({path!r})")
        page.wait_for_timeout(1500)
        left[path] = sorted(english.intersection(page.evaluate(SEEN)))
        cut[path] = page.evaluate(CUT) + page.evaluate(MISNAMED)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert {path: texts for path, texts in left.items() if texts} == {}
    assert {path: texts for path, texts in cut.items() if texts} == {}


def test_the_language_is_changed_in_settings_and_the_queue_and_the_song_stay(
    house: Services, serve: Serve, visit: Visit
) -> None:
    page = visit(serve(house))
    begin(page)
    page.evaluate("segue.player.seek(12)")
    page.click("#player-toggle")
    songs = page.evaluate(QUEUE)
    page.evaluate("segue.go('/settings')")
    page.click("#language >> text=Deutsch")
    wait(page, "document.documentElement.lang === 'de' && window.segue?.deck?.current")
    page.wait_for_selector("text=Wie der Browser")
    assert page.evaluate(QUEUE) == songs
    assert page.evaluate(f"{AUDIO}.currentTime") == pytest.approx(12, abs=1)
    page.click("#language >> text=Wie der Browser")
    wait(page, "document.documentElement.lang === 'en' && window.segue?.deck?.current")
    assert page.evaluate(QUEUE) == songs
