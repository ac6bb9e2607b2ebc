"""How well Segue does on one library: measured aside when that is asked for, and kept with its date."""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from segue.aside import AsideStatus, aside
from segue.choosing import Choosing
from segue.doctor import Finding, examine
from segue.ears import InUse, in_use, shelf_of
from segue.embed.encoder import Ear
from segue.errors import ParameterError, SegueError
from segue.evaluation import Question, evaluate
from segue.files import atomic_write
from segue.labelling import LabelBy
from segue.listening import Listening
from segue.playlist_quality import Trial, evaluate_playlists
from segue.store.library import Library
from segue.tagging import Tags
from segue.values import Fingerprint
from segue.words import later

log = logging.getLogger(__name__)

_FORMAT = 1
_KINDS: tuple[LabelBy, ...] = ("genre", "artist", "album")
_PLAYLISTS = 200  # a fifth of what `segue evaluate playlists` makes: half a minute's work, and within 0.02 of it
_SHARE_OF_KINDS, _SHARE_OF_PLAYLISTS = 0.15, 0.75  # of the whole work; the examination has the rest
_DRIFT = 10  # songs later

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Apart:
    """How well the ear tells music apart by ``by``: genre, artist or album.

    ``nearest`` is the share of ``tracks`` whose nearest bears the same of ``labels``, between ``low`` and ``high`` in
    19 of 20 samples, and ``chance`` what a random order would give; ``others`` and ``others_chance`` are the same among
    other artists only, None where that makes no sense. ``of_five`` of the five nearest bear the same on average,
    ``at_best`` could. Where too few tracks bear labels, ``lacking`` says so and the rest is 0.
    """

    by: str
    tracks: int = 0
    labels: int = 0
    nearest: float = 0.0
    low: float = 0.0
    high: float = 0.0
    chance: float = 0.0
    others: float | None = None
    others_chance: float | None = None
    of_five: float = 0.0
    at_best: float = 0.0
    lacking: str = ""


@dataclass(frozen=True, slots=True)
class Lists:
    """How playlists do that begin from songs drawn at random; see `segue.playlist_quality`. None is not known.

    ``same`` is the share of songs of the kind of the one before, by ``labelled_by``; ``artists`` are different ones for
    each song; ``played`` is the share of the library that comes up, ``top`` the share of plays that its most played
    hundredth has; ``alike`` is the similarity of a song to the one before, ``worst`` the least of a list on average,
    ``drift`` that to the first song ten songs later; ``leading`` the share of steps of journeys that lead on.
    """

    playlists: int
    labelled_by: str
    same: float | None
    same_by_chance: float | None
    artists: float | None
    played: float
    top: float
    alike: float | None
    worst: float | None
    drift: float | None
    leading: float | None


@dataclass(frozen=True, slots=True)
class Gauged:
    """What was measured, when (in seconds since 1970), by which ear and on how many tracks; and what was examined."""

    at_s: float
    ear: str
    tracks: int
    apart: tuple[Apart, ...]
    lists: Lists
    findings: tuple[Finding, ...]


class Gauge:
    """Measures one library, and keeps the last result of each ear. Safe from several threads.

    ``ear`` is the ear that was asked for, by name or by the path of its card; None for the library's own choice.
    """

    def __init__(
        self, data: Path, ear_in_use: Callable[[], InUse], ear: str | None, clock: Callable[[], float] = time.time
    ) -> None:
        self._data, self._ear_in_use, self._ear, self._clock = data, ear_in_use, ear, clock
        self._lock = threading.Lock()
        self._status = AsideStatus()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def status(self) -> AsideStatus:
        """How far the measuring is."""
        return self._status

    def last(self) -> Gauged | None:
        """What was measured last of the ear in use; None where nothing was, or it cannot be read."""
        return read_gauged(self._file(self._ear_in_use().fingerprint))

    def measure(self) -> None:
        """Measure in the background, unless that is under way; raises ModelError where the ear is here no longer."""
        with self._lock:
            if self._status.running:
                return
            fingerprint = self._ear_in_use().fingerprint
            self._status, self._stop = AsideStatus(running=True), threading.Event()
            work = (self._stop, fingerprint)
            self._thread = threading.Thread(target=self._run, args=work, daemon=True, name="gauge")
            self._thread.start()

    def stop(self) -> None:
        """Give it up, if it is under way; what was measured before stays."""
        with self._lock:
            self._stop.set()
            thread = self._thread
        if thread is not None:
            thread.join(10.0)

    # ------------------------------------------------------------------------------------------------------------------

    def _run(self, stop: threading.Event, fingerprint: Fingerprint) -> None:
        error = later("The measuring ended before its time. The log may say why")
        try:
            found = aside(_measure, self._data, self._ear, stop=stop, on_share=self._tell, name="gauge")
            if found is not None:
                write_gauged(self._file(fingerprint), Gauged(self._clock(), *found))
            error = "" if found is not None or stop.is_set() else error
        except SegueError as refused:
            log.info("nothing was measured: %s", refused)
            error = str(refused)
        finally:
            self._status = AsideStatus(error=error)

    def _tell(self, share: float) -> None:
        self._status = AsideStatus(running=True, share=share)

    def _file(self, fingerprint: Fingerprint) -> Path:
        return self._data / "cache" / "quality" / f"{fingerprint.model}-{fingerprint.mel}.json"


# Measuring ------------------------------------------------------------------------------------------------------------


def _measure(
    data: Path, wanted: str | None, *, on_share: Callable[[float], None]
) -> tuple[str, int, tuple[Apart, ...], Lists, tuple[Finding, ...]]:
    """All of a `Gauged` but its time; raises EmptyLibraryError, and ModelError where the ear is here no longer."""
    with Library.open(data, read_only=True) as library:
        use = in_use(library, shelf_of(data), wanted=wanted)
        ear = use.the_ear
        apart = []
        for done, by in enumerate(_KINDS):
            apart.append(_apart(library, ear, by))
            on_share(_SHARE_OF_KINDS * (done + 1) / len(_KINDS))
        lists = _lists(library, use, lambda done, of: on_share(_SHARE_OF_KINDS + _SHARE_OF_PLAYLISTS * done / of))
        tracks = len(library.vectors(ear.fingerprint).ids)
    return ear.name, tracks, tuple(apart), lists, examine(data)


def _apart(library: Library, ear: Ear, by: LabelBy) -> Apart:
    try:
        report = evaluate(library, ear, Question(label_by=by))
    except ParameterError as error:
        return Apart(by, lacking=error.what)
    comparison = next(row.comparison for row in report.rows if row.in_use)
    found, others = comparison.plain, comparison.filtered
    return Apart(
        by=by,
        tracks=report.tracks,
        labels=report.labels,
        nearest=found.first,
        low=found.first_interval.low,
        high=found.first_interval.high,
        chance=found.chance,
        others=None if others is None else others.first,
        others_chance=None if others is None else others.chance,
        of_five=5.0 * found.p_at_5,
        at_best=5.0 * found.ceiling,
    )


def _lists(library: Library, use: InUse, tell: Callable[[int, int], None]) -> Lists:
    tags = Tags(library, lambda: use, read_only=True)
    catalogue = Choosing(library, lambda: use, tags, Listening(library, tags, lambda: use)).catalogue()
    trial = Trial(hub_weights=(0.0,), playlists=_PLAYLISTS)
    report = evaluate_playlists(library, use.the_ear, catalogue, question=Question(), trial=trial, on_progress=tell)
    row, steps = report.rows[0], report.rows[0].steps
    return Lists(
        playlists=report.playlists,
        labelled_by=report.labelled_by or "",
        same=None if row.kinds is None else row.kinds.next,
        same_by_chance=None if row.kinds is None else row.kinds.chance,
        artists=row.artists,
        played=row.coverage.played,
        top=row.coverage.top,
        alike=None if steps is None else steps.mean,
        worst=None if steps is None else steps.worst,
        drift=row.drift.get(_DRIFT),
        leading=report.journeys.rising,
    )


# Keeping --------------------------------------------------------------------------------------------------------------


def write_gauged(path: Path, found: Gauged) -> None:
    """Keep what was measured; raises FileAccessError."""
    with atomic_write(path) as unfinished:
        unfinished.write_text(json.dumps({"format": _FORMAT, **asdict(found)}), encoding="utf-8")


def read_gauged(path: Path) -> Gauged | None:
    """What was kept; None where there is nothing, or another Segue wrote it, or it is damaged."""
    try:
        body: Any = json.loads(path.read_text(encoding="utf-8"))
        if body.pop("format") != _FORMAT:
            return None
        rows = {"apart": Apart, "findings": Finding}
        made = {name: tuple(map(partial(_row, kind), body.pop(name))) for name, kind in rows.items()}
        return _row(Gauged, {**body, **made, "lists": _row(Lists, body.pop("lists"))})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("%s is damaged and passed over (%s)", path, error)
        return None


def _row(kind: type[_Row], body: dict[str, Any]) -> _Row:
    """A dataclass out of its JSON; raises TypeError for what is none."""
    for field in fields(kind):  # type: ignore[arg-type]
        value, wanted = body[field.name], str(field.type)
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        fits = {"str": isinstance(value, str), "bool": isinstance(value, bool), "int": is_number, "float": is_number}
        if not fits.get(wanted.removesuffix(" | None"), True) and not (value is None and wanted.endswith("None")):
            raise TypeError(f"{field.name} is {value!r}")
    return kind(**body)
