"""Labels that somebody gave to files, in a CSV table of path, label and artist."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from segue.errors import FileAccessError, ParameterError
from segue.files import access_error, expanded, is_file

_SEPARATORS = ",;\t"
_FORM = "The first line names the columns: path,label or path,label,artist"


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """A row of the table: a file, absolute, its label, and its artist, "" where the table does not say."""

    path: Path
    label: str
    artist: str = ""


@dataclass(frozen=True, slots=True)
class LabelTable:
    """The rows of a table, and how many lack a label or a path that a file can have."""

    rows: tuple[LabelledFile, ...]
    incomplete: int


def read_label_table(table: Path) -> LabelTable:
    """Read a table; relative paths are meant from its folder.

    Commas, semicolons or tabs between the columns, quotes, a byte order mark and any ends of lines are understood;
    columns may stand in any order, and others beside them.

    Raises
    ------
    FileAccessError
        If it cannot be read, or is not UTF-8.
    ParameterError
        If it has no columns ``path`` and ``label``, no rows, or is no CSV at all.
    """
    try:
        text = table.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise access_error(error, table) from error
    except UnicodeDecodeError as error:
        raise FileAccessError("the labels are not UTF-8 text", remedy="Save them as CSV UTF-8", path=table) from error
    separator = max(_SEPARATORS, key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        return _read(reader, table)
    except csv.Error as error:
        what = f"the labels are no CSV (line {reader.line_num}: {error})"
        raise ParameterError(what, remedy=_FORM, path=table) from error


def _read(reader: Iterator[list[str]], table: Path) -> LabelTable:
    names = [name.strip().casefold() for name in next(reader, [])]
    if not {"path", "label"} <= set(names):
        found = ", ".join(filter(None, names)) or "nothing"
        raise ParameterError(f"the labels have no columns path and label, but {found}", remedy=_FORM, path=table)
    rows: list[LabelledFile] = []
    incomplete = 0
    for cells in reader:
        row = dict(zip(names, (cell.strip() for cell in cells), strict=False))
        if row.get("path") and row.get("label") and "\0" not in row["path"]:
            rows.append(LabelledFile(_place(row["path"], table), row["label"], row.get("artist", "")))
        else:
            incomplete += any(row.values())
    if not rows:
        raise ParameterError("there is no labelled file in it", remedy=_FORM, path=table)
    return LabelTable(tuple(rows), incomplete)


def _place(text: str, table: Path) -> Path:
    """Where a path of the table leads; one written on Windows is understood elsewhere if that is what is there."""
    path = table.absolute().parent / expanded(text)
    other = table.absolute().parent / text.replace("\\", "/")
    return other if "\\" in text and not is_file(path) and is_file(other) else path
