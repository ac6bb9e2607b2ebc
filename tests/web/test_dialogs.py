"""The dialogs over marked songs, asked as a page asks them: for too many songs, and for songs that are gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from segue.listen.by_hand import Correction
from segue.services import Services
from segue.values import TrackId
from segue.web.factory import create_app

GONE = TrackId("f" * 16)


def ask(house: Services, output: str, inputs: dict[tuple[str, str], Any], *, changed: Sequence[str] = ()) -> Any:
    """The answer of the callback that has an output of that name; set off by the first input, or by those named."""
    app = create_app(house)
    outputs = next(name for name in app.callback_map if output in name)
    body = {
        "output": outputs,
        "outputs": [dict(zip(("id", "property"), out.split("."), strict=True)) for out in outputs[2:-2].split("...")],
        "inputs": [{"id": name, "property": kind, "value": inputs[name, kind]} for name, kind in inputs],
        "changedPropIds": changed or [".".join(next(iter(inputs)))],
    }
    return app.server.test_client().post("/_dash-update-component", json=body).get_json()["response"]


def test_too_many_songs_are_not_passed_over_in_silence(house: Services) -> None:
    """The button did nothing, and the dialog never opened."""
    asked = {"tracks": [f"{number:016x}" for number in range(20_001)]}
    inputs = {("retag-asked", "data"): asked, ("retag-fields", "value"): ["bpm"], ("retag-key-as", "value"): "camelot"}
    answer = ask(house, "retag-preview.children", inputs | {("retag-ended", "data"): None})
    assert answer["retag"]["opened"] is True
    assert answer["retag-write"]["disabled"] is True
    assert "Mark at most 20,000" in answer["retag-preview"]["children"]["props"]["children"]


def test_a_correction_is_not_kept_for_a_song_that_is_gone(house: Services) -> None:
    """An undo from an old page kept what it said of any id at all."""
    track = house.search("")[0].id
    back = {"before": f'{{"{track}": [100.0, null], "{GONE}": [100.0, null]}}', "at": 1}
    ask(house, "correct-done.data", {("correct-change", "data"): back})
    assert house.library.corrections.of(track) == Correction(100.0)
    assert list(house.library.kept.all("correction")) == [track]


def test_a_click_that_comes_with_something_else_is_not_lost(house: Services) -> None:
    """Of what had changed while the page waited, only the first was looked at: a watch stayed on."""
    inputs = {("taste", "opened"): True, ("taste-switch", "value"): "off", ("booth", "data"): None}
    ask(house, "taste-body.children", inputs | {("taste-body", "children"): None}, changed=["booth.data"])
    assert house.taste_report().switch != "off"
    both = ["booth.data", "taste-switch.value"]
    ask(house, "taste-body.children", inputs | {("taste-body", "children"): None}, changed=both)
    assert house.taste_report().switch == "off"
