"""The scan against ffmpeg decoding the same files."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.figures import Bench, Figure, Ran, run_measured
from benchmarks.tracks import length_s, mixed, shelve
from segue.config import SCAN
from segue.embed.ears.musicnn import find_weights
from segue.errors import ModelError

WORKERS = 2
_ROUNDS = 2  # of each, in turns; the faster counts


def scan_command(folder: Path, data: Path, *more: str) -> list[str]:
    """What a user types, with two workers."""
    words = ["scan", str(folder), "--json", "--workers", str(WORKERS), "--data", str(data)]
    return [sys.executable, "-m", "segue.cli", *words, *more]


def _run(music: Path, scratch: Path) -> list[Figure]:
    folder = shelve(mixed(music), scratch / "hundred")
    tracks = sorted(folder.iterdir())
    scans: list[Ran] = []
    decodes_s: list[float] = []
    for number in range(_ROUNDS):
        decodes_s.append(_decode(tracks))
        scans.append(run_measured(scan_command(folder, scratch / f"data-{number}")))
    decode_s, scan_s = min(decodes_s), min(scan.seconds for scan in scans)
    seconds = sum(map(length_s, tracks))
    reference = (
        f"ffmpeg -ac 1 -ar 22050 -f null with {WORKERS} processes at once, the faster of {_ROUNDS}:"
        f" {decode_s:.1f} s for {len(tracks)} tracks (MP3, OGG, Opus, FLAC, M4A) of {seconds / 60:.0f} min together"
    )
    figures = [
        Figure("scan.ratio_to_decode", scan_s / decode_s, "x", reference, goal=1.5),
        Figure(
            "scan.realtime_factor",
            seconds / scan_s,
            "x",
            f"real time, {WORKERS} workers, rhythm, start-up and pooling included",
        ),
        Figure(
            "scan.rss_mb",
            max(scan.peak_mb for scan in scans),
            "MB",
            "resident memory of all processes together, pages that they share counted for each",
            goal=1200,
        ),
    ]
    if is_installed():
        second = run_measured(scan_command(folder, scratch / "data-musicnn", "--ear", "musicnn"))
        told = f"--ear musicnn, {SCAN.most_slices} slices a track at most, its network built on the way; same ffmpeg"
        figures.append(Figure("scan.ratio_to_decode.musicnn", second.seconds / decode_s, "x", told, goal=3.5))
    return figures


def is_installed() -> bool:
    """Whether the package musicnn is there to be measured; says so if not."""
    try:
        find_weights()
    except ModelError as error:
        print(f"bench: left out: {error}", file=sys.stderr)
        return False
    return True


def _decode(tracks: list[Path]) -> float:
    started = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(_decode_one, tracks))
    return time.perf_counter() - started


def _decode_one(track: Path) -> None:
    options = ["-vn", "-ac", "1", "-ar", "22050", "-f", "null", "-"]
    subprocess.run(["ffmpeg", "-nostdin", "-v", "quiet", "-i", str(track), *options], check=True)


measure_scan = Bench(
    ("scan.ratio_to_decode", "scan.realtime_factor", "scan.rss_mb", "scan.ratio_to_decode.musicnn"), _run
)
