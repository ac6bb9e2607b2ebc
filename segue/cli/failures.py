"""Files that could not be heard, in words: each by itself if there are few, the kinds of them if there are many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from segue.errors import kind_words, printable
from segue.values import ScanFailure

_EACH = 3
"""So many of a kind are named one by one; of more, so many are examples."""


def failure_lines(failures: Sequence[ScanFailure]) -> Iterator[str]:
    """What to say about the files that could not be heard, the most frequent kind last, where it is seen."""
    by_kind = [list(some) for _, some in groupby(sorted(failures, key=_kind_and_path), key=lambda f: f.kind)]
    for some in sorted(by_kind, key=len):
        if len(some) <= _EACH:
            yield from map(str, some)
            continue
        endings = Counter(failure.path.suffix.lower() or "no ending" for failure in some)
        kinds = ", ".join(f"{count:,} {ending}" for ending, count in endings.most_common(_EACH))
        rest = ", ..." if len(endings) > _EACH else ""
        what = kind_words(some[0].kind)
        yield f"{len(some):,} files {what} ({kinds}{rest}), the first of them:"
        yield from (f"    {failure}" for failure in some[:_EACH])
    if any(len(some) > _EACH for some in by_kind):
        yield "The whole list is in the booth, and in the answer to --json"


def failure_rows(failures: Sequence[ScanFailure]) -> list[dict[str, str]]:
    """The same for JSON, each file by itself."""
    return [{"path": printable(f.path), "kind": f.kind, "what": f.message, "remedy": f.remedy} for f in failures]


def _kind_and_path(failure: ScanFailure) -> tuple[str, str]:
    return failure.kind, str(failure.path)
