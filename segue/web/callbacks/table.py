"""The room of the library: its filters become a query, and the table asks for the rows that it shows."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx
from dash.exceptions import PreventUpdate

from segue.errors import ParameterError
from segue.table import COLUMNS, TableQuery, TableRow, neighbours
from segue.web import ids, present
from segue.web.callbacks.retag import register_retag
from segue.web.checks import is_number
from segue.web.layout.library import BLOCK_ROWS, library_room
from segue.web.room import Query, Room
from segue.words import later, number, say

if TYPE_CHECKING:
    from segue.services import Services

_HOURS = tuple(f"{hour}{letter}" for hour in range(1, 13) for letter in "AB")
_BESIDE = " and beside"
_LONGEST_WORDS = 200


def build(services: Services, query: Query) -> Any:  # noqa: ARG001 - one form for all rooms
    """The room, with the genres and tags that the library has."""
    table = services.table.now()
    keys = [name for hour in _HOURS for name in (hour, f"{hour}{_BESIDE}")]
    return library_room(genres=table.values("genre"), heard=table.values("heard"), keys=keys)


def register(app: Dash, services: Services) -> None:
    """Connect the room."""

    @app.callback(Output(ids.TABLE_FILTERS, "data"), Input(ids.table_filter(ALL), "value"), prevent_initial_call=True)
    def on_filters(_: list[Any]) -> dict[str, Any]:
        return {field["id"]["name"]: field["value"] for field in ctx.inputs_list[0] if field.get("value")}

    @app.callback(
        Output(ids.TABLE, "getRowsResponse"),
        Output(ids.TABLE_COUNT, "children"),
        Input(ids.TABLE, "getRowsRequest"),
        State(ids.TABLE_FILTERS, "data"),
        prevent_initial_call=True,
    )
    def on_rows(wanted: dict[str, Any] | None, filters: dict[str, Any] | None) -> tuple[Any, str]:
        if wanted is None:
            raise PreventUpdate
        first = max(0, int(wanted["startRow"]))
        page = services.table.now().page(
            query_of(filters or {}, wanted.get("sortModel") or []), first, first + BLOCK_ROWS
        )
        return {"rowData": [shown(row) for row in page.rows], "rowCount": page.total}, present.songs(page.total)

    register_retag(app, services)
    app.clientside_callback(
        ClientsideFunction("segueTable", "onFilters"),
        Output(ids.BOOTED, "data", allow_duplicate=True),
        Input(ids.TABLE_FILTERS, "data"),
        prevent_initial_call="initial_duplicate",
    )
    app.clientside_callback(
        ClientsideFunction("segueTable", "onTable"),
        Output(ids.BOOTED, "data", allow_duplicate=True),
        Input(ids.TABLE, "id"),
        prevent_initial_call="initial_duplicate",
    )


def query_of(filters: dict[str, Any], sort: list[dict[str, Any]]) -> TableQuery:
    """What the page asks for, as a query; raises ParameterError for what is none."""
    key = _text(filters, "camelot")
    code = key.removesuffix(_BESIDE)
    if code and code not in _HOURS:
        raise ParameterError(say("'{key}' is no key", key=key), remedy=say("Choose one from the list"))
    return TableQuery(
        words=_text(filters, "words")[:_LONGEST_WORDS],
        genre=_text(filters, "genre"),
        heard=_text(filters, "heard"),
        tempo_bpm=(_number(filters, "tempo_from"), _number(filters, "tempo_to")),
        years=(_number(filters, "year_from"), _number(filters, "year_to")),
        camelot=neighbours(code) if key.endswith(_BESIDE) else frozenset({code} - {""}),
        sort=tuple((str(by.get("colId")), by.get("sort") == "desc") for by in sort[: len(COLUMNS)]),
    )


def shown(row: TableRow) -> dict[str, Any]:
    """A row as the table shows it."""
    tempo, loudness = row.tempo_bpm, row.loudness_lufs
    return asdict(row) | {
        "artist": row.artist or say(present.UNKNOWN_ARTIST),
        "tempo_bpm": "" if tempo is None else present.bpm(tempo, by_hand=row.by_hand),
        "loudness_lufs": "" if loudness is None else number(loudness, 1),
        "duration_s": present.clock(row.duration_s),
        "year": row.year or "",
    }


def _text(filters: dict[str, Any], name: str) -> str:
    value = filters.get(name)
    return value if isinstance(value, str) else ""


def _number(filters: dict[str, Any], name: str) -> float | None:
    value = filters.get(name)
    return float(value) if is_number(value) else None


ROOM = Room("/library", later("Library"), "library", later("Every song in a table"), build, register)
