"""Scans a folder in two passes with stand-in ears, for tests that kill it: ``python look_driver.py MUSIC DATA WAIT_S``.

It goes from a quick look to the whole hearing just as the booth does.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from store_standins import EAR, StandIn

from segue.config import SCAN
from segue.ears import InUse, drop_quick_look, go_by_quick_look, take_over
from segue.errors import DamagedAudioError, ProtectedAudioError
from segue.store.ingest import QuickLook, ScanOptions, scan
from segue.store.library import Library
from segue.values import Hearing

QUICK = EAR.quick()


@dataclass(frozen=True)
class Glancer:
    """Hears the first slice only, and stumbles where the name says so."""

    wait_s: float = 0.0

    def __call__(self) -> Callable[[Path], Hearing]:
        return self.glance

    def glance(self, path: Path) -> Hearing:
        time.sleep(self.wait_s)
        if "protected" in path.name:
            raise ProtectedAudioError("it is encrypted", remedy="Leave it out", path=path)
        if "no seeking" in path.name:
            raise DamagedAudioError("nothing decodes there", remedy="Leave it out", path=path)
        heard = StandIn(QUICK.fingerprint).hear(path)
        return replace(heard, slice_vectors=heard.slice_vectors[:1])


def main() -> None:
    music, data, wait_s = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    with Library.open(data) as library:
        if library.chosen_ear() is None:
            library.choose_ear(EAR.fingerprint)
        look = QuickLook(QUICK, partial(go_by_quick_look, library, EAR), Glancer(wait_s / 4))
        settings = replace(SCAN, workers=2, quick_look_from=4)
        report = scan(
            [music],
            library,
            ear=EAR,
            options=ScanOptions(settings, listener=StandIn(wait_s=wait_s), quick_look=look),
            on_progress=lambda p: print(p.phase.replace(" ", "-"), p.done, flush=True),
        )
        take_over(library, InUse(QUICK.fingerprint, QUICK.name, QUICK, whole=EAR), EAR)
        drop_quick_look(library, EAR)
    sys.exit(report.exit_code)


if __name__ == "__main__":
    main()
