"""Between values and what a row of library.db holds: vectors as bytes, text as search words."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable

import numpy as np

from segue.errors import LibraryError
from segue.values import Floats, TrackId, TrackVectors

_SLICE_TYPE = np.dtype("<f2")
_TRACK_TYPE = np.dtype("<f4")

_MOST_WORDS = 32  # nobody types more, and SQLite refuses expressions of a thousand parts

# Letters that Unicode does not take apart into a base letter and a mark, as they are typed without the right keyboard.
_PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
)


def unit_rows(vectors: Floats) -> Floats:
    """Scale each row to length one.

    Parameters
    ----------
    vectors : (n, d) float
        Finite rows, none of them zero.

    Returns
    -------
    (n, d) float32
        Unit rows.

    Raises
    ------
    LibraryError
        When the array is empty or not two-dimensional, or a row is zero or not finite.
    """
    rows = np.asarray(vectors, dtype=np.float32)
    if rows.ndim != 2 or rows.size == 0:
        raise LibraryError(f"vectors of shape {rows.shape} cannot be stored", remedy="Give at least one row")
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    if not (np.isfinite(lengths).all() and lengths.min() > 0):
        raise LibraryError(
            "a zero or non-finite vector cannot be stored", remedy="Drop silent slices, and check the network"
        )
    unit: Floats = (rows / lengths).astype(np.float32)
    return unit


def slices_to_blob(vectors: Floats) -> bytes:
    """Slice vectors ``(s, d)`` as little-endian float16 unit rows; raises LibraryError as `unit_rows` does."""
    return unit_rows(vectors).astype(_SLICE_TYPE).tobytes()


def blob_to_slices(blob: bytes, count: int) -> Floats:
    """Slice vectors ``(count, d)`` float32; normalised again, since float16 is only near unit length.

    Raises LibraryError where the bytes are no such rows.
    """
    try:
        return unit_rows(np.frombuffer(blob, dtype=_SLICE_TYPE).astype(np.float32).reshape(count, -1))
    except ValueError as error:
        what = f"slice vectors in the library are damaged ({len(blob)} bytes for {count} slices)"
        raise LibraryError(what, remedy="Let it be mended: segue doctor --repair") from error


def vector_to_blob(vector: Floats) -> bytes:
    """One track vector ``(d,)`` as little-endian float32 of unit length; raises LibraryError as `unit_rows` does."""
    return unit_rows(np.asarray(vector)[np.newaxis]).astype(_TRACK_TYPE).tobytes()


def read_vectors(found: Iterable[tuple[str, bytes]]) -> TrackVectors:
    """Ids and track vectors out of rows of these, one after the other; the matrix is ``(0, 0)`` for none."""
    ids: list[TrackId] = []
    everything = bytearray()
    for track_id, blob in found:
        ids.append(TrackId(sys.intern(track_id)))
        everything += blob
    if not ids:
        return TrackVectors((), np.zeros((0, 0), dtype=np.float32))
    matrix = np.frombuffer(everything, dtype=_TRACK_TYPE).astype(np.float32, copy=False)
    return TrackVectors(tuple(ids), matrix.reshape(len(ids), -1))


def floats_to_blob(values: Floats) -> bytes:
    """Numbers ``(k,)`` as little-endian float32."""
    return np.asarray(values).astype(_TRACK_TYPE).tobytes()


def blob_to_floats(blob: bytes) -> Floats:
    """Numbers ``(k,)`` float32, from what `floats_to_blob` made."""
    return np.frombuffer(blob, dtype=_TRACK_TYPE).astype(np.float32)


def storable(text: str) -> str:
    """Text that UTF-8 can hold: halves of characters, as broken tags and odd file names have them, become U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def fold(text: str) -> str:
    """Text as it is searched: no case, no accents, and each word after one space ("AC/DC" is " ac dc")."""
    lower = unicodedata.normalize("NFKD", text).casefold()  # after it: of "𝕊" there is no small letter, of "S" there is
    plain = "".join(c for c in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(c))
    plain = plain.translate(_PLAIN_LETTERS)
    parts: list[str] = []
    for word in plain.split():
        if any(c.isalnum() for c in word):
            parts += "".join(c if c.isalnum() else " " for c in word).split()
        else:
            parts.append(word)  # a band may be called "!!!"
    return "".join(f" {part}" for part in parts)


def words_to_find(text: str) -> list[str]:
    """The words that a track must all hold; lone punctuation counts only where there is nothing else."""
    words = list(dict.fromkeys(fold(storable(text)).split()))
    return ([w for w in words if any(c.isalnum() for c in w)] or words)[:_MOST_WORDS]
