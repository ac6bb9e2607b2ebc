"""Speccy from nothing but music and where playlists put it: find the files, hear them, learn, measure, export."""

from __future__ import annotations

import datetime as dt
import logging
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np

from segue.choose.retrieval import retrieval
from segue.config import MelSpec
from segue.errors import FileAccessError, ModelError, ParameterError
from segue.train.architectures import front_end
from segue.train.evaluate import find_epsilon, mean_vectors
from segue.train.export import Card, export
from segue.train.local import LocalTrack
from segue.train.matching import LocalIndex
from segue.train.options import LearnSpec
from segue.train.own import OnProgress, Outcome, OwnSpec, bring_together, local_tracks
from segue.train.sources.playlist import SourceTrack
from segue.train.speccy import Score, SpeccyTrainer, encode_tracks, use_all_devices
from segue.train.track2vec import load_vectors
from segue.train.tracks import HearSpec, Split, hear_tracks, pair, split_by_group
from segue.values import Floats

log = logging.getLogger(__name__)

WINDOWS = 16
"""Slices of a track to learn from, spread evenly over it: more of the same track teach little more."""
FEWEST_TRACKS = 8
_WANTED_TF = 2.0  # how many of its kind a slice has in its track, itself included, for the ear's epsilon
_EPSILON_TRACKS = 100


@dataclass(frozen=True, slots=True)
class SupervisedSpec:
    """Music and what to learn of it: from the playlists that ``own`` names, or from ``vectors`` made before."""

    own: OwnSpec
    learn: LearnSpec = field(default_factory=LearnSpec)
    vectors: Path | None = None
    windows: int = WINDOWS


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Files by key, and the Track2Vec vector of each; ``lines`` say how they were found."""

    files: Mapping[str, Path]
    targets: Mapping[str, Floats]
    lines: tuple[str, ...]


def run_supervised(spec: SupervisedSpec, *, on_progress: OnProgress) -> Outcome:
    """Go the whole way, and leave an ear; stopped at any moment, the same call goes on.

    Raises
    ------
    SegueError
        Whatever stands in the way: no vectors, no music of theirs, one artist only, a loss that is no number.
    """
    spec.own.check()
    mel = front_end(spec.learn.arch)  # refuses an unknown architecture before anything is heard
    use_all_devices(spec.learn.batch)
    lesson = find_lesson(spec, on_progress=on_progress)
    (split,), failed = hear_lesson(lesson, spec, (mel,), on_progress=on_progress)
    trainer = SpeccyTrainer(spec.own.work / f"speccy-{spec.learn.arch}-{spec.learn.loss}", split, spec.learn)
    score = trainer.train(lambda epoch: on_progress(f"{epoch.score}", epoch.number, epoch.of))
    model = trainer.finished_model()
    scores = {**_scores(model, split, spec.learn, score), "epochs": float(trainer.best_epoch)}
    today = dt.datetime.now(dt.UTC).date().isoformat()
    rounded = {name: round(value, 4) for name, value in scores.items()}
    some = split.learn.tracks[:_EPSILON_TRACKS]
    every = LearnSpec(batch=spec.learn.batch, slices_a_track=max(track.slices for track in some))
    epsilon = find_epsilon(encode_tracks(model, some, every), wanted_tf=_WANTED_TF)
    card = Card(epsilon, "tfidf", today, rounded, name=spec.own.name, mel=mel)
    path = export(model, spec.own.card.parent, card)
    counts = f"{len(split.learn)} tracks learned from, {len(split.held_out)} of other artists held out, {failed} failed"
    return Outcome(path, rounded, (*lesson.lines, counts, str(score)))


def find_lesson(spec: SupervisedSpec, *, on_progress: OnProgress) -> Lesson:
    """The files that can be learned from and their vectors.

    Raises
    ------
    PlaylistError
        If the playlists teach nothing about the music.
    ParameterError
        If fewer than eight of the vectors belong to a file.
    """
    tracks = local_tracks(spec.own, on_progress=on_progress)
    if spec.vectors is None:
        own = bring_together(spec.own, tracks, on_progress=on_progress)
        targets: Mapping[str, Floats] = own.teaching.vectors
        return Lesson({key: tracks[key].path for key in targets}, targets, tuple(own.summary()))
    targets, names = read_targets(spec.vectors)
    files = find_files(names, tracks)
    if len(files) < FEWEST_TRACKS:
        raise ParameterError(
            f"{len(files)} of {len(targets)} vectors belong to one of {len(tracks)} files, and {FEWEST_TRACKS} are "
            "needed",
            remedy="Name the music that the playlists are made of",
        )
    return Lesson(files, targets, (f"{len(files)} of {len(targets)} vectors belong to one of {len(tracks)} files",))


def hear_lesson(
    lesson: Lesson, spec: SupervisedSpec, mels: Sequence[MelSpec], *, on_progress: OnProgress
) -> tuple[list[Split], int]:
    """A split for each front end, all of the same tracks on the same sides; and how many files failed."""
    found = []
    for mel in mels:
        heard = hear_tracks(
            lesson.files,
            spec.own.work / "slices",
            spec=HearSpec(mel=mel, most_slices=spec.windows),
            on_heard=lambda done, total, _: on_progress("hearing", done, total),
        )
        found.append(pair(heard.tracks, lesson.targets))
    common = set.intersection(*({track.key for track in part.tracks} for part in found))
    splits = []
    for part in found:
        both = part.subset([row for row, track in enumerate(part.tracks) if track.key in common])
        rng = np.random.default_rng(spec.own.seed)
        splits.append(split_by_group(both, share=spec.learn.hold_out, rng=rng))
    return splits, len(lesson.files) - len(common)


def read_targets(path: Path) -> tuple[dict[str, Floats], dict[str, tuple[str, str]]]:
    """Vectors by key, and what is known of each track's artist and title: a Track2Vec folder, or an ``.npz`` file.

    The file holds ``ids`` (n,) and ``vectors`` (n, d), or an array for each id; an id is a file's place, or
    "artist - title".

    Raises
    ------
    FileAccessError, ModelError
        If nothing is there, or something else.
    """
    if path.is_dir():
        found = load_vectors(path)
        return dict(zip(found.keys, found.vectors, strict=True)), dict(zip(found.keys, found.names, strict=True))
    try:
        with path.open("rb") as file, np.lib.npyio.NpzFile(file, allow_pickle=False) as stored:
            if {"ids", "vectors"} <= set(stored.files):
                targets = dict(zip((str(key) for key in stored["ids"]), stored["vectors"], strict=True))
            else:
                targets = {key: np.asarray(stored[key], np.float32) for key in stored.files}
    except FileNotFoundError as error:
        raise FileAccessError("there are no vectors", remedy="Make them with train_track2vec.py", path=path) from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"these are no vectors ({error})", remedy="Give a folder or an .npz", path=path) from error
    if not targets or len({np.shape(vector) for vector in targets.values()} | {()}) != 2:
        raise ModelError("the vectors are not of one length, or none", remedy="Make them anew", path=path)
    names = {key: (artist, title) if dash else ("", "") for key in targets for artist, dash, title in [_parted(key)]}
    return targets, names


def find_files(names: Mapping[str, tuple[str, str]], tracks: Mapping[str, LocalTrack]) -> dict[str, Path]:
    """The file of each track that is here: by the library's own word for it, its place, or artist and title."""
    index = LocalIndex(tracks.values())
    found: dict[str, Path] = {}
    for key, (artist, title) in names.items():
        known = tracks.get(key)
        place = None if "\0" in key or key.startswith(("track:", "name:")) else Path(key.removeprefix("path:"))
        match = known or index.find(SourceTrack(artist=artist, title=title, path=place)).track
        if match is not None:
            found[key] = match.path
    return found


def _parted(key: str) -> tuple[str, str, str]:
    return key.partition(" - ")


def _scores(model: keras.Model, split: Split, learn: LearnSpec, score: Score) -> dict[str, float]:
    """What the card states, with retrieval of the same artist among the held-out tracks where there are enough."""
    scores = {
        "validation_cosine": score.cosine,
        "constant_cosine": score.constant,
        "ratio": score.ratio,
        "track_cosine": score.tracks,
        "tracks": float(len(split.learn)),
        "held_out_tracks": float(len(split.held_out)),
    }
    found = same_group(model, split, learn)
    return scores if found is None else {**scores, "artist_p_at_5": found}


def same_group(model: keras.Model, split: Split, learn: LearnSpec) -> float | None:
    """Of the five nearest held-out tracks, the share by the same artist (or album, or folder); None of too few."""
    tracks = split.held_out.tracks
    if len(tracks) <= 5:
        return None
    return float(retrieval(mean_vectors(encode_tracks(model, tracks, learn)), split.held_out.groups).p_at_5)
