"""What the ears cost: front end and network on one thread, decoding left out.

MusiCNN takes turns in two forms: as Segue runs it, without the filters that are zero, and with all of its filters, as
its authors published it. The goal is about the latter.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.figures import Bench, Figure
from benchmarks.scan import is_installed
from benchmarks.tracks import pick
from segue.embed.ears.musicnn import RECIPE, find_weights
from segue.embed.ears.musicnn_network import musicnn_network, read_weights
from segue.embed.encoder import Ear, Encoder, load_ear
from segue.listen.audio import read_samples
from segue.listen.mel import iter_slices
from segue.values import Floats

_SECONDS = 80.0  # two batches of slices
_ROUNDS = 7


def _run(music: Path, scratch: Path) -> list[Figure]:
    speccy = Encoder(load_ear())
    if not is_installed():
        return [_cost(speccy, _least([_listener(speccy, music)])[0])]
    lean = Encoder(load_ear("musicnn-all", cache=scratch / "ears"))
    published = Encoder(_published(lean.ear, scratch))
    speccy_s, lean_s, published_s = _least([_listener(ear, music) for ear in (speccy, lean, published)])
    words = "CPU time a second of music, one thread, {} hearing all over speccy, front ends included"
    ratio = Figure(
        "ear.teacher_over_speccy",
        published_s / speccy_s,
        "x",
        words.format("MusiCNN with all its filters, as published,"),
        goal=10.0,
        is_floor=True,
    )
    as_run = Figure(
        "ear.musicnn_over_speccy", lean_s / speccy_s, "x", words.format("the ear musicnn, without its silent filters,")
    )
    return [_cost(speccy, speccy_s), _cost(lean, lean_s), ratio, as_run]


def _published(ear: Ear, scratch: Path) -> Ear:
    """MusiCNN with all of its filters, in the quickest form found for them."""
    mean = np.array(json.loads(RECIPE.read_text(encoding="utf-8"))["mean"], np.float32)
    network = scratch / "published.onnx"
    network.write_bytes(musicnn_network(read_weights(find_weights()), mean))
    return replace(ear, network=network)


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


measure_ear = Bench(
    ("ear.ms_a_second.speccy", "ear.ms_a_second.musicnn", "ear.teacher_over_speccy", "ear.musicnn_over_speccy"), _run
)
