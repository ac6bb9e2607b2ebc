"""How well an ear hears: same-package retrieval on held-out music, beside its teacher and two floors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segue.choose.retrieval import retrieval as retrieval
from segue.choose.retrieval import standardised as standardised
from segue.config import MUSICNN_MEL, SPECCY_MEL
from segue.embed.pooling import count_same, pool
from segue.listen.mel import single_slice, slices
from segue.listen.mfcc import MFCC_MEL, mfcc_statistics
from segue.train.augment import TEACHER_SAMPLES, WINDOW_SAMPLES
from segue.train.corpus import Recording
from segue.values import Floats, TrackId

SLICES_A_TRACK = 16
_WANTED_TFS = (2.0, 7.0)

Encode = Callable[[Floats], Floats]
"""From slices ``(s, bands, frames)`` to vectors ``(s, d)``."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """A track that no training touched: its label and what each front end hears of it, stretch by stretch."""

    label: str
    ours: Floats  # (s, 96, 216), all of it
    theirs: Floats  # (16, 96, 313), spread evenly
    mfcc: Floats  # (40,)


def listen(recordings: Sequence[Recording], *, most: int = SLICES_A_TRACK) -> list[HeldOut]:
    """Hear each recording as the product does, slice after slice, and ``most`` stretches of it as the teacher does."""
    heard = []
    for recording in recordings:
        count = min(most, recording.samples // WINDOW_SAMPLES)
        starts = np.linspace(0, recording.samples - WINDOW_SAMPLES, count).astype(int)
        stretches = [recording.read(int(start), WINDOW_SAMPLES) for start in starts]
        theirs = [m for s in stretches if (m := single_slice(resample_for_teacher(s), MUSICNN_MEL)) is not None]
        ours = slices(recording.read(), SPECCY_MEL)
        if theirs and len(ours):
            mels = [mel for s in stretches if (mel := single_slice(s, MFCC_MEL)) is not None]
            mfcc = np.mean([mfcc_statistics(mel) for mel in mels], axis=0)
            heard.append(HeldOut(label=recording.package, ours=ours, theirs=np.stack(theirs), mfcc=mfcc))
    return heard


def mean_vectors(slice_vectors: Sequence[Floats]) -> Floats:
    """The plain mean of each track's slice vectors: (n, d)."""
    return np.stack([vectors.mean(axis=0) for vectors in slice_vectors])


def tfidf_vectors(slice_vectors: Sequence[Floats], *, epsilon: float) -> Floats:
    """Each track's slice vectors pooled as the library pools them: (n, d)."""
    ids = [TrackId(f"{k:016x}") for k in range(len(slice_vectors))]
    pooled: Mapping[TrackId, Floats] = pool(dict(zip(ids, slice_vectors, strict=True)), epsilon=epsilon)
    return np.stack([pooled[track_id] for track_id in ids])


def choose_epsilon(slice_vectors: Sequence[Floats], labels: Sequence[str]) -> float:
    """The epsilon whose TF-IDF vectors retrieve best, out of those at which a slice has two or seven of its kind."""
    candidates = [find_epsilon(slice_vectors, wanted_tf=tf) for tf in _WANTED_TFS]
    return max(candidates, key=lambda e: retrieval(tfidf_vectors(slice_vectors, epsilon=e), labels).p_at_5)


def find_epsilon(slice_vectors: Sequence[Floats], *, wanted_tf: float) -> float:
    """The cosine distance below which a slice is, on average, the same as ``wanted_tf`` of its own track's slices."""
    low, high = 1e-5, 0.9
    for _ in range(12):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if mean_tf(slice_vectors, epsilon=middle) < wanted_tf else (low, middle)
    return float(f"{np.sqrt(low * high):.2g}")


def mean_tf(slice_vectors: Sequence[Floats], *, epsilon: float) -> float:
    """Mean number of slices of the same track within ``epsilon``, itself included."""
    counts = [count_same(v, np.zeros(len(v), np.int64), epsilon=epsilon).tf.sum() for v in slice_vectors]
    return float(np.sum(counts)) / sum(map(len, slice_vectors))


def resample_for_teacher(samples: Floats) -> Floats:
    """``(112896,)`` samples at 22,050 Hz as ``(81920,)`` at 16,000 Hz, by the Fourier transform."""
    spectrum = np.fft.rfft(samples)[: TEACHER_SAMPLES // 2 + 1]
    return (np.fft.irfft(spectrum, TEACHER_SAMPLES) * (TEACHER_SAMPLES / WINDOW_SAMPLES)).astype(np.float32)
