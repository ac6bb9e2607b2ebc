"""Scan every bad file there is, and print what came of them: python -m tests.torture.table [FOLDER] [--long]."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from segue.errors import printable
from tests.torture import running
from tests.torture.builders import silent_flac, silent_opus
from tests.torture.hours import write_long_mp3
from tests.torture.seeds import Seeds
from tests.torture.shelf import Shelved, fill


def main(argv: Sequence[str] | None = None) -> int:
    """Make, scan, print; 1 if anything is wrong with what came of a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="where to make the files, kept afterwards")
    parser.add_argument("--long", action="store_true", help="scan files of many hours too (some minutes)")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="segue-torture-") as temporary:
        folder = args.folder or Path(temporary)
        seeds = Seeds(folder / "seeds")
        shelved = fill(folder / "shelf", seeds)
        scanned = running.scan(folder / "shelf", folder / "data")
        wrong = running.complaints(scanned, shelved)
        print(_table(shelved, scanned))
        if args.long:
            shelved = _long_files(folder / "long")
            scanned = running.scan(folder / "long", folder / "long data")
            print(_table(shelved, scanned))
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


def _long_files(folder: Path) -> list[Shelved]:
    """Files that really last for hours, and take their time."""
    folder.mkdir()
    night = write_long_mp3(folder / "night.mp3", seconds=6 * 3600)
    (folder / "silence.flac").write_bytes(silent_flac(7200, rate_hz=44_100))
    (folder / "silence.opus").write_bytes(silent_opus(3600))
    (folder / "thousand.flac").write_bytes(silent_flac(1000 * 3600, rate_hz=1_000))
    return [
        Shelved(night, "six hours of music, 173 MB", "heard"),
        Shelved(folder / "silence.flac", "two hours of silence, FLAC of 80 kB", "refused"),
        Shelved(folder / "silence.opus", "an hour of silence, Opus of 0.7 MB", "refused"),
        Shelved(folder / "thousand.flac", "a thousand hours, FLAC of 0.8 MB", "refused"),
    ]


def _table(shelved: Sequence[Shelved], scanned: running.Scanned) -> str:
    kinds = {row["path"]: row["kind"].removesuffix("Error") for row in scanned.report.get("failures", [])}
    lines = ["| kind | files | heard | refused | worst processor time | worst memory |", "|---|---|---|---|---|---|"]
    by_kind = {words: [bad for bad in shelved if bad.kind == words] for words in dict.fromkeys(b.kind for b in shelved)}
    lines += [_row(words, files, scanned, kinds) for words, files in by_kind.items()]
    lines.append(_row(f"**all**, in {scanned.seconds:.0f} s", shelved, scanned, kinds))
    return "\n".join(lines)


def _row(words: str, files: Sequence[Shelved], scanned: running.Scanned, kinds: dict[str, str]) -> str:
    names = [printable(bad.path) for bad in files]
    refused = Counter(kinds[name] for name in names if name in kinds)
    told = ", ".join(f"{count} {kind}" for kind, count in refused.most_common())
    heard = sum(bad.path in scanned.heard for bad in files)
    seconds = max((scanned.watched.processor_s.get(name, 0.0) for name in names), default=0.0)
    memory = max((scanned.watched.memory_mb.get(name, 0.0) for name in names), default=0.0)
    worst = f"{seconds:.1f} s | {memory:.0f} MB" if memory else "under 0.1 s |"
    return f"| {words} | {len(files)} | {heard} | {told} | {worst} |"


if __name__ == "__main__":
    sys.exit(main())
