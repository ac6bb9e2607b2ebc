"""Values into the words and plain JSON that the page shows. Pure functions; nothing here knows Dash."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from segue.config import CHOICE, WATCH
from segue.errors import SegueError, one_line
from segue.play.fades import Sound, Turn
from segue.play.playqueue import Entry, Queue
from segue.store.events import Rating
from segue.values import ByHand, LibraryCounts, Rhythm, ScanProgress, Track, TrackId
from segue.words import later, number, percent, say, say_n

if TYPE_CHECKING:
    from segue.store.background import ScanStatus
    from segue.store.watch import WatchState

FAULT_TEXT = later("Something went wrong inside Segue. The log has the details; the music can go on.")
UNKNOWN_ARTIST = later("Unknown artist")
GONE = later("No longer in the library")
NO_RATINGS: Mapping[TrackId, Rating] = MappingProxyType({})
NO_TURN = Turn()
_MONTHS = (
    later("January"),
    later("February"),
    later("March"),
    later("April"),
    later("May"),
    later("June"),
    later("July"),
    later("August"),
    later("September"),
    later("October"),
    later("November"),
    later("December"),
)
_DAYS = (later("Mon"), later("Tue"), later("Wed"), later("Thu"), later("Fri"), later("Sat"), later("Sun"))
KEYS = (
    later("C major"), later("Db major"), later("D major"), later("Eb major"), later("E major"), later("F major"),
    later("F# major"), later("G major"), later("Ab major"), later("A major"), later("Bb major"), later("B major"),
    later("C minor"), later("Db minor"), later("D minor"), later("Eb minor"), later("E minor"), later("F minor"),
    later("F# minor"), later("G minor"), later("Ab minor"), later("A minor"), later("Bb minor"), later("B minor"),
)  # fmt: skip
"""The names of keys, as they are heard; each is said where it is shown."""
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
        return say("less than a minute")
    minutes = round(seconds / 60)
    if minutes < 90:
        return say("about {minutes} min", minutes=minutes)
    return say("about {hours} h", hours=round(seconds / 3600))


def moment(at_s: float) -> str:
    """A day and a time of it, out of seconds since 1970."""
    at = time.localtime(at_s)
    return say(
        "{day} {month}, {time}", day=at.tm_mday, month=say(_MONTHS[at.tm_mon - 1]), time=time.strftime("%H:%M", at)
    )


def day_time(at: dt.datetime) -> str:
    """A day of the week and a time of it."""
    return f"{say(_DAYS[at.weekday()])} {at:%H:%M}"


def share(value: float) -> str:
    """A share of a whole: "48 %", and "2.3 %" where it is small."""
    return percent(value, 1 if 0.0 < value < 0.1 else 0)


def songs(count: int) -> str:
    """How many songs."""
    return say_n("{count} song", "{count} songs", count)


def folders(count: int) -> str:
    """How many folders."""
    return say_n("{count} folder", "{count} folders", count)


def files(count: int) -> str:
    """How many files."""
    return say_n("{count} file", "{count} files", count)


def artist_of(track: Track) -> str:
    """The artist, or the words for not knowing one."""
    return track.info.artist or say(UNKNOWN_ARTIST)


def audio_url(track_id: TrackId) -> str:
    """Where the browser hears a track."""
    return f"/media/{track_id}/audio"


def cover_url(track_id: TrackId, *, size: int) -> str:
    """Where the browser sees a track's cover, at most ``size`` pixels wide."""
    return f"/media/{track_id}/cover?size={size}"


def progress_line(progress: ScanProgress) -> str:
    """One sentence on where a scan stands."""
    if progress.phase == "pooling":
        return say("Comparing the songs with each other")
    if progress.total == 0:
        return say("Looking through your music")
    done, total = number(progress.done), number(progress.total)
    if progress.phase == "quick look":
        line = say_n(
            "A quick look at {done} of {count} song",
            "A quick look at {done} of {count} songs",
            progress.total,
            done=done,
        )
    elif progress.phase == "measuring":
        line = say("Finding tempo and key: {done} of {total}", done=done, total=total)
    elif progress.closely:
        line = say("Listening closely: {done} of {total}", done=done, total=total)
    else:
        line = say("Listening to your music: {done} of {total}", done=done, total=total)
    return line if progress.eta_s is None else say("{line}, {time} left", line=line, time=about(progress.eta_s))


def status_line(status: ScanStatus) -> str | None:
    """One sentence on what the background scan does; None where there is nothing to say."""
    if not status.running or is_aside(status):
        return say(status.error) if status.error else None
    if status.preparing:
        return say(status.preparing.text, done=number(status.preparing.done), total=number(status.preparing.total))
    return say("Looking through your music") if status.progress is None else progress_line(status.progress)


def status_share(status: ScanStatus) -> float | None:
    """How much of the scan is done in percent; None where that is not known."""
    progress = status.progress
    if status.running and status.preparing:
        return 100.0 * status.preparing.done / status.preparing.total if status.preparing.total else None
    if not status.running or progress is None or progress.total == 0:
        return None
    return 100.0 * progress.done / progress.total


def watch_line(state: WatchState | None, status: ScanStatus | None = None) -> str:
    """One sentence on which folders are watched, or what is done about what changed in them."""
    if status is not None and is_aside(status):
        progress = status.progress
        left = _left(progress) if progress is not None and progress.phase in ("quick look", "listening") else 0
        if left:
            return say_n("Listening to {count} new song", "Listening to {count} new songs", left)
        return say("Looking at what has changed")
    if state is None:
        return say("New songs are found when you add their folder again")
    if not (state.watched or state.polled or state.away):
        busy = status is not None and status.running
        if state.note:
            return say(state.note)
        return say("Watched once all is heard") if busy else say("Nothing to watch yet: add a folder")
    here = len(set(state.watched) - set(state.away))
    over = len(set(state.polled) - set(state.away))
    parts = [say_n("Watching {count} folder", "Watching {count} folders", here)] if here else []
    if over:
        line = say_n(
            "Looking over {count} folder every {every_s} s",
            "Looking over {count} folders every {every_s} s",
            over,
            every_s=f"{WATCH.poll_s:.0f}",
        )
        parts.append(say("{line}, since {reason}", line=line, reason=say(state.note)) if state.note else line)
    names = ", ".join(one_line(folder.name or folder) for folder in state.away)
    return ". ".join(
        [*parts, say("Nothing is in {folders}: is its drive connected?", folders=names)] if names else parts
    )


def is_aside(status: ScanStatus) -> bool:
    """Whether a scan is a few songs that the watch found, which need not be made much of."""
    return status.running and status.quiet and _left(status.progress) <= _FEW


def _left(progress: ScanProgress | None) -> int:
    return 0 if progress is None else progress.total - progress.done


def rhythm_facts(rhythm: Rhythm | None) -> tuple[str, ...]:
    """Tempo, key with its Camelot code, and loudness, as far as they are known."""
    if rhythm is None:
        return (say("Tempo and key unknown"),)
    tempo, key, loudness = rhythm.tempo_bpm, rhythm.key, rhythm.loudness_lufs
    return (
        say("Tempo unknown") if tempo is None else f"{bpm(tempo, by_hand=rhythm.by_hand)} BPM",
        say("Key unknown") if key is None else f"{say(key)} ({rhythm.camelot})",
        say("Loudness unknown") if loudness is None else f"{number(loudness, 1)} LUFS",
    )


def bpm(tempo: float, *, by_hand: Collection[ByHand]) -> str:
    """A tempo as a number: with its fraction where it was set by hand, else whole, as it is heard no more exactly."""
    places = 0 if "tempo" not in by_hand else next((at for at in (0, 1) if abs(tempo - round(tempo, at)) < 0.005), 2)
    return number(tempo, places)


def tempo(rhythm: Rhythm) -> str:
    """A tempo in BPM, as exactly as anybody counts; nothing where it is unknown."""
    return "" if rhythm.tempo_bpm is None else f"{rhythm.tempo_bpm:.2f}".rstrip("0").rstrip(".")


def failures_line(counts: LibraryCounts) -> str | None:
    """How many files could not be read; None if all could."""
    if not counts.failures:
        return None
    return say_n("{count} file could not be read", "{count} files could not be read", counts.failures)


def results_line(words: str, *, shown: int, more: bool, counts: LibraryCounts) -> str:
    """What the list holds."""
    words = words.strip()
    if not words:
        return songs(counts.tracks)
    if shown == 0:
        return say("Nothing holds “{words}”", words=words)
    if more:
        return say("More than {songs} with “{words}”", songs=songs(shown), words=words)
    return say("{songs} with “{words}”", songs=songs(shown), words=words)


def in_bytes(count: int) -> str:
    """A size on the disk, as file managers say it."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{number(size, 1)} GB"


def error_line(error: Exception) -> str:
    """What a listener reads: our own errors as sentences, one plain line for any other.

    Only a letter that the sentence itself begins with is made large: what it quotes stays as it was written.
    """
    if not isinstance(error, SegueError):
        return say(FAULT_TEXT)
    line = str(error)
    return line if error.path is not None else line[:1].upper() + line[1:]


def sentence(reason: str) -> str:
    """A reason as a sentence of its own."""
    return f"{reason[:1].upper()}{reason[1:]}."


def notification(message: str, *, kind: str = "problem") -> dict[str, Any]:
    """A message for the corner of the page; ``kind`` is "problem" or "note"."""
    return {
        "action": "show",
        "message": message,
        "color": "red" if kind == "problem" else "glow",
        "autoClose": 9000 if kind == "problem" else 5000,
        "className": f"toast toast-{kind}",
        "closeButtonProps": {"aria-label": say("Close")},
    }


def deck_entry(
    entry: Entry, tracks: Mapping[TrackId, Track], ratings: Mapping[TrackId, Rating], sound: Sound | None
) -> dict[str, Any]:
    """One entry as the player takes it; times and gains as plain numbers, null where they are not known."""
    track = tracks.get(entry.track_id)
    return {
        "entry": entry.id,
        "track": entry.track_id,
        "title": track.info.title if track else say(GONE),
        "artist": artist_of(track) if track else "",
        "album": track.info.album if track else "",
        "duration_s": track.info.duration_s if track else 0.0,
        "src": audio_url(entry.track_id),
        "cover": cover_url(entry.track_id, size=512),
        "thumb": cover_url(entry.track_id, size=96),
        "origin": entry.origin,
        "why": say(entry.why),
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
