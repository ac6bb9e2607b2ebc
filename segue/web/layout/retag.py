"""The dialog in which tags are written into files: what is to be written, what would change, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from segue.errors import printable
from segue.listen.tag_writing import TAG_FIELDS, TagField
from segue.retagging import FieldChange, FileChange, TagReport, TagStatus
from segue.store.tag_backups import TagBackup
from segue.web import ids, present

_INTRO = (
    "Into the files themselves, so that other programs read it too. Nothing else in a file changes. Its old tags are "
    "kept beside the library first."
)
_FIELDS: Mapping[TagField, str] = {"bpm": "BPM", "key": "Key", "mood": "Mood as heard", "genre": "Genre as heard"}
_MOST_PROBLEMS = 100


def retag_dialog() -> list[Any]:
    """The dialog, closed, and what the page sends by it."""
    fields = [dmc.Checkbox(label=label, value=name, size="sm") for name, label in _FIELDS.items()]
    styles = [{"value": "camelot", "label": "8A"}, {"value": "musical", "label": "Am"}]
    key_as = dmc.SegmentedControl(id=ids.RETAG_KEY_AS, data=styles, value="camelot", size="sm")
    setattr(key_as, "aria-labelledby", "retag-key-words")
    write = html.Button(id=ids.RETAG_WRITE, type="button", n_clicks=0, disabled=True, className="button solid")
    return [
        dmc.Modal(
            html.Div(
                [
                    html.P(_INTRO, className="dim"),
                    html.Div(
                        [
                            dmc.CheckboxGroup(
                                html.Div(fields, className="retag-choices"),
                                id=ids.RETAG_FIELDS,
                                label="Which tags",
                                value=["bpm", "key"],
                            ),
                            html.Div([html.Span("Key as", id="retag-key-words"), key_as], className="retag-key"),
                        ],
                        className="retag-wishes",
                    ),
                    html.Div(id=ids.RETAG_PREVIEW),
                    html.P(id=ids.RETAG_SAYS, className="retag-says", role="alert"),
                    html.Div(write, className="retag-ends"),
                    html.Div(id=ids.RETAG_STATE, role="status"),
                    html.Div(id=ids.RETAG_BACKUPS),
                ],
                className="retag-body",
            ),
            id=ids.RETAG,
            title="Write tags",
            opened=False,
            size="xl",
            closeButtonProps={"aria-label": "Close"},
        ),
        dcc.Store(id=ids.RETAG_ASKED),
        dcc.Store(id=ids.RETAG_SEEN),
        dcc.Store(id=ids.RETAG_ENDED),
        dcc.Interval(id=ids.RETAG_PULSE, interval=700, disabled=True),
    ]


def preview(changes: Sequence[FileChange], fields: Sequence[str], *, more: int) -> list[Any]:
    """What would change, a row for each file; ``more`` songs are not looked at yet."""
    if not fields:
        return [html.P("Choose what is to be written.", className="dim")]
    shown = [name for name in TAG_FIELDS if name in fields]
    heads = [html.Th("Song", scope="col"), *(html.Th(_FIELDS[name], scope="col") for name in shown)]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody([_row(change, shown) for change in changes])])
    rest = [html.P(f"and {present.songs(more)} more, which are looked at as they are written", className="dim")]
    frame = html.Div(table, className="retag-table", role="region", tabIndex=0)
    setattr(frame, "aria-label", "What would change")
    return [frame, *(rest if more else [])]


def _row(change: FileChange, fields: Sequence[TagField]) -> html.Tr:
    name = html.Span(printable(change.path.name), className="dim")
    head = html.Th(html.Div([html.B(change.track.info.title), name]), scope="row")
    if change.problem:
        return html.Tr([head, html.Td(change.problem, colSpan=len(fields), className="problem")])
    known = {field.field: field for field in change.fields}
    return html.Tr([head, *(html.Td(_field(known.get(name))) for name in fields)])


def _field(change: FieldChange | None) -> list[Any]:
    """Old and new; only what stands there, where nothing changes."""
    if change is None:
        return [html.Span("not known: stays", className="dim")]
    if change.old == change.new:
        return [html.Span([change.new, html.Span(" stays")], className="dim")]
    arrow = html.Span(" → ", **{"aria-label": "becomes"}, role="img")
    return [html.Span(change.old or "none", className="retag-old"), arrow, html.B(change.new)]


def write_words(songs: int) -> str:
    """What the button says."""
    return f"Write the tags of {present.songs(songs)}"


def state(status: TagStatus) -> list[Any]:
    """How far it is, or how it ended."""
    if status.running:
        progress = status.progress
        words = "Beginning" if progress is None else f"{progress.done:,} of {progress.total:,} files"
        share = 0.0 if progress is None or not progress.total else 100.0 * progress.done / progress.total
        bar = dmc.Progress(value=share, size=4, className="scan-bar", **{"aria-label": "How far the writing is"})
        stop = html.Button(
            "Stop", id=ids.retag_act("stop", ""), type="button", n_clicks=0, className="button outline small"
        )
        return [html.Div([html.P(words), stop], className="retag-progress"), bar]
    if status.error:
        return [html.P(status.error, className="problem")]
    return [] if status.report is None else _report(status.report)


def _report(report: TagReport) -> list[Any]:
    done = "put back" if report.is_back else "written"
    parts = [f"{present.count_of(report.written, 'file', 'files')} {done}"]
    parts += [f"{report.unchanged:,} said it already"] if report.unchanged else []
    parts += ["stopped before the end"] if report.cancelled else []
    lines = [html.Li(problem) for problem in report.problems[:_MOST_PROBLEMS]]
    rest = len(report.problems) - len(lines)
    lines += [html.Li(f"and {rest:,} more")] if rest else []
    wrong = f"{present.count_of(len(report.problems), 'file', 'files')} could not be written:"
    failed = [html.P(wrong, className="problem"), html.Ul(lines, className="retag-problems")] if lines else []
    return [html.P(f"{', '.join(parts)}."), *failed]


def backups(kept: Sequence[TagBackup], *, busy: bool) -> list[Any]:
    """What was written before, and the way back."""
    if not kept:
        return []
    rows = []
    for backup in kept:
        words = f"{present.moment(backup.at_s)}: {present.count_of(backup.files, 'file', 'files')}"
        back = html.Button(
            "Put the old tags back",
            id=ids.retag_act("back", backup.name),
            type="button",
            n_clicks=0,
            disabled=busy,
            className="button outline small",
        )
        setattr(back, "aria-label", f"Put the old tags back, {words}")
        rows.append(html.Li([html.Span(words), back]))
    heading = html.H3("Written before", className="small-heading")
    return [html.Section([heading, html.Ul(rows)], className="retag-backups", **{"aria-label": "Written before"})]
