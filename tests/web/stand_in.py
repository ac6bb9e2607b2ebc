"""A library in memory over real generated sound, with the real choice: what the page is tested against."""

from __future__ import annotations

import threading
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from segue.booths import Booths
from segue.choose.catalogue import Catalogue
from segue.choose.index import Index
from segue.choose.itinerary import Itinerary
from segue.choose.journey import Journey, Kept, Reroll, journey, reroll, retold
from segue.choose.playlist import Continuation, ContinueSpec, OutsideSeed, Seed, continue_from
from segue.choose.wishes import Facts
from segue.door import Door
from segue.ears import InUse
from segue.errors import EmptyLibraryError, FileAccessError, NotAudioError, UnknownTrackError
from segue.files import track_id_of
from segue.house_rules import HouseRules
from segue.listening import Listening, TasteReport
from segue.lists import Backs, SavedLists
from segue.mapping import LibraryMap
from segue.playing import Playing
from segue.profiles import ProfileShelf
from segue.sending import Sending
from segue.services import DroppedSeed, PlayableFile
from segue.store.background import Preparing, ScanStatus
from segue.store.library import Library
from segue.store.watch import WatchState
from segue.values import Artwork, FileStat, Fingerprint, LibraryCounts, Rhythm, ScanFailure, Track, TrackId, TrackInfo

EAR = Fingerprint("standin0", "standin0")
RATE_HZ = 22_050
ARTISTS = ("Ada Byron", "Björk & Sons", "The Cartographers", "Dusty Nine")
TITLES = (
    "Morning Ferry", "Low Tide", "Paper Lanterns", "Quiet Engine", "Harbour Lights", "Second Platform",
    "A Very Long Title That Goes On and On Until It Cannot Possibly Fit", "Ōsaka Rain", "North by Night", "Glass Hours",
    "Slow Signal", "Late Return",
)  # fmt: skip


def write_chord(path: Path, root_hz: float, *, seconds: float = 4.0) -> Path:
    """A soft major chord."""
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    sound = sum(np.sin(2 * np.pi * root_hz * ratio * t) for ratio in (1, 1.25, 1.5)) / 4
    sound *= np.minimum(1, np.minimum(t, seconds - t) * 20)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((sound * 20_000).astype("<i2").tobytes())
    return path


def make_shelf(folder: Path, *, seconds: float = 4.0) -> tuple[Track, ...]:
    """Twelve songs by four artists, neighbours in pitch and in the space."""
    tracks = []
    for place, title in enumerate(TITLES):
        path = write_chord(folder / f"{place:02d}.wav", 180 * 1.06**place, seconds=seconds)
        artist = ARTISTS[place % len(ARTISTS)]
        info = TrackInfo(title, artist, f"{artist}'s album", "test", 2020, seconds, has_artwork=place == 0)
        tracks.append(Track(track_id_of(path), (path,), info))
    return tuple(tracks)


@dataclass
class WatchStandIn:
    """The watch's face; ``watched`` are its folders."""

    watched: tuple[Path, ...] = (Path("/music"),)
    wanted: bool = True

    @property
    def state(self) -> WatchState | None:
        return WatchState(self.watched) if self.wanted else None

    def switch(self, *, on: bool) -> None:
        self.wanted = on


@dataclass
class StandIn:
    """The services' face, in memory."""

    data: Path
    shelf: tuple[Track, ...] = ()
    artworks: dict[TrackId, Artwork] = field(default_factory=dict)
    broken: tuple[ScanFailure, ...] = ()
    status: ScanStatus = field(default_factory=ScanStatus)
    version: int = 1
    fault: Exception | None = None
    began: list[str] = field(default_factory=list)
    dropped: dict[str, OutsideSeed] = field(default_factory=dict)
    tags: dict[TrackId, tuple[str, ...]] = field(default_factory=dict)
    rhythms: dict[TrackId, Rhythm] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    watch: WatchStandIn = field(default_factory=WatchStandIn)
    listening: Listening = field(init=False)
    rules: HouseRules = field(init=False)
    playing: Playing = field(init=False)
    door: Door = field(init=False)
    library: Library = field(init=False)
    lists: SavedLists = field(init=False)
    profiles: ProfileShelf = field(init=False)
    sending: Sending = field(init=False)
    backs: Backs = field(default_factory=Backs)
    booths: Booths = field(init=False)
    map: LibraryMap = field(init=False)
    only_s: float | None = None
    is_demo: bool = False

    def __post_init__(self) -> None:
        self.library = library = Library.open(self.data)
        self.door = Door(library.kept)
        self.lists = SavedLists(library.kept)
        self.sending = Sending(library.kept, library.roots.folders)
        self.profiles = ProfileShelf(library.profiles, self.track, self)  # type: ignore[arg-type]
        self.rules = HouseRules(library.kept, tuple)
        self.booths = Booths(library.kept)
        self.listening = Listening(library, self, lambda: InUse(EAR, "stand-in"))  # type: ignore[arg-type]
        self.map = LibraryMap(
            self._some, lambda: InUse(EAR, "stand-in"), self.confident, cache=self.data / "cache" / "map"
        )
        self.playing = Playing(
            self.track, self.rhythm, lambda track: track.paths[0], cache=self.data / "outlines", only_s=self.only_s
        )

    def close(self) -> None:
        """Let go of its files."""
        self.map.close()
        self.library.close()

    def confident(self) -> dict[TrackId, tuple[str, ...]]:
        return self.tags

    def catalogue(self) -> Catalogue:
        angles = np.deg2rad(np.arange(len(self.shelf)) * 7.0)
        index = Index.build([t.id for t in self.shelf], np.stack([np.cos(angles), np.sin(angles)], axis=1))
        return Catalogue.plain(index, {track.id: track.info for track in self.shelf})

    def _some(self) -> Catalogue:
        if not self.shelf:
            raise EmptyLibraryError("the library is empty", remedy="Scan a folder first")
        return self.catalogue()

    def taste_report(self) -> TasteReport:
        return self.listening.report(self.catalogue() if self.shelf else None)

    @property
    def choosing(self) -> StandIn:
        """One stand-in plays both parts."""
        return self

    def search(self, words: str, *, limit: int = 50) -> tuple[Track, ...]:
        if self.fault is not None:
            raise self.fault
        wanted = words.casefold().split()
        found = (t for t in self.shelf if all(w in f"{t.info.title} {t.info.artist}".casefold() for w in wanted))
        return tuple(found)[:limit]

    def track(self, track_id: TrackId) -> Track:
        for track in self.shelf:
            if track.id == track_id:
                return track
        raise UnknownTrackError(f"no track has the id {track_id!r}", remedy="Scan again")

    def tracks_of(self, ids: Sequence[TrackId]) -> tuple[Track, ...]:
        held = {track.id: track for track in self.shelf}
        return tuple(held[track_id] for track_id in ids if track_id in held)

    def counts(self) -> LibraryCounts:
        return LibraryCounts(len(self.shelf), len(self.shelf), len(self.shelf), len(self.broken))

    def has_own_music(self) -> bool:
        return bool(self.shelf) and not self.is_demo

    def failures(self) -> tuple[ScanFailure, ...]:
        return self.broken

    def continue_queue(
        self, seeds: Sequence[str], spec: ContinueSpec, *, rng: np.random.Generator, home: Sequence[str] | None = None
    ) -> Continuation:
        infos = {track.id: track.info for track in self.shelf}
        known: list[Seed] = [self.dropped.get(s) or TrackId(s) for s in seeds if s in self.dropped or s in infos]
        if not known:
            raise UnknownTrackError("none of these songs is in the library any more", remedy="Pick another song")
        disliked = frozenset(i for i, rating in self.listening.ratings().items() if rating == "disliked")
        facts = Facts(banned=self.listening.bans(), disliked=disliked)
        began: list[Seed] | None = None if home is None else [self.dropped.get(s) or TrackId(s) for s in home]
        return continue_from(self.catalogue(), seeds=known, spec=spec, rng=rng, facts=facts, home=began)

    def journey(
        self, waypoints: Sequence[str], itinerary: Itinerary, *, change: Reroll | Kept | None = None
    ) -> Journey:
        via = [TrackId(waypoint) for waypoint in waypoints]
        if isinstance(change, Kept):
            return retold(self.catalogue(), via, itinerary, change)
        if change is not None:
            return reroll(self.catalogue(), via, itinerary, change)
        return journey(self.catalogue(), via, itinerary)

    def drop(self, path: Path, *, name: str) -> DroppedSeed:
        if path.read_bytes()[:4] != b"RIFF":
            raise NotAudioError("there is no sound in it", remedy="Choose a song", path=path)
        track_id = track_id_of(path)
        held = self.tracks_of([track_id])
        if held:
            return DroppedSeed(track_id, held[0].info, track_id)
        info = TrackInfo(Path(name).stem)
        token = f"drop:{track_id}"
        with self.lock:
            self.dropped[token] = OutsideSeed(np.array([0.6, 0.8], np.float32), info)
        return DroppedSeed(token, info, None)

    def heard_as(self, track_id: TrackId) -> tuple[str, ...]:
        return self.tags.get(track_id, ())

    def rhythm(self, track_id: TrackId) -> Rhythm | None:
        return self.rhythms.get(track_id)

    def scan_status(self) -> ScanStatus:
        return self.status

    def start_scan(self, folder: Path) -> None:
        if not folder.is_dir():
            raise FileAccessError("it is not there", remedy="Check the path", path=folder)
        self.began.append(str(folder))
        self.status = ScanStatus(running=True)

    def start_demo(self) -> None:
        self.began.append("demo")
        composing = Preparing("Composing the demo library: {done} of {total} songs", 12, 72)
        self.status = ScanStatus(running=True, preparing=composing)

    def cancel_scan(self) -> None:
        self.began.append("cancelled")
        self.status = replace(self.status, running=False)

    def audio(self, track_id: TrackId) -> PlayableFile:
        path = self.track(track_id).paths[0]
        if not path.is_file():
            raise FileAccessError("it is not there any more", remedy="Scan its folder again", path=path)
        return PlayableFile(path, "audio/wav")

    def artwork(self, track_id: TrackId) -> Artwork | None:
        return self.artworks.get(self.track(track_id).id)


def failure(name: str) -> ScanFailure:
    """A file that could not be read."""
    return ScanFailure(
        Path("/music") / name, "NotAudioError", "there is no sound in it", "Remove it", FileStat(1, 1), 0
    )
