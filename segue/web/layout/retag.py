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
from segue.web.layout.parts import placed
from segue.words import later, number, say, say_n

_INTRO = later(
    "Into the files themselves, so that other programs read it too. Nothing else in a file changes. Its old tags are "
    "kept beside the library first."
)
_FIELDS: Mapping[TagField, str] = {
    "bpm": "BPM",
    "key": later("Key"),
    "mood": later("Mood as heard"),
    "genre": later("Genre as heard"),
}
_MOST_PROBLEMS = 100


def retag_dialog() -> list[Any]:
    """The dialog, closed, and what the page sends by it."""
    fields = [dmc.Checkbox(label=say(label), value=name, size="sm") for name, label in _FIELDS.items()]
    styles = [{"value": "camelot", "label": "8A"}, {"value": "musical", "label": "Am"}]
    key_as = dmc.SegmentedControl(id=ids.RETAG_KEY_AS, data=styles, value="camelot", size="sm")
    setattr(key_as, "aria-labelledby", "retag-key-words")
    write = html.Button(id=ids.RETAG_WRITE, type="button", n_clicks=0, disabled=True, className="button solid")
    return [
        dmc.Modal(
            html.Div(
                [
                    html.P(say(_INTRO), className="dim"),
                    html.Div(
                        [
                            dmc.CheckboxGroup(
                                html.Div(fields, className="retag-choices"),
                                id=ids.RETAG_FIELDS,
                                label=say("Which tags"),
                                value=["bpm", "key"],
                            ),
                            html.Div([html.Span(say("Key as"), id="retag-key-words"), key_as], className="retag-key"),
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
            title=say("Write tags"),
            opened=False,
            size="xl",
            closeButtonProps={"aria-label": say("Close")},
        ),
        dcc.Store(id=ids.RETAG_ASKED),
        dcc.Store(id=ids.RETAG_SEEN),
        dcc.Store(id=ids.RETAG_ENDED),
        dcc.Interval(id=ids.RETAG_PULSE, interval=700, disabled=True),
    ]


def preview(changes: Sequence[FileChange], fields: Sequence[str], *, more: int) -> list[Any]:
    """What would change, a row for each file; ``more`` songs are not looked at yet."""
    if not fields:
        return [html.P(say("Choose what is to be written."), className="dim")]
    shown = [name for name in TAG_FIELDS if name in fields]
    heads = [html.Th(say("Song"), scope="col"), *(html.Th(say(_FIELDS[name]), scope="col") for name in shown)]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody([_row(change, shown) for change in changes])])
    rest = [html.P(_rest_words(more), className="dim")]
    frame = html.Div(table, className="retag-table", role="region", tabIndex=0)
    setattr(frame, "aria-label", say("What would change"))
    return [frame, *(rest if more else [])]


def _rest_words(more: int) -> str:
    return say("and {songs} more, which are looked at as they are written", songs=present.songs(more))


def _row(change: FileChange, fields: Sequence[TagField]) -> html.Tr:
    name = html.Span(printable(change.path.name), className="dim")
    head = html.Th(html.Div([html.B(change.track.info.title), name]), scope="row")
    if change.problem:
        return html.Tr([head, html.Td(say(change.problem), colSpan=len(fields), className="problem")])
    known = {field.field: field for field in change.fields}
    return html.Tr([head, *(html.Td(_field(known.get(name))) for name in fields)])


def _field(change: FieldChange | None) -> list[Any]:
    """Old and new; only what stands there, where nothing changes."""
    if change is None:
        return [html.Span(say("not known: stays"), className="dim")]
    if change.old == change.new:
        return [html.Span(placed(say("{value} stays"), value=change.new), className="dim")]
    arrow = html.Span(" → ", **{"aria-label": say("becomes")}, role="img")
    return [html.Span(change.old or say("nothing"), className="retag-old"), arrow, html.B(change.new)]


def write_words(songs: int) -> str:
    """What the button says."""
    return say("Write the tags of {songs}", songs=present.songs(songs))


def state(status: TagStatus) -> list[Any]:
    """How far it is, or how it ended."""
    if status.running:
        progress = status.progress
        words = (
            say("Beginning")
            if progress is None
            else say("{done} of {total} files", done=number(progress.done), total=number(progress.total))
        )
        share = 0.0 if progress is None or not progress.total else 100.0 * progress.done / progress.total
        bar = dmc.Progress(value=share, size=4, className="scan-bar", **{"aria-label": say("How far the writing is")})
        stop = html.Button(
            say("Stop"), id=ids.retag_act("stop", ""), type="button", n_clicks=0, className="button outline small"
        )
        return [html.Div([html.P(words), stop], className="retag-progress"), bar]
    if status.error:
        return [html.P(say(status.error), className="problem")]
    return [] if status.report is None else _report(status.report)


def _report(report: TagReport) -> list[Any]:
    if report.is_back:
        parts = [say_n("{count} file put back", "{count} files put back", report.written)]
    else:
        parts = [say_n("{count} file written", "{count} files written", report.written)]
    parts += [say("{count} said it already", count=number(report.unchanged))] if report.unchanged else []
    parts += [say("stopped before the end")] if report.cancelled else []
    lines = [html.Li(say(problem)) for problem in report.problems[:_MOST_PROBLEMS]]
    rest = len(report.problems) - len(lines)
    lines += [html.Li(say("and {count} more", count=number(rest)))] if rest else []
    wrong = say_n("{count} file could not be written:", "{count} files could not be written:", len(report.problems))
    failed = [html.P(wrong, className="problem"), html.Ul(lines, className="retag-problems")] if lines else []
    return [html.P(f"{', '.join(parts)}."), *failed]


def backups(kept: Sequence[TagBackup], *, busy: bool) -> list[Any]:
    """What was written before, and the way back."""
    if not kept:
        return []
    rows = []
    for backup in kept:
        words = f"{present.moment(backup.at_s)}: {present.files(backup.files)}"
        back = html.Button(
            say("Put the old tags back"),
            id=ids.retag_act("back", backup.name),
            type="button",
            n_clicks=0,
            disabled=busy,
            className="button outline small",
        )
        setattr(back, "aria-label", say("Put the old tags back, {what}", what=words))
        rows.append(html.Li([html.Span(words), back]))
    heading = html.H3(say("Written before"), className="small-heading")
    return [html.Section([heading, html.Ul(rows)], className="retag-backups", **{"aria-label": say("Written before")})]
