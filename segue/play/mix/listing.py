"""What lies beside a mix for people and players: a cue sheet, and the tracklist with times and reasons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from segue.errors import MixError, one_line, printable
from segue.files import atomic_write
from segue.play.mix.labels import clock, title_of
from segue.play.mix.plan import MixPlan, Placement

CUE_FRAMES_A_SECOND = 75
TRACKLIST_KINDS = (".txt", ".md", ".json")

_CUE_TYPES = {".mp3": "MP3", ".wav": "WAVE"}  # players take WAVE for any other kind of sound too
_LONGEST_CUE_TEXT = 500


def cue_sheet(plan: MixPlan, mix: Path) -> str:
    """A cue sheet in CDRwin's syntax: a track begins where it takes over from the one before it.

    A sheet's numbers have two digits; of more than 99 tracks the last ones are left to the tracklist.
    """
    kind = _CUE_TYPES.get(mix.suffix.lower(), "WAVE")
    lines = [f"TITLE {_quoted(plan.title)}", 'PERFORMER "Segue"', f"FILE {_quoted(mix.name)} {kind}"]
    for number, placed in enumerate(plan.placements[:99], start=1):
        info = placed.part.info
        lines += [f"  TRACK {number:02d} AUDIO", f"    TITLE {_quoted(info.title)}"]
        lines += [f"    PERFORMER {_quoted(info.artist)}"] if info.artist else []
        lines.append(f"    INDEX 01 {_cue_time(placed.lead_s if number > 1 else 0.0)}")
    return "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    """Text in quotes, in which there can be none and no end of a line."""
    return '"' + " ".join(one_line(text).replace('"', "'").split())[:_LONGEST_CUE_TEXT] + '"'


def _cue_time(time_s: float) -> str:
    frames = int(time_s * CUE_FRAMES_A_SECOND + 1e-6)
    seconds, frames = divmod(frames, CUE_FRAMES_A_SECOND)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes:02d}:{seconds:02d}:{frames:02d}"


def tracklist(plan: MixPlan, kind: str) -> str:
    """The tracks with when they begin, and how each hands over and why: ".txt", ".md" or ".json".

    Raises
    ------
    MixError
        If it is to be of another kind.
    """
    if kind not in TRACKLIST_KINDS:
        raise MixError(
            f"no tracklist can be written as '{kind}'", remedy=f"Let its name end in {', '.join(TRACKLIST_KINDS)}"
        )
    if kind == ".json":
        document = {"title": plan.title, "length_s": round(plan.length_s, 3), "tracks": tracklist_rows(plan)}
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    return _as_markdown(plan) if kind == ".md" else _as_text(plan)


def tracklist_rows(plan: MixPlan) -> list[dict[str, Any]]:
    """The tracks of a mix for JSON: where each lies, what is known of it, and how it hands over to the next."""
    rows = []
    for placed, join in zip(plan.placements, (*plan.joins, None), strict=True):
        part = placed.part
        rows.append(
            {
                "begins_s": round(placed.lead_s, 3),
                "from_s": round(placed.begin_s, 3),
                "to_s": round(placed.end_s, 3),
                "artist": part.info.artist,
                "title": part.info.title,
                "path": printable(part.path),
                "tempo_bpm": None if part.tempo_bpm is None else round(part.tempo_bpm, 2),
                "camelot": part.camelot,
                "gain_db": round(part.gain_db, 2),
                "why": part.why,
                "next": None
                if join is None
                else {"style": join.style, "overlap_s": round(join.overlap_s, 3), "why": join.why},
            }
        )
    return rows


def _as_text(plan: MixPlan) -> str:
    lines = [plan.title, f"{len(plan.parts)} tracks, {clock(plan.length_s)}", ""]
    width = len(clock(plan.length_s))
    for placed, join in zip(plan.placements, (*plan.joins, None), strict=True):
        lines.append(f"{clock(placed.lead_s):>{width}}  {_named(placed)}{_known(placed)}")
        lines += [f"{'':{width}}    chosen: {placed.part.why}"] if placed.part.why else []
        if join is not None:
            lines.append(f"{'':{width}}    {join.why or join.style}")
    return "\n".join(map(one_line, lines)) + "\n"


def _as_markdown(plan: MixPlan) -> str:
    lines = [f"# {_plain(plan.title)}", "", f"{len(plan.parts)} tracks, {clock(plan.length_s)}", ""]
    lines += ["| time | track | tempo | key | to the next |", "|---|---|---|---|---|"]
    for placed, join in zip(plan.placements, (*plan.joins, None), strict=True):
        part = placed.part
        tempo = "" if part.tempo_bpm is None else f"{part.tempo_bpm:.1f}"
        why = "" if join is None else _plain(join.why or join.style)
        lines.append(f"| {clock(placed.lead_s)} | {_plain(_named(placed))} | {tempo} | {part.camelot or ''} | {why} |")
    return "\n".join(lines) + "\n"


def _named(placed: Placement) -> str:
    return title_of(placed.part)


def _known(placed: Placement) -> str:
    """Tempo and key in brackets, as far as they are known."""
    part = placed.part
    known = [] if part.tempo_bpm is None else [f"{part.tempo_bpm:.1f} BPM"]
    known += [part.camelot] if part.camelot else []
    return f"  [{', '.join(known)}]" if known else ""


def _plain(text: str) -> str:
    """Text that means nothing else in Markdown's tables."""
    shown = one_line(text)
    for mark in "\\|*_`[]<>#":
        shown = shown.replace(mark, f"\\{mark}")
    return shown


def write_text(path: Path, text: str) -> None:
    """Write a text whole or not at all, in UTF-8; raises FileAccessError."""
    with atomic_write(path) as unfinished:
        unfinished.write_text(printable(text), encoding="utf-8")
