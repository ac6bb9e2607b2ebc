"""`make bench`: run the measurements, print a table, write benchmarks/latest.json."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.app import measure_app
from benchmarks.choose import measure_choose
from benchmarks.choose_paths import measure_paths
from benchmarks.ear import measure_ear
from benchmarks.figures import Bench, Figure
from benchmarks.live import measure_live
from benchmarks.mix import measure_mix
from benchmarks.origin import measure_origin
from benchmarks.pool import measure_pool
from benchmarks.scan import measure_scan
from benchmarks.unchanged import measure_unchanged
from benchmarks.web import measure_web

LATEST = Path(__file__).parent / "latest.json"
BENCHES: tuple[Bench, ...] = (
    measure_ear,
    measure_scan,
    measure_origin,
    measure_unchanged,
    measure_pool,
    measure_app,
    measure_choose,
    measure_paths,
    measure_live,
    measure_mix,
    measure_web,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, write; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", metavar="PREFIX", help="only figures whose names begin so")
    parser.add_argument("--music", type=Path, default=Path(".music"), help="the folder that `make music` fills")
    args = parser.parse_args(argv)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as folder:
        for bench in BENCHES:
            if any(name.startswith(args.only) or args.only.startswith(name) for name in bench.names):
                print(f"measuring {', '.join(bench.names)} ...", file=sys.stderr, flush=True)
                figures += bench.run(args.music, Path(folder))
    figures = [figure for figure in figures if figure.name.startswith(args.only)]
    if not figures:
        print(f"bench: no figure begins with '{args.only}'", file=sys.stderr)
        return 2
    print(_table(figures))
    _write(figures)
    return 0 if all(figure.is_met for figure in figures) else 1


def _table(figures: Sequence[Figure]) -> str:
    lines = ["| figure | value | goal | | reference |", "|---|---|---|---|---|"]
    for f in figures:
        goal = "" if f.goal is None else f"{'at least ' if f.is_floor else ''}{f.goal:g} {f.unit}"
        verdict = "" if f.goal is None else ("met" if f.is_met else "MISSED")
        lines.append(f"| `{f.name}` | {f.value:.3g} {f.unit} | {goal} | {verdict} | {f.reference} |")
    return "\n".join(lines)


def _write(figures: Sequence[Figure]) -> None:
    """Keep what an earlier run measured and this one did not."""
    held = json.loads(LATEST.read_text(encoding="utf-8"))["figures"] if LATEST.exists() else {}
    held |= {f.name: {"value": f.value, "unit": f.unit, "reference": f.reference, "goal": f.goal} for f in figures}
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    LATEST.write_text(json.dumps({"machine": machine, "figures": held}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
