"""The mixes that were ordered in the booth: one renders, others wait in line, and what was made stays on disk."""

from __future__ import annotations

import json
import logging
import re
import secrets
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from segue.config import MIX
from segue.errors import MixError, ParameterError, UnknownMixError, printable
from segue.files import access_error, atomic_write
from segue.gathering import MixProgress
from segue.mixing import Mixing, MixJob, MixOrder, MixStatus
from segue.play.mix.listing import tracklist_rows
from segue.play.mix.outputs import Outputs
from segue.words import later, number, say, speak, spoken

MixState = Literal["waiting", "running", "done", "failed", "cancelled", "stopped"]
"""``stopped`` is a mix that was on its way when Segue ended."""

ENDED: frozenset[MixState] = frozenset(("done", "failed", "cancelled", "stopped"))
_NOTE = "mix.json"
_ID = re.compile(r"[0-9a-f]{16}")
_UNFIT = re.compile(r"[^\w\s.,&()'-]+")
_LONGEST_NAME = 80
_GONE = later("Reload the page: it may have been deleted")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mix:
    """A mix as it stands; ``files`` are names in its own folder, the mix itself first."""

    id: str
    title: str
    ordered_s: float
    state: MixState
    error: str = ""
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    length_s: float = 0.0
    tracks: tuple[dict[str, Any], ...] = ()
    files: tuple[str, ...] = ()
    progress: MixProgress | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED


class Mixes:
    """Keeps the mixes of one library. Safe from several threads."""

    def __init__(self, mixing: Mixing, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._mixing, self._folder, self._clock = mixing, folder, clock
        self._lock = threading.RLock()
        self._line: deque[tuple[str, MixOrder, Outputs, str]] = deque()
        self._job: tuple[str, MixJob] | None = None
        self._runner: threading.Thread | None = None
        self._closed = False
        self._mixes = {mix.id: mix for path in sorted(folder.glob(f"*/{_NOTE}")) if (mix := _read(path)) is not None}
        for mix in [mix for mix in self._mixes.values() if not mix.has_ended]:
            self._clean(mix.id)
            self._put(replace(mix, state="stopped", error="Segue was ended while it was on its way. Order it again"))

    def all(self) -> tuple[Mix, ...]:
        """Every mix, the latest first."""
        with self._lock:
            mixes = [self._with_progress(mix) for mix in self._mixes.values()]
        return tuple(sorted(mixes, key=lambda mix: (-mix.ordered_s, mix.id)))

    def get(self, mix_id: str) -> Mix:
        """One mix; raises UnknownMixError."""
        with self._lock:
            found = self._mixes.get(mix_id)
            if found is None:
                raise UnknownMixError(later("there is no such mix"), remedy=_GONE)
            return self._with_progress(found)

    def order(self, order: MixOrder, *, ending: str) -> Mix:
        """Take an order: it renders as soon as those before it have.

        Raises
        ------
        ParameterError
            If so many mixes are kept already that there is no room for another, or it holds no song or too many.
        MixError, FileAccessError
            If no file can be written so.
        """
        if not order.wanted or len(order.wanted) > MIX.most_wanted:
            remedy = say("Name 1 to {most_wanted}", most_wanted=number(MIX.most_wanted))
            raise ParameterError(say("a mix of {wanted} songs", wanted=number(len(order.wanted))), remedy=remedy)
        with self._lock:
            if len(self._mixes) >= MIX.most_kept:
                what = say("{mixes} mixes are kept already", mixes=len(self._mixes))
                raise ParameterError(what, remedy=later("Download what you want to keep, and delete some"))
            mix = Mix(secrets.token_hex(8), order.settings.title, self._clock(), "waiting")
            folder = self._folder / mix.id
            try:
                folder.mkdir(parents=True)
            except OSError as error:
                raise access_error(error, folder) from error
            outputs = Outputs.beside(folder / f"{_file_name(mix.title)}{ending}")
            try:
                self._mixing.check(outputs)
            except MixError:
                folder.rmdir()
                raise
            self._put(mix)
            self._line.append((mix.id, order, outputs, spoken()))
            if self._runner is None:
                self._runner = threading.Thread(target=self._run, name="mixes", daemon=True)
                self._runner.start()
        return mix

    def cancel(self, mix_id: str) -> None:
        """Call a mix off, if it has not ended; raises UnknownMixError."""
        with self._lock:
            mix = self.get(mix_id)
            self._line = deque(entry for entry in self._line if entry[0] != mix_id)
            if self._job is not None and self._job[0] == mix_id:
                self._job[1].cancel()
            elif not mix.has_ended:
                self._put(replace(mix, state="cancelled", progress=None))

    def delete(self, mix_id: str) -> None:
        """Delete a mix that has ended, and its files.

        Raises
        ------
        UnknownMixError
            If there is none.
        MixError
            If it has not ended.
        FileAccessError
            If its folder cannot be deleted.
        """
        with self._lock:
            if not self.get(mix_id).has_ended:
                raise MixError(later("it is on its way"), remedy=later("Call it off first"))
            folder = self._folder / mix_id
            try:
                shutil.rmtree(folder)
            except FileNotFoundError:
                log.info("%s was deleted by somebody else", folder)
            except OSError as error:
                raise access_error(error, folder) from error
            del self._mixes[mix_id]

    def file(self, mix_id: str, name: str) -> Path:
        """The path of a file of a mix; raises UnknownMixError."""
        path = self._folder / mix_id / name
        if name not in self.get(mix_id).files or not path.is_file():
            raise UnknownMixError(later("there is no such file of a mix"), remedy=_GONE)
        return path

    def close(self) -> None:
        """Call off what is on its way."""
        with self._lock:
            self._closed = True
            job, runner = self._job, self._runner
        if job is not None:
            job[1].cancel()
        if runner is not None:
            runner.join(timeout=60.0)

    # ------------------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        """Render what stands in line, until nothing does."""
        while True:
            with self._lock:
                if self._closed or not self._line:
                    self._runner = None
                    return
                mix_id, order, outputs, language = self._line.popleft()
                speak(language)  # of whoever ordered it
                self._put(replace(self._mixes[mix_id], state="running"))
                job = self._mixing.start(order, outputs)
                self._job = (mix_id, job)
            status = job.wait()
            with self._lock:
                self._job = None
                if self._is_closed():
                    return  # the next start finds it as it was, and says that it was stopped
                if not status.files:
                    self._clean(mix_id)
                self._put(_ended(self._mixes[mix_id], status))

    def _is_closed(self) -> bool:
        return self._closed

    def _with_progress(self, mix: Mix) -> Mix:
        if self._job is None or self._job[0] != mix.id:
            return mix
        return replace(mix, progress=self._job[1].status.progress)

    def _put(self, mix: Mix) -> None:
        self._mixes[mix.id] = mix
        body = {key: value for key, value in asdict(mix).items() if key != "progress"}
        with atomic_write(self._folder / mix.id / _NOTE) as unfinished:
            unfinished.write_text(json.dumps(body), encoding="utf-8")  # ASCII, since a name may hold half a character

    def _clean(self, mix_id: str) -> None:
        """Leave nothing but the note of a mix that came to nothing."""
        for path in (self._folder / mix_id).iterdir():
            if path.name != _NOTE:
                path.unlink(missing_ok=True)


def _ended(mix: Mix, status: MixStatus) -> Mix:
    """A mix as its job ended."""
    planned = status.planned
    if planned is not None:
        problems, rows = tuple(map(str, planned.problems)), tuple(tracklist_rows(planned.plan))
        mix = replace(mix, problems=problems, notes=planned.notes, length_s=planned.plan.length_s, tracks=rows)
    if status.cancelled:
        return replace(mix, state="cancelled")
    if status.error is not None:
        return replace(mix, state="failed", error=status.error, problems=status.problems or mix.problems)
    return replace(mix, state="done", files=tuple(path.name for path in status.files))


def _read(path: Path) -> Mix | None:
    """A mix as it was noted; None, with a word in the log, where the note is damaged."""
    try:
        body: Any = json.loads(path.read_text(encoding="utf-8"))
        parts: dict[str, Any] = {k: tuple(value) if isinstance(value, list) else value for k, value in body.items()}
        mix = Mix(**parts)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        log.warning("%s is damaged and passed over (%s)", path, error)
        return None
    is_ours = mix.id == path.parent.name and _ID.fullmatch(mix.id) and mix.state in get_args(MixState)
    numbers, texts = (mix.ordered_s, mix.length_s), (mix.title, mix.error, *mix.problems, *mix.notes, *mix.files)
    if (
        not is_ours
        or not all(isinstance(n, int | float) for n in numbers)
        or not all(isinstance(t, str) for t in texts)
    ):
        log.warning("%s is damaged and passed over", path)
        return None
    return mix


def _file_name(title: str) -> str:
    """What the files of a mix are called: its title, as far as every system takes it."""
    plain = " ".join(_UNFIT.sub(" ", printable(title)).split())[:_LONGEST_NAME].strip(" .")
    return plain or "Mix"
