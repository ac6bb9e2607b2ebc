"""What pooling counted, kept beside the library so that new tracks need only be compared with all, not all with all.

It is a cache in the data folder's ``cache/pooling``: what is missing, damaged or of another epsilon is counted
afresh. Each track's counts are held with a hash of its slice vectors, so that they are used for just these vectors.
A file, not a table: it is read and written as a whole, may be deleted at any time, and changes no library's schema.
"""

from __future__ import annotations

import hashlib
import logging
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segue.embed.pooling import Counts, Pairs
from segue.embed.sketching import Integers
from segue.errors import SegueError
from segue.files import atomic_write
from segue.values import Fingerprint, Floats, TrackId

_log = logging.getLogger(__name__)

_FORMAT = 1

Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """The tracks of a count: their ids, hashes ``(t,)`` of their vectors, and how many slices ``(t,)`` each has."""

    ids: Sequence[TrackId]
    hashes: Hashes
    sizes: Integers


def hash_of(vectors: Floats) -> int:
    """Eight bytes that change with a track's slice vectors."""
    return int.from_bytes(hashlib.blake2b(np.ascontiguousarray(vectors).data, digest_size=8).digest(), "little")


def file_of(data_folder: Path, fingerprint: Fingerprint) -> Path:
    """Where the counts of one ear are kept."""
    return data_folder / "cache" / "pooling" / f"{fingerprint.model}-{fingerprint.mel}.npz"


def write_counts(path: Path, tracks: Tracks, counts: Counts, *, epsilon: float) -> None:
    """Keep counts; where they are too many, or the disk does not take them, the next pooling counts afresh."""
    try:
        if counts.pairs is None:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                format=np.array([_FORMAT]),
                epsilon=np.array([epsilon]),
                ids=np.array(tracks.ids, dtype=np.str_),
                hashes=tracks.hashes,
                sizes=tracks.sizes,
                tf=counts.tf.astype(np.int32),
                slices=counts.pairs.slices.astype(np.int32),
                tracks=counts.pairs.tracks.astype(np.int32),
            )
    except (OSError, SegueError) as error:
        _log.warning("the counts of the pooling cannot be kept: %s", error)


def read_counts(path: Path, tracks: Tracks, *, epsilon: float) -> Counts | None:
    """What is known of these tracks: tf is 0 where nothing is, df is not filled; None where counting afresh is better.

    Tracks that are gone or have other vectors now are left out, of the pairs too.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            if held["format"].tolist() != [_FORMAT] or held["epsilon"].tolist() != [epsilon]:
                return None
            before = Tracks([TrackId(i) for i in held["ids"].tolist()], held["hashes"], held["sizes"])
            tf, slices, others = (held[name].astype(np.int64) for name in ("tf", "slices", "tracks"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        _log.info("the kept counts are not used: %s", error)
        return None
    return _carried(before, Counts(tf, np.zeros(0, np.int64), Pairs(slices, others)), tracks)


def _carried(before: Tracks, counts: Counts, now: Tracks) -> Counts | None:
    """Counts of the tracks of before, at the places that their slices have now."""
    assert counts.pairs is not None
    places = {track_id: place for place, track_id in enumerate(now.ids)}
    track_to = np.array([places.get(track_id, -1) for track_id in before.ids], dtype=np.int64)
    track_to[(now.hashes[track_to] != before.hashes) | (now.sizes[track_to] != before.sizes)] = -1
    lasting = np.flatnonzero(track_to >= 0)
    total = int(now.sizes.sum())
    if 2 * int(before.sizes[lasting].sum()) < total:
        return None
    slice_to = np.full(len(counts.tf), -1, np.int64)
    starts_before, starts_now = np.cumsum(before.sizes) - before.sizes, np.cumsum(now.sizes) - now.sizes
    sizes = before.sizes[lasting]
    within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    slice_to[np.repeat(starts_before[lasting], sizes) + within] = (
        np.repeat(starts_now[track_to[lasting]], sizes) + within
    )
    tf = np.zeros(total, np.int64)
    tf[slice_to[slice_to >= 0]] = counts.tf[slice_to >= 0]
    slices, tracks = slice_to[counts.pairs.slices], track_to[counts.pairs.tracks]
    both = (slices >= 0) & (tracks >= 0)
    return Counts(tf, np.zeros(0, np.int64), Pairs(slices[both], tracks[both]))
