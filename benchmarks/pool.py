"""What pooling costs: the join of all slices with all, and of new ones with a library that was pooled before."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from benchmarks.figures import Bench, Figure, MemoryWatch
from segue.embed.encoder import load_ear
from segue.embed.joining import Slices, Work
from segue.embed.pooling import Counts, count
from segue.store.library import Library
from segue.store.pooled import pool_library
from segue.store.workers import available_cores
from segue.values import FileStat, Fingerprint, Floats, Hearing, TrackId, TrackInfo

_SLICES = 48  # a track of four minutes
_SIZES = (1000, 2000, 4000, 8000, 16_000)
_BRUTE_TRACKS = 2000  # all pairs take seconds here, and 64 times as long at 16,000
_ADDED = 100
_BLOCK = 1024  # rows of a block of brute force; larger ones are no faster

# Share of the variance that each of the leading principal directions of real slices has, as (directions, share of all).
_SPECTRUM = ((1, 0.23), (3, 0.38), (4, 0.19), (8, 0.12), (8, 0.035), (8, 0.015), (16, 0.015), (52, 0.015))


def clustered_slices(tracks: int, *, seed: int = 0) -> Floats:
    """Slice vectors ``(tracks * 48, 100)`` that lie as those of real music do.

    They were fitted to 27,725 slices of 773 recordings of free game music, heard by the bundled Speccy; in brackets
    what this gives for as many tracks. The effective dimension is 9.3 (7.6); 16 principal directions hold 90 % (92 %)
    of the second moment. Cosine distances in a track: 5 % are below 0.041 (0.033), the median is 0.25 (0.25); from a
    slice to the next 0.11 (0.15). Across tracks: 0.09 % are below 0.1 (0.09 %), 0.8 % below 0.2 (1.2 %), the median is
    0.99 (0.88); to the nearest slice of another track it is 0.08 (0.11). The mean tf is 2.8 (3.4), with epsilon 0.034.
    Artists have six tracks each and gather in 24 genres, some more popular than others; one track in thirty is another
    one encoded anew. The vectors are rounded to float16 and scaled to unit length, as a library gives them.
    """
    rng = np.random.default_rng(seed)
    spread = np.repeat([np.sqrt(share / k) for k, share in _SPECTRUM], [k for k, _ in _SPECTRUM])

    def drawn(count: int, scale: float) -> Floats:
        return (rng.standard_normal((count, len(spread)), np.float32) * (scale * spread)).astype(np.float32)

    genres, artists = drawn(24, 0.60), tracks // 6 + 1
    popular = (len(genres) * rng.random(artists) ** 2).astype(int)
    middles = genres[popular] + drawn(artists, 0.40)
    places = middles[rng.integers(artists, size=tracks)] + drawn(tracks, 0.20)
    places[:, 0] += 0.2
    liveliness = np.exp(0.4 * rng.standard_normal((tracks, 1, 1), np.float32))
    sections = drawn(tracks * 6, 0.48).reshape(tracks, 6, -1)
    order = np.cumsum(rng.random((tracks, _SLICES)) < 0.25, axis=1) * rng.integers(1, 6, size=(tracks, 1)) % 6
    rows = np.take_along_axis(sections, order[:, :, np.newaxis], axis=1)
    rows += drawn(tracks * _SLICES, 0.33).reshape(rows.shape) * np.exp(
        0.5 * rng.standard_normal((tracks, _SLICES, 1), np.float32)
    )
    rows = places[:, np.newaxis] + liveliness * rows
    copies = rng.choice(tracks, tracks // 30, replace=False)
    rows[copies] = rows[(copies + 1) % tracks] * (1 + 0.02 * rng.standard_normal(rows[copies].shape, np.float32))
    rows = rows.reshape(-1, len(spread))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    stored: Floats = rows.astype(np.float16).astype(np.float32)
    stored /= np.linalg.norm(stored, axis=1, keepdims=True)
    return stored


def _run(_: Path, scratch: Path) -> list[Figure]:
    epsilon, cores = load_ear().epsilon, available_cores()
    figures, seconds = [], []
    for tracks in _SIZES:
        slices = _made(tracks)
        watch = MemoryWatch(os.getpid())
        seconds.append(min(_time_join(slices, epsilon) for _ in range(3 if tracks <= _BRUTE_TRACKS else 1)))
        peak_mb = watch.stop()
        what = f"all slices with all, {len(slices.owners)} of them, {cores} threads"
        goal = 30.0 if tracks == 8000 else None
        figures.append(Figure(f"pool.seconds.{tracks}", seconds[-1], "s", what, goal))
        if tracks == 8000:
            what = "resident, the join of 8,000 tracks, their vectors included"
            figures.append(Figure("pool.rss_mb.8000", peak_mb, "MB", what, 1000.0))
    exponent = float(np.polyfit(np.log(_SIZES), np.log(seconds), 1)[0])
    what = "b in seconds = a * tracks^b, 1,000 to 16,000 tracks; all pairs: 2"
    figures.append(Figure("pool.growth_exponent", exponent, "", what, 1.4))
    return [*figures, _speedup(epsilon, cores), _add(scratch / "pool")]


def _made(tracks: int) -> Slices:
    return Slices(clustered_slices(tracks), np.repeat(np.arange(tracks), _SLICES))


def _time_join(slices: Slices, epsilon: float) -> float:
    began_s = time.perf_counter()
    count(slices, epsilon=epsilon, work=Work(threads=available_cores()))
    return time.perf_counter() - began_s


def _speedup(epsilon: float, cores: int) -> Figure:
    """The join against all products, both at their best in turn."""
    slices = _made(_BRUTE_TRACKS)
    join_s, brute_s = float("inf"), float("inf")
    for _ in range(2):
        join_s = min(join_s, _time_join(slices, epsilon))
        began_s = time.perf_counter()
        _brute(slices, epsilon)
        brute_s = min(brute_s, time.perf_counter() - began_s)
    what = f"blocked products of all pairs of {_BRUTE_TRACKS} tracks ({brute_s:.1f} s, BLAS on {cores} threads)"
    return Figure("pool.speedup_over_brute", brute_s / join_s, "x", what)


def _brute(slices: Slices, epsilon: float) -> Counts:
    """tf and df from every pair, block by block; what float32 leaves in doubt is not settled."""
    vectors, owners = slices.vectors, slices.owners
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    tf, df = np.empty(len(owners), np.int64), np.empty(len(owners), np.int64)
    for begin in range(0, len(vectors), _BLOCK):
        block = slice(begin, begin + _BLOCK)
        same = vectors[block] @ vectors.T > 1.0 - epsilon
        held = np.add.reduceat(same, starts, axis=1, dtype=np.int16)
        tf[block] = np.take_along_axis(held, owners[block, np.newaxis], axis=1)[:, 0]
        df[block] = (held > 0).sum(axis=1)
    return Counts(tf, df)


def _add(data: Path) -> Figure:
    """Seconds to save and pool a hundred tracks that come to 8,000."""
    ear = load_ear()
    rows = clustered_slices(8000 + _ADDED).reshape(8000 + _ADDED, _SLICES, -1)
    with Library.open(data) as library:
        for number in range(8000):
            _save(library, number, rows[number], ear.fingerprint)
        pool_library(library, ear, on_begin=lambda: None)
        began_s = time.perf_counter()
        for number in range(8000, 8000 + _ADDED):
            _save(library, number, rows[number], ear.fingerprint)
        pool_library(library, ear, on_begin=lambda: None)
        seconds = time.perf_counter() - began_s
    return Figure("pool.add_100_s", seconds, "s", "100 tracks come to 8,000: saved and pooled, without decoding", 5.0)


def _save(library: Library, number: int, rows: Floats, ear: Fingerprint) -> None:
    place = (number * 7919) % 100_003  # new tracks stand among the old ones, as hashes of files do
    hearing = Hearing(TrackId(f"{place:016x}"), TrackInfo(f"Song {number}"), rows, ear)
    library.add(hearing, Path(f"/music/{number:06d}.mp3"), stat=FileStat(1000, number), vector=rows[0])


measure_pool = Bench(
    (
        *(f"pool.seconds.{tracks}" for tracks in _SIZES),
        "pool.rss_mb.8000",
        "pool.growth_exponent",
        "pool.speedup_over_brute",
        "pool.add_100_s",
    ),
    _run,
)
