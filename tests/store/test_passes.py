from __future__ import annotations

import heapq
import random
from pathlib import Path

import pytest

from segue.store.passes import in_good_time
from segue.values import FileStat


def stats_of(*sizes: int) -> dict[Path, FileStat]:
    return {Path(f"{number:03d}"): FileStat(size, 0) for number, size in enumerate(sizes)}


def duration(order: list[Path], stats: dict[Path, FileStat], *, workers: int) -> int:
    """When the last worker is done, if a byte takes a second."""
    free_at = [0] * workers
    for path in order:
        heapq.heapreplace(free_at, free_at[0] + stats[path].size_bytes)
    return max(free_at)


def test_a_long_mix_at_the_end_begins_in_good_time() -> None:
    stats = stats_of(*[5] * 200, 300)
    order = in_good_time(list(stats), stats, workers=2)
    assert duration(list(stats), stats, workers=2) == 800
    assert duration(order, stats, workers=2) == 650
    assert order[:20] == list(stats)[:20], "what comes before keeps its order"


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_no_worker_is_alone_for_long(workers: int) -> None:
    rng = random.Random(workers)
    stats = stats_of(*(round(rng.lognormvariate(5.0, 1.0)) for _ in range(500)))
    order = in_good_time(list(stats), stats, workers=workers)
    assert sorted(order) == list(stats)
    total = sum(stat.size_bytes for stat in stats.values())
    assert duration(order, stats, workers=workers) <= 1.02 * total / workers


def test_nothing_and_one() -> None:
    assert in_good_time([], {}, workers=2) == []
    stats = stats_of(0)
    assert in_good_time(list(stats), stats, workers=2) == list(stats)
