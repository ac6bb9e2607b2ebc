"""Genre and mood: a linear head on an ear's slice vectors, and the probabilities that it gives a whole track."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.embed.encoder import Ear
from segue.errors import ModelError, ParameterError
from segue.files import atomic_write
from segue.values import Floats, HeardTag, TagGroup

_MOODS = frozenset(
    ("beautiful", "chillout", "mellow", "chill", "easy listening", "sexy", "catchy", "party", "sad", "happy")
)
_VOICES = frozenset(("female vocalists", "female vocalist", "male vocalists", "instrumental", "guitar", "acoustic"))
_DECADES = frozenset(("oldies", "60s", "70s", "80s", "90s", "00s"))
TAGS_SUFFIX = ".tags.npz"
_REMEDY = "Install Segue anew, or fit the tags to this ear again"


@dataclass(frozen=True, slots=True, eq=False)
class Tagger:
    """What turns slice vectors into probabilities: ``kernel`` (d, k) and ``bias`` (k,) for the k tags in ``names``.

    A track is confidently of a tag when its probability reaches the tag's threshold. ``fingerprint`` changes with the
    file, so that stored probabilities of another head are told apart; ``card`` says how well it does.
    """

    names: tuple[str, ...]
    kernel: Floats
    bias: Floats
    thresholds: Floats
    fingerprint: str
    card: dict[str, Any]

    def probabilities(self, slice_vectors: Floats) -> Floats:
        """Say how probable each tag is for a track.

        Parameters
        ----------
        slice_vectors : (s, d) float32
            Unit rows of the ear that the head was fitted to, s > 0.

        Returns
        -------
        (k,) float32
            In [0, 1]: the mean over the slices of the sigmoid of ``v @ kernel + bias``.

        Raises
        ------
        ParameterError
            If the vectors are of another dimension, or there are none.
        """
        if slice_vectors.ndim != 2 or len(slice_vectors) == 0 or slice_vectors.shape[1] != len(self.kernel):
            raise ParameterError(
                f"slice vectors of shape {slice_vectors.shape} met a tag head for {len(self.kernel)} dimensions",
                remedy="Give (s, d) of the ear that the head was fitted to",
            )
        return np.asarray(sigmoid(slice_vectors @ self.kernel + self.bias).mean(axis=0), np.float32)

    def heard(self, probabilities: Floats) -> tuple[HeardTag, ...]:
        """Name the tags of ``(k,)`` probabilities, those furthest above their thresholds first."""
        strengths = logit(probabilities) - logit(self.thresholds)
        return tuple(
            HeardTag(
                name=self.names[k],
                group=group_of(self.names[k]),
                probability=float(probabilities[k]),
                confident=bool(probabilities[k] >= self.thresholds[k]),
            )
            for k in np.argsort(-strengths, kind="stable")
        )

    def confident(self, probabilities: Floats) -> tuple[str, ...]:
        """The names of the tags whose probability ``(k,)`` reaches the threshold, surest first."""
        return self.confident_each(probabilities[np.newaxis])[0]

    def confident_each(self, probabilities: Floats) -> list[tuple[str, ...]]:
        """As `confident`, for each of n tracks ``(n, k)``."""
        is_sure = probabilities >= self.thresholds
        rows, tags = np.nonzero(is_sure)
        strengths = logit(probabilities[rows, tags]) - logit(self.thresholds[tags])
        names = [self.names[tag] for tag in tags[np.lexsort((tags, -strengths, rows))].tolist()]
        ends = np.cumsum(is_sure.sum(axis=1)).tolist()
        return [tuple(names[start:end]) for start, end in pairwise([0, *ends])]


def group_of(name: str) -> TagGroup:
    """Whether a tag names a genre, a mood, or something else: an instrument, a voice, a decade."""
    if name in _MOODS:
        return "mood"
    return "other" if name in _VOICES | _DECADES else "genre"


def tagger_path(ear: Ear) -> Path:
    """Where the tag head of an ear lies: beside its network."""
    return ear.network.with_suffix(TAGS_SUFFIX)


def find_tagger(ear: Ear) -> Tagger | None:
    """Read the tag head that lies beside an ear's network; None where there is none.

    Raises
    ------
    ModelError
        If the file is damaged, or was fitted to another network.
    """
    path = tagger_path(ear)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ModelError(f"the tags cannot be read ({error.strerror})", remedy=_REMEDY, path=path) from error
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            card = json.loads(str(stored["card"]))
            found = Tagger(
                names=tuple(map(str, card["names"])),
                kernel=stored["kernel"].astype(np.float32),
                bias=stored["bias"].astype(np.float32),
                thresholds=stored["thresholds"].astype(np.float32),
                fingerprint=hashlib.sha256(content).hexdigest()[:8],
                card=card,
            )
            _check(found, ear, path)
    except (KeyError, ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"the tags are damaged ({error})", remedy=_REMEDY, path=path) from error
    return found


def _check(found: Tagger, ear: Ear, path: Path) -> None:
    """Refuse a head whose parts do not fit together, or that was fitted to another ear."""
    network = ear.quick_of or ear.fingerprint
    if found.card["ear"] != str(network):
        what = f"the tags were fitted to {found.card['ear']}, and the ear is {network}"
        raise ModelError(what, remedy=_REMEDY, path=path)
    tags = len(found.names)
    if found.kernel.shape != (ear.dimension, tags) or found.bias.shape != (tags,) or found.thresholds.shape != (tags,):
        raise ValueError(f"the shapes {found.kernel.shape} and {found.bias.shape} do not fit {tags} tags")


def write_tagger(ear: Ear, *, kernel: Floats, bias: Floats, thresholds: Floats, card: dict[str, Any]) -> Path:
    """Write a tag head beside its ear; ``card`` holds at least the ``names``. Returns the path."""
    path = tagger_path(ear)
    facts = json.dumps({**card, "ear": str(ear.fingerprint)})
    with atomic_write(path) as partial, partial.open("wb") as file:
        np.savez(
            file,
            kernel=kernel.astype(np.float32),
            bias=bias.astype(np.float32),
            thresholds=thresholds.astype(np.float32),
            card=np.array(facts),
        )
    return path


def sigmoid(values: NDArray[Any]) -> Floats:
    """From the real line to (0, 1), in float32 without overflow."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * values))


def logit(probabilities: NDArray[Any]) -> Floats:
    """The inverse of `sigmoid`, for probabilities a little away from 0 and 1."""
    inside = np.clip(probabilities, 1e-6, 1.0 - 1e-6)
    return np.asarray(np.log(inside / (1.0 - inside)))
