"""What a user's own playlists teach: a Track2Vec vector for each track that was heard, and next tracks to foretell."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from segue.config import CHOICE
from segue.errors import PlaylistError
from segue.train.sentences import Corpus, Integers, split, write_corpus
from segue.train.sources.playlist import SourcePlaylist, SourceTrack
from segue.train.track2vec import OnPlays, Track2VecSpec, train_vectors
from segue.values import Floats

log = logging.getLogger(__name__)

LEAST_TRACKS = 8  # fewer with a vector cannot teach anything, nor measure it
_HITS = 10
_BLOCK_QUERIES = 512
_WANTED_PLAYS = 1_000_000  # few playlists are gone through more often, or the vectors hardly leave their random start
_MOST_EPOCHS = 200
_MANY_TRACKS = 5_000  # where the most played tracks begin to drown the others and are thinned out

Playlists = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Teaching:
    """Track2Vec ``vectors`` of unit length for heard tracks; the playlists they are from, and those held out."""

    vectors: dict[str, Floats]
    learned: Playlists
    held_out: Playlists
    words: int  # tracks that Track2Vec knows, heard or not


@dataclass(frozen=True, slots=True)
class Foretold:
    """Where the real next track stood among all tracks: share in the first ten, mean of one over its rank."""

    hit10: float
    mrr: float
    queries: int
    candidates: int

    @property
    def chance(self) -> float:
        """The share in the first ten of an order drawn at random."""
        return min(1.0, _HITS / max(self.candidates - 1, 1))


def teach(
    playlists: Iterable[SourcePlaylist],
    key_of: Callable[[SourceTrack], str],
    folder: Path,
    *,
    heard: AbstractSet[str],
    seed: int = 0,
    on_plays: OnPlays | None = None,
) -> Teaching:
    """Learn Track2Vec vectors from playlists; a fifth of them is held out, to measure on.

    Tracks of the playlists that are not in the library take part as well: they say which others belong together.

    Parameters
    ----------
    playlists : iterable of SourcePlaylist
        Read once.
    key_of : callable
        The one word for a track, as `segue.train.matching.Matcher.key_of` gives it.
    folder : Path
        Where the playlists lie as numbers, and how far the training is; the same ones go on where it stopped.
    heard : set of str
        The words of the tracks that can be listened to.

    Raises
    ------
    PlaylistError
        If no two tracks stand together, or fewer than eight heard tracks get a vector.
    """

    corpus = write_corpus(playlists, folder / "playlists", key_of=key_of)
    parts = split(corpus, np.arange(len(corpus)), by="playlist", share=_share(len(corpus)), seed=seed)
    spec = _spec_for(corpus, parts.learn, seed)
    found = train_vectors(
        corpus, parts.learn, spec, checkpoint=folder / f"{_name(corpus, seed)}.npz", on_plays=on_plays
    )
    lengths = np.linalg.norm(found.vectors, axis=1)
    vectors = {
        key: np.asarray(row / length, np.float32)
        for key, row, length in zip(found.keys, found.vectors, lengths, strict=True)
        if key in heard and length > 0.0
    }
    if len(vectors) < LEAST_TRACKS:
        raise PlaylistError(
            f"{len(vectors)} tracks of the playlists are in the library ({len(found.keys)} that Track2Vec learned are"
            f" not), and at least {LEAST_TRACKS} are needed",
            remedy="Scan the music that the playlists are made of, or give more playlists of what was scanned",
        )
    return Teaching(
        vectors=vectors,
        learned=_in_library(corpus, parts.learn, heard),
        held_out=_in_library(corpus, parts.held_out, heard),
        words=len(found.keys),
    )


def foretell(
    vectors: Mapping[str, Floats],
    playlists: Sequence[Sequence[str]],
    *,
    only: AbstractSet[str] = frozenset(),
) -> Foretold:
    """Rank all tracks by their closeness to the last three heard, and look where the next one really stood.

    Parameters
    ----------
    vectors : mapping of str to (d,) float32
        Unit vectors of all candidates.
    playlists : sequence of sequences of str
        Tracks without a vector, and next tracks that were heard before, are passed over.
    only : set of str, optional
        Ask for these next tracks alone.
    """
    ids = sorted(vectors)
    matrix = np.stack([vectors[key] for key in ids])
    row_of = {key: row for row, key in enumerate(ids)}
    wanted_rows = {row_of[key] for key in only if key in row_of}
    queries: list[tuple[list[int], int]] = []
    for playlist in playlists:
        rows = [row_of[key] for key in playlist if key in row_of]
        first = {row: at for at, row in reversed(list(enumerate(rows)))}
        queries += [
            (rows[max(0, at - CHOICE.lookback) : at], rows[at])
            for at in range(1, len(rows))
            if first[rows[at]] == at and (not only or rows[at] in wanted_rows)
        ]
    ranks = np.concatenate([np.zeros(0), *(_ranks(matrix, block) for block in _blocks(queries))])
    if not len(ranks):
        return Foretold(0.0, 0.0, 0, len(ids))
    return Foretold(float((ranks <= _HITS).mean()), float((1.0 / ranks).mean()), len(ranks), len(ids))


def _ranks(matrix: Floats, queries: Sequence[tuple[list[int], int]]) -> Floats:
    """The place of each query's wanted row, 1 for the nearest; what was just heard is no candidate, ties count half."""
    asked = np.stack([matrix[heard].mean(axis=0) for heard, _ in queries])
    likeness = asked @ matrix.T  # (q, n)
    for row, (heard, _) in enumerate(queries):
        likeness[row, heard] = -np.inf
    own = likeness[np.arange(len(queries)), [wanted for _, wanted in queries]][:, None]
    level = (likeness == own).sum(axis=1) - 1
    return np.asarray((likeness > own).sum(axis=1) + 1.0 + level / 2.0, np.float32)


def _blocks(queries: Sequence[tuple[list[int], int]]) -> Iterable[Sequence[tuple[list[int], int]]]:
    return (queries[at : at + _BLOCK_QUERIES] for at in range(0, len(queries), _BLOCK_QUERIES))


def _share(playlists: int) -> float:
    """A fifth is held out; of fewer than five playlists none, for then none can be spared."""
    return 0.2 if playlists >= 5 else 0.0


def _spec_for(corpus: Corpus, lists: Integers, seed: int) -> Track2VecSpec:
    """Track2Vec's own numbers, but few playlists are read more often, and no track is too rare to count."""
    plays = int(corpus.counts(lists).sum())
    spec = Track2VecSpec(min_count=1, seed=seed)
    epochs = int(np.clip(_WANTED_PLAYS // max(plays, 1), spec.epochs, _MOST_EPOCHS))
    return replace(spec, epochs=epochs, sample=spec.sample if len(corpus.keys) >= _MANY_TRACKS else 0.0)


def _in_library(corpus: Corpus, lists: Integers, heard: AbstractSet[str]) -> Playlists:
    """The lists' tracks, without what was not heard."""
    found = ([corpus.keys[int(row)] for row in corpus.list_tokens(int(k))] for k in lists)
    return tuple(tuple(key for key in ids if key in heard) for ids in found)


def _name(corpus: Corpus, seed: int) -> str:
    """A checkpoint of its own for each set of playlists."""
    return f"track2vec-{corpus.facts.fingerprint}-{seed}"
