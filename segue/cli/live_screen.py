"""How `segue live` shows what it hears: a few lines that are drawn anew on a terminal, one line a window in a pipe."""

from __future__ import annotations

import shutil
import sys
import time

from segue.errors import one_line
from segue.listen.sounding import Level, level_of
from segue.live import Moment
from segue.values import Floats

_KINDS = {"silence": "silence", "noise": "steady noise", "speech": "somebody speaks", "music": "music"}
_BAR = 24
_LOWEST_DBFS = -60.0
_REDRAW_S = 0.2
_UP, _CLEAR = "\x1b[{}A", "\x1b[J"


def moment_line(moment: Moment) -> str:
    """A moment in one line."""
    parts = [f"{_clock(moment.at_s)}  {_KINDS[moment.kind]:<15}  {moment.level.rms_dbfs:6.1f} dBFS"]
    if moment.level.clipped:
        parts.append("too loud: turn the input down")
    if moment.new_song:
        parts.append("another song")
    if moment.playing is not None:
        parts.append(f"sounds like {_name(moment.playing.artist, moment.playing.title)}")
    if moment.kind == "music" and moment.next:
        first = moment.next[0]
        parts.append(f"next: {_name(first.artist, first.title)} ({first.score:.2f})")
    return "  ".join(parts)


def _clock(at_s: float) -> str:
    minutes, seconds = divmod(int(at_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:3}:{seconds:02}"


def _name(artist: str, title: str) -> str:
    return one_line(f"{artist} - {title}" if artist else title)


class Screen:
    """A few lines at the bottom of a terminal, drawn anew as things change."""

    def __init__(self) -> None:
        self._moment: Moment | None = None
        self._level: Level | None = None
        self._lines = 0
        self._drawn_s = 0.0

    def meter(self, piece: Floats) -> None:
        """Show how loud it is right now."""
        if len(piece):
            self._level = level_of(piece)
        if time.monotonic() - self._drawn_s >= _REDRAW_S:
            self._draw()

    def show(self, moment: Moment) -> None:
        """Show a moment."""
        self._moment, self._level = moment, moment.level
        self._draw()

    def close(self) -> None:
        """Leave what was shown last where it is."""
        sys.stdout.flush()

    def _draw(self) -> None:
        width = shutil.get_terminal_size().columns - 1
        lines = [line[:width] for line in self._text()]
        up = _UP.format(self._lines) if self._lines else ""
        sys.stdout.write(f"{up}\r{_CLEAR}" + "".join(f"{line}\n" for line in lines))
        sys.stdout.flush()
        self._lines, self._drawn_s = len(lines), time.monotonic()

    def _text(self) -> list[str]:
        moment, level = self._moment, self._level
        loud = 0.0 if level is None else max(0.0, 1.0 - level.rms_dbfs / _LOWEST_DBFS)
        bar = "#" * round(min(loud, 1.0) * _BAR)
        what = "listening ..." if moment is None else _KINDS[moment.kind]
        lines = [f"[{bar:<{_BAR}}] {what}"]
        if level is not None and level.clipped:
            lines[0] += "  (too loud: turn the input down)"
        if moment is None:
            return lines
        if moment.playing is not None:
            lines.append(f"This sounds like {_name(moment.playing.artist, moment.playing.title)}")
        if moment.next:
            lines.append("Next:")
        for number, suggestion in enumerate(moment.next, start=1):
            lines.append(f"{number:3}  {_name(suggestion.artist, suggestion.title)}")
            lines.append(f"     {one_line(suggestion.why)}")
        return lines
