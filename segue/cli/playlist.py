"""`segue playlist`: what follows some songs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from segue.choose.playlist import Continuation, OutsideSeed
from segue.cli.answers import entry_of, name_of, print_json, print_rows, track_row
from segue.cli.choice_words import direction_words, join_words, spec_of, wish_words
from segue.cli.words import at_least, ear_of, ear_words, seeds_of
from segue.errors import printable
from segue.play.m3u import write_playlist
from segue.services import Services
from segue.values import Track

PURPOSE = "go on from one or more songs"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument(
        "seeds",
        nargs="+",
        metavar="SEED",
        help="ids, paths, words, any audio files, or playlists of them; the last counts as playing",
    )
    parser.add_argument("--count", type=at_least(1), default=10, help="how many tracks to add (default: %(default)s)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it as .m3u8, .m3u, .pls, .xspf or .jspf")
    ear_words(parser)
    direction_words(parser)
    join_words(parser)
    wish_words(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    services = Services(args.data, ear=ear_of(args), read_only=True)
    seeds = [seed for word in args.seeds for seed in seeds_of(services, word)]
    spec = spec_of(services, args, count=args.count)
    rng = np.random.default_rng(args.rng_seed)
    chosen = services.choosing.continue_queue([s if isinstance(s, OutsideSeed) else s.id for s in seeds], spec, rng=rng)
    return tell(services, [seed for seed in seeds if isinstance(seed, Track)], chosen, args)


def tell(services: Services, start: Sequence[Track], chosen: Continuation, args: argparse.Namespace) -> int:
    """Answer with what was chosen, and write it behind what it began with if a file is named."""
    tracks = {track.id: track for track in services.tracks_of([pick.track_id for pick in chosen.picks])}
    rows = [
        {**track_row(tracks[p.track_id], services.rhythm(p.track_id)), **p.to_json()}
        for p in chosen.picks
        if p.track_id in tracks
    ]
    if args.out is not None:
        write_playlist(args.out, [entry_of(track) for track in (*start, *tracks.values())])
        print(f"{len(start) + len(tracks)} tracks written to {printable(args.out)}", file=sys.stderr)
    if args.json:
        print_json({"picks": rows, "ended": chosen.ended})
        return 0
    print_rows(rows, as_json=False, line=lambda row: f"{name_of(row)}\n    {row['why']}")
    if chosen.ended:
        print(chosen.ended, file=sys.stderr)
    return 0
