"""Listening to what plays in the room, and saying what to play next: sound in, moments out. No thread, no file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from segue.choose.catalogue import Catalogue
from segue.choose.live import Memory, Recogniser, Recognition, Suggester, Suggestion
from segue.choose.rules import RuleSet, rules_for
from segue.choose.wishes import Wishes
from segue.choosing import Choosing
from segue.config import LIVE
from segue.embed.encoder import Ear, Encoder
from segue.embed.rooms import RoomMap, find_room_map
from segue.errors import ParameterError
from segue.listen.accord import Accord, Trace
from segue.listen.decoding import Planes
from segue.listen.sounding import Level, SoundKind
from segue.listen.stream import SoundStream, SoundWindow
from segue.store.library import Library
from segue.values import Floats, TrackId

_RULES_HELD_S = 60.0


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """How to suggest: how many, what a track's beginning counts, what may come, and whether a room lies between."""

    count: int = 5
    head_weight: float = LIVE.head_weight
    wishes: Wishes = field(default_factory=Wishes)
    in_room: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 100:
            raise ParameterError(f"count is {self.count}", remedy="Choose between 1 and 100")
        if not 0.0 <= self.head_weight <= 1.0:
            raise ParameterError(f"head_weight is {self.head_weight}", remedy="Choose between 0 and 1")


@dataclass(frozen=True, slots=True)
class Playing:
    """A track of the library that is recognised in what is heard."""

    track_id: TrackId
    title: str
    artist: str
    fit: float


@dataclass(frozen=True, slots=True)
class Moment:
    """What is so at the end of a window: what it was, what seems to play, and what to play next.

    ``new_song`` says that another song has begun; ``heard_s`` how much music the suggestion rests on.
    """

    at_s: float
    kind: SoundKind
    level: Level
    new_song: bool
    heard_s: float
    playing: Playing | None
    next: tuple[Suggestion, ...]

    def to_json(self) -> dict[str, Any]:
        """The moment as plain JSON values."""
        playing = self.playing
        return {
            "at_s": round(self.at_s, 3),
            "kind": self.kind,
            "rms_dbfs": round(self.level.rms_dbfs, 1),
            "peak_dbfs": round(self.level.peak_dbfs, 1),
            "clipped": self.level.clipped,
            "new_song": self.new_song,
            "heard_s": round(self.heard_s, 1),
            "playing": None
            if playing is None
            else {
                "id": playing.track_id,
                "title": playing.title,
                "artist": playing.artist,
                "fit": round(playing.fit, 4),
            },
            "next": [suggestion.to_json() for suggestion in self.next],
        }


class Live:
    """Makes sessions that listen, over one library."""

    def __init__(self, library: Library, ear: Callable[[], Ear], choosing: Choosing) -> None:
        self._library = library
        self._ear = ear
        self._choosing = choosing

    def session(self, settings: LiveSettings | None = None) -> LiveSession:
        """Begin to listen; raises EmptyLibraryError, and ModelError where the library's ear is here no longer."""
        return LiveSession(self._library, self._ear, self._choosing, settings or LiveSettings())


class LiveSession:
    """Takes sound in pieces of any size and rate, and gives a moment for each window of five seconds.

    It holds half a minute of vectors and the slices of some hundred tracks, however long it listens. One caller at a
    time. Where the library comes to go by another ear, it begins anew with that.
    """

    def __init__(self, library: Library, ear: Callable[[], Ear], choosing: Choosing, settings: LiveSettings) -> None:
        self._library, self._ear, self._choosing, self._settings = library, ear, choosing, settings
        self._suggester = Suggester(count=settings.count, head_weight=settings.head_weight)
        self._rules: RuleSet | None = None
        self._rules_until_s = self._heard_before_s = 0.0
        choosing.catalogue()
        self._start(ear())

    def _start(self, ear: Ear) -> None:
        self._encoder = Encoder(ear)
        self._room: RoomMap | None = find_room_map(ear) if self._settings.in_room else None
        self._stream = SoundStream(ear.mel)
        self._memory = Memory(self._stream.window_s)
        self._traces: list[Trace] = []
        self._recogniser = Recogniser(
            lambda ids: self._library.slice_vectors(ids, ear.fingerprint),
            in_order=ear.windows is None and ear.most_slices is None,
            view=None if self._room is None else self._room.sharpen,
        )
        self._playing: Recognition | None = None
        self._guess: Recognition | None = None
        self._next: tuple[Suggestion, ...] = ()

    @property
    def window_s(self) -> float:
        """Length of a window in seconds."""
        return self._stream.window_s

    @property
    def rate_hz(self) -> int:
        """The rate at which the ear hears, in Hz; sound of this rate is taken as it is."""
        return self._encoder.ear.mel.sample_rate_hz

    def push(self, samples: Planes, rate_hz: int) -> list[Moment]:
        """Take the next sound, mono ``(n,)`` or by channel ``(c, n)``, and give the moments that are due with it."""
        ear = self._ear()
        if ear.fingerprint != self._encoder.ear.fingerprint:
            self._start(ear)
        return [self._moment(window) for window in self._stream.take(samples, rate_hz)]

    def end(self) -> list[Moment]:
        """There is no more sound; what does not fill a window is not heard."""
        return [self._moment(window) for window in self._stream.end()]

    # ------------------------------------------------------------------------------------------------------------------

    def _moment(self, window: SoundWindow) -> Moment:
        self._heard_before_s += self.window_s
        new_song = False
        if window.kind == "music" and window.slice_ is not None and window.trace is not None:
            new_song = self._hear(window.slice_, window.trace)
        elif window.kind != "speech":
            self._memory.rest()
        return Moment(
            at_s=self._heard_before_s,
            kind=window.kind,
            level=window.level,
            new_song=new_song,
            heard_s=self._memory.heard_s,
            playing=self._told(self._choosing.catalogue()),
            next=self._next,
        )

    def _told(self, catalogue: Catalogue) -> Playing | None:
        playing = self._playing
        if playing is None or playing.track_id not in catalogue.index:
            return None
        info = catalogue.info(playing.track_id)
        return Playing(playing.track_id, info.title, info.artist, playing.fit)

    def _hear(self, slice_: Floats, trace: Trace) -> bool:
        """Take a window of music, and choose anew; whether another song has begun."""
        vectors = self._encoder.encode(slice_[None])
        vector = (vectors if self._room is None else self._room.dry(vectors))[0]
        begins = self._memory.hear(vector)
        self._traces = [*self._traces, trace][-len(self._memory.windows) :]
        if begins:
            self._playing = self._guess = None
            self._suggester.forget_list()
        catalogue = self._choosing.catalogue()
        self._recognise(catalogue)
        likely = () if self._guess is None else self._guess.likely
        self._next = self._suggester.suggest(self._memory, catalogue, self._rules_now(catalogue), hidden=likely)
        return begins

    def _recognise(self, catalogue: Catalogue) -> None:
        """A track plays if it fits best and clearly, twice in a row, until another fits best twice in a row."""
        accord = Accord(self._traces) if self._settings.in_room else None  # heard directly, timbre tells enough
        before, self._guess = self._guess, self._recogniser.find(self._memory, catalogue, accord)
        if self._guess is None or before is None or before.track_id != self._guess.track_id:
            return
        is_same = self._playing is not None and self._playing.track_id == self._guess.track_id
        if self._guess.sure:
            if not is_same:
                self._suggester.played(self._guess.track_id)
            self._playing = self._guess
        elif not is_same:
            self._playing = None

    def _rules_now(self, catalogue: Catalogue) -> RuleSet:
        """The rules, asked anew each minute: what was banned or played meanwhile counts too."""
        if self._rules is None or self._heard_before_s >= self._rules_until_s:
            wishes, facts = self._choosing.facts(self._settings.wishes, catalogue)
            self._rules, self._rules_until_s = rules_for(wishes, facts), self._heard_before_s + _RULES_HELD_S
        return self._rules
