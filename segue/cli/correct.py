"""`segue correct`: tempo and key of a song, as the listener knows them."""

from __future__ import annotations

import argparse

from segue.cli.answers import known_of, name_of, say
from segue.cli.words import services_to_change
from segue.correcting import AS_HEARD
from segue.errors import ParameterError
from segue.services import Services
from segue.values import Rhythm

PURPOSE = "set a song's tempo and key by hand, or take that back; what is set so is never overwritten"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument("track", help="an id, a path, or words of the title and artist")
    parser.add_argument("--tempo", default="", metavar="BPM", help='beats a minute; "half" or "double" of what it is')
    parser.add_argument("--key", default="", metavar="KEY", help='as "8A", "Am" or "A minor"')
    parser.add_argument("--heard", action="store_true", help="let hold what was heard, for both")


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    if args.heard == bool(args.tempo or args.key):
        raise ParameterError("nothing was said to set, or too much", remedy="Say --tempo, --key or both; or --heard")
    tempo, key = (AS_HEARD, AS_HEARD) if args.heard else (args.tempo, args.key)
    services = services_to_change(args)
    try:
        row, sentence = _corrected(services, args.track, tempo, key)
    finally:
        services.close()
    say(row, sentence, as_json=args.json)
    return 0


def _corrected(services: Services, what: str, tempo: str, key: str) -> tuple[dict[str, object], str]:
    """Do it, and tell how things stand now, as JSON and in words."""
    track = services.find_one(what)
    services.correcting.change([track.id], tempo=tempo, key=key)
    rhythm = services.rhythm(track.id)
    row = known_of(track, rhythm)
    return row, f"{name_of(row)}: {_fact(rhythm, 'tempo')}; {_fact(rhythm, 'key')}"


def _fact(rhythm: Rhythm | None, name: str) -> str:
    known = {} if rhythm is None else {"tempo": rhythm.tempo_bpm, "key": rhythm.key}
    value = known.get(name)
    if rhythm is None or value is None:
        return f"{name} unknown"
    words = f"{value:g} BPM" if isinstance(value, float) else f"{value} ({rhythm.camelot})"
    return f"{words} {'by hand' if name in rhythm.by_hand else 'as heard'}"
