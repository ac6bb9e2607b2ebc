"""The rules that look at the candidate alone, compiled to one mask over a library and held as long as it is."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from segue.choose.catalogue import Catalogue
from segue.choose.standing import Bools, StandingRule
from segue.values import Floats

_KEPT = 32
"""Masks of a catalogue that are kept; each takes a byte a track, or four where it is to be added."""


def refused(catalogue: Catalogue, rules: Sequence[StandingRule]) -> Bools:
    """Which tracks some rule refuses, (n,) bool in the order of the index; not to be written to."""
    masks: _Masks = catalogue.once("masks", _Masks)
    each: list[Bools] = [masks.get(rule.key, rule, lambda rule=rule: rule.refused(catalogue)) for rule in rules]  # type: ignore[misc]
    if len(each) == 1:
        return each[0]
    key = ("all of", *(rule.key for rule in rules))
    nothing = np.zeros(len(catalogue.index), np.bool_)
    mask: Bools = masks.get(key, tuple(rules), lambda: np.logical_or.reduce([nothing, *each]))
    return mask


def closed(catalogue: Catalogue, rules: Sequence[StandingRule]) -> Floats:
    """What to add to the similarities of all tracks, (n,) float32: 0, or -inf where some rule refuses the track.

    To add it takes a twentieth of the time that writing through a mask does.
    """
    masks: _Masks = catalogue.once("masks", _Masks)
    key = ("closed by", *(rule.key for rule in rules))
    zero, minus_infinity = np.float32(0.0), np.float32(-np.inf)
    to_add: Floats = masks.get(key, tuple(rules), lambda: np.where(refused(catalogue, rules), minus_infinity, zero))
    return to_add


class _Masks:
    """The masks used last. What their keys name by its identity is kept with them, and so cannot change hands."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[Hashable, tuple[object, Any]] = OrderedDict()

    def get(self, key: Hashable, owner: object, make: Callable[[], Any]) -> Any:
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
                return found[1]
        mask = make()
        mask.flags.writeable = False
        with self._lock:
            self._held[key] = (owner, mask)
            while len(self._held) > _KEPT:
                self._held.popitem(last=False)
        return mask
