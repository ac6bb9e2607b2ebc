"""What the ears cost: front end and network on one thread, decoding left out."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.figures import Bench, Figure
from benchmarks.scan import is_installed
from benchmarks.tracks import pick
from segue.embed.encoder import Encoder, load_ear
from segue.listen.audio import read_samples
from segue.listen.mel import iter_slices
from segue.values import Floats

_SECONDS = 80.0  # two batches of slices
_ROUNDS = 7


def _run(music: Path, scratch: Path) -> list[Figure]:
    speccy = Encoder(load_ear())
    if not is_installed():
        return [_cost(speccy, _least([_listener(speccy, music)])[0])]
    teacher = Encoder(load_ear("musicnn-all", cache=scratch / "ears"))
    speccy_s, teacher_s = _least([_listener(speccy, music), _listener(teacher, music)])
    ratio = Figure(
        "ear.teacher_over_speccy",
        teacher_s / speccy_s,
        "x",
        "CPU time a second of music, one thread, musicnn hearing all over speccy, front ends included",
        goal=10.0,
        is_floor=True,
    )
    return [_cost(speccy, speccy_s), _cost(teacher, teacher_s), ratio]


def _cost(encoder: Encoder, seconds: float) -> Figure:
    name = encoder.ear.name.removesuffix("-all")
    return Figure(f"ear.ms_a_second.{name}", 1000.0 * seconds, "ms", "CPU time a second of music, one thread")


def _listener(encoder: Encoder, music: Path) -> Callable[[], Floats]:
    mel = encoder.ear.mel
    wanted = int(_SECONDS * mel.sample_rate_hz)
    held = np.zeros(0, np.float32)
    for track in pick(music):
        held = np.concatenate([held, read_samples(track, sample_rate_hz=mel.sample_rate_hz)])[:wanted]
        if len(held) == wanted:
            break
    return lambda: encoder.encode_stream(iter_slices([held], mel))


def _least(listeners: list[Callable[[], Floats]]) -> list[float]:
    """CPU seconds a second of music: the least of some rounds, in which all take turns."""
    least = [float("inf")] * len(listeners)
    for _ in range(_ROUNDS):
        for place, listen in enumerate(listeners):
            began_s = time.process_time()
            listen()
            least[place] = min(least[place], (time.process_time() - began_s) / _SECONDS)
    return least


measure_ear = Bench(("ear.ms_a_second.speccy", "ear.ms_a_second.musicnn", "ear.teacher_over_speccy"), _run)
