"""`segue password`: who may come into the booth."""

from __future__ import annotations

import argparse
import getpass
import os
import sys

from segue.cli.answers import say
from segue.door import Door
from segue.errors import ParameterError
from segue.store.library import Library

PURPOSE = "set the password of the booth, which it needs before others can reach it"

_VARIABLE = "SEGUE_PASSWORD"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--stdin", action="store_true", help=f"read it from the first line of the input; {_VARIABLE} is taken too"
    )
    what.add_argument("--remove", action="store_true", help="remove it, with the token; every browser is logged out")
    what.add_argument("--token", action="store_true", help="print a new token for scripts, once; the old one ends")


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    library = Library.open(args.data)
    try:
        return _run(args, library)
    finally:
        library.close()


def _run(args: argparse.Namespace, library: Library) -> int:
    door = Door(library.kept)
    if args.remove:
        had_one = door.remove_password()
        say({"password": False}, "The password is gone" if had_one else "There was no password", as_json=args.json)
        return 0
    if args.token:
        if not door.is_locked():
            raise ParameterError("there is no password, so no token is needed", remedy="Set one: segue password")
        token = door.make_token()
        say({"token": token}, token, as_json=args.json)
        return 0
    door.set_password(_asked(from_stdin=args.stdin))
    say({"password": True}, "The password is set, and every browser has to log in", as_json=args.json)
    return 0


def _asked(*, from_stdin: bool) -> str:
    """The new password: from the input, from the environment, or typed twice unseen."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if _VARIABLE in os.environ:
        return os.environ[_VARIABLE]
    if not sys.stdin.isatty():
        raise ParameterError("nobody can be asked for the password here", remedy=f"Use --stdin or {_VARIABLE}")
    first = getpass.getpass("New password: ")
    if getpass.getpass("Once more: ") != first:
        raise ParameterError("the two are not alike", remedy="Try again")
    return first
