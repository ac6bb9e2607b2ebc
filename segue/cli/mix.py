"""`segue mix`: a list of tracks becomes one mix."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self, get_args

from tqdm import tqdm

from segue.cli.answers import print_json
from segue.cli.words import at_least, path_named
from segue.config import MIX, MixSpec, describe
from segue.errors import BadTracksError, MixError, UsageError, one_line, printable
from segue.extending import Extent
from segue.files import access_error, is_file
from segue.gathering import MixPhase, MixProgress
from segue.mixing import MixOrder, PlannedMix
from segue.play.mix.labels import clock
from segue.play.mix.listing import TRACKLIST_KINDS, tracklist_rows
from segue.play.mix.outputs import PICTURE_KINDS, Outputs
from segue.play.mix.plan import plan_from_json, plan_to_json
from segue.play.mix.planning import MixSettings
from segue.play.mix.transitions import StyleWish, Wishes
from segue.play.tracklist import Tracklist, read_tracklist
from segue.services import Services
from segue.values import Track

PURPOSE = "make one mix of a list of tracks: MP3, M4A, Opus, FLAC or WAV"

_LINE_S = 10.0  # between two lines on how far it is, where there is no terminal to draw a bar on


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument(
        "list", type=path_named, nargs="?", metavar="LIST", help="a path or a song's name a line, or a playlist file"
    )
    parser.add_argument("out", type=path_named, nargs="?", metavar="MIX", help="the mix; its ending says of what kind")
    parser.add_argument(
        "--between", type=at_least(0), default=0, metavar="N", help="lead from each track to the next through N others"
    )
    parser.add_argument(
        "--minutes",
        type=float,
        metavar="M",
        help="cut the list, or lead it through more of the library, to about this length",
    )
    parser.add_argument("--reorder", action="store_true", help="first put the list in the order that flows best")
    parser.add_argument(
        "--style", choices=get_args(StyleWish), default="auto", help="how tracks are joined (default: %(default)s)"
    )
    parser.add_argument("--fade-s", type=float, metavar="S", help="let two tracks sound together for S seconds")
    parser.add_argument("--loudness", type=float, default=MIX.target_lufs, metavar="LUFS", help=_target())
    parser.add_argument("--title", help="what the mix is called (default: as the list is)")
    parser.add_argument("--vbr", action="store_true", help="an MP3 of varying bit rate (V0) instead of 320 kb/s")
    parser.add_argument("--skip-bad", action="store_true", help="leave out what cannot be mixed, and go on")
    parser.add_argument("--force", action="store_true", help="replace files that are there already")
    parser.add_argument("--plan", action="store_true", help="print the plan as JSON, and render nothing")
    parser.add_argument("--plan-file", type=path_named, metavar="PLAN.json", help="render a plan that --plan printed")
    parser.add_argument(
        "--preview", action="store_true", help=f"render the joins alone, {MIX.preview_s:g} s either side"
    )
    parser.add_argument(
        "--tracklist",
        type=path_named,
        action="append",
        default=[],
        metavar="FILE",
        help=f"write the tracklist here ({', '.join(TRACKLIST_KINDS)}; default: beside the mix, as text)",
    )
    parser.add_argument(
        "--picture",
        type=path_named,
        action="append",
        default=[],
        metavar="FILE",
        help=f"draw the mix: waveform, joins, tempo, key ({', '.join(PICTURE_KINDS)})",
    )


def _target() -> str:
    return f"{describe(MixSpec, 'target_lufs')} (default: %(default)g)"


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    _settle_places(args)
    try:
        with _services(args) as services, _Bar(quiet=args.json or args.plan) as bar:
            return _mix(args, services, bar)
    except BadTracksError as error:
        for problem in error.problems:
            print(f"segue: {problem}", file=sys.stderr)
        print(f"segue: {error}{_hint(error, args)}", file=sys.stderr)
        return 1
    except MixError as error:
        print(f"segue: {error}{_hint(error, args)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("segue: stopped; no half mix is left, and the same command goes on where it was", file=sys.stderr)
        return 130


@contextmanager
def _services(args: argparse.Namespace) -> Iterator[Services]:
    """The library, or an empty one for the moment where there is none and none is needed: any files can be mixed."""
    needed = args.between or args.minutes is not None or args.reorder
    with ExitStack() as stack:
        there = needed or is_file(args.data / "library.db")
        data = args.data if there else Path(stack.enter_context(TemporaryDirectory(prefix="segue-")))
        services = Services(data, read_only=there)
        stack.callback(services.close)
        yield services


def _hint(error: MixError, args: argparse.Namespace) -> str:
    """The word of the command line that a remedy asks for."""
    if "skipped" in error.remedy and not args.skip_bad:
        return " (--skip-bad)"
    return " (--force)" if "replaced" in error.remedy and not args.force else ""


def _settle_places(args: argparse.Namespace) -> None:
    """`segue mix --plan-file PLAN MIX` has one place, which is the mix; raises UsageError where one is missing."""
    if args.plan_file is not None:
        if args.out is not None:
            raise UsageError("a plan and a list make two mixes", remedy="Name the one or the other, and the mix")
        args.list, args.out = None, args.list
        idle = [word for word, value in _of_planning(args).items() if value]
        if idle:
            what = f"the plan is made already, and {', '.join(idle)} would change nothing"
            raise UsageError(what, remedy="Leave that out, or plan the list anew")
    elif args.list is None:
        raise UsageError("no list is named", remedy="Say segue mix tracks.txt mix.mp3")
    if args.out is None and not args.plan:
        raise UsageError("no mix is named", remedy="Say segue mix tracks.txt mix.mp3, or --plan to see the plan alone")
    _check_idle(args)


def _check_idle(args: argparse.Namespace) -> None:
    """Raise UsageError for words about the files of the mix that would change nothing."""
    words = {"--preview": args.preview, "--tracklist": args.tracklist, "--picture": args.picture, "--vbr": args.vbr}
    idle = [word for word, value in words.items() if value]
    if args.plan and idle:
        raise UsageError(f"--plan renders nothing, and {', '.join(idle)} would change nothing", remedy="Leave that out")
    if args.preview and (args.picture or args.tracklist or args.vbr):
        what = "joins alone have no picture and no tracklist, and take no --vbr"
        raise UsageError(what, remedy="Leave out --preview, or those")
    if args.vbr and args.out.suffix.lower() != ".mp3":
        what = f"--vbr is said of an MP3, and the mix ends in '{printable(args.out.suffix)}'"
        raise UsageError(what, remedy="Leave it out, or end the mix in .mp3")


def _of_planning(args: argparse.Namespace) -> dict[str, object]:
    """What was asked of the planning, by the words that ask for it."""
    return {
        "--between": args.between,
        "--minutes": args.minutes,
        "--reorder": args.reorder,
        "--style": args.style != "auto",
        "--fade-s": args.fade_s,
        "--loudness": args.loudness != MIX.target_lufs,
        "--title": args.title,
    }


def _mix(args: argparse.Namespace, services: Services, bar: _Bar) -> int:
    listed = None if args.list is None else read_tracklist(args.list)
    outputs = None if args.plan else _outputs(args)
    if outputs is not None:
        sources = [args.list, args.plan_file, *(() if listed is None else (w.path for w in listed.wanted))]
        services.mixing.check(outputs, inputs=[p for p in sources if p is not None], replace_old=args.force)
    planned = _from_file(args.plan_file) if listed is None else _planned(args, services, listed, bar)
    for problem in planned.problems:
        bar.say(f"segue: left out: {problem}")
    for note in planned.notes:
        bar.say(f"segue: {note}")
    if outputs is None:
        print(plan_to_json(planned.plan), end="")
        return 0
    inputs = [part.path for part in planned.plan.parts]
    services.mixing.check(outputs, inputs=inputs, replace_old=args.force)
    files = services.mixing.render(planned, outputs, on_progress=bar.show)
    bar.end()
    _tell(args, planned, files)
    return 0


def _planned(args: argparse.Namespace, services: Services, listed: Tracklist, bar: _Bar) -> PlannedMix:
    settings = MixSettings(printable(args.title or listed.name), Wishes(args.style, args.fade_s), args.loudness)
    extent = Extent(args.between, args.minutes, args.reorder)
    choose = bar.ask if sys.stdin.isatty() and sys.stderr.isatty() else None
    order = MixOrder(listed.wanted, settings, extent, args.skip_bad)
    planned = services.mixing.plan(order, choose=choose, on_progress=bar.show)
    bar.end()
    return planned


def _from_file(path: Path) -> PlannedMix:
    try:
        return PlannedMix(plan_from_json(path.read_text(encoding="utf-8"), path=path))
    except OSError as error:
        raise access_error(error, path) from error
    except UnicodeDecodeError as error:
        raise MixError("it is no plan of a mix", remedy="Plan the mix anew", path=path) from error


def _outputs(args: argparse.Namespace) -> Outputs:
    if args.preview:
        return Outputs(args.out, preview=True)
    beside = Outputs.beside(args.out)
    tracklists = tuple(args.tracklist) or beside.tracklists
    return replace(beside, tracklists=tracklists, pictures=tuple(args.picture), vbr=args.vbr)


def _tell(args: argparse.Namespace, planned: PlannedMix, files: tuple[Path, ...]) -> None:
    plan = planned.plan
    if args.json:
        print_json(
            {
                "files": [printable(path) for path in files],
                "length_s": round(plan.length_s, 3),
                "tracks": tracklist_rows(plan),
                "left_out": [printable(str(problem)) for problem in planned.problems],
                "notes": [printable(note) for note in planned.notes],
            }
        )
        return
    styles = [join.style for join in plan.joins]
    joins = ", ".join(f"{styles.count(style)} by {style}" for style in dict.fromkeys(sorted(styles)))
    tracks = "1 track" if len(plan.parts) == 1 else f"{len(plan.parts)} tracks"
    print(f"{tracks}, {clock(plan.length_s)}; joins: {joins or 'none'}")
    for path in files:
        print(f"  {one_line(path)}")


_PHASES: dict[MixPhase, tuple[str, str]] = {
    "measuring": ("tempo, key and loudness", "track"),
    "hearing": ("listening", "track"),
    "levelling": ("loudness", "s"),
    "rendering": ("rendering", "s"),
    "checking": ("checking", "s"),
}


class _Bar:
    """How far a mix is: a bar a phase on a terminal, a line now and then in a log, nothing where JSON is asked for."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self._phase: MixPhase | None = None
        self._said_s = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.end()

    def show(self, progress: MixProgress) -> None:
        """Draw how far it is, or say so if it is a while since that was said."""
        words, unit = _PHASES[progress.phase]
        if progress.phase != self._phase:
            self.end()
            self._phase = progress.phase
            layout = "{desc}: {percentage:3.0f}% |{bar}| {postfix}"
            self._bar = tqdm(
                total=progress.total, desc=words, unit=unit, disable=True if self._quiet else None,
                dynamic_ncols=True, leave=False, bar_format=layout,
            )  # fmt: skip
        left = "" if progress.eta_s is None else f", {clock(progress.eta_s)} left"
        done = f"{clock(progress.done)} of {clock(progress.total)}"
        told = f"{progress.done:.0f} of {progress.total:.0f} tracks" if unit == "track" else done
        self._bar.n = min(progress.done, progress.total)
        self._bar.set_postfix_str(told + left, refresh=False)
        self._bar.refresh()
        if self._bar.disable and not self._quiet and time.monotonic() - self._said_s >= _LINE_S:
            self._said_s = time.monotonic()
            print(f"segue: {words}: {told}{left}", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
        self._bar = self._phase = None

    def say(self, line: str) -> None:
        """Print a line where the bar is not."""
        self.end()
        print(line, file=sys.stderr, flush=True)

    def ask(self, words: str, candidates: tuple[Track, ...]) -> Track | None:
        """Let the listener choose among tracks on the terminal; None for none of them."""
        self.say(f"'{one_line(words)}' may be:")
        for number, track in enumerate(candidates, start=1):
            info = track.info
            self.say(f"  {number}  {one_line(f'{info.artist} - {info.title}')}  ({one_line(track.paths[0])})")
        while True:
            print("Which one? (Enter for none) ", end="", file=sys.stderr, flush=True)
            answer = sys.stdin.readline().strip()
            if not answer:
                return None
            if answer.isdigit() and 1 <= int(answer) <= len(candidates):
                return candidates[int(answer) - 1]
