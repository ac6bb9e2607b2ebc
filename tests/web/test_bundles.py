"""Scripts and styles as one file of each kind: everything is in them once, and an address tells what it holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segue.web.bundles import scripts, styles
from segue.web.factory import assets_folder, create_app
from tests.web.stand_in import StandIn


def test_a_bundle_holds_every_file_once_and_the_words_come_first() -> None:
    bundle = scripts(assets_folder())
    for path in [assets_folder() / "words.js", *(assets_folder() / "js").glob("*.js")]:
        times = bundle.text.count(path.read_text(encoding="utf-8"))
        assert times == (0 if path.name == "live-worklet.js" else 1), path.name
    assert bundle.text.startswith((assets_folder() / "words.js").read_text(encoding="utf-8"))
    for path in (assets_folder() / "css").glob("*.css"):
        assert path.read_text(encoding="utf-8") in styles(assets_folder()).text


def test_another_text_is_another_address(tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    sheet = tmp_path / "css" / "a.css"
    sheet.write_text("p { color: red }", encoding="utf-8")
    before = styles(tmp_path)
    assert before == styles(tmp_path)
    sheet.write_text("p { color: blue }", encoding="utf-8")
    assert styles(tmp_path).address != before.address


@pytest.mark.parametrize("kind", ["css", "js"])
def test_a_page_names_its_bundle_which_a_browser_may_keep_for_good(services: StandIn, kind: str) -> None:
    client = create_app(services).server.test_client()
    (address,) = re.findall(rf'"(/assets/{kind}/all\.{kind}\?v=\w+)"', client.get("/").text)
    answer = client.get(address)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert "charset=utf-8" in answer.headers["Content-Type"]
    assert client.get(address + "0").headers["Cache-Control"] == "no-cache"


@pytest.mark.browser
def test_the_first_page_asks_for_few_files(services: StandIn, chromium: Any, serve: Callable[[Any], str]) -> None:
    """Forty scripts and styles of our own, one by one, held the page up by a quarter of a second."""
    asked: list[str] = []
    page = chromium.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(serve(services))
    page.wait_for_function("Boolean(window.segue?.deck)")
    own = [url for url in asked if re.search(r"/assets/.*\.(js|css)\b", url)]
    page.close()
    assert len(own) == 2
