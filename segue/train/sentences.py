"""Playlists as sentences on disk: tracks are numbers, and a list is a stretch of one array, read as often as needed."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from segue.errors import FileAccessError, PlaylistError
from segue.files import access_error
from segue.train.sources.playlist import SourcePlaylist, SourceTrack

log = logging.getLogger(__name__)

Integers = NDArray[np.int64]
Order = Literal["list", "bag"]
Split = Literal["playlist", "date"]

LONGEST_SENTENCE = 10_000  # gensim silently cuts what is longer
_TOKENS, _STARTS, _TRACKS, _LISTS, _FACTS = "tokens.bin", "starts.npy", "tracks.jsonl", "lists.jsonl", "facts.json"


@dataclass(slots=True)
class CorpusFacts:
    """What was read, and what of it was left out and why. The card shows it."""

    playlists_read: int = 0
    playlists: int = 0  # kept
    plays: int = 0  # tracks in the playlists that were kept, each time they stand there
    tracks: int = 0  # different ones
    identical_playlists: int = 0
    short_playlists: int = 0  # fewer than two tracks, after the repeats
    repeated_ids: int = 0
    repeated_neighbours: int = 0
    nameless_tracks: int = 0
    undated_playlists: int = 0
    fingerprint: str = ""  # of all tracks in all playlists, in order


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """Playlists as numbers. ``tokens[starts[k]:starts[k + 1]]`` are the tracks of list k, as rows of ``tracks``."""

    tokens: NDArray[np.int32]  # (plays,), mapped from disk
    starts: Integers  # (lists + 1,)
    keys: list[str]  # (tracks,), what names each track
    names: list[tuple[str, str]]  # (tracks,), artist and title as first seen
    list_hashes: NDArray[np.uint64]  # (lists,), of the playlists' ids
    dates: list[str]  # (lists,), YYYY-MM-DD or ""
    facts: CorpusFacts = field(default_factory=CorpusFacts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def list_tokens(self, k: int) -> NDArray[np.int32]:
        """The tracks of list ``k`` in order, as rows."""
        return self.tokens[self.starts[k] : self.starts[k + 1]]

    def counts(self, lists: Integers) -> Integers:
        """How often each track is played in these lists, ``(tracks,)`` int64."""
        found = np.zeros(len(self.keys), np.int64)
        for part in np.array_split(np.asarray(lists), max(1, len(lists) // 4096)):
            if len(part):
                found += np.bincount(np.concatenate([self.list_tokens(int(k)) for k in part]), minlength=len(self.keys))
        return found


def write_corpus(playlists: Iterable[SourcePlaylist], folder: Path, *, key_of: Callable[[SourceTrack], str]) -> Corpus:
    """Go through the playlists once and leave them as numbers in ``folder``; only tracks' names stay in memory.

    A track that follows itself counts once; a playlist with fewer than two tracks, or with the same tracks in the
    same order as another one, is left out; `CorpusFacts` counts them all. ``key_of`` gives "" for a nameless track.

    Raises
    ------
    PlaylistError
        If there is no playlist, or none with two tracks.
    FileAccessError
        If ``folder`` cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / _TOKENS).open("wb") as tokens, (folder / _LISTS).open("w", encoding="utf-8") as lists:
            writer = _Writer(key_of)
            for playlist in playlists:
                if (row := writer.add(playlist, tokens)) is not None:
                    lists.write(row)
        writer.check()
        np.save(folder / _STARTS, np.asarray(writer.starts, np.int64))
        with (folder / _TRACKS).open("w", encoding="utf-8") as tracks:
            for key, (artist, title) in zip(writer.rows, writer.names, strict=True):
                tracks.write(json.dumps([key, artist, title], ensure_ascii=True) + "\n")
        (folder / _FACTS).write_text(json.dumps(asdict(writer.finished())), encoding="utf-8")
    except OSError as error:
        raise access_error(error, folder) from error
    _warn(writer.facts)
    return read_corpus(folder)


def read_corpus(folder: Path) -> Corpus:
    """Open what `write_corpus` left; the plays stay on disk.

    Raises
    ------
    FileAccessError
        If something of it is missing or damaged.
    """
    try:
        facts = CorpusFacts(**json.loads((folder / _FACTS).read_text(encoding="utf-8")))
        with (folder / _TRACKS).open(encoding="utf-8") as file:
            tracks = [json.loads(line) for line in file]
        with (folder / _LISTS).open(encoding="utf-8") as file:
            lists = [json.loads(line) for line in file]
        return Corpus(
            tokens=np.memmap(folder / _TOKENS, np.int32, mode="r"),
            starts=np.load(folder / _STARTS),
            keys=[str(key) for key, _, _ in tracks],
            names=[(str(artist), str(title)) for _, artist, title in tracks],
            list_hashes=np.asarray([int(number, 16) for number, _ in lists], np.uint64),
            dates=[str(date) for _, date in lists],
            facts=facts,
        )
    except (OSError, ValueError, TypeError) as error:
        raise FileAccessError(
            f"the prepared playlists cannot be read ({error})", remedy="Delete the folder and start again", path=folder
        ) from error


class _Writer:
    """Numbers tracks as they come, and counts what is left out."""

    def __init__(self, key_of: Callable[[SourceTrack], str]) -> None:
        self.facts = CorpusFacts()
        self.rows: dict[str, int] = {}
        self.names: list[tuple[str, str]] = []
        self.starts = [0]
        self._key_of = key_of
        self._ids: Counter[bytes] = Counter()
        self._contents: set[bytes] = set()
        self._all = hashlib.blake2b(digest_size=8)

    def add(self, playlist: SourcePlaylist, tokens: BinaryIO) -> str | None:
        """Write a playlist's numbers; return its line for the list of lists, or None if it is left out."""
        facts = self.facts
        facts.playlists_read += 1
        name = hashlib.blake2b(playlist.id.encode("utf-8", "surrogateescape"), digest_size=8).digest()
        facts.repeated_ids += self._ids[name] > 0
        self._ids[name] += 1
        content = self._numbers(playlist)
        if len(content) < 2:
            facts.short_playlists += 1
            return None
        same = hashlib.blake2b(content.tobytes(), digest_size=8).digest()
        if same in self._contents:
            facts.identical_playlists += 1
            return None
        self._contents.add(same)
        content.tofile(tokens)
        self._all.update(len(content).to_bytes(4, "little") + same)
        self.starts.append(self.starts[-1] + len(content))
        facts.playlists += 1
        facts.undated_playlists += not playlist.date
        return json.dumps([name.hex(), playlist.date]) + "\n"

    def check(self) -> None:
        """Raise PlaylistError if nothing can be learned from what came."""
        facts = self.facts
        if not facts.playlists_read:
            raise PlaylistError("there are no playlists", remedy="Name files or folders that hold some")
        if not facts.playlists:
            raise PlaylistError(
                f"none of the {facts.playlists_read} playlists holds two different tracks "
                f"({facts.nameless_tracks} tracks without any name were passed over)",
                remedy="Track2Vec learns from tracks that stand together; give longer playlists",
            )

    def finished(self) -> CorpusFacts:
        """The counts, complete."""
        self.facts.tracks, self.facts.plays = len(self.rows), self.starts[-1]
        for key in self.rows:
            self._all.update(key.encode("utf-8", "surrogateescape") + b"\n")
        self.facts.fingerprint = self._all.hexdigest()
        return self.facts

    def _numbers(self, playlist: SourcePlaylist) -> NDArray[np.int32]:
        keys = [self._key_of(track) for track in playlist.tracks]
        named = [(key, track) for key, track in zip(keys, playlist.tracks, strict=True) if key]
        self.facts.nameless_tracks += len(keys) - len(named)
        kept = [pair for k, pair in enumerate(named) if k == 0 or named[k - 1][0] != pair[0]]
        self.facts.repeated_neighbours += len(named) - len(kept)
        if len(kept) < 2:
            return np.empty(0, np.int32)  # a track that stands alone is no word of any sentence
        for key, track in kept:
            if key not in self.rows:
                self.rows[key] = len(self.rows)
                self.names.append((track.artist, track.title))
        return np.asarray([self.rows[key] for key, _ in kept], np.int32)


def _warn(facts: CorpusFacts) -> None:
    for count, what in (
        (facts.repeated_ids, "playlists have the id of an earlier one; they are kept, on the same side of every split"),
        (facts.identical_playlists, "playlists repeat another one track by track and were left out"),
        (facts.short_playlists, "playlists hold fewer than two tracks and were left out"),
        (facts.nameless_tracks, "tracks have no name at all and were left out"),
    ):
        if count:
            log.warning("%d %s", count, what)


@dataclass(frozen=True, slots=True)
class Parts:
    """Which lists are learned from and which are held out, as list numbers in ascending order."""

    learn: Integers
    held_out: Integers
    first_held_out_date: str = ""


def split(corpus: Corpus, lists: Integers, *, by: Split, share: float, seed: int = 0) -> Parts:
    """Hold out about ``share`` of ``lists``: a random choice by the playlists' ids, or the last ones by date.

    The same id always falls on the same side, whatever else is in the corpus; no day falls on both sides.

    Raises
    ------
    PlaylistError
        If either side would be empty, or dates are wanted and missing.
    """
    lists = np.asarray(lists, np.int64)
    first = ""
    if share <= 0.0:
        return Parts(lists, lists[:0])
    if by == "playlist":
        held = _shares(corpus.list_hashes[lists], seed) < share
    else:
        dates = np.asarray([corpus.dates[int(k)] for k in lists])
        if not all(dates):
            raise PlaylistError(
                f"{int((dates == '').sum())} of {len(dates)} playlists have no date",
                remedy="Split by playlist instead",
            )
        first = _first_date(dates, share)
        held = dates >= first
    if held.all() or not held.any():
        raise PlaylistError(
            f"of {len(lists)} playlists {int(held.sum())} would be held out",
            remedy="Give more playlists, or hold out another share (--hold-out 0 for none)",
        )
    return Parts(lists[~held], lists[held], first)


def _shares(hashes: NDArray[np.uint64], seed: int) -> NDArray[np.float64]:
    """A number in [0, 1) for each id, evenly spread, that depends on the seed."""
    salted = (hashlib.blake2b(h.tobytes() + seed.to_bytes(8, "little", signed=True), digest_size=8) for h in hashes)
    return np.asarray([int.from_bytes(s.digest(), "little") / 2.0**64 for s in salted])


def _first_date(dates: NDArray[np.str_], share: float) -> str:
    """The day from which on the lists come nearest to ``share`` of all."""
    days, counts = np.unique(dates, return_counts=True)
    after = np.cumsum(counts[::-1])[::-1]  # lists on this day or later
    return str(days[int(np.argmin(np.abs(after - share * len(dates))))])


class Sentences:
    """The lists as gensim reads them: again and again, from disk, each time in the list's or in another random order.

    gensim reads in a thread of its own and would wait for ever after an error there: `failure` keeps it instead.
    """

    def __init__(self, corpus: Corpus, lists: Integers, kept: NDArray[np.bool_], *, order: Order, seed: int) -> None:
        """Keep of each list the tracks that ``kept`` (tracks,) allows."""
        self._corpus, self._lists, self._kept = corpus, lists, kept
        self._order, self._seed = order, seed
        self.epoch = 0
        self.on_list: Callable[[int], None] = lambda _: None
        self.failure: BaseException | None = None

    def __iter__(self) -> Iterator[list[str]]:
        try:
            yield from self._sentences()
        except BaseException as error:  # noqa: BLE001 - raised again where gensim has come to its end
            self.failure = error

    def _sentences(self) -> Iterator[list[str]]:
        rng = np.random.default_rng([self._seed, self.epoch])
        keys = self._corpus.keys
        for k in rng.permutation(self._lists):
            tokens = self._corpus.list_tokens(int(k))
            tokens = tokens[self._kept[tokens]]
            if self._order == "bag":
                tokens = rng.permutation(tokens)
            for start in range(0, len(tokens), LONGEST_SENTENCE):
                yield [keys[t] for t in tokens[start : start + LONGEST_SENTENCE].tolist()]
            self.on_list(len(tokens))
