"""`segue vectors`: the vectors for other programs."""

from __future__ import annotations

import argparse

from segue.cli.answers import say
from segue.cli.words import ear_of, ear_words, path_named
from segue.errors import printable
from segue.services import Services

PURPOSE = "write all vectors as plain numpy arrays"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument("--npz", type=path_named, required=True, metavar="OUT", help="the file to write")
    ear_words(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    count = Services(args.data, ear=ear_of(args), read_only=True).export_vectors(args.npz)
    say(
        {"tracks": count, "file": printable(args.npz)},
        f"{count} tracks written to {printable(args.npz)}",
        as_json=args.json,
    )
    return 0
