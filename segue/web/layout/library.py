"""The room of the library: filters, what to do with the songs that are marked, and the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import dcc, html

from segue.web import ids
from segue.web.layout.parts import act_button, icon
from segue.web.layout.retag import retag_dialog
from segue.web.room import room_head
from segue.words import later, number, say

WORDS = later(
    "Every song, to be searched, filtered, sorted, marked and played. A double click or Enter plays; on BPM and key it "
    "corrects them."
)
BLOCK_ROWS = 100
_THEME = """themeQuartz.withParams({
    backgroundColor: "var(--bg)", foregroundColor: "var(--text)", textColor: "var(--text)", borderColor: "var(--line)",
    headerBackgroundColor: "var(--raised)", headerTextColor: "var(--dim)", accentColor: "var(--accent)",
    rowHoverColor: "var(--hover)", selectedRowBackgroundColor: "var(--accent-soft)", fontFamily: "var(--sans)",
    checkboxUncheckedBorderColor: "var(--control)", checkboxCheckedShapeColor: "var(--on-accent)",
    browserColorScheme: "inherit", fontSize: 14, wrapperBorderRadius: 14, cellHorizontalPadding: 10
})"""
"""The table's colours are the page's own, dark and light."""

_MOST_VALUES = 300  # of a filter; the commonest

_GRID_TEXTS = {
    "ariaRowToggleSelection": later("Press Space to toggle row selection"),
    "ariaRowSelect": later("Press SPACE to select this row"),
    "ariaRowDeselect": later("Press SPACE to deselect this row"),
    "ariaChecked": later("checked"),
    "ariaUnchecked": later("unchecked"),
    "ariaIndeterminate": later("indeterminate"),
    "ariaSortableColumn": later("Press ENTER to sort"),
    "ariaInputEditor": later("Input Editor"),
    "noRowsToShow": later("No Rows To Show"),
    "loadingOoo": later("Loading..."),
}
"""What the table itself says."""

_BY_HAND = {"editable": True, "cellRenderer": "SegueByHand"}

_COLUMNS: tuple[dict[str, Any], ...] = (
    {"field": "title", "headerName": later("Title"), "flex": 3, "minWidth": 170, "cellRenderer": "SegueTitle"},
    {"field": "artist", "headerName": later("Artist"), "flex": 2, "minWidth": 120},
    {"field": "album", "headerName": later("Album"), "flex": 2, "minWidth": 120},
    {"field": "genre", "headerName": later("Genre"), "width": 110},
    {"field": "heard", "headerName": later("Heard as"), "width": 115},
    {"field": "tempo_bpm", "headerName": "BPM", "width": 92, "type": "rightAligned", **_BY_HAND},
    {"field": "camelot", "headerName": later("Key"), "width": 86, **_BY_HAND},
    {"field": "year", "headerName": later("Year"), "width": 82},
    {"field": "duration_s", "headerName": later("Length"), "width": 94, "type": "rightAligned"},
    {"field": "loudness_lufs", "headerName": "LUFS", "width": 90, "type": "rightAligned"},
    {"field": "folder", "headerName": later("Folder"), "width": 140},
)


def library_room(*, genres: Sequence[str], heard: Sequence[str], keys: Sequence[str]) -> html.Div:
    """The room as it is entered, with what its filters offer."""
    return html.Div(
        [
            room_head(say("Library"), WORDS),
            html.Div(
                [
                    _field("words", dmc.TextInput, label=say("Words"), debounce=60, value="", autoComplete="off"),
                    _choice("genre", say("Genre"), genres),
                    _choice("heard", say("Heard as"), heard),
                    _choice("camelot", say("Key"), keys),
                    _field("tempo_from", dmc.NumberInput, label=say("BPM from"), min=0, max=400, value=""),
                    _field("tempo_to", dmc.NumberInput, label=say("to"), min=0, max=400, value=""),
                    _field("year_from", dmc.NumberInput, label=say("Years from"), min=0, max=9999, value=""),
                    _field("year_to", dmc.NumberInput, label=say("to"), min=0, max=9999, value=""),
                ],
                className="table-filters",
                role="search",
            ),
            html.Div([_counts(), _tools()], className="table-tools"),
            _grid(),
            dcc.Store(id=ids.TABLE_FILTERS, data={}),
            *retag_dialog(),
        ],
        className="table-room",
    )


def _field(name: str, kind: Any, **words: Any) -> Any:
    words |= {"decimalSeparator": number(0.5, 1)[1]} if kind is dmc.NumberInput else {}
    return kind(id=ids.table_filter(name), size="xs", **words)


def _choice(name: str, label: str, values: Sequence[str]) -> dmc.Select:
    return dmc.Select(
        id=ids.table_filter(name),
        label=label,
        data=list(values[:_MOST_VALUES]),
        value=None,
        clearable=True,
        searchable=True,
        placeholder=say("any"),
        size="xs",
        comboboxProps={"withinPortal": False},
    )


def _counts() -> html.Div:
    """How many songs there are, and how many are marked, which ``assets/js/table.js`` says."""
    found = html.P(id=ids.TABLE_COUNT, role="status")
    return html.Div([found, html.P(id="table-marked", role="status")], className="dim table-counts")


def _tools() -> html.Div:
    """What is done with the marked songs."""
    acts = (
        ("table_play", say("Play"), "play", say("Play the marked songs")),
        ("table_add", say("Add"), "add", say("Add the marked songs to the queue")),
        ("table_journey", say("Journey"), "journey", say("Lead through the marked songs")),
        ("table_mix", say("Mix"), "mix", say("Make one file of the marked songs")),
        ("table_correct", say("Correct"), "edit", say("Correct tempo and key of the marked songs")),
        (
            "table_retag",
            say("Write tags"),
            "tag",
            say("Write tempo, key, mood or genre of the marked songs into their files"),
        ),
    )
    buttons = [act_button(act, hint, icon(drawing), words, look="outline small") for act, words, drawing, hint in acts]
    return html.Div(buttons, className="room-tools", role="group", **{"aria-label": say("Marked songs")})


def _grid() -> dag.AgGrid:
    return dag.AgGrid(
        id=ids.TABLE,
        rowModelType="infinite",
        columnDefs=[column | {"headerName": say(column["headerName"])} for column in _COLUMNS],
        defaultColDef={"sortable": True, "resizable": True, "suppressHeaderMenuButton": True},
        getRowId="params.data.id",
        dashGridOptions={
            "rowSelection": {"mode": "multiRow", "enableClickSelection": False, "headerCheckbox": False},
            "cacheBlockSize": BLOCK_ROWS,
            "infiniteInitialRowCount": 1,
            "maxBlocksInCache": 20,
            "rowHeight": 44,
            "headerHeight": 40,
            "theme": {"function": _THEME},
            "localeText": {name: say(text) for name, text in _GRID_TEXTS.items()},
            "suppressMovableColumns": True,
            "stopEditingWhenCellsLoseFocus": True,
        },
        className="segue-table",
    )
