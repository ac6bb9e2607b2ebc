"""The user's own supervision: a head on a frozen ear in minutes, or an ear fine-tuned in under an hour."""

from __future__ import annotations

import datetime as dt
import logging
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from segue.choose.retrieval import retrieval
from segue.embed.encoder import Ear
from segue.embed.pooling import pool
from segue.errors import ParameterError
from segue.store.library import Library
from segue.train.attach import write_headed_ear
from segue.train.bundled import load_network
from segue.train.evaluate import find_epsilon, mean_tf
from segue.train.export import Card, export
from segue.train.finetune import (
    Course,
    Tuned,
    TuneSpec,
    constant_cosine,
    fine_tune,
    listen_again,
    turned,
)
from segue.train.head import Fit, HeadSpec, Lessons, fit_head
from segue.train.options import LearnSpec
from segue.train.own import (
    Foretelling,
    OnProgress,
    Outcome,
    Own,
    OwnSpec,
    bring_together,
    foretellings,
    foretold_lines,
    local_tracks,
    scanned_tracks,
)
from segue.train.speccy import encode_tracks
from segue.train.supervision import foretell
from segue.train.tracks import HearSpec, LearnTrack, group_by, hear_tracks
from segue.values import Floats, PoolingMethod, TrackId

log = logging.getLogger(__name__)

MOST_SLICES = 32  # of a track that a head learns from, spread evenly over it
WINDOWS = 8  # of a track that a personal ear learns from, spread evenly over it
_WANTED_TFS = (2.0, 7.0)
_POOLED_TRACKS = 200  # enough to choose how to pool
_EPSILON_TRACKS = 50
_FEWEST_LABELLED = 12  # held-out tracks by artists with two or more, to ask whether an artist is still recognised


@dataclass(frozen=True, slots=True)
class PersonalSpec:
    """A personal ear: whose, and how it is tuned."""

    own: OwnSpec
    tune: TuneSpec = field(default_factory=TuneSpec)
    windows: int = WINDOWS


def run_head(spec: OwnSpec, *, head: HeadSpec | None = None, on_progress: OnProgress) -> Outcome:
    """Freeze an ear, learn a head from its slice vectors to Track2Vec, and write both as one ear.

    Raises
    ------
    SegueError
        Whatever stands in the way: no playlists, nothing matched, too few tracks, a damaged ear.
    """
    spec.check()
    ear = spec.shelf.take(spec.ear)
    folder, tracks = scanned_tracks(spec, ear, on_progress=on_progress)
    slices = _slice_vectors(folder, ear, set(tracks))
    own = bring_together(spec, {key: tracks[key] for key in slices}, on_progress=on_progress)
    vectors = own.teaching.vectors
    held_out = own.held_out(sorted(vectors), seed=spec.seed)
    learn = Lessons.of(slices, vectors, sorted(vectors.keys() - held_out))
    check = Lessons.of(slices, vectors, sorted(held_out))
    weights, fit = fit_head(
        learn,
        check,
        spec=head or HeadSpec(seed=spec.seed),
        on_epoch=lambda done, most, _: on_progress("head", done, most),
    )
    placed = {key: weights.apply(rows) for key, rows in slices.items()}
    epsilon, pooling = _pooling(folder, ear, own, held_out, weights.apply)
    before, after = (foretellings(_mean(found), own.teaching, held_out) for found in (slices, placed))
    scores = _head_scores(own, fit, before, after)
    made = write_headed_ear(ear, weights, spec.card, epsilon=epsilon, pooling=pooling, scores=scores)
    lines = (
        *own.summary(),
        f"validation cosine {fit.cosine:.4f} on {len(check)} tracks of held-out artists, constant answer "
        f"{fit.constant:.4f}, ratio {fit.ratio:.3f} (its linear part alone {fit.straight:.4f})",
        *foretold_lines(before, after, names=(ear.name, spec.name)),
        f"{spec.name} {made.fingerprint}: {pooling} at epsilon {epsilon:g}",
    )
    return Outcome(spec.card, scores, lines)


def run_personal(spec: PersonalSpec, *, on_progress: OnProgress) -> Outcome:
    """Fine-tune an ear on the user's playlists; where that does not help held-out artists, nothing is written.

    Raises
    ------
    SegueError
        Whatever stands in the way: no playlists, nothing matched, too few tracks, an ear that cannot learn on.
    """
    own_spec = spec.own
    own_spec.check()
    ear = own_spec.shelf.take(own_spec.ear)
    model = load_network(ear)
    own = bring_together(own_spec, local_tracks(own_spec, on_progress=on_progress), on_progress=on_progress)
    tracks = _heard(spec, ear, own, on_progress)
    heard = listen_again(ear, tracks, own_spec.work / "heard", on_progress=on_progress)
    learn, check = _courses(own, tracks, heard, own_spec.seed)
    checkpoint = own_spec.work / "personal.npz"
    tuned = fine_tune(model, learn, check, spec=spec.tune, checkpoint=checkpoint, on_progress=on_progress)
    lines = [*own.summary(), *_tuned_lines(tuned, constant_cosine(learn, check), check)]
    scores = _tuned_scores(own, tuned, constant_cosine(learn, check))
    if tuned.best_epoch == 0:
        checkpoint.unlink(missing_ok=True)  # a next run is another training
        lines.append(f"held-out artists gained nothing: {ear.name} stays as it is, and no ear was written")
        return Outcome(None, scores, tuple(lines))
    on_progress("measuring", 0, 1)
    after = encode_tracks(model, tracks, LearnSpec(batch=spec.tune.batch, slices_a_track=max(spec.windows, 1)))
    more_scores, more_lines = _compared(own, check, tracks, (heard, after), (ear.name, own_spec.name))
    scores |= more_scores
    epsilon = _same_epsilon(ear, heard, after)
    today = dt.datetime.now(dt.UTC).date().isoformat()
    rounded = {name: round(value, 4) for name, value in scores.items()}
    card = Card(epsilon, ear.pooling, today, rounded, name=own_spec.name, mel=ear.mel)
    export(model, own_spec.card.parent, card)
    checkpoint.unlink(missing_ok=True)
    return Outcome(own_spec.card, scores, (*lines, *more_lines))


def _slice_vectors(folder: Path, ear: Ear, keys: set[str]) -> dict[str, Floats]:
    """Each track's slice vectors, ``MOST_SLICES`` at most, spread evenly."""
    found = {}
    with Library.open(folder, read_only=True) as library:
        for track_id, rows in library.iter_slice_vectors(ear.fingerprint):
            key = f"track:{track_id}"
            if key in keys:
                found[key] = rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST_SLICES)).round().astype(int)]
    return found


def _pooling(
    folder: Path, ear: Ear, own: Own, held_out: set[str], apply: Callable[[Floats], Floats]
) -> tuple[float, PoolingMethod]:
    """The epsilon whose TF-IDF foretells held-out artists' tracks best, of those at tf 2 and 7; or the plain mean."""
    rest = sorted(own.teaching.vectors.keys() - held_out)
    wanted = set([*sorted(held_out), *rest][:_POOLED_TRACKS])
    with Library.open(folder, read_only=True) as library:
        whole = {
            key: apply(rows)
            for track_id, rows in library.iter_slice_vectors(ear.fingerprint)
            if (key := f"track:{track_id}") in wanted
        }
    lists = (*own.teaching.learned, *own.teaching.held_out)

    def mrr(epsilon: float, method: PoolingMethod) -> float:
        found = pool({TrackId(key): rows for key, rows in whole.items()}, epsilon=epsilon, method=method)
        return foretell({str(key): vector for key, vector in found.items()}, lists, only=held_out).mrr

    some = list(whole.values())[:: max(1, len(whole) // _EPSILON_TRACKS)]
    epsilons = [find_epsilon(some, wanted_tf=tf) for tf in _WANTED_TFS]
    best = max(epsilons, key=lambda epsilon: mrr(epsilon, "tfidf"))
    return best, "tfidf" if mrr(best, "tfidf") > mrr(best, "mean") else "mean"


def _head_scores(own: Own, fit: Fit, before: Foretelling, after: Foretelling) -> dict[str, float]:
    return {
        **_facts(own),
        "validation_cosine": fit.cosine,
        "constant_cosine": fit.constant,
        **({"cosine_ratio": fit.ratio} if math.isfinite(fit.ratio) else {}),  # JSON knows no infinity
        "linear_cosine": fit.straight,
        **before.scores("before"),
        **after.scores("after"),
        "foretold_tracks": float(before.playlists.queries),
        "foretold_new_artists_tracks": float(before.artists.queries),
    }


def _facts(own: Own) -> dict[str, float]:
    return {
        "tracks": float(len(own.teaching.vectors)),
        "playlists": float(len(own.teaching.learned)),
        "held_out_playlists": float(len(own.teaching.held_out)),
    }


def _heard(spec: PersonalSpec, ear: Ear, own: Own, on_progress: OnProgress) -> tuple[LearnTrack, ...]:
    """The music as slices in the cache: tracks in playlists, and the others too, which keep the ear broad."""
    files = {key: track.path for key, track in own.tracks.items()}
    found = hear_tracks(
        files,
        spec.own.work / "slices",
        spec=HearSpec(ear.mel, most_slices=spec.windows),
        on_heard=lambda done, total, _: on_progress("listening", done, total),
    )
    usable = {track.key for track in found.tracks} & own.teaching.vectors.keys()
    if len(usable) < 2:
        reason = f"; the first reason: {found.failures[0]}" if found.failures else ""
        raise ParameterError(
            f"{len(usable)} tracks of the playlists could be listened to{reason}", remedy="Check the music files"
        )
    return found.tracks


def _courses(own: Own, tracks: Sequence[LearnTrack], heard: list[Floats], seed: int) -> tuple[Course, Course]:
    """What is learned from, and what is only measured on: other artists, and none of their tracks in both."""
    by_key = {track.key: rows for track, rows in zip(tracks, heard, strict=True)}
    vectors = {key: vector for key, vector in own.teaching.vectors.items() if key in by_key}
    taken = own.held_out(sorted(vectors), seed=seed)
    targets = turned(vectors, by_key, learn=sorted(vectors.keys() - taken))
    groups = {key: group_by(own.tracks[key].info, own.tracks[key].path) for key in by_key}
    apart = {groups[key] for key in taken}
    rows = [[k for k, track in enumerate(tracks) if (groups[track.key] in apart) == side] for side in (False, True)]
    learn, check = (Course(tuple(tracks[k] for k in part), [heard[k] for k in part], targets) for part in rows)
    return learn, check


def _tuned_lines(tuned: Tuned, constant: float, check: Course) -> list[str]:
    first, best = tuned.first, tuned.best
    ratio = f"{best.playlists / constant:.3f}" if constant > 0.0 else "none (the constant answer scores nothing)"
    return [
        f"validation cosine {best.playlists:.4f} on {len(check.pulled)} tracks of held-out artists, before "
        f"{first.playlists:.4f}, constant answer {constant:.4f}, ratio {ratio}",
        f"cosine to the ear as it was {best.before:.4f}; both together {best.score:.4f}, before {first.score:.4f} "
        f"(best of {tuned.epochs} epochs: {tuned.best_epoch})",
        f"{tuned.slices} slices in {tuned.seconds:.0f} s of training",
    ]


def _tuned_scores(own: Own, tuned: Tuned, constant: float) -> dict[str, float]:
    return {
        **_facts(own),
        "validation_cosine": tuned.best.playlists,
        "validation_cosine_before": tuned.first.playlists,
        "constant_cosine": constant,
        "cosine_to_before": tuned.best.before,
        "epochs": float(tuned.best_epoch),
    }


def _compared(
    own: Own,
    check: Course,
    tracks: Sequence[LearnTrack],
    heard: tuple[list[Floats], list[Floats]],
    names: tuple[str, str],
) -> tuple[dict[str, float], list[str]]:
    """Before and after: next tracks, and whether artists that were not learned from are still recognised."""
    keys = [track.key for track in tracks]
    before, after = (_mean(dict(zip(keys, rows, strict=True))) for rows in heard)
    held_out = {track.key for track in check.tracks}
    first, second = (foretellings(vectors, own.teaching, held_out) for vectors in (before, after))
    scores = {**first.scores("before"), **second.scores("after")}
    lines = foretold_lines(first, second, names=names)
    artists = {track.key: track.group for track in check.tracks}
    counts = Counter(artists.values())
    asked = [key for key in artists if counts[artists[key]] > 1]
    if len(asked) >= _FEWEST_LABELLED:
        labels = [artists[key] for key in asked]
        was, now = (retrieval(np.stack([vectors[key] for key in asked]), labels) for vectors in (before, after))
        scores |= {"before_artist_p_at_5": was.p_at_5, "after_artist_p_at_5": now.p_at_5}
        lines.append(
            f"same artist among the five nearest, {len(asked)} held-out tracks: {names[0]} {was.p_at_5:.3f}, "
            f"{names[1]} {now.p_at_5:.3f}, chance {was.chance:.3f}"
        )
    return scores, lines


def _same_epsilon(ear: Ear, before: list[Floats], after: list[Floats]) -> float:
    """The epsilon at which as many slices are the same as the card's makes for the ear before."""
    few = slice(None, None, max(1, len(before) // _EPSILON_TRACKS))
    wanted = mean_tf(before[few], epsilon=ear.epsilon)
    return ear.epsilon if wanted < 1.05 else find_epsilon(after[few], wanted_tf=wanted)


def _mean(slices: dict[str, Floats]) -> dict[str, Floats]:
    """Each track's slice vectors as one, unit length, all slices alike."""
    found = {}
    for key, rows in slices.items():
        middle = rows.mean(axis=0)
        found[key] = np.asarray(middle / max(float(np.linalg.norm(middle)), 1e-9), np.float32)
    return found
