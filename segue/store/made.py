"""What is made of a library as a whole: kept in memory, and made anew when the library has changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_AT_ONCE_S = 0.1
"""What takes no more computing than this is made anew at every change, whatever the patience."""

PATIENCE = 10.0


class Made(Generic[T]):
    """One such thing, as of the library's version. Safe from several threads.

    A scan changes a library about once a second. Of a large one this stays in use, as it was, for ``patience`` times as
    long as it took to make, so that the scan has the machine to itself; 0 where it must be of the present version.
    """

    def __init__(self, version: Callable[[], int], make: Callable[[], T], *, patience: float = PATIENCE) -> None:
        self._version, self._make, self._patience = version, make, patience
        self._lock = threading.Lock()
        self._held: tuple[int, float, T] | None = None

    def now(self) -> T:
        """What was made of the library as it is, or was a little earlier."""
        with self._lock:
            version = self._version()
            if self._held is None or (self._held[0] != version and time.monotonic() >= self._held[1]):
                began_s = time.thread_time()
                made = self._make()
                took_s = time.thread_time() - began_s
                keep_s = self._patience * took_s if took_s > _AT_ONCE_S else 0.0
                self._held = version, time.monotonic() + keep_s, made
            return self._held[2]
