from __future__ import annotations

from math import inf, nan
from pathlib import Path
from typing import Any

import pytest

from segue.errors import ParameterError
from segue.values import Track
from segue.web.mix_orders import MixForm, order_of, wanted_lines, wanted_tracks


def at(shelf: tuple[Track, ...]) -> Any:
    return lambda path: next((track for track in shelf if path in track.paths), None)


def test_a_path_counts_where_the_library_holds_it_and_is_a_name_elsewhere(shelf: tuple[Track, ...]) -> None:
    held = shelf[0].paths[0]
    elsewhere = "/etc/Nina Simone - Sinnerman.mp3\nC:\\music\\So What.flac\nfeeling good"
    found = wanted_lines(f"#EXTM3U\r\n#EXTINF:1,x\r\n{held}\r\n\n{elsewhere}", at(shelf))
    assert [(one.path, one.words) for one in found] == [
        (held, ""),
        (None, "Nina Simone - Sinnerman"),
        (None, "So What"),
        (None, "feeling good"),
    ]
    assert [one.line for one in found] == [3, 5, 6, 7]


def test_songs_of_the_library_are_wanted_where_they_lie(shelf: tuple[Track, ...]) -> None:
    elsewhere = Track(shelf[0].id, (Path("/nowhere/a.wav"), *shelf[0].paths), shelf[0].info)
    assert [one.path for one in wanted_tracks([elsewhere])] == [shelf[0].paths[0]]


def test_the_form_becomes_an_order(shelf: tuple[Track, ...]) -> None:
    form = MixForm.of({"title": "  An  evening ", "between": 2, "minutes": 45, "reorder": True, "other": 1})
    order = order_of(form, wanted_tracks(shelf[:2]))
    assert (order.settings.title, order.extent.between, order.extent.minutes) == ("An evening", 2, 45.0)
    assert (order.extent.reorder, order.skip_bad) == (True, False)
    assert order_of(MixForm(), ()).settings.title == "A mix"


@pytest.mark.parametrize("minutes", [4.5, "4.5", "4,50"])
def test_a_mix_may_be_some_minutes_and_a_half(minutes: float | str) -> None:
    assert order_of(MixForm(minutes=minutes), ()).extent.minutes == 4.5


@pytest.mark.parametrize(
    "values",
    [
        {"ending": ".exe"},
        {"between": -1},
        {"between": 2.5},
        {"between": "x"},
        {"minutes": 1e9},
        {"minutes": inf},
        {"minutes": nan},
        {"minutes": 0.5},
        {"minutes": "soon"},
    ],
)
def test_a_form_out_of_range_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        order_of(MixForm.of(values), ())


@pytest.mark.parametrize("text", ["x" * 300_000, "song\n" * 600])
def test_a_list_that_is_too_long_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="a list of"):
        wanted_lines(text, lambda _: None)
