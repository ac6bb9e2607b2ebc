"""The bundled ear: gather music, make what is missing, label, distil, measure, export; resumable throughout."""

from __future__ import annotations

import datetime as dt
import logging
import multiprocessing
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Literal

import keras
import numpy as np
import tensorflow as tf

from segue.config import MUSICNN_MEL
from segue.demo.library import demo_manifest, make_demo
from segue.embed.encoder import Ear, load_ear
from segue.errors import ParameterError, WorkerError
from segue.train.architectures import build
from segue.train.augment import AS_RECORDED, Augmenter
from segue.train.corpus import Recording, decode, gather, load_recordings, save_recordings, split
from segue.train.distil import DistilSpec, GrowingLessons, Target, Trainer, cosine_to_target, fit_target, train
from segue.train.evaluate import (
    Encode,
    HeldOut,
    choose_epsilon,
    listen,
    mean_vectors,
    retrieval,
    standardised,
    tfidf_vectors,
)
from segue.train.export import Card, export
from segue.train.inherit import inherit
from segue.train.lean import lightened
from segue.train.made import Makers, find_grooves, find_midi, make_piece, make_speech, render_midi
from segue.train.shards import (
    SHARD_WINDOWS,
    Lessons,
    iter_numbers,
    log_rate,
    make_lessons,
    read_all,
    read_shard,
    shard_paths,
    window_slices,
    write_shard,
)
from segue.train.tagging import fit_tags, layer_of
from segue.train.teacher import Teacher
from segue.values import Floats

log = logging.getLogger(__name__)

HELD_OUT = (
    "ufoai-music",
    "singularity-music",
    "fretsonfire-songs-muldjord",
    "marsshooter-data",
    "unknown-horizons",
    "zaz-data",
)
_LOUDNESS_WINDOWS = 96
_MAKERS_AT_ONCE = 2
_LEAN_SHARDS, _LEAN_STEP = 16, 8  # 1,024 slices to find out by what the filters of an heir say
_TIE = 0.01  # of P@5: the plain mean must be better by more, or TF-IDF stays
_SYSTEM_SOUNDFONTS = Path("/usr/share/sounds")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Where things lie, and how much of each."""

    music: Path
    work: Path
    teacher: Path
    out: Path
    grooves: Path = Path("/usr/share/mma/lib")
    hours: float = 1.3
    peak_rate: float = 1e-3
    arch: str = "heir"
    held_out: tuple[str, ...] = HELD_OUT
    pieces: int = 240
    midi_files: int = 60
    speeches: int = 60
    with_demo: bool = True  # the songs that Segue composes itself are learned from too
    seed: int = 20_261_121
    first_shards: int = 8  # to have before the principal directions are fitted and training begins
    check_windows: int = 512
    precision: Literal["float32", "bfloat16"] = "float32"


@dataclass(frozen=True, slots=True)
class Sources:
    """What the windows are drawn from, and what they are never drawn from."""

    learn: list[Recording]
    held_out: list[Recording]
    made: list[Recording]
    speech: list[Recording]

    def augmenter(self) -> Augmenter:
        """Draw from everything that may be learned from."""
        return Augmenter(self.learn, made=self.made, speech=self.speech)


def run_recipe(recipe: Recipe) -> dict[str, float]:
    """Go through all stages, leave the ear in ``recipe.out``, and return its scores."""
    sources = prepare(recipe)
    teacher = Teacher(recipe.teacher, precision=recipe.precision)
    check = _check_lessons(recipe, sources, teacher)
    with _labelling(recipe) as labeller:
        lessons = _first_lessons(recipe, labeller)
        target = _target(recipe, lessons)
        if recipe.precision == "bfloat16":
            keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
        spec = DistilSpec(arch=recipe.arch, hours=recipe.hours, peak_rate=recipe.peak_rate)
        trainer = Trainer(recipe.work, target, spec, start=_head_start(recipe, sources, teacher, target))
        train(trainer, lessons, check=check)
    return finish(recipe, trainer, sources, teacher)


def prepare(recipe: Recipe) -> Sources:
    """Gather the music and make the rest; what was done before is only looked up."""
    learn, held_out = split(gather(recipe.music, recipe.work / "cache"), recipe.held_out)
    made = _compose_demo(recipe) if recipe.with_demo else []
    speech: list[Recording] = []
    if recipe.pieces + recipe.midi_files + recipe.speeches == 0:
        log.info("no music is made for the training")
    elif missing := [name for name in ("mma", "fluidsynth", "espeak-ng") if shutil.which(name) is None]:
        log.warning("no music is made for the training: %s not installed; the ear will be narrower", ", ".join(missing))
    else:
        made, speech = made + _make_music(recipe), _make_speech(recipe)
    sources = Sources(learn=learn, held_out=held_out, made=made, speech=speech)
    for name in ("learn", "made", "speech"):
        save_recordings(getattr(sources, name), recipe.work / f"{name}.json")
    return sources


def label_forever(recipe: Recipe) -> None:
    """Write shard after shard of lessons until stopped; each shard depends on the seed and its number alone."""
    for threads in (
        tf.config.threading.set_intra_op_parallelism_threads,
        tf.config.threading.set_inter_op_parallelism_threads,
    ):
        threads(1)
    learn, made, speech = (load_recordings(recipe.work / f"{name}.json") for name in ("learn", "made", "speech"))
    augmenter = Augmenter(learn, made=made, speech=speech)
    teacher = Teacher(recipe.teacher, precision=recipe.precision)
    began, windows = time.monotonic(), 0
    for number in iter_numbers(recipe.work / "shards", start=0, step=1):
        rng = np.random.default_rng([recipe.seed, number])
        write_shard(recipe.work / "shards", number, make_lessons(augmenter, teacher, rng=rng, count=SHARD_WINDOWS))
        windows += SHARD_WINDOWS
        log_rate(began, windows)


def finish(recipe: Recipe, trainer: Trainer, sources: Sources, teacher: Teacher) -> dict[str, float]:
    """Measure on held-out music, export, and fit the tags that go with the ear."""
    keras.mixed_precision.set_dtype_policy("float32")  # the training is over
    check = read_all(recipe.work / "check")
    model = _finished(recipe, trainer, check)
    heard = listen(sources.held_out)
    scores = measure(heard, model=model, teacher=teacher, target=trainer.target, arch=recipe.arch)
    scores["held_out_cosine"] = cosine_to_target(model, check, trainer.target)
    scores["windows"] = float(SHARD_WINDOWS * len(shard_paths(recipe.work / "shards")))
    scores["steps"] = float(trainer.steps)
    scores = {name: round(value, 4) for name, value in scores.items()}
    today = dt.datetime.now(dt.UTC).date().isoformat()
    pooling: Literal["tfidf", "mean"] = (
        "tfidf" if scores["speccy_p_at_5"] < scores["speccy_tfidf_p_at_5"] + _TIE else "mean"
    )
    card = export(model, recipe.out, Card(epsilon=scores["epsilon"], pooling=pooling, trained=today, scores=scores))
    _fit_tags(recipe, load_ear(card), teacher)
    return scores


def _finished(recipe: Recipe, trainer: Trainer, check: Lessons) -> keras.Model:
    """The trained network; of an ``heir`` the lean form, if that hears the same."""
    model = trainer.finished_model()
    if recipe.arch != "heir":
        return model
    few = shard_paths(recipe.work / "shards")[:_LEAN_SHARDS]
    learned = np.concatenate([read_shard(path).slices[::_LEAN_STEP] for path in few])
    return lightened(model, *(part.astype(np.float32) / np.float32(255.0) for part in (learned, check.slices)))


def _fit_tags(recipe: Recipe, ear: Ear, teacher: Teacher) -> None:
    """Give the ear its tags; one that can tell none is an ear all the same."""
    try:
        fit_tags(ear, recipe.work / "shards", held_out=recipe.work / "check", layer=layer_of(teacher))
    except ParameterError as error:
        log.warning("the ear has no tags: %s", error)


def measure(
    heard: list[HeldOut], *, model: keras.Model, teacher: Teacher, target: Target, arch: str
) -> dict[str, float]:
    """Same-package retrieval for the ear, its teacher and the two floors, and the ear's epsilon."""
    keras.utils.set_random_seed(0)
    labels = [track.label for track in heard]
    ours = [_encode_with(model)(track.ours) for track in heard]
    theirs = [np.concatenate([teacher.hear(part).vectors for part in _parts(t.theirs)]) - target.mean for t in heard]
    untrained = _encode_with(build(arch))
    epsilon = choose_epsilon(ours, labels)
    tables = {
        "speccy": mean_vectors(ours),
        "speccy_tfidf": tfidf_vectors(ours, epsilon=epsilon),
        "teacher": mean_vectors(theirs),
        "mfcc": standardised(np.stack([track.mfcc for track in heard])),
        "random": standardised(mean_vectors([untrained(track.ours) for track in heard])),
    }
    scores = {"epsilon": epsilon, "tracks": float(len(heard))}
    for name, vectors in tables.items():
        found = retrieval(vectors, labels)
        scores |= {f"{name}_p_at_5": found.p_at_5, f"{name}_first": found.first}
    return scores


def _make_music(recipe: Recipe) -> list[Recording]:
    fonts = [
        path
        for root in (_SYSTEM_SOUNDFONTS, recipe.music)
        for path in sorted(root.rglob("*.sf[23]"))
        if not path.is_symlink()
    ]
    makers = Makers(grooves=recipe.grooves, soundfonts=fonts)
    styles, cache = find_grooves(recipe.grooves), recipe.work / "made"
    midi = find_midi([recipe.music], cache / "wad")[: recipe.midi_files]

    def piece(k: int) -> Recording | None:
        return make_piece(k, makers=makers, styles=styles, cache_dir=cache, seed=recipe.seed)

    def played(k: int) -> Recording | None:
        rng = np.random.default_rng([recipe.seed, k])
        return render_midi(midi[k], name=f"midi-{k:05d}", makers=makers, cache_dir=cache, rng=rng)

    return _each(piece, recipe.pieces) + _each(played, len(midi))


def _make_speech(recipe: Recipe) -> list[Recording]:
    cache = recipe.work / "speech"
    return _each(lambda k: make_speech(k, cache_dir=cache, seed=recipe.seed), recipe.speeches)


def _each(make: Callable[[int], Recording | None], count: int) -> list[Recording]:
    """Make ``count`` recordings, two at a time: the work is done by other programs. What does not play is left out."""
    with ThreadPoolExecutor(max_workers=_MAKERS_AT_ONCE) as pool:
        return [made for made in pool.map(make, range(count)) if made is not None]


def _compose_demo(recipe: Recipe) -> list[Recording]:
    """Other songs than those of the demo library, in the same styles."""
    folder = recipe.work / "demo"
    make_demo(folder, seed=recipe.seed)
    songs = [folder / track.file for track in demo_manifest(folder)]
    found = [decode([song], package="demo", cache_dir=recipe.work / "made") for song in songs]
    return [recording for recording in found if recording is not None]


def _check_lessons(recipe: Recipe, sources: Sources, teacher: Teacher) -> Lessons:
    """Windows of the held-out music as it was recorded, labelled once."""
    folder = recipe.work / "check"
    if not shard_paths(folder):
        rng = np.random.default_rng(recipe.seed)
        augmenter = Augmenter(sources.held_out, spec=AS_RECORDED)
        write_shard(folder, 0, make_lessons(augmenter, teacher, rng=rng, count=recipe.check_windows))
    return read_all(folder)


@contextmanager
def _labelling(recipe: Recipe) -> Iterator[SpawnProcess]:
    """Label in another process for as long as the training runs."""
    process = multiprocessing.get_context("spawn").Process(target=label_forever, args=(recipe,), daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join()


def _first_lessons(recipe: Recipe, labeller: SpawnProcess) -> GrowingLessons:
    while len(shard_paths(recipe.work / "shards")) < recipe.first_shards:
        if not labeller.is_alive():
            raise WorkerError("the labelling process ended", remedy="See what it wrote above", path=recipe.work)
        time.sleep(1.0)
    return GrowingLessons(recipe.work / "shards")


def _target(recipe: Recipe, lessons: GrowingLessons) -> Target:
    """Fitted once, then read: a training that goes on must aim at the same place."""
    path = recipe.work / "target.npz"
    if not path.is_file():
        target = fit_target(lessons.vectors())
        np.savez(path, mean=target.mean, basis=target.basis)
    with np.load(path) as stored:
        return Target(mean=stored["mean"], basis=stored["basis"])


def _head_start(
    recipe: Recipe, sources: Sources, teacher: Teacher, target: Target
) -> Callable[[keras.Model], None] | None:
    """What gives an ``heir`` the teacher's filters before it learns; other architectures start from nothing."""
    if recipe.arch != "heir":
        return None

    def start(model: keras.Model) -> None:
        augmenter, rng = sources.augmenter(), np.random.default_rng(recipe.seed)
        heard = [window_slices(augmenter.draw(rng)) for _ in range(_LOUDNESS_WINDOWS)]
        inherit(model, teacher, target, pairs=[pair for pair in heard if pair is not None])

    return start


def _encode_with(model: keras.Model) -> Encode:
    def encode(slices: Floats) -> Floats:
        return np.asarray(model.predict_on_batch(slices), np.float32)

    return encode


def _parts(slices: Floats, size: int = 16) -> Iterator[Floats]:
    assert slices.shape[1:] == (MUSICNN_MEL.mel_bands, MUSICNN_MEL.slice_frames)
    for at in range(0, len(slices), size):
        yield slices[at : at + size]
