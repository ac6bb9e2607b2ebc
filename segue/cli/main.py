"""The command line: read the words, run one command, and turn what goes wrong into one line and an exit code."""

from __future__ import annotations

import argparse
import difflib
import logging
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn, Protocol

from segue import __version__
from segue.cli import (
    correct,
    demo,
    doctor,
    evaluate,
    expand,
    export,
    journey,
    live,
    mix,
    models,
    password,
    phone,
    playlist,
    profile,
    reorder,
    retag,
    scan,
    serve,
    show,
    similar,
    tags,
    taste,
    vectors,
    why,
)
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
    "password": password,
    "show": show,
    "correct": correct,
    "similar": similar,
    "playlist": playlist,
    "journey": journey,
    "reorder": reorder,
    "expand": expand,
    "mix": mix,
    "why": why,
    "live": live,
    "tags": tags,
    "retag": retag,
    "taste": taste,
    "profile": profile,
    "phone": phone,
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
    args, unknown = _parser().parse_known_args(argv)
    if unknown:
        args.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    logging.basicConfig(
        level=logging.INFO if args.verbose else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    try:
        return int(args.run(args))
    except SegueError as error:
        print(f"segue: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # `segue ... | head`
        sys.stderr.close()
        return 0


class _Parser(argparse.ArgumentParser):
    """A parser that takes words and options in any order, and asks after the word that was meant if one is mistyped."""

    _in_any_order = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, but `LIST --between 2 MIX` is `LIST MIX --between 2`.

        Left to itself it hands all optional words out at the first of them. Commands that have commands of their own,
        and words after `--`, are taken as they stand.
        """
        has_commands = any(action.nargs == argparse.PARSER for action in self._actions)
        if self._in_any_order or has_commands or args is None or "--" in args:
            return super().parse_known_args(args, namespace)
        self._in_any_order = True  # it calls this function again, for the options and then for the words
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._in_any_order = False

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and which word is nearest; then leave with code 2."""
        wrong = re.search(r"invalid choice: '([^']*)'|unrecognized arguments: (\S+)", message)
        if wrong:
            typed = next(word for word in wrong.groups() if word)
            known = [word for action in self._actions for word in (*action.option_strings, *(action.choices or ()))]
            near = difflib.get_close_matches(typed.partition("=")[0], [str(word) for word in known], n=1)
            if near:
                message = f"{message.partition(' (choose from')[0]}. Did you mean {near[0]}?"
        super().error(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="segue", description="An automatic DJ for the music people own.")
    parser.add_argument("--version", action="version", version=f"segue {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        purpose = command.PURPOSE
        words = commands.add_parser(name, help=purpose, description=purpose[0].upper() + purpose[1:] + ".")
        words.set_defaults(run=command.run, parser=words)
        common_words(words)
        command.words(words)
    return parser
