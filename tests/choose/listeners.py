"""Listeners of known taste, the libraries they listen to, and what the booth would note of them.

``python -m tests.choose.listeners`` prints the tables of docs/learning.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from segue.choose.index import Index
from segue.choose.taste import Lessons, Taste, fit, judge, lessons_of, pull_of, taste_of
from segue.store.events import Event
from segue.values import Floats, TrackId

Answer = Callable[[int, int], float]
"""How probable it is that a listener hears a track (by row) to its end after another."""

SESSION = 12  # songs in a row
ASTRAY = 0.3  # share of songs that the listener, or "Drunk", chose from further away


@dataclass(frozen=True, eq=False)
class Shelf:
    """A library whose styles and tempi are known."""

    index: Index
    styles: np.ndarray
    tempo_bpm: np.ndarray

    @property
    def vectors(self) -> Floats:
        return self.index.vectors


def demo_shelf() -> Shelf:
    """The demo library as Speccy hears it: 100 songs in ten styles. ``demo_vectors.npz`` was made of a scan of it."""
    with np.load(Path(__file__).with_name("demo_vectors.npz"), allow_pickle=False) as held:
        vectors, styles, tempo = held["vectors"], held["styles"], held["tempo_bpm"].astype(float)
    tempo = np.where(np.isfinite(tempo), tempo, np.nanmedian(tempo))
    return Shelf(_index(vectors), np.unique(styles, return_inverse=True)[1], tempo)


def clustered_shelf(tracks: int = 1000, styles: int = 12) -> Shelf:
    """Styles as clusters in nine of a hundred dimensions, and a tempo that runs through all of them."""
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.standard_normal((100, 9)))[0]
    style, tempo = rng.integers(styles, size=tracks), rng.standard_normal(tracks)
    way = rng.standard_normal(9)
    places = rng.standard_normal((styles, 9))[style] + 0.45 * rng.standard_normal((tracks, 9))
    places += 0.5 * tempo[:, np.newaxis] * way / np.linalg.norm(way)
    middle = rng.standard_normal(100)
    vectors = places @ basis.T + 0.15 * rng.standard_normal((tracks, 100)) + 2.0 * middle / np.linalg.norm(middle)
    return Shelf(_index(vectors), style, 110.0 + 25.0 * tempo)


def _index(vectors: np.ndarray) -> Index:
    return Index.build([TrackId(f"{row:016x}") for row in range(len(vectors))], vectors)


@cache
def listeners(shelf: Shelf) -> dict[str, Answer]:
    """Listeners by what they are like."""
    cosines = shelf.vectors @ shelf.vectors.T
    usual = float(np.median(np.sort(cosines, axis=1)[:, -6]))
    middle = float(np.median(shelf.tempo_bpm))
    hated = set(np.random.default_rng(5).permutation(shelf.styles.max() + 1)[: (shelf.styles.max() + 1) // 4])
    return {
        "hates a quarter of the styles": lambda _, t: 0.1 if shelf.styles[t] in hated else 0.9,
        "likes one style": lambda _, t: 0.9 if shelf.styles[t] == 0 else 0.25,
        "likes it slow": lambda _, t: 0.9 if shelf.tempo_bpm[t] < middle else 0.15,
        "wants one style after the same": lambda b, t: 0.9 if shelf.styles[b] == shelf.styles[t] else 0.2,
        "agrees with the ear": lambda b, t: float(1 / (1 + np.exp(-12 * (cosines[b, t] - usual)))),
        "skips at random": lambda _, __: 0.5,
    }


def heard(shelf: Shelf, answer: Answer, count: int, *, rng: np.random.Generator) -> list[Event]:
    """What the booth would note of ``count`` songs: sessions in which each song follows the last that was heard."""
    events: list[Event] = []
    ids = shelf.index.ids
    while len(events) < count:
        now = int(rng.integers(len(ids)))
        seen = {now}
        for _ in range(min(SESSION, count - len(events))):
            nearness = shelf.vectors @ shelf.vectors[now]
            nearness[list(seen)] = -2.0
            reach = max(10, len(ids) // 5) if rng.random() < ASTRAY else 1
            following = int(rng.choice(np.argpartition(-nearness, reach)[:reach]))
            seen.add(following)
            stays = rng.random() < answer(now, following)
            kind, share = ("played", 1.0) if stays else ("skipped_early", 0.1)
            events.append(Event(float(len(events)), kind, ids[following], ids[now], share, "chosen"))
            now = following if stays else now
    return events


def taste_from(shelf: Shelf, lessons: Lessons) -> Taste:
    """What all of the lessons teach."""
    found = fit(shelf.vectors, lessons)
    return taste_of(found.space, pull_of(shelf.vectors, found))


def wanted_share(shelf: Shelf, answer: Answer, taste: Taste | None, *, lists: int = 100) -> tuple[float, float]:
    """Of playlists of eight from any song: what share is heard to its end, and the mean cosine to the last three."""
    rng = np.random.default_rng(9)
    wanted, near = [], []
    for _ in range(lists):
        seen = [int(rng.integers(len(shelf.index)))]
        for _ in range(8):
            mean = shelf.vectors[seen[-3:]].mean(axis=0)
            query = mean / np.linalg.norm(mean)
            scores = shelf.vectors @ (query if taste is None else taste.turned(query))
            scores[seen] = -2.0
            following = int(scores.argmax())
            wanted.append(answer(seen[-1], following))
            near.append(float(shelf.vectors[following] @ query))
            seen.append(following)
    return float(np.mean(wanted)), float(np.mean(near))


def main() -> None:
    for name, shelf in (("demo", demo_shelf()), ("clustered", clustered_shelf())):
        for who, answer in listeners(shelf).items():
            for count, rounds in ((60, 100), (200, 100), (500, 40), (2000, 10)):
                helped, gains, wanted, near, seconds = [], [], [], [], 0.0
                for seed in range(rounds):
                    lessons = lessons_of(heard(shelf, answer, count, rng=np.random.default_rng(seed)), shelf.index)
                    began = time.process_time()
                    verdict = judge(shelf.vectors, lessons)
                    seconds = max(seconds, time.process_time() - began)
                    helped.append(verdict.helps)
                    gains += [verdict.gain] if verdict.is_judged else []
                    if seed < 5:
                        found = wanted_share(shelf, answer, taste_from(shelf, lessons))
                        wanted.append(found[0])
                        near.append(found[1])
                plain = wanted_share(shelf, answer, None)
                gain = np.mean(gains) if gains else float("nan")
                print(
                    f"| {name} | {who} | {count} | {gain:+.2f} | {np.mean(helped):.0%} | {plain[0]:.2f} |"
                    f" {np.mean(wanted):.2f} | {plain[1]:.2f} | {np.mean(near):.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
