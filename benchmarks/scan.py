"""The scan against ffmpeg decoding the same files."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

from benchmarks.figures import Bench, Figure, run_measured
from segue.config import SCAN
from segue.embed.ears.musicnn import find_weights
from segue.errors import ModelError

_TRACKS = 50
_LEAST_BYTES = 300_000
_KINDS = (".ogg", ".opus", ".mp3", ".flac", ".m4a", ".wav")


def _run(music: Path, scratch: Path) -> list[Figure]:
    tracks = pick(music)
    folder = scratch / "fifty"
    folder.mkdir()
    for number, track in enumerate(tracks):
        (folder / f"{number:02d}{track.suffix}").symlink_to(track.resolve())
    command = [sys.executable, "-m", "segue.cli", "scan", str(folder), "--json", "--data"]
    scan = run_measured([*command, str(scratch / "data")])
    decode_s = _decode(sorted(folder.iterdir()))
    seconds = sum(_length_s(path) for path in folder.iterdir())
    reference = f"ffmpeg -ac 1 -ar 22050 -f null, {len(tracks)} tracks of {seconds / 60:.0f} min: {decode_s:.1f} s"
    figures = [
        Figure("scan.ratio_to_decode", scan.seconds / decode_s, "x", reference, goal=3.0),
        Figure(
            "scan.realtime_factor", seconds / scan.seconds, "x", "real time, all workers, start-up and pooling included"
        ),
        Figure("scan.rss_mb", scan.peak_mb, "MB", "resident memory of all processes together", goal=1200),
    ]
    if is_installed():
        second = run_measured([*command, str(scratch / "data-musicnn"), "--ear", "musicnn"])
        told = f"--ear musicnn, {SCAN.most_slices} slices a track at most, its network built on the way; {reference}"
        figures.append(Figure("scan.ratio_to_decode.musicnn", second.seconds / decode_s, "x", told))
    return figures


def is_installed() -> bool:
    """Whether the package musicnn is there to be measured; says so if not."""
    try:
        find_weights()
    except ModelError as error:
        print(f"bench: left out: {error}", file=sys.stderr)
        return False
    return True


def pick(music: Path) -> list[Path]:
    """Fifty tracks, a share of each package and format, the same ones on every machine."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(music.rglob("*")):
        if path.suffix.lower() in _KINDS and path.is_file() and path.stat().st_size > _LEAST_BYTES:
            found[path.relative_to(music).parts[0]].append(path)
    if sum(map(len, found.values())) < _TRACKS:
        raise SystemExit(f"bench: {music} holds too little music; fetch it with `make music`")
    rng = random.Random(50)
    for tracks in found.values():
        rng.shuffle(tracks)
    picked: list[Path] = []
    while len(picked) < _TRACKS:
        picked += [tracks.pop() for tracks in found.values() if tracks]
    return picked[:_TRACKS]


def _decode(tracks: list[Path]) -> float:
    started = time.perf_counter()
    for track in tracks:
        command = [
            "ffmpeg",
            "-nostdin",
            "-v",
            "quiet",
            "-i",
            str(track),
            "-vn",
            "-ac",
            "1",
            "-ar",
            "22050",
            "-f",
            "null",
            "-",
        ]
        subprocess.run(command, check=True)
    return time.perf_counter() - started


def _length_s(path: Path) -> float:
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(path)]
    return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip())


measure_scan = Bench(
    ("scan.ratio_to_decode", "scan.realtime_factor", "scan.rss_mb", "scan.ratio_to_decode.musicnn"), _run
)
