"""`segue scan`: listen to folders of music."""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from segue.cli.answers import Bar, print_json, tell_of_ear
from segue.cli.cluster import cluster_words, crew_of
from segue.cli.failures import failure_lines, failure_rows
from segue.cli.words import at_least, ear_of, ear_words, path_named
from segue.config import SCAN, ScanSpec, describe
from segue.errors import FileAccessError, ParameterError, one_line
from segue.files import access_error, is_url, real_path
from segue.services import Services
from segue.store.settling import Changes
from segue.store.watch import Watch, WatchState
from segue.values import ScanReport
from segue.web.present import watch_line

PURPOSE = "listen to the music in folders and keep what was heard"

_HANDFUL = 5  # of the files that failed before, so many are named again


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument(
        "folders", type=path_named, nargs="+", metavar="DIR", help="folders of music, or s3://bucket/folder"
    )
    parser.add_argument("--workers", type=at_least(0), default=SCAN.workers, help=describe(ScanSpec, "workers"))
    parser.add_argument("--retry", action="store_true", help="try files again that failed before")
    parser.add_argument("--watch", action="store_true", help="then go on watching the folders until Ctrl+C")
    cluster_words(parser)
    ear_words(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    _check_places(args.folders, watch=args.watch)
    crew = crew_of(args)
    services = Services(args.data, ear=ear_of(args), workers=args.workers)
    try:
        with Bar(quiet=args.json) as bar:
            report = services.scan(args.folders, retry_errors=args.retry, crew=crew, on_progress=bar.show)
        code = _print_report(report, args, services)
        return _watch(args.folders, services, as_json=args.json) if args.watch else code
    finally:
        services.close()


def _check_places(places: list[Path], *, watch: bool) -> None:
    """Raise FileAccessError if none of them is there: a slip of the fingers makes no library."""
    errors = []
    for place in places:
        if is_url(place):
            if watch:
                raise ParameterError(f"{place} cannot be watched", remedy="Scan it again when something has changed")
            continue
        try:
            if not place.is_dir() and watch and place.stat():
                what = "it is a file, and folders are watched"
                raise FileAccessError(what, remedy="Name the folder it lies in", path=place.absolute())
            place.stat()
        except OSError as error:
            errors.append(access_error(error, place.absolute()))
    if len(errors) == len(places):
        raise errors[0]


# What was done --------------------------------------------------------------------------------------------------------


def _print_report(report: ScanReport, args: argparse.Namespace, services: Services) -> int:
    if args.json:
        facts = _facts(report, services)
        if args.watch:
            print(json.dumps(facts), flush=True)
        else:
            print_json(facts)
        return report.exit_code
    for line in failure_lines(report.failures):
        print(f"segue: {line}", file=sys.stderr)
    if report.known_failures:
        _tell_of_known(report, args.folders, services)
    if report.exit_code and not (report.failures or report.known_failures or report.cancelled):
        places = ", ".join(one_line(folder.absolute()) for folder in args.folders)
        print(f"segue: {places}: there is no file in it that may hold music. Name another folder", file=sys.stderr)
    print(
        f"{report.scanned} heard, {report.moved} moved, {report.attached} known under another name,"
        f" {report.skipped} unchanged, {report.removed} gone, {len(report.failures)} failed,"
        f" {report.known_failures} failed before; {services.counts().tracks} tracks in the library"
        f" ({report.seconds:.1f} s)"
    )
    if report.measured:
        print(f"Tempo, key and loudness were found of {report.measured} tracks that had been heard before")
    tell_of_ear(services)
    return report.exit_code


def _tell_of_known(report: ScanReport, folders: list[Path], services: Services) -> None:
    """Name the files that failed before, those that were asked for first; or say where they stand if they are many."""
    places = {folder if is_url(folder) else real_path(folder) for folder in folders}
    new = {failure.path for failure in report.failures}
    known = [failure for failure in services.failures() if failure.path not in new and _is_below(failure.path, places)]
    told = known if len(known) <= _HANDFUL else [failure for failure in known if failure.path in places]
    for failure in told:
        print(f"segue: {failure}", file=sys.stderr)
    others = "" if len(told) == len(known) else " The booth names them all, and so does --json."
    print(
        f"segue: what failed before is passed over until it changes; --retry tries it again.{others}", file=sys.stderr
    )


def _is_below(path: Path, places: set[Path]) -> bool:
    return any(path.is_relative_to(place) for place in places)


def _facts(report: ScanReport, services: Services) -> dict[str, Any]:
    return {
        "scanned": report.scanned,
        "attached": report.attached,
        "unchanged": report.skipped,
        "removed": report.removed,
        "moved": report.moved,
        "looked_at": report.looked_at,
        "measured": report.measured,
        "failed": len(report.failures),
        "failed_before": report.known_failures,
        "seconds": round(report.seconds, 2),
        "tracks": services.counts().tracks,
        "cancelled": report.cancelled,
        "failures": failure_rows(report.failures),
        "all_failures": failure_rows(services.failures()),
    }


# Watching -------------------------------------------------------------------------------------------------------------


def _watch(folders: list[Path], services: Services, *, as_json: bool) -> int:
    """Keep the library up to date with the folders until Ctrl+C, and say what came of each change."""

    def rescan(changes: Changes) -> bool:
        with Bar(quiet=as_json) as bar:
            report = services.catch_up(changes, on_progress=bar.show)
        tell(report, services)
        return True

    tell = _tell_in_json if as_json else _tell_in_words
    roots = [real_path(folder) for folder in folders]
    watch = Watch(lambda: roots, own=services.data, on_state=None if as_json else _tell_state)
    try:
        watch.run(rescan, stop=threading.Event())
    except KeyboardInterrupt:
        if not as_json:
            print("Stopped watching; what was heard is kept.")
    return 0


_Tell = Callable[[ScanReport, Services], None]


def _tell_state(state: WatchState) -> None:
    if state != WatchState():
        line = watch_line(state)
        print(f"{line}{'' if line.endswith('?') else '.'} Ctrl+C stops it", flush=True)


def _tell_in_words(report: ScanReport, services: Services) -> None:
    for line in failure_lines(report.failures):
        print(f"segue: {line}", file=sys.stderr)
    known = (report.attached, "known under another name")
    parts = ((report.scanned, "heard"), (report.moved, "moved"), known, (report.removed, "gone"))
    said = ", ".join(f"{count} {what}" for count, what in parts if count > 0)
    if said:
        print(f"{time.strftime('%H:%M')} {said}; {services.counts().tracks} tracks in the library", flush=True)


def _tell_in_json(report: ScanReport, services: Services) -> None:
    """One line for each change, so that a program can read them as they come."""
    if report.scanned or report.moved or report.attached or report.removed or report.failures:
        print(json.dumps(_facts(report, services)), flush=True)
