"""What a loudspeaker, a room and a microphone do to an ear's vectors, undone as far as it can be: a linear map."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segue.embed.encoder import Ear
from segue.errors import ModelError
from segue.files import atomic_write
from segue.values import Floats

_PARTS = ("kernel", "bias", "centre", "whitening")
ROOM_SUFFIX = ".room.npz"
_VANISHED = 1e-6
_REMEDY = "Install Segue anew"


@dataclass(frozen=True, slots=True, eq=False)
class RoomMap:
    """``kernel`` (d, d) and ``bias`` (d,): where a slice would lie if it had been heard from the record itself.

    ``centre`` (d,) and ``whitening`` (d, d) make a space in which what a room leaves alone counts more: music spreads
    widely in a few directions, and there rooms do most harm.
    """

    kernel: Floats = field(repr=False)
    bias: Floats = field(repr=False)
    centre: Floats = field(repr=False)
    whitening: Floats = field(repr=False)

    def dry(self, vectors: Floats) -> Floats:
        """Take the room out of slice vectors.

        Parameters
        ----------
        vectors : (s, d) float32
            Unit rows, as the ear heard them through a room.

        Returns
        -------
        (s, d) float32
            Unit rows; a row that would vanish stays as it is.
        """
        moved = vectors @ self.kernel + self.bias
        return _unit(moved, vectors)

    def sharpen(self, vectors: Floats) -> Floats:
        """Bring vectors ``(n, d)``, of a record or dry, to where recordings are told apart; unit rows again."""
        moved = (vectors - self.centre) @ self.whitening
        return _unit(moved, vectors)


def _unit(rows: NDArray[np.floating], otherwise: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    found: Floats = np.where(lengths > _VANISHED, rows / np.maximum(lengths, _VANISHED), otherwise).astype(np.float32)
    return found


def write_room_map(path: Path, found: RoomMap, *, ear: Ear) -> None:
    """Write a map that was fitted to an ear, as float16; the ear looks for it at ``room_map_path``."""
    parts = {name: getattr(found, name).astype(np.float16) for name in _PARTS}
    with atomic_write(path) as partial, partial.open("wb") as file:
        np.savez_compressed(file, **parts, ear=np.array(str(ear.fingerprint)))


def room_map_path(ear: Ear) -> Path:
    """Where the map of an ear lies: beside its network."""
    return ear.network.with_suffix(ROOM_SUFFIX)


def find_room_map(ear: Ear) -> RoomMap | None:
    """Read the map that lies beside an ear's network; None where there is none.

    Raises
    ------
    ModelError
        If the file is damaged, or was fitted to another network.
    """
    path = room_map_path(ear)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ModelError(f"the room map cannot be read ({error.strerror})", remedy=_REMEDY, path=path) from error
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            owner = str(stored["ear"])
            found = RoomMap(*(stored[name].astype(np.float32) for name in _PARTS))
    except (KeyError, ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"the room map is damaged ({error})", remedy=_REMEDY, path=path) from error
    network = ear.quick_of or ear.fingerprint
    if owner != str(network):
        raise ModelError(f"the room map was fitted to {owner}, and the ear is {network}", remedy=_REMEDY, path=path)
    shapes = [getattr(found, name).shape for name in _PARTS]
    square, row = (ear.dimension, ear.dimension), (ear.dimension,)
    if shapes != [square, row, row, square]:
        raise ModelError(f"the parts of the room map are of the shapes {shapes}", remedy=_REMEDY, path=path)
    return found
