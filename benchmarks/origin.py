"""The scan against the pipeline of the article that Segue goes back to, written straightforwardly from its description.

librosa decodes each file and makes mel slices of 96 x 216, Keras hears them with the network of the article (three
separable convolutions, a dense layer of 1024: 42.6 million parameters), each track's vectors become a pickle, and a
double loop over the slices of batches of a hundred tracks weighs them by TF-IDF. The weights are random: the cost does
not depend on them. One process does it all, as then.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from benchmarks.figures import Bench, Figure, run_measured
from benchmarks.scan import scan_command
from benchmarks.tracks import length_s, mixed, shelve

_PARTS = ("start", "decoding and mel", "network", "pickles", "TF-IDF")


def _run(music: Path, scratch: Path) -> list[Figure]:
    lacking = [name for name in ("librosa", "keras", "tensorflow") if find_spec(name) is None]
    if lacking:
        print(f"bench: left out: {' and '.join(lacking)} are not installed (requirements-dev.txt)", file=sys.stderr)
        return []
    folder = shelve(mixed(music), scratch / "all")
    tracks = sorted(folder.iterdir())
    ours = run_measured(scan_command(folder, scratch / "all-data"))
    command = [sys.executable, "-m", "benchmarks.origin_pipeline", str(folder), str(scratch / "all-pickles")]
    parts = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()[-1])
    theirs_s = sum(parts.values())
    minutes = sum(map(length_s, tracks)) / 60
    told = (
        f"librosa, Keras, pickles and a double loop, one process: {theirs_s:.0f} s for {len(tracks)} tracks"
        f" ({minutes:.0f} min; {', '.join(f'{name} {parts[name]:.1f}' for name in _PARTS)}); Segue {ours.seconds:.1f} s"
    )
    return [Figure("scan.speedup_over_origin", theirs_s / ours.seconds, "x", told, goal=5.0, is_floor=True)]


measure_origin = Bench(("scan.speedup_over_origin",), _run)
