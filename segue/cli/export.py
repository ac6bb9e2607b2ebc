"""`segue export`: the library for other players and for old tools."""

from __future__ import annotations

import argparse
from pathlib import Path

from segue.cli.answers import entry_of, say
from segue.cli.words import PLAYLISTS, ear_of, ear_words
from segue.errors import EmptyLibraryError, PlaylistError, printable
from segue.play.m3u import write_playlist
from segue.services import Services
from segue.store.legacy import write_legacy

PURPOSE = "write the library as a playlist, or as an old Deej-A.I. pickle"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument("out", type=Path, help="NAME.m3u8, .m3u, .pls, .xspf, .jspf, or .p for the pickle of vectors")
    ear_words(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    services = Services(args.data, ear=ear_of(args), read_only=True)
    tracks = services.library.tracks()
    if not tracks:
        raise EmptyLibraryError("the library is empty", remedy="Scan a folder first", path=args.data)
    if args.out.suffix.lower() in (".p", ".pickle", ".pkl"):
        vectors = services.vectors_by_path()
        write_legacy(args.out, vectors)
    elif args.out.suffix.lower() in PLAYLISTS:
        write_playlist(args.out, [entry_of(track) for track in tracks])
    else:
        raise PlaylistError(
            f"'{args.out.suffix}' is no format of ours",
            remedy="End it in .m3u8, .xspf, .pls, .jspf or .p",
            path=args.out,
        )
    say(
        {"tracks": len(tracks), "file": printable(args.out)},
        f"{len(tracks)} tracks written to {printable(args.out)}",
        as_json=args.json,
    )
    return 0
