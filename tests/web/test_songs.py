from __future__ import annotations

from flask.testing import FlaskClient

from tests.web.stand_in import StandIn


def test_songs_are_found_by_words(client: FlaskClient, services: StandIn) -> None:
    found = client.get("/api/songs?words=glass").get_json()
    song = {"title": "Glass Hours", "artist": "Björk & Sons", "album": "Björk & Sons's album", "length": "0:04"}
    assert found["songs"] == [{"id": services.shelf[9].id, **song}]
    assert (found["more"], found["line"]) == (False, "1 song with “glass”")
    assert client.get("/api/songs?words=&limit=11").get_json()["more"]
    assert not client.get("/api/songs?words=&limit=12").get_json()["more"]


def test_as_many_come_as_are_asked_for(client: FlaskClient) -> None:
    assert len(client.get("/api/songs?words=").get_json()["songs"]) == 8
    assert len(client.get("/api/songs?words=&limit=3").get_json()["songs"]) == 3
    assert len(client.get("/api/songs?words=&limit=-3").get_json()["songs"]) == 1
    assert len(client.get("/api/songs?words=&limit=many").get_json()["songs"]) == 8


def test_a_playlist_is_written_in_the_form_that_is_asked_for(client: FlaskClient, services: StandIn) -> None:
    ids = [track.id for track in services.shelf[:2]]
    for kind, begins in (("m3u8", "#EXTM3U"), ("xspf", "<?xml"), ("jspf", "{")):
        assert client.post(f"/api/playlist.{kind}", json=ids).text.startswith(begins)
    assert client.post("/api/playlist.exe", json=ids).status_code == 404
