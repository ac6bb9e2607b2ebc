"""Short sketches of unit vectors, whose products bound cosines from above; and an order that puts neighbours together.

Projections on orthonormal directions bring vectors no further apart, and the lengths of what the projections leave out
differ by no more than the vectors do. So what sketches tell apart is apart, whatever the directions are; principal ones
tell the most.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from segue.values import Floats

Integers = NDArray[np.int64]

_COORDINATES = 15  # of sketches: 90 % of what Speccy's slices differ by; with the rest's length, a line of the cache
_BOX_COORDINATES = 8  # the further ones differ by too little to keep slices apart
_SAMPLE = 20_000  # rows that are asked for directions; more turn them hardly
_STRETCH = 4096  # rows at a time
_CLIPPED_FROM = 4096  # numpy's clip is three times slower on shorter rows, and twice as fast on longer ones
_REST_ERROR = 1e-6  # float32's error in the squared length of what a sketch leaves out


def directions_of(vectors: Floats) -> Floats:
    """The leading principal directions ``(d, c)``, or all of them, of a sample of the rows ``(n, d)``."""
    sample = vectors[:: 1 + len(vectors) // _SAMPLE]
    _, directions = np.linalg.eigh((sample.T @ sample).astype(np.float64))
    leading: Floats = np.ascontiguousarray(directions[:, : -_COORDINATES - 1 : -1], dtype=np.float32)
    return leading


def sketches_of(vectors: Floats, numbers: Integers, directions: Floats) -> Floats:
    """The leading coordinates of some of the vectors and the most that the length of the rest can be, ``(n, c + 1)``.

    By Cauchy and Schwarz the product of two sketches is at least the product of the vectors.
    """
    sketches = np.empty((len(numbers), directions.shape[1] + 1), np.float32)
    for part in iter_stretches(len(numbers), _STRETCH):
        leading = np.matmul(vectors[numbers[part]], directions, out=sketches[part, :-1])
        rest = 1.0 - np.einsum("ij,ij->i", leading, leading, dtype=np.float64)
        sketches[part, -1] = np.sqrt(np.maximum(rest, 0.0) + _REST_ERROR)
    return sketches


def corners_of(vectors: Floats, directions: Floats) -> Floats:
    """The coordinates of all vectors by which they are put in order and in boxes, one after another, ``(8, n)``."""
    return np.ascontiguousarray((vectors @ directions[:, :_BOX_COORDINATES]).T)


def corners_in(sketches: Floats) -> Floats:
    """The same coordinates, as they stand in sketches."""
    return np.ascontiguousarray(sketches[:, : min(_BOX_COORDINATES, sketches.shape[1] - 1)].T)


def halves(begin: int, end: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The two halves of a range; where a range is cut depends on nothing but its ends."""
    middle = begin + (end - begin) // 2
    return (begin, middle), (middle, end)


def ordered(corners: Floats, *, most: int) -> Integers:
    """An order in which the rows of every range of halves lie together, down to ranges of at most so many rows.

    Each range is halved along the coordinate in which it is widest.

    Parameters
    ----------
    corners : (c, n) float32
        The coordinates of rows.
    most : int
        Ranges that are no longer stay as they are.

    Returns
    -------
    (n,) int64
        Row numbers.
    """
    order = np.arange(corners.shape[1])
    todo = [(0, len(order), corners)]
    while todo:
        begin, end, points = todo.pop()
        if end - begin <= most:
            continue
        widest = int(np.ptp(points, axis=1).argmax())
        halved = np.argpartition(points[widest], (end - begin) // 2)
        order[begin:end] = order[begin:end][halved]
        points = points.take(halved, axis=1)
        for low, high in halves(begin, end):
            todo.append((low, high, points[:, low - begin : high - begin]))
    return order


def squared_distances(points: Floats, low: Floats, high: Floats) -> Floats:
    """How far points ``(c, n)`` are from the box between two corners ``(c, 1)``, squared, ``(n,)``."""
    if points.shape[1] < _CLIPPED_FROM:
        beside = np.minimum(np.maximum(points, low), high)
    else:
        beside = np.clip(points, low, high)
    np.subtract(points, beside, out=beside)
    squared: Floats = np.einsum("ij,ij->j", beside, beside)
    return squared


def iter_stretches(length: int, most: int) -> Iterator[slice]:
    """What is long, in stretches that are worked on at a time."""
    for start in range(0, length, most):
        yield slice(start, min(length, start + most))


def distinct(codes: Integers) -> Integers:
    """Each number once, in rising order; by sorting, since numpy's hashes of such numbers collide."""
    ordered_codes = np.sort(codes)
    is_first = np.ones(len(codes), np.bool_)
    np.not_equal(ordered_codes[1:], ordered_codes[:-1], out=is_first[1:])
    return ordered_codes[is_first]
