"""The library's vectors as plain arrays, for other programs."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from segue.errors import EmptyLibraryError
from segue.files import atomic_write
from segue.store.library import Library
from segue.values import Fingerprint, Floats


def write_npz(library: Library, fingerprint: Fingerprint, target: Path) -> int:
    """Write one ear's vectors to an ``.npz`` without pickles, and return how many tracks there are.

    It holds ``ids (n,)`` and ``paths (n,)`` as text, ``track_vectors (n, d)`` and ``slice_vectors (s, d)`` float32 unit
    rows, and ``slice_offsets (n + 1,)`` int64: track i owns the slices from offsets[i] to offsets[i + 1]. A recording's
    further paths are in ``other_paths (m,)``, and the row of their track in ``other_path_rows (m,)``.

    Raises
    ------
    EmptyLibraryError, ModelError, FileAccessError
    """
    vectors = library.vectors(fingerprint)
    tracks = {track.id: track for track in library.tracks()}
    slices = dict(library.iter_slice_vectors(fingerprint))
    rows = [i for i, track_id in enumerate(vectors.ids) if track_id in tracks and track_id in slices]
    if not rows:
        raise EmptyLibraryError("the library is empty", remedy="Scan a folder first", path=library.folder)
    ids = [vectors.ids[i] for i in rows]
    others = [(os.fspath(path), row) for row, track_id in enumerate(ids) for path in tracks[track_id].paths[1:]]
    with atomic_write(target) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            ids=np.array(ids, dtype=np.str_),
            paths=np.array([os.fspath(tracks[track_id].paths[0]) for track_id in ids], dtype=np.str_),
            track_vectors=vectors.matrix[rows],
            slice_vectors=np.concatenate([slices[track_id] for track_id in ids]),
            slice_offsets=np.cumsum([0, *(len(slices[track_id]) for track_id in ids)], dtype=np.int64),
            other_paths=np.array([path for path, _ in others], dtype=np.str_),
            other_path_rows=np.array([row for _, row in others], dtype=np.int64),
        )
    return len(ids)


def vectors_by_path(library: Library, fingerprint: Fingerprint) -> dict[str, Floats]:
    """Each file's track vector ``(d,)`` by its path, as the first Deej-A.I. kept them."""
    vectors = library.vectors(fingerprint)
    rows = {track_id: row for row, track_id in enumerate(vectors.ids)}
    return {
        os.fspath(path): vectors.matrix[rows[track.id]]
        for track in library.tracks()
        if track.id in rows
        for path in track.paths
    }
