from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segue.choose.arc import energies, mirrored, targets
from segue.choose.catalogue import Catalogue
from segue.choose.index import Index
from segue.config import JOURNEY
from segue.values import TrackId, TrackInfo

NAN = float("nan")


def test_energy_is_the_rank_of_what_is_known(fan: Index, infos: dict[TrackId, TrackInfo]) -> None:
    loud = np.array([-20, -10, -10, -5, NAN, NAN, NAN, NAN, NAN, NAN], np.float32)
    fast = np.array([90, 120, NAN, NAN, 60, NAN, NAN, NAN, NAN, NAN], np.float32)
    found = energies(replace(Catalogue.plain(fan, infos), loudness_lufs=loud, tempo_bpm=fast))
    # of four, two alike: ranks 1/8, 4/8, 4/8, 7/8; of three tempi: 60 1/6, 90 3/6, 120 5/6
    expected = [(1 / 8 + 3 / 6) / 2, (4 / 8 + 5 / 6) / 2, 4 / 8, 7 / 8, 1 / 6, *[0.5] * 5]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_where_nothing_is_known_all_is_neutral(fan: Index, infos: dict[TrackId, TrackInfo]) -> None:
    np.testing.assert_array_equal(energies(Catalogue.plain(fan, infos)), np.full(10, 0.5, np.float32))


def test_arcs_rise_fall_and_come_in_waves() -> None:
    assert targets("none", 5) is None
    rise, fall, wave = targets("rise", 5), targets("fall", 5), targets("wave", 5)
    assert rise is not None
    assert fall is not None
    assert wave is not None
    np.testing.assert_allclose(rise, [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(fall, rise[::-1])
    np.testing.assert_allclose(wave, [0, 0.5, 1, 0.5, 0], atol=1e-6)
    long = targets("wave", 2 * JOURNEY.wave_stops + 1)
    assert long is not None
    assert int(((long[1:-1] > long[:-2]) & (long[1:-1] > long[2:])).sum()) == 2
    np.testing.assert_allclose(long, long[::-1], atol=1e-6)
    assert targets("rise", 1) == pytest.approx([0.5])


def test_the_way_back_has_the_mirrored_arc() -> None:
    for arc in ("none", "rise", "fall", "wave"):
        there, back = targets(arc, 9), targets(mirrored(arc), 9)
        assert (there is None) == (back is None)
        if there is not None and back is not None:
            np.testing.assert_allclose(there, back[::-1], atol=1e-6)
