"""Reading in what the first choice of a large library needs, seconds of computing, before somebody waits for it."""

from __future__ import annotations

import logging
import threading

import numpy as np

from segue.choose.playlist import ContinueSpec
from segue.choosing import Choosing
from segue.errors import SegueError

log = logging.getLogger(__name__)

AFTER_S = 5.0
"""How long it lets the server answer first: whoever has just started it is about to open the page."""


class Warming:
    """One choice that nobody hears, made aside; with it all stays in memory that choices go by."""

    def __init__(self, choosing: Choosing, *, after_s: float = AFTER_S) -> None:
        self._choosing = choosing
        self._timer = threading.Timer(after_s, self._choose)
        self._timer.daemon = True

    def start(self) -> None:
        """Begin, in a while."""
        self._timer.start()

    def stop(self) -> None:
        """Do not begin any more."""
        self._timer.cancel()

    def wait(self) -> None:
        """Until it is done, or was stopped."""
        self._timer.join()

    def _choose(self) -> None:
        try:
            first = self._choosing.catalogue().index.ids[0]
            self._choosing.continue_queue([first], ContinueSpec(), rng=np.random.default_rng(0))
        except SegueError as error:  # nothing is there yet, or the library is closed already
            log.info("nothing was read in ahead: %s", error)
