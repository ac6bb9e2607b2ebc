"""The recipe of the speech model: voices and music, dry and in rooms, a logistic regression, and what it is worth."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segue.config import LIVE, SPECCY_MEL
from segue.errors import ParameterError
from segue.listen.mel import iter_power
from segue.listen.sounding import SPEECH_MODEL, SpeechModel, SpeechTraits, level_of, speech_traits, write_speech_model
from segue.train.corpus import Recording, gather, split
from segue.train.lone import lone_drums, lone_flute, lone_piano, lone_singer
from segue.train.room_map import HELD_OUT
from segue.train.rooms import RoomRange, through_room
from segue.train.voices import VOICES, read_voice
from segue.values import Floats

log = logging.getLogger(__name__)

OnProgress = Callable[[str, int, int], None]

_NEWTON_STEPS = 30
_PENALTY = 1.0
_ROOMS = RoomRange((0.25, 0.6), (12.0, 25.0), (150.0, 150.0), (7_000.0, 7_000.0), image_share=0.5, follow_share=0.4)
_STEP = SPECCY_MEL.slice_frames * SPECCY_MEL.hop_samples
_EXCERPT = 5 * _STEP  # samples of each piece of music
_LONE_S = 20.5
_LONE = {"piano": lone_piano, "flute": lone_flute, "drums": lone_drums, "singing": lone_singer}
_MIXED_WEIGHT = 0.3  # of a window of speech over music, as it is easily both
_MIXED_DB = (-4.0, 3.0)
_LEVEL = 0.1
_ASIDE = ("mixed", "singing")
"""What the model is measured on apart; it is not fitted to singing."""


@dataclass(frozen=True, slots=True)
class SpeechRecipe:
    """Where the music and the voices lie, what is held out, and how many pieces are made of each kind and half."""

    music: Path
    work: Path
    out: Path = SPEECH_MODEL
    held_out: tuple[str, ...] = HELD_OUT
    pieces: int = 200
    mixtures: int = 60
    lone: int = 15
    seed: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Sound of one kind: ``samples`` (n,) at 22,050 Hz."""

    group: str
    samples: Floats
    is_speech: bool
    held_out: bool


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """The traits of the windows of a source, ``(k, 9)`` in their order, and where they were heard."""

    group: str
    in_room: bool
    is_speech: bool
    held_out: bool
    traits: NDArray[np.float64]


def fit_speech_model(
    traits: NDArray[np.float64],
    is_speech: NDArray[np.bool_],
    *,
    weights: NDArray[np.float64],
    penalty: float = _PENALTY,
) -> SpeechModel:
    """Fit a logistic model by Newton's method.

    Parameters
    ----------
    traits : (n, 9) float64
        As `segue.listen.sounding.speech_traits` measures them.
    is_speech : (n,) bool
        Both must occur.
    weights : (n,) float64
        How much each window counts; beyond that speech counts as much as all else.
    penalty : float
        On the squared weights of the traits, in windows.

    Returns
    -------
    SpeechModel
        Rounded, so that its file is plain.

    Raises
    ------
    ParameterError
        If there is no speech, or nothing else.
    """
    spoken = is_speech.astype(np.float64)
    if not 0.0 < spoken.mean() < 1.0:
        raise ParameterError("there is no speech, or nothing else", remedy="Fetch the packages of music and of voices")
    middle, spread = np.round(traits.mean(axis=0), 4), np.round(traits.std(axis=0), 4)
    blank = SpeechModel(SpeechTraits(*middle), SpeechTraits(*spread), SpeechTraits(*np.zeros(len(middle))), 0.0)
    wide = np.concatenate([np.ones((len(traits), 1)), blank.scaled(traits)], axis=1)  # (n, 10)
    counts = weights * np.where(is_speech, 0.5 / spoken.mean(), 0.5 / (1.0 - spoken.mean()))
    held = penalty * np.diag([0.0, *np.ones(len(middle))])
    found = np.zeros(wide.shape[1])
    for _ in range(_NEWTON_STEPS):
        likely = 0.5 + 0.5 * np.tanh(0.5 * (wide @ found))
        slope = wide.T @ (counts * (likely - spoken)) + held @ found
        curvature = (wide * (counts * likely * (1.0 - likely))[:, None]).T @ wide + held
        found -= np.linalg.solve(curvature + 1e-9 * np.eye(len(found)), slope)
    rounded = np.round(found, 3).tolist()
    return SpeechModel(blank.middle, blank.spread, SpeechTraits(*rounded[1:]), rounded[0])


def called_speech(model: SpeechModel, traits: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which windows ``(k, 9)`` of one source are called speech: each is weighed with the one before, as in a stream."""
    odds = model.odds(traits)
    return np.asarray((odds + np.concatenate([[0.0], odds[:-1]])) / 2.0 > LIVE.speech_odds)


def run_speech_recipe(recipe: SpeechRecipe, *, on_progress: OnProgress) -> list[str]:
    """Gather voices and music, measure their traits, fit, write the model, and return its scores as lines."""
    learn, held_out = split(gather(recipe.music, recipe.work / "cache"), recipe.held_out)
    voices = list(_iter_voices(recipe))
    for half in (False, True):
        if not any(voice.held_out is half for voice in voices):
            what = "held out" if half else "to learn from"
            raise ParameterError(f"there are no voices {what}", remedy="Install espeak-ng and flite")
    heard: list[Heard] = []
    sources = [*voices, *_excerpts(recipe, learn, held_out=False), *_excerpts(recipe, held_out, held_out=True)]
    sources += [*_iter_mixed(recipe, sources), *_iter_lone(recipe)]
    for done, source in enumerate(sources):
        on_progress("measuring traits", done, len(sources))
        heard += _hear(source, rng=np.random.default_rng([recipe.seed, done]))
    on_progress("measuring traits", len(sources), len(sources))
    model = fit_to(heard)
    scores = score(model, heard)
    write_speech_model(recipe.out, model, scores=scores)
    return [*table(model, heard), *(f"{name} {value:g}" for name, value in scores.items()), f"written: {recipe.out}"]


def fit_to(heard: Sequence[Heard]) -> SpeechModel:
    """Fit to all that is not held out, singing aside, and speech over music counting for little."""
    used = [part for part in heard if not part.held_out and part.group != "singing"]
    if not used:
        raise ParameterError("there is nothing to learn from", remedy="Fetch the packages of music and of voices")
    return fit_speech_model(
        np.concatenate([part.traits for part in used]),
        np.concatenate([np.full(len(part.traits), part.is_speech) for part in used]),
        weights=np.concatenate(
            [np.full(len(part.traits), _MIXED_WEIGHT if part.group == "mixed" else 1.0) for part in used]
        ),
    )


def score(model: SpeechModel, heard: Sequence[Heard]) -> dict[str, float]:
    """Precision and recall of what is held out, windows in rooms included, mixtures and singing aside."""
    used = [part for part in heard if part.held_out and part.group not in _ASIDE]
    spoken = [called_speech(model, part.traits) for part in used if part.is_speech]
    others = [called_speech(model, part.traits) for part in used if not part.is_speech]
    right, wrong = (int(sum(found.sum() for found in group)) for group in (spoken, others))
    return {
        "windows": float(sum(len(part.traits) for part in used)),
        "precision": round(right / max(1, right + wrong), 4),
        "recall": round(right / max(1, sum(map(len, spoken))), 4),
    }


def table(model: SpeechModel, heard: Sequence[Heard]) -> list[str]:
    """For each kind of held-out sound how many windows there are, and the shares called speech, dry and in a room."""
    lines = [f"{'held out':12} windows  dry    in a room"]
    groups = dict.fromkeys(part.group for part in heard if part.held_out)
    for group in groups:
        parts = [part for part in heard if part.held_out and part.group == group]
        dry, roomy = (
            np.concatenate([called_speech(model, p.traits) for p in parts if p.in_room is in_room])
            for in_room in (False, True)
        )
        lines.append(f"{group:12} {len(dry) + len(roomy):7}  {dry.mean():.3f}  {roomy.mean():.3f}")
    return lines


def _hear(source: Source, *, rng: np.random.Generator) -> list[Heard]:
    """A source as it is and in a random room; windows that are silent are left out."""
    found = []
    for in_room in (False, True):
        samples = through_room(source.samples, _ROOMS.draw(rng), rng=rng) if in_room else source.samples
        rows = [
            speech_traits(power) for at, power in enumerate(iter_power([samples], SPECCY_MEL)) if _sounds(samples, at)
        ]
        if rows:
            found.append(Heard(source.group, in_room, source.is_speech, source.held_out, np.array(rows)))
    return found


def _sounds(samples: Floats, window: int) -> bool:
    return level_of(samples[window * _STEP :][:_STEP]).rms_dbfs > LIVE.silence_dbfs


def _iter_voices(recipe: SpeechRecipe) -> Iterator[Source]:
    for voice in VOICES:
        samples = read_voice(voice, recipe.music, cache_dir=recipe.work / "voices", seed=recipe.seed)
        if samples is not None:
            yield Source(voice.group, samples, is_speech=True, held_out=voice.held_out)


def _excerpts(recipe: SpeechRecipe, recordings: Sequence[Recording], *, held_out: bool) -> list[Source]:
    """Some half a minute of each of so many pieces, from a random place."""
    rng = np.random.default_rng([recipe.seed, int(held_out)])
    found = []
    for at in rng.permutation(len(recordings))[: recipe.pieces].tolist():
        piece = recordings[at]
        samples = piece.read(int(rng.integers(max(1, piece.samples - _EXCERPT))), _EXCERPT)
        group = piece.package if held_out else "music"
        found.append(Source(group, samples, is_speech=False, held_out=held_out))
    return found


def _iter_mixed(recipe: SpeechRecipe, sources: Sequence[Source]) -> Iterator[Source]:
    """Voices over music of the same half, as loud as it or nearly so."""
    rng = np.random.default_rng([recipe.seed, 2])
    for held_out in (False, True):
        voices, music = (
            [s for s in sources if s.held_out is held_out and s.is_speech is is_speech] for is_speech in (True, False)
        )
        for _ in range(recipe.mixtures if voices and music else 0):
            below, above = music[int(rng.integers(len(music)))].samples, voices[int(rng.integers(len(voices)))].samples
            length = min(len(below), len(above))
            start = int(rng.integers(len(above) - length + 1))
            gain = 10.0 ** (rng.uniform(*_MIXED_DB) / 20.0)
            mixed = _levelled(below[:length]) + gain * _levelled(above[start : start + length])
            yield Source("mixed", mixed.astype(np.float32), is_speech=False, held_out=held_out)


def _levelled(samples: Floats) -> Floats:
    return samples * np.float32(_LEVEL / max(float(np.sqrt(np.mean(np.square(samples)))), 1e-3))


def _iter_lone(recipe: SpeechRecipe) -> Iterator[Source]:
    rng = np.random.default_rng([recipe.seed, 3])
    for held_out in (False, True):
        for group, make in _LONE.items():
            for _ in range(recipe.lone):
                yield Source(group, make(_LONE_S, rng=rng), is_speech=False, held_out=held_out)
