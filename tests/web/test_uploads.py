from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from segue.config import WebSpec
from segue.values import Track
from segue.web import uploads
from segue.web.factory import create_app
from tests.web.stand_in import StandIn, write_chord


def left_over(services: StandIn) -> list[Path]:
    return list((services.data / "cache" / "uploads").glob("*"))


def test_any_song_becomes_a_seed_and_its_copy_is_deleted(
    client: FlaskClient, services: StandIn, tmp_path: Path
) -> None:
    song = write_chord(tmp_path / "mine.wav", 300.0)
    answer = client.post("/api/seeds?name=M%C3%BCsik.wav", data=song.read_bytes())
    assert answer.status_code == 201
    assert answer.json == {
        "token": answer.json["token"], "title": "Müsik", "artist": "Unknown artist", "known": False
    }  # fmt: skip
    assert answer.json["token"] in services.dropped
    assert left_over(services) == []


def test_a_song_of_the_library_is_known_again(client: FlaskClient, shelf: tuple[Track, ...]) -> None:
    answer = client.post("/api/seeds?name=x", data=shelf[5].paths[0].read_bytes())
    assert (answer.json["token"], answer.json["known"]) == (shelf[5].id, True)


def test_what_is_no_sound_is_refused_by_the_name_its_owner_knows(client: FlaskClient, services: StandIn) -> None:
    answer = client.post("/api/seeds?name=../../notes.txt", data=b"some words")
    assert answer.status_code == 415
    assert answer.json == {"error": "notes.txt: there is no sound in it. Choose a song"}
    assert left_over(services) == []


def test_an_empty_file_is_refused(client: FlaskClient) -> None:
    answer = client.post("/api/seeds?name=nothing.mp3", data=b"")
    assert (answer.status_code, answer.json["error"]) == (400, "“nothing.mp3” is empty. Choose another file")


def test_a_file_that_is_too_large_is_refused(
    client: FlaskClient, services: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "WEB", WebSpec(largest_upload_bytes=1_000_000))
    answer = client.post("/api/seeds?name=long.wav", data=bytes(1_000_001))
    assert (answer.status_code, answer.json["error"]) == (
        400,
        "“long.wav” is larger than 1 megabyte. Choose a smaller file",
    )
    assert left_over(services) == []


def test_two_uploads_at_once_do_not_disturb_each_other(services: StandIn, tmp_path: Path) -> None:
    """An earlier program gave all uploads one temporary name."""
    server = create_app(services).server
    songs = {name: write_chord(tmp_path / f"{name}.wav", hz) for name, hz in (("one", 300.0), ("two", 500.0))}
    answers = {}

    def send(name: str) -> None:
        answers[name] = server.test_client().post(f"/api/seeds?name=same.wav&{name}", data=songs[name].read_bytes())

    threads = [threading.Thread(target=send, args=(name,)) for name in songs for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers["one"].json["token"] != answers["two"].json["token"]
    assert left_over(services) == []


def test_copies_that_a_killed_process_left_are_deleted(services: StandIn) -> None:
    """Uploads of up to 1 GB each stayed for ever when the process was killed while it heard them."""
    folder = services.data / "cache" / "uploads"
    folder.mkdir(parents=True)
    for name, hours in (("seed-old.wav", 25), ("seed-new.wav", 1), ("other.wav", 25)):
        (folder / name).write_bytes(b"RIFF")
        os.utime(folder / name, (time.time() - hours * 3600,) * 2)
    create_app(services)
    assert {path.name for path in left_over(services)} == {"seed-new.wav", "other.wav"}


def test_a_folder_that_cannot_be_written_is_named(client: FlaskClient, services: StandIn) -> None:
    services.data.mkdir(exist_ok=True)
    (services.data / "cache").write_text("in the way")
    answer = client.post("/api/seeds?name=x.wav", data=b"RIFF")
    assert answer.status_code == 404
    assert str(services.data / "cache") in answer.json["error"]
