"""Scans into a disk that fills up, finds it whole, makes it larger, and goes on. Runs where it may mount one."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

from scanning import hear_all, numbers, pooled_exactly

from segue.errors import SegueError
from segue.store.library import Library
from segue.store.mending import inspect


def main(music: Path, disk: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "none", str(disk)], check=True)
    said = {}
    try:
        with Library.open(disk / "data") as library:
            hear_all(music, library)
    except SegueError as error:
        said["error"] = str(error)
    with sqlite3.connect(disk / "data" / "library.db") as db:
        said["integrity"] = db.execute("PRAGMA integrity_check").fetchone()[0]
        said["kept"] = db.execute("SELECT count(*) FROM tracks").fetchone()[0]
    db.close()
    said["damage"] = [str(damage) for damage in inspect(disk / "data" / "library.db")]
    subprocess.run(["mount", "-o", "remount,size=40m", str(disk)], check=True)
    with Library.open(disk / "data") as library:
        said["again"] = numbers(hear_all(music, library))
        said["pooled"] = pooled_exactly(library)
    print(json.dumps(said))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
