"""`segue similar`: the neighbours of one song."""

from __future__ import annotations

import argparse

from segue.choose.playlist import OutsideSeed
from segue.cli.answers import name_of, print_rows, track_row
from segue.cli.words import at_least, ear_of, ear_words, seed_of
from segue.errors import one_line
from segue.services import Services

PURPOSE = "name the tracks nearest to one"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument("track", help="an id, a path, words of the title and artist, or any audio file")
    parser.add_argument("--count", type=at_least(1), default=10, help="how many (default: %(default)s)")
    ear_words(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    services = Services(args.data, ear=ear_of(args), read_only=True)
    seed = seed_of(services, args.track)
    if isinstance(seed, OutsideSeed):
        near = services.choosing.nearest(seed.vector, args.count)
    else:
        near = services.choosing.similar(seed.id, args.count)
    rows = [
        {**track_row(track, services.rhythm(track.id)), "similarity": round(similarity, 4)}
        for track, similarity in near
    ]
    if not args.json:
        said = args.track if isinstance(seed, OutsideSeed) else name_of(track_row(seed, None))
        print(f"Nearest to {one_line(said)}:")
    print_rows(rows, as_json=args.json, line=lambda row: f"{row['similarity']:.3f}  {name_of(row)}")
    return 0
