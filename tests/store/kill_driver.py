"""Scans a folder with the stand-in ear, for tests that kill it: ``python kill_driver.py MUSIC DATA WAIT_S``."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from store_standins import EAR, StandIn

from segue.config import SCAN
from segue.store import workers
from segue.store.ingest import ScanOptions, scan
from segue.store.library import Library


def main() -> None:
    workers._START_S = 20.0  # one that is stopped before its first breath is else waited for two minutes
    music, data, wait_s = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    options = ScanOptions(replace(SCAN, workers=2, silent_s=4.0), listener=StandIn(wait_s=wait_s))
    with Library.open(data) as library:
        report = scan(
            [music], library, ear=EAR, options=options, on_progress=lambda p: print(p.phase, p.done, flush=True)
        )
    sys.exit(report.exit_code)


if __name__ == "__main__":
    main()
