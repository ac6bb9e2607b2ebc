from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segue.errors import PlaylistError
from segue.train import held_out
from segue.train.held_out import (
    CoOccurrence,
    Queries,
    Query,
    draw_queries,
    likeness,
    popularity,
    recent_popularity,
    score,
    what_follows,
)
from segue.train.sentences import split, write_corpus
from segue.train.track2vec import Track2VecSpec, TrackVectors, train_vectors
from tests.train.playlists import clustered, key_of, playlist


def model_of(*keys: str, plays: list[int] | None = None) -> TrackVectors:
    eye = np.eye(len(keys), dtype=np.float32)
    counts = np.asarray(plays or [1] * len(keys), np.int64)
    return TrackVectors(list(keys), [("a", key) for key in keys], counts, eye, eye)


def query(wanted: int, *heard: int) -> Query:
    return Query(np.asarray(heard, np.int32), wanted)


def test_ranks_by_hand() -> None:
    plays = np.asarray([50, 40, 30, 20, 10, 10])
    found = score(Queries([query(3, 0, 1), query(4, 0), query(-1, 0)], 0, 3), popularity(plays), plays)
    # Track 3 is second when 0 and 1 were heard; 4 and 5 share ranks 4 and 5 after 0; the third was never learned.
    assert found.median_rank == pytest.approx((2 + 4.5) / 2)
    assert found.mrr == pytest.approx((1 / 2 + 1 / 4.5) / 2)
    assert found.mrr_all == pytest.approx((1 / 2 + 1 / 4.5) / 3)
    assert (found.hit10, found.hit10_all) == (1.0, pytest.approx(2 / 3))


def test_where_nothing_heard_is_known_the_more_played_come_first() -> None:
    plays = np.asarray([5, 4, 3])

    def refuse(heard: object) -> np.ndarray:
        raise AssertionError("asked about nothing")

    assert score(Queries([query(1, -1)], 0, 1), refuse, plays).mrr == pytest.approx(0.5)
    assert np.isnan(score(Queries([query(-1, -1)], 0, 1), refuse, plays).median_rank)


def test_ranks_do_not_depend_on_the_size_of_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((30, 4)).astype(np.float32)
    model = replace(model_of(*map(str, range(30))), vectors=vectors, outputs=vectors[::-1])
    drawn = [query(int(rng.integers(30)), *rng.integers(-1, 30, 5).tolist()) for _ in range(50)]
    drawn = [q for q in drawn if q.wanted not in q.heard]
    whole = score(Queries(drawn, 0, 50), what_follows(model, lookback=3), model.plays)
    monkeypatch.setattr(held_out, "_BLOCK_BYTES", 4 * 30 * 7)
    assert score(Queries(drawn, 0, 50), what_follows(model, lookback=3), model.plays) == whole


def test_queries_are_next_tracks_that_were_not_heard_before(tmp_path: Path) -> None:
    corpus = write_corpus([playlist("1", "x", "y", "x", "z"), playlist("2", "q", "x")], tmp_path, key_of=key_of)
    model = model_of("a|x", "a|z")
    queries = draw_queries(corpus, np.arange(2), model, most=10, seed=0)
    assert (queries.possible, queries.repeats) == (3, 1)
    assert [(q.heard.tolist(), q.wanted) for q in queries.drawn] == [([0], -1), ([0, -1, 0], 1), ([-1], 0)]
    fewer = [draw_queries(corpus, np.arange(2), model, most=2, seed=3).drawn for _ in range(2)]
    assert [q.wanted for q in fewer[0]] == [q.wanted for q in fewer[1]]
    assert len(fewer[0]) == 2
    with pytest.raises(PlaylistError, match="no next track"):
        draw_queries(corpus, np.arange(0), model, most=2, seed=0)


def test_recent_popularity_counts_the_last_four_weeks(tmp_path: Path) -> None:
    days = ["2020-01-01", "2020-01-02", "2020-02-01", "2020-02-10"]
    titles = [("x", "y"), ("y", "x"), ("z", "y"), ("z", "w")]
    lists = [playlist(day, *t, date=day) for day, t in zip(days, titles, strict=True)]
    corpus = write_corpus(lists, tmp_path, key_of=key_of)
    model = model_of("a|y", "a|x", "a|z", "a|w", plays=[3, 2, 2, 1])
    scores = recent_popularity(corpus, np.arange(4), model)([np.asarray([0])])[0]
    assert np.argsort(-scores).tolist() == [2, 0, 3, 1]  # z twice lately; y and w once, y more often before


def test_co_occurrence_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lists = [
        playlist("1", "x", "y"),
        playlist("2", "x", "y", "z", "x"),
        playlist("3", "x", "z", "w"),
        playlist("4", "w", "z"),
    ]
    corpus = write_corpus(lists, tmp_path, key_of=key_of)
    together = CoOccurrence(corpus, np.arange(4), model_of("a|x", "a|y", "a|z"))
    assert together.counts(0).tolist() == [3, 2, 2]
    assert together.counts(2).tolist() == [2, 1, 3]
    heard = [np.asarray([1, 0], np.int32)]
    share = together.ranker(cosine=False, lookback=1)(heard)[0]
    assert share == pytest.approx([1, 2 / 3, 2 / 3], abs=1e-5)
    both = together.ranker(cosine=False, lookback=2)(heard)[0]
    assert both == pytest.approx([1, (1 + 2 / 3) / 2, (1 / 2 + 2 / 3) / 2], abs=1e-5)
    cosine = together.ranker(cosine=True, lookback=1)(heard)[0]
    assert cosine == pytest.approx([1, 2 / 6**0.5, 2 / 3], abs=1e-5)
    monkeypatch.setattr(held_out, "_MOST_LISTS", 1)
    assert together.counts(0).sum() > 0


def test_track2vec_foretells_clusters_and_popularity_cannot(tmp_path: Path) -> None:
    corpus = write_corpus(clustered(300), tmp_path, key_of=key_of)
    parts = split(corpus, np.arange(300), by="playlist", share=0.2)
    model = train_vectors(corpus, parts.learn, Track2VecSpec(size=16, epochs=10, min_count=2))
    queries = draw_queries(corpus, parts.held_out, model, most=400, seed=0)
    together = CoOccurrence(corpus, parts.learn, model)
    hits = {
        "popularity": score(queries, popularity(model.plays), model.plays).hit10,
        "likeness": score(queries, likeness(model, lookback=5), model.plays).hit10,
        "follows": score(queries, what_follows(model, lookback=5), model.plays).hit10,
        "together": score(queries, together.ranker(cosine=True, lookback=5), model.plays).hit10,
    }
    # A cluster has 20 tracks, so about 0.6 of what stays in it can be in the first ten; one play in eleven strays.
    assert hits["popularity"] < 0.15
    assert min(hits["likeness"], hits["follows"]) > 4 * hits["popularity"]
    assert hits["follows"] > 0.8 * hits["together"]
