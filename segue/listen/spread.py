"""Keeping a few of many things that come one by one, evenly spread, when nobody knows how many will come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def spread(items: Iterable[T], *, most: int) -> list[T]:
    """Keep at most ``most`` (2 or more) of the items, in order: all of no more than that, and else at least half.

    Every item is kept until there are too many; then every second one goes, and from there on only every second one is
    kept. Of two neighbours the second stays at one thinning and the first at the next, so that what is left lies in
    the middle of what it stands for. No more than ``most + 1`` are held at once.
    """
    kept: list[T] = []
    step, first = 1, 0
    for number, item in enumerate(items):
        if number % step != first:
            continue
        kept.append(item)
        if len(kept) > most:
            second = first < step / 2
            kept = kept[second::2]
            step, first = 2 * step, first + second * step
    return kept
