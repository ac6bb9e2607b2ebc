"""Lists of songs as commands take them and give them back: whatever words name, in the library or not."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from segue.choose.joins import JoinWeights
from segue.choose.picking import so_many
from segue.choose.playlist import OutsideSeed
from segue.choose.reorder import Flow
from segue.cli.answers import entry_of, track_row
from segue.cli.words import PLAYLISTS, path_named, seed_of
from segue.errors import ParameterError, PlaylistError, SegueError, one_line, printable
from segue.files import expanded, is_file
from segue.play.m3u import PlaylistEntry, read_playlist, write_playlist
from segue.sending import Daemon, daemon_of
from segue.services import Services
from segue.values import TrackId


class Listed(NamedTuple):
    """A song as the choice takes it, and as playlist files name it."""

    song: TrackId | OutsideSeed
    entry: PlaylistEntry


class Lists(NamedTuple):
    """The songs that could be heard, and the entries that could not be."""

    songs: list[Listed]
    unheard: list[PlaylistEntry]


def out_word(parser: argparse.ArgumentParser) -> None:
    """Add the words that name a playlist file to write, and an MPD to send the songs to."""
    parser.add_argument("--out", type=path_named, metavar="FILE", help="write it as .m3u8, .m3u, .pls, .xspf or .jspf")
    place = "[PASSWORD@]HOST[:PORT]"
    parser.add_argument("--mpd", type=_daemon, metavar=place, help="play it on an MPD; a path names its local socket")
    parser.add_argument("--mpd-add", action="store_true", help="put it behind what is in the MPD's queue instead")


def _daemon(text: str) -> Daemon:
    try:
        return daemon_of(text)
    except ParameterError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def listed(services: Services, words: Sequence[str]) -> Lists:
    """The songs that words name: ids, paths, words, any audio files, or playlists of them.

    What a playlist names that cannot be heard is told and set aside. Raises PlaylistError where nothing is left.
    """
    songs: list[Listed] = []
    unheard: list[PlaylistEntry] = []
    for word in words:
        path = expanded(word)
        if path.suffix.lower() not in PLAYLISTS or not is_file(path):
            songs.append(_listed(services, word, PlaylistEntry(path.absolute())))
            continue
        for entry in read_playlist(path).entries:
            try:
                songs.append(_listed(services, str(entry.path), entry))
            except SegueError as error:
                print(f"segue: {error}", file=sys.stderr)
                unheard.append(entry)
    if not songs:
        raise PlaylistError("there is no song in it that can be heard", remedy="Name another playlist", path=words[0])
    return Lists(songs, unheard)


def answer(
    services: Services, told: Sequence[dict[str, Any]], given: Sequence[Listed | None]
) -> tuple[list[dict[str, Any]], list[PlaylistEntry]]:
    """What is told of songs beside what is known of their tracks, as JSON answers show it; and their playlist entries.

    Each told song has a ``track_id``, None for one from outside the library; ``given`` has the song of the command line
    that stands at its place, if one does.
    """
    tracks = {track.id: track for track in services.tracks_of([song["track_id"] for song in told if song["track_id"]])}
    rows: list[dict[str, Any]] = []
    entries: list[PlaylistEntry] = []
    for song, own in zip(told, given, strict=True):
        track = tracks.get(song["track_id"])
        if track is not None:
            rows.append({**track_row(track, services.rhythm(track.id)), **song})
            entries.append(entry_of(track))
        elif own is not None:
            rows.append({"id": None, "path": printable(own.entry.path), **song})
            entries.append(own.entry)
    return rows, entries


def hand_over(services: Services, args: argparse.Namespace, entries: Sequence[PlaylistEntry]) -> None:
    """Write a playlist and send it to an MPD, where `out_word` wants that, and say so."""
    if args.mpd_add and args.mpd is None:
        raise ParameterError("--mpd-add says to no MPD", remedy="Say which: --mpd HOST")
    if args.out is not None:
        write_playlist(args.out, entries)
        print(f"{so_many(len(entries))} written to {printable(args.out)}", file=sys.stderr)
    if args.mpd is not None:
        to = services.sending.with_password(args.mpd)
        sent = services.sending.send([[entry.path] for entry in entries], to, replace=not args.mpd_add)
        print(f"{so_many(sent.added)} sent to MPD at {to.where}", file=sys.stderr)
        for place in sent.missing:
            print(f"segue: MPD does not have {one_line(entries[place].path)}", file=sys.stderr)


def weights_of(args: argparse.Namespace) -> JoinWeights:
    """What counts in a join, as `join_words` say."""
    return JoinWeights(args.join_weight, args.tempo_weight, args.key_weight)


def flow_line(before: Flow, after: Flow) -> str:
    """How a list flowed and flows, in one line."""
    if after.mean is None:
        return "One song alone follows none"
    now = f"The songs follow each other at {after.mean:.2f} on average, {after.worst:.2f} at worst"
    return now if before.mean is None else f"{now}; before, at {before.mean:.2f} and {before.worst:.2f}"


def _listed(services: Services, word: str, entry: PlaylistEntry) -> Listed:
    seed = seed_of(services, word)
    if not isinstance(seed, OutsideSeed):
        return Listed(seed.id, entry_of(seed))
    info = seed.info
    named = replace(entry, title=info.title, artist=info.artist, duration_s=info.duration_s)
    return Listed(seed, named)
