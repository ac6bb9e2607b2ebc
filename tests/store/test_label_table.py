from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.errors import FileAccessError, ParameterError
from segue.store.label_table import LabelledFile, read_label_table


def table(folder: Path, content: bytes | str) -> Path:
    path = folder / "labels.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_paths_are_meant_from_the_tables_folder_or_absolute(tmp_path: Path) -> None:
    found = read_label_table(table(tmp_path, "path,label,artist\nrock/a.mp3,rock,The A\n/music/b.mp3,jazz,\n"))
    assert found.rows == (
        LabelledFile(tmp_path / "rock/a.mp3", "rock", "The A"),
        LabelledFile(Path("/music/b.mp3"), "jazz"),
    )
    assert found.incomplete == 0


@pytest.mark.parametrize(
    "content",
    [
        b'\xef\xbb\xbfpath,label\r\n"a, b.mp3","hip hop"\r\n',  # a byte order mark and CRLF, as Excel writes them
        b"path;label\na, b.mp3;hip hop\n",
        b"Label\tyear\tPATH \nhip hop\t1999\ta, b.mp3\n",
        b'path,label\n"a, b.mp3", hip hop \n\n',
    ],
)
def test_all_the_ways_in_which_programs_write_csv(tmp_path: Path, content: bytes) -> None:
    assert read_label_table(table(tmp_path, content)).rows == (LabelledFile(tmp_path / "a, b.mp3", "hip hop"),)


def test_rows_without_a_path_or_a_label_are_counted(tmp_path: Path) -> None:
    found = read_label_table(table(tmp_path, "path,label\na.mp3,rock\n,rock\nb.mp3,\nc.mp3\n\n"))
    assert (len(found.rows), found.incomplete) == (1, 3)


def test_a_path_that_no_file_can_have_counts_as_lacking(tmp_path: Path) -> None:
    """A null character in a path once ended the command with a traceback."""
    found = read_label_table(table(tmp_path, "path,label\na.mp3,rock\nb\0c.mp3,rock\n"))
    assert (len(found.rows), found.incomplete) == (1, 1)


def test_paths_written_on_windows_lead_to_files_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "rock").mkdir()
    (tmp_path / "rock" / "a.mp3").touch()
    found = read_label_table(table(tmp_path, "path,label\nrock\\a.mp3,rock\n"))
    assert found.rows[0].path == tmp_path / "rock" / "a.mp3"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "but nothing"),
        (b"file,genre\na.mp3,rock\n", "but file, genre"),
        (b"a.mp3,rock\n", "no columns path and label"),
        (b"path,label\n", "no labelled file"),
    ],
)
def test_a_table_of_another_kind_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        read_label_table(table(tmp_path, content))


@pytest.fixture
def usual_field_limit() -> Iterator[None]:
    """Python's limit on a cell of CSV, which holds for the whole process and which other readers may have raised."""
    before = csv.field_size_limit(131_072)
    yield
    csv.field_size_limit(before)


def test_a_table_that_cannot_be_read_is_refused(tmp_path: Path, usual_field_limit: None) -> None:
    with pytest.raises(FileAccessError):
        read_label_table(tmp_path / "nothing.csv")
    with pytest.raises(FileAccessError, match="not UTF-8"):
        read_label_table(table(tmp_path, "path,label\nmø.mp3,rock\n".encode("latin-1")))
    with pytest.raises(ParameterError, match=r"no CSV \(line 2"):
        read_label_table(table(tmp_path, b'path,label\n"' + b"x" * 200_000 + b'",rock\n'))
