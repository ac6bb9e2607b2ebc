"""The pickles of Deej-A.I.: ``{path: vector}``. Read without running anything that they might contain, and written."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from segue.errors import LibraryError
from segue.files import access_error, atomic_write
from segue.values import Floats

_REMEDY = "Only dictionaries of paths and vectors, as Deej-A.I. writes them, are read; scan the music itself instead"
_PROTOCOL = 4  # what Python 3.4 to 3.7 read, on which the old tools ran
_NUMBERS = ("f2", "f4", "f8")
_MEMO_OPCODES = ("PUT", "BINPUT", "LONG_BINPUT")
_DAMAGE = (  # what the unpickler is known to raise on bytes that are no pickle, or only half of one
    pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, KeyError, TypeError, ValueError,
    OverflowError, MemoryError,
)  # fmt: skip


def read_legacy(path: Path) -> dict[str, Floats]:
    """Read an old pickle.

    Parameters
    ----------
    path : Path
        A pickled ``{path: vector}``, of any protocol.

    Returns
    -------
    dict of str to (d,) float32
        The vectors as they stand in the file, finite, all of one length.

    Raises
    ------
    LibraryError
        If the file cannot be read, is damaged, or holds anything else: nothing but dictionaries, text and arrays of
        numbers is ever made, so that a pickle from a stranger can do no harm.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        refused = access_error(error, path)
        raise LibraryError(refused.what, remedy=refused.remedy, path=path) from error
    try:
        _check_memo(content)
        found = _Unpickler(io.BytesIO(content)).load()
    except _DAMAGE as error:
        raise LibraryError(f"it is not a readable pickle ({error})", remedy=_REMEDY, path=path) from error
    return _checked(found, path)


def write_legacy(path: Path, mapping: Mapping[str, Floats]) -> None:
    """Write ``{path: vector}`` as old tools read it; the file appears whole or not at all. Raises FileAccessError."""
    plain = {os.fspath(name): np.array(vector, dtype=np.float32) for name, vector in mapping.items()}
    with atomic_write(path) as temporary:
        temporary.write_bytes(pickle.dumps(plain, protocol=_PROTOCOL))


def _check_memo(content: bytes) -> None:
    """Refuse memo numbers beyond the file's length, for which the unpickler would set aside gigabytes."""
    for opcode, argument, _ in pickletools.genops(content):
        if opcode.name in _MEMO_OPCODES and argument is not None and argument > len(content):
            raise pickle.UnpicklingError(f"memo number {argument}")


def _checked(found: Any, path: Path) -> dict[str, Floats]:
    if not isinstance(found, dict):
        raise LibraryError(f"it holds a {type(found).__name__}, not a dictionary", remedy=_REMEDY, path=path)
    vectors: dict[str, Floats] = {}
    for name, vector in found.items():
        if not (isinstance(name, str) and isinstance(vector, np.ndarray) and vector.ndim == 1 and vector.size):
            raise LibraryError(f"its entry {name!r:.80} is not a path and a vector", remedy=_REMEDY, path=path)
        if not np.isfinite(vector).all():
            raise LibraryError(f"the vector of {name!r:.80} is not finite", remedy=_REMEDY, path=path)
        vectors[name] = vector.astype(np.float32)
    if len({len(vector) for vector in vectors.values()}) > 1:
        raise LibraryError("its vectors are not all of one length", remedy=_REMEDY, path=path)
    return vectors


class _Unpickler(pickle.Unpickler):
    """Makes dictionaries, text and float arrays; whatever else a pickle names is refused before it is looked up."""

    def find_class(self, module: str, name: str) -> Any:
        maker = _MAKERS.get((module, name))
        if maker is None:
            raise pickle.UnpicklingError(f"it asks for {f'{module}.{name}'!r:.80}")
        return maker

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError(f"it asks for the outside object {pid!r:.80}")


def _reconstruct(kind: Any, shape: Any, code: Any) -> Any:
    """Stands in for numpy's function of that name: an empty array, which the pickle then fills."""
    if kind is not np.ndarray or shape != (0,) or code not in (b"b", "b"):
        raise pickle.UnpicklingError("it asks for an array of an odd kind")
    return np.zeros(0, np.int8)


def _dtype(code: Any, align: Any = False, copy: Any = True) -> Any:  # noqa: ARG001 - numpy's own parameters
    if str(code).lstrip("<>=|") not in _NUMBERS:
        raise pickle.UnpicklingError(f"it asks for numbers of type {code!r:.80}")
    return np.dtype(str(code), copy=True)


def _from_buffer(buffer: Any, dtype: Any, shape: Any, order: Any) -> Any:
    """Stands in for numpy's function of protocol 5."""
    return np.frombuffer(bytes(buffer), dtype=dtype).reshape(shape, order=order)


def _encode(text: str, codec: str) -> bytes:
    """How protocol 2 writes bytes."""
    if codec != "latin1":
        raise pickle.UnpicklingError(f"it asks for the codec {codec!r:.80}")
    return text.encode("latin1")


_CORES = ("numpy.core", "numpy._core")  # before and since numpy 2
_MAKERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): _dtype,
    ("_codecs", "encode"): _encode,
    **{(f"{core}.multiarray", "_reconstruct"): _reconstruct for core in _CORES},
    **{(f"{core}.numeric", "_frombuffer"): _from_buffer for core in _CORES},
}
