"""`segue models`: the ears there are, and which of them the library goes by."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from segue import ears
from segue.cli.answers import Bar, print_json, say
from segue.cli.words import action, at_least, path_named
from segue.config import SCAN, ScanSpec, describe
from segue.embed.shelf import Shelf, scores_of
from segue.errors import EmptyLibraryError, ParameterError, printable
from segue.labelling import Labelling, label_by_table, label_by_tags
from segue.store.ingest import ScanOptions
from segue.store.library import Library
from segue.tagging import Tags

PURPOSE = "list the ears there are, compare them, and choose one"

_HEAD = ("", "name", "from", "numbers", "size", "ms a slice", "heard", "P@5", "fingerprint")
_RETRIEVAL = ("p_at_5", "first", "mrr")
_COMPARED = (
    *("name", "P@5", "1-NN", "MRR", "others' P@5", "1-NN", "MRR"),
    *("hubness", "numbers", "size", "ms a slice"),
)
_SHOWN = 3  # files named where many could be


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command, and of what it can do."""
    parser.set_defaults(action=_list)
    actions = parser.add_subparsers(title="what to do (default: list them)", metavar="ACTION")
    add = action(actions, "add", _add, "copy an ear that was trained elsewhere into the data folder")
    add.add_argument(
        "card", type=path_named, metavar="PATH.json", help="its card; the network PATH.onnx lies beside it"
    )
    add.add_argument("--name", help="what to call it (default: as its file is called)")
    select = action(actions, "select", _select, "let an ear hear the library, and then go by it")
    select.add_argument("name", help="one of those that `segue models` lists")
    select.add_argument("--workers", type=at_least(0), default=SCAN.workers, help=describe(ScanSpec, "workers"))
    select.add_argument(
        "--anyway", action="store_true", help="go by it even if many of the tracks are out of reach now"
    )
    compare = action(actions, "compare", _compare, "measure two ears on this library, side by side")
    compare.add_argument("names", nargs=2, metavar="NAME", help="two of those that `segue models` lists")
    compare.add_argument(
        "--labels",
        type=path_named,
        metavar="CSV",
        help="a table path,label,artist (default: the files' own tags)",
    )
    forget = action(actions, "forget", _forget, "drop what an ear has heard of the library")
    forget.add_argument("name", help="its name or fingerprint, as `segue models` lists them")
    forget.add_argument("--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace) -> int:
    """Do what was asked for and return the exit code."""
    return int(args.action(args))


# The list -------------------------------------------------------------------------------------------------------------


def _list(args: argparse.Namespace) -> int:
    with TemporaryDirectory(prefix="segue-") as nowhere:
        try:
            with Library.open(args.data, read_only=True) as library:
                rows = ears.list_ears(ears.shelf_of(args.data), library)
                tracks = library.counts().tracks
        except EmptyLibraryError:  # and no data folder is made, only to look at the ears
            rows, tracks = ears.list_ears(Shelf(args.data / "models", Path(nowhere)), None), 0
        listed = [_row(row) for row in rows]
    if args.json:
        print_json({"tracks": tracks, "ears": listed})
        return 0
    _print_table([_HEAD, *(_cells(row, tracks) for row in listed)])
    for row in listed:
        if row["error"]:
            print(f"segue: {row['name']}: {row['error']}", file=sys.stderr)
    return 0


def _row(row: ears.EarRow) -> dict[str, Any]:
    ear = row.ear
    return {
        "name": row.name,
        "kind": row.kind,
        "in_use": row.in_use,
        "fingerprint": None if row.fingerprint is None else str(row.fingerprint),
        "dimension": None if ear is None else ear.dimension,
        "most_slices": None if ear is None else ear.most_slices,
        "size_bytes": row.size_bytes,
        "ms_a_slice": None if row.ms_a_slice is None else round(row.ms_a_slice, 3),
        "tracks": row.tracks,
        "scores": {} if ear is None else dict(scores_of(ear)),
        "error": None if row.error is None else str(row.error),
    }


def _cells(row: dict[str, Any], tracks: int) -> tuple[str, ...]:
    size, cost = row["size_bytes"], row["ms_a_slice"]
    precision = next((row["scores"][key] for key in _precision_keys(row["name"]) if key in row["scores"]), None)
    return (
        "*" if row["in_use"] else "",
        row["name"] or "?",
        row["kind"],
        str(row["dimension"] or "-"),
        "-" if size is None else f"{size / 1e6:.1f} MB",
        "-" if cost is None else f"{cost:.1f}",
        f"{row['tracks']} of {tracks}",
        "-" if precision is None else f"{precision:.2f}",
        row["fingerprint"] or "-",
    )


def _precision_keys(name: str) -> tuple[str, ...]:
    """What cards call the share of the five nearest that are of a track's own kind, the bundled pooling's first."""
    return (f"{name}_tfidf_p_at_5", f"{name}_p_at_5", "p_at_5")


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


# Adding, choosing, forgetting -----------------------------------------------------------------------------------------


def _add(args: argparse.Namespace) -> int:
    ear = ears.shelf_of(args.data).add(args.card, name=args.name)
    facts = {"name": ear.name, "fingerprint": str(ear.fingerprint), "file": printable(ear.network)}
    say(
        facts,
        f"{ear.name} ({ear.fingerprint}) is here now. Let the library go by it: segue models select {ear.name}",
        as_json=args.json,
    )
    return 0


def _select(args: argparse.Namespace) -> int:
    options = ScanOptions(settings=replace(SCAN, workers=args.workers))
    with Library.open(args.data) as library, Bar(quiet=args.json) as bar:
        selection = ears.select(
            library, ears.shelf_of(args.data), args.name, options=options, anyway=args.anyway, on_progress=bar.show
        )
        if selection.switched:
            ear = selection.ear
            Tags(library, lambda: ears.InUse(ear.fingerprint, ear.name, ear), read_only=False).renew(ear)
    result = selection.result
    facts = {
        "name": selection.ear.name,
        "fingerprint": str(selection.ear.fingerprint),
        "switched": selection.switched,
        "tracks": result.tracks,
        "heard": result.heard,
        "known": result.known,
        "missing": result.missing,
        "away": [printable(path) for path in result.away],
        "changed": [printable(path) for path in result.changed],
        "failures": [{"path": printable(f.path), "what": f.message, "remedy": f.remedy} for f in result.failures],
        "seconds": round(result.seconds, 2),
    }
    if not args.json:
        for failure in result.failures:
            print(f"segue: {failure}", file=sys.stderr)
    say(facts, _told(selection), as_json=args.json)
    return 0 if selection.switched else 1


def _told(selection: ears.Selection) -> str:
    """In words: what was heard, what is missing and why, and which ear the library goes by."""
    result, name = selection.result, selection.ear.name
    lines = []
    if result.tracks:
        lines.append(
            f"{result.heard} tracks heard by {name} in {result.seconds:.0f} s, {result.known} before;"
            f" {result.missing} of {result.tracks} are missing"
        )
    if result.away:
        lines.append(f"{len(result.away)} are not there, or cannot be read: {_some(result.away)}")
    if result.changed:
        lines.append(f"{len(result.changed)} are other files than were scanned; scan again: {_some(result.changed)}")
    if selection.switched and result.missing:
        lines.append(
            f"The library goes by {name} now. The missing ones can be searched for and played, but are not chosen"
            f" until {name} has heard them: when they are back, scan them or select {name} again"
        )
    elif selection.switched:
        lines.append(f"The library goes by {name} now" + ("" if result.tracks else "; the next scan listens with it"))
    else:
        before = selection.before.name or selection.before.fingerprint
        lines.append(
            f"The library still goes by {before}, since too many are missing. Connect their drive, or scan, and select"
            f" {name} again; or go without them: --anyway"
        )
    return ".\n".join(lines) + "."


def _some(paths: tuple[Path, ...]) -> str:
    named = ", ".join(printable(path) for path in paths[:_SHOWN])
    return named + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")


def _compare(args: argparse.Namespace) -> int:
    with Library.open(args.data, read_only=True) as library:
        labels = _labels(args.labels, library)
        found = ears.compare_ears(library, ears.shelf_of(args.data), tuple(args.names), labels=labels)
    rows = [_measured_row(measured) for measured in found.ears]
    if args.json:
        facts = {"tracks": found.tracks, "labelled": found.labelled, "labels": labels and labels.source}
        print_json({**facts, "agreement": round(found.agreement, 4), "chance": round(found.chance, 4), "ears": rows})
        return 0
    _print_table([_COMPARED, *(_measured_cells(row) for row in rows)])
    if labels is not None:
        strays = len(labels.missing) + len(labels.unheard)
        unmatched = f"; {strays} files of the table are not in the library" if strays else ""
        compared = f"{found.labelled} of the {found.tracks} tracks that both heard{unmatched}"
        print(f"P@5, 1-NN and MRR by {labels.source}: {compared}.")
    print(f"Of a track's ten nearest, the two have {found.agreement:.0%} in common ({found.chance:.0%} by chance).")
    return 0


def _labels(path: Path | None, library: Library) -> Labelling | None:
    tracks = library.tracks()
    if path is not None:
        return label_by_table(tracks, path)
    try:
        return label_by_tags(tracks, "auto")
    except ParameterError as error:
        print(f"segue: {error}", file=sys.stderr)
        return None


def _measured_row(measured: ears.Measured) -> dict[str, Any]:
    return {
        "name": measured.ear.name,
        "fingerprint": str(measured.ear.fingerprint),
        "tracks": measured.tracks,
        "dimension": measured.ear.dimension,
        "size_bytes": measured.size_bytes,
        "ms_a_slice": round(measured.ms_a_slice, 3),
        "scores": None if measured.scores is None else asdict(measured.scores),
    }


def _measured_cells(row: dict[str, Any]) -> tuple[str, ...]:
    scores = row["scores"] or {"plain": None, "filtered": None, "hubness": None}
    figures = [scores[part][key] if scores[part] else None for part in ("plain", "filtered") for key in _RETRIEVAL]
    return (
        row["name"],
        *("-" if figure is None else f"{figure:.3f}" for figure in (*figures, scores["hubness"])),
        str(row["dimension"]),
        f"{row['size_bytes'] / 1e6:.1f} MB",
        f"{row['ms_a_slice']:.1f}",
    )


def _forget(args: argparse.Namespace) -> int:
    with Library.open(args.data) as library:
        shelf = ears.shelf_of(args.data)
        by = ears.heard_by(library, shelf, args.name)
        ears.check_not_in_use(library, shelf, by)
        question = f"Forget what {by.name or 'the ear'} ({by.fingerprint}) has heard of {by.tracks} tracks? [y/N] "
        if not args.yes and not _agrees(question):
            print("Nothing was forgotten.", file=sys.stderr)
            return 1
        count = ears.forget(library, shelf, by)
    say(
        {"fingerprint": str(by.fingerprint), "name": by.name, "tracks": count},
        f"What {by.name or by.fingerprint} had heard of {count} tracks is forgotten.",
        as_json=args.json,
    )
    return 0


def _agrees(question: str) -> bool:
    print(question, end="", file=sys.stderr, flush=True)
    try:
        return input().strip().lower() in ("y", "yes")
    except EOFError:  # nobody is there to be asked
        print(file=sys.stderr)
        return False
