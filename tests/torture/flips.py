"""Bits that turned over: at seeded places, half of them in the header, where they hurt most."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.torture.kinds import BadFile, kind
from tests.torture.seeds import CONTAINERS, Seeds

EACH = 20
_HEADER_BYTES = 600


@kind("bits turned over")
def bits(seeds: Seeds) -> Iterator[BadFile]:
    for number, seed in enumerate(CONTAINERS):
        data = seeds[seed]
        for take in range(EACH):
            rng = np.random.default_rng([number, take])
            reach = min(_HEADER_BYTES, len(data)) if take % 2 else len(data)
            spoilt = bytearray(data)
            for place in rng.integers(reach, size=1 + take):
                spoilt[place] ^= 1 << int(rng.integers(8))
            yield BadFile(f"{Path(seed).stem} {take}{Path(seed).suffix}", bytes(spoilt))


@kind("a stretch replaced by noise")
def stretches(seeds: Seeds) -> Iterator[BadFile]:
    for number, seed in enumerate(CONTAINERS):
        data = seeds[seed]
        for take, share in enumerate((0.02, 0.3, 0.9)):
            rng = np.random.default_rng([1000 + number, take])
            length = int(share * len(data))
            at = int(rng.integers(max(1, len(data) - length)))
            noisy = data[:at] + rng.bytes(length) + data[at + length :]
            yield BadFile(f"{Path(seed).stem} noise {take}{Path(seed).suffix}", noisy)
            yield BadFile(f"{Path(seed).stem} hole {take}{Path(seed).suffix}", data[:at] + data[at + length :])
