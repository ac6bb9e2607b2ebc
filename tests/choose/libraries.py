"""Made-up libraries for the tests of the choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from segue.choose.catalogue import Catalogue
from segue.choose.index import Index
from segue.values import Floats, TrackId, TrackInfo


def number(i: int) -> TrackId:
    return TrackId(f"{i:016x}")


def library(
    infos: Sequence[TrackInfo],
    vectors: Floats | None = None,
    *,
    places: Sequence[str] = (),
    tempi: Sequence[float] = (),
) -> Catalogue:
    """A library of these tracks, `number` 0, 1, ...; by themselves their vectors lie on a quarter of a circle."""
    angles = np.linspace(0.0, np.pi / 2, max(2, len(infos)))[: len(infos)]
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1) if vectors is None else vectors
    index = Index.build([number(i) for i in range(len(infos))], rows)
    plain = Catalogue.plain(index, {number(i): info for i, info in enumerate(infos)})
    plain = replace(plain, places={number(i): (place,) for i, place in enumerate(places)})
    return replace(plain, tempo_bpm=np.array(tempi, np.float32)) if tempi else plain


def named(count: int) -> list[TrackInfo]:
    """Tracks of some minutes, neighbours of different lengths, each by an artist of its own."""
    return [
        TrackInfo(f"Song {i}", f"Artist {i}", f"Album {i}", "Rock", 1960 + i, 100.0 + 2 * (i % 300))
        for i in range(count)
    ]
