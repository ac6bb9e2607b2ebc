"""`segue playlist`: what follows some songs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from segue.choose.playlist import Continuation
from segue.cli.answers import entry_of, name_of, print_json, print_rows, track_row
from segue.cli.choice_words import direction_words, join_words, spec_of, wish_words
from segue.cli.lists import hand_over, listed, out_word
from segue.cli.words import between, ear_of, ear_words
from segue.play.m3u import PlaylistEntry
from segue.services import Services

PURPOSE = "go on from one or more songs"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument(
        "seeds",
        nargs="+",
        metavar="SEED",
        help="ids, paths, words, any audio files, or playlists of them; the last counts as playing",
    )
    parser.add_argument(
        "--count", type=between(int, 1, 10_000), default=10, help="how many tracks to add (default: %(default)s)"
    )
    out_word(parser)
    ear_words(parser)
    direction_words(parser)
    join_words(parser)
    wish_words(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    services = Services(args.data, ear=ear_of(args), read_only=True)
    seeds = listed(services, args.seeds).songs
    spec = spec_of(services, args, count=args.count)
    rng = np.random.default_rng(args.rng_seed)
    chosen = services.choosing.continue_queue([seed.song for seed in seeds], spec, rng=rng)
    return tell(services, [seed.entry for seed in seeds], chosen, args)


def tell(services: Services, start: Sequence[PlaylistEntry], chosen: Continuation, args: argparse.Namespace) -> int:
    """Answer with what was chosen, and write it behind what it began with if a file is named."""
    tracks = {track.id: track for track in services.tracks_of([pick.track_id for pick in chosen.picks])}
    picks = [pick for pick in chosen.picks if pick.track_id in tracks]
    rows = [{**track_row(tracks[p.track_id], services.rhythm(p.track_id)), **p.to_json()} for p in picks]
    hand_over(services, args, [*start, *(entry_of(tracks[pick.track_id]) for pick in picks)])
    if args.json:
        print_json({"picks": rows, "ended": chosen.ended})
        return 0
    print_rows(rows, as_json=False, line=lambda row: f"{name_of(row)}\n    {row['why']}")
    if chosen.ended:
        print(chosen.ended, file=sys.stderr)
    return 0
