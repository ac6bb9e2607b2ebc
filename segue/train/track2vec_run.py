"""The whole of Track2Vec: playlists in, a model, its scores on held-out playlists and its card out; resumable."""

from __future__ import annotations

import datetime as dt
import json
import logging
import platform
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from segue import __version__
from segue.errors import ParameterError
from segue.files import atomic_write
from segue.train.held_out import (
    RECENT_DAYS,
    CoOccurrence,
    Scores,
    draw_queries,
    likeness,
    popularity,
    recent_popularity,
    score,
    what_follows,
)
from segue.train.sentences import Corpus, CorpusFacts, Integers, Split, split, write_corpus
from segue.train.sources.playlist import SourcePlaylist, SourceTrack
from segue.train.track2vec import (
    GENSIM_VERSION,
    OnPlays,
    Track2VecSpec,
    TrackVectors,
    fingerprint_of,
    save_vectors,
    train_vectors,
)

log = logging.getLogger(__name__)

CARD = "track2vec.json"
MARKDOWN = "track2vec.md"
_WORK = ".work"


@dataclass(frozen=True, slots=True)
class RunSpec:
    """Where the model goes, and how it is judged."""

    out: Path
    split: Split = field(default="playlist", metadata={"doc": "hold out playlists at random, or the last by date"})
    hold_out: float = field(default=0.1, metadata={"doc": "share of the playlists held out; 0: learn all, score none"})
    judge_by: Literal["held-out", "validation"] = field(
        default="held-out", metadata={"doc": "validation: for choosing settings; the held-out playlists stay untouched"}
    )
    lookback: int = field(default=20, metadata={"doc": "how many of the last tracks foretell the next one"})
    queries: int = field(default=10_000, metadata={"doc": "next tracks to foretell at most, drawn at random"})
    fresh: bool = field(default=False, metadata={"doc": "forget the checkpoint of an unfinished training"})

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if not 0.0 <= self.hold_out < 1.0:
            raise ParameterError(f"hold_out is {self.hold_out}", remedy="Give 0 to less than 1")
        if self.lookback < 1 or self.queries < 1:
            raise ParameterError(
                f"lookback is {self.lookback}, queries is {self.queries}", remedy="Give 1 or more of each"
            )


@dataclass(frozen=True, slots=True)
class Judged:
    """Who foretold, from how many of the last tracks, and how well."""

    name: str
    lookback: int
    scores: Scores


@dataclass(frozen=True, slots=True)
class Report:
    """What the card holds."""

    facts: CorpusFacts
    learned_playlists: int
    learned_tracks: int
    spec: Track2VecSpec
    run: RunSpec
    fingerprint: str
    sources: tuple[str, ...]
    held_out_playlists: int = 0
    held_out_from: str = ""
    queries: int = 0
    answerable: int = 0
    possible_queries: int = 0
    repeats: int = 0
    judged: tuple[Judged, ...] = ()


def learn(
    playlists: Iterable[SourcePlaylist],
    spec: Track2VecSpec,
    run: RunSpec,
    *,
    key_of: Callable[[SourceTrack], str],
    sources: Sequence[str] = (),
    on_plays: OnPlays | None = None,
) -> Report:
    """Read the playlists, train, judge, and leave model and card in ``run.out``; a killed run goes on where it was.

    Raises
    ------
    PlaylistError
        If there is too little to learn from, or to hold out.
    ModelError
        If the training diverged, or an unfinished one had other settings or playlists.
    FileAccessError
        If ``run.out`` cannot be written to.
    """
    work = run.out / _WORK
    if run.fresh:
        shutil.rmtree(work, ignore_errors=True)
    corpus = write_corpus(playlists, work / "playlists", key_of=key_of)
    everything = np.arange(len(corpus))
    parts = split(corpus, everything, by=run.split, share=run.hold_out, seed=spec.seed)
    if run.judge_by == "validation":
        parts = split(corpus, parts.learn, by=run.split, share=run.hold_out, seed=spec.seed + 1)
    model = train_vectors(corpus, parts.learn, spec, checkpoint=work / "checkpoint.npz", on_plays=on_plays)
    report = Report(
        facts=corpus.facts,
        learned_playlists=len(parts.learn),
        learned_tracks=len(model),
        spec=spec,
        run=run,
        fingerprint=fingerprint_of(model),
        sources=tuple(sources),
        held_out_playlists=len(parts.held_out),
        held_out_from=parts.first_held_out_date,
        **(_judge(corpus, parts.learn, parts.held_out, model, spec, run) if len(parts.held_out) else {}),
    )
    save_vectors(model, run.out)
    _write_card(report, run.out)
    shutil.rmtree(work)
    return report


def _judge(
    corpus: Corpus, learned: Integers, held_out: Integers, model: TrackVectors, spec: Track2VecSpec, run: RunSpec
) -> dict[str, Any]:
    """Rank the same next tracks by every method; the report's fields about it."""
    queries = draw_queries(corpus, held_out, model, most=run.queries, seed=spec.seed)
    together = CoOccurrence(corpus, learned, model)
    far = run.lookback
    rankers = [
        ("popularity", 0, popularity(model.plays)),
        *(
            [(f"popularity, last {RECENT_DAYS} days", 0, recent_popularity(corpus, learned, model))]
            if run.split == "date"
            else []
        ),
        *(("co-occurrence, share of lists", k, together.ranker(cosine=False, lookback=k)) for k in sorted({1, far})),
        *(("co-occurrence, cosine", k, together.ranker(cosine=True, lookback=k)) for k in sorted({1, far})),
        *(("Track2Vec, likeness", k, likeness(model, lookback=k)) for k in sorted({1, far})),
        *(("Track2Vec, what follows", k, what_follows(model, lookback=k)) for k in sorted({1, far})),
    ]
    judged = []
    for name, lookback, ranker in rankers:
        judged.append(Judged(name, lookback, score(queries, ranker, model.plays)))
        log.info("%s, last %d: hit@10 %.4f", name, lookback, judged[-1].scores.hit10)
    return {
        "queries": len(queries.drawn),
        "answerable": sum(query.wanted >= 0 for query in queries.drawn),
        "possible_queries": queries.possible,
        "repeats": queries.repeats,
        "judged": tuple(judged),
    }


def table(report: Report) -> str:
    """The scores as a Markdown table, hits in per cent, with each method's ratio to popularity."""
    if not report.judged:
        return "No playlists were held out: there are no scores."
    base = report.judged[0].scores.hit10
    lines = [
        "| foretold by | last tracks | hit@10 | x popularity | MRR | median rank | hit@10, all | MRR, all |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in report.judged:
        s = row.scores
        ratio = f"{s.hit10 / base:.1f}" if base > 0 else "-"
        lines.append(
            f"| {row.name} | {row.lookback or '-'} | {100 * s.hit10:.2f} % | {ratio} | {s.mrr:.4f} "
            f"| {s.median_rank:.0f} | {100 * s.hit10_all:.2f} % | {s.mrr_all:.4f} |"
        )
    return "\n".join(lines)


def describe_queries(report: Report) -> str:
    """What was asked, in words."""
    if not report.judged:
        return ""
    since = f" (from {report.held_out_from} on)" if report.held_out_from else ""
    return (
        f"{report.queries} next tracks of {report.held_out_playlists} {report.run.judge_by} playlists{since}, of "
        f"{report.possible_queries} there are; {report.repeats} that had been heard before are no questions. "
        f"{report.answerable} of them ({100 * report.answerable / report.queries:.0f} %) were learned at all: the "
        f"first figures are over these, the last two over all, where a track never learned is a miss for all. Each is "
        f"ranked among all {report.learned_tracks} tracks that were not heard before it in its playlist."
    )


def _write_card(report: Report, folder: Path) -> None:
    facts = {
        **asdict(report),
        "run": {name: value for name, value in asdict(report.run).items() if name not in ("out", "fresh")},
        "versions": _versions(),
        "trained": dt.datetime.now(dt.UTC).date().isoformat(),
        "same_again": report.spec.workers == 1,
    }
    with atomic_write(folder / CARD) as partial:
        partial.write_text(json.dumps(_finite(facts), indent=2) + "\n", encoding="utf-8")
    with atomic_write(folder / MARKDOWN) as partial:
        partial.write_text(_markdown(report, str(facts["trained"])), encoding="utf-8")


def _finite(value: Any) -> Any:
    """JSON knows no NaN: a median rank of nothing is null."""
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _versions() -> dict[str, str]:
    return {
        "segue": __version__,
        "gensim": GENSIM_VERSION,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def _markdown(report: Report, trained: str) -> str:
    facts, spec = asdict(report.facts), asdict(report.spec)
    again = "the same seed and playlists give the same vectors" if report.spec.workers == 1 else "not repeatable"
    return "\n".join(
        [
            f"# Track2Vec model {report.fingerprint}",
            "",
            f"Trained {trained}; {', '.join(f'{n} {v}' for n, v in _versions().items())}; {again}.",
            f"{report.learned_tracks} tracks learned from {report.learned_playlists} playlists.",
            "",
            "## Scores",
            "",
            describe_queries(report),
            "",
            table(report),
            "",
            "## Playlists",
            "",
            *(f"- {source}" for source in report.sources),
            "",
            *(f"- {name.replace('_', ' ')}: {value}" for name, value in facts.items()),
            "",
            "## Settings",
            "",
            *(f"- {name.replace('_', ' ')}: {value}" for name, value in spec.items()),
            "",
        ]
    )
