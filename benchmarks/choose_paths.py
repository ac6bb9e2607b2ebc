"""The time that a journey takes, and a new order for a long list."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.figures import Bench, Figure
from benchmarks.library import clustered
from segue.choose.catalogue import Catalogue
from segue.choose.index import Index
from segue.choose.itinerary import Itinerary, Mode
from segue.choose.journey import journey
from segue.choose.reorder import reorder
from segue.values import TrackId, TrackInfo

_TRACKS = 100_000
_STOPS = 20
_LISTED = 100
_ROUNDS = 7


def _run(music: Path, scratch: Path) -> list[Figure]:
    rng = np.random.default_rng(1)
    library = _library(rng)
    pairs = [[library.index.ids[n] for n in rng.integers(_TRACKS, size=2)] for _ in range(_ROUNDS)]

    def travel(mode: Mode) -> Callable[[int], object]:
        return lambda n: journey(library, pairs[n], Itinerary(between=_STOPS - 2, mode=mode))

    direct, smooth = (_least_s(travel(mode)) for mode in ("shortest", "smoothest"))
    lists = [[library.index.ids[n] for n in rng.integers(_TRACKS, size=_LISTED)] for _ in range(_ROUNDS)]
    ordered = _least_s(lambda n: reorder(library, lists[n]))
    about = f"{_STOPS} stops with rules and whys, least of {_ROUNDS}; the smoothest way: {smooth:.2f} s"
    listed = f"tracks far apart, one thread, least of {_ROUNDS}"
    return [
        Figure(f"choose.journey_s.{_TRACKS}", direct, "s", about, goal=0.5),
        Figure(f"choose.reorder_s.{_LISTED}", ordered, "s", listed, goal=1.0),
    ]


def _library(rng: np.random.Generator) -> Catalogue:
    ids = [TrackId(f"{n:016x}") for n in range(_TRACKS)]
    infos = {track_id: TrackInfo(f"Song {n}", f"Artist {n % 997}", duration_s=200.0) for n, track_id in enumerate(ids)}
    plain = Catalogue.plain(Index.build(ids, clustered(_TRACKS, 100)), infos)
    loud, fast = rng.normal(-12.0, 3.0, _TRACKS), rng.uniform(70.0, 180.0, _TRACKS)
    return replace(plain, loudness_lufs=loud.astype(np.float32), tempo_bpm=fast.astype(np.float32))


def _least_s(what: Callable[[int], object]) -> float:
    """The least of the rounds; the first pays for what is looked up once for a library, and for imports."""
    times = []
    for n in range(_ROUNDS):
        started = time.perf_counter()
        what(n)
        times.append(time.perf_counter() - started)
    return min(times)


measure_paths = Bench((f"choose.journey_s.{_TRACKS}", f"choose.reorder_s.{_LISTED}"), _run)
