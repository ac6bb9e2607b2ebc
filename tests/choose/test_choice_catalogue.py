from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segue.choose.catalogue import UNKNOWN_KEY, Catalogue, camelot_code
from segue.choose.index import Index
from segue.values import TrackId, TrackInfo
from tests.store_heard import KNOWN


def test_camelot_codes_are_all_different_and_neighbours_on_the_wheel_differ_by_one() -> None:
    codes = [camelot_code(f"{number}{letter}") for letter in "AB" for number in range(1, 13)]
    assert codes == list(range(24))
    assert camelot_code(None) == UNKNOWN_KEY


@pytest.mark.parametrize("wrong", ["", "0A", "13B", "8C", "A8", "8a"])
def test_what_is_no_camelot_key_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="no Camelot key"):
        camelot_code(wrong)


def test_columns_stand_in_the_order_of_the_index(fan: Index, infos: dict[TrackId, TrackInfo]) -> None:
    rhythms = {TrackId("c"): KNOWN, TrackId("a"): replace(KNOWN, tempo_bpm=None, camelot=None, loudness_lufs=-20.0)}
    catalogue = Catalogue.plain(fan, infos).with_rhythms(rhythms)
    at = fan.row(TrackId("c"))
    assert (catalogue.tempo_bpm[at], catalogue.camelot[at]) == (87.5, camelot_code("8A"))
    assert np.isnan(catalogue.tempo_bpm[fan.row(TrackId("a"))])
    assert catalogue.loudness_lufs[fan.row(TrackId("a"))] == -20.0
    assert np.isnan(catalogue.loudness_lufs).sum() == 8
    assert (catalogue.camelot == UNKNOWN_KEY).sum() == 9


def test_a_track_without_tags_is_called_by_its_id(fan: Index) -> None:
    assert Catalogue.plain(fan, {}).info(TrackId("d")).title == "d"
