"""Scans with the stand-in ear, and what tests ask of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from store_standins import EAR, StandIn

from segue.config import SCAN
from segue.embed.pooling import pool
from segue.store.ingest import ScanOptions, scan
from segue.store.library import Library
from segue.values import ScanReport

OPTIONS = ScanOptions(replace(SCAN, workers=1), listener=StandIn())


def hear_all(folder: Path, library: Library, **options) -> ScanReport:
    return scan([folder], library, ear=EAR, options=replace(OPTIONS, **options))


def numbers(report: ScanReport) -> tuple[int, int, int, int, int]:
    return (report.scanned, report.attached, report.skipped, report.removed, len(report.failures))


def pooled_exactly(library: Library) -> bool:
    """Whether the track vectors are those of the whole library's slices."""
    wanted = pool(dict(library.iter_slice_vectors(EAR.fingerprint)), epsilon=EAR.epsilon)
    held = library.vectors(EAR.fingerprint)
    return list(held.ids) == sorted(wanted) and all(
        np.array_equal(row, wanted[track_id]) or np.allclose(row, wanted[track_id], atol=1e-6)
        for track_id, row in zip(*held, strict=True)
    )
