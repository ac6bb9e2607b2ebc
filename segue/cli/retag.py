"""`segue retag`: what Segue knows of songs, written into the tags of their files when that is asked for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from segue.cli.answers import print_json, print_rows
from segue.cli.words import services_to_change
from segue.errors import ParameterError, one_line, printable
from segue.listen.tag_writing import TAG_FIELDS, TagField
from segue.retagging import KEY_STYLES, BackChange, FileChange, TagReport, TagWishes
from segue.services import Services
from segue.values import TrackId

PURPOSE = "write tempo, key, mood and genre into the tags of files, after a preview, and put the old tags back"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument("tracks", nargs="*", metavar="TRACK", help="an id, a path, or words of the title and artist")
    parser.add_argument("--all", action="store_true", help="every song of the library")
    parser.add_argument(
        "--write", type=_fields, default=("bpm", "key"), metavar="TAGS",
        help=f"which, with commas between: {', '.join(TAG_FIELDS)} (default: bpm,key)",
    )  # fmt: skip
    parser.add_argument("--key-as", choices=KEY_STYLES, default=KEY_STYLES[0], help="8A or Am (default: %(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="say what would be written or put back, and do no more")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--backups", action="store_true", help="list what was written and can be put back")
    parser.add_argument("--back", metavar="NAME", help="put the old tags back: a name that --backups lists")


def _fields(text: str) -> tuple[TagField, ...]:
    wanted = {word.strip() for word in text.split(",")}
    if unknown := wanted - set(TAG_FIELDS):
        raise argparse.ArgumentTypeError(f"'{min(unknown)}' is none of {', '.join(TAG_FIELDS)}")
    return tuple(name for name in TAG_FIELDS if name in wanted)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    if [bool(args.tracks), args.all, args.backups, args.back is not None].count(True) != 1:
        remedy = "Name songs, or say --all, --backups or --back NAME"
        raise ParameterError("one thing to do was not named", remedy=remedy)
    if args.json and not (args.yes or args.dry_run or args.backups):
        raise ParameterError("JSON is for programs, which nobody can ask", remedy="Say --yes or --dry-run with --json")
    services = services_to_change(args)
    try:
        if args.backups:
            return _list(services, as_json=args.json)
        return _write(services, args) if args.back is None else _put_back(services, args)
    finally:
        services.close()


def _write(services: Services, args: argparse.Namespace) -> int:
    """Preview, ask, and write."""
    wishes = TagWishes(args.write, args.key_as)
    found = services.library.tracks() if args.all else [services.find_one(word) for word in args.tracks]
    tracks: list[TrackId] = list(dict.fromkeys(track.id for track in found))
    changes = services.retagging.preview(tracks, wishes)
    code = _settled(changes, args, "Write the tags of")
    return _tell(services.retagging.write(tracks, wishes), as_json=args.json) if code is None else code


def _put_back(services: Services, args: argparse.Namespace) -> int:
    """Preview, ask, and put back."""
    code = _settled(services.retagging.preview_back(args.back), args, "Put back the old tags of")
    return _tell(services.retagging.put_back(args.back), as_json=args.json) if code is None else code


def _settled(changes: Sequence[FileChange | BackChange], args: argparse.Namespace, question: str) -> int | None:
    """Show what would change, and ask; the exit code where that is all that is to be done."""
    if args.dry_run or not args.json:
        print_rows([_row(change) for change in changes], as_json=args.json, line=_line)
    if args.dry_run or args.yes:
        return 0 if args.dry_run else None
    count = sum(any(field.old != field.new for field in change.fields) for change in changes)
    if not count:
        print("There is nothing to write.")
        return 1 if any(change.problem for change in changes) else 0
    if not _is_sure(question, count):
        print("Nothing is written.", file=sys.stderr)
        return 1
    return None


def _row(change: FileChange | BackChange) -> dict[str, Any]:
    tags = {field.field: {"old": field.old, "new": field.new} for field in change.fields}
    return {"path": printable(change.path), "tags": tags, "problem": change.problem or None}


def _line(row: dict[str, Any]) -> str:
    if row["problem"]:
        return f"{row['problem']} (left as it is)"
    told = [f"{name} {tag['old'] or 'none'} -> {tag['new'] or 'none'}" for name, tag in row["tags"].items()]
    changed = [line for line, tag in zip(told, row["tags"].values(), strict=True) if tag["old"] != tag["new"]]
    return f"{one_line(row['path'])}: {'; '.join(changed) or 'nothing to change'}"


def _is_sure(question: str, count: int) -> bool:
    if not sys.stdin.isatty():
        raise ParameterError("there is nobody to ask whether to write", remedy="Say --yes, or --dry-run to look only")
    files = "1 file" if count == 1 else f"{count:,} files"
    return input(f"{question} {files}? [y/N] ").strip().casefold() in ("y", "yes")


def _tell(report: TagReport, *, as_json: bool) -> int:
    """Say what came of it; 1 where nothing did, and something should have."""
    if as_json:
        problems = list(report.problems)
        print_json(
            {"changed": report.written, "unchanged": report.unchanged, "problems": problems, "backup": report.backup}
        )
    else:
        for problem in report.problems:
            print(f"segue: {problem}", file=sys.stderr)
        done = "put back" if report.is_back else "written"
        back = f" Put the old tags back: segue retag --back {report.backup}" if report.backup else ""
        print(f"{report.written} {done}, {report.unchanged} as they were, {len(report.problems)} failed.{back}")
    return 1 if report.problems and not report.written + report.unchanged else 0


def _list(services: Services, *, as_json: bool) -> int:
    rows = [
        {"name": backup.name, "at": f"{datetime.fromtimestamp(backup.at_s):%Y-%m-%d %H:%M}", "files": backup.files}
        for backup in services.retagging.backups()
    ]
    print_rows(rows, as_json=as_json, line=lambda row: f"{row['name']}  {row['at']}  {row['files']:,} files")
    return 0
