"""The ears that are here: those that come with Segue, and those that were added to a data folder."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from segue.embed.encoder import Ear, Encoder, load_ear
from segue.embed.head import HEAD_SUFFIX, read_head
from segue.embed.tagger import TAGS_SUFFIX
from segue.errors import ModelError, ParameterError, SegueError
from segue.files import access_error

DEFAULT = "speccy"
"""The ear of a library for which none was chosen."""

WITH_SEGUE = ("speccy", "musicnn", "musicnn-all")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_CHECKED_SLICES = 2

Kind = Literal["with Segue", "added"]


@dataclass(frozen=True, slots=True)
class ShelvedEar:
    """An ear by its name: it may be damaged or not installed, and ``error`` then says so."""

    name: str
    kind: Kind
    ear: Ear | None = None
    error: SegueError | None = None


@dataclass(frozen=True, slots=True)
class Shelf:
    """The ears of one data folder: those added lie in ``folder``, a card and a network each.

    ``cache`` is where networks are built that do not come as files.
    """

    folder: Path
    cache: Path

    def names(self) -> list[str]:
        """What the ears are called, Segue's own first."""
        added = sorted(card.stem for card in self.folder.glob("*.json") if _NAME.fullmatch(card.stem))
        return [*WITH_SEGUE, *(name for name in added if name not in WITH_SEGUE)]

    def take(self, name_or_path: str) -> Ear:
        """An ear by its name, or by the path of its ``.json``; raises ModelError if it is not here or damaged."""
        if name_or_path.endswith(".json"):
            return load_ear(Path(name_or_path))
        if name_or_path in WITH_SEGUE:
            return load_ear(name_or_path, cache=self.cache)
        if name_or_path not in self.names():
            here = ", ".join(self.names())
            raise ModelError(f"no ear is called '{name_or_path}'", remedy=f"Choose one of {here}, or add it first")
        return load_ear(self._card(name_or_path))

    def ears(self) -> Iterator[ShelvedEar]:
        """All ears, with the reason for those that cannot be used."""
        for name in self.names():
            kind: Kind = "with Segue" if name in WITH_SEGUE else "added"
            try:
                yield ShelvedEar(name, kind, self.take(name))
            except SegueError as error:
                yield ShelvedEar(name, kind, error=error)

    def add(self, card: Path, *, name: str | None = None) -> Ear:
        """Copy an ear here, card and network, after it has been tried; it is called as its card's file unless named.

        Raises
        ------
        ModelError
            If the card or the network is missing or damaged, or another ear has that name.
        ParameterError
            If the name is one of Segue's own, or no name for a file.
        """
        wanted = card.stem if name is None else name
        check_name(wanted)
        if card.suffix != ".json":
            raise ModelError("this is not an ear's card", remedy="Name its .json; the .onnx lies beside it", path=card)
        ear = load_ear(card)
        prove(ear)
        read_head(ear)
        here = self._card(wanted)
        if here.exists():
            held = self.take(wanted)
            if held.fingerprint != ear.fingerprint:
                what = f"there is another ear called '{wanted}' ({held.fingerprint}; this one is {ear.fingerprint})"
                raise ModelError(what, remedy="Choose another name: --name", path=here)
        return self._copy(card, ear, wanted)

    def _copy(self, card: Path, ear: Ear, name: str) -> Ear:
        """The card comes last: without it there is no ear yet, whatever happens in between."""
        try:
            self.folder.parent.mkdir(exist_ok=True)  # but no folder above it: that would be a slip of the fingers
            self.folder.mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".adding-", dir=self.folder) as folder:
                copy = Path(folder) / f"{name}.json"
                for suffix in (".onnx", HEAD_SUFFIX, TAGS_SUFFIX):
                    if (beside := ear.network.with_suffix(suffix)).exists():
                        shutil.copyfile(beside, copy.with_suffix(suffix))
                facts = {**json.loads(card.read_text(encoding="utf-8")), "name": name}
                copy.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
                prove(load_ear(copy))  # a network may lean on files that were not copied
                for part in sorted(Path(folder).iterdir(), key=lambda path: path == copy):
                    part.replace(self.folder / part.name)
        except OSError as error:
            raise access_error(error, self.folder) from error
        return self.take(name)

    def _card(self, name: str) -> Path:
        return self.folder / f"{name}.json"


def check_name(name: str) -> None:
    """Raise ParameterError unless an added ear may be called so."""
    if not _NAME.fullmatch(name) or name in WITH_SEGUE:
        what = f"an added ear cannot be called '{name}'"
        raise ParameterError(what, remedy="Give it a name of its own, of letters, digits, dots and dashes: --name")


def prove(ear: Ear) -> Encoder:
    """Load an ear's network and let it hear something; raises ModelError unless vectors come of it."""
    encoder = Encoder(ear)
    shape = (_CHECKED_SLICES, ear.mel.mel_bands, ear.mel.slice_frames)
    encoder.encode(np.random.default_rng(0).random(shape, dtype=np.float32))
    return encoder


def scores_of(ear: Ear) -> Mapping[str, float]:
    """What the ear's card says was measured, by the names it uses; empty if it says nothing."""
    card = ear.network.with_suffix(".json")
    try:
        facts: Any = json.loads(card.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    scores = facts.get("scores") if isinstance(facts, dict) else None
    if not isinstance(scores, dict):
        return {}
    return {str(key): float(value) for key, value in scores.items() if isinstance(value, int | float)}
