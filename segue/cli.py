"""The command line: read the words, call one service, print. The only module that prints."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from segue import __version__
from segue.choose.playlist import ContinueSpec, OutsideSeed
from segue.config import CHOICE, SCAN, WEB, ChoiceSpec, ScanSpec, WebSpec, describe
from segue.demo.library import make_demo
from segue.doctor import examine
from segue.errors import EmptyLibraryError, ParameterError, PlaylistError, SegueError, printable
from segue.files import expanded, is_file
from segue.play.m3u import PlaylistEntry, read_playlist, write_playlist
from segue.services import Services
from segue.store.legacy import write_legacy
from segue.values import ScanProgress, ScanReport, Track

DATA = Path("Pickles")
_PLAYLISTS = (".m3u8", ".m3u", ".pls", ".xspf", ".jspf")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 well, 1 it failed, 2 it was called wrongly."""
    args = _parser().parse_args(argv)
    logging.basicConfig(
        level=logging.INFO if args.verbose else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    try:
        return int(args.command(args))
    except SegueError as error:
        print(f"segue: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("segue: stopped; what was done so far is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `segue ... | head`
        sys.stderr.close()
        return 0


# The words ------------------------------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="segue", description="An automatic DJ for the music people own.")
    parser.add_argument("--version", action="version", version=f"segue {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _scan_words(_command(commands, "scan", _scan, "listen to the music in folders and keep what was heard"))
    _serve_words(_command(commands, "serve", _serve, "open the booth in the browser"))
    similar = _command(commands, "similar", _similar, "name the tracks nearest to one")
    similar.add_argument("track", help="an id, a path, words of the title and artist, or any audio file")
    similar.add_argument("--count", type=_at_least(1), default=10, help="how many (default: %(default)s)")
    _playlist_words(_command(commands, "playlist", _playlist, "go on from one or more songs"))
    vectors = _command(commands, "vectors", _vectors, "write all vectors as plain numpy arrays")
    vectors.add_argument("--npz", type=Path, required=True, metavar="OUT", help="the file to write")
    export = _command(commands, "export", _export, "write the library as a playlist, or as an old Deej-A.I. pickle")
    export.add_argument("out", type=Path, help="NAME.m3u8, .m3u, .pls, .xspf, .jspf, or .p for the pickle of vectors")
    _command(commands, "doctor", _doctor, "say what is installed, what is missing, and what to do about it")
    demo = _command(commands, "demo", _demo, "compose the demo library: free music, made by Segue itself")
    demo.add_argument("folder", type=Path, help="where to write it")
    demo.add_argument(
        "--seed", type=_at_least(0), default=2026, help="another seed composes other songs (default: %(default)s)"
    )
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    purpose: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=purpose, description=purpose[0].upper() + purpose[1:] + ".")
    parser.set_defaults(command=run)
    parser.add_argument(
        "--data", type=Path, default=DATA, metavar="DIR", help="the library's folder (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    parser.add_argument("--verbose", action="store_true", help="say what happens on the way")
    return parser


def _scan_words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folders", type=expanded, nargs="+", metavar="DIR", help="folders of music")
    parser.add_argument("--workers", type=_at_least(0), default=SCAN.workers, help=describe(ScanSpec, "workers"))
    parser.add_argument("--retry", action="store_true", help="try files again that failed before")


def _serve_words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--music", type=expanded, metavar="DIR", help="scan this folder while serving")
    parser.add_argument("--demo", action="store_true", help="compose the demo library if there is no music yet")
    parser.add_argument("--host", default=WEB.host, help=f"{describe(WebSpec, 'host')} (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=WEB.port, help=f"{describe(WebSpec, 'port')} (default: %(default)s)"
    )
    parser.add_argument("--workers", type=_at_least(0), default=SCAN.workers, help=describe(ScanSpec, "workers"))


def _playlist_words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "seeds",
        nargs="+",
        metavar="SEED",
        help="ids, paths, words, any audio files, or playlists of them; the last counts as playing",
    )
    parser.add_argument("--count", type=_at_least(1), default=10, help="how many tracks to add (default: %(default)s)")
    parser.add_argument("--lookback", type=int, default=CHOICE.lookback, help=describe(ChoiceSpec, "lookback"))
    parser.add_argument("--noise", type=float, default=CHOICE.noise, help=describe(ChoiceSpec, "noise"))
    parser.add_argument(
        "--rng-seed", type=_at_least(0), default=0, help="the same seed gives the same noise (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it as .m3u8, .m3u, .pls, .xspf or .jspf")


# The commands ---------------------------------------------------------------------------------------------------------


def _scan(args: argparse.Namespace) -> int:
    services = Services(args.data, workers=args.workers)
    try:
        with _Bar(quiet=args.json) as bar:
            report = services.scan(args.folders, retry_errors=args.retry, on_progress=bar.show)
        return _print_report(report, services, as_json=args.json)
    finally:
        services.close()


def _print_report(report: ScanReport, services: Services, *, as_json: bool) -> int:
    counts = services.counts()
    figures = {
        "scanned": report.scanned,
        "attached": report.attached,
        "unchanged": report.skipped,
        "removed": report.removed,
        "failed": len(report.failures),
        "failed_before": report.known_failures,
        "seconds": round(report.seconds, 2),
        "tracks": counts.tracks,
        "cancelled": report.cancelled,
    }
    failures = [
        {"path": printable(f.path), "kind": f.kind, "what": f.message, "remedy": f.remedy} for f in report.failures
    ]
    if as_json:
        _print_json({**figures, "failures": failures})
    else:
        for failure in report.failures:
            print(f"segue: {failure}", file=sys.stderr)
        print(
            f"{report.scanned} heard, {report.attached} known under another name, {report.skipped} unchanged,"
            f" {report.removed} gone, {len(report.failures)} failed, {report.known_failures} failed before;"
            f" {counts.tracks} tracks in the library ({report.seconds:.1f} s)"
        )
    return report.exit_code


class _Bar:
    """A progress bar for a scan; none where nobody would see it."""

    def __init__(self, *, quiet: bool) -> None:
        self._bar = tqdm(total=0, unit="track", disable=True if quiet else None, dynamic_ncols=True, leave=False)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, progress: ScanProgress) -> None:
        """Draw how far the scan is."""
        self._bar.total = progress.total
        self._bar.n = progress.done
        self._bar.set_description(progress.phase, refresh=False)
        self._bar.set_postfix(failed=progress.failed, refresh=False)
        self._bar.refresh()


def _serve(args: argparse.Namespace) -> int:
    from segue.web.factory import serve  # dash takes half a second to import, and only this command needs it

    if not 0 < args.port < 65_536:
        raise ParameterError(f"the port is {args.port}", remedy="Choose one from 1024 to 65535")
    services = Services(args.data, workers=args.workers)
    try:
        if args.music is not None:
            services.start_scan(args.music)
        elif args.demo and not services.has_own_music():
            services.start_demo()
        serve(services, host=args.host, port=args.port, on_ready=_announce)
    finally:
        services.close()
    return 0


def _announce(address: str) -> None:
    print(f"Segue is at {address} (Ctrl+C stops it)", flush=True)


def _similar(args: argparse.Namespace) -> int:
    services = Services(args.data, read_only=True)
    seed = _seed(services, args.track)
    if isinstance(seed, OutsideSeed):
        near = services.nearest(seed.vector, args.count)
    else:
        near = services.similar(seed.id, args.count)
    rows = [{**_track_row(track), "similarity": round(similarity, 4)} for track, similarity in near]
    _print_rows(rows, as_json=args.json, line=lambda row: f"{row['similarity']:.3f}  {_name(row)}")
    return 0


def _playlist(args: argparse.Namespace) -> int:
    services = Services(args.data, read_only=True)
    seeds = [seed for word in args.seeds for seed in _seeds(services, word)]
    spec = ContinueSpec(count=args.count, lookback=args.lookback, noise=args.noise)
    rng = np.random.default_rng(args.rng_seed)
    chosen = services.continue_queue([s if isinstance(s, OutsideSeed) else s.id for s in seeds], spec, rng=rng)
    tracks = {track.id: track for track in services.tracks_of([pick.track_id for pick in chosen.picks])}
    rows = [{**_track_row(tracks[p.track_id]), **p.to_json()} for p in chosen.picks if p.track_id in tracks]
    if args.out is not None:
        start = [s for s in seeds if isinstance(s, Track)]
        write_playlist(args.out, [_entry(track) for track in (*start, *tracks.values())])
        print(f"{len(start) + len(tracks)} tracks written to {printable(args.out)}", file=sys.stderr)
    if args.json:
        _print_json({"picks": rows, "ended": chosen.ended})
        return 0
    _print_rows(rows, as_json=False, line=lambda row: f"{_name(row)}\n    {row['why']}")
    if chosen.ended:
        print(chosen.ended, file=sys.stderr)
    return 0


def _vectors(args: argparse.Namespace) -> int:
    count = Services(args.data, read_only=True).export_vectors(args.npz)
    _say(
        {"tracks": count, "file": printable(args.npz)},
        f"{count} tracks written to {printable(args.npz)}",
        as_json=args.json,
    )
    return 0


def _export(args: argparse.Namespace) -> int:
    services = Services(args.data, read_only=True)
    tracks = services.library.tracks()
    if not tracks:
        raise EmptyLibraryError("the library is empty", remedy="Scan a folder first", path=args.data)
    if args.out.suffix.lower() in (".p", ".pickle", ".pkl"):
        vectors = services.vectors_by_path()
        write_legacy(args.out, vectors)
    elif args.out.suffix.lower() in _PLAYLISTS:
        write_playlist(args.out, [_entry(track) for track in tracks])
    else:
        raise PlaylistError(
            f"'{args.out.suffix}' is no format of ours",
            remedy="End it in .m3u8, .xspf, .pls, .jspf or .p",
            path=args.out,
        )
    _say(
        {"tracks": len(tracks), "file": printable(args.out)},
        f"{len(tracks)} tracks written to {printable(args.out)}",
        as_json=args.json,
    )
    return 0


def _doctor(args: argparse.Namespace) -> int:
    findings = examine(args.data)
    if args.json:
        _print_json([{"what": f.what, "state": f.state, "good": f.good, "remedy": f.remedy} for f in findings])
    else:
        for finding in findings:
            print(
                f"{'ok ' if finding.good else 'BAD'} {finding.what}: {finding.state}"
                + (f". {finding.remedy}" if finding.remedy else "")
            )
    return 0 if all(finding.good for finding in findings) else 1


def _demo(args: argparse.Namespace) -> int:
    with tqdm(total=0, unit="song", disable=True if args.json else None, leave=False) as bar:

        def show(done: int, total: int) -> None:
            bar.total, bar.n = total, done
            bar.refresh()

        report = make_demo(args.folder, seed=args.seed, on_progress=show)
    _say(
        {"songs": report.tracks, "folder": str(args.folder)},
        f"{report.tracks} songs in {args.folder}",
        as_json=args.json,
    )
    return 0


# Words in, rows out ---------------------------------------------------------------------------------------------------


def _seed(services: Services, word: str) -> Track | OutsideSeed:
    """A track of the library by id, path or words, or else any audio file."""
    path = expanded(word)
    return services.seed(path) if is_file(path) else services.find_one(word)


def _seeds(services: Services, word: str) -> list[Track | OutsideSeed]:
    """What a word names: the songs of a playlist file, or one seed."""
    path = expanded(word)
    if path.suffix.lower() not in _PLAYLISTS or not is_file(path):
        return [_seed(services, word)]
    entries = read_playlist(path).entries
    if not entries:
        raise PlaylistError("there is no song in it", remedy="Name another playlist", path=path)
    return [services.seed(entry.path) for entry in entries]


def _at_least(least: int) -> Callable[[str], int]:
    """A whole number for argparse, no smaller than this."""

    def whole(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{number} is less than {least}")
        return number

    return whole


def _track_row(track: Track) -> dict[str, Any]:
    info = track.info
    return {
        "id": track.id,
        "path": printable(track.paths[0]),
        "artist": info.artist,
        "title": info.title,
        "album": info.album,
        "genre": info.genre,
        "duration_s": round(info.duration_s, 2),
    }


def _entry(track: Track) -> PlaylistEntry:
    return PlaylistEntry(
        track.paths[0], title=track.info.title, artist=track.info.artist, duration_s=track.info.duration_s
    )


def _name(row: dict[str, Any]) -> str:
    return f"{row['artist']} - {row['title']}" if row["artist"] else str(row["title"])


def _print_rows(rows: list[dict[str, Any]], *, as_json: bool, line: Callable[[dict[str, Any]], str]) -> None:
    if as_json:
        _print_json(rows)
    else:
        for row in rows:
            print(line(row))


def _say(facts: dict[str, Any], sentence: str, *, as_json: bool) -> None:
    if as_json:
        _print_json(facts)
    else:
        print(sentence)


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    sys.exit(main())
