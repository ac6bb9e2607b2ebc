"""Values into the words and plain JSON that the page shows. Pure functions; nothing here knows Dash."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from segue.config import CHOICE, WATCH
from segue.errors import SegueError, one_line
from segue.play.fades import Sound, Turn
from segue.play.playqueue import Entry, Queue
from segue.store.events import Rating
from segue.values import LibraryCounts, Rhythm, ScanProgress, Track, TrackId

if TYPE_CHECKING:
    from segue.store.background import ScanStatus
    from segue.store.watch import WatchState

FAULT_TEXT = "Something went wrong inside Segue. The log has the details; the music can go on."
UNKNOWN_ARTIST = "Unknown artist"
GONE = "No longer in the library"
NO_RATINGS: Mapping[TrackId, Rating] = MappingProxyType({})
NO_TURN = Turn()
_FEW = 20  # new songs that are listened to without a card about it


def clock(seconds: float) -> str:
    """A length as listeners read it: 3:07, 1:02:07; nothing for an unknown length."""
    if seconds <= 0:
        return ""
    whole = int(seconds + 0.5)  # as the player rounds it
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def about(seconds: float) -> str:
    """A remaining time in round words."""
    if seconds < 50:
        return "less than a minute"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {minutes} min"
    return f"about {round(seconds / 3600)} h"


def moment(at_s: float) -> str:
    """A day and a time of it, out of seconds since 1970."""
    return time.strftime("%-d %B, %H:%M", time.localtime(at_s))


def share(value: float) -> str:
    """A share of a whole: "48 %", and "2.3 %" where it is small."""
    return f"{100 * value:.1f} %" if 0.0 < value < 0.1 else f"{100 * value:.0f} %"


def count_of(number: int, one: str, many: str) -> str:
    """A number with its noun: "1 song", "843 songs", "12,043 songs"."""
    return f"{number:,} {one if number == 1 else many}"


def songs(number: int) -> str:
    """How many songs."""
    return count_of(number, "song", "songs")


def artist_of(track: Track) -> str:
    """The artist, or the words for not knowing one."""
    return track.info.artist or UNKNOWN_ARTIST


def audio_url(track_id: TrackId) -> str:
    """Where the browser hears a track."""
    return f"/media/{track_id}/audio"


def cover_url(track_id: TrackId, *, size: int) -> str:
    """Where the browser sees a track's cover, at most ``size`` pixels wide."""
    return f"/media/{track_id}/cover?size={size}"


def progress_line(progress: ScanProgress) -> str:
    """One sentence on where a scan stands."""
    if progress.phase == "pooling":
        return "Comparing the songs with each other"
    if progress.total == 0:
        return "Looking through your music"
    if progress.phase == "quick look":
        line = f"A quick look at {progress.done:,} of {songs(progress.total)}"
    elif progress.phase == "measuring":
        line = f"Finding tempo and key: {progress.done:,} of {progress.total:,}"
    else:
        doing = "Listening closely" if progress.closely else "Listening to your music"
        line = f"{doing}: {progress.done:,} of {progress.total:,}"
    return line if progress.eta_s is None else f"{line}, {about(progress.eta_s)} left"


def status_line(status: ScanStatus) -> str | None:
    """One sentence on what the background scan does; None where there is nothing to say."""
    if not status.running or is_aside(status):
        return status.error
    if status.preparing:
        return status.preparing
    return "Looking through your music" if status.progress is None else progress_line(status.progress)


def status_share(status: ScanStatus) -> float | None:
    """How much of the scan is done in percent; None where that is not known."""
    progress = status.progress
    if status.running and status.preparing:
        return None if status.prepared is None else 100.0 * status.prepared
    if not status.running or progress is None or progress.total == 0:
        return None
    return 100.0 * progress.done / progress.total


def watch_line(state: WatchState | None, status: ScanStatus | None = None) -> str:
    """One sentence on which folders are watched, or what is done about what changed in them."""
    if status is not None and is_aside(status):
        progress = status.progress
        left = _left(progress) if progress is not None and progress.phase in ("quick look", "listening") else 0
        return f"Listening to {count_of(left, 'new song', 'new songs')}" if left else "Looking at what has changed"
    if state is None:
        return "New songs are found when you add their folder again"
    if not (state.watched or state.polled or state.away):
        busy = status is not None and status.running
        return state.note or ("Watched once all is heard" if busy else "Nothing to watch yet: add a folder")
    here = len(set(state.watched) - set(state.away))
    over = len(set(state.polled) - set(state.away))
    parts = [f"Watching {count_of(here, 'folder', 'folders')}"] if here else []
    parts += [f"Looking over {count_of(over, 'folder', 'folders')} every {WATCH.poll_s:.0f} s"] if over else []
    if over and state.note:
        parts[-1] += f", since {state.note}"
    names = ", ".join(one_line(folder.name or folder) for folder in state.away)
    return ". ".join([*parts, f"Nothing is in {names}: is its drive connected?"] if names else parts)


def is_aside(status: ScanStatus) -> bool:
    """Whether a scan is a few songs that the watch found, which need not be made much of."""
    return status.running and status.quiet and _left(status.progress) <= _FEW


def _left(progress: ScanProgress | None) -> int:
    return 0 if progress is None else progress.total - progress.done


def rhythm_facts(rhythm: Rhythm | None) -> tuple[str, ...]:
    """Tempo, key with its Camelot code, and loudness, as far as they are known."""
    if rhythm is None:
        return ("Tempo and key unknown",)
    tempo, key, loudness = rhythm.tempo_bpm, rhythm.key, rhythm.loudness_lufs
    return (
        "Tempo unknown" if tempo is None else f"{tempo:.0f} BPM",
        "Key unknown" if key is None else f"{key} ({rhythm.camelot})",
        "Loudness unknown" if loudness is None else f"{loudness:.1f} LUFS".replace("-", "\N{MINUS SIGN}"),
    )


def tempo(rhythm: Rhythm) -> str:
    """A tempo in BPM, as exactly as anybody counts; nothing where it is unknown."""
    return "" if rhythm.tempo_bpm is None else f"{rhythm.tempo_bpm:.2f}".rstrip("0").rstrip(".")


def failures_line(counts: LibraryCounts) -> str | None:
    """How many files could not be read; None if all could."""
    return f"{count_of(counts.failures, 'file', 'files')} could not be read" if counts.failures else None


def results_line(words: str, *, shown: int, more: bool, counts: LibraryCounts) -> str:
    """What the list holds."""
    words = words.strip()
    if not words:
        return songs(counts.tracks)
    if shown == 0:
        return f"Nothing holds “{words}”"
    return f"{'More than ' if more else ''}{songs(shown)} with “{words}”"


def in_bytes(count: int) -> str:
    """A size on the disk, as file managers say it."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def error_line(error: Exception) -> str:
    """What a listener reads: our own errors as sentences, one plain line for any other.

    Only a letter that the sentence itself begins with is made large: what it quotes stays as it was written.
    """
    if not isinstance(error, SegueError):
        return FAULT_TEXT
    line = str(error)
    return line if error.path is not None else line[:1].upper() + line[1:]


def notification(message: str, *, kind: str = "problem") -> dict[str, Any]:
    """A message for the corner of the page; ``kind`` is "problem" or "note"."""
    return {
        "action": "show",
        "message": message,
        "color": "red" if kind == "problem" else "glow",
        "autoClose": 9000 if kind == "problem" else 5000,
        "className": f"toast toast-{kind}",
        "closeButtonProps": {"aria-label": "Close"},
    }


def deck_entry(
    entry: Entry, tracks: Mapping[TrackId, Track], ratings: Mapping[TrackId, Rating], sound: Sound | None
) -> dict[str, Any]:
    """One entry as the player takes it; times and gains as plain numbers, null where they are not known."""
    track = tracks.get(entry.track_id)
    return {
        "entry": entry.id,
        "track": entry.track_id,
        "title": track.info.title if track else GONE,
        "artist": artist_of(track) if track else "",
        "album": track.info.album if track else "",
        "duration_s": track.info.duration_s if track else 0.0,
        "src": audio_url(entry.track_id),
        "cover": cover_url(entry.track_id, size=512),
        "thumb": cover_url(entry.track_id, size=96),
        "origin": entry.origin,
        "why": entry.why,
        "rating": ratings.get(entry.track_id),
        **asdict(sound or Sound()),
    }


def deck(
    queue: Queue,
    tracks: Mapping[TrackId, Track],
    ratings: Mapping[TrackId, Rating] = NO_RATINGS,
    turn: Turn = NO_TURN,
) -> dict[str, Any]:
    """What the player needs to know of the queue: what plays, what comes then and how, what can be taken back."""
    current, upcoming = queue.current, queue.upcoming
    return {
        "version": queue.version,
        "current": deck_entry(current, tracks, ratings, turn.this) if current else None,
        "next": deck_entry(upcoming[0], tracks, ratings, turn.next) if upcoming else None,
        "fade": asdict(turn.fade) if turn.fade else None,
        "upcoming": len(upcoming),
        "lengths_s": [round(tracks[e.track_id].info.duration_s, 1) for e in upcoming if e.track_id in tracks],
        "ahead": CHOICE.queue_ahead,
        "has_previous": bool(queue.position),
        "can_undo": bool(queue.undo_steps),
        "can_redo": bool(queue.redo_steps),
    }
