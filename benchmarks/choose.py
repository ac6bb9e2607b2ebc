"""The time that one choice takes among ten thousand, a hundred thousand and a million tracks, with every rule on."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.figures import Bench, Figure, memory_bytes
from benchmarks.library import clustered
from segue.choose.catalogue import Catalogue
from segue.choose.index import Index
from segue.choose.playlist import ContinueSpec, continue_from
from segue.choose.wishes import Facts, Wishes
from segue.values import TrackId, TrackInfo

_GOALS_MS = {10_000: 5.0, 100_000: 10.0, 1_000_000: 60.0}
_CHOICES = 200
_DIMENSION = 100
_AT_ONCE = 100_000  # of made-up vectors, which take five times their memory while they are made
_GENRES = ("Rock", "Hard Rock", "Jazz", "Ambient", "Audiobook", "House", "Folk", "Christmas", "Comedy", "Soul")
_SEEDS = 30


def _catalogue(tracks: int) -> Catalogue:
    """A library with all that is known of most tracks; beginnings and ends are those of neighbours, to save memory."""
    starts = range(0, tracks, _AT_ONCE)
    vectors = np.concatenate([clustered(min(_AT_ONCE, tracks - s), _DIMENSION, seed=s) for s in starts])
    ids = [TrackId(f"{n:016x}") for n in range(tracks)]
    index = Index.build(ids, vectors)
    infos = {
        track_id: TrackInfo(
            f"Song {n}", f"Artist {n % 9973}", f"Album {n // 12}", _GENRES[n % 10], 1960 + n % 60, 20.0 + n % 800
        )
        for n, track_id in enumerate(ids)
    }
    rng = np.random.default_rng(1)
    return replace(
        Catalogue.plain(index, infos),
        tempo_bpm=np.where(rng.random(tracks) < 0.8, rng.uniform(60, 180, tracks), np.nan).astype(np.float32),
        camelot=rng.integers(-1, 24, tracks).astype(np.int8),
        heads=index.vectors[::-1],
        tails=index.vectors[::-1],
        places={track_id: (f"/music/{n % 100}/{n // 12}",) for n, track_id in enumerate(ids)},
    )


def _specs() -> tuple[ContinueSpec, ContinueSpec]:
    """Every rule on: one that leaves about a third of the tracks, and one that leaves less than a hundredth."""
    most = Wishes(
        artist_spacing=3,
        album_spacing=3,
        repeat_after_hours=24.0,
        versions=False,
        first_year=1970,
        slowest_bpm=70.0,
        fastest_bpm=150.0,
        octaves=True,
        not_genres=frozenset({"folk"}),
        not_folders=frozenset({"/music/7"}),
        not_tags=frozenset({"metal"}),
        christmas="never",
    )
    few = replace(most, genres=frozenset({"jazz"}), first_year=1980, last_year=1983)
    return ContinueSpec(noise=0.1, adventure=0.3, anchor=0.2, wishes=most), ContinueSpec(noise=0.1, wishes=few)


def _facts(ids: Sequence[TrackId]) -> Facts:
    return Facts(
        banned=frozenset(ids[5::5000]),
        heard=dict.fromkeys(ids[::20], ("metal",)),
        last_played_s={track_id: 3600.0 * n for n, track_id in enumerate(ids[3::2000])},
        now_s=3600.0 * 30,
        today=dt.date(2026, 6, 1),
    )


def _measure(tracks: int) -> list[Figure]:
    before = memory_bytes(os.getpid())
    songs, specs = _catalogue(tracks), _specs()
    facts, ids = _facts(songs.index.ids), songs.index.ids
    rng = np.random.default_rng(1)
    times_ms, search_ms = [], []
    began = time.perf_counter()
    for spec in specs:
        continue_from(songs, seeds=ids[:1], spec=spec, rng=rng, facts=facts)
    first_s = time.perf_counter() - began
    for n in range(_CHOICES):
        seeds = [ids[row] for row in rng.integers(tracks, size=_SEEDS)]
        started = time.perf_counter()
        continue_from(songs, seeds=seeds, spec=specs[n % 2], rng=rng, facts=facts)
        times_ms.append(1000 * (time.perf_counter() - started))
        started = time.perf_counter()
        _ = songs.index.vectors @ songs.index.vectors[n]
        search_ms.append(1000 * (time.perf_counter() - started))
    used_mb = (memory_bytes(os.getpid()) - before) / 1e6
    reference = (
        f"one pick with all rules, joins and its why, 95 of 100; the bare matrix product: "
        f"{np.percentile(search_ms, 95):.3g} ms; the rules compiled once a library: {first_s:.2g} s"
    )
    figures = [
        Figure(f"choose.p95_ms.{tracks}", float(np.percentile(times_ms, 95)), "ms", reference, _GOALS_MS[tracks])
    ]
    if tracks == max(_GOALS_MS):
        what = "vectors, tags and masks of a million tracks; beginnings and ends take 800 MB more"
        figures.append(Figure(f"choose.rss_mb.{tracks}", used_mb, "MB", what))
    return figures


def _run(music: Path, scratch: Path) -> list[Figure]:
    figures = [figure for tracks in _GOALS_MS for figure in _measure(tracks)]
    times = [figure.value for figure in figures if figure.unit == "ms"]
    exponent = float(np.polyfit(np.log(list(_GOALS_MS)[1:]), np.log(times[1:]), 1)[0])
    return [*figures, Figure("choose.growth_exponent", exponent, "", "b in time = a * tracks^b, from 100,000 on")]


measure_choose = Bench(
    (*(f"choose.p95_ms.{tracks}" for tracks in _GOALS_MS), f"choose.rss_mb.{max(_GOALS_MS)}", "choose.growth_exponent"),
    _run,
)
