from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segue.choose.catalogue import UNKNOWN_KEY, Catalogue, camelot_code
from segue.choose.index import Index
from segue.values import TrackId, TrackInfo


def test_camelot_codes_are_all_different_and_neighbours_on_the_wheel_differ_by_one() -> None:
    codes = [camelot_code(f"{number}{letter}") for letter in "AB" for number in range(1, 13)]
    assert codes == list(range(24))
    assert camelot_code(None) == UNKNOWN_KEY


@pytest.mark.parametrize("wrong", ["", "0A", "13B", "8C", "A8", "8a"])
def test_what_is_no_camelot_key_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="no Camelot key"):
        camelot_code(wrong)


def test_ends_are_of_unit_length_whatever_they_are_kept_in(fan: Index, infos: dict[TrackId, TrackInfo]) -> None:
    kept = (fan.vectors * np.float32(1.001)).astype(np.float16)
    kept[2] = 0.0
    catalogue = replace(Catalogue.plain(fan, infos), heads=kept)
    heads = catalogue.unit_heads(np.array([4, 2, 0]))
    assert heads.dtype == np.float32
    assert np.linalg.norm(heads, axis=1) == pytest.approx([1.0, 0.0, 1.0], abs=1e-6)
    assert np.allclose(heads[0], fan.vectors[4], atol=2e-3)  # float16
    assert np.allclose(catalogue.unit_tails(slice(0, 3)), fan.vectors[:3], atol=1e-6)


def test_a_track_without_tags_is_called_by_its_id(fan: Index) -> None:
    assert Catalogue.plain(fan, {}).info(TrackId("d")).title == "d"
