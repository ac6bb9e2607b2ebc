"""The music that is measured with: real tracks as `make music` brings them, and the scarce formats made from these."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MADE = "transcoded"  # the folder below the music that keeps what was made once
EACH = 20
_LEAST_BYTES = 300_000
_LONGEST_S = 240  # of what is made: a song's length, and the disk's space
_MADE_WITH = {
    ".mp3": ("-c:a", "libmp3lame", "-b:a", "192k", "-ar", "44100"),
    ".flac": ("-c:a", "flac", "-sample_fmt", "s16", "-ar", "44100"),
    ".m4a": ("-c:a", "aac", "-b:a", "160k", "-ar", "44100"),
}
KINDS = (".mp3", ".ogg", ".opus", ".flac", ".m4a")
_FOUND_KINDS = (*KINDS, ".wav")


def pick(music: Path, count: int = 50) -> list[Path]:
    """So many tracks as they came, a share of each package and format, the same ones on every machine."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in _found(music):
        found[path.relative_to(music).parts[0]].append(path)
    if sum(map(len, found.values())) < count:
        raise _too_little(music)
    rng = random.Random(50)
    for tracks in found.values():
        rng.shuffle(tracks)
    picked: list[Path] = []
    while len(picked) < count:
        picked += [tracks.pop() for tracks in found.values() if tracks]
    return picked[:count]


def mixed(music: Path) -> list[Path]:
    """Twenty tracks of each of five formats, the same everywhere; what is missing of a format is transcoded once."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in _found(music):
        found[path.suffix.lower()].append(path)
    rng = random.Random(100)
    for tracks in found.values():
        rng.shuffle(tracks)
    chosen = [track for kind in KINDS for track in found[kind][:EACH]]
    taken = set(chosen)
    sources = [track for tracks in found.values() for track in tracks]
    sources.sort(key=lambda track: track in taken)  # others first, that no song comes twice while there are enough
    wanted = [(kind, number) for kind in KINDS for number in range(len(found[kind][:EACH]), EACH)]
    if not sources or any(kind not in _MADE_WITH for kind, _ in wanted):
        raise _too_little(music)
    jobs = [
        (sources[place % len(sources)], music / MADE / f"{number:02d}{kind}")
        for place, (kind, number) in enumerate(wanted)
    ]
    _make([(source, target) for source, target in jobs if not target.exists()])
    return sorted([*chosen, *(target for _, target in jobs)])


def shelve(tracks: Sequence[Path], folder: Path) -> Path:
    """A folder of links to the tracks, numbered."""
    folder.mkdir()
    for number, track in enumerate(tracks):
        (folder / f"{number:03d}{track.suffix}").symlink_to(track.resolve())
    return folder


def length_s(path: Path) -> float:
    """How long a track is, as ffprobe says."""
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(path)]
    return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip())


def _found(music: Path) -> list[Path]:
    return [
        path
        for path in sorted(music.rglob("*"))
        if path.suffix.lower() in _FOUND_KINDS
        and path.relative_to(music).parts[0] != MADE
        and path.is_file()
        and path.stat().st_size > _LEAST_BYTES
    ]


def _make(jobs: Sequence[tuple[Path, Path]]) -> None:
    if jobs:
        print(f"bench: transcoding {len(jobs)} tracks, once ...", file=sys.stderr, flush=True)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(_transcode, jobs))


def _transcode(job: tuple[Path, Path]) -> None:
    source, target = job
    target.parent.mkdir(exist_ok=True)
    unfinished = target.with_name(f"unfinished {target.name}")
    options = ["-map", "0:a:0", "-t", str(_LONGEST_S), "-ac", "2", *_MADE_WITH[target.suffix]]
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(source), *options, str(unfinished)], check=True
    )
    unfinished.replace(target)


def _too_little(music: Path) -> SystemExit:
    return SystemExit(f"bench: {music} holds too little music; fetch it with `make music`")
