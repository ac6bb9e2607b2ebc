from __future__ import annotations

import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from segue.errors import FileAccessError
from segue.train.made import compose, find_grooves, find_midi, make_speech


def test_a_piece_depends_on_its_seed_alone() -> None:
    styles = [["Swing", "SwingSus"], ["House"]]
    first, again, other = (compose(styles, rng=np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert first == again != other
    lines = first.splitlines()
    assert lines[0].startswith("Tempo ")
    assert sum(line.startswith("Groove ") for line in lines) == 2
    assert sum(line[0].isdigit() for line in lines) >= 8


def test_grooves_are_read_from_the_library(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "swing.mma").write_text(
        "SeqSize 4\nDefGroove Swing  Plain swing\n  defgroove SwingSus\n", "latin-1"
    )
    (tmp_path / "none.mma").write_text("// nothing\n", "latin-1")
    assert find_grooves(tmp_path) == [["Swing", "SwingSus"]]
    with pytest.raises(FileAccessError, match="Install the package mma"):
        find_grooves(tmp_path / "none")


def test_midi_is_found_in_folders_and_inside_wad_archives(tmp_path: Path) -> None:
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "one.mid").write_bytes(b"MThd1")
    lumps = [(b"D_E1M1", b"MThd-first"), (b"MAP01", b"walls"), (b"D_E1M2", b"MThd-second")]
    body, directory = b"", b""
    for name, data in lumps:
        directory += struct.pack("<ii8s", 12 + len(body), len(data), name)
        body += data
    wad = b"IWAD" + struct.pack("<ii", len(lumps), 12 + len(body)) + body + directory
    (tmp_path / "songs" / "game.wad").write_bytes(wad)
    found = find_midi([tmp_path / "songs"], tmp_path / "scratch")
    assert [path.name for path in found] == ["one.mid", "d_e1m1.mid", "d_e1m2.mid"]
    assert found[2].read_bytes() == b"MThd-second"


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed; only the training needs it")
def test_speech_is_made_and_looked_up_the_second_time(tmp_path: Path) -> None:
    first = make_speech(1, cache_dir=tmp_path, seed=5)
    assert first is not None
    assert first.duration_s > 30.0
    assert make_speech(1, cache_dir=tmp_path, seed=5) == first
