"""`segue doctor`: is all well?"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from segue.cli.answers import print_json
from segue.cli.words import DATA
from segue.doctor import Finding, examine
from segue.errors import one_line, printable
from segue.store.library import FILE_NAME
from segue.store.mending import Repair, repair

PURPOSE = "say what is installed, what is missing, and what to do about it"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument(
        "--repair", action="store_true", help="mend the library if it is damaged; a copy of it is kept beside it"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    done = repair(args.data / FILE_NAME) if args.repair else None
    findings = (*_place(args.data), *examine(args.data))
    if args.json:
        rows = [asdict(finding) for finding in findings]
        print_json(rows if done is None else {"repair": _row(done), "findings": rows})
    else:
        if done is not None:
            _tell(done)
        for finding in findings:
            print(_line(finding))
    is_whole = done is None or not done.unread
    return 0 if is_whole and all(finding.good for finding in findings) else 1


def _place(data: Path) -> tuple[Finding, ...]:
    """A data folder that was asked for is there, or its name was mistyped; the usual one comes with the first scan."""
    if data == DATA or data.exists():
        return ()
    remedy = "Check the path that --data names; a first scan makes the folder"
    return (Finding("data folder", f"{one_line(data.absolute())} is not there", good=False, remedy=remedy),)


def _line(finding: Finding) -> str:
    remedy = f". {finding.remedy}" if finding.remedy else ""
    return f"{'ok ' if finding.good else 'BAD'} {finding.what}: {finding.state}{remedy}"


def _row(done: Repair) -> dict[str, Any]:
    return {
        "backup": None if done.backup is None else printable(done.backup),
        "mended": [asdict(damage) for damage in done.mended],
        "tracks": done.tracks,
        "unread": list(done.unread),
        "saved": done.saved,
    }


def _tell(done: Repair) -> None:
    """What was done; a library that was sound was not touched."""
    if done.backup is None:
        print("There was nothing to repair.")
        return
    for damage in done.mended:
        print(f"mended: {damage}")
    print(f"{done.tracks} tracks are in the library now. As it was, it lies in {one_line(done.backup)}")
    if not done.saved:
        print("NOTHING could be saved of it. Keep the copy: all that the library knew is in it, and nowhere else.")
        print("Scan your music again: all of it is heard.")
    elif done.unread:
        print(f"NOT saved, since nothing of it can be read: {', '.join(done.unread)}. Keep the copy: only it has that.")
        print("Scan your music again: what was lost of your songs is heard, what you said of them is not.")
    else:
        print("Scan your music again: only what was lost is heard. When all is well, delete the copy.")
