"""Whatever the web chooses, and however it is asked, goes by the house's rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from segue.choose.playlist import ContinueSpec
from segue.choose.wishes import Wishes
from segue.extending import Extent
from segue.mixing import MixOrder
from segue.profiles import Beginning, Profile
from segue.services import Services
from segue.values import TrackId
from segue.web.booth import Booth
from segue.web.commands import Desk, steer
from segue.web.mix_orders import wanted_tracks
from tests.songs import RATE_HZ, band_song, write_song, write_songs
from tests.store_heard import KNOWN
from tests.web.conftest import reading_client

QUICK = Wishes(slowest_bpm=140.0, fastest_bpm=160.0, shortest_s=None, strict=True)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Ten songs, every other one quick."""
    folder = tmp_path_factory.mktemp("rules")
    services = Services(folder / "data", workers=1)
    services.scan([write_songs(folder / "music", each=5)])
    for place, track in enumerate(services.search("")):
        services.library.set_rhythm(track.id, replace(KNOWN, tempo_bpm=150.0 if place % 2 else 90.0))
    yield services
    services.close()


@pytest.fixture
def house(scanned: Services) -> Services:
    """The house wants quick songs only."""
    scanned.choosing.rules.keep(QUICK)
    return scanned


def quick(house: Services) -> set[TrackId]:
    return {track.id for place, track in enumerate(house.search("")) if place % 2}


def ends(house: Services) -> list[TrackId]:
    """Two slow songs, which nothing but the listener's own will brings."""
    return [track.id for track in house.search("")][0:3:2]


def chosen_in(booth: Booth) -> list[TrackId]:
    return [entry.track_id for entry in booth.queue.entries if entry.origin == "chosen"]


def booth(house: Services, _client: FlaskClient, _folder: Path) -> list[TrackId]:
    desk = Desk(house, np.random.default_rng(0))
    return chosen_in(steer(desk, Booth(), {"kind": "play", "track": ends(house)[0]}).booth)


def dropped(house: Services, _client: FlaskClient, folder: Path) -> list[TrackId]:
    desk = Desk(house, np.random.default_rng(0))
    token = house.drop(write_song(folder / "mine.wav", 77), name="mine.wav").token
    return chosen_in(steer(desk, Booth(), {"kind": "seed", "token": token, "name": "mine"}).booth)


def journey_room(house: Services, client: FlaskClient, _folder: Path) -> list[TrackId]:
    asked = {"via": ends(house), "between": 3, "number": 1}
    body = {
        "output": "..journey-via.children...journey-way.children...journey-found.data..",
        "outputs": [
            {"id": "journey-via", "property": "children"},
            {"id": "journey-way", "property": "children"},
            {"id": "journey-found", "property": "data"},
        ],
        "inputs": [{"id": "journey-asked", "property": "data", "value": asked}],
        "changedPropIds": ["journey-asked.data"],
    }
    answer = client.post("/_dash-update-component", json=body).get_json()
    return [track for _, track in answer["response"]["journey-found"]["data"]["stops"][1:-1]]


def api_playlist(house: Services, client: FlaskClient, _folder: Path) -> list[TrackId]:
    answer = client.post("/api/v1/playlist", json={"seeds": ends(house), "count": 3}).get_json()
    return [pick["track_id"] for pick in answer["picks"]]


def api_journey(house: Services, client: FlaskClient, _folder: Path) -> list[TrackId]:
    answer = client.post("/api/v1/journey", json={"waypoints": ends(house), "between": 3}).get_json()
    return [stop["track_id"] for stop in answer["stops"][1:-1]]


def phone(house: Services, client: FlaskClient, _folder: Path) -> list[TrackId]:
    answer = client.get("/rest/getSimilarSongs2", query_string={"f": "json", "id": ends(house)[0], "count": 3})
    return [song["id"] for song in answer.get_json()["subsonic-response"]["similarSongs2"]["song"]]


def phone_path(house: Services, client: FlaskClient, _folder: Path) -> list[TrackId]:
    first, last = ends(house)
    words = {"f": "json", "startSongId": first, "endSongId": last, "count": 5}
    answer = client.get("/rest/findSonicPath", query_string=words).get_json()["subsonic-response"]
    return [match["entry"]["id"] for match in answer["sonicMatch"][1:-1]]


def microphone(_house: Services, client: FlaskClient, _folder: Path) -> list[TrackId]:
    token = client.post("/api/live").get_json()["session"]
    sound = (band_song(3) * 32767).astype("<i2")
    moments: list[Any] = []
    for number in range(5):
        piece = sound[3 * RATE_HZ * number : 3 * RATE_HZ * (number + 1)].tobytes()
        answer = client.post(f"/api/live/{token}?rate={RATE_HZ}&number={number}", data=piece)
        moments += answer.get_json()["moments"]
    return [one["track_id"] for one in moments[-1]["next"]]


def mix(house: Services, _client: FlaskClient, _folder: Path) -> list[TrackId]:
    listed = wanted_tracks(house.tracks_of(ends(house)))
    plan = house.mixing.plan(MixOrder(listed, extent=Extent(between=2))).plan
    found = [house.at_path(part.path) for part in plan.parts]
    return [track.id for track in found if track is not None][1:-1]


@pytest.mark.parametrize(
    "ask",
    [booth, dropped, journey_room, api_playlist, api_journey, phone, phone_path, microphone, mix],
    ids=lambda ask: str(ask.__name__),
)
def test_every_choice_goes_by_the_rules(
    house: Services, tmp_path: Path, ask: Callable[[Services, FlaskClient, Path], list[TrackId]]
) -> None:
    client = reading_client(house)
    found = ask(house, client, tmp_path)
    assert found
    assert set(found) <= quick(house)
    house.choosing.rules.keep(replace(QUICK, slowest_bpm=None, fastest_bpm=None))
    assert not set(ask(house, client, tmp_path)) <= quick(house)


def radio(house: Services, _client: FlaskClient, _folder: Path) -> list[TrackId]:
    desk = Desk(house, np.random.default_rng(0))
    tuned = steer(desk, Booth(), {"kind": "play_radio", "radio": "Quick"}).booth
    return chosen_in(steer(desk, tuned, {"kind": "advance", "entry": tuned.queue.current_id}).booth)


def phone_radio(_house: Services, client: FlaskClient, _folder: Path) -> list[TrackId]:
    listed = client.get("/rest/getPlaylists?f=json").get_json()["subsonic-response"]["playlists"]["playlist"]
    answer = client.get("/rest/getPlaylist", query_string={"f": "json", "id": listed[0]["id"]}).get_json()
    return [song["id"] for song in answer["subsonic-response"]["playlist"]["entry"]]


@pytest.mark.parametrize("ask", [radio, phone_radio], ids=lambda ask: str(ask.__name__))
def test_a_radio_goes_by_those_of_its_own_rules_that_the_ear_can_tell(
    house: Services, tmp_path: Path, ask: Callable[[Services, FlaskClient, Path], list[TrackId]]
) -> None:
    """After a change of ear a tag among them ended the queue."""
    house.choosing.rules.keep(Wishes())
    rules = replace(QUICK, not_tags=frozenset({"another ear's word"}))
    begins = (Beginning(ends(house)[0], "a song"),)
    house.profiles.save("Quick", Profile(begins, ContinueSpec(count=3, wishes=rules)))
    found = ask(house, reading_client(house), tmp_path)
    assert found
    assert set(found) <= quick(house)


def test_how_many_songs_may_come_is_told(house: Services) -> None:
    assert house.choosing.open_to(house.choosing.rules.wishes()) == 5
    (banned, *_) = quick(house)
    house.listening.ban(banned)
    assert house.choosing.open_to(house.choosing.rules.wishes()) == 4
    house.listening.ban(banned, on=False)
    assert house.choosing.open_to(replace(QUICK, fastest_bpm=141.0)) == 0
