"""The dialogs over marked songs, asked as a page asks them: for too many songs, and for songs that are gone."""

from __future__ import annotations

from typing import Any

from segue.services import Services
from segue.values import TrackId
from tests.web.conftest import reading_client

GONE = TrackId("f" * 16)


def ask(house: Services, outputs: list[str], inputs: dict[str, Any], *, state: dict[str, Any] | None = None) -> Any:
    """The answer of a callback; the first input has set it off."""

    def each(values: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"id": name, "property": kind, "value": value}
            for (name, _, kind), value in ((key.partition("."), value) for key, value in values.items())
        ]

    body = {
        "output": f"..{'...'.join(outputs)}..",
        "outputs": [{"id": name, "property": kind} for name, _, kind in (out.partition(".") for out in outputs)],
        "inputs": each(inputs),
        "state": each(state or {}),
        "changedPropIds": [next(iter(inputs))],
    }
    return reading_client(house).post("/_dash-update-component", json=body).get_json()["response"]


def test_too_many_songs_are_not_passed_over_in_silence(house: Services) -> None:
    """The button did nothing, and the dialog never opened."""
    outputs = ["retag.opened", "retag-preview.children", "retag-write.children", "retag-write.disabled"]
    asked = {"tracks": [f"{number:016x}" for number in range(20_001)]}
    inputs = {"retag-asked.data": asked, "retag-fields.value": ["bpm"], "retag-key-as.value": "camelot"}
    answer = ask(house, outputs, inputs | {"retag-ended.data": None})
    assert answer["retag"]["opened"] is True
    assert answer["retag-write"]["disabled"] is True
    assert "Mark at most 20,000" in answer["retag-preview"]["children"]["props"]["children"]
