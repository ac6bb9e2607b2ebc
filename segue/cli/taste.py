"""`segue taste`: what is thought of songs, and what is learnt of how they are heard."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from segue.cli.answers import name_of, print_json, print_rows, say, track_row
from segue.cli.words import action, services_to_change
from segue.errors import ParameterError
from segue.listening import Learnt, TasteReport
from segue.services import Services
from segue.store.events import Rating, Switch
from segue.values import Track

PURPOSE = "say what is learnt of your taste, switch it, and like, dislike or ban songs"

_SWITCHES: tuple[tuple[Switch, str], ...] = (
    ("auto", "choose by it where it is shown to help, which is so until something else is said"),
    ("on", "choose by it, shown to help or not"),
    ("off", "let the ear choose alone"),
)
_OPINIONS = (
    ("like", "like songs: that teaches, and in the booth pulls what follows them"),
    ("dislike", "dislike songs: they are not chosen any more, and that teaches"),
    ("unrate", "take likes and dislikes back"),
    ("ban", "never choose these songs again; that teaches nothing"),
    ("allow", "let banned songs be chosen again"),
)
_MOST_SURE = 0.99  # nobody is wholly sure of anybody's taste
_RATED: dict[str, Rating | None] = {"like": "liked", "dislike": "disliked", "unrate": None}


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command, and of what it can do."""
    parser.set_defaults(action=_state)
    actions = parser.add_subparsers(title="what to do (default: say where learning stands)", metavar="ACTION")
    for switch, purpose in _SWITCHES:
        action(actions, switch, _switch, purpose).set_defaults(to=switch)
    forget = action(actions, "forget", _forget, "delete what was noted of plays, skips, likes and dislikes; bans stay")
    forget.add_argument("--yes", action="store_true", help="do not ask")
    action(actions, "list", _list, "list what is liked, disliked and banned")
    for opinion, purpose in _OPINIONS:
        said = action(actions, opinion, _opinion, purpose)
        said.set_defaults(opinion=opinion)
        said.add_argument("tracks", nargs="+", metavar="TRACK", help="an id, a path, or words of the title and artist")


def run(args: argparse.Namespace) -> int:
    """Do what was asked for and return the exit code."""
    return int(args.action(args))


def _state(args: argparse.Namespace) -> int:
    services = Services(args.data, read_only=True)
    try:
        report = services.taste_report()
    finally:
        services.close()
    if args.json:
        print_json(report.to_json())
        return 0
    print(f"Taste ({report.switch}): {report.why}")
    for head, some in (("rather", report.favours), ("rather not", report.avoids)):
        for learnt in some:
            print(f"  {head:<11} {_line(learnt)}")
    print(_counts(report))
    return 0


def _line(learnt: Learnt) -> str:
    sure = min(learnt.sure, _MOST_SURE)
    return f"{learnt.name}: {learnt.how} (odds {learnt.odds:.2f}, {sure:.0%} sure, {learnt.tracks} tracks)"


def _counts(report: TasteReport) -> str:
    parts = [f"{report.events} plays, skips and ratings, of which {report.lessons} teach something"]
    parts += [f"{report.strangers} of songs that have left the library"] if report.strangers else []
    parts += [f"{report.damaged} that cannot be read (segue doctor --repair drops them)"] if report.damaged else []
    parts += [f"liked {report.liked}, disliked {report.disliked}, banned {report.banned}"]
    return "; ".join(parts)


def _switch(args: argparse.Namespace) -> int:
    services = services_to_change(args)
    try:
        services.listening.switch(args.to)
        report = services.taste_report()
    finally:
        services.close()
    say({"switch": report.switch, "in_force": report.in_force, "why": report.why}, report.why, as_json=args.json)
    return 0


def _forget(args: argparse.Namespace) -> int:
    services = services_to_change(args)
    try:
        if not args.yes and not _is_sure(services.library.events.count()):
            print("Nothing is forgotten.", file=sys.stderr)
            return 1
        count = services.listening.forget()
    finally:
        services.close()
    say({"forgotten": count}, f"{count} plays, skips and ratings are forgotten.", as_json=args.json)
    return 0


def _is_sure(count: int) -> bool:
    if not sys.stdin.isatty():
        raise ParameterError("there is nobody to ask whether to forget", remedy="Say --yes")
    return input(f"Forget {count} plays, skips and ratings? [y/N] ").strip().casefold() in ("y", "yes")


def _list(args: argparse.Namespace) -> int:
    services = Services(args.data, read_only=True)
    try:
        banned, ratings = services.listening.bans(), services.listening.ratings()
        said = {**ratings, **dict.fromkeys(sorted(banned), "banned")}
        rows = [_row(services, track, said[track.id]) for track in services.tracks_of(list(said))]
    finally:
        services.close()
    print_rows(rows, as_json=args.json, line=_opinion_line)
    if not said and not args.json:
        print("Nothing is liked, disliked or banned yet", file=sys.stderr)
    gone = len(said) - len(rows)
    if gone and not args.json:
        print(f"and {gone} that have left the library", file=sys.stderr)
    return 0


def _opinion(args: argparse.Namespace) -> int:
    services = services_to_change(args)
    try:
        tracks = [services.find_one(word) for word in args.tracks]  # all of them, before anything is changed
        rows = [_said(services, track, args.opinion) for track in tracks]
    finally:
        services.close()
    print_rows(rows, as_json=args.json, line=_allowed_line if args.opinion == "allow" else _opinion_line)
    return 0


def _allowed_line(row: dict[str, Any]) -> str:
    return f"{'allowed again' if row['was'] == 'banned' else 'was not banned':<15} {name_of(row)}"


def _opinion_line(row: dict[str, Any]) -> str:
    return f"{row['opinion']:<9} {name_of(row)}"


def _said(services: Services, track: Track, opinion: str) -> dict[str, Any]:
    """Say it of one track, and return how that stood and stands now."""
    was = _standing(services, track)
    if opinion in _RATED:
        services.listening.rate(track.id, _RATED[opinion])
    else:
        services.listening.ban(track.id, on=opinion == "ban")
    return {"was": was, **_row(services, track, _standing(services, track))}


def _standing(services: Services, track: Track) -> str:
    return "banned" if track.id in services.listening.bans() else services.listening.ratings().get(track.id, "unrated")


def _row(services: Services, track: Track, opinion: str) -> dict[str, Any]:
    return {"opinion": opinion, **track_row(track, services.rhythm(track.id))}
