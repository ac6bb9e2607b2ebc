"""The words of train_track2vec.py: its options, and what each of its commands does and answers."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

from segue.config import FETCH, FetchSpec, describe
from segue.errors import ParameterError, printable
from segue.train.local import LocalTrack, read_folder, read_library
from segue.train.matching import Matcher, match_playlists, write_match_report
from segue.train.naming import track_key
from segue.train.sources.fetching import FetchProgress, FetchReport, OnProgress
from segue.train.sources.listenbrainz import ListenBrainzSpec, fetch_listenbrainz
from segue.train.sources.reading import read_playlists
from segue.train.sources.spotify import SpotifySpec, fetch_spotify
from segue.train.track2vec import Track2VecSpec
from segue.train.track2vec_run import MARKDOWN, RunSpec, describe_queries, learn, table

log = logging.getLogger(__name__)

Tell = Callable[[str, int, int | None], None]
"""Told how far it is: what is being done, how much of it is done, of how much (None: nobody knows)."""

_OUT = Path("track2vec")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line; without a command it means `train`. ``run(args, tell)`` of the answer does it."""
    parser = argparse.ArgumentParser(
        prog="train_track2vec.py", description="Learn which tracks go together from playlists."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _train_words(commands)
    _match_words(commands)
    _fetch_words(commands)
    known = {*commands.choices, "-h", "--help"}
    return parser.parse_args([*([] if argv and argv[0] in known else ["train"]), *argv])


def _train_words(commands: Any) -> None:
    words = commands.add_parser("train", help="learn vectors from playlists, judge them, and keep them (the default)")
    words.set_defaults(run=_train)
    _playlist_words(words, "a track that is there goes by its file, whatever the playlists call it")
    words.add_argument("--out", type=Path, default=_OUT, metavar="DIR", help="folder for the model (%(default)s)")
    for spec in (Track2VecSpec, RunSpec):
        _add_options(words, spec)


def _match_words(commands: Any) -> None:
    words = commands.add_parser("match", help="say which tracks of the playlists are among your files")
    words.set_defaults(run=_match)
    _playlist_words(words, "where to look")
    words.add_argument("--report", type=Path, metavar="FILE", help="keep the report as JSON")


def _fetch_words(commands: Any) -> None:
    words = commands.add_parser("fetch", help="fetch playlists from Spotify or ListenBrainz; a killed fetch goes on")
    services = words.add_subparsers(metavar="SERVICE", required=True)
    spotify = services.add_parser("spotify", help="playlists of your Spotify account, or those that you name")
    spotify.set_defaults(run=_fetch_spotify)
    spotify.add_argument("playlists", nargs="*", metavar="PLAYLIST", help="links or ids (default: all of the account)")
    spotify.add_argument("--client-id", required=True, help="of your app, from developer.spotify.com/dashboard")
    spotify.add_argument("--port", type=int, default=FETCH.login_port, help=describe(FetchSpec, "login_port"))
    spotify.add_argument("--market", default="", metavar="COUNTRY", help="two capital letters (that of the account)")
    listens = services.add_parser("listenbrainz", help="sessions and playlists of a ListenBrainz user")
    listens.set_defaults(run=_fetch_listenbrainz)
    listens.add_argument("user", metavar="USER", help="name of the user")
    for name in ("listens", "playlists"):
        listens.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, default=True, help=f"fetch {name}")
    for service, name in ((spotify, "spotify"), (listens, "listenbrainz")):
        place = Path("playlists") / name  # one source, one folder
        service.add_argument("--out", type=Path, default=place, metavar="DIR", help="(%(default)s)")


def _playlist_words(words: argparse.ArgumentParser, why: str) -> None:
    words.add_argument("playlists", nargs="+", type=Path, metavar="PLAYLISTS", help="files or folders; any kind")
    where = words.add_mutually_exclusive_group()
    where.add_argument("--music", type=Path, metavar="DIR", help=f"folder of your music: {why}")
    where.add_argument("--data", type=Path, metavar="DIR", help=f"data folder of your library: {why}")


def _add_options(words: argparse.ArgumentParser, spec: type) -> None:
    """An option for each number of a spec that has a sentence; None stands for its default."""
    hints = get_type_hints(spec)
    for option in (f for f in fields(spec) if "doc" in f.metadata):
        kind = hints[option.name]
        help_text = f"{option.metadata['doc']} ({option.default})".replace("%", "%%")
        more: dict[str, Any] = {"choices": get_args(kind)} if get_args(kind) else {"type": kind}
        if kind is bool:
            more = {"action": argparse.BooleanOptionalAction}
        words.add_argument(f"--{option.name.replace('_', '-')}", default=None, help=help_text, **more)


def _given(args: argparse.Namespace, spec: type) -> dict[str, Any]:
    named = ((f.name, getattr(args, f.name)) for f in fields(spec) if "doc" in f.metadata)
    return {name: value for name, value in named if value is not None}


def _train(args: argparse.Namespace, tell: Tell) -> str:
    spec = Track2VecSpec(**_given(args, Track2VecSpec))
    run = RunSpec(out=args.out, **_given(args, RunSpec))
    reading = read_playlists(args.playlists, on_file=lambda done, of, _: tell("reading files", done, of))
    local = _local_tracks(args)
    report = learn(
        reading,
        spec,
        run,
        key_of=track_key if local is None else Matcher(local).key_of,
        sources=[printable(path.name) for path in args.playlists],
        on_plays=lambda epoch, plays, of: tell(f"epoch {epoch + 1} of {spec.epochs}", plays, of),
    )
    learned = f"{report.learned_tracks} tracks learned from {report.learned_playlists} playlists"
    kept = f"{learned}: {printable(args.out)}, see {MARKDOWN} there"
    return "\n".join([str(reading.report), kept, "", describe_queries(report), "", table(report)])


def _match(args: argparse.Namespace, tell: Tell) -> str:
    local = _local_tracks(args)
    if local is None:
        raise ParameterError("there is nothing to match with", remedy="Name --music DIR or --data DIR")
    reading = read_playlists(args.playlists, on_file=lambda done, of, _: tell("reading files", done, of))
    matcher = Matcher(local)
    for done, _ in enumerate(match_playlists(reading, matcher), 1):
        tell("playlists", done, None)
    if args.report is not None:
        write_match_report(matcher.report, args.report)
    return f"{reading.report}\n{matcher.report}"


def _local_tracks(args: argparse.Namespace) -> Iterable[LocalTrack] | None:
    if args.data is not None:
        return read_library(args.data)
    return None if args.music is None else read_folder(args.music, on_error=lambda error: log.warning("%s", error))


def _fetch_spotify(args: argparse.Namespace, tell: Tell) -> str:
    spec = SpotifySpec(
        playlists=tuple(args.playlists),
        market=args.market,
        manners=replace(FETCH, login_port=args.port),
        on_login=lambda address: log.warning("Log in to Spotify in the browser that opens now, or open %s", address),
    )
    return _fetched(fetch_spotify(args.out, client_id=args.client_id, spec=spec, on_progress=_progress(tell)))


def _fetch_listenbrainz(args: argparse.Namespace, tell: Tell) -> str:
    spec = ListenBrainzSpec(listens=args.listens, playlists=args.playlists)
    return _fetched(fetch_listenbrainz(args.out, user=args.user, spec=spec, on_progress=_progress(tell)))


def _progress(tell: Tell) -> OnProgress:
    def show(now: FetchProgress) -> None:
        tell(f"waiting {now.waiting_s:.0f} s" if now.waiting_s else now.current[:40], now.done, now.total)

    return show


def _fetched(report: FetchReport) -> str:
    lines = [
        f"{report.playlists} playlists with {report.tracks} tracks in {printable(report.out)} "
        f"({report.unchanged} were there already, {report.left_out} rows hold no track)",
        f"{report.requests} requests in {report.seconds:.0f} s; told to wait {report.limited} times",
        *(f"left out: {skipped.name or skipped.id}: {skipped.reason}" for skipped in report.skipped),
    ]
    return "\n".join(lines)
