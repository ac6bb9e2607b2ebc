"""What goes on in the background: one scan at a time, which a page can watch and stop, and the watch for changes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from segue.errors import SegueError
from segue.store.library import Library
from segue.store.settling import Changes
from segue.store.watch import Watch, WatchState
from segue.values import ScanProgress, ScanReport
from segue.words import carried, later, say

log = logging.getLogger(__name__)

_STOP_S = 5.0  # a network drive that does not answer may hold the watch for longer, and is then left to itself


@dataclass(frozen=True, slots=True)
class Preparing:
    """What is done before the scan proper, as a text for whoever looks, and how far it is; of 0 it is not known."""

    text: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class ScanStatus:
    """What the background scan is doing, or how the last one ended; a ``quiet`` one was begun by the watch."""

    running: bool = False
    quiet: bool = False
    preparing: Preparing | None = None
    progress: ScanProgress | None = None
    report: ScanReport | None = None
    error: str | None = None


_FAULT = later("The scan stopped on a fault of Segue's own. The log has the details.")


class _StoppedError(SegueError):
    """The listener stopped it."""


class BackgroundScan:
    """At most one scan at a time, in a thread that a page can watch and stop."""

    def __init__(self) -> None:
        self.status = ScanStatus()
        self.cancelled = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, work: Callable[[BackgroundScan], ScanReport], *, quiet: bool = False) -> None:
        """Begin, unless one is running already, which is then left alone and said."""
        with self._lock:
            if self.status.running:
                raise SegueError(
                    later("a scan is running already"), remedy=later("Wait until it has ended, or stop it")
                )
            self.cancelled.clear()
            self.status = ScanStatus(running=True, quiet=quiet)
            self._thread = threading.Thread(target=carried(self._run), args=(work,), name="scan", daemon=True)
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
                self.status = ScanStatus(error=_FAULT)

    def tell(self, preparing: Preparing | None) -> None:
        """State what is done before the scan proper; None once that is done."""
        self.status = replace(self.status, preparing=preparing)

    def check(self) -> None:
        """Stop here if the listener asked for it."""
        if self.cancelled.is_set():
            raise _StoppedError(later("the scan was stopped"), remedy=later("Start it again to go on"))

    def on_progress(self, progress: ScanProgress) -> None:
        """Take note of how far it is."""
        self.status = replace(self.status, progress=progress)

    def cancel(self, *, wait: bool) -> None:
        """Ask it to stop, and wait for that if need be."""
        self.cancelled.set()
        if wait and self._thread is not None:
            self._thread.join(timeout=30)


class BackgroundWatch:
    """Watches the folders that a library was scanned from, in a thread of its own, for as long as it is wanted.

    ``rescan`` brings the library up to date with some changes, and returns False if that cannot be just now.
    """

    def __init__(self, library: Library, rescan: Callable[[Changes], bool]) -> None:
        self._library = library
        self._rescan = rescan
        self._lock = threading.Lock()
        self._watch: Watch | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._error = ""

    @property
    def state(self) -> WatchState | None:
        """What is watched; None while nothing is meant to be."""
        watch = self._watch
        if self._error:
            return WatchState(note=self._error)
        return None if watch is None else watch.state

    @property
    def wanted(self) -> bool:
        """Whether the listener wants the folders watched."""
        return self._library.roots.watched

    def start(self) -> None:
        """Watch, if that is wanted and not done already."""
        with self._lock:
            if self._thread is not None or not self.wanted:
                return
            self._error, self._stop = "", threading.Event()
            watch = self._watch = Watch(self._library.roots.folders, own=self._library.folder)
            self._thread = threading.Thread(target=self._run, args=(watch, self._stop), name="watch", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        with self._lock:
            thread, self._thread, self._watch = self._thread, None, None
            self._stop.set()
        if thread is not None:
            thread.join(timeout=_STOP_S)

    def switch(self, *, on: bool) -> None:
        """Keep whether it is wanted, and begin or end it."""
        self._library.roots.watch(on=on)
        if on:
            self.start()
        else:
            self.stop()

    def _run(self, watch: Watch, stop: threading.Event) -> None:
        try:
            watch.run(self._rescan, stop=stop)
        except SegueError as error:
            log.warning("the watch for changes ended: %s", error)
            self._error = str(error)
        finally:
            if not stop.is_set() and not self._error:  # a fault of ours: threading's hook logs it
                self._error = say("The watch ended on a fault of Segue's own. The log has the details.")
