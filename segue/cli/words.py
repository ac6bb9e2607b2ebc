"""Words of the command line that several commands share, and what they name."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from segue.choose.playlist import OutsideSeed
from segue.config import SCAN
from segue.embed.ears.musicnn import NAME as MUSICNN
from segue.embed.encoder import MUSICNN_ALL
from segue.embed.shelf import WITH_SEGUE
from segue.errors import ParameterError
from segue.files import expanded, is_file
from segue.services import Services
from segue.store.library import FILE_NAME
from segue.values import Track

DATA = Path("Pickles")
PLAYLISTS = (".m3u8", ".m3u", ".pls", ".xspf", ".jspf")
N = TypeVar("N", int, float)


def common_words(parser: argparse.ArgumentParser, *, again: bool = False) -> None:
    """Add what every command takes; ``again`` after a word like `select`, where it may be said too."""
    unsaid: dict[str, Any] = {"default": argparse.SUPPRESS} if again else {}
    parser.add_argument(
        "--data",
        type=path_named,
        metavar="DIR",
        help=f"the library's folder (default: {DATA})",
        **{"default": DATA, **unsaid},
    )
    parser.add_argument("--json", action="store_true", help="answer in JSON", **unsaid)
    parser.add_argument("--verbose", action="store_true", help="say what happens on the way", **unsaid)


def action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    act: Callable[[argparse.Namespace], int],
    purpose: str,
) -> argparse.ArgumentParser:
    """Add one of the things that a command can do, and return its parser; `args.action` does it."""
    parser = actions.add_parser(name, help=purpose, description=purpose[0].upper() + purpose[1:] + ".")
    parser.set_defaults(action=act)
    common_words(parser, again=True)
    return parser


def ear_words(parser: argparse.ArgumentParser) -> None:
    """Add the words that name an ear; see `ear_of`."""
    parser.add_argument(
        "--ear",
        metavar="NAME",
        help=f"{', '.join(WITH_SEGUE)}, an ear that was added, or the path of a card, PATH.json"
        " (default: the one that the library goes by)",
    )
    parser.add_argument(
        "--windows",
        choices=["some", "all"],
        default="some",
        help=f"for musicnn: hear {SCAN.most_slices} times 5 seconds of a track, or all of it (default: %(default)s)",
    )


def ear_of(args: argparse.Namespace) -> str | None:
    """The ear that was asked for, or None; raises ParameterError for `--windows all` without an ear."""
    ear: str | None = args.ear
    if args.windows == "all" and ear is None:
        raise ParameterError("--windows is said of an ear, and none is named", remedy="Say --ear musicnn --windows all")
    return MUSICNN_ALL if args.windows == "all" and ear == MUSICNN else ear


def services_to_change(args: argparse.Namespace) -> Services:
    """The services over a library that may be written; raises EmptyLibraryError where there is none, and makes none."""
    return Services(args.data, read_only=not is_file(args.data / FILE_NAME))


def path_named(text: str) -> Path:
    """A path for argparse; an empty one, as a variable that is not set leaves it, would be the folder one is in."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty, and a file or folder is to be named")
    return expanded(text)


def at_least(least: int) -> Callable[[str], int]:
    """A whole number for argparse, no smaller than this."""

    def whole(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{number} is less than {least}")
        return number

    return whole


def between(kind: Callable[[str], N], low: N, high: N) -> Callable[[str], N]:
    """A number for argparse, whole (int) or not (float), no smaller and no larger than these."""

    def number(text: str) -> N:
        found = kind(text)
        if not low <= found <= high:
            raise argparse.ArgumentTypeError(f"{text} is not from {low:g} to {high:,.15g}")
        return found

    return number


def seed_of(services: Services, word: str) -> Track | OutsideSeed:
    """A track of the library by id, path or words, or else any audio file."""
    path = expanded(word)
    return services.seed(path) if is_file(path) else services.find_one(word)
