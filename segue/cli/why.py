"""`segue why`: why a song would come next, or would not."""

from __future__ import annotations

import argparse

import numpy as np

from segue.cli.answers import print_json, track_row
from segue.cli.choice_words import direction_words, join_words, spec_of, wish_words
from segue.cli.lists import listed
from segue.cli.words import ear_of, ear_words
from segue.services import Services

PURPOSE = "tell why a song would come after others, or would not"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument(
        "seeds", nargs="+", metavar="SEED", help="ids, paths, words, any audio files, or playlists; the last plays"
    )
    parser.add_argument("track", help="the id, path or words of the track in question")
    ear_words(parser)
    direction_words(parser)
    join_words(parser)
    wish_words(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    services = Services(args.data, ear=ear_of(args), read_only=True)
    track = services.find_one(args.track)
    told = services.choosing.why(
        [seed.song for seed in listed(services, args.seeds).songs],
        track.id,
        spec_of(services, args),
        rng=np.random.default_rng(args.rng_seed),
    )
    if args.json:
        print_json({**track_row(track, services.rhythm(track.id)), **told.to_json()})
        return 0
    print(told.why)
    for seed in told.seeds:
        print(f"  {seed.similarity:5.2f}  to {seed.title or 'a song without a name'}")
    for reason in told.refusals[1:]:
        print(f"  also refused because {reason}")
    for other in told.nearer:
        print(f"  nearer: '{other.title}' ({other.reason})")
    return 0
