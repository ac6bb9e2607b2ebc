"""A mix beside what it replaces: the same list, each file brought to its loudness by ffmpeg, one after the other.

    python -m benchmarks.mix_beside tracks.txt FOLDER

renders both into the folder and prints a table of what is measured of them.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segue.mixing import MixOrder
from segue.play.mix.outputs import Outputs
from segue.play.mix.plan import MixPlan
from segue.play.mix.planning import MixSettings
from segue.play.tracklist import read_tracklist
from segue.services import Services
from segue.values import Floats

RATE_HZ = 44_100
_ROW = RATE_HZ // 100
_AROUND_S = 4.0
_SILENT = 10.0 ** (-50.0 / 20.0)


@dataclass(frozen=True, slots=True)
class Measured:
    """What is measured of a finished file; of the joins the worst."""

    loudness_lufs: float
    true_peak_dbtp: float
    length_s: float
    silence_s: float
    dip_db: float
    step: float


def ffmpeg(*words: str | Path) -> str:
    """Run ffmpeg and return what it said."""
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-y", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def concatenate(paths: Sequence[Path], target: Path) -> list[float]:
    """The old way; returns when each join is."""
    ends, at_s = [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for number, path in enumerate(paths):
            wav = Path(folder) / f"{number:03d}.wav"
            ffmpeg("-i", path, "-vn", "-af", "loudnorm=I=-14:TP=-1:LRA=11", "-ar", str(RATE_HZ), "-ac", "2", wav)
            lines.append(f"file '{wav}'\n")
            at_s += (wav.stat().st_size - 78) / (4 * RATE_HZ)
            ends.append(at_s)
        listing = Path(folder) / "list.txt"
        listing.write_text("".join(lines), encoding="utf-8")
        ffmpeg("-f", "concat", "-safe", "0", "-i", listing, "-b:a", "320k", target)
    return ends[:-1]


def measure(path: Path, joins: Sequence[tuple[float, float]]) -> Measured:
    """Measure a file whose joins are from when to when."""
    said = ffmpeg("-i", path, "-af", "ebur128=peak=true", "-f", "null", "-")
    loudness, peak = re.findall(r"I:\s+(-?[\d.]+) LUFS", said)[-1], re.findall(r"Peak:\s+(-?[\d.]+) dBFS", said)[-1]
    command = [
        "ffmpeg",
        "-nostdin",
        "-v",
        "error",
        "-i",
        str(path),
        "-f",
        "f32le",
        "-ar",
        str(RATE_HZ),
        "-ac",
        "2",
        "-",
    ]
    data = subprocess.run(command, capture_output=True, check=True).stdout
    sound = np.frombuffer(data, np.float32).reshape(-1, 2).T
    found = [_at_join(sound, begin_s, end_s) for begin_s, end_s in joins]
    worst = [max(values) for values in zip(*found, strict=True)] if found else [0.0, 0.0, 0.0]
    return Measured(float(loudness), float(peak), sound.shape[1] / RATE_HZ, *worst)


def _at_join(sound: Floats, begin_s: float, end_s: float) -> tuple[float, float, float]:
    """The longest silence, how far the level dips below the softer side, and the largest step against those around."""
    first = max(0, round((begin_s - _AROUND_S) * RATE_HZ))
    piece = sound[:, first : round((end_s + _AROUND_S) * RATE_HZ)]
    rows = piece[:, : piece.shape[1] // _ROW * _ROW].reshape(2, -1, _ROW)
    level = np.sqrt(np.mean(rows**2, axis=(0, 2)))
    quiet = "".join("x" if value < _SILENT else " " for value in level).split()
    seconds = np.sqrt(np.convolve(level**2, np.ones(50) / 50.0, "valid"))
    sides = min(float(np.median(level[:200])), float(np.median(level[-200:])))
    dip_db = 20.0 * np.log10(max(sides, 1e-6) / max(float(seconds.min()), 1e-6))
    bends = np.abs(np.diff(piece, n=2, axis=1)).max(axis=0)
    at = [round(edge_s * RATE_HZ) - first for edge_s in (begin_s, end_s)]
    near = max(float(bends[max(0, edge - 440) : edge + 440].max()) for edge in at)
    return max(map(len, quiet), default=0) / 100.0, float(dip_db), near / max(float(np.quantile(bends, 0.999)), 1e-6)


def joins_of(plan: MixPlan) -> list[tuple[float, float]]:
    """From when to when each join of a plan is."""
    return [plan.joined_at_s(number) for number in range(len(plan.joins))]


def main() -> int:
    """Render both, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("list", type=Path)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    listed = read_tracklist(args.list)
    with tempfile.TemporaryDirectory() as data:
        services = Services(Path(data))
        planned = services.mixing.plan(MixOrder(listed.wanted, MixSettings(listed.name)))
        mix = args.folder / "mix.mp3"
        services.mixing.render(planned, Outputs.beside(mix))
        services.close()
    plain = args.folder / "plain.mp3"
    ends = concatenate([part.path for part in planned.plan.parts], plain)
    rows = (
        ("the mix", measure(mix, joins_of(planned.plan))),
        ("one after the other", measure(plain, [(end_s, end_s) for end_s in ends])),
    )
    print(f"{len(planned.plan.parts)} tracks; planned {planned.plan.length_s:.3f} s\n")
    print("| | LUFS | dBTP | length (s) | longest silence at a join (s) | deepest dip (dB) | largest step (x) |")
    print("|---|---|---|---|---|---|---|")
    for name, found in rows:
        print(
            f"| {name} | {found.loudness_lufs:.1f} | {found.true_peak_dbtp:.1f} | {found.length_s:.3f}"
            f" | {found.silence_s:.2f} | {found.dip_db:.1f} | {found.step:.2f} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
