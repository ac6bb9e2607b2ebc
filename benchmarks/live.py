"""What listening costs: computing time for each window of five seconds, from samples to suggestions."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figures import Bench, Figure
from benchmarks.library import clustered
from segue.choose.catalogue import Catalogue
from segue.choose.index import Index
from segue.choose.wishes import NO_FACTS, Facts, Wishes
from segue.embed.encoder import load_ear
from segue.live import LiveSession, LiveSettings
from segue.values import Floats, TrackId, TrackInfo

_SIZES = (10_000, 100_000)
_SLICES = 48
_SECONDS = 120
_RATE_HZ = 48_000


class _Library:
    """Slices as they come out of a library, made when they are asked for: around the track's vector."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._spread = 0.3 * np.random.default_rng(2).standard_normal((_SLICES, index.dimension)).astype(np.float32)

    def slice_vectors(self, ids: Sequence[TrackId], _: object) -> dict[TrackId, Floats]:
        found = {}
        for track_id in ids:
            rows = self._index.vector(track_id) + self._spread
            found[track_id] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return found


class _Choosing:
    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def catalogue(self) -> Catalogue:
        return self._catalogue

    def facts(self, wishes: Wishes, _: Catalogue) -> tuple[Wishes, Facts]:
        return wishes, NO_FACTS


def _tune(rng: np.random.Generator) -> Floats:
    """Notes that decay, four a second."""
    length = _RATE_HZ // 4
    t = np.arange(length) / _RATE_HZ
    pitches_hz = 220.0 * 2.0 ** (rng.choice([0, 3, 5, 7, 10, 12], size=4 * _SECONDS) / 12.0)
    notes = [sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 6)) * np.exp(-6.0 * t) for hz in pitches_hz]
    tune: Floats = (0.2 * np.concatenate(notes)).astype(np.float32)
    return tune


def _run(music: Path, scratch: Path) -> list[Figure]:
    figures = []
    ear = load_ear()
    rng = np.random.default_rng(1)
    sound = _tune(rng)
    for size in _SIZES:
        ids = [TrackId(f"{n:016x}") for n in range(size)]
        index = Index.build(ids, clustered(size, ear.dimension))
        infos = {i: TrackInfo(f"Song {n}", f"Artist {n % 997}", duration_s=200.0) for n, i in enumerate(ids)}
        parts: Any = (_Library(index), lambda: ear, _Choosing(Catalogue.plain(index, infos)))
        session = LiveSession(*parts, LiveSettings())
        costs = []
        for start in range(0, len(sound), _RATE_HZ // 10):
            began = time.process_time()
            moments = session.push(sound[start : start + _RATE_HZ // 10], _RATE_HZ)
            if any(moment.kind != "music" for moment in moments):
                raise RuntimeError("the benchmark's music is not taken for music, so nothing was measured")
            if moments:
                costs.append(time.process_time() - began)
        reference = f"computing time from a window's last samples to the list, 95 of 100; at worst {max(costs):.3f} s"
        figures.append(Figure(f"live.window_s.{size}", float(np.percentile(costs[1:], 95)), "s", reference, goal=2.0))
    return figures


measure_live = Bench(tuple(f"live.window_s.{size}" for size in _SIZES), _run)
