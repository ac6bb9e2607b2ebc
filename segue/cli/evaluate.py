"""`segue evaluate`: how well an ear tells apart what somebody, or the files themselves, call different."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from tqdm import tqdm

from segue.choose.retrieval import Interval, Retrieval
from segue.cli.answers import Bar, print_json
from segue.cli.playlist_figures import print_playlists
from segue.cli.words import at_least, between, ear_of, ear_words, path_named
from segue.config import EVALUATION, SCAN, EvaluationSpec, ScanSpec, describe
from segue.ears import shelf_of
from segue.errors import UsageError, printable
from segue.evaluation import EvaluationReport, EvaluationRow, OnProgress, Question
from segue.files import access_error, check_folder, real_path
from segue.labelling import LABEL_BY
from segue.playlist_quality import PlaylistReport, Trial, evaluate_playlists
from segue.services import Services

PURPOSE = "measure how well the ear tells genres, artists or albums apart, or how good its playlists are"
_NAMED = 5  # files that are left out, by name; JSON names them all


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument(
        "what", nargs="?", choices=("ear", "playlists"), default="ear", help="what to measure (default: ear)"
    )
    parser.add_argument(
        "--playlists",
        type=at_least(1),
        help=f"of playlists: {describe(EvaluationSpec, 'playlists')} (default: {EVALUATION.playlists:,})",
    )
    parser.add_argument(
        "--hub-weight",
        type=between(float, 0, 1),
        action="append",
        metavar="0..1",
        help="of playlists: measure them with this weight of hubs; may be said again (default: 0 and 0.5)",
    )
    parser.add_argument(
        "--music",
        type=path_named,
        metavar="DIR",
        help="measure on this folder; it is scanned into a library of its own",
    )
    parser.add_argument(
        "--labels", type=path_named, metavar="CSV", help="a table with the columns path, label and perhaps artist"
    )
    parser.add_argument(
        "--label-by",
        choices=LABEL_BY,
        default="auto",
        help="without a table: by a tag of the files, or by folders (default: the first tag that most files state)",
    )
    parser.add_argument(
        "--floors",
        action="store_true",
        help="of the ear: measure MFCC statistics and a network of random weights too; listens to all files anew",
    )
    parser.add_argument("--workers", type=at_least(0), default=SCAN.workers, help=describe(ScanSpec, "workers"))
    ear_words(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    _check(args)
    ear = ear_of(args)
    if args.music is None:
        services = Services(args.data, ear=ear, read_only=True)
    else:
        services = _scanned(args, None if ear is None else _card_or_name(args.data, ear))
    question = Question(args.labels, args.label_by, root=args.music, floors=args.floors, workers=args.workers)
    try:
        report: EvaluationReport | PlaylistReport
        with _bar(quiet=args.json) as show:
            if args.what == "playlists":
                report = _playlists(services, question, args, show)
            else:
                report = services.evaluate(question, on_progress=show)
    finally:
        services.close()
    if args.json:
        print_json(report.to_json())
    elif isinstance(report, PlaylistReport):
        print_playlists(report)
    else:
        _print_report(report)
    return 0


def _check(args: argparse.Namespace) -> None:
    """Raise UsageError for words about the other of the two things that can be measured."""
    of_playlists = {"--playlists": args.playlists, "--hub-weight": args.hub_weight}
    of_ear = {"--floors": args.floors}
    is_ear = args.what == "ear"
    idle = " and ".join(word for word, value in (of_playlists if is_ear else of_ear).items() if value)
    if idle:
        what = f"{idle} would change nothing where {'the ear' if is_ear else 'the quality of playlists'} is measured"
        raise UsageError(what, remedy=f"Leave that out, or say segue evaluate {'playlists' if is_ear else ''}".rstrip())


def _playlists(services: Services, question: Question, args: argparse.Namespace, show: OnProgress) -> PlaylistReport:
    """Make playlists and measure them."""
    trial = Trial(playlists=args.playlists or EVALUATION.playlists)
    if args.hub_weight:
        trial = replace(trial, hub_weights=tuple(args.hub_weight))
    library, catalogue = services.library, services.choosing.catalogue()
    tell = partial(show, "making playlists")
    return evaluate_playlists(library, services.ear, catalogue, question=question, trial=trial, on_progress=tell)


def _scanned(args: argparse.Namespace, ear: str | None) -> Services:
    """A library of the folder alone, in the data folder's cache; what it holds already is not heard again."""
    check_folder(args.music)
    key = hashlib.sha256(os.fsencode(real_path(args.music))).hexdigest()[:16]
    data = args.data / "cache" / "evaluate" / key
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise access_error(error, data) from error
    services = Services(data, ear=ear, workers=args.workers)
    try:
        with Bar(quiet=args.json) as bar:
            report = services.scan([args.music], on_progress=bar.show)
    except BaseException:
        services.close()
        raise
    for failure in report.failures:
        print(f"segue: {failure}", file=sys.stderr)
    return services


def _card_or_name(data: Path, ear: str) -> str:
    """An ear that was added to the data folder is known there alone, so it is named by its card."""
    card = shelf_of(data).folder / f"{ear}.json"
    return str(card) if card.is_file() else ear


@contextmanager
def _bar(*, quiet: bool) -> Iterator[OnProgress]:
    with tqdm(total=0, unit="track", disable=True if quiet else None, dynamic_ncols=True, leave=False) as bar:

        def show(what: str, done: int, total: int) -> None:
            bar.total, bar.n = total, done
            bar.set_description(what, refresh=False)
            bar.refresh()

        yield show


def _print_report(report: EvaluationReport) -> None:
    by = report.labelling
    print(f"The ear {report.ear} ({report.fingerprint}) on {report.tracks} tracks of {report.labels} labels.")
    print(f"Labels: {by.source}.")
    for line in _left_out(report):
        print(line)
    filtered = any(row.comparison.filtered for row in report.rows)
    plain = [row.comparison.plain for row in report.rows]
    _print_table("All neighbours", report.rows, plain, hubs=True)
    if filtered:
        others = [row.comparison.filtered for row in report.rows]
        _print_table("Neighbours by other artists only", report.rows, others)
    print(
        "\nIn brackets: where the figure would lie in 19 of 20 samples of tracks like these. * is how this ear pools."
    )


def _left_out(report: EvaluationReport) -> list[str]:
    by = report.labelling
    counted = {
        "without a label": by.unlabelled,
        "the only ones of their label": by.single,
        "labelled twice and differently": by.contradictory,
    }
    said = [f"{count} {what}" for what, count in counted.items() if count]
    lines = [f"Left out: {', '.join(said)}."] if said else []
    if by.incomplete:
        lines.append(f"{by.incomplete} rows of the table lack a path or a label.")
    for what, files in (
        ("files of the table are not there", by.missing),
        ("files of the table are not in the library; scan their folder first", by.unheard),
        ("files could not be listened to", report.unreadable),
    ):
        if files:
            some = "".join(f"\n    {printable(file)}" for file in files[:_NAMED])
            lines.append(f"{len(files)} {what}:{some}" + ("\n    ..." if len(files) > _NAMED else ""))
    return lines


def _print_table(
    title: str, rows: Sequence[EvaluationRow], found: Sequence[Retrieval | None], *, hubs: bool = False
) -> None:
    """One line for each way of making vectors, and what chance and perfection would score below."""
    first = next(f for f in found if f is not None)
    print(
        f"\n{title} ({first.queries} tracks)\n  {'':<18}{'P@5':<19}{'1-NN':<19}{'MRR':<19}{'hubness' * hubs}".rstrip()
    )
    for row, one in zip(rows, found, strict=True):
        if one is not None:
            mark, hubness = "*" if row.in_use else " ", f"{row.comparison.hubness:.1f}" * hubs
            figures = (
                _figure(one.p_at_5, one.p_at_5_interval),
                _figure(one.first, one.first_interval),
                _figure(one.mrr, one.mrr_interval),
            )
            print(f"{mark} {row.name:<18}{''.join(figures)}{hubness}".rstrip())
    print(f"  {'chance':<18}{first.chance:<19.3f}{first.chance:.3f}")
    if first.ceiling < 1.0:
        print(f"  {'the best possible':<18}{first.ceiling:<19.3f}{1.0:.3f}")


def _figure(value: float, interval: Interval) -> str:
    return f"{value:.3f} [{interval.low:.2f}, {interval.high:.2f}]".ljust(19)
