"""`segue journey`: a way through some songs."""

from __future__ import annotations

import argparse
import sys

from segue.choose.arc import ARCS
from segue.choose.itinerary import MODES, Itinerary
from segue.choose.journey import Journey
from segue.choose.journey_stops import StopKind
from segue.choose.picking import so_many
from segue.cli.answers import name_of, print_json, print_rows
from segue.cli.choice_words import wish_words, wishes_of
from segue.cli.lists import Listed, answer, hand_over, listed, out_word
from segue.cli.words import at_least, between, ear_of, ear_words
from segue.config import JOURNEY, JourneySpec, describe
from segue.errors import ParameterError, UsageError
from segue.services import Services
from segue.values import TrackId

PURPOSE = "join the dots: lead from song to song"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument(
        "waypoints",
        nargs="+",
        metavar="WAYPOINT",
        help="ids, paths, words, any audio files, or playlists of them, in the order in which to come by",
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--between", type=at_least(0), default=JOURNEY.between, metavar="N", help=_help("between"))
    length.add_argument("--minutes", type=float, metavar="M", help="as long as this in all, as far as the tracks allow")
    parser.add_argument(
        "--mode",
        choices=MODES,
        default="shortest",
        help="shortest: straight on; smoothest: the largest step as small as it can be (default: %(default)s)",
    )
    parser.add_argument("--loop", action="store_true", help="come back to where it began")
    parser.add_argument("--arc", choices=ARCS, default="none", help="how loud and fast it is on the way")
    parser.add_argument(
        "--arc-weight", type=between(float, 0, 10), default=JOURNEY.arc_weight, metavar="W", help=_help("arc_weight")
    )
    parser.add_argument(
        "--pin",
        action="append",
        default=[],
        metavar="N=TRACK",
        help="this track is the Nth stop, the first waypoint being 1; may be said again",
    )
    parser.add_argument("--without", action="append", default=[], metavar="TRACK", help="never this; may be said again")
    out_word(parser)
    ear_words(parser)
    wish_words(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    services = Services(args.data, ear=ear_of(args), read_only=True)
    waypoints = listed(services, args.waypoints).songs
    pins = {word: _pin(services, word) for word in args.pin}
    never = {services.find_one(word).id for word in args.without}
    for word, (_, track_id) in pins.items():
        if track_id in never:
            raise UsageError(f"--pin {word} wants a track that --without forbids", remedy="Leave one of the two out")
    itinerary = Itinerary(
        between=args.between,
        minutes=args.minutes,
        mode=args.mode,
        loop=args.loop,
        arc=args.arc,
        arc_weight=args.arc_weight,
        pins=tuple(pins.values()),
        never=frozenset(never),
        wishes=wishes_of(args),
    )
    found = services.choosing.journey([waypoint.song for waypoint in waypoints], itinerary)
    rows, entries = answer(services, [stop.to_json() for stop in found.stops], _given(found, waypoints))
    hand_over(services, args, entries)
    if args.json:
        print_json({**found.to_json(), "stops": rows})
        return 0
    print_rows(rows, as_json=False, line=lambda row: f"{name_of(row)}\n    {row['why']}")
    print(_summary(found), file=sys.stderr)
    return 0


def _given(found: Journey, waypoints: list[Listed]) -> list[Listed | None]:
    """The waypoint that stands at each stop, if one does."""
    rest = iter(waypoints)
    return [next(rest) if stop.kind is StopKind.WAYPOINT else None for stop in found.stops]


def _summary(found: Journey) -> str:
    """The journey in a line or two."""
    text = f"{so_many(len(found.stops))}, {found.duration_s / 60:.0f} min"
    if found.largest_step is not None:
        to = found.stops[found.largest_step.to_stop].info.title
        text += f"; the largest step ({found.largest_step.similarity:.2f}) leads to '{to}'"
    if found.relaxed:
        text += f"; {' and '.join(found.relaxed)} gave way, or there would be fewer"
    return f"{text}\n{found.ended}" if found.ended else text


def _pin(services: Services, word: str) -> tuple[int, TrackId]:
    place, equals, track = word.partition("=")
    if not equals or not place.strip().isdecimal() or int(place) < 1:
        raise ParameterError(f"'{word}' pins nothing", remedy="Say --pin 4=TRACK for the fourth stop")
    return int(place) - 1, services.find_one(track).id


def _help(name: str) -> str:
    return f"{describe(JourneySpec, name)} (default: %(default)s)"
