"""`segue tags`: what tracks are heard as."""

from __future__ import annotations

import argparse

from segue.cli.answers import name_of, print_json, print_rows, track_row
from segue.cli.words import at_least, ear_of, ear_words
from segue.errors import UsageError
from segue.services import Services

PURPOSE = "say what a track, or the library, is heard as: genres, moods, voices, instruments"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument(
        "track", nargs="?", help="an id, a path, or words of the title and artist; none for the library as a whole"
    )
    parser.add_argument("--top", metavar="TAG", help="the tracks in which this tag is most probable")
    parser.add_argument("--count", type=at_least(1), default=10, help="how many at most (default: %(default)s)")
    ear_words(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    if args.track is not None and args.top is not None:
        raise UsageError("a track and --top were both given", remedy="Say one of the two")
    services = Services(args.data, ear=ear_of(args), read_only=True)
    try:
        if args.track is not None:
            return _tags_of_a_track(services, args)
        return _library(services, args) if args.top is None else _top(services, args)
    finally:
        services.close()


def _tags_of_a_track(services: Services, args: argparse.Namespace) -> int:
    track = services.find_one(args.track)
    found = services.tags.of(track.id)
    rows = [
        {"tag": tag.name, "group": tag.group, "probability": round(tag.probability, 4), "confident": tag.confident}
        for tag in found
    ]
    if args.json:
        print_json({**track_row(track, services.rhythm(track.id)), "tags": rows})
        return 0
    print(name_of(track_row(track, None)))
    for row in rows[: args.count]:
        print(f"{row['probability']:6.2f}  {'*' if row['confident'] else ' '} {row['tag']} ({row['group']})")
    print("* heard with confidence")
    return 0


def _library(services: Services, args: argparse.Namespace) -> int:
    rows = [{"tag": name, "tracks": count} for name, count in services.tags.counts()]
    shown = rows if args.json else [row for row in rows if row["tracks"]]
    print_rows(shown, as_json=args.json, line=lambda row: f"{row['tracks']:6d}  {row['tag']}")
    return 0


def _top(services: Services, args: argparse.Namespace) -> int:
    found = dict(services.tags.top(args.top, args.count))
    tracks = {track.id: track for track in services.tracks_of(list(found))}
    rows = [
        {**track_row(tracks[track_id], services.rhythm(track_id)), "probability": round(p, 4)}
        for track_id, p in found.items()
        if track_id in tracks
    ]
    print_rows(rows, as_json=args.json, line=lambda row: f"{row['probability']:6.2f}  {name_of(row)}")
    return 0
