"""Words of the command line that say how to choose and what may come, for all commands that choose."""

from __future__ import annotations

import argparse
import math
import os
from typing import get_args

from segue.choose.playlist import ContinueSpec, OutsideSeed
from segue.choose.wishes import Christmas, Wishes
from segue.cli.words import at_least, between, seed_of
from segue.config import CHOICE, ChoiceSpec, describe
from segue.errors import ParameterError, UsageError
from segue.files import expanded, real_path
from segue.services import Services
from segue.values import TrackId

Range = tuple[float | None, float | None]


def number_range(text: str) -> Range:
    """A range for argparse: 1970-1989, 1970-, -1989 or just 1970; what is left open is None."""
    low, dash, high = text.strip().partition("-")
    try:
        ends = float(low) if low else None, float(high) if high else None
    except ValueError:
        ends = None, None
    if ends == (None, None) or not all(end is None or math.isfinite(end) for end in ends):
        raise argparse.ArgumentTypeError(f"'{text}' is no range such as 1970-1989")
    if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
        raise argparse.ArgumentTypeError(f"{text} begins above its end. Swap the two: {high}-{low}")
    return ends if dash else (ends[0], ends[0])


def direction_words(parser: argparse.ArgumentParser) -> None:
    """Add the words that say where the music goes."""
    group = parser.add_argument_group("where the music goes")
    group.add_argument(
        "--lookback",
        "--keep-on",
        type=between(int, 1, 10),
        metavar="N",
        default=CHOICE.lookback,
        help=_help("lookback"),
    )
    _share(group, "--noise", "noise", "--drunk")
    _share(group, "--anchor", "anchor")
    _share(group, "--adventure", "adventure")
    _share(group, "--hub-weight", "hub_weight")
    for word, what in (("--like", "pull the music towards a track"), ("--dislike", "push it away from a track")):
        group.add_argument(word, action="append", default=[], metavar="TRACK", help=f"{what}; may be said again")
    group.add_argument(
        "--rng-seed", type=at_least(0), default=0, help="the same seed draws the same tracks (default: %(default)s)"
    )


def join_words(parser: argparse.ArgumentParser) -> None:
    """Add the words that say what counts where one song goes over into the next; all may be 0."""
    group = parser.add_argument_group("how songs follow each other")
    _share(group, "--join-weight", "join_weight")
    _share(group, "--tempo-weight", "tempo_weight")
    _share(group, "--key-weight", "key_weight")


def wish_words(parser: argparse.ArgumentParser) -> None:
    """Add the words that say which tracks may come; see `wishes_of`."""
    group = parser.add_argument_group("which songs may come")
    group.add_argument(
        "--year", type=number_range, metavar="FROM-TO", help="only from these years, as 1970-1989 or 1970-"
    )
    group.add_argument("--tempo", type=number_range, metavar="FROM-TO", help="only of these tempi, in BPM, as 118-126")
    group.add_argument("--octaves", action="store_true", help="with --tempo, half and double of it too")
    group.add_argument(
        "--min-length", type=between(float, 0, 1e6), default=CHOICE.shortest_s, metavar="S", help=_help("shortest_s")
    )
    group.add_argument(
        "--max-length", type=between(float, 0, 1e6), default=CHOICE.longest_s, metavar="S", help=_help("longest_s")
    )
    for word, metavar, what in (
        ("genre", "WORDS", "only tracks whose genre, as the file says, holds these words"),
        ("not-genre", "WORDS", "none whose genre does"),
        ("in", "FOLDER", "only tracks below this folder, a path or just its name"),
        ("not-in", "FOLDER", "none below this folder"),
        ("only-tag", "TAG", "only tracks that are heard as this, such as jazz; `segue tags` lists them"),
        ("not-tag", "TAG", "none that are heard as this"),
    ):
        dest = {"in": "folders", "not-in": "not_folders"}.get(word, word.replace("-", "_"))
        group.add_argument(
            f"--{word}", dest=dest, action="append", default=[], metavar=metavar, help=f"{what}; again: or"
        )
    group.add_argument("--spoken", action="store_true", help="audiobooks, podcasts and comedy may come too")
    group.add_argument(
        "--christmas",
        choices=get_args(Christmas),
        default="december",
        help="when Christmas music may come (default: %(default)s)",
    )
    played = parser.add_argument_group("what has played")
    for name in ("artist_spacing", "album_spacing", "repeat_after_tracks"):
        default = getattr(CHOICE, name)
        most = 1_000_000 if name == "repeat_after_tracks" else 100
        played.add_argument(
            f"--{name.replace('_', '-')}", type=between(int, 0, most), default=default, metavar="N", help=_help(name)
        )
    played.add_argument(
        "--no-repeat-hours",
        type=between(float, 0, 1e6),
        default=CHOICE.repeat_after_hours,
        metavar="H",
        help=_help("repeat_after_hours"),
    )
    played.add_argument(
        "--versions",
        choices=["any", "once"],
        default="any",
        help="once: of a song that came, no live, remixed or acoustic version follows (default: %(default)s)",
    )
    played.add_argument("--strict", action="store_true", help="no rule gives way: rather fewer songs")


def wishes_of(args: argparse.Namespace) -> Wishes:
    """The wishes that the words amount to; raises ParameterError."""
    if args.min_length is not None and args.max_length is not None and args.min_length > args.max_length:
        what = f"--min-length is {args.min_length:g}, but --max-length only {args.max_length:g}"
        raise UsageError(what, remedy="Swap the two")
    first_year, last_year = args.year or (None, None)
    slowest_bpm, fastest_bpm = args.tempo or (None, None)
    return Wishes(
        artist_spacing=args.artist_spacing,
        album_spacing=args.album_spacing,
        repeat_after_tracks=args.repeat_after_tracks,
        repeat_after_hours=args.no_repeat_hours,
        versions=args.versions == "any",
        shortest_s=args.min_length,
        longest_s=args.max_length,
        first_year=None if first_year is None else int(first_year),
        last_year=None if last_year is None else int(last_year),
        slowest_bpm=slowest_bpm,
        fastest_bpm=fastest_bpm,
        octaves=args.octaves,
        genres=frozenset(args.genre),
        not_genres=frozenset(args.not_genre),
        folders=frozenset(map(_folder, args.folders)),
        not_folders=frozenset(map(_folder, args.not_folders)),
        only_tags=frozenset(args.only_tag),
        not_tags=frozenset(args.not_tag),
        spoken=args.spoken,
        christmas=args.christmas,
        strict=args.strict,
    )


def spec_of(services: Services, args: argparse.Namespace, *, count: int = 1) -> ContinueSpec:
    """How to go on, as all the words of this module say; raises ParameterError and UnknownTrackError."""
    return ContinueSpec(
        count=count,
        lookback=args.lookback,
        noise=args.noise,
        anchor=args.anchor,
        adventure=args.adventure,
        join_weight=args.join_weight,
        tempo_weight=args.tempo_weight,
        key_weight=args.key_weight,
        hub_weight=args.hub_weight,
        liked=frozenset(_track(services, word) for word in args.like),
        disliked=frozenset(_track(services, word) for word in args.dislike),
        wishes=wishes_of(args),
    )


def _track(services: Services, word: str) -> TrackId:
    found = seed_of(services, word)
    if isinstance(found, OutsideSeed):
        raise ParameterError(f"'{word}' is not in the library", remedy="Like and dislike tracks of the library")
    return found.id


def _folder(word: str) -> str:
    """A path as the library holds paths; a mere name stays one."""
    return str(real_path(expanded(word))) if os.sep in word or word in (".", "..", "~") else word


def _share(group: argparse._ArgumentGroup, word: str, name: str, *others: str) -> None:
    default = getattr(CHOICE, name)
    group.add_argument(
        word, *others, dest=name, type=between(float, 0, 1), default=default, metavar="0..1", help=_help(name)
    )


def _help(name: str) -> str:
    return f"{describe(ChoiceSpec, name).replace('%', '%%')} (default: %(default)s)"
