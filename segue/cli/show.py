"""`segue show`: what is known of one song."""

from __future__ import annotations

import argparse

from segue.cli.answers import known_of, name_of, print_json
from segue.errors import one_line
from segue.services import Services
from segue.values import Rhythm, Track

PURPOSE = "say what is known of a song: tags, tempo, key, loudness, where it lies"

_UNKNOWN = "unknown"


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    parser.add_argument("track", help="an id, a path, or words of the title and artist")


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    services = Services(args.data, read_only=True)
    try:
        track = services.find_one(args.track)
        rhythm = services.rhythm(track.id)
        heard_as = services.heard_as(track.id)
    finally:
        services.close()
    row = {**known_of(track, rhythm), "heard_as": list(heard_as)}
    if args.json:
        print_json(row)
        return 0
    print(name_of(row))
    for name, fact in [*_tags(track), ("heard as", ", ".join(heard_as) or _UNKNOWN), *_rhythm(rhythm)]:
        print(f"  {name:<12} {fact}")
    for path in track.paths:
        print(f"  {'file':<12} {one_line(path)}")
    return 0


def _tags(track: Track) -> list[tuple[str, str]]:
    info = track.info
    minutes, seconds = divmod(round(info.duration_s), 60)
    return [
        ("album", " / ".join(str(part) for part in (info.album, info.year) if part) or _UNKNOWN),
        ("genre", info.genre or _UNKNOWN),
        ("length", f"{minutes}:{seconds:02d}"),
    ]


def _rhythm(rhythm: Rhythm | None) -> list[tuple[str, str]]:
    """Tempo, key, loudness and cue points in words, each with how sure it is."""
    if rhythm is None:
        return [(name, _UNKNOWN) for name in ("tempo", "key", "loudness")]
    by_hand = dict.fromkeys(rhythm.by_hand, "by hand")
    others = " or ".join(f"{tempo:.1f}" for tempo in sorted(rhythm.tempo_alternatives))
    tempo = _sure(rhythm.tempo_bpm, " BPM", by_hand.get("tempo") or rhythm.tempo_confidence)
    loudness, peak = rhythm.loudness_lufs, rhythm.true_peak_dbtp
    return [
        ("tempo", f"{tempo}; may be felt as {others}" if others and rhythm.tempo_bpm is not None else tempo),
        ("key", _sure(rhythm.key, f" ({rhythm.camelot})", by_hand.get("key") or rhythm.key_confidence)),
        ("loudness", _UNKNOWN if loudness is None else f"{loudness:.1f} LUFS"),
        ("true peak", _UNKNOWN if peak is None else f"{peak:.1f} dBTP"),
        ("silence", f"{rhythm.leading_silence_s:.1f} s before, {rhythm.trailing_silence_s:.1f} s after"),
        ("intro ends", _sure(rhythm.intro_end_s, " s", rhythm.intro_confidence)),
        ("outro begins", _sure(rhythm.outro_start_s, " s", rhythm.outro_confidence)),
    ]


def _sure(value: float | str | None, unit: str, confidence: float | str) -> str:
    """A fact with how sure it is, in [0, 1] or in words."""
    said = f"{value:.1f}" if isinstance(value, float) else value
    sure = confidence if isinstance(confidence, str) else f"{confidence:.0%} sure"
    return _UNKNOWN if said is None else f"{said}{unit}, {sure}"
