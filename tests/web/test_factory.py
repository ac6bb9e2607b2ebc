from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from segue.errors import ParameterError
from segue.reach import Reach
from segue.values import Track
from segue.web import factory
from segue.web.factory import assets_folder, create_app, serve
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


class StopError(Exception):
    """Ends a server as soon as it is ready."""


def said_when_ready(services: StandIn, host: str, **options: Any) -> str:
    """The address under which a booth announces itself; it is then ended."""
    said = []

    def stop(address: str) -> None:
        said.append(address)
        raise StopError

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as free:
        port = int(free.getsockname()[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(factory, "_THREADS", 1)
        with pytest.raises(StopError):
            serve(services, host=host, port=port, on_ready=stop, **options)  # type: ignore[arg-type]
    return said[0].replace(str(port), "PORT")


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_an_address_of_ipv6_stands_in_brackets(services: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    """The booth said that it was at http://::1:8050, which no browser opens."""
    assert said_when_ready(services, "::1") == "http://[::1]:PORT"
    assert caplog.text == ""


@pytest.mark.parametrize("options", [{"host": "0.0.0.0"}, {"host": "127.0.0.1", "name": "music.local"}], ids=str)
def test_a_booth_that_others_can_reach_needs_a_password(services: StandIn, options: dict[str, str]) -> None:
    """With --host 0.0.0.0 strangers could scan folders and hear the music."""
    with pytest.raises(ParameterError, match="has no password"):
        serve(services, port=1, on_ready=print, **options)  # type: ignore[arg-type]
    services.door.set_password("quiet engine")
    assert said_when_ready(services, options["host"]).startswith("http://")


def test_a_booth_that_others_can_reach_offers_only_the_folders_that_were_named(
    services: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    make = factory.create_app
    monkeypatch.setattr(factory, "create_app", lambda *a, reach, **o: seen.append(reach) or make(*a, reach=reach, **o))
    services.door.set_password("quiet engine")
    said_when_ready(services, "127.0.0.1", folders=[tmp_path])
    said_when_ready(services, "127.0.0.1", folders=[tmp_path], name="music.local")
    said_when_ready(services, "0.0.0.0", folders=[tmp_path])
    assert seen == [Reach((tmp_path,)), Reach((tmp_path,), usual=False), Reach((tmp_path,), usual=False)]


def test_a_booth_on_all_addresses_says_the_one_that_others_know(services: StandIn) -> None:
    """It said http://0.0.0.0:8050, which leads a telephone nowhere."""
    services.door.set_password("quiet engine")
    said = said_when_ready(services, "0.0.0.0")
    assert said.startswith("http://")
    host = said.removeprefix("http://").removesuffix(":PORT")
    assert host != "0.0.0.0"
    with socket.socket() as other:
        other.bind((host, 0))  # one of this computer's own


def test_assets_are_found_in_a_checkout() -> None:
    assert (assets_folder() / "js" / "player.js").is_file()
    assert all(
        (assets_folder() / "fonts" / name).is_file() for name in ("OFL-instrument-sans.txt", "OFL-instrument-serif.txt")
    )
