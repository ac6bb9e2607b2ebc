"""Architectures side by side: each learns from the same tracks, and is measured on the same others."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnxruntime

from segue.train.architectures import front_end
from segue.train.export import write_onnx
from segue.train.options import LearnSpec
from segue.train.own import OnProgress
from segue.train.speccy import Score, SpeccyTrainer
from segue.train.supervised import SupervisedSpec, find_lesson, hear_lesson, same_group
from segue.train.tracks import Split
from segue.values import Floats

log = logging.getLogger(__name__)

_TIMED_SLICES = 8
_TIMES = 10


@dataclass(frozen=True, slots=True)
class Row:
    """What one architecture came to."""

    arch: str
    score: Score
    p_at_5: float | None
    slices: int  # learned from, in all epochs
    minutes: float
    ms_a_slice: float  # ONNX Runtime, one thread, processor time
    weights: int
    megabytes: float


def compare(spec: SupervisedSpec, archs: Sequence[str], *, on_progress: OnProgress) -> list[Row]:
    """Train each architecture under the same ``spec``; one that was finished before is only measured.

    Raises
    ------
    SegueError
        As `segue.train.supervised.run_supervised`; also ParameterError for an unknown architecture.
    """
    mels = list(dict.fromkeys(front_end(arch) for arch in archs))
    lesson = find_lesson(spec, on_progress=on_progress)
    splits, _ = hear_lesson(lesson, spec, mels, on_progress=on_progress)
    rows = []
    for arch in archs:
        learn = replace(spec.learn, arch=arch)
        rows.append(judge(splits[mels.index(front_end(arch))], learn, spec.own.work, on_progress=on_progress))
        log.info("%s: %s", arch, rows[-1].score)
    return rows


def judge(split: Split, learn: LearnSpec, work: Path, *, on_progress: OnProgress) -> Row:
    """Train one architecture and measure it."""
    trainer = SpeccyTrainer(work / f"speccy-{learn.arch}-{learn.loss}", split, learn)
    score = trainer.train(lambda epoch: on_progress(f"{learn.arch}: {epoch.score}", epoch.number, epoch.of))
    model = trainer.finished_model()
    path = work / f"{learn.arch}.onnx"
    p_at_5 = same_group(model, split, learn)
    slices = np.random.default_rng(0).random((_TIMED_SLICES, *model.input_shape[1:]), dtype=np.float32)
    model.predict_on_batch(slices)  # Keras exports only what has been called
    write_onnx(model, path)
    return Row(
        arch=learn.arch,
        score=score,
        p_at_5=p_at_5,
        slices=trainer.learned_slices,
        minutes=trainer.spent_s / 60.0,
        ms_a_slice=_time(path, slices),
        weights=model.count_params(),
        megabytes=path.stat().st_size / 1e6,
    )


def table(rows: Sequence[Row]) -> str:
    """The comparison as a Markdown table, the best cosine first."""
    lines = [
        "| `--arch` | validation cosine | constant | ratio | whole tracks | same artist P@5 | slices learned from "
        "| minutes | ms a slice | weights | MB |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in sorted(rows, key=lambda row: -row.score.cosine):
        s = row.score
        p_at_5 = "-" if row.p_at_5 is None else f"{row.p_at_5:.2f}"
        lines.append(
            f"| `{row.arch}` | {s.cosine:.3f} | {s.constant:.3f} | {s.ratio:.2f} | {s.tracks:.3f} | {p_at_5} "
            f"| {row.slices} | {row.minutes:.1f} | {row.ms_a_slice:.2f} | {row.weights / 1e6:.2f} million "
            f"| {row.megabytes:.1f} |"
        )
    return "\n".join(lines)


def _time(path: Path, slices: Floats) -> float:
    """Milliseconds of one core for a slice, in batches as the product hears them: the quickest of ten."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    spent = []
    for _ in range(_TIMES):
        began = time.process_time()
        session.run(None, {session.get_inputs()[0].name: slices})
        spent.append(time.process_time() - began)
    return min(spent) / len(slices) * 1e3
