"""Track2Vec: word2vec (gensim) over playlists, so that tracks which people put together lie together."""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import gensim
import numpy as np
from gensim.models import KeyedVectors, Word2Vec
from numpy.typing import NDArray

from segue.errors import FileAccessError, ModelError, ParameterError, PlaylistError
from segue.files import access_error, atomic_write
from segue.train.options import MOST_SEED
from segue.train.sentences import Corpus, Integers, Sentences
from segue.values import Floats

log = logging.getLogger(__name__)

GENSIM_VERSION = str(gensim.__version__)
NAME = "track2vec.kv"
_VECTORS, _OUTPUTS, _TRACKS = f"{NAME}.vectors.npy", "track2vec.outputs.npy", "track2vec.tracks.jsonl"
_LAST_RATE = 1e-4
_THINNED_OF_AVERAGE = 1 / 3  # few tracks have large shares each: those of average plays lose a tenth at most
_AT_MOST = {"size": 10_000, "workers": 1000, "seed": MOST_SEED}
_WIDEST_BAG = 200  # in a shuffled list so many neighbours are a fair draw of all pairs; more cost time only


def _option(default: Any, doc: str) -> Any:
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, slots=True)
class Track2VecSpec:
    """How Track2Vec learns. The defaults are what ranked held-out next tracks best, see docs/track2vec.md."""

    order: Literal["list", "bag"] = _option(
        "list", "list: neighbours in the order of play; bag: all tracks of a list, in any order"
    )
    window: int = _option(20, "tracks to either side that count as neighbours (order list)")
    min_count: int = _option(5, "rarer tracks are left out")
    size: int = _option(100, "numbers in a vector")
    skip_gram: bool = _option(True, "predict neighbours from the track (skip-gram), not the track from neighbours")
    epochs: int = _option(20, "passes over the playlists")
    negative: int = _option(10, "random tracks that each neighbour is told from")
    ns_exponent: float = _option(0.75, "random tracks come in proportion to their plays to this power; -1 to 1")
    sample: float = _option(1e-4, "tracks with a larger share of all plays are thinned out; never average ones")
    rate: float = _option(0.025, "learning rate at the start; it falls evenly to almost nothing")
    workers: int = _option(1, "threads; with one, the same seed gives the same vectors")
    seed: int = _option(0, "seed of all that is random")

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        at_least = {"window": 1, "min_count": 1, "size": 2, "epochs": 1, "negative": 1, "workers": 1, "seed": 0}
        for name, least in at_least.items():
            if getattr(self, name) < least:
                raise ParameterError(f"{name} is {getattr(self, name)}", remedy=f"Give {least} or more")
        for name, most in _AT_MOST.items():
            if getattr(self, name) > most:
                raise ParameterError(f"{name} is {getattr(self, name)}", remedy=f"Give {most} or less")
        if not -1.0 <= self.ns_exponent <= 1.0:
            raise ParameterError(f"ns_exponent is {self.ns_exponent}", remedy="Give -1 to 1")
        if not 0.0 < self.rate <= 1.0:
            raise ParameterError(f"rate is {self.rate}", remedy="Give more than 0, at most 1")
        if not 0.0 <= self.sample <= 1.0:
            raise ParameterError(f"sample is {self.sample}", remedy="Give 0 (nothing is thinned out) to 1")


@dataclass(frozen=True, slots=True, eq=False)
class TrackVectors:
    """Row k belongs to ``keys[k]``, most played first; ``vectors`` say what it is like, ``outputs`` what it follows."""

    keys: list[str]
    names: list[tuple[str, str]]  # artist and title
    plays: Integers  # (n,)
    vectors: Floats  # (n, d)
    outputs: Floats  # (n, d)

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Tracks played often enough to be learned: ``rows`` (n,) of the corpus, most played first, and their plays."""

    rows: Integers
    plays: Integers


OnPlays = Callable[[int, int, int], None]
"""Told, as training goes on: the epoch, the plays so far in it, and the plays of an epoch."""


def find_vocabulary(corpus: Corpus, lists: Integers, *, min_count: int) -> Vocabulary:
    """The tracks with ``min_count`` plays or more in these lists.

    Raises
    ------
    PlaylistError
        If there are not two of them; it says how many there would be at which min count.
    """
    counts = corpus.counts(lists)
    ranked = np.argsort(-counts, kind="stable")
    rows = ranked[: int((counts >= min_count).sum())]
    if len(rows) < 2:
        survivors = ", ".join(f"{(counts >= m).sum()} at {m}" for m in range(1, min(min_count, 5) + 1))
        raise PlaylistError(
            f"{len(rows)} tracks are played {min_count} times or more in {len(lists)} playlists",
            remedy=f"Give more playlists, or a smaller --min-count (tracks left: {survivors})",
        )
    return Vocabulary(rows, counts[rows])


def train_vectors(
    corpus: Corpus,
    lists: Integers,
    spec: Track2VecSpec,
    *,
    checkpoint: Path | None = None,
    on_plays: OnPlays | None = None,
) -> TrackVectors:
    """Learn vectors from these lists; with a ``checkpoint`` file, go on after the last whole epoch it holds.

    Raises
    ------
    PlaylistError
        If too few tracks are played often enough.
    ModelError
        If the checkpoint is of another training or damaged, or the training diverged.
    """
    vocabulary = find_vocabulary(corpus, lists, min_count=spec.min_count)
    kept = np.zeros(len(corpus.keys), bool)
    kept[vocabulary.rows] = True
    sentences = Sentences(corpus, lists, kept, order=spec.order, seed=spec.seed)
    model = _new_model(corpus, lists, vocabulary, spec)
    identity = _identity(corpus, lists, spec)
    done = 0 if checkpoint is None else _load_checkpoint(model, checkpoint, identity)
    steps = np.linspace(spec.rate, min(_LAST_RATE, spec.rate), spec.epochs + 1)
    for epoch in range(done, spec.epochs):
        _train_epoch(model, sentences, epoch, (float(steps[epoch]), float(steps[epoch + 1])), spec, on_plays)
        _check_finite(model, epoch, spec)
        if checkpoint is not None:
            _save_checkpoint(model, checkpoint, epoch + 1, identity)
    return TrackVectors(
        keys=[corpus.keys[int(r)] for r in vocabulary.rows],
        names=[corpus.names[int(r)] for r in vocabulary.rows],
        plays=vocabulary.plays,
        vectors=np.array(model.wv.vectors, np.float32),
        outputs=np.array(model.syn1neg, np.float32),
    )


def _new_model(corpus: Corpus, lists: Integers, vocabulary: Vocabulary, spec: Track2VecSpec) -> Word2Vec:
    bag = spec.order == "bag"
    longest = int(np.diff(corpus.starts)[lists].max())
    model = Word2Vec(
        vector_size=spec.size,
        window=min(longest, _WIDEST_BAG) if bag else spec.window,
        shrink_windows=not bag,  # in the order of play the near count more; a bag has no near
        min_count=1,
        sg=int(spec.skip_gram),
        negative=spec.negative,
        ns_exponent=spec.ns_exponent,
        sample=max(spec.sample, _THINNED_OF_AVERAGE / len(vocabulary.rows)) if spec.sample else 0.0,
        workers=spec.workers,
        seed=spec.seed,
        sorted_vocab=0,  # they come sorted, ties in the order of their first play
    )
    plays = zip((corpus.keys[int(r)] for r in vocabulary.rows), vocabulary.plays.tolist(), strict=True)
    model.build_vocab_from_freq(dict(plays), corpus_count=len(lists))
    model.corpus_total_words = int(vocabulary.plays.sum())
    return model


def _train_epoch(
    model: Word2Vec,
    sentences: Sentences,
    epoch: int,
    rates: tuple[float, float],
    spec: Track2VecSpec,
    on_plays: OnPlays | None,
) -> None:
    # Every epoch begins with randomness of its own, so that a resumed training draws what an unbroken one would.
    model.random = np.random.RandomState((spec.seed * 1_000_003 + epoch) % 2**32)
    sentences.epoch = epoch
    plays, total = 0, model.corpus_total_words

    def count(of_list: int) -> None:
        nonlocal plays
        plays += of_list
        if on_plays is not None:
            on_plays(epoch, plays, total)

    sentences.on_list = count
    model.train(
        sentences,
        total_words=total,
        epochs=1,
        start_alpha=rates[0],
        end_alpha=rates[1],
        report_delay=3600.0,
    )
    if isinstance(sentences.failure, OSError):
        raise FileAccessError(
            f"the prepared playlists could not be read to the end ({sentences.failure})", remedy="Start again"
        ) from sentences.failure
    if sentences.failure is not None:
        raise sentences.failure
    log.info("epoch %d of %d, %d plays", epoch + 1, spec.epochs, plays)


def _check_finite(model: Word2Vec, epoch: int, spec: Track2VecSpec) -> None:
    bad = int((~np.isfinite(model.wv.vectors).all(axis=1) | ~np.isfinite(model.syn1neg).all(axis=1)).sum())
    if bad:
        raise ModelError(
            f"the training diverged in epoch {epoch + 1}: {bad} of {len(model.wv.vectors)} vectors are not finite",
            remedy=f"Give a lower --rate than {spec.rate:g}; nothing was saved",
        )


def _identity(corpus: Corpus, lists: Integers, spec: Track2VecSpec) -> dict[str, Any]:
    """What must be the same for a checkpoint to be gone on from; the number of threads need not."""
    facts = {name: value for name, value in asdict(spec).items() if name != "workers"}
    learned = hashlib.blake2b(np.asarray(lists, np.int64).tobytes(), digest_size=8).hexdigest()
    return {**facts, "playlists": corpus.facts.fingerprint, "learned lists": learned}


def _save_checkpoint(model: Word2Vec, path: Path, epoch: int, identity: dict[str, Any]) -> None:
    with atomic_write(path) as partial, partial.open("wb") as file:
        np.savez(file, vectors=model.wv.vectors, outputs=model.syn1neg, epoch=epoch, identity=json.dumps(identity))


def _load_checkpoint(model: Word2Vec, path: Path, identity: dict[str, Any]) -> int:
    """Put what the checkpoint holds into the model and return the number of epochs done; 0 where there is none."""
    if not path.is_file():
        return 0
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            theirs = json.loads(str(stored["identity"]))
            other = [name for name in identity if theirs.get(name) != identity[name]]
            if other:
                different = ", ".join(f"{name} was {theirs.get(name)}, is {identity[name]}" for name in other)
                raise ModelError(
                    f"this checkpoint is of another training: {different}",
                    remedy="Go on with the same settings and playlists, or begin anew with --fresh",
                    path=path,
                )
            model.wv.vectors[:] = stored["vectors"]
            model.syn1neg[:] = stored["outputs"]
            done = int(stored["epoch"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"damaged checkpoint ({error})", remedy="Begin anew with --fresh", path=path) from error
    log.info("going on after epoch %d", done)
    return done


def fingerprint_of(found: TrackVectors) -> str:
    """Sixteen hexadecimal digits that change with any track, vector or output of the model."""
    digest = hashlib.blake2b("\n".join(found.keys).encode("utf-8", "surrogateescape"), digest_size=8)
    digest.update(found.vectors.astype("<f4").tobytes())
    digest.update(found.outputs.astype("<f4").tobytes())
    return digest.hexdigest()


def save_vectors(found: TrackVectors, folder: Path) -> None:
    """Write gensim KeyedVectors (`track2vec.kv`, `.kv.vectors.npy`), the output vectors and the tracks' names.

    Raises
    ------
    FileAccessError
        If ``folder`` cannot be written to.
    """
    keyed = KeyedVectors(found.vectors.shape[1], count=0)
    keyed.lifecycle_events = None  # they hold the time of day, and no two files would be alike
    keyed.add_vectors(found.keys, found.vectors)
    for name, plays in zip(found.keys, found.plays.tolist(), strict=True):
        keyed.set_vecattr(name, "count", plays)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".segue-", dir=folder) as beside:
            keyed.save(str(Path(beside) / NAME), separately=["vectors"])
            for name in (_VECTORS, NAME):
                (Path(beside) / name).replace(folder / name)
    except OSError as error:
        raise access_error(error, folder) from error
    with atomic_write(folder / _OUTPUTS) as partial, partial.open("wb") as file:
        np.save(file, found.outputs)
    with atomic_write(folder / _TRACKS) as partial, partial.open("w", encoding="utf-8") as text:
        for key, (artist, title), plays in zip(found.keys, found.names, found.plays.tolist(), strict=True):
            text.write(json.dumps({"key": key, "artist": artist, "title": title, "plays": plays}) + "\n")


def load_vectors(folder: Path) -> TrackVectors:
    """Read what `save_vectors` wrote, without unpickling anything.

    Raises
    ------
    FileAccessError
        If a file is missing.
    ModelError
        If the files do not belong together, or hold vectors that are not finite.
    """
    try:
        vectors: NDArray[np.float32] = np.load(folder / _VECTORS, allow_pickle=False)
        outputs: NDArray[np.float32] = np.load(folder / _OUTPUTS, allow_pickle=False)
        with (folder / _TRACKS).open(encoding="utf-8") as file:
            tracks = [json.loads(line) for line in file]
        found = TrackVectors(
            keys=[str(t["key"]) for t in tracks],
            names=[(str(t["artist"]), str(t["title"])) for t in tracks],
            plays=np.asarray([int(t["plays"]) for t in tracks], np.int64),
            vectors=vectors,
            outputs=outputs,
        )
    except FileNotFoundError as error:
        raise FileAccessError(
            "there is no Track2Vec model here", remedy="Train one with train_track2vec.py", path=folder
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"damaged Track2Vec model ({error})", remedy="Train it again", path=folder) from error
    if not len(tracks) == len(vectors) == len(outputs) > 0 or not np.isfinite(vectors).all():
        raise ModelError(
            f"{len(tracks)} tracks, {len(vectors)} vectors, {len(outputs)} outputs, or some not finite",
            remedy="Train it again",
            path=folder,
        )
    return found
