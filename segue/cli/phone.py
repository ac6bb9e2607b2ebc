"""`segue phone`: the app password, with which the apps of a phone play from Segue."""

from __future__ import annotations

import argparse
import datetime as dt

from segue.cli.answers import say
from segue.cli.words import action, services_to_change
from segue.services import Services

PURPOSE = "make the app password, with which the apps of a phone play from Segue"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command, and of what it can do."""
    parser.set_defaults(action=_state)
    actions = parser.add_subparsers(title="what to do (default: say whether there is one)", metavar="ACTION")
    action(actions, "new", _new, "make a new app password and show it once; the one before is good no longer")
    action(actions, "forget", _forget, "let no app in any more")


def run(args: argparse.Namespace) -> int:
    """Do what was asked for and return the exit code."""
    return int(args.action(args))


def _state(args: argparse.Namespace) -> int:
    services = Services(args.data, read_only=True)
    try:
        made_s = services.phones.made_s()
    finally:
        services.close()
    if made_s is None:
        sentence = "There is no app password. Make one: segue phone new"
    else:
        when = dt.datetime.fromtimestamp(made_s).isoformat(sep=" ", timespec="minutes")
        sentence = f"An app password was made at {when}. Make another if it is lost: segue phone new"
    say({"made_s": made_s}, sentence, as_json=args.json)
    return 0


def _new(args: argparse.Namespace) -> int:
    services = services_to_change(args)
    try:
        password = services.phones.make()
    finally:
        services.close()
    sentence = f"{password}\nEnter it in the app as the password, with any name. It is not shown again."
    say({"password": password}, sentence, as_json=args.json)
    return 0


def _forget(args: argparse.Namespace) -> int:
    services = services_to_change(args)
    try:
        had = services.phones.forget()
    finally:
        services.close()
    sentence = "No app is let in any more." if had else "There was no app password."
    say({"forgotten": had}, sentence, as_json=args.json)
    return 0
