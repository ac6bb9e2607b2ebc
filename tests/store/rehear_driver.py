"""Lets the other stand-in ear hear a library, for tests that kill it: ``python rehear_driver.py DATA WAIT_S``."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from store_standins import OTHER_EAR, StandIn

from segue.config import SCAN
from segue.store.ingest import ScanOptions
from segue.store.library import Library
from segue.store.rehearing import hear_again


def main() -> None:
    data, wait_s = Path(sys.argv[1]), float(sys.argv[2])
    options = ScanOptions(replace(SCAN, workers=2), listener=StandIn(OTHER_EAR.fingerprint, wait_s=wait_s))
    with Library.open(data) as library:
        hear_again(library, OTHER_EAR, options=options, on_progress=lambda p: print(p.phase, p.done, flush=True))


if __name__ == "__main__":
    main()
