"""The JSON API over a library that was really scanned, and its description held to what it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from segue.choose.playlist import ContinueSpec
from segue.cli.start import main
from segue.profiles import Beginning, Profile
from segue.services import Services
from segue.values import TrackId
from segue.web.api.operations import OPERATIONS
from segue.web.api.routes import ROOT, openapi
from segue.web.factory import create_app
from tests.songs import write_songs
from tests.web.conftest import reading_client


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("api")
    write_songs(folder / "music")
    assert main(["scan", str(folder / "music"), "--data", str(folder / "data"), "--json"]) == 0
    services = Services(folder / "data", workers=1)
    yield services
    services.close()


@pytest.fixture
def client(house: Services) -> FlaskClient:
    return reading_client(house)


@pytest.fixture
def ids(house: Services) -> list[TrackId]:
    return [track.id for track in house.search("")]


def got(client: FlaskClient, path: str, **words: Any) -> dict[str, Any]:
    answer = client.get(f"{ROOT}{path}", query_string=words)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def posted(client: FlaskClient, path: str, **body: Any) -> dict[str, Any]:
    answer = client.post(f"{ROOT}{path}", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def test_songs_are_found_and_known(client: FlaskClient, house: Services) -> None:
    (row,) = got(client, "/search", q="low 1")["tracks"]
    assert (row["title"], row["artist"]) == ("Low 1", "Dark 1")
    known = got(client, f"/tracks/{row['id']}")
    assert known["heard_as"] == list(house.heard_as(row["id"]))
    rhythm = house.rhythm(row["id"])
    assert rhythm is not None
    assert known["rhythm"]["camelot"] == rhythm.camelot
    assert len(got(client, "/search", limit=2)["tracks"]) == 2


def test_the_nearest_songs_come_first(client: FlaskClient, house: Services, ids: list[TrackId]) -> None:
    near = got(client, f"/tracks/{ids[0]}/similar", count=3)["tracks"]
    assert [row["id"] for row in near] == [track.id for track, _ in house.choosing.similar(ids[0], 3)]


def test_a_playlist_goes_on_the_same_way_for_the_same_seed(client: FlaskClient, ids: list[TrackId]) -> None:
    first = posted(client, "/playlist", seeds=ids[:1], count=3, noise=0.5, seed=7)
    assert first == posted(client, "/playlist", seeds=ids[:1], count=3, noise=0.5, seed=7)
    assert len(first["picks"]) == 3
    assert ids[0] not in {pick["track_id"] for pick in first["picks"]}


def test_a_journey_leads_from_end_to_end(client: FlaskClient, ids: list[TrackId]) -> None:
    stops = posted(client, "/journey", waypoints=[ids[0], ids[5]], between=2)["stops"]
    assert [stops[0]["track_id"], stops[-1]["track_id"], len(stops)] == [ids[0], ids[5], 4]


def test_a_list_is_reordered(client: FlaskClient, ids: list[TrackId]) -> None:
    songs = posted(client, "/reorder", tracks=ids)["songs"]
    assert sorted(song["track_id"] for song in songs) == sorted(ids)


def test_it_says_how_things_stand(client: FlaskClient, house: Services, ids: list[TrackId]) -> None:
    status = got(client, "/status")
    assert (status["library"]["tracks"], status["scan"]["running"]) == (6, False)
    house.profiles.save("Evening", Profile((Beginning(ids[0], "a song"),), ContinueSpec(count=4)))
    assert got(client, "/profiles")["profiles"] == [{"name": "Evening", "seeds": [ids[0]], "count": 4, "times": []}]


@pytest.mark.parametrize(
    ("verb", "path", "said", "status", "error"),
    [
        ("get", "/search", {"limit": "0"}, 400, "'limit' is 0"),
        ("get", "/search", {"limit": "many"}, 400, "'limit' is 'many'"),
        ("get", "/search", {"limt": "3"}, 400, "there is no 'limt' here"),
        ("get", "/tracks/nobody", {}, 400, "'nobody' is no id of a song"),
        ("get", f"/tracks/{'0' * 16}", {}, 404, "no track has"),
        ("get", f"/tracks/{'0' * 16}/similar", {}, 404, "no track has"),
        ("post", "/playlist", [], 400, "the body is no JSON object"),
        ("post", "/playlist", {}, 400, "'seeds' is missing"),
        ("post", "/playlist", {"seeds": []}, 400, "'seeds' is []"),
        ("post", "/playlist", {"seeds": ["../../etc/passwd"]}, 400, "'seeds' is"),
        ("post", "/playlist", {"seeds": ["0" * 16], "count": 201}, 400, "'count' is 201"),
        ("post", "/playlist", {"seeds": ["0" * 16], "noise": 10**400}, 400, "'noise' is 1000"),
        ("post", "/playlist", {"seeds": ["0" * 16], "count": True}, 400, "'count' is True"),
        ("post", "/playlist", {"seeds": ["0" * 16], "noise": 1e999}, 400, "'noise' is inf"),
        ("post", "/playlist", {"seeds": ["0" * 16]}, 404, "none of these songs"),
        ("post", "/journey", {"waypoints": ["0" * 16]}, 400, "'waypoints' is"),
    ],
)
def test_what_is_wrong_is_said_in_json(
    client: FlaskClient, verb: str, path: str, said: Any, status: int, error: str
) -> None:
    words: dict[str, Any] = {"query_string": said} if verb == "get" else {"json": said}
    answer = client.open(f"{ROOT}{path}", method=verb.upper(), **words)
    assert answer.status_code == status
    assert error in answer.get_json()["error"]
    assert answer.get_json()["remedy"]


def test_a_bound_is_told_to_its_last_figure(client: FlaskClient) -> None:
    """It was told as 4.29497e+09."""
    answer = client.post(f"{ROOT}/playlist", json={"seeds": ["0" * 16], "seed": 2**32})
    assert answer.get_json()["remedy"] == "Give a whole number, 0 to 4294967295"


@pytest.mark.parametrize(
    ("verb", "path", "headers", "status", "error"),
    [
        ("GET", "/nothing", {}, 404, "there is nothing at this address"),
        ("POST", "/search", {}, 405, "POST is not what this address takes"),
        ("GET", "/playlist", {}, 405, "GET is not what this address takes"),
        ("GET", "/search", {"Host": "evil.example"}, 403, "own names only"),
        ("POST", "/reorder", {"Origin": "http://evil.example"}, 403, "own page only"),
    ],
)
def test_a_request_that_reaches_no_operation_is_answered_in_json_too(
    client: FlaskClient, verb: str, path: str, headers: dict[str, str], status: int, error: str
) -> None:
    """It was a line of text."""
    answer = client.open(f"{ROOT}{path}", method=verb, headers=headers)
    assert answer.status_code == status
    assert set(answer.get_json()) == {"error", "remedy"}
    assert error in answer.get_json()["error"]
    if status == 405:
        assert f"It takes {answer.headers['Allow']}" == answer.get_json()["remedy"]


def test_no_answer_names_a_folder_of_the_computer(client: FlaskClient, house: Services, ids: list[TrackId]) -> None:
    folder = str(house.track(ids[0]).paths[0].parents[1])
    answers = [got(client, "/search"), got(client, f"/tracks/{ids[0]}"), got(client, f"/tracks/{ids[0]}/similar")]
    answers += [posted(client, "/playlist", seeds=ids[:1]), posted(client, "/journey", waypoints=ids[:2])]
    answers += [posted(client, "/reorder", tracks=ids), got(client, "/status"), got(client, "/profiles")]
    assert folder not in str(answers)


def test_an_empty_library_says_so_and_not_where_it_lies(tmp_path: Path) -> None:
    services = Services(tmp_path / "data", workers=1)
    try:
        answer = create_app(services).server.test_client().post(f"{ROOT}/playlist", json={"seeds": ["0" * 16]})
    finally:
        services.close()
    assert answer.status_code == 400
    assert "empty" in answer.get_json()["error"]
    assert str(tmp_path) not in answer.text


def test_the_description_tells_of_every_address(client: FlaskClient) -> None:
    told = got(client, "/openapi.json")
    assert told == openapi()
    described = {(path, verb.upper()) for path, verbs in told["paths"].items() for verb in verbs}
    rules = client.application.url_map.iter_rules()
    served = {
        (rule.rule.replace("<track_id>", "{id}"), verb)
        for rule in rules
        if rule.endpoint.startswith("api.") and not rule.rule.endswith("/openapi.json")
        for verb in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert described == served
    assert len(described) == len(OPERATIONS)


def test_the_description_names_what_may_go_wrong_and_the_token() -> None:
    told = openapi()
    for path, verbs in told["paths"].items():
        for said in verbs.values():
            assert {"400", "401", "403", "404", "405"} < set(said["responses"]), path
    assert told["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert told["security"] == [{}, {"token": []}]


def test_the_description_has_a_form_for_every_field() -> None:
    for operation in OPERATIONS:
        said = openapi()["paths"][f"{ROOT}{operation.path}"][operation.verb]
        if operation.verb == "post":
            schema = said["requestBody"]["content"]["application/json"]["schema"]
            assert list(schema["properties"]) == [field.name for field in operation.fields]
            assert schema["required"] == [field.name for field in operation.fields if field.default is None]
        else:
            names = [parameter["name"] for parameter in said["parameters"] if parameter["in"] == "query"]
            assert names == [field.name for field in operation.fields]
