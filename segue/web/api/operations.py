"""What programs may ask of Segue as JSON; songs go by their ids, and no answer holds a path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from segue.choose.itinerary import Itinerary
from segue.choose.playlist import ContinueSpec
from segue.choose.reorder import ReorderSpec
from segue.config import CHOICE, JOURNEY
from segue.errors import ParameterError
from segue.play.playqueue import is_track_id
from segue.values import Rhythm, Track, TrackId
from segue.web.api.fields import Field, track_ids

if TYPE_CHECKING:
    from segue.services import Services

Values = Mapping[str, Any]
_MOST_SONGS = 500
_RHYTHM = (
    "tempo_bpm", "tempo_confidence", "key", "camelot", "key_confidence", "loudness_lufs", "true_peak_dbtp",
    "leading_silence_s", "trailing_silence_s", "intro_end_s", "outro_start_s", "by_hand",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that may be asked: where, with which fields, and what answers; ``{id}`` in the path is a song's."""

    verb: Literal["get", "post"]
    path: str
    summary: str
    fields: tuple[Field, ...]
    run: Callable[[Services, Values], dict[str, Any]]


def _search(services: Services, values: Values) -> dict[str, Any]:
    return {"tracks": [_row(track) for track in services.search(values["q"], limit=values["limit"])]}


def _track(services: Services, values: Values) -> dict[str, Any]:
    track = services.track(_id(values))
    rhythm = services.rhythm(track.id)
    return {
        **_row(track),
        "rhythm": None if rhythm is None else _rhythm(rhythm),
        "heard_as": list(services.heard_as(track.id)),
    }


def _similar(services: Services, values: Values) -> dict[str, Any]:
    near = services.choosing.similar(services.track(_id(values)).id, values["count"])
    return {"tracks": [{**_row(track), "similarity": round(similarity, 4)} for track, similarity in near]}


def _playlist(services: Services, values: Values) -> dict[str, Any]:
    wishes = services.choosing.rules.wishes()
    spec = ContinueSpec(count=values["count"], lookback=values["lookback"], noise=values["noise"], wishes=wishes)
    rng = np.random.default_rng(values["seed"])
    chosen = services.choosing.continue_queue(track_ids(values, "seeds"), spec, rng=rng)
    return chosen.to_json()


def _journey(services: Services, values: Values) -> dict[str, Any]:
    itinerary = Itinerary(between=values["between"], wishes=services.choosing.rules.wishes())
    way = services.choosing.journey(track_ids(values, "waypoints"), itinerary)
    return way.to_json()


def _reorder(services: Services, values: Values) -> dict[str, Any]:
    return services.choosing.reorder(track_ids(values, "tracks"), ReorderSpec()).to_json()


def _status(services: Services, _values: Values) -> dict[str, Any]:
    scan = services.scan_status()
    progress = scan.progress
    now = None if progress is None else {"phase": progress.phase, "done": progress.done, "total": progress.total}
    return {"library": asdict(services.counts()), "scan": {"running": scan.running, "progress": now}}


def _profiles(services: Services, _values: Values) -> dict[str, Any]:
    saved = services.profiles.all().profiles
    return {
        "profiles": [
            {
                "name": name,
                "seeds": [seed.track_id for seed in profile.seeds],
                "count": profile.spec.count,
                "times": [str(slot) for slot in profile.times],
            }
            for name, profile in saved.items()
        ]
    }


def _id(values: Values) -> TrackId:
    if not is_track_id(values["id"]):
        raise ParameterError(f"'{values['id'][:40]}' is no id of a song", remedy="Search for it: /api/v1/search")
    return TrackId(values["id"])


def _row(track: Track) -> dict[str, Any]:
    info = track.info
    return {
        "id": track.id,
        "title": info.title,
        "artist": info.artist,
        "album": info.album,
        "genre": info.genre,
        "year": info.year,
        "duration_s": round(info.duration_s, 2),
    }


def _rhythm(rhythm: Rhythm) -> dict[str, Any]:
    facts = ((name, getattr(rhythm, name)) for name in _RHYTHM)
    return {name: round(fact, 4) if isinstance(fact, float) else fact for name, fact in facts}


OPERATIONS = (
    Operation(
        "get",
        "/search",
        "Songs whose tags hold all the words, best first; no words give the first by artist",
        (
            Field("q", "string", "The words", "", 0, 400),
            Field("limit", "integer", "How many songs at most", 50, 1, _MOST_SONGS),
        ),
        _search,
    ),
    Operation("get", "/tracks/{id}", "What is known of a song: tags, rhythm, and what it is heard as", (), _track),
    Operation(
        "get",
        "/tracks/{id}/similar",
        "The songs that sound most like one, nearest first, with their cosine similarity",
        (Field("count", "integer", "How many songs", 10, 1, _MOST_SONGS),),
        _similar,
    ),
    Operation(
        "post",
        "/playlist",
        "What Segue would play after some songs, each with its why",
        (
            Field("seeds", "songs", "The songs so far, oldest first", None, 1, _MOST_SONGS),
            Field("count", "integer", "How many songs to choose", 10, 1, 200),
            Field("lookback", "integer", "How many of the last songs set the direction", CHOICE.lookback, 1, 10),
            Field("noise", "number", "How far to stray, from 0 to 1", CHOICE.noise, 0, 1),
            Field("seed", "integer", "The same seed strays the same way", 0, 0, 2**32 - 1),
        ),
        _playlist,
    ),
    Operation(
        "post",
        "/journey",
        "A way through some songs: join the dots",
        (
            Field("waypoints", "songs", "The songs to pass, in order", None, 2, 20),
            Field("between", "integer", "How many songs between two of them", JOURNEY.between, 0, 100),
        ),
        _journey,
    ),
    Operation(
        "post",
        "/reorder",
        "A list in the order in which it flows best",
        (Field("tracks", "songs", "The songs of the list", None, 1, _MOST_SONGS),),
        _reorder,
    ),
    Operation("get", "/status", "How much the library holds, and what a scan is doing", (), _status),
    Operation("get", "/profiles", "The saved ways of choosing", (), _profiles),
)
"""All that may be asked."""
