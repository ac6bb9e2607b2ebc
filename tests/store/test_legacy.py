from __future__ import annotations

import collections
import io
import os
import pickle
import pickletools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segue.errors import FileAccessError, LibraryError
from segue.store.legacy import read_legacy, write_legacy

VECTORS = {
    "/music/a/b_c.mp3": np.arange(1, 101, dtype=np.float32),
    "/music/a_b/c.mp3": np.linspace(-1, 1, 100, dtype=np.float32),
    "C:\\Musik\\Mötley.mp3": np.ones(100, np.float32),
}


class Evil:
    """Would make a file if it were ever rebuilt."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return (os.system, (f"touch {self.mark}",))


def kept(tmp_path: Path, thing: object, protocol: int = 4) -> Path:
    path = tmp_path / "old.p"
    path.write_bytes(pickle.dumps(thing, protocol=protocol))
    return path


def same(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> bool:
    return list(left) == list(right) and all(np.array_equal(left[key], right[key]) for key in left)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f4"])
def test_every_protocol_and_precision_is_read(tmp_path: Path, protocol: int, dtype: str) -> None:
    vectors = {name: vector.astype(dtype) for name, vector in VECTORS.items()}
    found = read_legacy(kept(tmp_path, vectors, protocol))
    assert same(found, {name: vector.astype(np.float32) for name, vector in vectors.items()})
    assert {vector.dtype for vector in found.values()} == {np.dtype(np.float32)}


def test_what_numpy_1_wrote_is_read(tmp_path: Path) -> None:
    path = kept(tmp_path, VECTORS, 2)
    path.write_bytes(path.read_bytes().replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))
    assert same(read_legacy(path), VECTORS)


def test_what_is_written_is_read_by_plain_pickle(tmp_path: Path) -> None:
    path = tmp_path / "new" / "mp3tovec.p"
    write_legacy(path, VECTORS)
    with path.open("rb") as file:
        assert same(pickle.load(file), VECTORS)
    assert same(read_legacy(path), VECTORS)


def test_odd_file_names_survive(tmp_path: Path) -> None:
    name = os.fsdecode(b"/music/caf\xe9.mp3")
    write_legacy(tmp_path / "old.p", {name: np.ones(3, np.float32)})
    assert list(read_legacy(tmp_path / "old.p")) == [name]


def test_an_empty_dictionary(tmp_path: Path) -> None:
    assert read_legacy(kept(tmp_path, {})) == {}


def test_nothing_in_a_pickle_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        for thing in (Evil(mark), {"a": Evil(mark)}, {"a": np.array([Evil(mark)], dtype=object)}):
            with pytest.raises(LibraryError, match="it asks for"):
                read_legacy(kept(tmp_path, thing, protocol))
    assert not mark.exists()


@pytest.mark.parametrize(
    "thing",
    [
        [1, 2],
        "text",
        {"a": 1},
        {"a": [1.0, 2.0]},
        {1: np.ones(3, np.float32)},
        {"a": np.ones((2, 3), np.float32)},
        {"a": np.ones(0, np.float32)},
        {"a": np.array([np.nan], np.float32)},
        {"a": np.ones(3, np.float32), "b": np.ones(4, np.float32)},
        {"a": np.ones(3, np.int64)},
        {"a": np.array(["text"])},
        {"a": np.zeros(2, dtype=[("x", "f4")])},
        {"a": np.float32(1)},
        collections.OrderedDict(a=np.ones(3, np.float32)),
        {"a": np.ma.masked_array(np.ones(3))},
        {"a": Path("/")},
        {"a": 2**70},
    ],
)
def test_anything_else_is_refused_in_one_line(tmp_path: Path, thing: object) -> None:
    for protocol in (2, 4):
        with pytest.raises(LibraryError) as caught:
            read_legacy(kept(tmp_path, thing, protocol))
        assert str(caught.value).startswith(str(tmp_path / "old.p"))
        assert "\n" not in str(caught.value)


def test_a_reference_to_the_outside_is_refused(tmp_path: Path) -> None:
    class Outside(pickle.Pickler):
        def persistent_id(self, obj: object) -> str | None:
            return "elsewhere" if obj == 1.5 else None

    buffer = io.BytesIO()
    Outside(buffer).dump({"a": 1.5})
    (tmp_path / "old.p").write_bytes(buffer.getvalue())
    with pytest.raises(LibraryError, match="elsewhere"):
        read_legacy(tmp_path / "old.p")


def test_a_memo_that_would_take_gigabytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old.p").write_bytes(b"\x80\x02}r\xff\xff\xff\xff.")
    with pytest.raises(LibraryError, match="memo"):
        read_legacy(tmp_path / "old.p")


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80", b"\x80\x04", b"\x80\x04.", b"\x80\xff}.", b"}", b"cos\n"])
def test_what_is_no_pickle(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "old.p").write_bytes(content)
    with pytest.raises(LibraryError, match="not a readable pickle"):
        read_legacy(tmp_path / "old.p")


WHOLE = pickle.dumps({"a": np.ones(4, np.float32), "b": np.zeros(4, np.float32)}, protocol=4)
STARTS = [position for _, _, position in pickletools.genops(WHOLE)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(st.data())
def test_damage_of_any_kind_is_refused_or_harmless(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.sampled_from(STARTS) | st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    content = content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content
    (tmp_path / "old.p").write_bytes(content)
    try:
        found = read_legacy(tmp_path / "old.p")
    except LibraryError:
        return
    assert all(np.isfinite(vector).all() for vector in found.values())


def test_places_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="it is not there"):
        read_legacy(tmp_path / "old.p")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileAccessError):
        write_legacy(tmp_path / "file" / "old.p", VECTORS)
