"""The list of kinds of bad file; each module beside this one adds its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.torture.seeds import Seeds

Content = bytes | Callable[[Path], None]
"""What stands in a file, or a function that makes something at the path."""

Expected = Literal["either", "heard", "refused", "passed over"]
"""What must come of a file: heard, exactly one failure, one of the two, or no row at all (it is no file)."""


@dataclass(frozen=True, slots=True)
class BadFile:
    """One file to be made: its name (bytes where it is no text), its content, and what must come of it."""

    name: str | bytes
    content: Content
    expected: Expected = "either"


@dataclass(frozen=True, slots=True)
class Kind:
    """Files that are broken in the same manner."""

    words: str
    make: Callable[[Seeds], Iterator[BadFile]]


KINDS: list[Kind] = []


def kind(words: str) -> Callable[[Callable[[Seeds], Iterator[BadFile]]], Callable[[Seeds], Iterator[BadFile]]]:
    """Add the decorated generator to the list."""

    def add(make: Callable[[Seeds], Iterator[BadFile]]) -> Callable[[Seeds], Iterator[BadFile]]:
        KINDS.append(Kind(words, make))
        return make

    return add
