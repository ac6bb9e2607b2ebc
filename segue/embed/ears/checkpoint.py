"""Read TensorFlow's checkpoints ("tensor bundles") without TensorFlow: an index of names, and one file of raw numbers.

The index is a table as LevelDB writes it: blocks of sorted keys, each key stored as what differs from the one before,
found through an index block that the footer points to. Each value is a small protocol buffer that says where a tensor
lies and what its checksum is. After the published formats: LevelDB's doc/table_format.md and TensorFlow's
tensor_bundle.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from segue.errors import ModelError
from segue.files import access_error
from segue.values import Floats

_FOOTER_BYTES = 48
_MAGIC = 0xDB4775248B80FB57
_TRAILER_BYTES = 5  # how a block is compressed, and its checksum
_FLOAT32 = 1  # TensorFlow's DT_FLOAT
_CASTAGNOLI = 0x82F63B78  # the polynomial of CRC-32C, bits reversed
_REMEDY = "Install the package musicnn anew: pip install --force-reinstall --no-deps musicnn==0.1.0"


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where one tensor lies in the data file."""

    dtype: int
    shape: tuple[int, ...]
    start: int
    size: int
    checksum: int


def read_checkpoint(index: Path, data: Path, *, wanted: Callable[[str], bool]) -> dict[str, Floats]:
    """Read the float32 tensors whose names are wanted.

    Parameters
    ----------
    index, data : Path
        The two files of a checkpoint of one shard: ``NAME.index`` and ``NAME.data-00000-of-00001``.
    wanted : callable
        Tells by a tensor's name whether to read it; checksums cost a tenth of a second a megabyte.

    Returns
    -------
    dict of str to (...) float32
        In the shapes that the checkpoint states.

    Raises
    ------
    FileAccessError
        If a file is missing or cannot be read.
    ModelError
        If a file is damaged, cut off, or holds something else; the checksums of all that is read are compared.
    """
    table, numbers = _read_bytes(index), memoryview(_read_bytes(data))
    try:
        entries = {key.decode(): _entry(value) for key, value in _iter_table(table, index) if key}
    except (struct.error, IndexError, UnicodeDecodeError, KeyError) as error:
        raise _damaged(index, "its records do not fit together") from error
    return {name: _tensor(name, entry, numbers, data) for name, entry in entries.items() if wanted(name)}


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise access_error(error, path) from error


def _damaged(path: Path, how: str) -> ModelError:
    return ModelError(f"the checkpoint is damaged: {how}", remedy=_REMEDY, path=path)


def _tensor(name: str, entry: _Entry, numbers: memoryview, path: Path) -> Floats:
    if entry.dtype != _FLOAT32 or entry.size != 4 * int(np.prod(entry.shape)):
        raise _damaged(path, f"{name} is not made of float32 numbers of the shape {entry.shape}")
    part = numbers[entry.start : entry.start + entry.size]
    if len(part) != entry.size:
        raise _damaged(path, f"it ends at byte {len(numbers)}, before the end of {name}")
    if _masked_checksum(part) != entry.checksum:
        raise _damaged(path, f"the checksum of {name} is wrong")
    return np.frombuffer(part, "<f4").reshape(entry.shape).astype(np.float32)


# The table ------------------------------------------------------------------------------------------------------------


def _iter_table(table: bytes, path: Path) -> Iterator[tuple[bytes, bytes]]:
    if len(table) < _FOOTER_BYTES or struct.unpack("<Q", table[-8:])[0] != _MAGIC:
        raise _damaged(path, "it does not end as an index does")
    footer = table[-_FOOTER_BYTES:]
    _, _, at = _handle(footer, 0)  # of the block about blocks, which says nothing here
    start, size, _ = _handle(footer, at)
    for _, place in _iter_block(_block(table, start, size, path)):
        start, size, _ = _handle(place, 0)
        yield from _iter_block(_block(table, start, size, path))


def _handle(data: bytes, at: int) -> tuple[int, int, int]:
    """A block's start and size, and where the bytes after its handle begin."""
    start, at = _varint(data, at)
    size, at = _varint(data, at)
    return start, size, at


def _block(table: bytes, start: int, size: int, path: Path) -> bytes:
    whole = table[start : start + size + _TRAILER_BYTES]
    if len(whole) != size + _TRAILER_BYTES:
        raise _damaged(path, f"a block of {size} bytes at {start} is not there")
    compression, checksum = struct.unpack("<BI", whole[size:])
    if compression != 0:
        raise _damaged(path, "its blocks are compressed, and checkpoints are not")
    if _masked_checksum(memoryview(whole)[: size + 1]) != checksum:
        raise _damaged(path, "a checksum is wrong")
    return whole[:size]


def _iter_block(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    restarts = struct.unpack("<I", block[-4:])[0]
    end, at, key = len(block) - 4 * (restarts + 1), 0, b""
    while at < end:
        shared, at = _varint(block, at)
        fresh, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + fresh]
        at += fresh
        yield key, block[at : at + length]
        at += length


# Protocol buffers -----------------------------------------------------------------------------------------------------


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and where the bytes after it begin."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message by number: numbers as int, everything with a length as bytes."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        if tag & 7 == 0:
            value, at = _varint(message, at)
            yield tag >> 3, value
        elif tag & 7 == 2:
            length, at = _varint(message, at)
            yield tag >> 3, message[at : at + length]
            at += length
        else:
            form = {1: "<Q", 5: "<I"}[tag & 7]
            yield tag >> 3, struct.unpack_from(form, message, at)[0]
            at += struct.calcsize(form)


def _entry(message: bytes) -> _Entry:
    """A BundleEntryProto; fields that are zero are left out of it."""
    found = dict(_fields(message))
    numbers = {number: value for number, value in found.items() if isinstance(value, int)}
    shape = found.get(2)
    dimensions = [part for number, part in _fields(shape) if number == 2] if isinstance(shape, bytes) else []
    sizes = [dict(_fields(part)).get(1, 0) for part in dimensions if isinstance(part, bytes)]
    return _Entry(
        dtype=numbers.get(1, 0),
        shape=tuple(size for size in sizes if isinstance(size, int)),
        start=numbers.get(4, 0),
        size=numbers.get(5, 0),
        checksum=numbers.get(6, 0),
    )


# Checksums ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _checksum_table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (_CASTAGNOLI if byte & 1 else 0)
        table.append(byte)
    return table


def _masked_checksum(data: memoryview) -> int:
    """CRC-32C, turned and shifted as LevelDB stores it."""
    table, crc = _checksum_table(), 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
