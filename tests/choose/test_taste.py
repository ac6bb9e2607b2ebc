"""Taste, learnt of listeners whose taste is known: it helps those whose taste is not the ear's, and nobody else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.choose.index import Index
from segue.choose.taste import Fit, Lessons, fit, judge, leaning, lessons_of, pull_of, taste_of
from segue.config import TASTE
from segue.store.events import Event
from segue.values import TrackId
from tests.choose.listeners import Shelf, clustered_shelf, demo_shelf, heard, listeners, taste_from, wanted_share

ROUNDS = 12


@pytest.fixture(scope="module")
def demo() -> Shelf:
    return demo_shelf()


@pytest.fixture(scope="module")
def clustered() -> Shelf:
    return clustered_shelf()


def taught(shelf: Shelf, who: str, count: int, *, seed: int = 0) -> Lessons:
    return lessons_of(heard(shelf, listeners(shelf)[who], count, rng=np.random.default_rng(seed)), shelf.index)


# Known truth ----------------------------------------------------------------------------------------------------------

TASTED = ("hates a quarter of the styles", "likes one style", "likes it slow")


@pytest.mark.parametrize("who", TASTED)
@pytest.mark.parametrize("name", ["demo", "clustered"])
def test_it_helps_listeners_whose_taste_is_not_the_ears(name: str, who: str, request: pytest.FixtureRequest) -> None:
    """The DJ stays with the song that it is given, so one who likes one style in ten only gains a little by it."""
    shelf = request.getfixturevalue(name)
    lessons = taught(shelf, who, 2000)
    verdict = judge(shelf.vectors, lessons)
    assert verdict.helps
    assert verdict.gain > 0.05
    answer = listeners(shelf)[who]
    before, near = wanted_share(shelf, answer, None, lists=40)
    after, still_near = wanted_share(shelf, answer, taste_from(shelf, lessons), lists=40)
    assert after > before + 0.025
    assert still_near > near - 0.08  # the songs still go with the music that plays


@pytest.mark.parametrize("who", ["skips at random", "agrees with the ear"])
@pytest.mark.parametrize("name", ["demo", "clustered"])
def test_it_stays_off_for_those_whom_it_cannot_help(name: str, who: str, request: pytest.FixtureRequest) -> None:
    """By chance one in forty intervals lies above nothing; of 48 rounds three would, once in twenty runs like this."""
    shelf = request.getfixturevalue(name)
    helped = [judge(shelf.vectors, taught(shelf, who, 200, seed=seed)).helps for seed in range(ROUNDS)]
    assert sum(helped) <= 1


def test_a_few_hundred_songs_are_enough_for_a_plain_taste(demo: Shelf) -> None:
    helped = [judge(demo.vectors, taught(demo, "likes it slow", 500, seed=seed)).helps for seed in range(ROUNDS)]
    assert sum(helped) >= ROUNDS - 1


def test_what_it_says_it_learnt_is_true(demo: Shelf) -> None:
    """The listener likes it slow: slow songs are favoured, and surely; a label dealt out at random is not."""
    found = fit(demo.vectors, taught(demo, "likes it slow", 1000))
    slow = leaning(demo.vectors, found, demo.tempo_bpm < np.median(demo.tempo_bpm))
    assert slow.odds > 2.0
    assert slow.sure > 0.99
    dealt = [leaning(demo.vectors, found, np.random.default_rng(i).random(100) < 0.5) for i in range(20)]
    assert np.median([abs(np.log(lean.odds)) for lean in dealt]) < np.log(slow.odds) / 4


# How it is learnt -----------------------------------------------------------------------------------------------------


def test_the_same_lessons_give_the_same_taste_in_any_library_order(demo: Shelf) -> None:
    lessons = taught(demo, "likes it slow", 300)
    first, second = (taste_from(demo, lessons) for _ in range(2))
    assert (first.matrix == second.matrix).all()
    assert (first.lean == second.lean).all()


def test_it_is_the_least_of_its_loss(demo: Shelf) -> None:
    """The slope of the penalised loss is zero at what Newton's method found, and positive all around it."""
    lessons = taught(demo, "hates a quarter of the styles", 200)
    found = fit(demo.vectors, lessons)
    rng = np.random.default_rng(1)
    here = loss(demo, lessons, found, found.weights)
    for _ in range(20):
        aside = rng.standard_normal(len(found.weights)) * 0.05
        assert loss(demo, lessons, found, found.weights + aside) > here


def loss(shelf: Shelf, lessons: Lessons, found: Fit, weights: np.ndarray) -> float:
    """The penalised loss by its definition, one lesson at a time."""
    size = found.directions
    free = np.array([0.1, 1e-3])
    total = 0.5 * (weights[:-2] @ weights[:-2] / TASTE.prior**2 + free @ weights[-2:] ** 2)
    trial = found._replace(weights=weights)
    for before, track, wanted in zip(lessons.before, lessons.track, lessons.wanted, strict=True):
        z, y = (found.space.place(shelf.vectors[[row]])[0] for row in (track, before))
        cosine = (shelf.vectors[before] @ shelf.vectors[track] - found.scale[0]) / found.scale[1]
        logit = z @ trial.lean + z @ trial.bond @ y + weights[-2] * cosine + weights[-1]
        total += np.logaddexp(0.0, logit) - wanted * logit
    assert trial.bond.shape == (size, size)
    return float(total)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(2, 40), st.integers(1, 60))
def test_any_lessons_give_a_finite_positive_symmetric_metric(seed: int, d: int, n: int, count: int) -> None:
    """Few tracks or dimensions, all wanted or unwanted, equal vectors: there always is a taste near the identity."""
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((n, d)) if seed % 3 else np.ones((n, d))
    index = Index.build([TrackId(f"{i:04d}") for i in range(n)], vectors)
    wanted = rng.random(count) < rng.choice([0.0, 0.5, 1.0])
    lessons = Lessons(rng.integers(-1, n, count), rng.integers(0, n, count), wanted)
    found = fit(index.vectors, lessons)
    taste = taste_of(found.space, pull_of(index.vectors, found))
    assert np.allclose(taste.matrix, taste.matrix.T, atol=1e-5)
    assert np.linalg.eigvalsh(taste.matrix.astype(float)).min() > 0.05
    turned = taste.turned(index.vectors[0])
    assert np.isfinite(turned).all()
    assert np.linalg.norm(turned) == pytest.approx(1.0, abs=1e-5)
    judge(index.vectors, lessons)


def test_the_map_ranks_as_the_cosine_and_the_pull_together(demo: Shelf) -> None:
    found = fit(demo.vectors, taught(demo, "wants one style after the same", 500))
    pull = pull_of(demo.vectors, found)
    taste = taste_of(found.space, pull)
    places = found.space.place(demo.vectors)
    for row in (0, 17, 60):
        added = demo.vectors @ demo.vectors[row] + places @ (pull.lean + pull.bond @ places[row])
        mapped = demo.vectors @ (taste.matrix @ demo.vectors[row] + taste.lean)
        assert np.allclose(added - added[0], mapped - mapped[0], atol=1e-5)  # float32


def test_the_pull_never_drowns_the_ear(demo: Shelf) -> None:
    found = fit(demo.vectors, taught(demo, "likes one style", 2000))
    for most in (0.25, 0.5):
        pull = pull_of(demo.vectors, found, spec=replace(TASTE, most_pull=most))
        places = found.space.place(demo.vectors)
        added = places @ (pull.lean[:, np.newaxis] + pull.bond @ places.T)
        assert added.std(axis=0).mean() <= most * (demo.vectors @ demo.vectors.T).std(axis=0).mean() * 1.001


def test_nothing_is_judged_by_too_few(demo: Shelf) -> None:
    few = judge(demo.vectors, taught(demo, "likes it slow", TASTE.fewest_lessons - 1))
    assert not few.is_judged
    assert not few.helps
    loved = lessons_of(heard(demo, lambda *_: 1.0, 500, rng=np.random.default_rng(0)), demo.index)
    assert not judge(demo.vectors, loved).is_judged  # nothing was skipped: there is nothing to tell apart


# What teaches ---------------------------------------------------------------------------------------------------------

A, B, C, GONE = (TrackId(name) for name in ("a", "b", "c", "gone"))


def lessons_in(*events: Event) -> list[tuple[int, int, bool]]:
    found = lessons_of(events, Index.build([A, B, C], np.eye(3)))
    return list(zip(found.before.tolist(), found.track.tolist(), found.wanted.tolist(), strict=True))


def test_what_each_event_teaches() -> None:
    said = [
        Event(1, "played", B, A, 1.0),
        Event(2, "skipped_early", C, B, 0.1, "chosen"),
        Event(3, "skipped_late", A, C, 0.8),
        Event(4, "removed", C, A, origin="chosen"),
        Event(5, "removed", B, A, origin="picked"),
        Event(6, "queued", B, A),
        Event(7, "banned", B, A),
        Event(8, "liked", A),
        Event(9, "disliked", B, GONE),
    ]
    assert lessons_in(*said) == [(0, 1, True), (1, 2, False), (0, 2, False), (-1, 0, True), (-1, 1, False)]


def test_only_the_last_rating_counts_and_one_taken_back_not_at_all() -> None:
    said = [Event(1, "liked", A), Event(2, "disliked", A), Event(3, "liked", B), Event(4, "unrated", B)]
    assert lessons_in(*said) == [(-1, 0, False)]


def test_a_removal_that_was_undone_does_not_count() -> None:
    removed, back = Event(1, "removed", A, B, origin="chosen"), Event(2, "queued", A)
    assert lessons_in(removed) == lessons_in(back, removed) == lessons_in(removed, back, removed) == [(1, 0, False)]
    assert lessons_in(removed, back) == lessons_in(removed, back, back) == []


def test_strangers_are_counted() -> None:
    found = lessons_of([Event(1, "played", GONE, A), Event(2, "played", A, GONE)], Index.build([A, B], np.eye(2)))
    assert found.strangers == 1
    assert found.before.tolist() == [-1]


def test_the_newest_are_learnt_from() -> None:
    events = [Event(i, "played", A if i < 5 else B) for i in range(10)]
    found = lessons_of(events, Index.build([A, B], np.eye(2)), spec=replace(TASTE, most_lessons=5))
    assert found.track.tolist() == [1] * 5
