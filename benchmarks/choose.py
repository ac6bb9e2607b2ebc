"""The time that one choice takes."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks.figures import Bench, Figure
from benchmarks.library import clustered
from segue.choose.catalogue import Catalogue
from segue.choose.index import Index
from segue.choose.playlist import ContinueSpec, continue_from
from segue.values import TrackId, TrackInfo

_TRACKS = 10_000
_CHOICES = 300


def _run(music: Path, scratch: Path) -> list[Figure]:
    ids = [TrackId(f"{n:016x}") for n in range(_TRACKS)]
    index = Index.build(ids, clustered(_TRACKS, 100))
    infos = {track_id: TrackInfo(f"Song {n}", f"Artist {n % 997}") for n, track_id in enumerate(ids)}
    library = Catalogue.plain(index, infos)
    rng = np.random.default_rng(1)
    times_ms, search_ms = [], []
    for _ in range(_CHOICES):
        seeds = [ids[n] for n in rng.integers(_TRACKS, size=5)]
        started = time.perf_counter()
        continue_from(library, seeds=seeds, spec=ContinueSpec(count=1, noise=0.1), rng=rng)
        times_ms.append(1000 * (time.perf_counter() - started))
        started = time.perf_counter()
        _ = index.vectors @ index.vectors[0]
        search_ms.append(1000 * (time.perf_counter() - started))
    reference = (
        f"one pick with rules and its why, 95 of 100; the bare matrix product: {np.percentile(search_ms, 95):.2f} ms"
    )
    return [Figure(f"choose.p95_ms.{_TRACKS}", float(np.percentile(times_ms, 95)), "ms", reference, goal=5.0)]


measure_choose = Bench((f"choose.p95_ms.{_TRACKS}",), _run)
