from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segue.errors import LibraryError
from segue.store import rows

matrices = arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.integers(1, 20)),
    elements=st.floats(-1000, 1000, width=32),
).filter(lambda m: (np.linalg.norm(m.astype(np.float64), axis=1) > 1e-3).all())


@settings(deadline=None)
@given(matrices)
def test_slices_come_back_as_unit_rows_that_point_the_same_way(vectors: np.ndarray) -> None:
    back = rows.blob_to_slices(rows.slices_to_blob(vectors), len(vectors))
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    assert back.shape == vectors.shape
    np.testing.assert_allclose(np.linalg.norm(back, axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(back, vectors / lengths, atol=1e-3)  # float16 keeps 11 bits


def test_the_bytes_are_little_endian_float16() -> None:
    assert rows.slices_to_blob(np.array([[1.0, 0.0]], np.float32)) == b"\x00\x3c\x00\x00"
    assert rows.vector_to_blob(np.array([0.0, 2.0], np.float32)) == b"\x00\x00\x00\x00\x00\x00\x80\x3f"


@pytest.mark.parametrize("shape", [(0, 5), (3, 0), (5,), (2, 2, 2)])
def test_arrays_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(LibraryError, match="shape"):
        rows.slices_to_blob(np.ones(shape, np.float32))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Sigur Rós", " sigur ros"),
        ("AC/DC", " ac dc"),
        ("!!!", " !!!"),
        ("Straße Ærø Łódź", " strasse aero lodz"),
        ("ＦＵＬＬ　ｗｉｄｔｈ", " full width"),
        ("𝕊𝕠𝕟𝕘 №5", " song no5"),
        ("", ""),
    ],
)
def test_folding(text: str, words: str) -> None:
    assert rows.fold(text) == words


@settings(deadline=None)
@given(st.text(st.characters()))
def test_any_text_folds_and_folding_twice_is_folding_once(text: str) -> None:
    folded = rows.fold(rows.storable(text))
    folded.encode("utf-8")
    assert rows.fold(folded) == folded


def test_bytes_that_are_no_slices_are_said_to_be_damaged() -> None:
    """numpy's own error came through."""
    for blob, count in ((b"\0\1\2", 1), (b"\0\1\2\3", 3), (b"", 2)):
        with pytest.raises(LibraryError, match=r"damaged|cannot be stored"):
            rows.blob_to_slices(blob, count)
