"""`segue doctor`: is all well?"""

from __future__ import annotations

import argparse

from segue.cli.answers import print_json
from segue.doctor import examine

PURPOSE = "say what is installed, what is missing, and what to do about it"


def words(_: argparse.ArgumentParser) -> None:
    """It takes none of its own."""


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    findings = examine(args.data)
    if args.json:
        print_json([{"what": f.what, "state": f.state, "good": f.good, "remedy": f.remedy} for f in findings])
    else:
        for finding in findings:
            print(
                f"{'ok ' if finding.good else 'BAD'} {finding.what}: {finding.state}"
                + (f". {finding.remedy}" if finding.remedy else "")
            )
    return 0 if all(finding.good for finding in findings) else 1
