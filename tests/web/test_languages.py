"""Who asks is answered in their language: the one that they chose in their browser, else one that it asks for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from segue.web.languages import COOKIE
from segue.words import SOURCE, speak
from tests.web.stand_in import StandIn


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    """What runs without a server runs in the test's own context."""
    yield
    speak(SOURCE)


def language(client: FlaskClient, asked: str, chosen: str = "") -> str:
    if chosen:
        client.set_cookie(COOKIE, chosen)
    page = client.get("/", headers={"Accept-Language": asked} if asked else {}).text
    return page.partition('<html lang="')[2].partition('"')[0]


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("", "en"), ("de-AT,de;q=0.9,en;q=0.8", "de"), ("en-GB,de;q=0.5", "en"), ("tlh, de;q=0.3", "de"), ("tlh", "en"),
     ("*", "en"), (";;q=,", "en"), ("en-XA", "en")],
)  # fmt: skip
def test_a_browser_is_answered_in_a_language_that_it_asks_for(client: FlaskClient, asked: str, spoken: str) -> None:
    assert language(client, asked) == spoken


@pytest.mark.parametrize(
    ("chosen", "spoken"), [("en", "en"), ("de", "de"), ("en-XA", "en-XA"), ("../../x", "de"), ("tlh", "de")]
)
def test_what_was_chosen_in_it_goes_before_that(client: FlaskClient, chosen: str, spoken: str) -> None:
    assert language(client, "de", chosen) == spoken


def test_one_language_does_not_stay_for_the_next_who_asks(client: FlaskClient) -> None:
    assert [language(client, asked) for asked in ("de", "", "de", "fr")] == ["de", "en", "de", "en"]


def test_the_sentences_of_the_scripts_come_before_them_and_only_where_they_are_not_english(client: FlaskClient) -> None:
    assert "/assets/words/" not in client.get("/").text
    page = client.get("/", headers={"Accept-Language": "de"}).text
    words = page.partition('<script src="/assets/words/de.js')[0]
    assert words != page
    assert "/assets/words.js" not in words
    address = page.partition('<script src="/assets/words')[2].partition('"')[0]
    told = client.get(f"/assets/words{address}")
    assert "immutable" in told.headers["Cache-Control"]
    assert "Wegpunkt" in told.text


def test_the_door_speaks_it_too(services: StandIn, client: FlaskClient) -> None:
    services.door.set_password("quiet engine")
    page = client.get("/login", headers={"Accept-Language": "de"}).text
    assert '<html lang="de"' in page
    assert "Passwort" in page
    assert "Password" not in page


def test_so_does_what_an_app_keeps_of_it(client: FlaskClient) -> None:
    german = {"Accept-Language": "de"}
    assert "Segue läuft nicht" in client.get("/assets/worker/offline.html", headers=german).text
    assert client.get("/manifest.webmanifest", headers=german).get_json()["lang"] == "de"
    workers = [client.get("/service-worker.js", headers=headers).text for headers in ({}, german)]
    assert workers[0] != workers[1]  # another language is another app, so that the browser fetches its page


def test_programs_are_answered_in_english(client: FlaskClient) -> None:
    """Half of an error was German and half English, by how its parts were marked."""
    german = {"Accept-Language": "de"}
    for address in ("/api/v1/tracks/nothing", "/rest/getSong?f=json&id=nothing&u=a&p=b"):
        assert client.get(address, headers=german).data == client.get(address).data
