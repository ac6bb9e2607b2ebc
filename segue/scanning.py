"""A scan as the booth and the command line order it: two passes, tags, rhythm, and which ear the library goes by."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path

from segue.config import SCAN
from segue.ears import InUse, drop_quick_look, ear_to_scan_with, go_by_quick_look, take_over
from segue.embed.encoder import Ear
from segue.embed.shelf import Shelf
from segue.files import is_url, real_path
from segue.store.ingest import QuickLook, ScanOptions, scan
from segue.store.library import Library
from segue.store.measuring import measure_lacking
from segue.store.settling import Changes
from segue.store.workers import CrewMaker
from segue.tagging import Tags
from segue.values import Hearing, ScanProgress, ScanReport

_NOTHING = ScanReport(0, 0, 0, 0, failures=(), known_failures=0, seconds=0.0, cancelled=False)


@dataclass(frozen=True, slots=True)
class Order:
    """What to scan, by whom, and who is told; ``changed`` where the folders are what a watch names."""

    folders: Sequence[Path]
    workers: int = SCAN.workers
    retry_errors: bool = False
    changed: bool = False
    crew: CrewMaker[Hearing] | None = None
    on_progress: Callable[[ScanProgress], None] | None = None
    cancel: threading.Event | None = None


@dataclass(frozen=True, slots=True)
class Scanner:
    """Scans into one library; ``forget_demo`` makes room for the listener's own music and says how much went."""

    library: Library
    shelf: Shelf
    tags: Tags
    ear_in_use: Callable[[], InUse]
    is_demo: Callable[[Path], bool]
    forget_demo: Callable[[], int]

    def scan(self, order: Order) -> ScanReport:
        """Bring the library up to date with the folders."""
        use = self.ear_in_use()
        ear = ear_to_scan_with(self.library, self.shelf, use)
        report = self._hear(order, ear, self._quick_look(ear))
        if report.exit_code == 0 and not all(map(self.is_demo, order.folders)) and self.forget_demo():
            pooled = self._hear(order, ear, None)  # finds nothing new, and pools without the demo
            report = replace(report, cancelled=pooled.cancelled)
        if not order.changed and report.exit_code == 0:
            self._note_roots(order.folders)
        if not report.cancelled:
            self._end(order, use, ear)
            measured = measure_lacking(
                self.library,
                ear.fingerprint,
                settings=replace(SCAN, workers=order.workers),
                on_progress=order.on_progress,
                cancel=order.cancel,
            )
            report = replace(report, measured=measured, cancelled=order.cancel is not None and order.cancel.is_set())
        return report

    def catch_up(self, changes: Changes, order: Order) -> ScanReport:
        """Bring the library up to date with what a watch saw change, whatever folders the order names."""
        looked = self.scan(replace(order, folders=changes.folders)) if changes.folders else _NOTHING
        if looked.cancelled or not changes.places:
            return looked
        heard = self.scan(replace(order, folders=changes.places, changed=True))
        both = {field.name: getattr(looked, field.name) + getattr(heard, field.name) for field in fields(ScanReport)}
        return ScanReport(**{**both, "cancelled": heard.cancelled})

    def _note_roots(self, folders: Sequence[Path]) -> None:
        """Note which folders were scanned, for the watch; buckets cannot be watched."""
        local = (real_path(folder) for folder in folders if not is_url(folder))
        self.library.roots.add(folder for folder in local if folder.is_dir() and not self.is_demo(folder))

    def _hear(self, order: Order, ear: Ear, look: QuickLook | None) -> ScanReport:
        options = ScanOptions(
            settings=replace(SCAN, workers=order.workers),
            retry_errors=order.retry_errors,
            changed=order.changed,
            quick_look=look,
            crew=order.crew,
        )
        return scan(
            order.folders, self.library, ear=ear, options=options, on_progress=order.on_progress, cancel=order.cancel
        )

    def _quick_look(self, ear: Ear) -> QuickLook | None:
        """A quick look by the ear that the library goes by; by any other, nobody would see it."""
        quick = ear.quick()
        if self.library.chosen_ear() not in (ear.fingerprint, quick.fingerprint):
            return None
        return QuickLook(quick, on_change=partial(self._look_changed, ear))

    def _look_changed(self, ear: Ear) -> None:
        go_by_quick_look(self.library, ear)
        self.tags.renew(ear.quick())

    def _end(self, order: Order, use: InUse, ear: Ear) -> None:
        """All is heard: let the library go by the ear now if it went by another that is to make way."""
        self.tags.renew(ear, cancel=order.cancel)
        now = self.ear_in_use()
        if now.fingerprint == ear.quick().fingerprint:
            use = now
        taken_over = take_over(self.library, use, ear)
        drop_quick_look(self.library, ear)
        now = self.ear_in_use()
        if not taken_over and now.fingerprint not in (use.fingerprint, ear.fingerprint):
            # another ear was chosen meanwhile, and may not have heard what was new
            self._hear(order, ear_to_scan_with(self.library, self.shelf, now), None)
