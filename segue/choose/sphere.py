"""Ways over the unit sphere, along great circles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segue.choose.index import unit_vector
from segue.values import Floats

_SAME_DIRECTION = 1e-5
"""Less than this off a line through the origin is rounding of float32, not a direction to go in."""

_Doubles = NDArray[np.float64]


def great_circle(start: Floats, end: Floats, *, shares: Sequence[float], towards: Floats) -> Floats:
    """Points on the shorter great circle between two unit vectors (slerp: Shoemake, 1985).

    Parameters
    ----------
    start, end : (d,) float32, unit
        Where the way begins and ends. Equal ones give the same point throughout.
    shares : k numbers in [0, 1]
        How much of the way lies behind each point, by angle.
    towards : (d,) float32
        Any vector. Between opposite vectors there are many great circles; the one that comes by here is taken, which is
        the same there and back. Where this gives no direction either, it is the one by the axis least like ``start``.

    Returns
    -------
    (k, d) float32, unit rows
    """
    a, b = start.astype(np.float64), end.astype(np.float64)
    cosine = float(a @ b)
    aside = b - cosine * a
    length = float(np.linalg.norm(aside))
    at = np.asarray(shares, np.float64)[:, None]  # (k, 1)
    if length < _SAME_DIRECTION:
        if cosine > 0.0:
            return np.repeat(start[None, :], len(at), axis=0)
        aside, length, cosine = _square_to(a, towards.astype(np.float64)), 0.0, -1.0
        if not aside.any():  # one dimension: there is nothing between
            return np.asarray(np.where(at <= 0.5, start, end), np.float32)
    angle = np.arctan2(length, cosine)
    points = np.cos(at * angle) * a + np.sin(at * angle) * (aside / np.linalg.norm(aside))
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True), np.float32)


def angle_between(start: Floats, end: Floats) -> float:
    """Angle in radians between two unit vectors, exact for small ones too."""
    a, b = start.astype(np.float64), end.astype(np.float64)
    return float(2.0 * np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b)))


def middle(one: Floats, other: Floats, *, towards: Floats) -> Floats:
    """The point half-way between two unit vectors ``(d,)``; see `great_circle`."""
    return unit_vector(great_circle(one, other, shares=(0.5,), towards=towards)[0], len(one))


def _square_to(direction: _Doubles, towards: _Doubles) -> _Doubles:
    """A vector at right angles to a unit vector; zero where there is only one dimension."""
    for wanted in (towards, np.eye(len(direction))[int(np.argmin(np.abs(direction)))]):
        aside = wanted - (wanted @ direction) * direction
        if float(np.linalg.norm(aside)) > _SAME_DIRECTION:
            return np.asarray(aside)
    return np.zeros(len(direction))
