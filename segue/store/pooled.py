"""Pooling the whole library, when anything has changed since that was last done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np

from segue.embed.encoder import Ear
from segue.embed.joining import Work
from segue.embed.pooling import Counts, Stacked, count, pool_counted, stack
from segue.store.kept_counts import Tracks, file_of, hash_of, read_counts, write_counts
from segue.store.library import Library
from segue.store.workers import available_cores
from segue.values import Floats, TrackId


def pool_library(
    library: Library,
    ear: Ear,
    *,
    on_begin: Callable[[], None],
    on_share: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> bool:
    """Pool all that an ear has heard, unless that is done already, and return whether it is done now.

    ``on_begin`` is told before the work, ``on_share`` of the share in [0, 1] that is done. When it is cancelled, the
    library stays as it is, and the next scan pools it.
    """
    if is_pooled(library, ear) or ear.fingerprint not in library.fingerprints():
        return True
    on_begin()
    content = library.content()
    hashes: dict[TrackId, int] = {}
    stacked = stack(_hashed(library, ear, hashes))
    counts = None
    if ear.pooling == "tfidf":
        counts = _counted(library, ear, stacked, hashes, on_share, cancel)
        if counts is None:
            return False
    vectors = pool_counted(stacked, counts)
    library.set_track_vectors(vectors, ear.fingerprint, recipe=_recipe(ear), content=content)
    return True


def is_pooled(library: Library, ear: Ear) -> bool:
    """Whether the ear's track vectors are pooled as its card says, over all that it has heard."""
    return library.is_pooled(ear.fingerprint, _recipe(ear))


def _recipe(ear: Ear) -> str:
    return f"{ear.pooling} {ear.epsilon:g} smooth"


def _hashed(library: Library, ear: Ear, hashes: dict[TrackId, int]) -> Iterator[tuple[TrackId, Floats]]:
    """The slice vectors of each track, whose hashes are noted on the way."""
    for track_id, vectors in library.iter_slice_vectors(ear.fingerprint):
        hashes[track_id] = hash_of(vectors)
        yield track_id, vectors


def _counted(
    library: Library,
    ear: Ear,
    stacked: Stacked,
    hashes: dict[TrackId, int],
    on_share: Callable[[float], None] | None,
    cancel: threading.Event | None,
) -> Counts | None:
    """Count what is the same, going on from what was counted last time; None if that was cancelled."""
    owners = stacked.slices.owners
    tracks = Tracks(stacked.ids, np.array([*hashes.values()], np.uint64), np.bincount(owners))
    path = file_of(library.folder, ear.fingerprint)
    known = read_counts(path, tracks, epsilon=ear.epsilon)
    todo = len(owners) if known is None else int((known.tf == 0).sum())
    done = 0

    def note(rows: int) -> None:
        nonlocal done
        done += rows
        if on_share is not None:
            on_share(min(1.0, done / todo))  # where pairs are too many to keep, all are counted again

    work = Work(threads=available_cores(), on_done=note, cancel=cancel)
    counts = count(stacked.slices, epsilon=ear.epsilon, work=work, known=known)
    if counts is not None:
        write_counts(path, tracks, counts, epsilon=ear.epsilon)
    return counts
