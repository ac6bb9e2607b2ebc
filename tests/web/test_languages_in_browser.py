"""The booth in another language, in a real Chromium: nothing that a person sees is left in English, nothing is cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from segue.services import Services
from segue.web.languages import COOKIE
from segue.web.rooms import HOME, ROOMS
from tests.web.stand_in import StandIn
from tests.web.test_access_in_browser import MISNAMED
from tests.web.test_booth_in_browser import AUDIO, FIRST, Serve, Visit, play_first, upcoming, wait

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
    "test-ear", "BPM", "LUFS", "Hz", "kHz", "min", "kB", "MB", "GB", "dB", "TF-IDF", "MPD", "JSON", "MP3", "FLAC", "WAV",
    "Opus", "M4A", "AAC", "ALAC", "AIFF", "OGG", "M3U8", "XSPF", "JSPF", "tracks", "txt", "M3U", "Deutsch", "English",
    "minor", "major",
)  # fmt: skip
"""What of these tests' library and of the world's words stands in every language."""

CUT = """() => [...document.querySelectorAll("button, a, h1, h2, h3, label, legend, p, summary, dt, dd, th, li")]
    .filter((one) => one.checkVisibility() && one.textContent.trim() && !one.closest(".sr-only, .skip-link"))
    .filter((one) => !one.closest(".rows, .stops, .segue-table, .player, .choices, .mix-list, .waypoints, .now, .booths"))
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


@pytest.fixture
def dialogs() -> Iterator[list[tuple[str, str]]]:
    """What opens each dialog and menu, and what is there then."""
    return [
        ("[data-act=help]", ".keys"),
        ("[data-act=add-music]", ".folder-rows"),
        ("[data-act=taste]", ".taste-why"),
        ("[data-act=party]", "#party-name"),
        ("#queue [data-act=more]", "#opinions:popover-open"),
        ("[data-act=sound]", "#sound:popover-open"),
        ("[data-act=export]", "#opinions:popover-open"),
    ]


def told(page: Any) -> list[str]:
    return unmarked(page.evaluate(SEEN))


def chosen(context: dict[str, Any], url: str, code: str) -> dict[str, Any]:
    cookie = {"name": COOKIE, "value": code, "url": url}
    return {**context, "storage_state": {"cookies": [{**cookie, "domain": "127.0.0.1", "path": "/"}], "origins": []}}
