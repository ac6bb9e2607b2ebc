from __future__ import annotations

import numpy as np
import pytest

from segue.choose.atlas import Atlas, extended, is_outgrown, laid_out, placed
from segue.config import MAP
from segue.values import Floats, TrackId


def ids_of(count: int) -> list[TrackId]:
    return [TrackId(f"{n:016x}") for n in range(count)]


def made(count: int, *, kinds: int = 4, seed: int = 0) -> Floats:
    """Unit vectors in clusters; vector i is of the kind i % kinds."""
    rng = np.random.default_rng(seed)
    middles = rng.normal(size=(kinds, 20))
    vectors = middles[np.arange(count) % kinds] + 0.3 * rng.normal(size=(count, 20))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def draw(vectors: Floats, before: Atlas | None = None) -> Atlas:
    return laid_out(ids_of(len(vectors)), vectors, before=before, on_share=lambda share: None)


def test_what_sounds_alike_lies_together() -> None:
    atlas = draw(made(200))
    away = ((atlas.places[:, None] - atlas.places[None]) ** 2).sum(axis=2)
    np.fill_diagonal(away, np.inf)
    assert np.mean(away.argmin(axis=1) % 4 == np.arange(200) % 4) > 0.95


def test_the_same_library_gives_the_same_map() -> None:
    one, other = draw(made(120)), draw(made(120))
    assert np.array_equal(one.places, other.places)
    assert np.array_equal(one.regions, other.regions)


def test_old_points_do_not_move_as_a_tenth_is_added() -> None:
    vectors = made(220)
    atlas = draw(vectors[:200])
    more = extended(atlas, ids_of(220), vectors)
    assert np.array_equal(more.places[:200], atlas.places)
    assert np.array_equal(more.regions[:200], atlas.regions)
    for new in range(200, 220):
        nearest = ((atlas.places - more.places[new]) ** 2).sum(axis=1).argmin()
        assert nearest % 4 == new % 4
    assert np.unique(more.places, axis=0).shape == (220, 2)


def test_tracks_that_go_leave_the_others_where_they_are() -> None:
    vectors = made(60)
    atlas = draw(vectors)
    fewer = extended(atlas, ids_of(60)[10:], vectors[10:])
    assert np.array_equal(fewer.places, atlas.places[10:])


@pytest.mark.parametrize("count", [1, 2, 5, 23, 24, 30])
def test_small_libraries_have_maps(count: int) -> None:
    atlas = draw(made(count))
    assert atlas.places.shape == (count, 2)
    assert np.isfinite(atlas.places).all()
    assert len(np.unique(atlas.places, axis=0)) == count
    assert set(atlas.regions.tolist()) <= set(range(len(atlas.centres)))


def test_a_library_of_one_song_many_times_over_has_a_map() -> None:
    atlas = draw(np.repeat(made(1), 40, axis=0))
    assert np.isfinite(atlas.places).all()
    assert len(atlas.centres) == 1


def test_a_new_layout_lies_as_the_old_one_did() -> None:
    vectors = made(200)
    before = draw(vectors[:120])
    after = draw(vectors, before)
    for axis in (0, 1):
        assert np.corrcoef(before.places[:, axis], after.places[:120, axis])[0, 1] > 0.9


def test_one_of_which_most_is_new_lies_on_its_longer_side() -> None:
    """A map first drawn of the twenty songs that a scan had found by then once stood upright ever after."""
    vectors = made(160)
    before = draw(vectors[:20])
    upright = Atlas(before.ids, before.places[:, ::-1], before.regions, before.centres)
    for earlier in (None, upright):
        across, up = draw(vectors, earlier).places.std(axis=0)
        assert across >= up


def test_it_is_outgrown_when_half_as_many_have_come() -> None:
    atlas = draw(made(100))
    most = 100 + int(100 * MAP.outgrown_share)
    assert not is_outgrown(atlas, ids_of(most))
    assert is_outgrown(atlas, ids_of(most + 1))
    assert is_outgrown(atlas, [TrackId("elsewhere")])


def test_a_track_lies_where_its_twin_does() -> None:
    vectors, places = made(50), np.random.default_rng(1).normal(size=(50, 2)).astype(np.float32)
    alone = placed(vectors[:1], places[:1], vectors[1:3])
    assert np.allclose(alone, places[0])
    near = placed(vectors, places, vectors[7:8])
    assert ((places - near) ** 2).sum(axis=1).argmin() == 7


def test_of_a_large_library_some_are_laid_out_and_the_others_join_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.choose.atlas.MAP", _few_laid_out())
    shares: list[float] = []
    vectors = made(300)
    atlas = laid_out(ids_of(300), vectors, before=None, on_share=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    away = ((atlas.places[:, None] - atlas.places[None]) ** 2).sum(axis=2)
    np.fill_diagonal(away, np.inf)
    assert np.mean(away.argmin(axis=1) % 4 == np.arange(300) % 4) > 0.9


def test_the_work_can_be_ended() -> None:
    def stop(share: float) -> None:
        raise InterruptedError(share)

    with pytest.raises(InterruptedError):
        laid_out(ids_of(50), made(50), before=None, on_share=stop)


def _few_laid_out() -> object:
    from dataclasses import replace

    return replace(MAP, laid_out=100)
