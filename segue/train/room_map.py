"""The recipe of the room map: music heard through random rooms beside itself, a regression, and what it is worth."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from segue.choose.live import alignment
from segue.config import LIVE, SPECCY_MEL, MelSpec
from segue.embed.encoder import Ear, Encoder
from segue.embed.rooms import RoomMap, room_map_path, write_room_map
from segue.errors import ParameterError
from segue.files import atomic_write
from segue.listen.mel import single_slice
from segue.train.corpus import Recording, gather, split
from segue.train.rooms import ROOMS, Room, RoomRange, through_room
from segue.values import Floats

log = logging.getLogger(__name__)

OnProgress = Callable[[str, int, int], None]

HELD_OUT = (
    "pingus-data",
    "planetblupi-music-ogg",
    "singularity-music",
    "warzone2100-music",
    "zaz-data",
    "marsshooter-data",
    "unknown-horizons",
)
"""Packages that the maps and models of `segue live` are measured on, and never fitted to."""

_PENALTY = 1e-3  # of the regression, a pair
_POWER = 0.75  # of the whitening: 0 leaves the directions as they are, 1 makes music spread alike in all
_STRETCH_S = 100.6  # 20 slices
_QUIETEST_RMS = 1e-3
_SHOWN = 5  # tracks; how often the right one is among so many is measured


@dataclass(frozen=True, slots=True)
class RoomRecipe:
    """Where the music lies, what is held out, and how much is heard; ``rooms`` are those of each stretch."""

    music: Path
    work: Path
    ear: Ear
    out: Path | None = None
    held_out: tuple[str, ...] = HELD_OUT
    pieces: int = 400
    rooms: int = 2
    seed: int = 1


class Pairs(NamedTuple):
    """Slices of a record as they are, ``dry`` (n, d), and the same through rooms, ``heard`` (n, d); unit rows."""

    dry: Floats
    heard: Floats


class RoomScore(NamedTuple):
    """What a map is worth in one room: the mean cosine of a slice to itself without and with it, in [-1, 1].

    And the shares of tracks that are among the five that fit best, and the very best, with the ear alone, with the
    map, and with the whitening too.
    """

    cosine: float
    cosine_mapped: float
    among_five: tuple[float, float, float]
    first: tuple[float, float, float]


def fit_room_map(pairs: Pairs, *, penalty: float = _PENALTY, power: float = _POWER) -> RoomMap:
    """Fit a map by ridge regression, and a whitening to the music as it is.

    Parameters
    ----------
    pairs : Pairs
        n pairs of d numbers, n well above d.
    penalty : float
        On the squared weights, a pair (A. Hoerl and R. Kennard, "Ridge regression", Technometrics 12, 1970).
    power : float
        Each principal direction of the dry slices is divided by its spread to this power.

    Returns
    -------
    RoomMap
        Its whitening is scaled so that its largest number is 1; only directions count.

    Raises
    ------
    ParameterError
        If there are too few pairs to say anything.
    """
    count, width = pairs.dry.shape
    if count < width:
        raise ParameterError(f"there are {count} pairs of slices", remedy=f"Give music for {width} and more")
    centre, offset = pairs.dry.mean(axis=0, dtype=np.float64), pairs.heard.mean(axis=0, dtype=np.float64)
    heard, dry = pairs.heard - offset, pairs.dry - centre
    kernel = np.linalg.solve(heard.T @ heard + penalty * count * np.eye(width), heard.T @ dry)
    _, lengths, directions = np.linalg.svd(dry, full_matrices=False)
    spreads = np.maximum(lengths / np.sqrt(count), 1e-6)
    whitening = directions.T / spreads**power
    parts = (kernel, centre - offset @ kernel, centre, whitening / np.abs(whitening).max())
    return RoomMap(*(part.astype(np.float32) for part in parts))


def run_room_recipe(recipe: RoomRecipe, *, on_progress: OnProgress) -> list[str]:
    """Gather the music, let it be heard, fit, write the map, and return its scores on held-out music as lines.

    What was decoded or heard before is only read, so that the same command goes on where it stopped.
    """
    if recipe.ear.mel.sample_rate_hz != SPECCY_MEL.sample_rate_hz:
        what = f"the ear '{recipe.ear.name}' hears at {recipe.ear.mel.sample_rate_hz} Hz"
        raise ParameterError(what, remedy=f"Name one that hears at {SPECCY_MEL.sample_rate_hz} Hz")
    learn, held_out = split(gather(recipe.music, recipe.work / "cache"), recipe.held_out)
    encoder = Encoder(recipe.ear)
    found = fit_room_map(_all_pairs(recipe, learn, encoder, on_progress))
    path = room_map_path(recipe.ear) if recipe.out is None else recipe.out / room_map_path(recipe.ear).name
    write_room_map(path, found, ear=recipe.ear)
    tracks = [_encoded(recording.read(), encoder) for recording in held_out]
    heard = [(track, recording) for track, recording in zip(tracks, held_out, strict=True) if len(track)]
    lines = [f"{'room':12} cosine        among the five   first (ear alone, map, whitening)"]
    for name, room in ROOMS.items():
        score = measure(heard, room, found=found, encoder=encoder, rng=np.random.default_rng(recipe.seed))
        shares = "   ".join(" ".join(f"{share:.2f}" for share in part) for part in (score.among_five, score.first))
        lines.append(f"{name:12} {score.cosine:.2f} -> {score.cosine_mapped:.2f}  {shares}")
    return [*lines, f"of {len(heard)} held-out tracks", f"written: {path}"]


def measure(
    tracks: Sequence[tuple[Floats, Recording]],
    room: Room,
    *,
    found: RoomMap,
    encoder: Encoder,
    rng: np.random.Generator,
) -> RoomScore:
    """Play half a minute of each track, from a random place, in a room, and look for it among all of them.

    Parameters
    ----------
    tracks : sequence of ((s, d) float32, Recording)
        All slices of each track as it is, unit rows, and its samples.
    room : Room
        Each track hears another one like it.
    """
    windows = LIVE.now_windows * 2
    views: list[Callable[[Floats], Floats]] = [lambda rows: rows, lambda rows: rows, found.sharpen]
    libraries = [[view(slices) for slices, _ in tracks] for view in views]
    cosines: list[tuple[float, float]] = []
    ranks: list[list[int]] = []
    for at, (_, recording) in enumerate(tracks):
        length = _samples_of(windows, encoder.ear.mel)
        start = int(rng.integers(max(1, recording.samples - length)))
        pair = _pair(recording.read(start, length), room, encoder, rng=rng)
        if len(pair.dry) < windows // 2:
            continue
        mapped = found.dry(pair.heard)
        cosines.append((float(np.sum(pair.dry * pair.heard, 1).mean()), float(np.sum(pair.dry * mapped, 1).mean())))
        queries = [pair.heard, mapped, found.sharpen(mapped)]
        ranks.append([_rank(at, query, library) for query, library in zip(queries, libraries, strict=True)])
    if not cosines:
        raise ParameterError("nothing of the held-out music is long or loud enough", remedy="Hold out other packages")
    before, after = np.mean(cosines, axis=0).tolist()
    placed = np.array(ranks)  # (tracks, 3)
    among, first = (placed <= _SHOWN).mean(axis=0).tolist(), (placed == 1).mean(axis=0).tolist()
    return RoomScore(before, after, tuple(among), tuple(first))


def _rank(right: int, query: Floats, library: Sequence[Floats]) -> int:
    """At which place a track comes among those nearest to what is heard; beyond all of them if it is none."""
    means = np.stack([slices.mean(axis=0) for slices in library])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-6)
    near = np.argsort(-(means @ query.mean(axis=0)), kind="stable")[: LIVE.recognised_among].tolist()
    fits = {place: alignment(query, library[place]) for place in near}
    return len(library) if right not in fits else 1 + sum(fit > fits[right] for fit in fits.values())


def _all_pairs(recipe: RoomRecipe, learn: Sequence[Recording], encoder: Encoder, on_progress: OnProgress) -> Pairs:
    """The pairs of so many recordings at most, each kept in the folder of work once it is heard."""
    folder = recipe.work / f"rooms-{str(recipe.ear.fingerprint).replace('/', '-')}-{recipe.rooms}-{recipe.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    chosen = np.random.default_rng(recipe.seed).permutation(len(learn))[: recipe.pieces].tolist()
    dry: list[Floats] = []
    heard: list[Floats] = []
    for done, at in enumerate(chosen):
        on_progress("listening through rooms", done, len(chosen))
        path = folder / f"{learn[at].array.stem}.npz"
        if not path.is_file():
            rng = np.random.default_rng([recipe.seed, int(learn[at].array.stem, 16)])
            _write_pairs(path, list(_iter_pairs(learn[at], encoder, rooms=recipe.rooms, rng=rng)))
        with np.load(path) as stored:
            dry.append(stored["dry"].astype(np.float32))
            heard.append(stored["heard"].astype(np.float32))
    on_progress("listening through rooms", len(chosen), len(chosen))
    log.info("%d pairs of slices of %d recordings", sum(map(len, dry)), sum(bool(len(rows)) for rows in dry))
    return Pairs(np.concatenate(dry), np.concatenate(heard))


def _write_pairs(path: Path, pairs: Sequence[Pairs]) -> None:
    dry, heard = (np.concatenate([pair[part] for pair in pairs]) for part in range(2))
    with atomic_write(path) as partial, partial.open("wb") as file:
        np.savez(file, dry=dry, heard=heard)


def _iter_pairs(recording: Recording, encoder: Encoder, *, rooms: int, rng: np.random.Generator) -> Iterator[Pairs]:
    """A stretch of a recording, from a random place, through so many random rooms."""
    length = int(_STRETCH_S * SPECCY_MEL.sample_rate_hz)
    samples = recording.read(int(rng.integers(max(1, recording.samples - length))), length)
    for _ in range(rooms):
        yield _pair(samples, RoomRange().draw(rng), encoder, rng=rng)


def _pair(samples: Floats, room: Room, encoder: Encoder, *, rng: np.random.Generator) -> Pairs:
    """The slices that sound both as they are and in the room."""
    mel = encoder.ear.mel
    loud = float(np.sqrt(np.mean(np.square(samples)))) > _QUIETEST_RMS
    both = [_slices(samples, mel), _slices(through_room(samples, room, rng=rng), mel)] if loud else [[], []]
    kept = [(dry, heard) for dry, heard in zip(*both, strict=True) if dry is not None and heard is not None]
    dry, heard = (encoder.encode_stream(part[k] for part in kept) for k in range(2))
    return Pairs(dry, heard)


def _slices(samples: Floats, mel: MelSpec) -> list[Floats | None]:
    """Every whole slice of samples that need no padding; None where one is silent."""
    step = mel.slice_frames * mel.hop_samples
    need = mel.slice_samples + mel.n_fft_samples
    return [single_slice(samples[at:], mel) for at in range(0, len(samples) - need + 1, step)]


def _samples_of(windows: int, mel: MelSpec) -> int:
    return (windows - 1) * mel.slice_frames * mel.hop_samples + mel.slice_samples + mel.n_fft_samples


def _encoded(samples: Floats, encoder: Encoder) -> Floats:
    return encoder.encode_stream(slice_ for slice_ in _slices(samples, encoder.ear.mel) if slice_ is not None)
