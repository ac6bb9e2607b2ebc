"""MusiCNN with random weights, a checkpoint written as TensorFlow writes one, and the package that would hold it."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from segue.embed.ears.checkpoint import _masked_checksum

KERNELS = ((7, 38, 204), (7, 67, 204), (128, 1, 51), (64, 1, 51), (32, 1, 51), (7, 561, 64), (7, 64, 64), (7, 64, 64))
NORMS = (1, 204, 204, 51, 51, 51, 64, 64, 64, 1506, 200)


def random_weights() -> dict[str, np.ndarray]:
    """Random weights under MusiCNN's names; some normalisations are negative, as the real ones are."""
    rng = np.random.default_rng(0)
    made = {}
    for k, (height, width, filters) in enumerate(KERNELS):
        name = f"conv2d_{k}" if k else "conv2d"
        made[f"{name}/kernel"] = rng.standard_normal((height, width, 1, filters)) / (height * width) ** 0.5
        made[f"{name}/bias"] = rng.standard_normal(filters) * 0.1
    for k, size in enumerate(NORMS):
        name = f"batch_normalization_{k}" if k else "batch_normalization"
        made |= {f"{name}/{part}": rng.standard_normal(size) for part in ("gamma", "beta", "moving_mean")}
        made[f"{name}/moving_variance"] = rng.uniform(0.5, 2.0, size)
    made |= {"dense/kernel": rng.standard_normal((1506, 200)) / 40, "dense/bias": rng.standard_normal(200)}
    made |= {"dense_1/kernel": rng.standard_normal((200, 50)) / 14, "dense_1/bias": rng.standard_normal(50)}
    return {name: value.astype(np.float32) for name, value in made.items()}


def plain_musicnn(weights: Mapping[str, np.ndarray], slices: np.ndarray) -> np.ndarray:
    """The penultimate layer (n, 200), layer by layer as the paper draws it."""

    def norm(x: np.ndarray, k: int) -> np.ndarray:
        name = f"batch_normalization_{k}" if k else "batch_normalization"
        mean, variance, beta, gamma = (
            weights[f"{name}/{p}"] for p in ("moving_mean", "moving_variance", "beta", "gamma")
        )
        return (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta

    def conv(x: np.ndarray, k: int, before: int, after: int) -> np.ndarray:  # (t, b) -> (t, b', f)
        name = f"conv2d_{k}" if k else "conv2d"
        kernel = weights[f"{name}/kernel"][:, :, 0]
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((before, after), (0, 0))), kernel.shape[:2])
        products = np.tensordot(windows, kernel, 2) + weights[f"{name}/bias"]
        return norm(np.maximum(products, 0.0), k + 1)

    vectors = []
    for mel in slices:
        heard = norm(mel.T, 0)
        front = [conv(heard, k, 3, 3).max(axis=1) for k in (0, 1)]
        front += [conv(heard, k, n // 2 - 1, n // 2).max(axis=1) for k, n in ((2, 128), (3, 64), (4, 32))]
        found = [np.concatenate(front, 1)]
        for k in (5, 6, 7):
            fresh = conv(found[-1], k, 3, 3)[:, 0]
            found.append(fresh if k == 5 else fresh + found[-1])
        every = np.concatenate(found, 1)
        flat = norm(np.stack([every.max(axis=0), every.mean(axis=0)], 1).reshape(-1), 9)
        vectors.append(norm(np.maximum(flat @ weights["dense/kernel"] + weights["dense/bias"], 0.0), 10))
    return np.stack(vectors)


def write_checkpoint(folder: Path, weights: Mapping[str, np.ndarray], *, block_entries: int = 20) -> Path:
    """Write weights as a tensor bundle whose files have no name before the dot, in blocks of so many keys."""
    folder.mkdir(parents=True, exist_ok=True)
    data, entries = b"", [(b"", b"\x08\x01\x1a\x02\x08\x01")]
    for name in sorted(weights):
        raw = weights[name].astype("<f4").tobytes()
        sizes = b"".join(_sized(2, b"\x08" + _varint(size)) for size in weights[name].shape)
        value = b"\x08\x01" + _sized(2, sizes) + (b"\x20" + _varint(len(data)) if data else b"")
        value += b"\x28" + _varint(len(raw)) + b"\x35" + struct.pack("<I", _masked_checksum(memoryview(raw)))
        entries.append((name.encode(), value))
        data += raw
    table, handles = b"", []
    for at in range(0, len(entries), block_entries):
        part = entries[at : at + block_entries]
        block = _block(part)
        handles.append((part[-1][0] + b"\xff", _varint(len(table)) + _varint(len(block) - 5)))
        table += block
    ends = []
    for block in (_block([]), _block(handles)):
        ends.append(_varint(len(table)) + _varint(len(block) - 5))
        table += block
    footer = b"".join(ends).ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    (folder / ".index").write_bytes(table + footer)
    (folder / ".data-00000-of-00001").write_bytes(data)
    return folder


def write_package(site: Path, weights: Mapping[str, np.ndarray], *, version: str = "0.1.0") -> Path:
    """What pip leaves of the package musicnn in a folder of packages, as far as Segue looks."""
    about = site / f"musicnn-{version}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: musicnn\nVersion: {version}\n", encoding="utf-8")
    return write_checkpoint(site / "musicnn" / "MSD_musicnn", weights)


def _block(entries: list[tuple[bytes, bytes]]) -> bytes:
    """Keys as what differs from the one before, whole again at every fourth; then the trailer."""
    block, starts, last = b"", [], b""
    for number, (key, value) in enumerate(entries):
        shared = 0
        if number % 4 == 0:
            starts.append(len(block))
        else:
            while shared < min(len(key), len(last)) and key[shared] == last[shared]:
                shared += 1
        block += _varint(shared) + _varint(len(key) - shared) + _varint(len(value)) + key[shared:] + value
        last = key
    block += struct.pack(f"<{len(starts or [0]) + 1}I", *(starts or [0]), len(starts or [0])) + b"\0"
    return block + struct.pack("<I", _masked_checksum(memoryview(block)))


def _sized(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = b""
    while value >= 0x80:
        found, value = found + bytes([value & 0x7F | 0x80]), value >> 7
    return found + bytes([value])
