"""Every track of a library in memory, for whatever looks at all of them: what it says of itself, and where it lies."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from segue.store.database import Connection
from segue.store.rhythms import corrected_rhythms
from segue.store.track_rows import INFO, ORDER, info_of
from segue.values import ByHand, TrackId, TrackInfo

_log = logging.getLogger(__name__)

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Songs:
    """All tracks by artist, album and path; item i of each column belongs to ``ids[i]``.

    ``folders`` are those in which a track lies, in the order of its paths. ``tempo_bpm`` and ``loudness_lufs`` (n,)
    float64 are NaN, and ``camelot`` is "", where unknown; ``by_hand`` says what of it was set by hand, where anything
    was. What tracks have in common is in memory once.
    """

    ids: tuple[TrackId, ...]
    infos: tuple[TrackInfo, ...] = field(repr=False)
    folders: tuple[tuple[str, ...], ...] = field(repr=False)
    tempo_bpm: Numbers = field(repr=False)
    camelot: tuple[str, ...] = field(repr=False)
    loudness_lufs: Numbers = field(repr=False)
    by_hand: Mapping[TrackId, tuple[ByHand, ...]] = field(repr=False)


def read_songs(db: Connection) -> Songs:
    """All tracks as they are now; linear in the tracks. One that lies nowhere is damage, and left out."""
    texts: dict[str, str] = {}
    places: dict[tuple[str, ...], tuple[str, ...]] = {}
    folders_of, by_hand = _folders(db), corrected_rhythms(db)
    ids, infos, folders, measures = [], [], [], []
    lost = 0
    statement = (
        f"SELECT id, {INFO}, tempo_bpm, camelot, loudness_lufs FROM tracks LEFT JOIN rhythms ON track_id = id"
        f" ORDER BY {ORDER}"
    )
    for track_id, title, artist, album, genre, *numbers, tempo, camelot, loudness in db.execute(statement):
        own = folders_of.pop(track_id, None)
        if own is None:
            lost += 1
            continue
        ids.append(TrackId(sys.intern(track_id)))
        shared = (texts.setdefault(text, text) for text in (artist, album, genre))
        infos.append(info_of((title, *shared, *numbers)))
        folders.append(places.setdefault(own, own))
        if track_id in by_hand:
            tempo, camelot = by_hand[track_id].tempo_bpm, by_hand[track_id].camelot
        measures.append((tempo, texts.setdefault(camelot or "", camelot or ""), loudness))
    if lost:
        _log.warning("tracks that lie nowhere are left out (%d); to mend the library: segue doctor --repair", lost)
    tempi, keys, loudnesses = zip(*measures, strict=True) if measures else ((), (), ())
    return Songs(
        tuple(ids),
        tuple(infos),
        tuple(folders),
        _numbers(tempi),
        keys,
        _numbers(loudnesses),
        {track_id: rhythm.by_hand for track_id, rhythm in by_hand.items()},
    )


def _folders(db: Connection) -> dict[str, tuple[str, ...]]:
    """The folders of each track, in the order of its paths."""
    found: dict[str, tuple[str, ...]] = {}
    same: dict[str, str] = {}
    for track_id, path in db.execute("SELECT track_id, path FROM paths ORDER BY path"):
        folder = os.path.dirname(os.fsdecode(path))  # noqa: PTH120 - ten times as fast
        found[track_id] = (*found.get(track_id, ()), same.setdefault(folder, folder))
    return found


def _numbers(values: Iterable[float | None]) -> Numbers:
    return np.array([np.nan if value is None else value for value in values], np.float64)
