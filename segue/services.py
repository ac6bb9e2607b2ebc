"""The composition root: the rooms put together. The booth and the command line see the rest of the house through it."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from segue.booths import Booths
from segue.choose.playlist import OutsideSeed
from segue.choosing import Choosing
from segue.config import SCAN, WEB
from segue.correcting import Correcting
from segue.demo.library import make_demo
from segue.discography import Discography
from segue.door import Door
from segue.ears import InUse, in_use, shelf_of
from segue.embed.encoder import Ear
from segue.embed.pooling import pool_for
from segue.errors import EmptyLibraryError, FileAccessError, ModelError, SegueError, UnknownTrackError, WorkerError
from segue.evaluation import EvaluationReport, OnProgress, Question, evaluate
from segue.files import access_error, check_folder, is_file, is_url, real_path, track_id_of
from segue.folders import MusicFolders
from segue.gauging import Gauge
from segue.listen.tags import read_artwork
from segue.listening import Listening, TasteReport
from segue.lists import Backs, SavedLists
from segue.live import Live
from segue.mapping import LibraryMap
from segue.mixes import Mixes
from segue.mixing import Mixing
from segue.phones import Phones
from segue.play.render import TranscodeCache, browser_mime
from segue.playing import Playing
from segue.profiles import ProfileShelf
from segue.retagging import Retagging
from segue.scanning import Order, Scanner
from segue.sending import Sending
from segue.store.background import BackgroundScan, BackgroundWatch, Preparing, ScanStatus
from segue.store.ends import ends_of
from segue.store.exports import vectors_by_path, write_npz
from segue.store.ingest import EarListener
from segue.store.library import Library
from segue.store.searching import only_one
from segue.store.settling import Changes
from segue.store.workers import CrewMaker, Job, WorkerPool
from segue.table import LibraryTable
from segue.tagging import Tags
from segue.values import (
    Artwork,
    Floats,
    Hearing,
    LibraryCounts,
    Rhythm,
    ScanFailure,
    ScanProgress,
    ScanReport,
    Track,
    TrackId,
    TrackInfo,
)
from segue.words import later

log = logging.getLogger(__name__)

_DEMO_SCANNED_AFTER = (8, 20, 40, 60, 80)  # songs: so that a newcomer hears something while the rest is composed
_DROPS_HEARD_AT_ONCE = 2  # each is a process of 150 MB


@dataclass(frozen=True, slots=True)
class PlayableFile:
    """A file that browsers play as it is, and its content type."""

    path: Path
    mime: str


@dataclass(frozen=True, slots=True)
class DroppedSeed:
    """A song from anywhere that may seed a queue; ``track_id`` where the library holds the same recording."""

    token: str
    info: TrackInfo
    track_id: TrackId | None


class Services:
    """Everything Segue does, over one data folder. Safe from several threads.

    It goes by the ear that is asked for, by name or by the path of a card, or else by the library's own choice, and
    then follows when another is chosen. ``only_s`` plays no more than the first seconds of each song.
    """

    def __init__(
        self,
        data: Path,
        *,
        ear: str | None = None,
        workers: int = SCAN.workers,
        read_only: bool = False,
        only_s: float | None = None,
    ) -> None:
        self.data = data
        self.library = Library.open(data, read_only=read_only)
        self.door = Door(self.library.kept)
        self.booths = Booths(self.library.kept)
        self._shelf = shelf_of(data)
        self._wanted_ear = ear
        self._read_only = read_only
        try:
            self._in_use = in_use(self.library, self._shelf, wanted=ear)
        except SegueError:
            self.library.close()
            raise
        self.tags = Tags(self.library, self.ear_in_use, read_only=read_only)
        self.correcting = Correcting(self.library)
        self.table = LibraryTable(self.library, self.tags)
        self.listening = Listening(self.library, self.tags, self.ear_in_use)
        self.choosing = Choosing(self.library, self.ear_in_use, self.tags, self.listening)
        self.profiles = ProfileShelf(self.library.profiles, self.track, self.choosing)
        self.lists = SavedLists(self.library.kept)
        self.backs = Backs()
        self.sending = Sending(self.library.kept, self.library.roots.folders)
        self.phones = Phones(self.library.kept)
        self.discography = Discography(self.library.version, self.library.tracks, self.library.added)
        self.live = Live(self.library, lambda: self.ear, self.choosing)
        self.mixing = Mixing(self.library, self.choosing, self.seed, workers=workers)
        self._mixes: Mixes | None = None
        heard = self.tags.confident
        self.map = LibraryMap(self.choosing.catalogue, self.ear_in_use, heard, cache=data / "cache" / "map")
        self.gauge = Gauge(data, self.ear_in_use, ear)
        outlines = data / "cache" / "outlines"
        self.playing = Playing(self.track, self.rhythm, self._present_path, cache=outlines, only_s=only_s)
        self._workers = workers
        self._lock = threading.RLock()
        self._ears_free = threading.Semaphore(_DROPS_HEARD_AT_ONCE)
        self._transcodes = TranscodeCache(data / "cache" / "audio", max_bytes=WEB.transcoded_bytes)
        self._scan = BackgroundScan()
        self._scanner = Scanner(self.library, self._shelf, self.tags, self.ear_in_use, self._is_demo, self._forget_demo)
        is_scanning = lambda: self._scan.status.running  # noqa: E731 - said twice, and nowhere else
        self.folders = MusicFolders(self.library, is_scanning)
        self.retagging = Retagging(self.library, self.tags, self._is_demo, is_scanning)
        self.watch = BackgroundWatch(self.library, self._start_catching_up)

    def close(self) -> None:
        """Stop watching and scanning, and let go of the library."""
        self.watch.stop()
        self.map.close()
        self.gauge.stop()
        self.retagging.close()
        if self._mixes is not None:
            self._mixes.close()
        self._scan.cancel(wait=True)
        self.library.close()

    # The ear ---------------------------------------------------------------------------------------------------------

    @property
    def ear(self) -> Ear:
        """The ear that listens; raises ModelError if the one that the library goes by is here no longer."""
        return self.ear_in_use().the_ear

    def ear_in_use(self) -> InUse:
        """Whose vectors are chosen from."""
        with self._lock:
            if not self._read_only and self._has_changed(self._in_use):
                self._in_use = in_use(self.library, self._shelf, wanted=self._wanted_ear)
            return self._in_use

    def _has_changed(self, held: InUse) -> bool:
        """Whether the library goes by another ear now; who asked for one only goes over to and from its quick look."""
        chosen = self.library.chosen_ear()
        if self._wanted_ear is None or held.ear is None:
            return held.ear is None or chosen != held.fingerprint
        return (chosen == (held.whole or held.ear).quick().fingerprint) != (held.whole is not None)

    @property
    def mixes(self) -> Mixes:
        """The mixes that were ordered, kept in the data folder from the first time on that they are asked for."""
        with self._lock:
            if self._mixes is None:
                self._mixes = Mixes(self.mixing, self.data / "mixes")
            return self._mixes

    # The library -----------------------------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """A number that changes with the library."""
        return self.library.version()

    def search(self, words: str, *, limit: int = 50) -> tuple[Track, ...]:
        """Tracks whose tags or paths hold all the words; no words give the first by artist."""
        return self.library.search(words, limit=limit)

    def track(self, track_id: TrackId) -> Track:
        """One track; raises UnknownTrackError."""
        return self.library.track(track_id)

    def tracks_of(self, ids: Sequence[TrackId]) -> tuple[Track, ...]:
        """The tracks that are still there, in the order of the ids."""
        return self.library.tracks_of(ids)

    def find_one(self, what: str) -> Track:
        """The one track that an id, a path or words name; raises UnknownTrackError if none or several do."""
        return only_one(self.library.find(what), what)

    def at_path(self, path: Path) -> Track | None:
        """The track that lies at a path, if the library holds it."""
        try:
            return self.library.find(path.absolute())[0]
        except UnknownTrackError:
            return None

    def counts(self) -> LibraryCounts:
        """How many tracks, files, slices and failures there are."""
        return self.library.counts()

    def failures(self) -> tuple[ScanFailure, ...]:
        """What could not be heard, and why."""
        return self.library.failures()

    def heard_as(self, track_id: TrackId) -> tuple[str, ...]:
        """What a track is confidently heard as, surest first, as far as that is kept; an ear may have no tags."""
        try:
            return self.tags.kept(track_id)
        except ModelError:
            return ()

    def rhythm(self, track_id: TrackId) -> Rhythm | None:
        """Tempo, key, loudness and cue points of a track; None if it was never measured."""
        return self.library.rhythm(track_id)

    def taste_report(self) -> TasteReport:
        """What there is to learn from how it is listened to, what was learnt, and whether that helps."""
        try:
            catalogue = self.choosing.catalogue()
        except EmptyLibraryError:
            return self.listening.report(None)
        return self.listening.report(catalogue)

    # Listening -------------------------------------------------------------------------------------------------------

    def hear(self, path: Path) -> Hearing:
        """Listen to one file in a process of its own, so that a bad file costs itself; raises the AudioError family."""
        return self._hear(path, self.ear)

    def _hear(self, path: Path, ear: Ear) -> Hearing:
        try:
            size_bytes = path.stat().st_size
        except OSError as error:
            raise access_error(error, path) from error
        job = Job(path, SCAN.limit_s(size_bytes))
        with self._ears_free, WorkerPool(EarListener(ear), workers=1) as pool:
            outcome = next(pool.run([job]))
        if outcome.value is None:
            raise outcome.error or WorkerError(later("nothing came of it"), remedy=later("Try again"), path=path)
        return outcome.value

    def seed(self, path: Path, *, name: str = "") -> Track | OutsideSeed:
        """What a file may go on from: the library's track of the same path or content, or the file as it sounds.

        ``name`` is what its owner calls it, where that is not the name of the file.
        """
        return self._held(path) or self._outside_seed(path, name=name, ear=self.ear)

    def _held(self, path: Path) -> Track | None:
        """The library's track of the same path or content."""
        recording = self.library.contents.recording
        return self.at_path(path) or next(iter(self.tracks_of([recording(track_id_of(path))])), None)

    def _outside_seed(self, path: Path, *, name: str, ear: Ear) -> OutsideSeed:
        hearing = self._hear(path, ear)
        info = hearing.info if hearing.info.artist or not name else replace(hearing.info, title=Path(name).stem or name)
        rhythm = hearing.rhythm
        return OutsideSeed(
            pool_for(ear, {hearing.track_id: hearing.slice_vectors})[hearing.track_id],
            info,
            tail=ends_of(hearing.slice_vectors)[1],
            tempo_bpm=None if rhythm is None else rhythm.tempo_bpm,
            camelot=None if rhythm is None else rhythm.camelot,
        )

    def drop(self, path: Path, *, name: str) -> DroppedSeed:
        """Take a dropped file as a seed; the file may be deleted afterwards."""
        held = self._held(path)
        if held is not None:
            return DroppedSeed(held.id, held.info, held.id)
        ear = self.ear
        seed = self._outside_seed(path, name=name, ear=ear)
        token = f"drop:{track_id_of(path)}"
        self.choosing.keep(token, seed, ear.fingerprint)
        return DroppedSeed(token, seed.info, None)

    # Scanning --------------------------------------------------------------------------------------------------------

    def scan(
        self,
        folders: Sequence[Path],
        *,
        retry_errors: bool = False,
        changed: bool = False,
        crew: CrewMaker[Hearing] | None = None,
        on_progress: Callable[[ScanProgress], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> ScanReport:
        """Bring the library up to date with the folders; the demo library makes way for the listener's own music.

        ``changed`` where they are the files and folders that a watch names; ``crew`` gives others than this machine's
        processes to do the hearing.
        """
        order = Order(folders, self._workers, retry_errors, changed, crew, on_progress, cancel)
        return self._scanner.scan(order)

    def _forget_demo(self) -> int:
        """Take the demo library out, and return how many files it had there."""
        below = f"{real_path(self.demo_folder)}{os.sep}"  # scans begin at real paths: to look at ten thousand takes 2 s
        return self.library.forget_paths(
            [path for track in self.library.tracks() for path in track.paths if str(path).startswith(below)]
        )

    def start_scan(self, folder: Path) -> None:
        """Scan a folder in the background; raises FileAccessError at once if it is not a folder that can be read."""
        check_folder(folder)
        self._scan.start(lambda job: self.scan([folder], on_progress=job.on_progress, cancel=job.cancelled))

    def start_retry(self) -> None:
        """Look through all folders in the background, and listen anew to what could not be read."""
        folders = self.library.roots.folders()
        self._scan.start(
            lambda job: self.scan(folders, retry_errors=True, on_progress=job.on_progress, cancel=job.cancelled)
        )

    def catch_up(
        self,
        changes: Changes,
        *,
        on_progress: Callable[[ScanProgress], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> ScanReport:
        """Bring the library up to date with what a watch saw change."""
        order = Order((), self._workers, on_progress=on_progress, cancel=cancel)
        return self._scanner.catch_up(changes, order)

    def _start_catching_up(self, changes: Changes) -> bool:
        """As `catch_up`, in the background, unless a scan is running already."""
        try:
            self._scan.start(
                lambda job: self.catch_up(changes, on_progress=job.on_progress, cancel=job.cancelled), quiet=True
            )
        except SegueError:
            return False
        return True

    def start_demo(self) -> None:
        """Compose the demo library in the background, once, and scan it."""
        self._scan.start(self._compose_and_scan)

    def _compose_and_scan(self, job: BackgroundScan) -> ScanReport:
        def composed(done: int, total: int) -> None:
            job.tell(Preparing(later("Composing the demo library: {done} of {total} songs"), done, total))
            job.check()
            if done in _DEMO_SCANNED_AFTER:
                self.scan([self.demo_folder], cancel=job.cancelled)

        job.tell(Preparing(later("Composing the demo library")))
        make_demo(self.demo_folder, on_progress=composed)
        job.tell(None)
        return self.scan([self.demo_folder], on_progress=job.on_progress, cancel=job.cancelled)

    @property
    def demo_folder(self) -> Path:
        """Where the demo library is composed."""
        return self.data / "demo"

    def has_own_music(self) -> bool:
        """Whether the library holds anything but the demo; the one makes way for the other, so one track tells."""
        return any(not self._is_demo(track.paths[0]) for track in self.library.search("", limit=1))

    def _is_demo(self, path: Path) -> bool:
        return real_path(path).is_relative_to(real_path(self.demo_folder))

    def scan_status(self) -> ScanStatus:
        """How far the background scan is."""
        return self._scan.status

    def cancel_scan(self) -> None:
        """Ask the background scan to stop; what it has heard is kept."""
        self._scan.cancel(wait=False)

    # Playing ---------------------------------------------------------------------------------------------------------

    def audio(self, track_id: TrackId) -> PlayableFile:
        """A file of the track that browsers play, made once in the cache where its own is none."""
        path = self._present_path(self.track(track_id))
        mime = browser_mime(path)
        if mime is not None:
            return PlayableFile(path, mime)
        made = self._transcodes.get(track_id, path)
        return PlayableFile(made, browser_mime(made) or "audio/mpeg")

    def artwork(self, track_id: TrackId) -> Artwork | None:
        """The cover embedded in the track's file."""
        track = self.track(track_id)
        return read_artwork(self._present_path(track)) if track.info.has_artwork else None

    def _present_path(self, track: Track) -> Path:
        for path in track.paths:
            if is_file(path):
                return path
        if all(map(is_url, track.paths)):
            remedy = later("Copy it to this machine, or mount its bucket, and scan the folder")
            raise FileAccessError(
                later("it lies on a server, and cannot be played from there"), remedy=remedy, path=track.paths[0]
            )
        raise FileAccessError(
            later("it is not there any more"), remedy=later("Scan its folder again"), path=track.paths[0]
        )

    # Measuring -------------------------------------------------------------------------------------------------------

    def evaluate(
        self, question: Question, *, on_progress: OnProgress | None = None, cancel: threading.Event | None = None
    ) -> EvaluationReport:
        """How well the ear in use does on this library; see `segue.evaluation.evaluate`."""
        return evaluate(self.library, self.ear, question, on_progress=on_progress, cancel=cancel)

    # Handing over ----------------------------------------------------------------------------------------------------

    def export_vectors(self, target: Path) -> int:
        """Write all vectors as plain numpy arrays and return how many tracks; see `segue.store.exports.write_npz`."""
        return write_npz(self.library, self.ear_in_use().fingerprint, target)

    def vectors_by_path(self) -> dict[str, Floats]:
        """Every file's track vector, as the programs before Segue kept them."""
        return vectors_by_path(self.library, self.ear_in_use().fingerprint)
