"""How well an ear does on a library: do the tracks nearest to one share its label, and more often than for floors."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from segue.choose.retrieval import Comparison, Retrieval, compare, standardised
from segue.config import EVALUATION, SCAN
from segue.embed.ears.untrained import untrained_ear
from segue.embed.encoder import Ear, Encoder, load_ear
from segue.embed.floors import FloorVectors, hear_floors
from segue.embed.pooling import pool
from segue.errors import EmptyLibraryError, ParameterError, printable
from segue.labelling import LabelBy, Labelling, label_by_folder, label_by_table, label_by_tags
from segue.store.library import Library
from segue.store.pooled import is_pooled
from segue.store.workers import Job, WorkerPool, available_cores
from segue.values import Floats, Track, TrackId

OnProgress = Callable[[str, int, int], None]
"""Told what is done ("listening", "comparing"), how much of it, and of how much."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to measure by: a table of labels, or ``label_by``; ``floors`` also has the files listened to anew."""

    table: Path | None = None
    label_by: LabelBy = "auto"
    root: Path | None = None
    floors: bool = False
    workers: int = 0


@dataclass(frozen=True, slots=True)
class EvaluationRow:
    """One way of turning tracks into vectors, and how it did; ``in_use`` marks the one that Segue chooses by."""

    name: str
    comparison: Comparison
    in_use: bool = False

    def to_json(self) -> dict[str, Any]:
        """The row as plain JSON values."""
        found = self.comparison
        return {
            "name": self.name,
            "in_use": self.in_use,
            "all": _retrieval_json(found.plain),
            "other_artists": None if found.filtered is None else _retrieval_json(found.filtered),
            "hubness": round(found.hubness, 4),
        }


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """What was measured: on which tracks, by which labels, and one row for each way of making vectors."""

    ear: str
    fingerprint: str
    epsilon: float
    labelling: Labelling
    tracks: int
    labels: int
    rows: tuple[EvaluationRow, ...]
    unreadable: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        by = self.labelling
        return {
            "ear": self.ear,
            "fingerprint": self.fingerprint,
            "epsilon": self.epsilon,
            "labelled_by": by.source,
            "tracks": self.tracks,
            "labels": self.labels,
            "left_out": {
                "unlabelled": by.unlabelled,
                "only_one_of_its_label": by.single,
                "contradictory": by.contradictory,
                "incomplete_rows": by.incomplete,
                "missing": [printable(path) for path in by.missing],
                "not_in_the_library": [printable(path) for path in by.unheard],
                "unreadable": list(self.unreadable),
            },
            "rows": [row.to_json() for row in self.rows],
            "seconds": round(self.seconds, 2),
        }


def evaluate(
    library: Library,
    ear: Ear,
    question: Question,
    *,
    on_progress: OnProgress | None = None,
    cancel: threading.Event | None = None,
) -> EvaluationReport:
    """Measure an ear on the tracks of a library that it has heard.

    Raises
    ------
    EmptyLibraryError
        If the library is empty.
    ParameterError, FileAccessError
        If there are no labels to go by, or too few tracks bear them.
    ModelError
        If another ear heard the library.
    """
    began, tell = time.monotonic(), on_progress or _unheard
    tracks = heard_tracks(library, ear)
    labelling = labelling_of(tracks, question)
    ids = sorted(labelling.labels)
    vectors, unreadable = _ear_vectors(library, ear, ids), tuple[str, ...]()
    if question.floors:
        by_id = {track.id: track for track in tracks}
        floors, unreadable = _floors([by_id[i] for i in ids], question.workers, tell, cancel)
        heard = np.array([i in floors for i in ids], dtype=bool)
        ids = [i for i in ids if i in floors]
        vectors = {name: matrix[heard] for name, matrix in vectors.items()} | _floor_vectors(ids, floors)
    names = [labelling.labels[i].name for i in ids]
    artists = labelling.artists(ids)
    rows = []
    for at, (name, matrix) in enumerate(vectors.items()):
        step = partial(_step, tell, at, len(vectors))
        found = compare(matrix, names, artists=artists, rng=np.random.default_rng(0), on_progress=step)
        rows.append(EvaluationRow(name, found, in_use=name == _POOLED[ear.pooling]))
    return EvaluationReport(
        ear=ear.name,
        fingerprint=str(ear.fingerprint),
        epsilon=ear.epsilon,
        labelling=labelling,
        tracks=len(ids),
        labels=len(set(names)),
        rows=tuple(rows),
        unreadable=unreadable,
        seconds=time.monotonic() - began,
    )


_POOLED = {"tfidf": "TF-IDF", "mean": "mean"}
_MFCC, _UNTRAINED = "MFCC statistics", "random weights"


def heard_tracks(library: Library, ear: Ear) -> list[Track]:
    """The tracks that the ear has heard."""
    heard = set(library.vectors(ear.fingerprint).ids)
    tracks = [track for track in library.tracks() if track.id in heard]
    if not tracks:
        raise EmptyLibraryError("the library is empty", remedy="Scan a folder first", path=library.folder)
    return tracks


def labelling_of(tracks: list[Track], question: Question) -> Labelling:
    """The labels that a question goes by; raises ParameterError where too few tracks share one."""
    if question.table is not None:
        found = label_by_table(tracks, question.table)
    elif question.label_by == "folder":
        found = label_by_folder(tracks, question.root)
    else:
        found = label_by_tags(tracks, question.label_by)
    if len(found.labels) <= EVALUATION.neighbours:
        some = f"only {len(found.labels)}" if found.labels else "no two"
        away = f"; {len(found.missing)} of its files are missing, {len(found.unheard)} not scanned"
        raise ParameterError(
            f"{some} of the {len(tracks)} tracks share a label, by {found.source}{away if question.table else ''}",
            remedy=f"Give labels that several tracks share, {EVALUATION.neighbours + 1} tracks or more, and paths that"
            " lead to the library's files",
        )
    return found


def _ear_vectors(library: Library, ear: Ear, ids: list[TrackId]) -> dict[str, Floats]:
    """Track vectors by TF-IDF over the whole library, and by the plain mean: (n, d) each, in the order of the ids."""
    if ear.pooling == "tfidf" and is_pooled(library, ear):
        held = library.vectors(ear.fingerprint)
        rows = {track_id: row for row, track_id in enumerate(held.ids)}
        tfidf = held.matrix[[rows[i] for i in ids]]
    else:
        pooled = pool(dict(library.iter_slice_vectors(ear.fingerprint)), epsilon=ear.epsilon)
        tfidf = np.stack([pooled[i] for i in ids])
    wanted = set(ids)
    means = {i: v.mean(axis=0) for i, v in library.iter_slice_vectors(ear.fingerprint) if i in wanted}
    return {_POOLED["tfidf"]: tfidf, _POOLED["mean"]: np.stack([means[i] for i in ids])}


@dataclass(frozen=True, slots=True)
class _FloorListener:
    """Describes files without an ear; its random network is loaded where it is called, in the worker."""

    untrained: Ear

    def __call__(self) -> Callable[[Path], FloorVectors]:
        return partial(hear_floors, untrained=Encoder(self.untrained))


def _floors(
    tracks: list[Track], workers: int, tell: OnProgress, cancel: threading.Event | None
) -> tuple[Mapping[TrackId, FloorVectors], tuple[str, ...]]:
    """Listen to the tracks' files in worker processes; what cannot be read any more is left out, with its reason."""
    found: dict[TrackId, FloorVectors] = {}
    failed: list[str] = []
    ids = {track.paths[0]: track.id for track in tracks}
    with tempfile.TemporaryDirectory(prefix="segue-untrained-") as folder:
        listener = _FloorListener(untrained_ear(load_ear(), Path(folder)))
        jobs = [Job(path, SCAN.limit_s(path.stat().st_size if path.exists() else 0)) for path in ids]
        tell("listening", 0, len(jobs))
        with WorkerPool(listener, workers=workers or available_cores()) as pool_of_workers:
            for outcome in pool_of_workers.run(jobs, cancel=cancel):
                if outcome.value is None:
                    failed.append(str(outcome.error))
                else:
                    found[ids[outcome.job.path]] = outcome.value
                tell("listening", len(found) + len(failed), len(jobs))
    return found, tuple(sorted(failed))


def _floor_vectors(ids: list[TrackId], floors: Mapping[TrackId, FloorVectors]) -> dict[str, Floats]:
    """The floors' vectors (n, d), all columns of equal spread: else the largest would decide alone."""
    return {
        _MFCC: standardised(np.stack([floors[i].mfcc for i in ids])),
        _UNTRAINED: standardised(np.stack([floors[i].untrained for i in ids])),
    }


def _step(tell: OnProgress, at: int, rows: int, done: int, total: int) -> None:
    """Tell how far the comparison of one row is, as a part of all rows."""
    tell("comparing", at * total + done, rows * total)


def _unheard(_what: str, _done: int, _total: int) -> None:
    """For whoever does not ask how far it is."""


def _retrieval_json(found: Retrieval) -> dict[str, Any]:
    return {
        key: [round(x, 4) for x in value] if isinstance(value, tuple) else round(value, 4)
        for key, value in asdict(found).items()
    }
