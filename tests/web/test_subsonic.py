"""The apps of a phone: a real client library asks a real server over a library that was really scanned."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from libopensonic import AsyncConnection, errors

from segue.choose.playlist import ContinueSpec
from segue.cli.start import main
from segue.door import DOOR, Patience
from segue.profiles import Beginning, Profile
from segue.services import Services
from segue.values import TrackId
from segue.web.subsonic.routes import METHODS
from tests.songs import write_songs
from tests.web.conftest import reading_client, served

Answer = TypeVar("Answer")
FAR = {"REMOTE_ADDR": "192.168.1.20"}


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phones")
    write_songs(folder / "music")
    assert main(["scan", str(folder / "music"), "--data", str(folder / "data"), "--json"]) == 0
    return folder / "data"


@pytest.fixture(scope="module")
def house(scanned: Path) -> Iterator[Services]:
    services = Services(scanned, workers=1)
    yield services
    services.close()


@pytest.fixture(scope="module")
def url(house: Services) -> Iterator[str]:
    with served(house) as address:
        yield address


@pytest.fixture
def client(house: Services) -> FlaskClient:
    return reading_client(house)


@pytest.fixture
def password(house: Services) -> Iterator[str]:
    yield house.phones.make()
    house.phones.forget()


@pytest.fixture
def ids(house: Services) -> list[TrackId]:
    return [track.id for track in house.search("")]


def ask(url: str, question: Callable[[Any], Awaitable[Answer]], **sign_in: Any) -> Answer:
    """Ask as an app does, and let go of the connection."""

    async def asking() -> Answer:
        split = urlsplit(url)
        who = sign_in or {"username": "me", "password": "anything"}
        connection = AsyncConnection(f"http://{split.hostname}", port=split.port, app_name="tests", **who)
        try:
            return await question(connection)
        finally:
            await connection.cleanup()

    with ThreadPoolExecutor(1) as beside:  # a browser's test that ran before may have left a loop in this thread
        return beside.submit(asyncio.run, asking()).result()


async def body(response: Any) -> tuple[str, bytes]:
    return response.headers["Content-Type"], await response.read()


def told(client: FlaskClient, method: str, far: bool = False, **words: Any) -> dict[str, Any]:
    answer = client.get(f"/rest/{method}", query_string={"f": "json", **words}, environ_base=FAR if far else {})
    assert answer.status_code == 200
    return dict(answer.get_json()["subsonic-response"])


def code(client: FlaskClient, method: str = "ping", far: bool = False, **words: Any) -> int | None:
    said = told(client, method, far, **words)
    assert said["status"] == ("failed" if "error" in said else "ok")
    return said["error"]["code"] if "error" in said else None


# A real client --------------------------------------------------------------------------------------------------------


def test_a_client_is_answered(url: str) -> None:
    assert ask(url, lambda app: app.ping())
    found = ask(url, lambda app: app.get_open_subsonic_extensions())
    assert {extension.name for extension in found} == {"apiKeyAuthentication", "formPost", "sonicSimilarity"}
    user = ask(url, lambda app: app.get_user("me"))
    assert (user.username, user.stream_role, user.admin_role) == ("me", True, False)


def test_a_client_finds_songs_albums_and_artists(url: str) -> None:
    found = ask(url, lambda app: app.search3("low 1"))
    assert [(song.title, song.artist) for song in found.song] == [("Low 1", "Dark 1")]
    artist = ask(url, lambda app: app.search3("dark 1")).artist[0]
    albums = ask(url, lambda app: app.get_artist(artist.id)).album
    songs = ask(url, lambda app: app.get_album(albums[0].id)).song
    assert [song.id for song in songs] == [found.song[0].id]
    everything = ask(url, lambda app: app.search3("", song_count=4, song_offset=4))
    assert len(everything.song) == 2


def test_a_client_browses(url: str) -> None:
    artists = ask(url, lambda app: app.get_artists())
    assert {index.name: len(index.artist) for index in artists.index} == {"B": 3, "D": 3}
    newest = ask(url, lambda app: app.get_album_list2("newest", size=2))
    assert len(newest) == 2
    assert newest[0].created >= newest[1].created
    assert len(ask(url, lambda app: app.get_random_songs(size=4))) == 4


def test_a_client_plays_the_very_file(url: str, house: Services, ids: list[TrackId]) -> None:
    sound = house.track(ids[0]).paths[0].read_bytes()

    async def whole(app: Any) -> tuple[str, bytes]:
        return await body(await app.stream(ids[0]))

    async def part(app: Any) -> tuple[int, bytes]:
        response = await app.stream(ids[0], byte_range="bytes=100-199")
        return response.status, await response.read()

    async def download(app: Any) -> tuple[str, bytes]:
        return await body(await app.download(ids[0]))

    assert ask(url, whole) == ("audio/wav", sound)
    assert ask(url, download) == ("audio/wav", sound)
    assert ask(url, part) == (206, sound[100:200])


def test_a_client_sees_covers(url: str, ids: list[TrackId]) -> None:
    async def cover(app: Any) -> tuple[str, bytes]:
        return await body(await app.get_cover_art(ids[0], 300))

    kind, picture = ask(url, cover)
    assert kind.startswith("image/")
    assert picture


def test_a_client_hears_what_segue_would_play_next(url: str, house: Services, ids: list[TrackId]) -> None:
    found = ask(url, lambda app: app.get_similar_songs2(ids[0], count=3))
    seed = house.track(ids[0])
    assert len(found) == 3
    assert ids[0] not in {song.id for song in found}
    assert found[0].artist.split()[0] == seed.info.artist.split()[0]  # dark songs go with dark ones
    assert ask(url, lambda app: app.get_similar_songs(ids[0], count=2))
    artist = ask(url, lambda app: app.search3("dark 1")).artist[0]
    assert len(ask(url, lambda app: app.get_similar_songs2(artist.id, count=3))) == 3


def test_a_client_likes_and_takes_it_back(url: str, house: Services, ids: list[TrackId]) -> None:
    assert ask(url, lambda app: app.star([ids[1]]))
    assert house.listening.ratings() == {ids[1]: "liked"}
    starred = ask(url, lambda app: app.get_starred2())
    assert [song.id for song in starred.song] == [ids[1]]
    assert starred.song[0].starred.startswith("20")
    assert ask(url, lambda app: app.unstar([ids[1]]))
    assert house.listening.ratings() == {}


def test_a_client_tells_what_was_heard(url: str, house: Services, ids: list[TrackId]) -> None:
    ask(url, lambda app: app.scrobble(ids[2], submission=False))
    assert ids[2] not in house.listening.last_heard()
    ask(url, lambda app: app.scrobble(ids[2]))
    assert ids[2] in house.listening.last_heard()
    assert house.library.events.all().events[-1].kind == "played"


def test_a_client_plays_a_profile(url: str, house: Services, ids: list[TrackId]) -> None:
    house.profiles.save("Sunday morning", Profile((Beginning(ids[0], "a song"),), ContinueSpec(count=2)))
    (listed,) = ask(url, lambda app: app.get_playlists())
    assert (listed.name, listed.song_count) == ("Sunday morning", 2)
    played = ask(url, lambda app: app.get_playlist(listed.id))
    assert len(played.entry) == 2
    assert played.duration == sum(song.duration for song in played.entry)


def test_a_client_with_a_password_is_let_in_where_one_is_needed(
    house: Services, url: str, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segue.phones.Phones.everybody_may", lambda _: False)
    assert ask(url, lambda app: app.ping(), username="me", password=password)
    assert ask(url, lambda app: app.ping(), username="me", password=password, legacy_auth=True)
    assert ask(url, lambda app: app.ping(), api_key=password)
    with pytest.raises(errors.CredentialError, match="not the app password"):
        ask(url, lambda app: app.ping(), username="me", password="guess")


# The extension for sonic similarity, which the client does not know ---------------------------------------------------


def test_the_nearest_songs_come_with_how_near_they_are(client: FlaskClient, ids: list[TrackId]) -> None:
    near = told(client, "getSonicSimilarTracks", id=ids[0], count=3)["sonicMatch"]
    scores = [match["similarity"] for match in near]
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 <= score <= 1.0 for score in scores)
    assert ids[0] not in {match["entry"]["id"] for match in near}


def test_a_path_leads_from_one_song_to_another(client: FlaskClient, ids: list[TrackId]) -> None:
    path = told(client, "findSonicPath", startSongId=ids[0], endSongId=ids[5], count=4)["sonicMatch"]
    assert [path[0]["entry"]["id"], path[-1]["entry"]["id"]] == [ids[0], ids[5]]
    assert len(path) == 4
    assert path[0]["similarity"] == 1.0


# The protocol ---------------------------------------------------------------------------------------------------------


def test_answers_come_in_xml_too(client: FlaskClient, ids: list[TrackId]) -> None:
    answer = client.get("/rest/getSong.view", query_string={"id": ids[0]})
    root = ET.fromstring(answer.data)
    space = "{http://subsonic.org/restapi}"
    assert (root.tag, root.get("status"), root.get("openSubsonic")) == (f"{space}subsonic-response", "ok", "true")
    song = root.find(f"{space}song")
    assert song is not None
    assert (song.get("id"), song.get("isDir"), song.get("isVideo")) == (ids[0], "false", "false")
    artist = song.find(f"{space}artists")
    assert artist is not None
    assert artist.get("name") == song.get("artist")


def test_there_is_one_folder_whose_artists_are_folders_of_albums(client: FlaskClient) -> None:
    assert told(client, "getMusicFolders")["musicFolders"] == {"musicFolder": [{"id": 0, "name": "Music"}]}
    (first, *_), *_ = [letter["artist"] for letter in told(client, "getIndexes")["indexes"]["index"]]
    (album,) = told(client, "getMusicDirectory", id=first["id"])["directory"]["child"]
    assert album["isDir"]
    (song,) = told(client, "getMusicDirectory", id=album["id"])["directory"]["child"]
    assert (song["isDir"], song["artist"]) == (False, first["name"])


@pytest.mark.parametrize(
    ("method", "words", "wanted"),
    [
        ("getSong", {}, 10),
        ("getSong", {"id": "nobody"}, 70),
        ("getSong", {"id": "0" * 16}, 70),
        ("stream", {"id": "0" * 16}, 70),
        ("stream", {"id": "../../etc/passwd"}, 70),
        ("getCoverArt", {"id": "al-0"}, 70),
        ("getAlbum", {"id": "al-0"}, 70),
        ("getArtist", {"id": "ar-0"}, 70),
        ("getPlaylist", {"id": "pl-0"}, 70),
        ("getAlbumList2", {"type": "loudest"}, 0),
        ("getAlbumList2", {"type": "newest", "size": "many"}, 0),
        ("search3", {"query": "a", "songOffset": "-1"}, 0),
        ("star", {"albumId": "al-0"}, 0),
        ("ping", {"f": "jsonp"}, 0),
        ("formatDisk", {}, 0),
    ],
)
def test_what_is_wrong_is_said_by_its_number(
    client: FlaskClient, method: str, words: dict[str, str], wanted: int
) -> None:
    answer = client.get(f"/rest/{method}", query_string=words)
    assert answer.status_code == 200
    if words.get("f") == "jsonp":
        root = ET.fromstring(answer.data)
        assert [root.get("status"), root[0].get("code")] == ["failed", "0"]
    else:
        assert code(client, method, **words) == wanted


def test_what_went_wrong_names_no_folder_of_the_computer(
    client: FlaskClient, house: Services, ids: list[TrackId]
) -> None:
    path = house.track(ids[3]).paths[0]
    away = path.rename(path.with_suffix(".away"))
    try:
        said = told(client, "stream", id=ids[3])
    finally:
        away.rename(path)
    assert said["error"]["code"] == 70
    assert str(path.parent) not in str(said)


def test_no_answer_names_a_folder_of_the_computer(client: FlaskClient, house: Services, ids: list[TrackId]) -> None:
    folder = str(house.track(ids[0]).paths[0].parent)
    page = told(client, "search3", query="")["searchResult3"]
    words = {"id": page["album"][0]["id"], "type": "alphabeticalByArtist", "genre": "none"}
    for method in METHODS.keys() - {"star", "unstar", "scrobble", "stream", "download", "getCoverArt"}:
        assert folder not in str(told(client, method, **words))


# Playlists ------------------------------------------------------------------------------------------------------------


def test_an_app_makes_changes_and_deletes_a_playlist(url: str, house: Services, ids: list[TrackId]) -> None:
    ask(url, lambda app: app.create_playlist(name="From the phone", song_ids=ids[:2]))
    (held,) = house.lists.all()
    made = next(one for one in ask(url, lambda app: app.get_playlists()) if one.name == held.name)
    assert [song.id for song in ask(url, lambda app: app.get_playlist(made.id)).entry] == ids[:2]
    change = {"name": "Renamed", "song_ids_to_add": [ids[2]], "song_indices_to_remove": [0]}
    ask(url, lambda app: app.update_playlist(made.id, **change))
    (held,) = house.lists.all()
    assert (held.name, held.tracks) == ("Renamed", tuple(ids[1:3]))
    listed = next(one for one in ask(url, lambda app: app.get_playlists()) if one.id == made.id)
    assert (listed.name, listed.song_count) == ("Renamed", 2)
    ask(url, lambda app: app.delete_playlist(made.id))
    assert house.lists.all() == ()


def test_an_app_fills_an_empty_playlist_anew(client: FlaskClient, house: Services, ids: list[TrackId]) -> None:
    made = told(client, "createPlaylist", name="Empty")["playlist"]
    assert (made["songCount"], made["entry"]) == (0, [])
    assert code(client, "createPlaylist", name="empty") == 0
    filled = told(client, "createPlaylist", playlistId=made["id"], songId=[ids[3], ids[0]])["playlist"]
    assert [song["id"] for song in filled["entry"]] == [ids[3], ids[0]]
    assert code(client, "deletePlaylist", id=made["id"]) is None
    assert house.lists.all() == ()


def test_songs_that_an_app_adds_at_once_are_all_added(house: Services, ids: list[TrackId]) -> None:
    """Each of two requests took the list as it was, and the later one put it back without the other's song."""
    held = house.lists.save("From the phone", [])
    wanted = ids * 4

    booth = reading_client(house).application

    def add(track_id: TrackId) -> int | None:
        return code(booth.test_client(), "updatePlaylist", playlistId=f"list-{held.id}", songIdToAdd=track_id)

    with ThreadPoolExecutor(8) as apps:
        assert set(apps.map(add, wanted)) == {None}
    assert sorted(house.lists.get(held.id).tracks) == sorted(wanted)
    house.lists.delete(held.id)


def test_a_change_whose_name_is_taken_changes_nothing(client: FlaskClient, house: Services, ids: list[TrackId]) -> None:
    """The song was in the list before the name was looked at."""
    held, other = house.lists.save("One", ids[:2]), house.lists.save("Other", [])
    words = {"songIdToAdd": ids[2], "songIndexToRemove": 0, "name": "other"}
    assert "'Other'" in told(client, "updatePlaylist", playlistId=f"list-{held.id}", **words)["error"]["message"]
    assert house.lists.get(held.id) == held
    for one in (held, other):
        house.lists.delete(one.id)


def test_radios_are_changed_in_the_booth(client: FlaskClient, house: Services, ids: list[TrackId]) -> None:
    house.profiles.save("Evening", Profile((Beginning(ids[0], "a song"),), ContinueSpec(count=2)))
    radio = next(one for one in told(client, "getPlaylists")["playlists"]["playlist"] if one["name"] == "Evening")
    assert code(client, "deletePlaylist", id=radio["id"]) == 50
    assert code(client, "updatePlaylist", playlistId=radio["id"], name="x") == 50
    assert code(client, "updatePlaylist", playlistId="list-none", name="x") == 70
    assert code(client, "createPlaylist") == 10
    house.profiles.remove("Evening")


# Who may --------------------------------------------------------------------------------------------------------------


def test_from_elsewhere_the_app_password_is_needed(client: FlaskClient, password: str) -> None:
    token = hashlib.md5(f"{password}salt".encode(), usedforsecurity=False).hexdigest()
    assert code(client) is None
    assert code(client, far=True) == 10
    assert code(client, far=True, u="me", p=password) is None
    assert code(client, far=True, u="me", p=f"enc:{password.encode().hex()}") is None
    assert code(client, far=True, u="me", t=token, s="salt") is None
    assert code(client, far=True, apiKey=password) is None
    assert told(client, "tokenInfo", True, apiKey=password)["tokenInfo"] == {"username": "segue"}


def test_a_wrong_proof_is_refused_by_its_number(client: FlaskClient, password: str) -> None:
    assert code(client, far=True, u="me", p="guess") == 40
    assert code(client, far=True, u="me", p="enc:zz") == 40
    assert code(client, far=True, u="me", t="0" * 32, s="salt") == 40
    assert code(client, far=True, u="me", t="0" * 32) == 10
    assert code(client, far=True, apiKey="guess") == 44
    assert code(client, far=True, u="me", apiKey=password) == 43
    assert code(client, far=True, p=password, apiKey=password) == 43
    assert code(client, "getOpenSubsonicExtensions", far=True) is None


def test_guessing_is_slowed_down_and_locks_out_nobody_who_knows(
    house: Services, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A phone with an old password had all phones behind its address wait, and went on for ever."""
    monkeypatch.setattr("segue.web.subsonic.routes.Patience", partial(Patience, now_s=lambda: 1000.0))
    client = reading_client(house)
    for _ in range(DOOR.free_tries):
        assert "not the app password" in told(client, "ping", True, p="guess")["error"]["message"]
    assert "too many wrong passwords. Try again in 1 s" in told(client, "ping", True, p="guess")["error"]["message"]
    assert code(client, far=True, apiKey="guess") == 44
    assert code(client, far=True, p=password) is None
    assert code(client) is None


def test_no_app_password_means_nobody_from_elsewhere(client: FlaskClient) -> None:
    assert code(client, far=True, u="me", p="") == 40
    assert code(client, far=True, apiKey="") == 44


def test_what_a_proxy_passes_on_comes_from_elsewhere(client: FlaskClient) -> None:
    answer = client.get("/rest/ping?f=json", headers={"X-Forwarded-For": "1.2.3.4"})
    assert answer.get_json()["subsonic-response"]["error"]["code"] == 10


def test_another_site_cannot_ask_through_the_browser(client: FlaskClient, ids: list[TrackId]) -> None:
    answer = client.get(f"/rest/star?f=json&id={ids[0]}", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.get_json()["subsonic-response"]["error"]["code"] == 50


def test_a_booth_with_a_password_asks_for_the_app_password_here_too(client: FlaskClient, house: Services) -> None:
    house.library.kept.put("setting", "password", {"hash": "x"}, at_s=0.0)
    try:
        assert code(client) == 10
    finally:
        house.library.kept.drop("setting", "password")


# The command ----------------------------------------------------------------------------------------------------------


def test_the_command_makes_an_app_password_and_takes_it_back(
    scanned: Path, house: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["phone", "--data", str(scanned)]) == 0
    assert "There is no app password" in capsys.readouterr().out
    assert main(["phone", "new", "--data", str(scanned)]) == 0
    said = capsys.readouterr().out.splitlines()[0]
    assert house.phones.is_password(said)
    assert main(["phone", "--data", str(scanned)]) == 0
    assert said not in capsys.readouterr().out
    assert main(["phone", "forget", "--data", str(scanned)]) == 0
    assert not house.phones.is_password(said)
