"""`segue demo`: compose free music to try Segue with."""

from __future__ import annotations

import argparse

from tqdm import tqdm

from segue.cli.answers import say
from segue.cli.words import at_least, path_named
from segue.demo.library import make_demo

PURPOSE = "compose the demo library: free music, made by Segue itself"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument("folder", type=path_named, help="where to write it")
    parser.add_argument(
        "--seed", type=at_least(0), default=2026, help="another seed composes other songs (default: %(default)s)"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    with tqdm(total=0, unit="song", disable=True if args.json else None, leave=False) as bar:

        def show(done: int, total: int) -> None:
            bar.total, bar.n = total, done
            bar.refresh()

        report = make_demo(args.folder, seed=args.seed, on_progress=show)
    say(
        {"songs": report.tracks, "folder": str(args.folder)},
        f"{report.tracks} songs in {args.folder}",
        as_json=args.json,
    )
    return 0
