"""`segue serve`: open the booth."""

from __future__ import annotations

import argparse
import re
from math import inf, nan

from segue.cli.answers import tell_of_ear
from segue.cli.words import at_least, ear_of, ear_words, path_named
from segue.config import SCAN, WEB, ScanSpec, WebSpec, describe
from segue.errors import ParameterError
from segue.files import check_folder
from segue.services import Services
from segue.warming import Warming

PURPOSE = "open the booth in the browser"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument("--music", type=path_named, metavar="DIR", help="scan this folder while serving")
    parser.add_argument(
        "--demo",
        type=_seconds,
        nargs="?",
        const=inf,
        metavar="SECONDS",
        help="compose the demo library if there is no music yet; with a number, play only so much of each song",
    )
    parser.add_argument(
        "--demo-seconds", type=_seconds, metavar="SECONDS", help="play only the first seconds of each song"
    )
    parser.add_argument(
        "--allow",
        type=path_named,
        action="append",
        default=[],
        metavar="DIR",
        help="let the booth choose music from this folder too; may be given again",
    )
    parser.add_argument("--host", default=WEB.host, help=f"{describe(WebSpec, 'host')} (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=WEB.port, help=f"{describe(WebSpec, 'port')} (default: %(default)s)"
    )
    parser.add_argument(
        "--name", type=_host_name, metavar="HOST", help="one more host name to answer to, such as music.local"
    )
    parser.add_argument("--workers", type=at_least(0), default=SCAN.workers, help=describe(ScanSpec, "workers"))
    ear_words(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from segue.web.factory import serve  # dash takes half a second to import, and only this command needs it

    if not 0 < args.port < 65_536:
        raise ParameterError(f"the port is {args.port}", remedy="Choose one from 1024 to 65535")
    for folder in args.allow:
        check_folder(folder)
    only_s = min(args.demo or inf, args.demo_seconds or inf)
    services = Services(args.data, ear=ear_of(args), workers=args.workers, only_s=only_s if only_s < inf else None)
    tell_of_ear(services)
    warming = Warming(services.choosing)
    try:
        if args.music is not None:
            services.start_scan(args.music)
        elif args.demo is not None and not services.has_own_music():
            services.start_demo()
        services.watch.start()
        warming.start()
        folders = [*args.allow, *([] if args.music is None else [args.music])]
        serve(services, host=args.host, port=args.port, name=args.name, folders=folders, on_ready=_announce)
    finally:
        warming.stop()
        services.close()
    return 0


def _seconds(text: str) -> float:
    """Seconds of a song, as somebody typed them."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = nan
    if not 1.0 <= seconds < inf:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds, from 1 up")
    return seconds


def _host_name(text: str) -> str:
    """A name alone, without scheme, port or path."""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", text):
        raise argparse.ArgumentTypeError(f"'{text}' is no host name such as music.local")
    return text


def _announce(address: str) -> None:
    print(f"Segue is at {address} (Ctrl+C stops it)", flush=True)
