"""`segue scan`: listen to folders of music."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from segue.cli.answers import Bar, print_json, tell_of_ear
from segue.cli.words import at_least, ear_of, ear_words
from segue.config import SCAN, ScanSpec, describe
from segue.errors import printable
from segue.files import access_error, expanded
from segue.services import Services
from segue.values import ScanReport

PURPOSE = "listen to the music in folders and keep what was heard"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument("folders", type=expanded, nargs="+", metavar="DIR", help="folders of music")
    parser.add_argument("--workers", type=at_least(0), default=SCAN.workers, help=describe(ScanSpec, "workers"))
    parser.add_argument("--retry", action="store_true", help="try files again that failed before")
    ear_words(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    _check_places(args.folders)
    services = Services(args.data, ear=ear_of(args), workers=args.workers)
    try:
        with Bar(quiet=args.json) as bar:
            report = services.scan(args.folders, retry_errors=args.retry, on_progress=bar.show)
        return _print_report(report, services, as_json=args.json)
    finally:
        services.close()


def _check_places(places: list[Path]) -> None:
    """Raise FileAccessError if none of them is there: a slip of the fingers makes no library."""
    errors = []
    for place in places:
        try:
            place.stat()
        except OSError as error:
            errors.append(access_error(error, place.absolute()))
    if len(errors) == len(places):
        raise errors[0]


def _print_report(report: ScanReport, services: Services, *, as_json: bool) -> int:
    counts = services.counts()
    figures = {
        "scanned": report.scanned,
        "attached": report.attached,
        "unchanged": report.skipped,
        "removed": report.removed,
        "failed": len(report.failures),
        "failed_before": report.known_failures,
        "seconds": round(report.seconds, 2),
        "tracks": counts.tracks,
        "cancelled": report.cancelled,
    }
    failures = [
        {"path": printable(f.path), "kind": f.kind, "what": f.message, "remedy": f.remedy} for f in report.failures
    ]
    if as_json:
        print_json({**figures, "failures": failures})
    else:
        for failure in report.failures:
            print(f"segue: {failure}", file=sys.stderr)
        print(
            f"{report.scanned} heard, {report.attached} known under another name, {report.skipped} unchanged,"
            f" {report.removed} gone, {len(report.failures)} failed, {report.known_failures} failed before;"
            f" {counts.tracks} tracks in the library ({report.seconds:.1f} s)"
        )
        tell_of_ear(services)
    return report.exit_code
