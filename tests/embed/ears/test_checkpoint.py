from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from segue.embed.ears.checkpoint import _masked_checksum, read_checkpoint
from segue.errors import FileAccessError, ModelError
from tests.embed.ears.standin import write_checkpoint

DATA = ".data-00000-of-00001"


def read(folder: Path, wanted: str = "") -> dict[str, np.ndarray]:
    return read_checkpoint(folder / ".index", folder / DATA, wanted=lambda name: name.startswith(wanted))


def test_what_was_written_is_read(checkpoint: Path, weights: dict[str, np.ndarray]) -> None:
    found = read(checkpoint)
    assert found.keys() == weights.keys()
    for name, value in weights.items():
        assert np.array_equal(found[name], value)
    assert read(checkpoint, "dense/").keys() == {"dense/kernel", "dense/bias"}


@pytest.mark.parametrize("block_entries", [1, 3, 1000])
def test_any_division_into_blocks(tmp_path: Path, block_entries: int) -> None:
    values = {f"layer_{k}/{part}": np.full((k, 2), k, np.float32) for k in range(1, 9) for part in ("bias", "kernel")}
    found = read(write_checkpoint(tmp_path, values, block_entries=block_entries))
    assert {name: value.tolist() for name, value in found.items()} == {n: v.tolist() for n, v in values.items()}


def test_the_checksum_is_crc_32c() -> None:
    """The check value of CRC-32C in RFC 3720 and elsewhere, masked as LevelDB does."""
    plain = 0xE3069283
    masked = ((plain >> 15 | plain << 17) + 0xA282EAD8) & 0xFFFFFFFF
    assert _masked_checksum(memoryview(b"123456789")) == masked


@pytest.mark.parametrize(
    ("name", "damage", "words"),
    [
        (".index", lambda raw: raw[:-1], "does not end as an index does"),
        (".index", lambda raw: b"", "does not end as an index does"),
        (".index", lambda raw: raw[:100] + b"\xff" + raw[101:], "a checksum is wrong"),
        (".index", lambda raw: raw[2000:], "is not there|checksum|fit together"),
        (DATA, lambda raw: raw[:-4], "ends at byte .* before the end of"),
        (DATA, lambda raw: raw[:1000] + b"\xff\xff" + raw[1002:], "checksum of .* is wrong"),
    ],
)
def test_damage_is_named(checkpoint: Path, tmp_path: Path, name: str, damage: object, words: str) -> None:
    folder = shutil.copytree(checkpoint, tmp_path / "damaged")
    (folder / name).write_bytes(damage((folder / name).read_bytes()))
    with pytest.raises(ModelError, match=words) as caught:
        read(folder)
    assert caught.value.path == folder / name
    assert "pip install" in caught.value.remedy


def test_every_wrong_byte_of_the_index_is_found_or_harmless(tmp_path: Path) -> None:
    values = {"conv2d/bias": np.arange(3, dtype=np.float32), "dense/kernel": np.ones((2, 2), np.float32)}
    folder = write_checkpoint(tmp_path, values)
    good = (folder / ".index").read_bytes()
    for at in range(len(good)):
        (folder / ".index").write_bytes(good[:at] + bytes([good[at] ^ 0x55]) + good[at + 1 :])
        try:
            found = read(folder)
        except ModelError:
            continue
        assert {name: value.tolist() for name, value in found.items()} == {n: v.tolist() for n, v in values.items()}


def test_a_missing_file(checkpoint: Path, tmp_path: Path) -> None:
    shutil.copy(checkpoint / ".index", tmp_path / ".index")
    with pytest.raises(FileAccessError, match="not there"):
        read(tmp_path)
