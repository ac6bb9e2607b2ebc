"""Takes the pictures in docs/screenshots anew: ``make screenshots`` serves the demo library and visits every room.

They are to be looked at afterwards, by people: what a program can tell of a page, the tests tell.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import sync_playwright

from segue.choose.playlist import ContinueSpec
from segue.profiles import Beginning, Profile
from segue.reach import Reach
from segue.services import Services
from segue.values import Track
from segue.web.languages import COOKIE
from tests.browsing import launch
from tests.conftest import ROOT
from tests.web.conftest import served

SHOTS = ROOT / "docs" / "screenshots"
SIZES = {1440: {"width": 1440, "height": 900}, 390: {"width": 390, "height": 844}}
SCHEMES = ("dark", "light")
CALM = ("Chamber Music", "Classical Piano", "Ambient", "Reggae")
ROOMS = ("library", "map", "journey", "mix", "live", "saved", "quality", "settings")
PLAYS = "window.segue?.player?.isPlaying && !segue.isWaiting()"
DRAWN = {"map": "#map[data-points]", "library": ".ag-row", "journey": ".journey-way .stop", "mix": "#mix-text"}
"""What a room shows once it is all there."""


class Camera:
    """A browser, and the pictures that it takes of one booth."""

    def __init__(self, browser: Any, url: str) -> None:
        self._browser = browser
        self._url = url

    @contextmanager
    def page(self, width: int, scheme: str, **options: Any) -> Iterator[Any]:
        """A page of its own, as wide as that, which has had its first answer."""
        context = self._browser.new_context(viewport=SIZES[width], has_touch=width < 500, **options)
        context.add_init_script(f"localStorage.setItem('segue.theme', JSON.stringify('{scheme}'))")
        page = context.new_page()
        page.goto(self._url)
        page.wait_for_function("Boolean(window.segue?.deck)")
        yield page
        context.close()

    def shoot(self, name: str, width: int, scheme: str, prepare: Callable[[Any], None], **options: Any) -> None:
        """Prepare a page and keep its picture."""
        with self.page(width, scheme, **options) as page:
            prepare(page)
            keep(page, name)


def keep(page: Any, name: str) -> None:
    """Keep what a page shows, once covers and fonts are there."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1200)
    page.screenshot(path=SHOTS / f"{name}.png")
    print(name, flush=True)


def play(page: Any) -> None:
    """Let the first song play, some seconds into it."""
    page.click("#results .row-main")
    page.wait_for_function(PLAYS)
    page.evaluate("segue.player.seek(14)")


def room(path: str) -> Callable[[Any], None]:
    """Go to a room while a song plays."""

    def prepare(page: Any) -> None:
        play(page)
        page.evaluate(f"segue.go({path!r})")
        page.wait_for_selector(DRAWN.get(path.split("?")[0].strip("/"), ".room-head"))

    return prepare


def prepared(data: Path) -> Services:
    """The demo library, measured, with a list, a radio, a mix, and a listener who likes calm music."""
    services = Services(data)
    if not services.counts().tracks:
        services.start_demo()
    until(lambda: services.counts().tracks == 100 and not services.scan_status().running)
    tracks = services.search("", limit=500)
    if not services.taste_report().events:
        listen(services, tracks)
        services.lists.save("Sunday morning", [track.id for track in tracks[2:9]])
        radio = Profile((Beginning(tracks[4].id, tracks[4].info.title),), ContinueSpec())
        services.profiles.save("Evening", radio)
        services.gauge.measure()
        until(lambda: not services.gauge.status.running and services.gauge.last() is not None)
    return services


def listen(services: Services, tracks: Sequence[Track]) -> None:
    """Hear calm songs to their end and skip the others, but for one in eleven."""
    heard = random.Random(1).sample([*tracks] * 6, 6 * len(tracks))
    for number, track in enumerate(heard):
        is_played = (track.info.genre in CALM) != (number % 11 == 0)
        services.listening.note(
            "played" if is_played else "skipped_early", track.id, heard_share=1.0 if is_played else 0.1
        )


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    while not is_so():
        time.sleep(0.5)


def take_rooms(camera: Camera, services: Services) -> None:
    """Every room, wide and narrow, dark and light."""
    first, middle, last = (services.search(words)[0].id for words in ("coin reef", "quartet for four", "jam level"))
    paths = {name: f"/{name}" for name in ROOMS} | {"journey": f"/journey?via={first},{middle},{last}"}
    for scheme in SCHEMES:
        for width in SIZES:
            for name, path in paths.items():
                camera.shoot(f"{name}-{scheme}-{width}", width, scheme, room(path))
            if (scheme, width) != ("light", 1440):
                camera.shoot(f"booth-{scheme}-{width}", width, scheme, play)
    german = {"cookies": [{"name": COOKIE, "value": "de", "domain": "127.0.0.1", "path": "/"}], "origins": []}
    camera.shoot("settings-german-1440", 1440, "dark", room("/settings"), storage_state=german)
    camera.shoot("taste-1440", 1440, "dark", lambda page: (play(page), page.click("[data-act=taste]"))[0])


def take_party(camera: Camera) -> None:
    """The dialog of booths, and a booth that follows another."""
    with camera.page(1440, "dark") as host:
        play(host)
        host.click("[data-act=party]")
        host.fill("#party-name", "Kitchen")
        host.click("#party-open")
        host.wait_for_timeout(1000)
        keep(host, "party-dark-1440")
        host.keyboard.press("Escape")
        for width, scheme, name in ((390, "light", "party"), (390, "dark", "following"), (1440, "light", "following")):
            with camera.page(width, scheme) as guest:
                guest.evaluate("document.querySelector('[data-act=party]').click()")
                guest.wait_for_selector("[aria-label='Follow Kitchen']")
                if name == "following":
                    guest.click("[aria-label='Follow Kitchen']")
                    guest.wait_for_function("segue.party.follows")
                    guest.wait_for_timeout(3000)
                keep(guest, f"{name}-{scheme}-{width}")


def take_beginning(browser: Any, folder: Path) -> None:
    """What a newcomer sees: nothing yet, and the choice of a folder."""
    home = folder / "ada"
    for number, name in enumerate(("Björk", "Blue Note", "Compilations", "Fela Kuti", "Nina Simone", "Vinyl"), start=3):
        (home / "Music" / name).mkdir(parents=True)
        for song in range(number):
            (home / "Music" / name / f"{song:02d}.mp3").touch()
    with closing(Services(folder / "data")) as services, served(services, reach=Reach((home,), usual=False)) as url:
        camera = Camera(browser, url)
        for width in SIZES:
            camera.shoot(f"empty-{width}", width, "dark", lambda _: None)
        for width, scheme in ((1440, "dark"), (390, "light")):
            camera.shoot(f"folder-{scheme}-{width}", width, scheme, choose_folder)


def choose_folder(page: Any) -> None:
    """Open the dialog, and the folders in it."""
    page.click("[data-act=add-music] >> visible=true")
    for name in ("ada", "Music"):
        page.click(f".folder-row >> text={name}")
    page.wait_for_selector("text=Björk")


def main(data: str) -> int:
    """Take all pictures, of a demo library that is kept in a folder."""
    with closing(prepared(Path(data))) as services, TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = launch(driver.chromium, "--mute-audio")
        with served(services) as url:
            take_rooms(Camera(browser, url), services)
            take_party(Camera(browser, url))
        take_beginning(browser, Path(folder))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
