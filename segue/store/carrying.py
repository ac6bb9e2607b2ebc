"""From one ear's slice vectors to another's without hearing anything, where the other is the one and a head."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from segue.embed.encoder import Ear
from segue.embed.head import read_head
from segue.embed.pooling import pool
from segue.store.library import KnownFile, Library
from segue.values import Hearing, TrackId

_log = logging.getLogger(__name__)


def carry_over(library: Library, ear: Ear, *, on_track: Callable[[Path], None], cancel: threading.Event) -> int:
    """Give an ear its vectors of all that the ear without its head has heard, and return of how many tracks.

    Each track is saved by itself; what the ear has heard already is left as it is. An ear without a head gets nothing.

    Raises
    ------
    LibraryError
        If the library does not take them.
    ModelError
        If the ear's head is damaged.
    """
    head = read_head(ear)
    if head is None or head.of not in library.fingerprints():
        return 0
    todo: dict[TrackId, tuple[Path, KnownFile]] = {}
    for path, file in library.files(ear.fingerprint).items():
        if not file.heard:
            todo.setdefault(file.track_id, (path, file))
    carried = 0
    for track_id, vectors in library.iter_slice_vectors(head.of):
        if cancel.is_set():
            break
        if track_id not in todo:
            continue
        path, file = todo[track_id]
        placed = head.weights.apply(vectors)
        hearing = Hearing(track_id, library.track(track_id).info, placed, ear.fingerprint)
        single = pool({track_id: placed}, epsilon=ear.epsilon, method="mean")
        library.add(hearing, path, stat=file.stat, vector=single[track_id])
        carried += 1
        on_track(path)
    _log.info("%d tracks were given vectors by the head, without hearing them", carried)
    return carried
