"""`segue reorder`: the order of a list in which it flows best."""

from __future__ import annotations

import argparse
import sys

from segue.choose.reorder import ReorderSpec
from segue.cli.answers import name_of, print_json, print_rows
from segue.cli.choice_words import join_words
from segue.cli.lists import answer, flow_line, hand_over, listed, out_word, weights_of
from segue.cli.words import ear_of, ear_words
from segue.services import Services

PURPOSE = "put a list in the order in which it flows best"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument(
        "songs", nargs="+", metavar="PLAYLIST", help="a playlist, or ids, paths, words and any audio files"
    )
    parser.add_argument("--keep-first", action="store_true", help="the first song stays the first")
    parser.add_argument("--keep-last", action="store_true", help="the last song stays the last")
    out_word(parser)
    ear_words(parser)
    join_words(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    services = Services(args.data, ear=ear_of(args), read_only=True)
    lists = listed(services, args.songs)
    spec = ReorderSpec(args.keep_first, args.keep_last, weights_of(args))
    found = services.choosing.reorder([one.song for one in lists.songs], spec)
    given = [lists.songs[song.was] for song in found.songs]
    rows, entries = answer(services, [song.to_json() for song in found.songs], given)
    hand_over(services, args, [*entries, *lists.unheard])
    if args.json:
        print_json({**found.to_json(), "songs": rows})
        return 0
    print_rows(rows, as_json=False, line=lambda row: f"{name_of(row)}\n    {row['why']}")
    print(flow_line(found.before, found.after), file=sys.stderr)
    return 0
