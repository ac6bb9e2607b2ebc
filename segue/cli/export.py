"""`segue export`: the library for other players and for old tools."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from segue.cli.answers import entry_of, known_of, say
from segue.cli.words import PLAYLISTS, ear_of, ear_words, path_named
from segue.errors import EmptyLibraryError, PlaylistError, printable
from segue.files import atomic_write
from segue.play.m3u import write_playlist
from segue.services import Services
from segue.store.legacy import write_legacy
from segue.values import Track

PURPOSE = "write the library as a playlist, as JSON, or as an old Deej-A.I. pickle"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument(
        "out",
        type=path_named,
        help="NAME.m3u8, .m3u, .pls, .xspf or .jspf; .json for all that is known; .p for the pickle of vectors",
    )
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
    elif args.out.suffix.lower() == ".json":
        _write_json(args.out, services, tracks)
    else:
        raise PlaylistError(
            f"'{args.out.suffix}' is no format of ours",
            remedy="End it in .m3u8, .xspf, .pls, .jspf, .json or .p",
            path=args.out,
        )
    say(
        {"tracks": len(tracks), "file": printable(args.out)},
        f"{len(tracks)} tracks written to {printable(args.out)}",
        as_json=args.json,
    )
    return 0


def _write_json(target: Path, services: Services, tracks: Sequence[Track]) -> None:
    """Write a list with all that is known of each track, its vectors aside."""
    rhythms = services.library.rhythms()
    rows = [known_of(track, rhythms.get(track.id)) for track in tracks]
    with atomic_write(target) as temporary:
        temporary.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
