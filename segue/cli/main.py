"""The command line: read the words, run one command, and turn what goes wrong into one line and an exit code."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from typing import Protocol

from segue import __version__
from segue.cli import demo, doctor, evaluate, export, models, playlist, scan, serve, similar, tags, vectors
from segue.cli.words import common_words
from segue.errors import SegueError


class Command(Protocol):
    """What the module of a command defines."""

    PURPOSE: str
    """One line for the help, beginning in lower case and without a full stop."""

    def words(self, parser: argparse.ArgumentParser) -> None:
        """Add the words of this command to its parser; `--data`, `--json` and `--verbose` are there already."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it, print the answer, and return the exit code."""


COMMANDS: dict[str, Command] = {
    "scan": scan,
    "serve": serve,
    "similar": similar,
    "playlist": playlist,
    "tags": tags,
    "vectors": vectors,
    "export": export,
    "models": models,
    "evaluate": evaluate,
    "doctor": doctor,
    "demo": demo,
}
"""Every command by its name, in the order of the help."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 well, 1 it failed, 2 it was called wrongly."""
    args = _parser().parse_args(argv)
    logging.basicConfig(
        level=logging.INFO if args.verbose else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    try:
        return int(args.run(args))
    except SegueError as error:
        print(f"segue: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("segue: stopped; what was done so far is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `segue ... | head`
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="segue", description="An automatic DJ for the music people own.")
    parser.add_argument("--version", action="version", version=f"segue {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        purpose = command.PURPOSE
        words = commands.add_parser(name, help=purpose, description=purpose[0].upper() + purpose[1:] + ".")
        words.set_defaults(run=command.run)
        common_words(words)
        command.words(words)
    return parser
