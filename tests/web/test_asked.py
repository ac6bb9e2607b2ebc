from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from segue.choose.itinerary import Itinerary
from segue.choose.journey import Kept, Reroll, journey
from segue.choose.wishes import Wishes
from segue.config import JOURNEY
from segue.errors import ParameterError
from segue.values import TrackId
from segue.web.asked import Asked, asked_from_json, found_to_json, shortfalls
from tests.web.stand_in import StandIn


def asked(services: StandIn, **more: Any) -> dict[str, Any]:
    first, last = services.shelf[0].id, services.shelf[-1].id
    return {"via": [first, last], "between": 3, "mode": "shortest", "arc": "none", "loop": False, **more}


def read(value: dict[str, Any]) -> Asked:
    return asked_from_json(value, Wishes())


def test_what_was_found_is_told_again_as_it_was(services: StandIn) -> None:
    wish = read(asked(services))
    found = journey(services.catalogue(), wish.via, wish.itinerary)
    kept = found_to_json(found, 7)
    again = read(asked(services, kept=kept["kept"], legs=kept["legs"]))
    assert again.change == Kept({stop.position: stop.track_id for stop in found.stops[1:-1]})
    assert kept["number"] == 7
    assert [track for _, track in kept["stops"]] == [stop.track_id for stop in found.stops]


def test_one_stop_is_to_be_chosen_anew(services: StandIn) -> None:
    kept = {str(at): services.shelf[at].id for at in (1, 2, 3)}
    wish = read(asked(services, kept=kept, legs=[3], reroll=2, without=[kept["2"]]))
    assert wish.change == Reroll(2, {int(at): track for at, track in kept.items()}, frozenset({kept["2"]}))


def test_minutes_count_only_while_the_way_is_open(services: StandIn) -> None:
    wish = read(asked(services, by="minutes", minutes=30))
    assert (wish.minutes, wish.itinerary.minutes) == (30.0, 30.0)
    settled = read(asked(services, by="minutes", minutes=30, kept={}, legs=[2], pins={"1": wish.via[0]}))
    assert (settled.minutes, settled.itinerary.minutes, settled.itinerary.between) == (30.0, None, (2,))
    assert read(asked(services, by="songs", minutes=30)).itinerary.minutes is None


def test_a_length_that_cannot_be_had_is_told(services: StandIn) -> None:
    wish = read(asked(services, by="minutes", minutes=30))
    found = journey(services.catalogue(), wish.via, wish.itinerary)
    assert shortfalls(found, wish)[0] == "It lasts 1 minute: nothing nearer to 30 was found"
    near = read(asked(services, by="minutes", minutes=1))
    assert not any(
        "nothing nearer" in words for words in shortfalls(journey(services.catalogue(), near.via, near.itinerary), near)
    )


def test_too_few_songs_are_told_but_not_those_taken_out(services: StandIn) -> None:
    wish = read(asked(services, between=20))
    found = journey(services.catalogue(), wish.via, wish.itinerary)
    assert "stay empty" in shortfalls(found, wish)[-1]
    legs = found_to_json(journey(services.catalogue(), wish.via, Itinerary(between=3)), 1)
    kept = {at: track for at, track in legs["kept"].items() if at != "2"}
    taken = read(asked(services, kept=kept, legs=legs["legs"], taken=[2], never=[legs["kept"]["2"]]))
    assert isinstance(taken.change, Kept)
    assert taken.itinerary.never == {TrackId(legs["kept"]["2"])}


@pytest.mark.parametrize(
    "wrong",
    [
        {"via": "0123456789abcdef"},
        {"via": ["../../etc/passwd"]},
        {"via": ["0123456789abcdef"] * (JOURNEY.longest_stops + 1)},
        {"between": -1},
        {"between": 2.5},
        {"between": True},
        {"mode": "fastest"},
        {"arc": ["rise"]},
        {"by": "minutes", "minutes": "long"},
        {"by": "minutes", "minutes": float("nan")},
        {"by": "minutes", "minutes": 10**400},
        {"by": "minutes", "minutes": 0},
        {"pins": {"-1": "0123456789abcdef"}},
        {"kept": {"1": "x"}},
        {"kept": [], "legs": [1]},
        {"kept": {}, "legs": ["1"]},
        {"reroll": "1"},
        {"without": [None]},
        {"taken": [None]},
        {"never": {}},
    ],
)
def test_what_is_no_journey_is_refused(services: StandIn, wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        read(asked(services, **wrong))


def test_a_waypoint_that_has_left_the_library_is_told_without_its_id_and_with_what_to_do(
    client: FlaskClient, services: StandIn
) -> None:
    """It read: No track has the id '0000000000000000'. Scan the folder again, or choose another track."""
    parts = [("journey-via", "children"), ("journey-way", "children"), ("journey-found", "data")]
    gone = asked(services, via=[services.shelf[0].id, "0" * 16], number=7)
    body = {
        "output": f"..{'...'.join('.'.join(part) for part in parts)}..",
        "outputs": [{"id": name, "property": what} for name, what in parts],
        "inputs": [{"id": "journey-asked", "property": "data", "value": gone}],
        "changedPropIds": ["journey-asked.data"],
    }
    answer = client.post("/_dash-update-component", json=body).get_json()["response"]
    told = answer["journey-way"]["children"]["props"]
    assert told["children"] == "A waypoint is no longer in the library: take it out, and there is a way again."
    assert told["role"] == "alert"
    assert answer["journey-found"]["data"] == {"number": 7, "stops": []}
