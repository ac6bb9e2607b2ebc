"""The map's room in a real Chromium, over a map that was really drawn."""

from __future__ import annotations

import shutil
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segue.mapping import Picture
from tests.web.stand_in import StandIn, make_shelf
from tests.web.test_booth_in_browser import AUDIO, Serve, Visit, song, wait

pytestmark = pytest.mark.browser

GRAPH = "document.getElementById('map-paper')"
POINT = f"""(title) => {{
    const [x, y] = title;
    const {{ xaxis, yaxis }} = {GRAPH}._fullLayout;
    const frame = {GRAPH}.getBoundingClientRect();
    return [frame.left + xaxis._offset + xaxis.d2p(x), frame.top + yaxis._offset + yaxis.d2p(y)];
}}"""

IS_WHOLE = f"""segue.atlas().then((atlas) => ["x", "y"].every((axis) => {{
    const [low, high] = {GRAPH}._fullLayout[`${{axis}}axis`].range;
    return atlas[axis].every((place) => low < place && place < high);
}}))"""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the songs' map is kept: drawing it takes a process of its own and some seconds."""
    folder = tmp_path_factory.mktemp("drawn")
    with closing(StandIn(folder / "data", make_shelf(folder, seconds=40.0))) as house:
        until = time.monotonic() + 240.0
        while house.map.picture() is None:
            assert time.monotonic() < until
            time.sleep(0.05)
    return house.data / "cache" / "map"


@pytest.fixture
def services(long_songs: StandIn, drawn: Path) -> StandIn:
    shutil.copytree(drawn, long_songs.data / "cache" / "map")
    return long_songs


def enter(page: Any, url: str) -> None:
    page.goto(f"{url}/map")
    wait(page, "document.getElementById('map')?.dataset.points === '12'", seconds=60)


def place_of(page: Any, track: str) -> list[float]:
    """Where a song is on the screen."""
    at = page.evaluate(
        f"""async () => {{
            const atlas = await segue.atlas();
            const [row] = segue.atlasRows(atlas, ["{track}"]);
            return ({POINT})([atlas.x[row], atlas.y[row]]);
        }}"""
    )
    return [float(value) for value in at]


def test_its_points_are_the_library_and_a_click_plays(services: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(services)
    page = visit(url)
    enter(page, url)
    known = page.evaluate(
        "segue.atlas().then((atlas) => Array.from({ length: atlas.count }, (_, row) => atlas.id(row)))"
    )
    assert sorted(known) == sorted(track.id for track in services.shelf)
    x, y = place_of(page, services.shelf[4].id)
    page.mouse.move(x + 1, y)
    page.wait_for_selector("#map-card >> text=Harbour Lights")
    page.mouse.click(x + 1, y)
    wait(page, f"{AUDIO}.currentTime > 0.2")
    assert song(page) == "Harbour Lights"
    wait(page, "document.getElementById('map').dataset.path === '6'")


def test_a_line_drawn_round_songs_makes_a_queue(services: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(services)
    page = visit(url)
    enter(page, url)
    page.click("[data-act=map_tool][data-value=lasso]")
    frame = page.locator("#map-paper").bounding_box()
    left, top, right, bottom = (
        frame["x"] + 4, frame["y"] + 4, frame["x"] + frame["width"] - 8, frame["y"] + frame["height"] - 8,
    )  # fmt: skip
    page.mouse.move(left, bottom)
    page.mouse.down()
    for x, y in ((left, top + 60), (right, top + 60), (right, bottom), (left + 20, bottom)):
        page.mouse.move(x, y, steps=6)
    page.mouse.up()
    wait(page, "document.getElementById('map-chosen').dataset.count === '12'")
    page.click("#map-chosen >> text=Play")
    wait(page, f"{AUDIO}.currentTime > 0.2")
    queued = page.evaluate("segue.booth.queue.table.map(([, track]) => track)")
    assert sorted(queued) == sorted(track.id for track in services.shelf)
    assert page.evaluate("document.getElementById('map-chosen').hidden")


def test_points_take_other_colours_and_a_legend_tells_them(services: StandIn, serve: Serve, visit: Visit) -> None:
    services.tags |= {track.id: ("jazz" if place < 5 else "folk",) for place, track in enumerate(services.shelf)}
    url = serve(services)
    page = visit(url)
    enter(page, url)
    page.click("[data-act=map_by][data-value=genre]")
    wait(page, "document.getElementById('map').dataset.by === 'genre'")
    assert page.locator("#map-legend button").all_text_contents() == ["●folk7", "■jazz5"]
    colours = page.evaluate(f"{GRAPH}.data.slice(0, 2).map((trace) => trace.marker.color)")
    assert len(set(colours)) == 2
    page.click("#map-legend >> text=jazz")
    wait(page, f"{GRAPH}.data[0].marker.opacity < 0.2")
    page.click("[data-act=theme]")
    wait(page, f"{GRAPH}.data[1].marker.color !== '{colours[1]}'")
    page.reload()
    wait(page, "document.getElementById('map')?.dataset.by === 'genre'")


def test_words_mark_songs_and_regions_play_by_keyboard(services: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(services)
    page = visit(url)
    enter(page, url)
    page.fill("#map-search", "glass")
    wait(page, "document.getElementById('map').dataset.marks === '1'")
    assert page.inner_text("#map-line") == "1 song with “glass”"
    page.locator("#map-regions button").first.press("Enter")
    wait(page, f"{AUDIO}.currentTime > 0.2")


def test_clicks_make_a_journey(services: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(services)
    page = visit(url)
    enter(page, url)
    page.click("[data-act=map_click][data-value=waypoint]")
    for number, place in ((1, 0), (2, 11)):
        page.mouse.move(*place_of(page, services.shelf[place].id))
        page.wait_for_selector(f"#map-card >> text={services.shelf[place].info.title}")
        page.mouse.click(*place_of(page, services.shelf[place].id))
        page.wait_for_selector(f"text=Waypoint {number} of your journey.")
    page.click("a.place[href='/journey'] >> visible=true")
    wait(page, "document.querySelectorAll('.stop').length === 6")
    page.click("a.place[href='/map'] >> visible=true")
    wait(page, "document.getElementById('map')?.dataset.points === '12'")
    wait(page, f"{GRAPH}._fullLayout.shapes.length === 7")  # a line and six stops


def test_a_map_that_is_laid_out_anew_is_seen_whole(
    services: StandIn, serve: Serve, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stayed where the listener had looked on the old one; new songs alone are to leave it there."""
    url = serve(services)
    page = visit(url)
    enter(page, url)
    page.locator("#map-paper").hover()
    for _ in range(8):
        page.mouse.wheel(0, -500)
        page.wait_for_timeout(50)
    wait(page, f"{IS_WHOLE}.then((is) => !is)")
    drawn = services.map.picture()
    assert drawn is not None
    joined = Picture(drawn.version + 1, drawn.atlas)
    moved = Picture(drawn.version + 2, replace(drawn.atlas, places=np.ascontiguousarray(drawn.atlas.places[:, ::-1])))
    for picture in (joined, moved):
        monkeypatch.setattr(services.map, "picture", lambda picture=picture: picture)
        monkeypatch.setattr(services.map, "lay_out_anew", lambda: None)
        page.click("[data-act=map_anew]")
        wait(page, f"segue.atlas().then((atlas) => atlas.version === '{picture.version}')")
        page.wait_for_timeout(1000)
        assert page.evaluate(IS_WHOLE) == (picture is moved)


def test_it_stands_on_a_phone(services: StandIn, serve: Serve, visit: Visit) -> None:
    url = serve(services)
    page = visit(url, viewport={"width": 390, "height": 844}, has_touch=True)
    enter(page, url)
    assert page.evaluate("document.documentElement.scrollWidth <= 390")
    assert page.evaluate("document.getElementById('music').scrollWidth <= 390")
    small = """[...document.querySelectorAll('#map button')].filter((b) => b.offsetWidth)
        .filter((b) => b.getBoundingClientRect().height < 44).map((b) => b.textContent)"""
    assert page.evaluate(small) == []
    tops = "[...new Set([...document.querySelectorAll('.map-buttons .round')].map((one) => one.offsetTop))]"
    assert len(page.evaluate(tops)) == 1
    page.locator("#map-paper").scroll_into_view_if_needed()
    page.touchscreen.tap(*place_of(page, services.shelf[4].id))
    wait(page, f"{AUDIO}.currentTime > 0.2")
    assert song(page) == "Harbour Lights"


def test_a_small_map_asks_for_songs_that_it_does_not_know(services: StandIn, serve: Serve, visit: Visit) -> None:
    """A journey to a song that had come since was drawn without it until the page was loaded anew."""
    whole, services.shelf = services.shelf, services.shelf[:10]
    page = visit(serve(services))
    while (picture := services.map.picture()) is None or len(picture.atlas.ids) != 10:
        page.wait_for_timeout(100)
    assert page.evaluate("segue.atlas().then((atlas) => atlas.count)") == 10
    services.shelf = whole
    draw = f"""segue.smallMap(document.body.appendChild(document.createElement("canvas")), ["{whole[11].id}"], [])
        .then(() => segue.atlas()).then((atlas) => atlas.count)"""
    while page.evaluate(draw) != 12:
        page.wait_for_timeout(100)


def test_an_empty_library_says_so(services: StandIn, serve: Serve, visit: Visit) -> None:
    services.shelf = ()
    url = serve(services)
    page = visit(url)
    page.goto(f"{url}/map")
    page.wait_for_selector("#map-wait >> text=There is nothing to draw yet")
