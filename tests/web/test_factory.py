from __future__ import annotations

import re

from flask.testing import FlaskClient

from segue.values import Track
from segue.web.factory import assets_folder, create_app
from tests.web.stand_in import StandIn


def test_the_page_comes_with_all_its_scripts_and_styles_from_here(client: FlaskClient) -> None:
    page = client.get("/").text
    parts = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(parts) > 10
    assert {part[0] for part in parts} == {"/"}
    for part in parts:
        assert client.get(part).status_code == 200, part


def test_scripts_travel_compressed_and_sound_does_not(client: FlaskClient, shelf: tuple[Track, ...]) -> None:
    page = client.get("/").text
    script = re.findall(r'src="([^"]*dash_mantine_components[^"]*)"', page)[0]
    wants = {"Accept-Encoding": "gzip"}
    assert client.get(script, headers=wants).headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in client.get(f"/media/{shelf[0].id}/audio", headers=wants).headers


def test_two_booths_share_nothing(services: StandIn) -> None:
    one, two = create_app(services), create_app(services)
    assert one.server is not two.server
    assert one.callback_map is not two.callback_map


def test_assets_are_found_in_a_checkout() -> None:
    assert (assets_folder() / "js" / "player.js").is_file()
    assert all(
        (assets_folder() / "fonts" / name).is_file() for name in ("OFL-instrument-sans.txt", "OFL-instrument-serif.txt")
    )
