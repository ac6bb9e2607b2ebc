"""One scan at a time in the background, which a page can watch and stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from segue.errors import SegueError
from segue.values import ScanProgress, ScanReport

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ScanStatus:
    """What the background scan is doing, or how the last one ended."""

    running: bool = False
    preparing: str | None = None
    prepared: float | None = None
    progress: ScanProgress | None = None
    report: ScanReport | None = None
    error: str | None = None


class _StoppedError(SegueError):
    """The listener stopped it."""


class BackgroundScan:
    """At most one scan at a time, in a thread that a page can watch and stop."""

    def __init__(self) -> None:
        self.status = ScanStatus()
        self.cancelled = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, work: Callable[[BackgroundScan], ScanReport]) -> None:
        """Begin, unless one is running already, which is then left alone and said."""
        with self._lock:
            if self.status.running:
                raise SegueError("a scan is running already", remedy="Wait until it has ended, or stop it")
            self.cancelled.clear()
            self.status = ScanStatus(running=True)
            self._thread = threading.Thread(target=self._run, args=(work,), name="scan", daemon=True)
            self._thread.start()

    def _run(self, work: Callable[[BackgroundScan], ScanReport]) -> None:
        try:
            self.status = ScanStatus(report=work(self))
        except _StoppedError:
            self.status = ScanStatus()
        except SegueError as error:
            log.warning("the scan stopped: %s", error)
            self.status = ScanStatus(error=str(error))
        finally:
            if self.status.running:  # a fault of ours: threading's hook logs it, and the page must not wait for ever
                self.status = ScanStatus(error="The scan stopped on a fault of Segue's own. The log has the details.")

    def say(self, *, preparing: str | None, prepared: float | None = None) -> None:
        """State what is done before the scan proper, and how much of it, from 0 to 1."""
        self.status = replace(self.status, preparing=preparing, prepared=prepared)

    def check(self) -> None:
        """Stop here if the listener asked for it."""
        if self.cancelled.is_set():
            raise _StoppedError("the scan was stopped", remedy="Start it again to go on")

    def on_progress(self, progress: ScanProgress) -> None:
        """Take note of how far it is."""
        self.status = replace(self.status, progress=progress)

    def cancel(self, *, wait: bool) -> None:
        """Ask it to stop, and wait for that if need be."""
        self.cancelled.set()
        if wait and self._thread is not None:
            self._thread.join(timeout=30)
