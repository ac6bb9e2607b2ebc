"""The library as a table, against its plain definition."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.errors import ParameterError
from segue.store.library import Library
from segue.store.rows import fold
from segue.store.searching import Wording
from segue.store.songs import Songs
from segue.table import COLUMNS, NUMBERS, LibraryTable, Table, TableQuery, neighbours
from segue.values import TrackId, TrackInfo
from tests.store_heard import add, heard

WORDS = st.sampled_from(["", "Ōsaka", "rain", "Rain Dance", "night", "AC/DC"])


SONGS = st.lists(
    st.tuples(
        WORDS,
        WORDS,
        st.sampled_from(["", "jazz", "rock"]),
        st.sampled_from([None, 1970, 1999]),
        st.sampled_from([None, 90.0, 120.5]),
        st.sampled_from([None, "8A", "9A", "1B"]),
    ),
    max_size=12,
)
QUERIES = st.builds(
    TableQuery,
    words=st.sampled_from(["", "rain", "osaka", "rain night"]),
    genre=st.sampled_from(["", "jazz"]),
    tempo_bpm=st.sampled_from([(None, None), (100.0, None), (None, 100.0)]),
    years=st.sampled_from([(None, None), (1980.0, 2000.0)]),
    camelot=st.sampled_from([frozenset(), frozenset({"8A"}), neighbours("8A")]),
    sort=st.lists(st.tuples(st.sampled_from(COLUMNS), st.booleans()), max_size=2, unique_by=lambda s: s[0]).map(tuple),
)


def table_of(songs: list[tuple[Any, ...]]) -> Table:
    ids = tuple(TrackId(f"{number:016x}") for number in range(len(songs)))
    infos = [TrackInfo(title, artist, "", genre, year, 60.0) for title, artist, genre, year, _, _ in songs]
    tempi = np.array([np.nan if tempo is None else tempo for *_, tempo, _ in songs], np.float64)
    keys = tuple(key or "" for *_, key in songs)
    columns = Songs(ids, tuple(infos), (("/music/a",),) * len(ids), tempi, keys, np.full(len(ids), -14.0), {})
    texts = [fold(f"{info.title} {info.artist} {info.genre}") for info in infos]
    wording = Wording(ids, texts, [len(text) for text in texts], [""] * len(texts))
    return Table.of(columns, {TrackId("0" * 16): ("mellow", "slow")}, wording)


@settings(max_examples=150, deadline=None)
@given(SONGS, QUERIES)
def test_it_finds_and_sorts_as_it_is_defined(songs: list[tuple[Any, ...]], query: TableQuery) -> None:
    table = table_of(songs)
    page = table.page(query, 0, 100)
    everything = table.page(TableQuery(), 0, 100).rows
    folds = {"osaka": "Ōsaka", "rain": "Rain", "night": "night"}

    def passes(row: Any) -> bool:
        text = f"{row.title} {row.artist} {row.genre}".casefold()
        words = all(folds[word].casefold() in text for word in query.words.split())
        tempo, year = row.tempo_bpm, row.year
        least, most = query.tempo_bpm
        bounds = (least is None or (tempo is not None and tempo >= least)) and (
            most is None or (tempo is not None and tempo <= most)
        )
        first, last = query.years
        years = first is None or last is None or (year is not None and first <= year <= last)
        key = not query.camelot or row.camelot in query.camelot
        return words and bounds and years and key and (not query.genre or row.genre == query.genre)

    assert {row.id for row in page.rows} == {row.id for row in everything if passes(row)}
    assert page.total == len(page.rows)
    if query.sort and query.sort[0][0] in NUMBERS:
        column, falls = query.sort[0]
        values = [getattr(row, column) for row in page.rows]
        known = [value for value in values if value is not None]
        assert known == sorted(known, reverse=falls)
        assert all(value is None for value in values[len(known) :])


def test_pages_follow_each_other_and_are_bounded() -> None:
    table = table_of([(f"song {n}", "", "", None, None, None) for n in range(30)])
    query = TableQuery(sort=(("title", True),))
    whole = table.page(query, 0, 30).rows
    assert (*table.page(query, 0, 11).rows, *table.page(query, 11, 30).rows) == whole
    assert table.page(query, 25, 99).total == 30
    assert whole[0].heard == ""
    assert table.page(TableQuery(heard="mellow"), 0, 9).total == 1
    for first, last in ((-1, 5), (5, 4), (0, 5_000)):
        with pytest.raises(ParameterError, match="rows"):
            table.page(query, first, last)
    with pytest.raises(ParameterError, match="no column"):
        TableQuery(sort=(("path", False),))


def test_values_come_commonest_first_and_neighbours_are_those_of_the_wheel() -> None:
    table = table_of([("a", "", genre, None, None, None) for genre in ("rock", "jazz", "rock", "")])
    assert table.values("genre") == ("rock", "jazz")
    assert neighbours("12A") == {"11A", "12A", "1A", "12B"}
    assert neighbours("1B") == {"12B", "1B", "2B", "1A"}


def test_it_is_made_anew_when_the_library_changes(tmp_path: Path) -> None:
    class NoTags:
        def confident(self) -> dict[TrackId, tuple[str, ...]]:
            return {}

    with Library.open(tmp_path) as library:
        add(library, heard(1), Path("/music/1.mp3"))
        table = LibraryTable(library, NoTags())  # type: ignore[arg-type]
        first = table.now()
        assert table.now() is first
        add(library, heard(2), Path("/music/2.mp3"))
        assert len(table.now().ids) == 2
