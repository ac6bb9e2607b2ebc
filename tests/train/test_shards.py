from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from segue.errors import FileAccessError
from segue.train.shards import Lessons, iter_numbers, read_all, read_shard, shard_paths, write_shard


def lessons_of(value: int) -> Lessons:
    return Lessons(np.full((2, 96, 216), value, np.uint8), np.full((2, 200), value, np.float16))


def test_shards_survive_the_disk_and_finished_ones_are_passed_over(tmp_path: Path) -> None:
    for number in (0, 2):
        write_shard(tmp_path, number, lessons_of(number))
    (tmp_path / ".shard-00003.npz").write_bytes(b"half a shard, from a process that was killed")
    assert [path.name for path in shard_paths(tmp_path)] == ["shard-00000.npz", "shard-00002.npz"]
    assert read_shard(shard_paths(tmp_path)[1]).slices[0, 0, 0] == 2
    assert read_all(tmp_path).vectors.shape == (4, 200)
    assert list(islice(iter_numbers(tmp_path, start=0, step=1), 3)) == [1, 3, 4]
    assert list(islice(iter_numbers(tmp_path, start=0, step=2), 2)) == [4, 6]


def test_no_lessons_at_all_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="no lessons"):
        read_all(tmp_path)
