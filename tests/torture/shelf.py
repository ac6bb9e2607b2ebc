"""Put every bad file on one shelf: a folder for each kind, and a list of what must come of each file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.torture import cuts, flips, lies, matroska, places, sounds, strangers, tag_bombs
from tests.torture.kinds import KINDS, Expected, Kind
from tests.torture.seeds import Seeds

MODULES = (cuts, flips, lies, matroska, places, sounds, strangers, tag_bombs)  # importing them fills the list of kinds


@dataclass(frozen=True, slots=True)
class Shelved:
    """A bad file where it lies."""

    path: Path
    kind: str
    expected: Expected


def fill(folder: Path, seeds: Seeds, *, kinds: Iterable[Kind] = KINDS, most: int | None = None) -> list[Shelved]:
    """Make the files, of each kind no more than so many, spread evenly, and say what was made."""
    shelved = []
    for one in kinds:
        place = folder / one.words
        place.mkdir(parents=True)
        made = list(one.make(seeds))
        for bad in made[:: 1 if most is None else -(-len(made) // most) or 1]:
            path = Path(os.fsdecode(os.fsencode(place) + b"/" + os.fsencode(bad.name)))
            if callable(bad.content):
                bad.content(path)
            else:
                path.write_bytes(bad.content)
            shelved.append(Shelved(path, one.words, bad.expected))
    return shelved
