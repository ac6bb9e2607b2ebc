"""The pipeline that benchmarks/origin.py measures; runs in a process of its own and prints the seconds of its parts."""

from __future__ import annotations

import json
import os
import pickle
import time

_BEGAN = time.perf_counter()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import sys  # noqa: E402
import warnings  # noqa: E402
from pathlib import Path  # noqa: E402

import keras  # noqa: E402
import librosa  # noqa: E402
import numpy as np  # noqa: E402

_RATE_HZ, _FFT, _HOP, _BANDS, _FRAMES, _DIMENSION = 22_050, 2048, 512, 96, 216, 100
_BATCH_TRACKS = 100
_EPSILON = 0.001


def main(folder: Path, pickles: Path) -> int:
    """Do all of it and print how long each part took."""
    model = network()
    pickles.mkdir()
    seconds = dict.fromkeys(("start", "decoding and mel", "network", "pickles", "TF-IDF"), 0.0)
    seconds["start"] = time.perf_counter() - _BEGAN
    for track in sorted(folder.iterdir()):
        at = time.perf_counter()
        slices = mel_slices(track)
        seconds["decoding and mel"] += (heard := time.perf_counter()) - at
        vectors = model.predict(slices, verbose=0)
        seconds["network"] += (kept := time.perf_counter()) - heard
        (pickles / f"{track.stem}.p").write_bytes(pickle.dumps(vectors))
        seconds["pickles"] += time.perf_counter() - kept
    at = time.perf_counter()
    names = sorted(pickles.glob("*.p"))
    whole = {}
    for start in range(0, len(names), _BATCH_TRACKS):
        whole |= weighted({name.stem: pickle.loads(name.read_bytes()) for name in names[start : start + _BATCH_TRACKS]})
    (pickles / "mp3tovec.pickle").write_bytes(pickle.dumps(whole))
    seconds["TF-IDF"] = time.perf_counter() - at
    print(json.dumps(seconds))
    return 0


def network() -> keras.Model:
    """The network of the article: 42.6 million parameters, nearly all between the flattened map and 1024 neurons."""
    layers: list[keras.Layer] = [keras.Input((_BANDS, _FRAMES, 1))]
    for filters in (32, 64, 128):
        layers += [
            keras.layers.SeparableConv2D(filters, 3, padding="same", activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.MaxPooling2D(2),
        ]
    layers += [keras.layers.Flatten(), keras.layers.Dense(1024, activation="relu"), keras.layers.Dense(_DIMENSION)]
    model = keras.Sequential(layers)
    assert 42_500_000 < model.count_params() < 42_700_000
    return model


def mel_slices(track: Path) -> np.ndarray:
    """A track's slices ``(s, 96, 216, 1)`` in [0, 1]."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa warns of its fallback for M4A
        samples, _ = librosa.load(track, sr=_RATE_HZ, mono=True)
    mel = librosa.feature.melspectrogram(y=samples, sr=_RATE_HZ, n_fft=_FFT, hop_length=_HOP, n_mels=_BANDS)
    slices = []
    for start in range(0, mel.shape[1] - _FRAMES + 1, _FRAMES):
        part = librosa.power_to_db(mel[:, start : start + _FRAMES], ref=np.max)
        spread = part.max() - part.min()
        slices.append((part - part.min()) / spread if spread else np.zeros_like(part))
    return np.asarray(slices, np.float32)[..., None]


def weighted(tracks: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Each track's slices summed by TF-IDF within its batch: every slice is compared with every other."""
    vectors = np.concatenate(list(tracks.values()))
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    owner = np.repeat(np.arange(len(tracks)), [len(track) for track in tracks.values()])
    in_track = np.zeros(len(vectors))
    in_tracks = np.zeros(len(vectors))
    for one in range(len(vectors)):
        same = set()
        for other in range(len(vectors)):
            if 1.0 - np.dot(vectors[one], vectors[other]) < _EPSILON:
                same.add(owner[other])
                in_track[one] += owner[other] == owner[one]
        in_tracks[one] = len(same)
    weights = in_track * -np.log(in_tracks / len(tracks))
    return {
        name: (weights[owner == number, None] * vectors[owner == number]).sum(axis=0)
        for number, name in enumerate(tracks)
    }


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
