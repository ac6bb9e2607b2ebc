"""`segue expand`: further tracks for a list, where they help most."""

from __future__ import annotations

import argparse
import sys

from segue.choose.expand import ExpandSpec
from segue.cli.answers import name_of, print_json
from segue.cli.choice_words import join_words, wish_words, wishes_of
from segue.cli.lists import answer, flow_line, hand_over, listed, out_word, weights_of
from segue.cli.words import at_least, ear_of, ear_words
from segue.services import Services

PURPOSE = "put further tracks into a list, where they help most"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument(
        "songs", nargs="+", metavar="PLAYLIST", help="a playlist, or ids, paths, words and any audio files"
    )
    parser.add_argument("--by", type=at_least(1), default=1, metavar="K", help="how many (default: %(default)s)")
    out_word(parser)
    ear_words(parser)
    join_words(parser)
    wish_words(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    services = Services(args.data, ear=ear_of(args), read_only=True)
    lists = listed(services, args.songs)
    spec = ExpandSpec(args.by, weights_of(args), wishes=wishes_of(args))
    found = services.choosing.expand([one.song for one in lists.songs], spec)
    given = [None if song.was is None else lists.songs[song.was] for song in found.songs]
    rows, entries = answer(services, [song.to_json() for song in found.songs], given)
    hand_over(services, args, [*entries, *lists.unheard])
    if args.json:
        print_json({**found.to_json(), "songs": rows})
        return 0
    for row in rows:
        print(f"{'+' if row['was'] is None else ' '} {name_of(row)}")
        if row["was"] is None:
            print(f"    {row['why']}")
    print("\n".join(filter(None, (flow_line(found.before, found.after), found.ended))), file=sys.stderr)
    return 0
